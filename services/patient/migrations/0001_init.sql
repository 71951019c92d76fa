-- +goose Up

-- The wall that no patient data crosses.
CREATE TABLE care_provider (
    care_provider_id TEXT PRIMARY KEY,
    hsa_id           TEXT NOT NULL UNIQUE,
    display_name     TEXT NOT NULL,
    revision         BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    updated          BIGINT NOT NULL
);

CREATE TABLE care_unit (
    care_unit_id     TEXT PRIMARY KEY,
    care_provider_id TEXT NOT NULL REFERENCES care_provider (care_provider_id),
    hsa_id           TEXT NOT NULL UNIQUE,
    display_name     TEXT NOT NULL,
    phone            TEXT NOT NULL,
    revision         BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    updated          BIGINT NOT NULL
);
CREATE INDEX care_unit_by_provider ON care_unit (care_provider_id, care_unit_id);

-- Staff. `sealed` holds names and telephone number.
CREATE TABLE practitioner (
    practitioner_id  TEXT PRIMARY KEY,
    care_provider_id TEXT NOT NULL REFERENCES care_provider (care_provider_id),
    hsa_id           TEXT NOT NULL UNIQUE,
    sealed           BYTEA NOT NULL,
    revision         BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    updated          BIGINT NOT NULL
);

-- `roles` is ",gp,nurse,": each role between commas.
CREATE TABLE employment (
    practitioner_id TEXT NOT NULL REFERENCES practitioner (practitioner_id),
    place           INTEGER NOT NULL,
    care_unit_id    TEXT NOT NULL REFERENCES care_unit (care_unit_id),
    roles           TEXT NOT NULL,
    start_day       TEXT NOT NULL,
    end_day         TEXT,
    locum           BOOLEAN NOT NULL,
    PRIMARY KEY (practitioner_id, place)
);
CREATE INDEX employment_by_unit ON employment (care_unit_id, practitioner_id);

-- Patients. `sealed` holds identity number, names, telephone number, contact wish, employments and why a record is in error;
-- `identity_hash` finds the number by a keyed hash. `activity` counts writes to the patient's episodes and consents: whoever
-- writes there bumps it first, so that a consent and an episode never miss each other.
CREATE TABLE patient (
    patient_id         TEXT PRIMARY KEY,
    care_provider_id   TEXT NOT NULL REFERENCES care_provider (care_provider_id),
    care_unit_id       TEXT NOT NULL REFERENCES care_unit (care_unit_id),
    identity_hash      BYTEA NOT NULL,
    state              TEXT NOT NULL,
    protected_identity BOOLEAN NOT NULL,
    merged_into        TEXT NOT NULL,
    sealed             BYTEA NOT NULL,
    revision           BIGINT NOT NULL,
    activity           BIGINT NOT NULL,
    created            BIGINT NOT NULL,
    updated            BIGINT NOT NULL
);
CREATE UNIQUE INDEX patient_by_number ON patient (care_provider_id, identity_hash) WHERE state = 'ACTIVE';
CREATE INDEX patient_by_unit ON patient (care_unit_id, state, patient_id);

-- Care episodes. `sealed` holds diagnosis, its reason and every text, those of the referrals included.
CREATE TABLE care_episode (
    care_episode_id   TEXT PRIMARY KEY,
    patient_id        TEXT NOT NULL REFERENCES patient (patient_id),
    care_provider_id  TEXT NOT NULL,
    care_unit_id      TEXT NOT NULL,
    state             TEXT NOT NULL,
    severity          TEXT NOT NULL,
    sick_leave_needed BOOLEAN NOT NULL,
    preventive        BOOLEAN NOT NULL,
    start_day         TEXT NOT NULL,
    close_day         TEXT,
    outcome           TEXT NOT NULL,
    sealed            BYTEA NOT NULL,
    revision          BIGINT NOT NULL,
    created           BIGINT NOT NULL,
    updated           BIGINT NOT NULL
);
CREATE UNIQUE INDEX care_episode_open ON care_episode (patient_id) WHERE state = 'OPEN';
CREATE INDEX care_episode_by_patient ON care_episode (patient_id, start_day, care_episode_id);

CREATE TABLE referral (
    care_episode_id TEXT NOT NULL REFERENCES care_episode (care_episode_id),
    place           INTEGER NOT NULL,
    referral_id     TEXT NOT NULL UNIQUE,
    role            TEXT NOT NULL,
    practitioner_id TEXT NOT NULL,
    due_day         TEXT NOT NULL,
    state           TEXT NOT NULL,
    answered_by     TEXT NOT NULL,
    answered        BIGINT NOT NULL,
    PRIMARY KEY (care_episode_id, place)
);

CREATE TABLE team_member (
    care_episode_id TEXT NOT NULL REFERENCES care_episode (care_episode_id),
    place           INTEGER NOT NULL,
    practitioner_id TEXT NOT NULL,
    role            TEXT NOT NULL,
    start_day       TEXT NOT NULL,
    end_day         TEXT,
    PRIMARY KEY (care_episode_id, place)
);

-- Consents. `granted` is what the patient said, `state` what has become of it; `sealed` holds the texts. Of each kind one
-- stands: what the patient said last.
CREATE TABLE consent (
    consent_id       TEXT PRIMARY KEY,
    patient_id       TEXT NOT NULL REFERENCES patient (patient_id),
    care_provider_id TEXT NOT NULL,
    kind             TEXT NOT NULL,
    state            TEXT NOT NULL,
    granted          BOOLEAN NOT NULL,
    start_day        TEXT NOT NULL,
    end_day          TEXT,
    form             TEXT NOT NULL,
    practitioner_id  TEXT NOT NULL,
    ended            BIGINT NOT NULL,
    sealed           BYTEA NOT NULL,
    revision         BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    updated          BIGINT NOT NULL
);
CREATE UNIQUE INDEX consent_standing ON consent (patient_id, kind) WHERE state IN ('GRANTED', 'DECLINED');
CREATE INDEX consent_by_patient ON consent (patient_id, created, consent_id);

-- +goose Down
DROP TABLE consent;
DROP TABLE team_member;
DROP TABLE referral;
DROP TABLE care_episode;
DROP TABLE patient;
DROP TABLE employment;
DROP TABLE practitioner;
DROP TABLE care_unit;
DROP TABLE care_provider;
