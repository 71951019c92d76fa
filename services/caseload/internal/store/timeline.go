package store

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// Entry is one thing that happened to a patient.
type Entry struct {
	EventID        string
	PatientID      string
	Time           time.Time
	Track          string // spelled as in the contract
	Type           string
	ResourceID     string
	PractitionerID string
	Service        string
	EpisodeID      string
	Snapshot       []byte // the event's, as it was told
}

// FollowUps is the track that is left out of a timeline unless it is asked for.
const FollowUps = "FOLLOW_UP"

const insertEntry = `INSERT INTO timeline (event_id, patient_id, event_time, track, type, resource_id, practitioner_id, service,
  care_episode_id, snapshot) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (event_id) DO NOTHING`

// Note enters what happened in the timeline, once.
func (s *Store) Note(tx *sqldb.Tx, e Entry) error {
	_, err := tx.Exec(insertEntry, e.EventID, e.PatientID, sqldb.Micros(e.Time), e.Track, e.Type, e.ResourceID, e.PractitionerID,
		e.Service, e.EpisodeID, e.Snapshot)
	if err != nil {
		return fmt.Errorf("enter in a timeline: %w", err)
	}
	return nil
}

// TimelineFilter narrows a timeline; zero fields do not.
type TimelineFilter struct {
	PractitionerID string
	Tracks         []string // nil: all but FollowUps
	From           time.Time
	OldestFirst    bool
	Hidden         []string // kinds of things, by the first part of their types, that are left out
}

// TimelinePage asks for the entries after one, in the order asked for.
type TimelinePage struct {
	AfterTime time.Time
	AfterID   string // empty: from the start
	Limit     int
}

// Timeline lists what has happened to a patient; one more than the page's limit when there are more.
func (s *Store) Timeline(q sqldb.Querier, patientID string, f TimelineFilter, p TimelinePage) ([]Entry, error) {
	w := &where{}
	w.and("patient_id = " + w.arg(patientID))
	if f.PractitionerID != "" {
		w.and("practitioner_id = " + w.arg(f.PractitionerID))
	}
	if len(f.Tracks) == 0 {
		w.and("track <> '" + FollowUps + "'")
	} else {
		marks := make([]string, len(f.Tracks))
		for i, track := range f.Tracks {
			marks[i] = w.arg(track)
		}
		w.and("track IN (" + strings.Join(marks, ", ") + ")")
	}
	if !f.From.IsZero() {
		w.and("event_time >= " + w.arg(sqldb.Micros(f.From)))
	}
	for _, kind := range f.Hidden {
		w.and("SUBSTR(type, 1, " + strconv.Itoa(len(kind)+1) + ") <> " + w.arg(kind+"."))
	}
	after, order := "<", " DESC"
	if f.OldestFirst {
		after, order = ">", ""
	}
	if p.AfterID != "" {
		w.and("(event_time, event_id) " + after + " (" + w.arg(sqldb.Micros(p.AfterTime)) + ", " + w.arg(p.AfterID) + ")")
	}
	rows, err := q.Query(`SELECT event_id, patient_id, event_time, track, type, resource_id, practitioner_id, service, care_episode_id, snapshot
FROM timeline WHERE `+strings.Join(w.text, " AND ")+` ORDER BY event_time`+order+`, event_id`+order+` LIMIT `+w.arg(p.Limit+1), w.args...)
	if err != nil {
		return nil, fmt.Errorf("read a timeline: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []Entry
	for rows.Next() {
		var e Entry
		var at int64
		err := rows.Scan(&e.EventID, &e.PatientID, &at, &e.Track, &e.Type, &e.ResourceID, &e.PractitionerID, &e.Service, &e.EpisodeID, &e.Snapshot)
		if err != nil {
			return nil, fmt.Errorf("read a timeline: %w", err)
		}
		e.Time = sqldb.FromMicros(at)
		found = append(found, e)
	}
	return found, rows.Err()
}
