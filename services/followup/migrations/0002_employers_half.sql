-- +goose Up

-- What is told of the employer's half: the list of topics is the code's, which passes over those it does not know.
CREATE TABLE told_of_all (
    patient_id TEXT NOT NULL,
    topic      TEXT NOT NULL CHECK (topic <> ''),
    subject_id TEXT NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (patient_id, topic, subject_id)
);
INSERT INTO told_of_all (patient_id, topic, subject_id, body) SELECT patient_id, topic, subject_id, body FROM told;
DROP TABLE told;
ALTER TABLE told_of_all RENAME TO told;

-- The next day on which a patient's file asks for something else although nothing is told; '' when there is none.
ALTER TABLE patient_file ADD COLUMN turn_day TEXT NOT NULL DEFAULT '';

-- What tells apart several follow-ups of a kind about one subject, for example who must read a note; '' for most.
ALTER TABLE follow_up ADD COLUMN aspect TEXT NOT NULL DEFAULT '';
DROP INDEX follow_up_once;
CREATE UNIQUE INDEX follow_up_once ON follow_up (kind, subject_id, aspect, round);

-- +goose Down
DELETE FROM owner_change WHERE follow_up_id IN (SELECT follow_up_id FROM follow_up WHERE aspect <> '');
DELETE FROM follow_up WHERE aspect <> '';
DROP INDEX follow_up_once;
CREATE UNIQUE INDEX follow_up_once ON follow_up (kind, subject_id, round);
ALTER TABLE follow_up DROP COLUMN aspect;
ALTER TABLE patient_file DROP COLUMN turn_day;
DELETE FROM told WHERE topic NOT IN ('patient', 'episode', 'consent', 'plan', 'contact', 'certificate', 'flag');
CREATE TABLE told_of_care (
    patient_id TEXT NOT NULL,
    topic      TEXT NOT NULL CHECK (topic IN ('patient', 'episode', 'consent', 'plan', 'contact', 'certificate', 'flag')),
    subject_id TEXT NOT NULL,
    body       TEXT NOT NULL,
    PRIMARY KEY (patient_id, topic, subject_id)
);
INSERT INTO told_of_care (patient_id, topic, subject_id, body) SELECT patient_id, topic, subject_id, body FROM told;
DROP TABLE told;
ALTER TABLE told_of_care RENAME TO told;
