-- +goose Up

-- The root of everything about one patient: whoever writes bumps it first, so that events of several sources take turns. Heard is
-- where the latest event stood; the patient service's own word stands in `told`.
CREATE TABLE patient_file (
    patient_id       TEXT PRIMARY KEY,
    turn             BIGINT NOT NULL,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    heard_time       BIGINT NOT NULL, -- of the latest event, and its id, which decides between two of one time
    heard_event_id   TEXT NOT NULL,
    version          BIGINT NOT NULL -- the sum of the revisions in `told`
);

-- What the other services have told, the latest word about each thing, as JSON of coded fields; empty when the picture does not
-- need it.
CREATE TABLE told (
    patient_id  TEXT NOT NULL,
    kind        TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    revision    BIGINT NOT NULL,
    body        TEXT NOT NULL,
    PRIMARY KEY (patient_id, kind, resource_id)
);
CREATE INDEX told_shown ON told (patient_id) WHERE body <> '';

-- What is derived from it, as JSON. The revision counts the changes told to watchers.
CREATE TABLE picture (
    patient_id   TEXT PRIMARY KEY,
    revision     BIGINT NOT NULL,
    care_unit_id TEXT NOT NULL, -- where it is listed; empty when nowhere
    body         TEXT NOT NULL
);

-- What a unit's list is filtered and ordered by, on the days from shown_from until shown_until: the case of sick leave that is
-- shown depends on the day. Days that are not known are 9999-12-31, and so sort last.
CREATE TABLE line (
    patient_id    TEXT NOT NULL,
    shown_from    TEXT NOT NULL,
    shown_until   TEXT NOT NULL,
    care_unit_id  TEXT NOT NULL,
    episode_open  BOOLEAN NOT NULL,
    leave_start   TEXT NOT NULL,
    leave_end     TEXT NOT NULL, -- empty when there is no sick leave
    next_due      TEXT NOT NULL,
    last_contact  BIGINT NOT NULL, -- 0 when none was held
    safety        BOOLEAN NOT NULL,
    waits_from    TEXT NOT NULL, -- the first day on which something waits for a decision
    meeting_state TEXT NOT NULL,
    PRIMARY KEY (patient_id, shown_from)
);
CREATE INDEX line_by_leave ON line (care_unit_id, episode_open, leave_start, patient_id);
CREATE INDEX line_by_due ON line (care_unit_id, episode_open, next_due, patient_id);
CREATE INDEX line_by_contact ON line (care_unit_id, episode_open, last_contact, patient_id);
CREATE INDEX line_unsafe ON line (care_unit_id) WHERE safety;
CREATE INDEX line_waiting ON line (care_unit_id) WHERE waits_from < '9999-12-31';

-- Who is in the team of the open episode, from which day until which.
CREATE TABLE line_team (
    practitioner_id TEXT NOT NULL,
    patient_id      TEXT NOT NULL,
    place           INTEGER NOT NULL,
    start_date      TEXT NOT NULL,
    end_date        TEXT NOT NULL, -- 9999-12-31 while in the team
    PRIMARY KEY (practitioner_id, patient_id, place)
);
CREATE INDEX line_team_of_patient ON line_team (patient_id);

-- What has happened, each event once.
CREATE TABLE timeline (
    event_id        TEXT PRIMARY KEY,
    patient_id      TEXT NOT NULL,
    event_time      BIGINT NOT NULL,
    track           TEXT NOT NULL,
    type            TEXT NOT NULL,
    resource_id     TEXT NOT NULL,
    practitioner_id TEXT NOT NULL,
    service         TEXT NOT NULL,
    care_episode_id TEXT NOT NULL,
    snapshot        BYTEA NOT NULL
);
CREATE INDEX timeline_of_patient ON timeline (patient_id, event_time, event_id);
-- Follow-ups make most of the noise and are mostly left out.
CREATE INDEX timeline_of_care ON timeline (patient_id, event_time, event_id) WHERE track <> 'FOLLOW_UP';

-- The building of all this: a new epoch each time it begins anew.
CREATE TABLE build (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    epoch      TEXT NOT NULL,
    begin_time BIGINT NOT NULL
);

-- +goose Down
DROP TABLE build;
DROP TABLE timeline;
DROP TABLE line_team;
DROP TABLE line;
DROP TABLE picture;
DROP TABLE told;
DROP TABLE patient_file;
