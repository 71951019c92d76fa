-- +goose Up

-- Who has said "I have read" of a version of a patient's one-page brief. Never changed.
CREATE TABLE reading (
    reading_id       TEXT PRIMARY KEY,
    patient_id       TEXT NOT NULL,
    practitioner_id  TEXT NOT NULL,
    picture_version  INTEGER NOT NULL,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    care_episode_id  TEXT NOT NULL,
    create_time      BIGINT NOT NULL
);
-- A version is read once by a person.
CREATE UNIQUE INDEX reading_once ON reading (patient_id, practitioner_id, picture_version);
CREATE INDEX reading_by_patient ON reading (patient_id, create_time, reading_id);

-- The open episode of a patient.
CREATE INDEX care_episode_open ON care_episode (patient_id, care_episode_id) WHERE state = 'OPEN';

-- +goose Down
DROP INDEX care_episode_open;
DROP TABLE reading;
