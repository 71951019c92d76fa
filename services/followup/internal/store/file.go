package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

const lockFile = `INSERT INTO patient_file (patient_id, revision, care_provider_id, care_unit_id) VALUES ($1, 1, $2, $3)
ON CONFLICT (patient_id) DO UPDATE SET revision = patient_file.revision + 1
RETURNING care_provider_id, care_unit_id, turn_day`

// Lock takes a patient's file until the transaction ends, and makes it if there is none. Everything else about the patient is
// read after it. It gives where the latest event stood.
func (s *Store) Lock(tx *sqldb.Tx, patientID string, place followup.Place) (followup.Place, error) {
	heard, _, err := s.lock(tx, patientID, place)
	return heard, err
}

// lock gives also the day of the turn for which a timer has been set.
func (s *Store) lock(tx *sqldb.Tx, patientID string, place followup.Place) (heard followup.Place, turn date.Day, err error) {
	err = tx.QueryRow(lockFile, patientID, place.ProviderID, place.UnitID).Scan(&heard.ProviderID, &heard.UnitID, &turn)
	if err != nil {
		return heard, turn, fmt.Errorf("lock a patient's file: %w", err)
	}
	return heard, turn, nil
}

// Free tells whether a patient's file can be taken without waiting, and takes it if so. Timers ask first: a batch of them holds
// the rows of many timers, and must not wait for somebody who holds a file and waits for one of those.
func (s *Store) Free(tx *sqldb.Tx, patientID string) (bool, error) {
	var revision int64
	err := tx.QueryRow(`SELECT revision FROM patient_file WHERE patient_id = $1`+tx.Dialect().SkipLocked(), patientID).Scan(&revision)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("ask for a patient's file: %w", err)
	}
	return true, nil
}

// Opened is a patient's file as it was read, for telling what has changed in it.
type Opened struct {
	*followup.File
	heard  followup.Place
	bodies map[[2]string]string
	turn   date.Day
}

