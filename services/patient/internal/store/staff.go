package store

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
)

// staffSecrets is what is sealed of a member of staff.
type staffSecrets struct {
	GivenName  string `json:"g"`
	FamilyName string `json:"f"`
	Phone      string `json:"p,omitempty"`
}

const (
	insertPractitioner = `INSERT INTO practitioner (practitioner_id, care_provider_id, hsa_id, sealed, revision, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (hsa_id) DO NOTHING`
	updatePractitioner = `UPDATE practitioner SET revision = $3, sealed = $4, updated = $5 WHERE practitioner_id = $1 AND revision = $2`
	deleteEmployments  = `DELETE FROM employment WHERE practitioner_id = $1`
	insertEmployment   = `INSERT INTO employment (practitioner_id, place, care_unit_id, roles, start_day, end_day, locum)
VALUES ($1, $2, $3, $4, $5, $6, $7)`
	selectPractitioner = `SELECT p.practitioner_id, p.care_provider_id, p.hsa_id, p.sealed, p.revision, p.created, p.updated,
  e.care_unit_id, e.roles, e.start_day, e.end_day, e.locum
FROM practitioner p LEFT JOIN employment e ON e.practitioner_id = p.practitioner_id `
	staffOrder = ` ORDER BY p.practitioner_id, e.place`
)

// InsertPractitioner adds a member of staff; ErrExists when the HSA id is taken.
func (s *Store) InsertPractitioner(tx *sqldb.Tx, p patient.Practitioner) error {
	sealed, err := s.sealStaff(p)
	if err != nil {
		return err
	}
	result, err := tx.Exec(insertPractitioner, p.ID, p.ProviderID, p.HSAID, sealed, p.Revision, sqldb.Micros(p.Created), sqldb.Micros(p.Updated))
	if err := one(result, err, "insert practitioner", ErrExists); err != nil {
		return err
	}
	return insertEmployments(tx, p)
}

// UpdatePractitioner writes the next revision of a member of staff, employments included; ErrStale when it is not next.
func (s *Store) UpdatePractitioner(tx *sqldb.Tx, p patient.Practitioner) error {
	sealed, err := s.sealStaff(p)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updatePractitioner, p.ID, p.Revision-1, p.Revision, sealed, sqldb.Micros(p.Updated))
	if err := one(result, err, "update practitioner", ErrStale); err != nil {
		return err
	}
	if _, err := tx.Exec(deleteEmployments, p.ID); err != nil {
		return fmt.Errorf("replace employments: %w", err)
	}
	return insertEmployments(tx, p)
}

func (s *Store) sealStaff(p patient.Practitioner) ([]byte, error) {
	return s.seal(staffSecrets{GivenName: p.GivenName, FamilyName: p.FamilyName, Phone: p.Phone}, "practitioner", p.ProviderID, p.ID)
}

func insertEmployments(tx *sqldb.Tx, p patient.Practitioner) error {
	for i, e := range p.Employments {
		if _, err := tx.Exec(insertEmployment, p.ID, i, e.UnitID, joinRoles(e.Roles), e.Start, e.End, e.Locum); err != nil {
			return fmt.Errorf("insert employment: %w", err)
		}
	}
	return nil
}

// Practitioner reads a member of staff.
func (s *Store) Practitioner(q sqldb.Querier, id string) (patient.Practitioner, error) {
	staff, err := s.staff(q, selectPractitioner+`WHERE p.practitioner_id = $1`+staffOrder, id)
	if err != nil {
		return patient.Practitioner{}, err
	}
	if len(staff) == 0 {
		return patient.Practitioner{}, fmt.Errorf("read practitioner: %w", ErrNotFound)
	}
	return staff[0], nil
}

