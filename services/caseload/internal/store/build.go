package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// Build is the building of the picture that is served: its epoch, and when it was begun.
type Build struct {
	Epoch string
	Begin time.Time
}

// Build reads the building; false when none has begun.
func (s *Store) Build(q sqldb.Querier) (Build, bool, error) {
	var b Build
	var begin int64
	err := q.QueryRow(`SELECT epoch, begin_time FROM build WHERE id = 1`).Scan(&b.Epoch, &begin)
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	if err != nil {
		return b, false, fmt.Errorf("read when the caseload was built: %w", err)
	}
	b.Begin = sqldb.FromMicros(begin)
	return b, true, nil
}

// Turn waits until whoever else hears events here has committed, until the transaction ends; b begins the building when none has.
// Batches of several sources meet the same patients in different orders, and would otherwise wait for one another in a ring.
func (s *Store) Turn(tx *sqldb.Tx, b Build) error {
	var one int
	err := tx.QueryRow(`SELECT 1 FROM build WHERE id = 1` + tx.Dialect().ForUpdate()).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return s.Begin(tx, b)
	}
	if err != nil {
		return fmt.Errorf("take a turn in building the caseload: %w", err)
	}
	return nil
}

// Begin notes that a building has begun, unless one has.
func (s *Store) Begin(tx *sqldb.Tx, b Build) error {
	_, err := tx.Exec(`INSERT INTO build (id, epoch, begin_time) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING`, b.Epoch, sqldb.Micros(b.Begin))
	if err != nil {
		return fmt.Errorf("note that the caseload is being built: %w", err)
	}
	return nil
}

// Forget forgets everything that was heard, and begins a new building.
func (s *Store) Forget(tx *sqldb.Tx, b Build) error {
	for _, table := range []string{"build", "line", "line_team", "picture", "told", "patient_file", "timeline"} {
		if _, err := tx.Exec(`DELETE FROM ` + table); err != nil {
			return fmt.Errorf("forget the caseload: %w", err)
		}
	}
	return s.Begin(tx, b)
}
