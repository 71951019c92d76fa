package store

import (
	"fmt"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// sealedBrief is what stands encrypted in a brief's row. Keys are never renamed.
type sealedBrief struct {
	Situation     string `json:"situation,omitempty"`
	WhatHelps     string `json:"what_helps,omitempty"`
	WhatToAvoid   string `json:"what_to_avoid,omitempty"`
	ContactWishes string `json:"contact_wishes,omitempty"`
}

func briefSeal(id string) string { return "brief:" + id }

const insertBrief = `
INSERT INTO brief (brief_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, state, requested_by, ask_time,
  written_by, write_time, acknowledged_by, acknowledge_time, create_time, update_time, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

// InsertBrief stores a new brief. Errors: ErrTaken when one is asked for in the episode already.
func (s *Store) InsertBrief(tx *sqldb.Tx, place access.Place, b careplan.Brief) error {
	sealed, err := s.seal(briefSeal(b.ID), sealedBrief(b.Content))
	if err != nil {
		return err
	}
	provider, unit := stamp(place)
	result, err := tx.Exec(insertBrief, b.ID, b.Revision, b.PatientID, provider, unit, b.EpisodeID, string(b.State), b.RequestedBy,
		sqldb.Micros(b.AskTime), b.WrittenBy, sqldb.Micros(b.WriteTime), b.AcknowledgedBy, sqldb.Micros(b.AcknowledgeTime),
		sqldb.Micros(b.CreateTime), sqldb.Micros(b.UpdateTime), sealed)
	return changed("brief", result, err)
}

const updateBrief = `
UPDATE brief SET revision = $2, state = $3, written_by = $4, write_time = $5, acknowledged_by = $6, acknowledge_time = $7,
  update_time = $8, sealed = $9
WHERE brief_id = $1 AND revision = $2 - 1`

// UpdateBrief stores what became of a brief. Errors: ErrStale.
func (s *Store) UpdateBrief(tx *sqldb.Tx, b careplan.Brief) error {
	sealed, err := s.seal(briefSeal(b.ID), sealedBrief(b.Content))
	if err != nil {
		return err
	}
	result, err := tx.Exec(updateBrief, b.ID, b.Revision, string(b.State), b.WrittenBy, sqldb.Micros(b.WriteTime), b.AcknowledgedBy,
		sqldb.Micros(b.AcknowledgeTime), sqldb.Micros(b.UpdateTime), sealed)
	return changed("brief", result, err)
}

const briefColumns = `brief_id, revision, patient_id, care_episode_id, state, requested_by, ask_time, written_by, write_time,
  acknowledged_by, acknowledge_time, create_time, update_time, sealed`

const selectBrief = `SELECT ` + briefColumns + ` FROM brief WHERE brief_id = $1 AND patient_id = $2`

// Brief reads a brief about the patient. Errors: ErrNotFound.
func (s *Store) Brief(q sqldb.Querier, patientID, briefID string) (careplan.Brief, error) {
	return one("brief", q.QueryRow(selectBrief, briefID, patientID), s.scanBrief)
}

// ClaimBrief is Brief for a write: the row stays locked until the transaction ends.
func (s *Store) ClaimBrief(tx *sqldb.Tx, patientID, briefID string) (careplan.Brief, error) {
	return one("brief", tx.QueryRow(selectBrief+tx.Dialect().ForUpdate(), briefID, patientID), s.scanBrief)
}

const briefRequested = `SELECT COUNT(*) FROM brief WHERE care_episode_id = $1 AND state = 'REQUESTED'`

// BriefRequested tells whether a brief is asked for in the episode and not written yet.
func (s *Store) BriefRequested(q sqldb.Querier, episodeID string) (bool, error) {
	var n int
	if err := q.QueryRow(briefRequested, episodeID).Scan(&n); err != nil {
		return false, fmt.Errorf("look for a brief asked for: %w", err)
	}
	return n > 0, nil
}

// BriefFilter narrows a list; empty fields take all.
type BriefFilter struct {
	EpisodeID string
	State     careplan.BriefState
}

// Briefs lists the briefs about a patient, newest first, those after the cursor.
func (s *Store) Briefs(q sqldb.Querier, patientID string, by BriefFilter, after Cursor, limit int) ([]careplan.Brief, error) {
	f := filter{where: `patient_id = $1`, args: []any{patientID}}
	if by.EpisodeID != "" {
		f.and(`care_episode_id = ?`, by.EpisodeID)
	}
	if by.State != "" {
		f.and(`state = ?`, string(by.State))
	}
	tail, err := f.newest("brief_id", after, limit)
	if err != nil {
		return nil, err
	}
	rows, err := q.Query(`SELECT `+briefColumns+` FROM brief WHERE `+f.where+tail, f.args...)
	return all("briefs", rows, err, s.scanBrief)
}

// BriefCursor is where a page that ends with b goes on.
func BriefCursor(b careplan.Brief) Cursor { return createdCursor(b.CreateTime, b.ID) }

func (s *Store) scanBrief(row scanner) (careplan.Brief, error) {
	var b careplan.Brief
	var asked, written, acknowledged, created, updated int64
	var sealed []byte
	err := row.Scan(&b.ID, &b.Revision, &b.PatientID, &b.EpisodeID, &b.State, &b.RequestedBy, &asked, &b.WrittenBy, &written,
		&b.AcknowledgedBy, &acknowledged, &created, &updated, &sealed)
	if err != nil {
		return b, err
	}
	var part sealedBrief
	if err := s.unseal(briefSeal(b.ID), sealed, &part); err != nil {
		return b, err
	}
	b.Content = careplan.BriefContent(part)
	b.AskTime, b.WriteTime, b.AcknowledgeTime = sqldb.FromMicros(asked), sqldb.FromMicros(written), sqldb.FromMicros(acknowledged)
	b.CreateTime, b.UpdateTime = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	return b, nil
}
