// Package store keeps contacts, care plans, assessments and safety flags in SQL, one text for both engines.
//
// What a person has said, or what says how a person is in words, is sealed with the installation's keys and the id of its
// row: a database file shows days, states and scores, and a sealed value moved to another row does not open.
package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

var (
	// ErrNotFound says that the patient has no such thing.
	ErrNotFound = errors.New("store: the patient has no such row")
	// ErrStale says that the row has been changed since it was read.
	ErrStale = errors.New("store: the row has another revision")
	// ErrTaken says that something stands already where one thing may.
	ErrTaken = errors.New("store: the place is taken")
)

// Store reads and writes what the service keeps. It is safe for concurrent use.
type Store struct {
	keys *crypt.Keys
}

// New returns a store that seals with keys.
func New(keys *crypt.Keys) *Store { return &Store{keys: keys} }

// Cursor is where a page of a list ended: the last row's key and id. The zero value is the beginning.
type Cursor struct {
	Key string // as text: microseconds, or a day
	ID  string
}

// seal writes a value as JSON and encrypts it for its row.
func (s *Store) seal(place string, value any) ([]byte, error) {
	plain, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("seal %s: it cannot be written", place)
	}
	sealed, err := s.keys.Seal(plain, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("seal a row: %w", err)
	}
	return sealed, nil
}

// unseal is the reverse of seal. Its errors never show what was sealed.
func (s *Store) unseal(place string, sealed []byte, value any) error {
	plain, err := s.keys.Unseal(sealed, []byte(place))
	if err != nil {
		return fmt.Errorf("open a sealed row: %w", err)
	}
	if json.Unmarshal(plain, value) != nil {
		return errors.New("open a sealed row: it has another form")
	}
	return nil
}

// scanner is a row or the current one of several.
type scanner interface{ Scan(...any) error }

// all reads rows of one kind and closes them.
func all[T any](what string, rows *sql.Rows, err error, scan func(scanner) (T, error)) ([]T, error) {
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		value, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", what, err)
		}
		list = append(list, value)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	return list, rows.Close()
}

// one reads a row that may be absent.
func one[T any](what string, row *sql.Row, scan func(scanner) (T, error)) (T, error) {
	value, err := scan(row)
	if errors.Is(err, sql.ErrNoRows) {
		var none T
		return none, ErrNotFound
	}
	if err != nil {
		return value, fmt.Errorf("read %s: %w", what, err)
	}
	return value, nil
}

// changed makes a statement that must have met one row at the revision read.
func changed(what string, result sql.Result, err error) error {
	if sqldb.IsUnique(err) {
		return ErrTaken
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	n, err := result.RowsAffected()
	if err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	if n != 1 {
		return ErrStale
	}
	return nil
}

// filter builds the conditions of a list.
type filter struct {
	where string
	args  []any
}

func (f *filter) and(condition string, args ...any) {
	for _, arg := range args {
		f.args = append(f.args, arg)
		condition = replaceFirst(condition, fmt.Sprintf("$%d", len(f.args)))
	}
	f.where += " AND " + condition
}

// replaceFirst puts a numbered placeholder in place of the first question mark.
func replaceFirst(condition, placeholder string) string {
	for i := range len(condition) {
		if condition[i] == '?' {
			return condition[:i] + placeholder + condition[i+1:]
		}
	}
	return condition
}

// newest orders a list by when its rows were created, the latest first, and cuts it: it adds the cursor to the conditions and gives
// what stands behind them. The column holds the id.
func (f *filter) newest(column string, after Cursor, limit int) (string, error) {
	if after.ID != "" {
		micros, err := strconv.ParseInt(after.Key, 10, 64)
		if err != nil {
			return "", errors.New("list by creation: the cursor is no time")
		}
		f.and(`(create_time, `+column+`) < (?, ?)`, micros, after.ID)
	}
	f.args = append(f.args, limit)
	return fmt.Sprintf(` ORDER BY create_time DESC, %s DESC LIMIT $%d`, column, len(f.args)), nil
}

// createdCursor is the cursor of a list by creation.
func createdCursor(created time.Time, id string) Cursor {
	return Cursor{Key: strconv.FormatInt(sqldb.Micros(created), 10), ID: id}
}

// stamp is where a new row stands.
func stamp(place access.Place) (provider, unit string) { return place.ProviderID, place.UnitID }
