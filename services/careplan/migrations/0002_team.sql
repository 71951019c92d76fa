-- +goose Up

-- Briefs of the care manager to the coordinator. What they say is sealed with the brief's id.
CREATE TABLE brief (
    brief_id         TEXT PRIMARY KEY,
    revision         BIGINT NOT NULL,
    patient_id       TEXT NOT NULL,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    care_episode_id  TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('REQUESTED', 'WRITTEN', 'ACKNOWLEDGED')),
    requested_by     TEXT NOT NULL,
    ask_time         BIGINT NOT NULL,
    written_by       TEXT NOT NULL,
    write_time       BIGINT NOT NULL,
    acknowledged_by  TEXT NOT NULL,
    acknowledge_time BIGINT NOT NULL,
    create_time      BIGINT NOT NULL,
    update_time      BIGINT NOT NULL,
    sealed           BYTEA NOT NULL
);
CREATE INDEX brief_by_patient ON brief (patient_id, create_time, brief_id);
-- One is asked for at a time.
CREATE UNIQUE INDEX brief_requested ON brief (care_episode_id) WHERE state = 'REQUESTED';

-- Notes. Text, readers, openings and the reason of a withdrawal are sealed with the note's id.
CREATE TABLE note (
    note_id          TEXT PRIMARY KEY,
    revision         BIGINT NOT NULL,
    patient_id       TEXT NOT NULL,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    care_episode_id  TEXT NOT NULL,
    restricted       BOOLEAN NOT NULL,
    -- How many mandatory readers have yet to say that they have read it; 0 once it is registered in error.
    unread           INTEGER NOT NULL,
    author_id        TEXT NOT NULL,
    error_by         TEXT NOT NULL,
    error_time       BIGINT NOT NULL,
    create_time      BIGINT NOT NULL,
    update_time      BIGINT NOT NULL,
    sealed           BYTEA NOT NULL
);
CREATE INDEX note_by_patient ON note (patient_id, create_time, note_id);

-- Recommendations to the GP. What they advise, why, and what was answered are sealed with the recommendation's id.
CREATE TABLE recommendation (
    recommendation_id TEXT PRIMARY KEY,
    revision          BIGINT NOT NULL,
    patient_id        TEXT NOT NULL,
    care_provider_id  TEXT NOT NULL,
    care_unit_id      TEXT NOT NULL,
    care_episode_id   TEXT NOT NULL,
    topic             TEXT NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('OPEN', 'ACCEPTED', 'CHANGED', 'DECLINED', 'SUPERSEDED', 'REGISTERED_IN_ERROR')),
    given_by          TEXT NOT NULL,
    answered_by       TEXT NOT NULL,
    answer_time       BIGINT NOT NULL,
    chosen_id         TEXT NOT NULL,
    error_by          TEXT NOT NULL,
    error_time        BIGINT NOT NULL,
    create_time       BIGINT NOT NULL,
    update_time       BIGINT NOT NULL,
    sealed            BYTEA NOT NULL
);
CREATE INDEX recommendation_by_patient ON recommendation (patient_id, create_time, recommendation_id);

-- +goose Down
DROP TABLE recommendation;
DROP TABLE note;
DROP TABLE brief;
