-- +goose Up

-- In whose lists a follow-up stood before a change by which it left some of them: another owner, another unit, no escalation any
-- more. With the log, which tells how it stood after each change, whoever watches a list learns what has left it.
CREATE TABLE audience_change (
    follow_up_id          TEXT NOT NULL REFERENCES follow_up (follow_up_id),
    revision              BIGINT NOT NULL, -- of the change
    care_unit_id          TEXT NOT NULL,
    owner_role            TEXT NOT NULL,
    owner_practitioner_id TEXT NOT NULL,
    escalation_level      INTEGER NOT NULL,
    escalation_role       TEXT NOT NULL,
    to_care_unit_id       TEXT NOT NULL, -- '' when the unit stayed the same
    PRIMARY KEY (follow_up_id, revision)
);
-- Where the follow-ups of a unit have moved to.
CREATE INDEX audience_moved ON audience_change (care_unit_id, to_care_unit_id) WHERE to_care_unit_id <> '';
-- What is open and overdue by rule: the figures of operations are counted from this index alone.
CREATE INDEX follow_up_open_by_rule ON follow_up (kind, policy, due_time, snoozed_until, state) WHERE state = 'OPEN';

-- +goose Down
DROP INDEX follow_up_open_by_rule;
DROP TABLE audience_change;
