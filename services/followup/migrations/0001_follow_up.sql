-- +goose Up

-- The root of everything about one patient: whoever writes bumps it first, so that events of several sources, timers and people
-- take turns. The place is where the latest event stood; the patient service's own word stands in `told`.
CREATE TABLE patient_file (
    patient_id       TEXT PRIMARY KEY,
    revision         BIGINT NOT NULL,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL
);

-- What the other services have told about a patient, the latest word about each thing, as JSON of coded fields.
CREATE TABLE told (
    patient_id TEXT NOT NULL,
    topic      TEXT NOT NULL CHECK (topic IN ('patient', 'episode', 'consent', 'plan', 'contact', 'certificate', 'flag')),
    subject_id TEXT NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (patient_id, topic, subject_id)
);

-- Follow-ups. Every open one has an owning role and a due time.
CREATE TABLE follow_up (
    follow_up_id          TEXT PRIMARY KEY,
    revision              BIGINT NOT NULL,
    stamp                 BIGINT NOT NULL,
    patient_id            TEXT NOT NULL,
    care_episode_id       TEXT NOT NULL,
    care_provider_id      TEXT NOT NULL,
    care_unit_id          TEXT NOT NULL,
    kind                  TEXT NOT NULL,
    subject_id            TEXT NOT NULL,
    round                 INTEGER NOT NULL,
    basis                 TEXT NOT NULL,
    owner_role            TEXT NOT NULL CHECK (owner_role <> ''),
    owner_practitioner_id TEXT NOT NULL,
    from_role             TEXT NOT NULL,
    from_practitioner_id  TEXT NOT NULL,
    pinned                BOOLEAN NOT NULL,
    due_date              TEXT NOT NULL,
    due_time              BIGINT NOT NULL,
    lapse_time            BIGINT NOT NULL,
    state                 TEXT NOT NULL CHECK (state IN ('OPEN', 'COMPLETED', 'CANCELLED', 'LAPSED')),
    end_cause             TEXT NOT NULL,
    end_time              BIGINT NOT NULL,
    end_practitioner_id   TEXT NOT NULL,
    snoozed_until         BIGINT NOT NULL,
    reminders             INTEGER NOT NULL,
    escalation_level      INTEGER NOT NULL,
    escalation_role       TEXT NOT NULL,
    ladder                TEXT NOT NULL,
    policy                TEXT NOT NULL,
    created_by            TEXT NOT NULL,
    create_time           BIGINT NOT NULL,
    update_time           BIGINT NOT NULL,
    -- What people wrote, each sealed with its column and the follow-up's id; null when nothing.
    title                 BYTEA,
    snooze_reason         BYTEA,
    end_note              BYTEA
);
-- What was told twice has one effect.
CREATE UNIQUE INDEX follow_up_once ON follow_up (kind, subject_id, round);
-- The worklist of a unit, and of a person.
CREATE INDEX follow_up_open_at_unit ON follow_up (care_unit_id, due_time, follow_up_id) WHERE state = 'OPEN';
CREATE INDEX follow_up_open_of_person ON follow_up (owner_practitioner_id, care_unit_id, due_time, follow_up_id) WHERE state = 'OPEN' AND owner_practitioner_id <> '';
CREATE INDEX follow_up_ended_at_unit ON follow_up (care_unit_id, state, due_time, follow_up_id) WHERE state <> 'OPEN';
CREATE INDEX follow_up_of_patient ON follow_up (patient_id, due_time, follow_up_id);

-- The changes of owner, oldest first by revision.
CREATE TABLE owner_change (
    follow_up_id         TEXT NOT NULL REFERENCES follow_up (follow_up_id),
    revision             BIGINT NOT NULL,
    change_time          BIGINT NOT NULL,
    from_role            TEXT NOT NULL,
    from_practitioner_id TEXT NOT NULL,
    to_role              TEXT NOT NULL,
    to_practitioner_id   TEXT NOT NULL,
    changed_by           TEXT NOT NULL,
    reason               BYTEA, -- sealed; null when none was given
    PRIMARY KEY (follow_up_id, revision)
);

-- A unit's limits, as JSON by field name; a unit without a row has the defaults.
CREATE TABLE follow_up_policy (
    care_unit_id TEXT PRIMARY KEY,
    revision     BIGINT NOT NULL,
    limits       TEXT NOT NULL,
    update_time  BIGINT NOT NULL
);

-- Who works where, and as what: copied from the patient service's log.
CREATE TABLE practitioner (
    practitioner_id TEXT PRIMARY KEY,
    revision        BIGINT NOT NULL
);
CREATE TABLE employment (
    practitioner_id TEXT NOT NULL REFERENCES practitioner (practitioner_id),
    place           INTEGER NOT NULL,
    care_unit_id    TEXT NOT NULL,
    role            TEXT NOT NULL,
    start_day       TEXT NOT NULL,
    end_day         TEXT NOT NULL, -- '' while no end is known
    PRIMARY KEY (practitioner_id, place, role)
);

-- +goose Down
DROP TABLE employment;
DROP TABLE practitioner;
DROP TABLE follow_up_policy;
DROP TABLE owner_change;
DROP TABLE follow_up;
DROP TABLE told;
DROP TABLE patient_file;
