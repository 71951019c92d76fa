-- +goose Up

-- Certificates. Dates, degrees, states and who did what are plain; diagnoses and free text are sealed.
CREATE TABLE certificate (
    certificate_id     TEXT PRIMARY KEY,
    revision           BIGINT NOT NULL,
    patient_id         TEXT NOT NULL,
    care_provider_id   TEXT NOT NULL,
    care_unit_id       TEXT NOT NULL,
    care_episode_id    TEXT NOT NULL,
    state              TEXT NOT NULL CHECK (state IN ('DRAFT', 'SIGNED', 'REVOKED', 'REGISTERED_IN_ERROR')),
    -- First and last day of the periods; null while a draft has none.
    start_day          TEXT,
    end_day            TEXT,
    replaces_id        TEXT NOT NULL,
    complements_id     TEXT NOT NULL,
    renews_id          TEXT NOT NULL,
    created_by         TEXT NOT NULL,
    create_time        BIGINT NOT NULL,
    update_time        BIGINT NOT NULL,
    signed_by          TEXT NOT NULL,
    sign_time          BIGINT NOT NULL,
    revoked_by         TEXT NOT NULL,
    revoke_time        BIGINT NOT NULL,
    error_by           TEXT NOT NULL,
    error_time         BIGINT NOT NULL,
    -- Diagnoses, bases, prognosis, free text and the reasons of withdrawals, sealed with the certificate's id.
    sealed             BYTEA NOT NULL
);
-- A patient's certificates, newest first.
CREATE INDEX certificate_by_patient ON certificate (patient_id, create_time, certificate_id);
-- Who is on sick leave at a unit on a day: past certificates of years are never read.
CREATE INDEX certificate_signed_at_unit ON certificate (care_unit_id, end_day, start_day, patient_id) WHERE state = 'SIGNED';

-- The periods of a certificate, in the order written.
CREATE TABLE certificate_period (
    certificate_id TEXT NOT NULL REFERENCES certificate (certificate_id),
    place          INTEGER NOT NULL,
    start_day      TEXT NOT NULL,
    end_day        TEXT NOT NULL,
    degree         INTEGER NOT NULL,
    PRIMARY KEY (certificate_id, place)
);

-- +goose Down
DROP TABLE certificate_period;
DROP TABLE certificate;
