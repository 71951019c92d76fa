// Package store keeps employers, contacts, meetings and agreements in SQL, one text for both engines. All that people write, and
// all names and numbers, is sealed with the installation's keys, the table and the row's id, so that a sealed value moved to
// another row does not open.
package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

var (
	// ErrNotFound says that there is no such row.
	ErrNotFound = errors.New("store: no such row")
	// ErrStale says that the row was changed since it was read.
	ErrStale = errors.New("store: the row has another revision")
	// ErrExists says that there is one already of what may be there once.
	ErrExists = errors.New("store: there is one already")
)

// Store reads and writes. It is safe for concurrent use.
type Store struct {
	keys *crypt.Keys
}

// New returns a store that seals with keys.
func New(keys *crypt.Keys) *Store { return &Store{keys: keys} }

func (s *Store) seal(table, id string, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", table, err)
	}
	sealed, err := s.keys.Seal(plain, boundTo(table, id))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", table, err)
	}
	return sealed, nil
}

func (s *Store) unseal(table, id string, sealed []byte, into any) error {
	plain, err := s.keys.Unseal(sealed, boundTo(table, id))
	if err != nil {
		return fmt.Errorf("open %s: %w", table, err)
	}
	if err := json.Unmarshal(plain, into); err != nil {
		// The cause quotes what could not be read; it stays inside.
		return fmt.Errorf("open %s: the sealed part has another form", table)
	}
	return nil
}

// boundTo is what a sealed value is bound to.
func boundTo(table, id string) []byte { return []byte(table + ".sealed:" + id) }

// changed tells a write that met no row of its revision.
func changed(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil {
		return err
	} else if n == 0 {
		return ErrStale
	}
	return nil
}

// Position is the place of a row in a list by creation.
type Position struct {
	Time time.Time
	ID   string
}

type scanner interface{ Scan(...any) error }

func gather[T any](rows *sql.Rows, scan func(scanner) (T, error)) ([]T, error) {
	defer rows.Close()
	var all []T
	for rows.Next() {
		one, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func query[T any](q sqldb.Querier, what string, scan func(scanner) (T, error), text string, args ...any) ([]T, error) {
	rows, err := q.Query(text, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	all, err := gather(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return all, nil
}
