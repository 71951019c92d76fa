package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
)

// Firm is an employer as it is stored.
type Firm struct {
	employerdialogue.Firm
	Revision   int64
	UpdateTime time.Time
}

// numberHash is the keyed hash of an organisation number; nil without one.
func (s *Store) numberHash(careProviderID, number string) any {
	if number == "" {
		return nil
	}
	return s.keys.Hash("employer.number", []byte(careProviderID), []byte(number))
}

const insertEmployer = `
INSERT INTO employer (employer_id, revision, care_provider_id, number_hash, update_time, sealed) VALUES ($1, 1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING`

// InsertEmployer stores a new employer as revision 1. Errors: ErrExists when the number is taken.
func (s *Store) InsertEmployer(tx *sqldb.Tx, f Firm) (Firm, error) {
	sealed, err := s.seal("employer", f.ID, f.Firm)
	if err != nil {
		return f, err
	}
	result, err := tx.Exec(insertEmployer, f.ID, f.CareProviderID, s.numberHash(f.CareProviderID, f.Number), sqldb.Micros(f.UpdateTime), sealed)
	if err != nil {
		return f, fmt.Errorf("insert employer: %w", err)
	}
	if changed(result, nil) != nil {
		return f, ErrExists
	}
	f.Revision = 1
	return f, nil
}

const updateEmployer = `
UPDATE employer SET revision = revision + 1, number_hash = $3, update_time = $4, sealed = $5 WHERE employer_id = $1 AND revision = $2`

// UpdateEmployer stores what became of an employer. Errors: ErrStale; ErrExists when the number is taken.
func (s *Store) UpdateEmployer(tx *sqldb.Tx, f Firm) (Firm, error) {
	sealed, err := s.seal("employer", f.ID, f.Firm)
	if err != nil {
		return f, err
	}
	err = changed(tx.Exec(updateEmployer, f.ID, f.Revision, s.numberHash(f.CareProviderID, f.Number), sqldb.Micros(f.UpdateTime), sealed))
	switch {
	case errors.Is(err, ErrStale):
		return f, err
	case sqldb.IsUnique(err):
		return f, ErrExists
	case err != nil:
		return f, fmt.Errorf("update employer: %w", err)
	}
	f.Revision++
	return f, nil
}

const selectEmployer = `SELECT employer_id, revision, update_time, sealed FROM employer WHERE `

// Employer reads an employer of the care provider. Errors: ErrNotFound.
func (s *Store) Employer(q sqldb.Querier, careProviderID, employerID string) (Firm, error) {
	return s.oneEmployer(q.QueryRow(selectEmployer+`care_provider_id = $1 AND employer_id = $2`, careProviderID, employerID))
}

// ClaimEmployer is Employer for a write.
func (s *Store) ClaimEmployer(tx *sqldb.Tx, careProviderID, employerID string) (Firm, error) {
	return s.oneEmployer(tx.QueryRow(selectEmployer+`care_provider_id = $1 AND employer_id = $2`+tx.Dialect().ForUpdate(), careProviderID, employerID))
}

// EmployerByNumber finds an employer by its organisation number, with the hyphen. Errors: ErrNotFound.
func (s *Store) EmployerByNumber(q sqldb.Querier, careProviderID, number string) (Firm, error) {
	return s.oneEmployer(q.QueryRow(selectEmployer+`care_provider_id = $1 AND number_hash = $2`, careProviderID, s.numberHash(careProviderID, number)))
}

// Employers lists the employers of a care provider by id, at most limit, those after an id when one is given.
func (s *Store) Employers(q sqldb.Querier, careProviderID, after string, limit int) ([]Firm, error) {
	return query(q, "employers", s.scanEmployer, selectEmployer+`care_provider_id = $1 AND employer_id > $2 ORDER BY employer_id LIMIT $3`,
		careProviderID, after, limit)
}

