-- +goose Up

-- A consent about information has a receiver and items ("CONTACT,SICK_LEAVE"); one stands for each receiver.
ALTER TABLE consent ADD COLUMN receiver_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE consent ADD COLUMN receiver_id TEXT NOT NULL DEFAULT '';
ALTER TABLE consent ADD COLUMN items TEXT NOT NULL DEFAULT '';
DROP INDEX consent_standing;
CREATE UNIQUE INDEX consent_standing ON consent (patient_id, kind, receiver_kind, receiver_id) WHERE state IN ('GRANTED', 'DECLINED');

-- Every answer given about a consent. `items` were asked about, `consented_items` those of them with a yes. Rows are only added.
CREATE TABLE consent_check (
    consent_check_id  TEXT PRIMARY KEY,
    patient_id        TEXT NOT NULL REFERENCES patient (patient_id),
    care_provider_id  TEXT NOT NULL,
    practitioner_id   TEXT NOT NULL,
    subject           TEXT NOT NULL,
    service           TEXT NOT NULL,
    kind              TEXT NOT NULL,
    receiver_kind     TEXT NOT NULL,
    receiver_id       TEXT NOT NULL,
    check_day         TEXT NOT NULL,
    items             TEXT NOT NULL,
    consented_items   TEXT NOT NULL,
    consented         BOOLEAN NOT NULL,
    already_asked     BOOLEAN NOT NULL,
    consent_id        TEXT NOT NULL,
    consents_revision BIGINT NOT NULL,
    created           BIGINT NOT NULL
);
CREATE INDEX consent_check_by_patient ON consent_check (patient_id, created, consent_check_id);

-- +goose Down

-- Fails, and so changes nothing, while a patient's consents stand for several receivers: there is no way back for them.
DROP INDEX consent_standing;
CREATE UNIQUE INDEX consent_standing ON consent (patient_id, kind) WHERE state IN ('GRANTED', 'DECLINED');
DROP TABLE consent_check;
ALTER TABLE consent DROP COLUMN items;
ALTER TABLE consent DROP COLUMN receiver_id;
ALTER TABLE consent DROP COLUMN receiver_kind;
