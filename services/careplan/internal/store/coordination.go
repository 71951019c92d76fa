package store

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

const (
	hearCoordination = `
INSERT INTO coordination (patient_id, revision, consented, start_day, end_day) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (patient_id) DO UPDATE SET revision = excluded.revision, consented = excluded.consented, start_day = excluded.start_day,
  end_day = excluded.end_day
WHERE coordination.revision < excluded.revision`
	selectCoordination = `SELECT revision, consented, start_day, end_day FROM coordination WHERE patient_id = $1`
)

// HearCoordination keeps what the patient says to coordination, when it is later than what is known.
func (s *Store) HearCoordination(tx *sqldb.Tx, patientID string, c careplan.Coordination) error {
	if _, err := tx.Exec(hearCoordination, patientID, c.Revision, c.Consented, c.Start, c.End); err != nil {
		return fmt.Errorf("keep the consent to coordination: %w", err)
	}
	return nil
}

// Coordination reads what the patient said last to coordination as far as it has been heard of; the zero value when nothing has.
func (s *Store) Coordination(q sqldb.Querier, patientID string) (careplan.Coordination, error) {
	var c careplan.Coordination
	err := q.QueryRow(selectCoordination, patientID).Scan(&c.Revision, &c.Consented, &c.Start, &c.End)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return c, fmt.Errorf("read the consent to coordination: %w", err)
	}
	return c, nil
}
