-- +goose Up

-- The last number given in the event log. Its row is locked while numbers are given, so that there is one numbering writer.
CREATE TABLE event_head (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    last_sequence BIGINT NOT NULL
);
INSERT INTO event_head (id, last_sequence) VALUES (1, 0);

-- The event log. `sequence` is null from commit until the numbering writer has come by.
CREATE TABLE event_log (
    event_id         TEXT PRIMARY KEY,
    sequence         BIGINT,
    type             TEXT NOT NULL,
    resource_id      TEXT NOT NULL,
    revision         BIGINT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    body             BYTEA NOT NULL
);
CREATE UNIQUE INDEX event_log_by_sequence ON event_log (sequence) WHERE sequence IS NOT NULL;
CREATE INDEX event_log_unnumbered ON event_log (event_id) WHERE sequence IS NULL;

-- How far this service has consumed another's log, and which replica does so now.
CREATE TABLE event_cursor (
    source       TEXT PRIMARY KEY,
    sequence     BIGINT NOT NULL,
    lease_holder TEXT NOT NULL,
    lease_until  BIGINT NOT NULL
);

-- Events that could not be handled, and the later events of the same resource, which wait for them.
CREATE TABLE event_parked (
    source       TEXT NOT NULL,
    sequence     BIGINT NOT NULL,
    resource_id  TEXT NOT NULL,
    body         BYTEA NOT NULL,
    failures     INTEGER NOT NULL,
    next_try     BIGINT NOT NULL,
    PRIMARY KEY (source, sequence)
);
CREATE INDEX event_parked_by_resource ON event_parked (source, resource_id, sequence);
CREATE INDEX event_parked_next_try ON event_parked (next_try);

-- What is to be done when. One timer per kind and key; `stamp` is that of the state which set it.
CREATE TABLE timer (
    kind     TEXT NOT NULL,
    key      TEXT NOT NULL,
    due      BIGINT NOT NULL,
    stamp    BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    next_try BIGINT NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX timer_due ON timer (due, kind, key);

-- Request ids with the first answer, encrypted. `response` is null while the act is under way.
CREATE TABLE request (
    subject    TEXT NOT NULL,
    method     TEXT NOT NULL,
    request_id TEXT NOT NULL,
    digest     BYTEA NOT NULL,
    response   BYTEA,
    created    BIGINT NOT NULL,
    PRIMARY KEY (subject, method, request_id)
);
CREATE INDEX request_created ON request (created);

-- Where each patient belongs, copied from the patient service's log.
CREATE TABLE patient_place (
    patient_id       TEXT PRIMARY KEY,
    care_provider_id TEXT NOT NULL,
    care_unit_id     TEXT NOT NULL,
    revision         BIGINT NOT NULL
);

-- +goose Down
DROP TABLE patient_place;
DROP TABLE request;
DROP TABLE timer;
DROP TABLE event_parked;
DROP TABLE event_cursor;
DROP TABLE event_log;
DROP TABLE event_head;
