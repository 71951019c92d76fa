-- +goose Up
CREATE TABLE access_record (
    patient_id   TEXT NOT NULL,
    hour         BIGINT NOT NULL,
    person       TEXT NOT NULL,
    care_unit_id TEXT NOT NULL,
    kind         TEXT NOT NULL,
    recorded     BIGINT NOT NULL,
    method       TEXT NOT NULL,
    trace_id     TEXT NOT NULL,
    PRIMARY KEY (patient_id, hour, person, care_unit_id, kind)
);

-- +goose Down
DROP TABLE access_record;
