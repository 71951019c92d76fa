-- +goose Up

-- Screenings of the need of coordination. Days, need and offer are plain; the reasons are sealed.
CREATE TABLE screening (
    screening_id       TEXT PRIMARY KEY,
    revision           BIGINT NOT NULL,
    patient_id         TEXT NOT NULL,
    care_provider_id   TEXT NOT NULL,
    care_unit_id       TEXT NOT NULL,
    care_episode_id    TEXT NOT NULL,
    screen_day         TEXT NOT NULL,
    need               TEXT NOT NULL CHECK (need IN ('NONE', 'LIGHT', 'COORDINATED')),
    offer              TEXT NOT NULL CHECK (offer IN ('NOT_OFFERED', 'OFFERED', 'ACCEPTED', 'DECLINED')),
    practitioner_id    TEXT NOT NULL,
    offer_by           TEXT NOT NULL,
    offer_time         BIGINT NOT NULL,
    create_time        BIGINT NOT NULL,
    update_time        BIGINT NOT NULL,
    error_by           TEXT NOT NULL,
    error_time         BIGINT NOT NULL,
    -- The reasons, sealed with the screening's id.
    sealed             BYTEA NOT NULL
);
-- A patient's screenings, newest first.
CREATE INDEX screening_by_patient ON screening (patient_id, create_time, screening_id);
-- Whether a patient has been screened since a day.
CREATE INDEX screening_by_day ON screening (patient_id, screen_day) WHERE error_time = 0;

-- Coordinators' assessments of work ability. Days are plain; all texts are sealed.
CREATE TABLE work_ability_assessment (
    work_ability_assessment_id TEXT PRIMARY KEY,
    revision                   BIGINT NOT NULL,
    patient_id                 TEXT NOT NULL,
    care_provider_id           TEXT NOT NULL,
    care_unit_id               TEXT NOT NULL,
    care_episode_id            TEXT NOT NULL,
    assess_day                 TEXT NOT NULL,
    practitioner_id            TEXT NOT NULL,
    create_time                BIGINT NOT NULL,
    update_time                BIGINT NOT NULL,
    error_by                   TEXT NOT NULL,
    error_time                 BIGINT NOT NULL,
    -- The texts, sealed with the assessment's id.
    sealed                     BYTEA NOT NULL
);
-- A patient's assessments, newest first.
CREATE INDEX work_ability_assessment_by_patient ON work_ability_assessment (patient_id, create_time, work_ability_assessment_id);

-- Plans for return to work. State, version and the days they span are plain; steps, answers, check-ins and texts are sealed.
CREATE TABLE return_to_work_plan (
    return_to_work_plan_id TEXT PRIMARY KEY,
    revision               BIGINT NOT NULL,
    patient_id             TEXT NOT NULL,
    care_provider_id       TEXT NOT NULL,
    care_unit_id           TEXT NOT NULL,
    care_episode_id        TEXT NOT NULL,
    state                  TEXT NOT NULL
        CHECK (state IN ('PROPOSED', 'ACCEPTED', 'DECLINED', 'HELD', 'COMPLETED', 'WITHDRAWN')),
    version                INTEGER NOT NULL,
    -- First and last day of the steps.
    start_day              TEXT NOT NULL,
    end_day                TEXT NOT NULL,
    create_time            BIGINT NOT NULL,
    update_time            BIGINT NOT NULL,
    -- Everything else, sealed with the plan's id.
    sealed                 BYTEA NOT NULL
);
-- A patient's plans, newest first.
CREATE INDEX return_to_work_plan_by_patient ON return_to_work_plan (patient_id, create_time, return_to_work_plan_id);
-- Of an episode at most one plan is open.
CREATE UNIQUE INDEX return_to_work_plan_open ON return_to_work_plan (patient_id, care_episode_id)
    WHERE state IN ('PROPOSED', 'ACCEPTED', 'HELD');

-- +goose Down
DROP TABLE return_to_work_plan;
DROP TABLE work_ability_assessment;
DROP TABLE screening;
