package store

import (
	"fmt"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// Leave is the root of a patient's sick leave.
type Leave struct {
	PatientID string
	Revision  int64
	Told      []byte // the cases as they were told last; empty when they never were
}

const claimLeave = `
INSERT INTO sick_leave (patient_id, care_provider_id, care_unit_id, revision, told) VALUES ($1, $2, $3, 1, $4)
ON CONFLICT (patient_id) DO UPDATE SET revision = sick_leave.revision + 1, care_provider_id = excluded.care_provider_id,
  care_unit_id = excluded.care_unit_id
RETURNING revision, told`

// ClaimLeave takes a patient's sick leave for this transaction, with the next revision: it is the first statement of every write
// that changes which certificates count, which thereby come one after the other.
func (s *Store) ClaimLeave(tx *sqldb.Tx, place access.Place, patientID string) (Leave, error) {
	l := Leave{PatientID: patientID}
	if err := tx.QueryRow(claimLeave, patientID, place.ProviderID, place.UnitID, []byte{}).Scan(&l.Revision, &l.Told); err != nil {
		return Leave{}, fmt.Errorf("take the sick leave: %w", err)
	}
	return l, nil
}

const tellLeave = `UPDATE sick_leave SET told = $2 WHERE patient_id = $1`

// LeaveTold keeps what is told of a patient's sick leave.
func (s *Store) LeaveTold(tx *sqldb.Tx, patientID string, told []byte) error {
	if _, err := tx.Exec(tellLeave, patientID, told); err != nil {
		return fmt.Errorf("keep what was told of the sick leave: %w", err)
	}
	return nil
}
