-- +goose Up

-- Employers of a care provider. Number, name and workplaces are sealed; the number is found by a keyed hash.
CREATE TABLE employer (
    employer_id      TEXT PRIMARY KEY,
    revision         BIGINT NOT NULL,
    care_provider_id TEXT NOT NULL,
    -- Null when no number is known.
    number_hash      BYTEA,
    update_time      BIGINT NOT NULL,
    sealed           BYTEA NOT NULL
);
CREATE UNIQUE INDEX employer_by_number ON employer (care_provider_id, number_hash) WHERE number_hash IS NOT NULL;
CREATE INDEX employer_by_provider ON employer (care_provider_id, employer_id);

-- Contact persons of an employer; all but the ids is sealed.
CREATE TABLE contact_person (
    contact_person_id TEXT PRIMARY KEY,
    revision          BIGINT NOT NULL,
    employer_id       TEXT NOT NULL REFERENCES employer (employer_id),
    update_time       BIGINT NOT NULL,
    sealed            BYTEA NOT NULL
);
CREATE INDEX contact_person_by_employer ON contact_person (employer_id, contact_person_id);

-- Contacts with a patient's employer outside of the meeting. State: the kind, or IN_ERROR.
CREATE TABLE employer_contact (
    id               TEXT PRIMARY KEY,
    revision         BIGINT NOT NULL,
    patient_id       TEXT NOT NULL,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    care_episode_id  TEXT NOT NULL,
    employer_id      TEXT NOT NULL,
    state            TEXT NOT NULL,
    create_time      BIGINT NOT NULL,
    update_time      BIGINT NOT NULL,
    sealed           BYTEA NOT NULL
);
CREATE INDEX employer_contact_by_patient ON employer_contact (patient_id, create_time, id);

CREATE TABLE dialogue_meeting (
    id               TEXT PRIMARY KEY,
    revision         BIGINT NOT NULL,
    patient_id       TEXT NOT NULL,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    care_episode_id  TEXT NOT NULL,
    employer_id      TEXT NOT NULL,
    state            TEXT NOT NULL,
    create_time      BIGINT NOT NULL,
    update_time      BIGINT NOT NULL,
    sealed           BYTEA NOT NULL
);
CREATE INDEX dialogue_meeting_by_patient ON dialogue_meeting (patient_id, create_time, id);
-- One meeting under way with each employer of a patient.
CREATE UNIQUE INDEX dialogue_meeting_open ON dialogue_meeting (patient_id, employer_id)
    WHERE state IN ('PROPOSED', 'DEFERRED', 'SCHEDULED', 'ONGOING', 'PAUSED', 'ENDED');

-- State: MADE, or IN_ERROR. A meeting that is registered in error has that state too.
CREATE TABLE agreement (
    id               TEXT PRIMARY KEY,
    revision         BIGINT NOT NULL,
    patient_id       TEXT NOT NULL,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    care_episode_id  TEXT NOT NULL,
    employer_id      TEXT NOT NULL,
    state            TEXT NOT NULL,
    create_time      BIGINT NOT NULL,
    update_time      BIGINT NOT NULL,
    sealed           BYTEA NOT NULL
);
CREATE INDEX agreement_by_patient ON agreement (patient_id, create_time, id);

-- What other services have told of a patient: the newest snapshot of each resource, coded fields only.
CREATE TABLE told (
    kind            TEXT NOT NULL,
    resource_id     TEXT NOT NULL,
    patient_id      TEXT NOT NULL,
    revision        BIGINT NOT NULL,
    snapshot        BYTEA NOT NULL,
    PRIMARY KEY (kind, resource_id)
);
CREATE INDEX told_by_patient ON told (patient_id, kind, resource_id);

-- What was made for an employer's eye: which items were shown and which withheld, under which consents. Never changed.
CREATE TABLE employer_release (
    employer_release_id TEXT PRIMARY KEY,
    patient_id          TEXT NOT NULL,
    employer_id         TEXT NOT NULL,
    care_provider_id    TEXT NOT NULL,
    care_unit_id        TEXT NOT NULL,
    form                TEXT NOT NULL CHECK (form IN ('VIEW', 'INVITATION')),
    consents_revision   BIGINT NOT NULL,
    shown_items         TEXT NOT NULL,
    withheld_items      TEXT NOT NULL,
    practitioner_id     TEXT NOT NULL,
    release_time        BIGINT NOT NULL
);
CREATE INDEX employer_release_by_patient ON employer_release (patient_id, release_time);

-- +goose Down
DROP TABLE employer_release;
DROP TABLE told;
DROP TABLE agreement;
DROP TABLE dialogue_meeting;
DROP TABLE employer_contact;
DROP TABLE contact_person;
DROP TABLE employer;
