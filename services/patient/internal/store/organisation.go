package store

import (
	"database/sql"
	"fmt"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
)

const (
	insertProvider = `INSERT INTO care_provider (care_provider_id, hsa_id, display_name, revision, created, updated)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hsa_id) DO NOTHING`
	updateProvider = `UPDATE care_provider SET revision = $3, display_name = $4, updated = $5 WHERE care_provider_id = $1 AND revision = $2`
	selectProvider = `SELECT care_provider_id, hsa_id, display_name, revision, created, updated FROM care_provider `
)

// InsertProvider adds a care provider; ErrExists when the HSA id is taken.
func (s *Store) InsertProvider(tx *sqldb.Tx, p patient.CareProvider) error {
	result, err := tx.Exec(insertProvider, p.ID, p.HSAID, p.Name, p.Revision, sqldb.Micros(p.Created), sqldb.Micros(p.Updated))
	return one(result, err, "insert care provider", ErrExists)
}

// UpdateProvider writes the next revision of a care provider; ErrStale when it is not next.
func (s *Store) UpdateProvider(tx *sqldb.Tx, p patient.CareProvider) error {
	result, err := tx.Exec(updateProvider, p.ID, p.Revision-1, p.Revision, p.Name, sqldb.Micros(p.Updated))
	return one(result, err, "update care provider", ErrStale)
}

// Provider reads a care provider.
func (s *Store) Provider(q sqldb.Querier, id string) (patient.CareProvider, error) {
	p, err := scanProvider(q.QueryRow(selectProvider+`WHERE care_provider_id = $1`, id))
	return p, found(err, "read care provider")
}

// Providers reads a page of care providers after an id, in order of id: those named, or all when ids is nil.
func (s *Store) Providers(q sqldb.Querier, ids []string, after string, limit int) ([]patient.CareProvider, error) {
	text, args := selectProvider+`WHERE care_provider_id > $1`, []any{after, limit}
	if ids != nil {
		text += ` AND care_provider_id IN (` + sqldb.In(3, len(ids)) + `)`
		args = texts(args, ids)
	}
	rows, err := q.Query(text+` ORDER BY care_provider_id LIMIT $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("list care providers: %w", err)
	}
	var page []patient.CareProvider
	err = each(rows, "list care providers", func(row *sql.Rows) error {
		p, err := scanProvider(row)
		page = append(page, p)
		return err
	})
	return page, err
}

func scanProvider(row scanner) (patient.CareProvider, error) {
	var p patient.CareProvider
	var created, updated int64
	err := row.Scan(&p.ID, &p.HSAID, &p.Name, &p.Revision, &created, &updated)
	p.Created, p.Updated = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	return p, err
}

const (
	insertUnit = `INSERT INTO care_unit (care_unit_id, care_provider_id, hsa_id, display_name, phone, revision, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (hsa_id) DO NOTHING`
	updateUnit = `UPDATE care_unit SET revision = $3, display_name = $4, phone = $5, updated = $6 WHERE care_unit_id = $1 AND revision = $2`
	selectUnit = `SELECT care_unit_id, care_provider_id, hsa_id, display_name, phone, revision, created, updated FROM care_unit `
)

// InsertUnit adds a care unit; ErrExists when the HSA id is taken.
func (s *Store) InsertUnit(tx *sqldb.Tx, u patient.CareUnit) error {
	result, err := tx.Exec(insertUnit, u.ID, u.ProviderID, u.HSAID, u.Name, u.Phone, u.Revision, sqldb.Micros(u.Created), sqldb.Micros(u.Updated))
	return one(result, err, "insert care unit", ErrExists)
}

// UpdateUnit writes the next revision of a care unit; ErrStale when it is not next.
func (s *Store) UpdateUnit(tx *sqldb.Tx, u patient.CareUnit) error {
	result, err := tx.Exec(updateUnit, u.ID, u.Revision-1, u.Revision, u.Name, u.Phone, sqldb.Micros(u.Updated))
	return one(result, err, "update care unit", ErrStale)
}

// Unit reads a care unit.
func (s *Store) Unit(q sqldb.Querier, id string) (patient.CareUnit, error) {
	u, err := scanUnit(q.QueryRow(selectUnit+`WHERE care_unit_id = $1`, id))
	return u, found(err, "read care unit")
}

// UnitQuery says which care units to list: those named and those of the providers named, or all; narrowed to a provider when
// ProviderID is set.
type UnitQuery struct {
	IDs, ProviderIDs []string
	All              bool
	ProviderID       string
	After            string
	Limit            int
}

// Units reads a page of care units after an id, in order of id.
func (s *Store) Units(q sqldb.Querier, query UnitQuery) ([]patient.CareUnit, error) {
	text, args := selectUnit+`WHERE care_unit_id > $1`, []any{query.After, query.Limit}
	if query.ProviderID != "" {
		args = append(args, query.ProviderID)
		text += ` AND care_provider_id = $3`
	}
	if !query.All {
		text += ` AND (care_unit_id IN (` + sqldb.In(len(args)+1, len(query.IDs)) + `)`
		args = texts(args, query.IDs)
		text += ` OR care_provider_id IN (` + sqldb.In(len(args)+1, len(query.ProviderIDs)) + `))`
		args = texts(args, query.ProviderIDs)
	}
	rows, err := q.Query(text+` ORDER BY care_unit_id LIMIT $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("list care units: %w", err)
	}
	var page []patient.CareUnit
	err = each(rows, "list care units", func(row *sql.Rows) error {
		u, err := scanUnit(row)
		page = append(page, u)
		return err
	})
	return page, err
}

// ProvidersOf tells which care provider runs each of the units; units that are not there are left out.
func (s *Store) ProvidersOf(q sqldb.Querier, unitIDs []string) (map[string]string, error) {
	providers := make(map[string]string, len(unitIDs))
	if len(unitIDs) == 0 {
		return providers, nil
	}
	rows, err := q.Query(`SELECT care_unit_id, care_provider_id FROM care_unit WHERE care_unit_id IN (`+sqldb.In(1, len(unitIDs))+`)`, texts(nil, unitIDs)...)
	if err != nil {
		return nil, fmt.Errorf("read the providers of units: %w", err)
	}
	err = each(rows, "read the providers of units", func(row *sql.Rows) error {
		var unit, provider string
		err := row.Scan(&unit, &provider)
		providers[unit] = provider
		return err
	})
	return providers, err
}

func scanUnit(row scanner) (patient.CareUnit, error) {
	var u patient.CareUnit
	var created, updated int64
	err := row.Scan(&u.ID, &u.ProviderID, &u.HSAID, &u.Name, &u.Phone, &u.Revision, &created, &updated)
	u.Created, u.Updated = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	return u, err
}
