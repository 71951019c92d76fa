// Package store keeps follow-ups in SQL, one text for both engines, with the facts that they follow from.
//
// Whoever writes about a patient takes the patient's file first (see [Store.Lock]): events of several sources, timers and
// people then take turns, and each decides on what the one before has written. What people write in words is sealed with the
// installation's keys, its column and the follow-up's id.
package store

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

var (
	// ErrNotFound says that there is no such follow-up.
	ErrNotFound = errors.New("store: no such follow-up")
	// ErrStale says that the follow-up was changed since it was read, which the lock on the patient's file should rule out.
	ErrStale = errors.New("store: the follow-up has another revision")
)

// Store reads and writes follow-ups. It is safe for concurrent use.
type Store struct {
	keys *crypt.Keys
}

// New returns a store that seals with keys.
func New(keys *crypt.Keys) *Store { return &Store{keys: keys} }

// The order of these columns is that of insert and scan.
const columns = `follow_up_id, revision, stamp, patient_id, care_episode_id, care_provider_id, care_unit_id, kind, subject_id,
  round, basis, owner_role, owner_practitioner_id, from_role, from_practitioner_id, pinned, due_date, due_time, lapse_time,
  state, end_cause, end_time, end_practitioner_id, snoozed_until, reminders, escalation_level, escalation_role, ladder, policy,
  created_by, create_time, update_time, title, snooze_reason, end_note, aspect`

const insertFollowUp = `INSERT INTO follow_up (` + columns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
  $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36)`

// insert stores a new follow-up.
func (s *Store) insert(tx *sqldb.Tx, f followup.FollowUp) error {
	words, err := s.sealWords(f)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertFollowUp, f.ID, f.Revision, f.Stamp, f.PatientID, f.EpisodeID, f.Place.ProviderID, f.Place.UnitID,
		string(f.Kind), f.SubjectID, f.Round, f.Basis, string(f.Owner.Role), f.Owner.PractitionerID, string(f.OwnerFrom.Role),
		f.OwnerFrom.PractitionerID, f.Pinned, f.DueDate, sqldb.Micros(f.DueTime), sqldb.Micros(f.Lapse), string(f.State),
		string(f.End.Cause), sqldb.Micros(f.End.Time), f.End.By, sqldb.Micros(f.SnoozedUntil), f.Reminders, f.EscalationLevel,
		string(f.EscalationRole), ladderText(f.Ladder), f.Policy, f.CreatedBy, sqldb.Micros(f.Created), sqldb.Micros(f.Updated),
		words[0], words[1], words[2], f.Aspect)
	if err != nil {
		return fmt.Errorf("insert a follow-up: %w", err)
	}
	return nil
}

const updateFollowUp = `UPDATE follow_up SET revision = $3, stamp = $4, care_provider_id = $5, care_unit_id = $6, basis = $7,
  owner_role = $8, owner_practitioner_id = $9, from_role = $10, from_practitioner_id = $11, pinned = $12, due_date = $13,
  due_time = $14, lapse_time = $15, state = $16, end_cause = $17, end_time = $18, end_practitioner_id = $19,
  snoozed_until = $20, reminders = $21, escalation_level = $22, escalation_role = $23, ladder = $24, policy = $25,
  update_time = $26, snooze_reason = $27, end_note = $28
