-- +goose Up

-- How a care unit holds its meetings. Where there is no row, or a value is empty or 0, the default holds.
CREATE TABLE dialogue_settings (
    care_unit_id   TEXT PRIMARY KEY,
    revision       BIGINT NOT NULL,
    place          TEXT NOT NULL,
    length_minutes INTEGER NOT NULL,
    purpose        TEXT NOT NULL,
    brief_days     INTEGER NOT NULL,
    create_time    BIGINT NOT NULL,
    update_time    BIGINT NOT NULL
);

-- +goose Down
DROP TABLE dialogue_settings;