// Provider tells whose an employer is. Errors: ErrNotFound.
func (s *Store) Provider(q sqldb.Querier, employerID string) (string, error) {
	var provider string
	err := q.QueryRow(`SELECT care_provider_id FROM employer WHERE employer_id = $1`, employerID).Scan(&provider)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("find employer: %w", err)
	}
	return provider, nil
}

func (s *Store) oneEmployer(row scanner) (Firm, error) {
	f, err := s.scanEmployer(row)
	if errors.Is(err, sql.ErrNoRows) {
		return f, ErrNotFound
	}
	if err != nil {
		return f, fmt.Errorf("read employer: %w", err)
	}
	return f, nil
}

func (s *Store) scanEmployer(row scanner) (Firm, error) {
	var f Firm
	var id string
	var updated int64
	var sealed []byte
	if err := row.Scan(&id, &f.Revision, &updated, &sealed); err != nil {
		return f, err
	}
	f.UpdateTime = sqldb.FromMicros(updated)
	return f, s.unseal("employer", id, sealed, &f.Firm)
}

// Person is a contact person as stored.
type Person struct {
	employerdialogue.Person
	Revision   int64
	UpdateTime time.Time
}

const insertPerson = `INSERT INTO contact_person (contact_person_id, revision, employer_id, update_time, sealed) VALUES ($1, 1, $2, $3, $4)`

// InsertPerson stores a new contact person as revision 1.
func (s *Store) InsertPerson(tx *sqldb.Tx, p Person) (Person, error) {
	sealed, err := s.seal("contact_person", p.ID, p.Person)
	if err != nil {
		return p, err
	}
	if _, err := tx.Exec(insertPerson, p.ID, p.EmployerID, sqldb.Micros(p.UpdateTime), sealed); err != nil {
		return p, fmt.Errorf("insert contact person: %w", err)
	}
	p.Revision = 1
	return p, nil
}

const updatePerson = `UPDATE contact_person SET revision = revision + 1, update_time = $3, sealed = $4 WHERE contact_person_id = $1 AND revision = $2`

// UpdatePerson stores what became of a contact person. Errors: ErrStale.
func (s *Store) UpdatePerson(tx *sqldb.Tx, p Person) (Person, error) {
	sealed, err := s.seal("contact_person", p.ID, p.Person)
	if err != nil {
		return p, err
	}
	if err := changed(tx.Exec(updatePerson, p.ID, p.Revision, sqldb.Micros(p.UpdateTime), sealed)); err != nil {
		return p, fmt.Errorf("update contact person: %w", err)
	}
	p.Revision++
	return p, nil
}

const selectPerson = `SELECT contact_person_id, revision, update_time, sealed FROM contact_person WHERE employer_id = $1 AND `

// Person reads a contact person of an employer. Errors: ErrNotFound.
func (s *Store) Person(q sqldb.Querier, employerID, personID string) (Person, error) {
	p, err := s.scanPerson(q.QueryRow(selectPerson+`contact_person_id = $2`, employerID, personID))
	if errors.Is(err, sql.ErrNoRows) {
		return p, ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("read contact person: %w", err)
	}
	return p, nil
}

// Persons lists the contact persons of an employer by id, at most limit, those after an id when one is given.
func (s *Store) Persons(q sqldb.Querier, employerID, after string, limit int) ([]Person, error) {
	return query(q, "contact persons", s.scanPerson, selectPerson+`contact_person_id > $2 ORDER BY contact_person_id LIMIT $3`, employerID, after, limit)
}

func (s *Store) scanPerson(row scanner) (Person, error) {
	var p Person
	var id string
	var updated int64
	var sealed []byte
	if err := row.Scan(&id, &p.Revision, &updated, &sealed); err != nil {
		return p, err
	}
	p.UpdateTime = sqldb.FromMicros(updated)
	return p, s.unseal("contact_person", id, sealed, &p.Person)
}
