-- +goose Up

-- What a patient said last to coordination, as far as has been heard of it.
CREATE TABLE coordination (
    patient_id TEXT PRIMARY KEY,
    -- Of all the patient's consents together, when it was said.
    revision   BIGINT NOT NULL,
    consented  BOOLEAN NOT NULL,
    -- The days that the consent covers; no end while open-ended.
    start_day  TEXT,
    end_day    TEXT
);

-- +goose Down
DROP TABLE coordination;