WHERE follow_up_id = $1 AND revision = $2`

// update stores what became of a follow-up that had the revision from.
func (s *Store) update(tx *sqldb.Tx, from int64, f followup.FollowUp) error {
	words, err := s.sealWords(f)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updateFollowUp, f.ID, from, f.Revision, f.Stamp, f.Place.ProviderID, f.Place.UnitID, f.Basis,
		string(f.Owner.Role), f.Owner.PractitionerID, string(f.OwnerFrom.Role), f.OwnerFrom.PractitionerID, f.Pinned, f.DueDate,
		sqldb.Micros(f.DueTime), sqldb.Micros(f.Lapse), string(f.State), string(f.End.Cause), sqldb.Micros(f.End.Time), f.End.By,
		sqldb.Micros(f.SnoozedUntil), f.Reminders, f.EscalationLevel, string(f.EscalationRole), ladderText(f.Ladder), f.Policy,
		sqldb.Micros(f.Updated), words[1], words[2])
	if err != nil {
		return fmt.Errorf("update a follow-up: %w", err)
	}
	changed, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("update a follow-up: %w", err)
	}
	if changed == 0 {
		return ErrStale
	}
	return nil
}

// FollowUp reads one follow-up. Errors: ErrNotFound.
func (s *Store) FollowUp(q sqldb.Querier, id string) (followup.FollowUp, error) {
	f, err := s.scan(q.QueryRow(`SELECT `+columns+` FROM follow_up WHERE follow_up_id = $1`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return f, ErrNotFound
	}
	if err != nil {
		return f, fmt.Errorf("read a follow-up: %w", err)
	}
	return f, nil
}

// OfPatient reads all follow-ups of a patient, in the order of worklists.
func (s *Store) OfPatient(q sqldb.Querier, patientID string) ([]followup.FollowUp, error) {
	return s.list(q, 0, `SELECT `+columns+` FROM follow_up WHERE patient_id = $1 ORDER BY due_time, follow_up_id`, patientID)
}

// Place tells where a follow-up stands; false when there is none.
func (s *Store) Place(q sqldb.Querier, id string) (place followup.Place, patientID string, found bool, err error) {
	row := q.QueryRow(`SELECT care_provider_id, care_unit_id, patient_id FROM follow_up WHERE follow_up_id = $1`, id)
	err = row.Scan(&place.ProviderID, &place.UnitID, &patientID)
	if errors.Is(err, sql.ErrNoRows) {
		return place, "", false, nil
	}
	if err != nil {
		return place, "", false, fmt.Errorf("read where a follow-up stands: %w", err)
	}
	return place, patientID, true, nil
}

// list reads all rows of a query; room is how many are expected, 0 when nobody knows.
func (s *Store) list(q sqldb.Querier, room int, query string, args ...any) ([]followup.FollowUp, error) {
	rows, err := q.Query(query, args...)
	if err != nil {
		return nil, fmt.Errorf("list follow-ups: %w", err)
	}
	defer func() { _ = rows.Close() }()
	found := make([]followup.FollowUp, 0, room)
	for rows.Next() {
		f, err := s.scan(rows)
		if err != nil {
			return nil, fmt.Errorf("list follow-ups: %w", err)
		}
		found = append(found, f)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list follow-ups: %w", err)
	}
	return found, nil
}

func (s *Store) scan(row interface{ Scan(...any) error }) (followup.FollowUp, error) {
	var f followup.FollowUp
	var due, lapse, end, snoozed, created, updated int64
	var ladder string
	var words [3][]byte
	err := row.Scan(&f.ID, &f.Revision, &f.Stamp, &f.PatientID, &f.EpisodeID, &f.Place.ProviderID, &f.Place.UnitID, &f.Kind,
		&f.SubjectID, &f.Round, &f.Basis, &f.Owner.Role, &f.Owner.PractitionerID, &f.OwnerFrom.Role, &f.OwnerFrom.PractitionerID,
		&f.Pinned, &f.DueDate, &due, &lapse, &f.State, &f.End.Cause, &end, &f.End.By, &snoozed, &f.Reminders, &f.EscalationLevel,
		&f.EscalationRole, &ladder, &f.Policy, &f.CreatedBy, &created, &updated, &words[0], &words[1], &words[2], &f.Aspect)
	if err != nil {
		return f, err
	}
	f.DueTime, f.Lapse, f.End.Time = sqldb.FromMicros(due), sqldb.FromMicros(lapse), sqldb.FromMicros(end)
	f.SnoozedUntil, f.Created, f.Updated = sqldb.FromMicros(snoozed), sqldb.FromMicros(created), sqldb.FromMicros(updated)
	if f.State != followup.Open {
		f.End.State = f.State
	}
	if f.Ladder, err = parseLadder(ladder); err != nil {
		return f, err
	}
	return f, s.unsealWords(&f, words)
}
