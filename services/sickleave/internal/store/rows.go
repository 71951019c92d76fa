package store

import (
	"database/sql"
	"fmt"
	"math"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// scanner is a row to read.
type scanner interface{ Scan(...any) error }

// collect reads all rows and closes them.
func collect[R any](rows *sql.Rows, scan func(scanner) (R, error)) ([]R, error) {
	defer rows.Close()
	var records []R
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read a row: %w", err)
		}
		records = append(records, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	return records, rows.Close()
}

// first returns the one record there is. Errors: ErrNotFound.
func first[R any](records []R, err error) (R, error) {
	if err == nil && len(records) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		var none R
		return none, err
	}
	return records[0], nil
}

// mustChange is ErrStale when a write has met no row.
func mustChange(result sql.Result) error {
	changed, err := result.RowsAffected()
	switch {
	case err != nil:
		return fmt.Errorf("count changed rows: %w", err)
	case changed == 0:
		return ErrStale
	default:
		return nil
	}
}

// bound is where a list, newest first, goes on; without a place it begins.
func (p Place) bound() (createTime int64, id string) {
	if p.ID == "" {
		return math.MaxInt64, ""
	}
	return sqldb.Micros(p.CreateTime), p.ID
}
