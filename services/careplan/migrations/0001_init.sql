-- +goose Up

-- What is known of care episodes, from the patient service's log. revision is the episode's own.
CREATE TABLE care_episode (
    care_episode_id TEXT PRIMARY KEY,
    patient_id      TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('OPEN', 'CLOSED', 'REGISTERED_IN_ERROR')),
    care_manager_id TEXT NOT NULL,
    revision        BIGINT NOT NULL
);

-- Contacts. When, how and how it ended are plain; what was said is sealed with the contact's id.
CREATE TABLE contact (
    contact_id           TEXT PRIMARY KEY,
    revision             BIGINT NOT NULL,
    patient_id           TEXT NOT NULL,
    care_provider_id     TEXT NOT NULL,
    care_unit_id         TEXT NOT NULL,
    care_episode_id      TEXT NOT NULL,
    planned_contact_id   TEXT NOT NULL,
    kind                 TEXT NOT NULL,
    channel              TEXT NOT NULL,
    state                TEXT NOT NULL CHECK (state IN ('BOOKED', 'HELD', 'NOT_ANSWERED', 'CANCELLED', 'REGISTERED_IN_ERROR')),
    scheduled_time       BIGINT NOT NULL,
    -- When it was held, else booked for: the order of lists.
    ordered_time         BIGINT NOT NULL,
    practitioner_id      TEXT NOT NULL,
    unanswered_tries     INTEGER NOT NULL,
    last_try_time        BIGINT NOT NULL,
    reschedules          INTEGER NOT NULL,
    cancel_reason        TEXT NOT NULL,
    held                 BOOLEAN NOT NULL,
    held_time            BIGINT NOT NULL,
    minutes              INTEGER NOT NULL,
    medication_adherence TEXT NOT NULL,
    side_effects_noted   BOOLEAN NOT NULL,
    recorded_by          TEXT NOT NULL,
    error_by             TEXT NOT NULL,
    error_time           BIGINT NOT NULL,
    create_time          BIGINT NOT NULL,
    update_time          BIGINT NOT NULL,
    -- Summary, note on medication, reason of a withdrawal.
    sealed               BYTEA NOT NULL
);
CREATE INDEX contact_by_patient ON contact (patient_id, ordered_time, contact_id);
CREATE INDEX contact_by_episode ON contact (care_episode_id, state);
-- Two bookings for the same patient and the same minute are one.
CREATE UNIQUE INDEX contact_slot ON contact (patient_id, scheduled_time) WHERE state = 'BOOKED';

-- Care plans. The content of each revision stands in care_plan_revision.
CREATE TABLE care_plan (
    care_plan_id         TEXT PRIMARY KEY,
    revision             BIGINT NOT NULL,
    patient_id           TEXT NOT NULL,
    care_provider_id     TEXT NOT NULL,
    care_unit_id         TEXT NOT NULL,
    care_episode_id      TEXT NOT NULL,
    state                TEXT NOT NULL CHECK (state IN ('DRAFT', 'ACTIVE', 'COMPLETED', 'REGISTERED_IN_ERROR')),
    care_manager_id      TEXT NOT NULL,
    care_manager_changes INTEGER NOT NULL,
    content_revision     INTEGER NOT NULL,
    start_day            TEXT,
    activate_time        BIGINT NOT NULL,
    complete_time        BIGINT NOT NULL,
    outcome              TEXT NOT NULL,
    author_id            TEXT NOT NULL,
    error_by             TEXT NOT NULL,
    error_time           BIGINT NOT NULL,
    create_time          BIGINT NOT NULL,
    update_time          BIGINT NOT NULL,
    -- Reason of a withdrawal.
    sealed               BYTEA NOT NULL
);
CREATE INDEX care_plan_by_patient ON care_plan (patient_id, create_time, care_plan_id);
CREATE INDEX care_plan_by_episode ON care_plan (care_episode_id);
CREATE UNIQUE INDEX care_plan_active ON care_plan (care_episode_id) WHERE state = 'ACTIVE';

-- What a plan has said: goals, activities, texts and schedule, sealed with the plan's id and the number.
CREATE TABLE care_plan_revision (
    care_plan_id TEXT NOT NULL REFERENCES care_plan (care_plan_id),
    number       INTEGER NOT NULL,
    author_id    TEXT NOT NULL,
    create_time  BIGINT NOT NULL,
    sealed       BYTEA NOT NULL,
    PRIMARY KEY (care_plan_id, number)
);

