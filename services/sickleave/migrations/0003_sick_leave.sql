-- +goose Up

-- A patient's sick leave as one: the root of everything that changes which certificates count. Its revision is bumped first, so that
-- of two writers the second sees what the first has done.
CREATE TABLE sick_leave (
    patient_id       TEXT PRIMARY KEY,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    revision         BIGINT NOT NULL,
    -- The cases told last, days and degrees only: what adds up to the same is not told again.
    told             BYTEA NOT NULL
);

-- +goose Down
DROP TABLE sick_leave;
