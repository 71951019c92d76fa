package store

import (
	"fmt"
	"strings"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// AudienceBefore is in whose lists a follow-up stood before the change of a revision.
type AudienceBefore struct {
	Revision int64
	followup.Audience
}

const insertAudience = `INSERT INTO audience_change (follow_up_id, revision, care_unit_id, owner_role, owner_practitioner_id,
  escalation_level, escalation_role, to_care_unit_id)
SELECT follow_up_id, revision + 1, care_unit_id, owner_role, owner_practitioner_id, escalation_level, escalation_role,
  CASE WHEN care_unit_id = $2 THEN '' ELSE CAST($2 AS TEXT) END
FROM follow_up WHERE follow_up_id = $1
  AND (care_unit_id <> $2 OR owner_role <> $3 OR owner_practitioner_id <> $4 OR escalation_level <> $5 OR escalation_role <> $6)`

// keepAudience notes in whose lists a follow-up stands, before it is changed to what f says.
func keepAudience(tx *sqldb.Tx, f followup.FollowUp) error {
	_, err := tx.Exec(insertAudience, f.ID, f.Place.UnitID, string(f.Owner.Role), f.Owner.PractitionerID, f.EscalationLevel, string(f.EscalationRole))
	if err != nil {
		return fmt.Errorf("write in whose lists a follow-up stood: %w", err)
	}
	return nil
}

// list turns texts into the marks of an IN.
func (w *where) list(texts []string) string {
	marks := make([]string, len(texts))
	for i, text := range texts {
		marks[i] = w.arg(text)
	}
	return "(" + strings.Join(marks, ", ") + ")"
}

// ByID reads follow-ups by their ids.
func (s *Store) ByID(q sqldb.Querier, ids []string) (map[string]followup.FollowUp, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := &where{}
	found, err := s.list(q, len(ids), `SELECT `+columns+` FROM follow_up WHERE follow_up_id IN `+w.list(ids), w.args...)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]followup.FollowUp, len(found))
	for _, f := range found {
		byID[f.ID] = f
	}
	return byID, nil
}

// Audiences reads in whose lists follow-ups have stood, oldest first.
func (s *Store) Audiences(q sqldb.Querier, ids []string) (map[string][]AudienceBefore, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	w := &where{}
	rows, err := q.Query(`SELECT follow_up_id, revision, care_unit_id, owner_role, owner_practitioner_id, escalation_level, escalation_role
FROM audience_change WHERE follow_up_id IN `+w.list(ids)+` ORDER BY follow_up_id, revision`, w.args...)
	if err != nil {
		return nil, fmt.Errorf("read in whose lists follow-ups stood: %w", err)
	}
	defer func() { _ = rows.Close() }()
	found := map[string][]AudienceBefore{}
	for rows.Next() {
		var id string
		var a AudienceBefore
		err := rows.Scan(&id, &a.Revision, &a.UnitID, &a.Owner.Role, &a.Owner.PractitionerID, &a.EscalationLevel, &a.EscalationRole)
		if err != nil {
			return nil, fmt.Errorf("read in whose lists follow-ups stood: %w", err)
		}
		found[id] = append(found[id], a)
	}
	return found, rows.Err()
}

// MovedFrom reads to which units follow-ups of some units have ever moved.
func (s *Store) MovedFrom(q sqldb.Querier, units []string) ([]string, error) {
	if len(units) == 0 {
		return nil, nil
	}
	w := &where{}
	rows, err := q.Query(`SELECT DISTINCT to_care_unit_id FROM audience_change WHERE to_care_unit_id <> '' AND care_unit_id IN `+w.list(units), w.args...)
	if err != nil {
		return nil, fmt.Errorf("read where follow-ups have moved to: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var found []string
	for rows.Next() {
		var unit string
		if err := rows.Scan(&unit); err != nil {
			return nil, fmt.Errorf("read where follow-ups have moved to: %w", err)
		}
		found = append(found, unit)
	}
	return found, rows.Err()
}
