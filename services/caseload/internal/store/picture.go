package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload/internal/caseload"
)

// never stands for a day that is not known, so that it sorts after all others.
const never = "9999-12-31"

// Change is a picture that has changed, for those who watch the units concerned.
type Change struct {
	Revision int64    // of the first telling; those after it count on
	UnitIDs  []string // where the patient was listed, if that has changed, and where the patient is
}

const (
	selectOld  = `SELECT revision, care_unit_id, body FROM picture WHERE patient_id = $1`
	putPicture = `INSERT INTO picture (patient_id, revision, care_unit_id, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (patient_id) DO UPDATE SET revision = excluded.revision, care_unit_id = excluded.care_unit_id, body = excluded.body`
)

// SavePicture writes a picture with its lines. Nil when nothing has changed.
func (s *Store) SavePicture(tx *sqldb.Tx, p caseload.Picture) (*Change, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write a picture: %w", err)
	}
	var revision int64
	var unit, before string
	err = tx.QueryRow(selectOld, p.PatientID).Scan(&revision, &unit, &before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read a picture: %w", err)
	}
	if before == string(text) {
		return nil, nil
	}
	change := &Change{Revision: revision + 1}
	if unit != "" {
		change.UnitIDs = append(change.UnitIDs, unit)
	}
	now := ""
	if p.Listed {
		now = p.Place.UnitID
	}
	if now != "" && now != unit {
		change.UnitIDs = append(change.UnitIDs, now)
	}
	if _, err := tx.Exec(putPicture, p.PatientID, revision+int64(max(1, len(change.UnitIDs))), now, string(text)); err != nil {
		return nil, fmt.Errorf("write a picture: %w", err)
	}
	var old caseload.Picture
	if before != "" {
		if err := json.Unmarshal([]byte(before), &old); err != nil {
			return nil, fmt.Errorf("read a picture: %w", err)
		}
	}
	if now != unit || !slices.Equal(old.Lines(), p.Lines()) {
		if err := s.saveLines(tx, p, now); err != nil {
			return nil, err
		}
	}
	if !slices.Equal(old.Team, p.Team) {
		if err := s.saveTeam(tx, p); err != nil {
			return nil, err
		}
	}
	return change, nil
}

const insertLine = `INSERT INTO line (patient_id, shown_from, shown_until, care_unit_id, episode_open, leave_start, leave_end,
  next_due, last_contact, safety, waits_from, meeting_state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

func (s *Store) saveLines(tx *sqldb.Tx, p caseload.Picture, unitID string) error {
	if _, err := tx.Exec(`DELETE FROM line WHERE patient_id = $1`, p.PatientID); err != nil {
		return fmt.Errorf("write the lines of a picture: %w", err)
	}
	if unitID == "" {
		return nil
	}
	for _, l := range p.Lines() {
		waits := never
		if l.Waits {
			waits = l.WaitsFrom.String()
		}
		_, err := tx.Exec(insertLine, p.PatientID, l.From.String(), orNever(l.Until), unitID, l.EpisodeOpen, orNever(l.LeaveStart),
			l.LeaveEnd.String(), orNever(l.NextDue), sqldb.Micros(l.LastContact), l.Safety, waits, l.MeetingState)
		if err != nil {
			return fmt.Errorf("write the lines of a picture: %w", err)
		}
	}
	return nil
}

func orNever(day date.Day) string {
	if day.IsZero() {
		return never
	}
	return day.String()
}

const insertMember = `INSERT INTO line_team (practitioner_id, patient_id, place, start_date, end_date) VALUES ($1, $2, $3, $4, $5)`

func (s *Store) saveTeam(tx *sqldb.Tx, p caseload.Picture) error {
	if _, err := tx.Exec(`DELETE FROM line_team WHERE patient_id = $1`, p.PatientID); err != nil {
		return fmt.Errorf("write the team of a picture: %w", err)
	}
	for place, m := range p.Team {
		if _, err := tx.Exec(insertMember, m.PractitionerID, p.PatientID, place, m.Start.String(), orNever(m.End)); err != nil {
			return fmt.Errorf("write the team of a picture: %w", err)
		}
	}
	return nil
}

// Pictures reads the pictures of patients, by patient. Those of whom nothing was heard are left out.
func (s *Store) Pictures(q sqldb.Querier, patientIDs ...string) (map[string]caseload.Picture, error) {
	found := map[string]caseload.Picture{}
	if len(patientIDs) == 0 {
		return found, nil
	}
	args := make([]any, len(patientIDs))
	for i, id := range patientIDs {
		args[i] = id
	}
	rows, err := q.Query(`SELECT body FROM picture WHERE patient_id IN (`+sqldb.In(1, len(args))+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("read pictures: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var body string
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("read pictures: %w", err)
		}
		p, err := parsePicture(body)
		if err != nil {
			return nil, err
		}
		found[p.PatientID] = p
	}
	return found, rows.Err()
}

func parsePicture(body string) (caseload.Picture, error) {
	var p caseload.Picture
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		return p, fmt.Errorf("read a picture: %w", err)
	}
	return p, nil
}
