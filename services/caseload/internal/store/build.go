package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// Build is the building of the picture that is served: its epoch, when it was begun, and whether it has caught up with what had
// happened before. Catching up begins an epoch of its own, so that who watches learns of it by the cursor.
type Build struct {
	Epoch string
	Begin time.Time
	Built bool
}

const selectBuild = `SELECT epoch, begin_time, built FROM build WHERE id = 1`

// Build reads the building; false when none has begun.
func (s *Store) Build(q sqldb.Querier) (Build, bool, error) { return readBuild(q, selectBuild) }

func readBuild(q sqldb.Querier, text string) (Build, bool, error) {
	var b Build
	var begin int64
	err := q.QueryRow(text).Scan(&b.Epoch, &begin, &b.Built)
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	if err != nil {
		return b, false, fmt.Errorf("read when the caseload was built: %w", err)
	}
	b.Begin = sqldb.FromMicros(begin)
	return b, true, nil
}

// Turn waits until whoever else hears events here has committed, until the transaction ends, and gives the building; b begins it
// when none has. Batches of several sources meet the same patients in different orders, and would otherwise wait for one another in
// a ring.
func (s *Store) Turn(tx *sqldb.Tx, b Build) (Build, error) {
	found, begun, err := readBuild(tx, selectBuild+tx.Dialect().ForUpdate())
	if err != nil || begun {
		return found, err
	}
	if err := s.Begin(tx, b); err != nil {
		return b, err
	}
	found, _, err = readBuild(tx, selectBuild+tx.Dialect().ForUpdate())
	return found, err
}

// Begin notes that a building has begun, unless one has.
func (s *Store) Begin(tx *sqldb.Tx, b Build) error {
	_, err := tx.Exec(`INSERT INTO build (id, epoch, begin_time, built) VALUES (1, $1, $2, FALSE) ON CONFLICT (id) DO NOTHING`, b.Epoch, sqldb.Micros(b.Begin))
	if err != nil {
		return fmt.Errorf("note that the caseload is being built: %w", err)
	}
	return nil
}

// CatchUp notes that the building of an epoch has caught up, and gives it its next epoch, unless somebody has done so before.
func (s *Store) CatchUp(tx *sqldb.Tx, epoch, next string) error {
	_, err := tx.Exec(`UPDATE build SET epoch = $2, built = TRUE WHERE id = 1 AND epoch = $1 AND built = FALSE`, epoch, next)
	if err != nil {
		return fmt.Errorf("note that the caseload is built: %w", err)
	}
	return nil
}

const beginAnew = `INSERT INTO build (id, epoch, begin_time, built) VALUES (1, $1, $2, FALSE)
ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, begin_time = excluded.begin_time, built = excluded.built`

// Forget forgets everything that was heard, and begins a new building. Its turn comes first, and the tables last, in the order in
// which lists read them.
func (s *Store) Forget(tx *sqldb.Tx, b Build) error {
	if _, err := tx.Exec(beginAnew, b.Epoch, sqldb.Micros(b.Begin)); err != nil {
		return fmt.Errorf("note that the caseload is being built: %w", err)
	}
	for _, statement := range tx.Dialect().Empty("line", "line_team", "picture", "told", "patient_file", "timeline") {
		if _, err := tx.Exec(statement); err != nil {
			return fmt.Errorf("forget the caseload: %w", err)
		}
	}
	return nil
}
