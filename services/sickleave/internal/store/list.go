package store

import (
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

// Place is a certificate's place in a patient's list.
type Place struct {
	CreateTime time.Time
	ID         string
}

// List reads a patient's certificates in the given states, newest first by creation, at most limit, those after the place
// when one is given.
func (s *Store) List(q sqldb.Querier, careProviderID, patientID string, states []sickleave.State, after Place, limit int) ([]Record, error) {
	args := []any{patientID, careProviderID, limit}
	for _, state := range states {
		args = append(args, string(state))
	}
	query := `SELECT ` + columns + ` FROM certificate
WHERE patient_id = $1 AND care_provider_id = $2 AND state IN (` + sqldb.In(4, len(states)) + `)`
	if after.ID != "" {
		query += fmt.Sprintf(` AND (create_time, certificate_id) < ($%d, $%d)`, len(args)+1, len(args)+2)
		args = append(args, sqldb.Micros(after.CreateTime), after.ID)
	}
	query += ` ORDER BY create_time DESC, certificate_id DESC LIMIT $3`

	rows, err := q.Query(query, args...)
	if err != nil {
		return nil, fmt.Errorf("list certificates: %w", err)
	}
	defer rows.Close()
	var records []Record
	var blobs [][]byte
	for rows.Next() {
		r, sealed, err := scanRecord(rows)
		if err != nil {
			return nil, fmt.Errorf("list certificates: %w", err)
		}
		records, blobs = append(records, r), append(blobs, sealed)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list certificates: %w", err)
	}
	if err := rows.Close(); err != nil {
		return nil, fmt.Errorf("list certificates: %w", err)
	}
	if err := readPeriods(q, records); err != nil {
		return nil, err
	}
	for i := range records {
		if err := s.unseal(&records[i].Certificate, blobs[i]); err != nil {
			return nil, err
		}
	}
	return records, nil
}