CREATE TABLE planned_contact (
    planned_contact_id TEXT PRIMARY KEY,
    care_plan_id       TEXT NOT NULL REFERENCES care_plan (care_plan_id),
    week               INTEGER NOT NULL,
    planned_day        TEXT NOT NULL,
    channel            TEXT NOT NULL,
    state              TEXT NOT NULL CHECK (state IN ('PLANNED', 'HELD', 'DROPPED')),
    contact_id         TEXT NOT NULL
);
CREATE INDEX planned_contact_by_plan ON planned_contact (care_plan_id, planned_day);

-- The assessments of one instrument in one episode (or outside of any): their root, which every write bumps first, so that
-- one of them is the first on both engines alike.
CREATE TABLE assessment_series (
    patient_id      TEXT NOT NULL,
    care_episode_id TEXT NOT NULL,
    instrument      TEXT NOT NULL,
    revision        BIGINT NOT NULL,
    PRIMARY KEY (patient_id, care_episode_id, instrument)
);

-- Assessments. Scores and bands are plain; the answers are sealed with the assessment's id.
CREATE TABLE assessment (
    assessment_id    TEXT PRIMARY KEY,
    revision         BIGINT NOT NULL,
    patient_id       TEXT NOT NULL,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    care_episode_id  TEXT NOT NULL,
    contact_id       TEXT NOT NULL,
    instrument       TEXT NOT NULL,
    answer_day       TEXT NOT NULL,
    total_score      INTEGER,
    -- Hundredths.
    mean_score       INTEGER,
    band             TEXT NOT NULL,
    safety_level     TEXT NOT NULL,
    safety_flag_id   TEXT NOT NULL,
    -- Hundredths; null for the first of the series.
    score_change     INTEGER,
    response         BOOLEAN NOT NULL,
    remission        BOOLEAN NOT NULL,
    recorded_by      TEXT NOT NULL,
    in_error         BOOLEAN NOT NULL,
    error_by         TEXT NOT NULL,
    error_time       BIGINT NOT NULL,
    create_time      BIGINT NOT NULL,
    update_time      BIGINT NOT NULL,
    -- Answers, profile, reason of a withdrawal.
    sealed           BYTEA NOT NULL
);
CREATE INDEX assessment_by_patient ON assessment (patient_id, answer_day, create_time, assessment_id);
CREATE INDEX assessment_by_series ON assessment (patient_id, care_episode_id, instrument, answer_day, create_time, assessment_id) WHERE NOT in_error;

-- Safety flags. The answer, the conclusion and the text are sealed with the flag's id.
CREATE TABLE safety_flag (
    safety_flag_id   TEXT PRIMARY KEY,
    revision         BIGINT NOT NULL,
    patient_id       TEXT NOT NULL,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    care_episode_id  TEXT NOT NULL,
    contact_id       TEXT NOT NULL,
    assessment_id    TEXT NOT NULL,
    instrument       TEXT NOT NULL,
    item             INTEGER NOT NULL,
    answer_day       TEXT NOT NULL,
    level            TEXT NOT NULL CHECK (level IN ('REVIEW', 'URGENT')),
    state            TEXT NOT NULL CHECK (state IN ('OPEN', 'ASSESSED')),
    raise_time       BIGINT NOT NULL,
    raised_by        TEXT NOT NULL,
    assessed_by      TEXT NOT NULL,
    assess_time      BIGINT NOT NULL,
    create_time      BIGINT NOT NULL,
    update_time      BIGINT NOT NULL,
    sealed           BYTEA NOT NULL
);
CREATE INDEX safety_flag_by_patient ON safety_flag (patient_id, raise_time, safety_flag_id);

-- What a care unit has chosen for its plans; without a row the defaults hold.
CREATE TABLE care_plan_settings (
    care_unit_id TEXT PRIMARY KEY,
    revision     BIGINT NOT NULL,
    -- Weeks separated by commas.
    weeks        TEXT NOT NULL,
    channel      TEXT NOT NULL,
    create_time  BIGINT NOT NULL,
    update_time  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE care_plan_settings;
DROP TABLE safety_flag;
DROP TABLE assessment;
DROP TABLE assessment_series;
DROP TABLE planned_contact;
DROP TABLE care_plan_revision;
DROP TABLE care_plan;
DROP TABLE contact;
DROP TABLE care_episode;
