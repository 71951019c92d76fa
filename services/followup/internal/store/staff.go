package store

import (
	"fmt"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// Employment is one place where a practitioner works.
type Employment struct {
	UnitID     string
	Roles      []followup.Role
	Start, End date.Day // no end: open
}

const (
	seePractitioner = `INSERT INTO practitioner (practitioner_id, revision) VALUES ($1, $2)
ON CONFLICT (practitioner_id) DO UPDATE SET revision = excluded.revision WHERE practitioner.revision <= excluded.revision`
	insertEmployment = `INSERT INTO employment (practitioner_id, place, care_unit_id, role, start_day, end_day) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (practitioner_id, place, role) DO NOTHING`
)

// SeePractitioner takes over what was told about a practitioner, unless something later is known.
func (s *Store) SeePractitioner(tx *sqldb.Tx, id string, revision int64, employments []Employment) error {
	result, err := tx.Exec(seePractitioner, id, revision)
	if err != nil {
		return fmt.Errorf("write a practitioner: %w", err)
	}
	if taken, err := result.RowsAffected(); err != nil || taken == 0 {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM employment WHERE practitioner_id = $1`, id); err != nil {
		return fmt.Errorf("write a practitioner's employments: %w", err)
	}
	for place, e := range employments {
		for _, role := range e.Roles {
			if _, err := tx.Exec(insertEmployment, id, place, e.UnitID, string(role), e.Start.String(), e.End.String()); err != nil {
				return fmt.Errorf("write a practitioner's employments: %w", err)
			}
		}
	}
	return nil
}

// WorksAs tells whether a practitioner holds a role at a unit on a day; known: the practitioner has been heard of at all.
func (s *Store) WorksAs(q sqldb.Querier, id, unitID string, role followup.Role, day date.Day) (works, known bool, err error) {
	var n, all int
	err = q.QueryRow(`SELECT count(*) FROM practitioner WHERE practitioner_id = $1`, id).Scan(&all)
	if err != nil {
		return false, false, fmt.Errorf("read a practitioner: %w", err)
	}
	err = q.QueryRow(`SELECT count(*) FROM employment WHERE practitioner_id = $1 AND care_unit_id = $2 AND role = $3
AND start_day <= $4 AND (end_day = '' OR end_day >= $4)`, id, unitID, string(role), day.String()).Scan(&n)
	if err != nil {
		return false, false, fmt.Errorf("read a practitioner's employments: %w", err)
	}
	return n > 0, all > 0, nil
}

// RolesOf tells in which role each of some people works at a unit on a day: one that can own follow-ups, of several the first by
// name. Who works there in none is left out.
func (s *Store) RolesOf(q sqldb.Querier, unitID string, people []string, day date.Day) (map[string]followup.Role, error) {
	if len(people) == 0 {
		return nil, nil
	}
	w := &where{}
	unit, on := w.arg(unitID), w.arg(day.String())
	rows, err := q.Query(`SELECT practitioner_id, min(role) FROM employment WHERE care_unit_id = `+unit+` AND start_day <= `+on+
		` AND (end_day = '' OR end_day >= `+on+`) AND role IN `+w.in(followup.OwningRoles())+
		` AND practitioner_id IN `+w.list(people)+` GROUP BY practitioner_id`, w.args...)
	if err != nil {
		return nil, fmt.Errorf("read the roles of staff: %w", err)
	}
	defer func() { _ = rows.Close() }()
	roles := map[string]followup.Role{}
	for rows.Next() {
		var id string
		var role followup.Role
		if err := rows.Scan(&id, &role); err != nil {
			return nil, fmt.Errorf("read the roles of staff: %w", err)
		}
		roles[id] = role
	}
	return roles, rows.Err()
}
