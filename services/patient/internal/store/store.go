// Package store keeps care providers, units, staff, patients, episodes and consents in SQL. What names a person or tells of an
// illness is sealed: one sealed value a row, bound to the row's kind, care provider and id, so that a database file names
// nobody and a value moved to another row does not open.
package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
)

// What can come of a write or a read, besides a failure of the database.
var (
	ErrNotFound = errors.New("there is no such row")
	ErrExists   = errors.New("there is one already")
	// ErrStale says that the row has moved on since it was read.
	ErrStale = errors.New("the row has changed since it was read")
)

// Store reads and writes. Its methods take the transaction or the reader to use, so that reads serve both.
type Store struct{ keys *crypt.Keys }

// New returns a store that seals with keys.
func New(keys *crypt.Keys) *Store { return &Store{keys: keys} }

// place is what a sealed value is bound to.
func place(table, providerID, id string) []byte {
	return []byte("patient." + table + ".sealed/" + providerID + "/" + id)
}

func (s *Store) seal(value any, table, providerID, id string) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode what is sealed in %s: %w", table, err)
	}
	sealed, err := s.keys.Seal(plain, place(table, providerID, id))
	if err != nil {
		return nil, fmt.Errorf("seal in %s: %w", table, err)
	}
	return sealed, nil
}

func (s *Store) open(sealed []byte, value any, table, providerID, id string) error {
	plain, err := s.keys.Unseal(sealed, place(table, providerID, id))
	if err != nil {
		return fmt.Errorf("open what is sealed in %s: %w", table, err)
	}
	if err := json.Unmarshal(plain, value); err != nil {
		return fmt.Errorf("decode what is sealed in %s", table) // the cause may quote the plain text
	}
	return nil
}

// numberHash finds an identity number within one care provider; across providers the same number has another hash.
func (s *Store) numberHash(providerID string, number patient.IdentityNumber) []byte {
	return s.keys.Hash("identity-number", []byte(providerID), []byte(number.Kind), []byte(number.Value))
}

// one is nil when a statement touched one row, else otherwise.
func one(result sql.Result, err error, what string, otherwise error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if n != 1 {
		return fmt.Errorf("%s: %w", what, otherwise)
	}
	return nil
}

// found turns the absence of a row into ErrNotFound.
func found(err error, what string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%s: %w", what, ErrNotFound)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

// each reads rows to their end.
func each(rows *sql.Rows, what string, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// scanner is a row, alone or among others.
type scanner interface{ Scan(into ...any) error }

// texts are arguments of one kind.
func texts(args []any, values []string) []any {
	for _, value := range values {
		args = append(args, value)
	}
	return args
}