// Staff reads several members of staff, by id; those who are not there are left out.
func (s *Store) Staff(q sqldb.Querier, ids []string) (map[string]patient.Practitioner, error) {
	byID := make(map[string]patient.Practitioner, len(ids))
	if len(ids) == 0 {
		return byID, nil
	}
	staff, err := s.staff(q, selectPractitioner+`WHERE p.practitioner_id IN (`+sqldb.In(1, len(ids))+`)`+staffOrder, texts(nil, ids)...)
	for _, p := range staff {
		byID[p.ID] = p
	}
	return byID, err
}

// StaffQuery says which staff of a unit to list.
type StaffQuery struct {
	UnitID string
	Role   patient.Role // "" takes all
	Day    date.Day     // employed on; no day takes past and coming employments too
	After  string
	Limit  int
}

// StaffOf reads a page of a unit's staff after an id, in order of id, each with all employments.
func (s *Store) StaffOf(q sqldb.Querier, query StaffQuery) ([]patient.Practitioner, error) {
	text, args := `SELECT DISTINCT practitioner_id FROM employment WHERE care_unit_id = $1 AND practitioner_id > $2`, []any{query.UnitID, query.After, query.Limit}
	if query.Role != "" {
		args = append(args, "%,"+string(query.Role)+",%")
		text += fmt.Sprintf(` AND roles LIKE $%d`, len(args))
	}
	if !query.Day.IsZero() {
		args = append(args, query.Day)
		text += fmt.Sprintf(` AND start_day <= $%d AND (end_day IS NULL OR end_day >= $%d)`, len(args), len(args))
	}
	text += ` ORDER BY practitioner_id LIMIT $3`
	return s.staff(q, selectPractitioner+`WHERE p.practitioner_id IN (`+text+`)`+staffOrder, args...)
}

const practitionerPlace = `SELECT care_provider_id FROM practitioner WHERE practitioner_id = $1`

// PractitionerProvider tells which care provider employs a member of staff.
func (s *Store) PractitionerProvider(q sqldb.Querier, id string) (string, error) {
	var provider string
	err := q.QueryRow(practitionerPlace, id).Scan(&provider)
	return provider, found(err, "read the provider of a practitioner")
}

// staff reads rows of practitioners, each with its employments in a run.
func (s *Store) staff(q sqldb.Querier, text string, args ...any) ([]patient.Practitioner, error) {
	rows, err := q.Query(text, args...)
	if err != nil {
		return nil, fmt.Errorf("read practitioners: %w", err)
	}
	var staff []patient.Practitioner
	err = each(rows, "read practitioners", func(row *sql.Rows) error {
		var p patient.Practitioner
		var sealed []byte
		var created, updated int64
		var unit, roles sql.NullString
		var e patient.Employment
		var locum sql.NullBool
		if err := row.Scan(&p.ID, &p.ProviderID, &p.HSAID, &sealed, &p.Revision, &created, &updated, &unit, &roles, &e.Start, &e.End, &locum); err != nil {
			return err
		}
		if len(staff) == 0 || staff[len(staff)-1].ID != p.ID {
			var secrets staffSecrets
			if err := s.open(sealed, &secrets, "practitioner", p.ProviderID, p.ID); err != nil {
				return err
			}
			p.GivenName, p.FamilyName, p.Phone = secrets.GivenName, secrets.FamilyName, secrets.Phone
			p.Created, p.Updated = sqldb.FromMicros(created), sqldb.FromMicros(updated)
			staff = append(staff, p)
		}
		if unit.Valid {
			e.UnitID, e.Roles, e.Locum = unit.String, splitRoles(roles.String), locum.Bool
			last := &staff[len(staff)-1]
			last.Employments = append(last.Employments, e)
		}
		return nil
	})
	return staff, err
}

func joinRoles(roles []patient.Role) string {
	var b strings.Builder
	b.WriteByte(',')
	for _, role := range roles {
		b.WriteString(string(role))
		b.WriteByte(',')
	}
	return b.String()
}

func splitRoles(text string) []patient.Role {
	var roles []patient.Role
	for role := range strings.SplitSeq(strings.Trim(text, ","), ",") {
		roles = append(roles, patient.Role(role))
	}
	return roles
}
