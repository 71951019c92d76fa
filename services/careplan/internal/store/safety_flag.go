package store

import (
	"fmt"
	"strconv"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// sealedFlag is what stands encrypted in a flag's row. Keys are never renamed.
type sealedFlag struct {
	Answer     int    `json:"answer"`
	Conclusion string `json:"conclusion,omitempty"`
	Text       string `json:"text,omitempty"`
}

func flagSeal(id string) string { return "safety_flag:" + id }

func (s *Store) sealFlag(f careplan.Flag) (sealed []byte, assessedBy string, assessTime int64, err error) {
	part := sealedFlag{Answer: f.Answer}
	if r := f.Risk; r != nil {
		part.Conclusion, part.Text, assessedBy, assessTime = r.Conclusion, r.Text, r.AssessedBy, sqldb.Micros(r.Time)
	}
	sealed, err = s.seal(flagSeal(f.ID), part)
	return sealed, assessedBy, assessTime, err
}

const insertFlag = `
INSERT INTO safety_flag (safety_flag_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, contact_id,
  assessment_id, instrument, item, answer_day, level, state, raise_time, raised_by, assessed_by, assess_time, create_time,
  update_time, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`

// InsertFlag stores a new flag.
func (s *Store) InsertFlag(tx *sqldb.Tx, place access.Place, f careplan.Flag) error {
	sealed, assessedBy, assessTime, err := s.sealFlag(f)
	if err != nil {
		return err
	}
	provider, unit := stamp(place)
	result, err := tx.Exec(insertFlag, f.ID, f.Revision, f.PatientID, provider, unit, f.EpisodeID, f.ContactID, f.AssessmentID,
		f.Instrument, f.Item, f.AnswerDay, string(f.Level), string(f.State), sqldb.Micros(f.RaiseTime), f.RaisedBy, assessedBy, assessTime,
		sqldb.Micros(f.CreateTime), sqldb.Micros(f.UpdateTime), sealed)
	return changed("safety flag", result, err)
}

const updateFlag = `
UPDATE safety_flag SET revision = $2, care_episode_id = $3, contact_id = $4, assessment_id = $5, state = $6, assessed_by = $7,
  assess_time = $8, update_time = $9, sealed = $10
WHERE safety_flag_id = $1 AND revision = $2 - 1`

// UpdateFlag stores what became of a flag. Errors: ErrStale.
func (s *Store) UpdateFlag(tx *sqldb.Tx, f careplan.Flag) error {
	sealed, assessedBy, assessTime, err := s.sealFlag(f)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updateFlag, f.ID, f.Revision, f.EpisodeID, f.ContactID, f.AssessmentID, string(f.State), assessedBy, assessTime,
		sqldb.Micros(f.UpdateTime), sealed)
	return changed("safety flag", result, err)
}

const flagColumns = `safety_flag_id, revision, patient_id, care_episode_id, contact_id, assessment_id, instrument, item, answer_day, level,
  state, raise_time, raised_by, assessed_by, assess_time, create_time, update_time, sealed`

const selectFlag = `SELECT ` + flagColumns + ` FROM safety_flag WHERE safety_flag_id = $1 AND patient_id = $2`

// Flag reads a flag of the patient. Errors: ErrNotFound.
func (s *Store) Flag(q sqldb.Querier, patientID, flagID string) (careplan.Flag, error) {
	return one("safety flag", q.QueryRow(selectFlag, flagID, patientID), s.scanFlag)
}

// ClaimFlag is Flag for a write: the row stays locked until the transaction ends.
func (s *Store) ClaimFlag(tx *sqldb.Tx, patientID, flagID string) (careplan.Flag, error) {
	return one("safety flag", tx.QueryRow(selectFlag+tx.Dialect().ForUpdate(), flagID, patientID), s.scanFlag)
}

const formlessFlags = `SELECT ` + flagColumns + ` FROM safety_flag
WHERE patient_id = $1 AND instrument = $2 AND state = 'OPEN' AND assessment_id = '' ORDER BY raise_time, safety_flag_id`

// ClaimFormlessFlags locks and lists the open flags of an instrument that were kept when their forms were refused.
func (s *Store) ClaimFormlessFlags(tx *sqldb.Tx, patientID, instrument string) ([]careplan.Flag, error) {
	rows, err := tx.Query(formlessFlags+tx.Dialect().ForUpdate(), patientID, instrument)
	return all("safety flags", rows, err, s.scanFlag)
}

// Flags lists a patient's flags, newest first, those after the cursor; an empty state takes all.
func (s *Store) Flags(q sqldb.Querier, patientID string, state careplan.FlagState, after Cursor, limit int) ([]careplan.Flag, error) {
	f := filter{where: `patient_id = $1`, args: []any{patientID}}
	if state != "" {
		f.and(`state = ?`, string(state))
	}
	if after.ID != "" {
		micros, err := strconv.ParseInt(after.Key, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("list safety flags: the cursor is no time")
		}
		f.and(`(raise_time, safety_flag_id) < (?, ?)`, micros, after.ID)
	}
	f.args = append(f.args, limit)
	rows, err := q.Query(`SELECT `+flagColumns+` FROM safety_flag WHERE `+f.where+
		fmt.Sprintf(` ORDER BY raise_time DESC, safety_flag_id DESC LIMIT $%d`, len(f.args)), f.args...)
	return all("safety flags", rows, err, s.scanFlag)
}

// FlagCursor is where a page that ends with f goes on.
func FlagCursor(f careplan.Flag) Cursor {
	return Cursor{Key: strconv.FormatInt(sqldb.Micros(f.RaiseTime), 10), ID: f.ID}
}

func (s *Store) scanFlag(row scanner) (careplan.Flag, error) {
	var f careplan.Flag
	var raised, assessTime, created, updated int64
	var assessedBy string
	var sealed []byte
	err := row.Scan(&f.ID, &f.Revision, &f.PatientID, &f.EpisodeID, &f.ContactID, &f.AssessmentID, &f.Instrument, &f.Item, &f.AnswerDay,
		&f.Level, &f.State, &raised, &f.RaisedBy, &assessedBy, &assessTime, &created, &updated, &sealed)
	if err != nil {
		return f, err
	}
	var part sealedFlag
	if err := s.unseal(flagSeal(f.ID), sealed, &part); err != nil {
		return f, err
	}
	f.Answer, f.RaiseTime = part.Answer, sqldb.FromMicros(raised)
	f.CreateTime, f.UpdateTime = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	if assessTime != 0 {
		f.Risk = &careplan.Risk{Conclusion: part.Conclusion, Text: part.Text, AssessedBy: assessedBy, Time: sqldb.FromMicros(assessTime)}
	}
	return f, nil
}