// OpenFile locks a patient's file and reads it.
func (s *Store) OpenFile(tx *sqldb.Tx, patientID string, place followup.Place) (*Opened, error) {
	heard, turn, err := s.lock(tx, patientID, place)
	if err != nil {
		return nil, err
	}
	opened := &Opened{File: followup.NewFile(patientID), heard: heard, bodies: map[[2]string]string{}, turn: turn}
	opened.Heard = heard
	rows, err := tx.Query(`SELECT topic, subject_id, body FROM told WHERE patient_id = $1`, patientID)
	if err != nil {
		return nil, fmt.Errorf("read a patient's file: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var topic, subject, body string
		if err := rows.Scan(&topic, &subject, &body); err != nil {
			return nil, fmt.Errorf("read a patient's file: %w", err)
		}
		if err := opened.enter(topic, subject, body); err != nil {
			return nil, fmt.Errorf("read a patient's file: topic %s: %w", topic, err)
		}
		opened.bodies[[2]string{topic, subject}] = body
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read a patient's file: %w", err)
	}
	return opened, nil
}

// enter enters one thing that was told. A topic that this release does not know was written by a later one, and waits for it.
func (o *Opened) enter(topic, subject, body string) error {
	switch topic {
	case "patient":
		o.Patient = &followup.Patient{}
		return json.Unmarshal([]byte(body), o.Patient)
	case "sick_leave":
		o.SickLeave = &followup.SickLeave{}
		return json.Unmarshal([]byte(body), o.SickLeave)
	}
	for _, t := range o.topics() {
		if t.name == topic {
			return t.enter(subject, body)
		}
	}
	return nil
}

// topic is one of the things about which many may be told of a patient.
type topic struct {
	name  string
	enter func(subject, body string) error
	each  func(func(subject string, one any) error) error
}

func (o *Opened) topics() []topic {
	return []topic{
		topicOf("episode", o.Episodes), topicOf("consent", o.Consents), topicOf("plan", o.Plans), topicOf("contact", o.Contacts),
		topicOf("certificate", o.Certificates), topicOf("flag", o.Flags), topicOf("screening", o.Screenings),
		topicOf("return_plan", o.ReturnPlans), topicOf("recommendation", o.Recommendations), topicOf("brief", o.Briefs),
		topicOf("note", o.Notes), topicOf("reading", o.Readings), topicOf("meeting", o.Meetings),
		topicOf("agreement", o.Agreements), topicOf("employer_consent", o.EmployerConsents),
	}
}

func topicOf[T any](name string, all map[string]*T) topic {
	return topic{
		name:  name,
		enter: func(subject, body string) error { return enter(all, subject, body) },
		each: func(put func(subject string, one any) error) error {
			for subject, one := range all {
				if err := put(subject, one); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func enter[T any](into map[string]*T, subject, body string) error {
	one := new(T)
	into[subject] = one
	return json.Unmarshal([]byte(body), one)
}

const (
	putTold = `INSERT INTO told (patient_id, topic, subject_id, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (patient_id, topic, subject_id) DO UPDATE SET body = excluded.body`
	putHeard = `UPDATE patient_file SET care_provider_id = $2, care_unit_id = $3 WHERE patient_id = $1`
)

// SaveFile writes what has changed in a file since it was opened.
func (s *Store) SaveFile(tx *sqldb.Tx, o *Opened) error {
	if o.Heard != o.heard {
		if _, err := tx.Exec(putHeard, o.PatientID, o.Heard.ProviderID, o.Heard.UnitID); err != nil {
			return fmt.Errorf("write where a patient's latest event stood: %w", err)
		}
	}
	put := func(topic, subject string, one any) error {
		body, err := json.Marshal(one)
		if err != nil {
			return fmt.Errorf("write a patient's file: topic %s: %w", topic, err)
		}
		if o.bodies[[2]string{topic, subject}] == string(body) {
			return nil
		}
		if _, err := tx.Exec(putTold, o.PatientID, topic, subject, string(body)); err != nil {
			return fmt.Errorf("write a patient's file: topic %s: %w", topic, err)
		}
		return nil
	}
	if o.Patient != nil {
		if err := put("patient", o.PatientID, o.Patient); err != nil {
			return err
		}
	}
	if o.SickLeave != nil {
		if err := put("sick_leave", o.PatientID, o.SickLeave); err != nil {
			return err
		}
	}
	for _, t := range o.topics() {
		if err := t.each(func(subject string, one any) error { return put(t.name, subject, one) }); err != nil {
			return err
		}
	}
	return nil
}

// FileTimerKind is the kind of the timers that look at a patient's file on the day of its turn; their key is the patient's id.
const FileTimerKind = "patient_file"

// ArmTurn sets the timer for the next day on which an opened file asks for something else, and notes the day; no day removes it.
func (s *Store) ArmTurn(tx *act.Tx, o *Opened, day date.Day) error {
	if o.turn == day {
		return nil
	}
	if _, err := tx.Exec(`UPDATE patient_file SET turn_day = $2 WHERE patient_id = $1`, o.PatientID, day.String()); err != nil {
		return fmt.Errorf("write the day on which a patient's file turns: %w", err)
	}
	o.turn = day
	if day.IsZero() {
		return tx.DropTimer(FileTimerKind, o.PatientID)
	}
	return tx.SetTimer(timer.Timer{Kind: FileTimerKind, Key: o.PatientID, Due: followup.TurnTime(day), Stamp: int64(day)})
}

// HeardOfEpisode tells whether anything has been told about an episode.
func (s *Store) HeardOfEpisode(q sqldb.Querier, patientID, episodeID string) (bool, error) {
	var n int
	err := q.QueryRow(`SELECT count(*) FROM told WHERE patient_id = $1 AND topic = 'episode' AND subject_id = $2`, patientID, episodeID).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("look for an episode: %w", err)
	}
	return n > 0, nil
}
