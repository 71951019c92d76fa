package store

import (
	"database/sql"
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

// Untold is a patient with signed certificates whose sick leave nobody has ever taken, and so never told.
type Untold struct {
	PatientID string
	Place     access.Place // of the newest of the certificates; at the unit that the patient belongs to by now, where that is known
}

const untold = `
SELECT c.patient_id, c.care_provider_id, COALESCE(h.care_unit_id, c.care_unit_id) FROM certificate c
LEFT JOIN patient_place h ON h.patient_id = c.patient_id AND h.care_provider_id = c.care_provider_id
WHERE c.state = 'SIGNED' AND c.patient_id > $1
  AND NOT EXISTS (SELECT 1 FROM sick_leave l WHERE l.patient_id = c.patient_id)
  AND NOT EXISTS (SELECT 1 FROM certificate n WHERE n.patient_id = c.patient_id AND n.state = 'SIGNED'
    AND (n.create_time, n.certificate_id) > (c.create_time, c.certificate_id))
ORDER BY c.patient_id LIMIT $2`

// Untold reads those patients in order of id, those after the one given.
func (s *Store) Untold(q sqldb.Querier, after string, limit int) ([]Untold, error) {
	rows, err := q.Query(untold, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read whose sick leave is untold: %w", err)
	}
	found, err := scanUntold(rows)
	if err != nil {
		return nil, fmt.Errorf("read whose sick leave is untold: %w", err)
	}
	return found, nil
}

func scanUntold(rows *sql.Rows) ([]Untold, error) {
	defer rows.Close()
	var found []Untold
	for rows.Next() {
		var one Untold
		if err := rows.Scan(&one.PatientID, &one.Place.ProviderID, &one.Place.UnitID); err != nil {
			return nil, err
		}
		found = append(found, one)
	}
	return found, rows.Err()
}
