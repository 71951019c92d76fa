// Package store keeps the common picture in SQL, one text for both engines: the latest word about each thing of a patient, what
// is derived from it, what a unit's list is ordered by, and the timeline.
//
// Whoever hears of a patient takes the patient's file first (see [Store.Hear]): events of several sources then take turns.
// Nothing here is anybody's own word: it is all coded fields of events, and can be forgotten and heard again.
package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload/internal/caseload"
)

// Store reads and writes pictures. It is safe for concurrent use.
type Store struct{}

// New returns a store.
func New() *Store { return &Store{} }

// Heard is an event that is heard of a patient.
type Heard struct {
	EventID    string
	PatientID  string
	Kind       string // of the thing it happened to
	ResourceID string
	Revision   int64
	Place      caseload.Place
	Time       time.Time
}

const (
	takeFile = `INSERT INTO patient_file (patient_id, turn, care_provider_id, care_unit_id, heard_time, heard_event_id, version)
VALUES ($1, 1, '', '', 0, '', 0)
ON CONFLICT (patient_id) DO UPDATE SET turn = patient_file.turn + 1
RETURNING care_provider_id, care_unit_id, heard_time, heard_event_id, version`
	heardRevision = `SELECT revision FROM told WHERE patient_id = $1 AND kind = $2 AND resource_id = $3`
	shownTold     = `SELECT kind, body FROM told WHERE patient_id = $1 AND body <> ''`
)

// File is a patient's file, open for one event.
type File struct {
	*caseload.File
	heard   Heard
	earlier int64 // the revision of the thing heard before
	later   bool  // whether no event heard before was later
}

// Hear takes a patient's file until the transaction ends, and opens it for an event. It gives nil when the event tells nothing
// new: the thing has been heard of at that revision or a later one.
func (s *Store) Hear(tx *sqldb.Tx, h Heard) (*File, error) {
	f := &File{File: caseload.NewFile(h.PatientID), heard: h}
	var at int64
	var eventID string
	err := tx.QueryRow(takeFile, h.PatientID).Scan(&f.Heard.ProviderID, &f.Heard.UnitID, &at, &eventID, &f.Version)
	if err != nil {
		return nil, fmt.Errorf("take a patient's file: %w", err)
	}
	err = tx.QueryRow(heardRevision, h.PatientID, h.Kind, h.ResourceID).Scan(&f.earlier)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read what was heard before: %w", err)
	}
	if f.earlier >= h.Revision {
		return nil, nil
	}
	f.Version += h.Revision - f.earlier
	f.Updated = sqldb.FromMicros(at)
	if now := sqldb.Micros(h.Time); now > at || now == at && h.EventID > eventID {
		f.later, f.Heard, f.Updated = true, h.Place, h.Time
	}
	rows, err := tx.Query(shownTold, h.PatientID)
	if err != nil {
		return nil, fmt.Errorf("read a patient's file: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var kind, body string
		if err := rows.Scan(&kind, &body); err != nil {
			return nil, fmt.Errorf("read a patient's file: %w", err)
		}
		fact, err := read(kind, body)
		if err != nil {
			return nil, err
		}
		f.Enter(fact)
	}
	return f, rows.Err()
}

const (
	putTold = `INSERT INTO told (patient_id, kind, resource_id, revision, body) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (patient_id, kind, resource_id) DO UPDATE SET revision = excluded.revision, body = excluded.body`
	putVersion = `UPDATE patient_file SET version = $2 WHERE patient_id = $1`
	putHeard   = `UPDATE patient_file SET version = $2, care_provider_id = $3, care_unit_id = $4, heard_time = $5, heard_event_id = $6
WHERE patient_id = $1`
)

// Keep writes what the event has told; nil when the picture shows nothing of it.
func (s *Store) Keep(tx *sqldb.Tx, f *File, fact caseload.Fact) error {
	body := ""
	if fact != nil {
		if fact = f.Enter(fact); fact.Shown() {
			text, err := json.Marshal(fact)
			if err != nil {
				return fmt.Errorf("write what was told of a %s: %w", fact.Kind(), err)
			}
			body = string(text)
		}
	}
	h := f.heard
	if _, err := tx.Exec(putTold, h.PatientID, h.Kind, h.ResourceID, h.Revision, body); err != nil {
		return fmt.Errorf("write what was told of a %s: %w", h.Kind, err)
	}
	var err error
	if f.later {
		_, err = tx.Exec(putHeard, h.PatientID, f.Version, h.Place.ProviderID, h.Place.UnitID, sqldb.Micros(h.Time), h.EventID)
	} else {
		_, err = tx.Exec(putVersion, h.PatientID, f.Version)
	}
	if err != nil {
		return fmt.Errorf("write a patient's file: %w", err)
	}
	return nil
}

// readers read the facts of each kind.
var readers = map[string]func(body string) (caseload.Fact, error){
	caseload.Patient{}.Kind():        as[caseload.Patient],
	caseload.Episode{}.Kind():        as[caseload.Episode],
	caseload.Consent{}.Kind():        as[caseload.Consent],
	caseload.Plan{}.Kind():           as[caseload.Plan],
	caseload.Contact{}.Kind():        as[caseload.Contact],
	caseload.Assessment{}.Kind():     as[caseload.Assessment],
	caseload.Flag{}.Kind():           as[caseload.Flag],
	caseload.Recommendation{}.Kind(): as[caseload.Recommendation],
	caseload.Certificate{}.Kind():    as[caseload.Certificate],
	caseload.SickLeave{}.Kind():      as[caseload.SickLeave],
	caseload.ReturnPlan{}.Kind():     as[caseload.ReturnPlan],
	caseload.Meeting{}.Kind():        as[caseload.Meeting],
	caseload.Agreement{}.Kind():      as[caseload.Agreement],
	caseload.FollowUp{}.Kind():       as[caseload.FollowUp],
	caseload.Reading{}.Kind():        as[caseload.Reading],
}

func as[T caseload.Fact](body string) (caseload.Fact, error) {
	var fact T
	err := json.Unmarshal([]byte(body), &fact)
	return fact, err
}

func read(kind, body string) (caseload.Fact, error) {
	reader, ok := readers[kind]
	if !ok {
		return nil, fmt.Errorf("read a patient's file: nothing is known of a %s; build the caseload anew", kind)
	}
	fact, err := reader(body)
	if err != nil {
		return nil, fmt.Errorf("read what was told of a %s: %w", kind, err)
	}
	return fact, nil
}
