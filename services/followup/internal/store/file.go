package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

const lockFile = `INSERT INTO patient_file (patient_id, revision, care_provider_id, care_unit_id) VALUES ($1, 1, $2, $3)
ON CONFLICT (patient_id) DO UPDATE SET revision = patient_file.revision + 1
RETURNING care_provider_id, care_unit_id`

// Lock takes a patient's file until the transaction ends, and makes it if there is none. Everything else about the patient is
// read after it. It gives where the latest event stood.
func (s *Store) Lock(tx *sqldb.Tx, patientID string, place followup.Place) (followup.Place, error) {
	var heard followup.Place
	err := tx.QueryRow(lockFile, patientID, place.ProviderID, place.UnitID).Scan(&heard.ProviderID, &heard.UnitID)
	if err != nil {
		return heard, fmt.Errorf("lock a patient's file: %w", err)
	}
	return heard, nil
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
}

// OpenFile locks a patient's file and reads it.
func (s *Store) OpenFile(tx *sqldb.Tx, patientID string, place followup.Place) (*Opened, error) {
	heard, err := s.Lock(tx, patientID, place)
	if err != nil {
		return nil, err
	}
	opened := &Opened{File: followup.NewFile(patientID), heard: heard, bodies: map[[2]string]string{}}
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

func (o *Opened) enter(topic, subject, body string) error {
	switch topic {
	case "patient":
		o.Patient = &followup.Patient{}
		return json.Unmarshal([]byte(body), o.Patient)
	case "episode":
		return enter(o.Episodes, subject, body)
	case "consent":
		return enter(o.Consents, subject, body)
	case "plan":
		return enter(o.Plans, subject, body)
	case "contact":
		return enter(o.Contacts, subject, body)
	case "certificate":
		return enter(o.Certificates, subject, body)
	default:
		return enter(o.Flags, subject, body)
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
	for _, err := range []error{
		putAll(put, "episode", o.Episodes), putAll(put, "consent", o.Consents), putAll(put, "plan", o.Plans),
		putAll(put, "contact", o.Contacts), putAll(put, "certificate", o.Certificates), putAll(put, "flag", o.Flags),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

func putAll[T any](put func(topic, subject string, one any) error, topic string, all map[string]*T) error {
	for subject, one := range all {
		if err := put(topic, subject, one); err != nil {
			return err
		}
	}
	return nil
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
