package store

import (
	"database/sql"
	"fmt"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

// What cases are computed from: signed certificates, without their sealed part.
const outline = `SELECT c.certificate_id, c.patient_id, c.care_unit_id, c.state, c.sign_time, c.replaces_id, c.complements_id,
  c.renews_id, p.start_day, p.end_day, p.degree
FROM certificate c JOIN certificate_period p ON p.certificate_id = c.certificate_id `

const outlinesOfPatient = outline + `
WHERE c.patient_id = $1 AND c.care_provider_id = $2 AND c.state = 'SIGNED'
ORDER BY c.create_time, c.certificate_id, p.place`

// SignedOf reads a patient's signed certificates at the care provider, oldest first by creation, as far as cases depend on
// them: diagnoses and texts are not opened.
func (s *Store) SignedOf(q sqldb.Querier, careProviderID, patientID string) ([]sickleave.Certificate, error) {
	rows, err := q.Query(outlinesOfPatient, patientID, careProviderID)
	if err != nil {
		return nil, fmt.Errorf("read signed certificates: %w", err)
	}
	return scanOutlines(rows)
}

const patientsOnLeave = `
SELECT DISTINCT c.patient_id FROM certificate c
WHERE c.care_unit_id = $1 AND c.state = 'SIGNED' AND c.end_day >= $2 AND c.start_day <= $3 AND c.patient_id > $4
  AND NOT EXISTS (SELECT 1 FROM patient_place h WHERE h.patient_id = c.patient_id AND h.care_unit_id <> c.care_unit_id)
ORDER BY c.patient_id LIMIT $5`

// PatientsOnLeave reads the ids of the patients of a care unit who have a signed certificate of the unit that begins on or
// before the day and ends on or after since, in order of id, those after the one given. Who is known to belong to another
// unit by now is not there. Whether a certificate really covers the day, and counts, is for the domain to say.
func (s *Store) PatientsOnLeave(q sqldb.Querier, careUnitID string, since, day date.Day, after string, limit int) ([]string, error) {
	rows, err := q.Query(patientsOnLeave, careUnitID, since, day, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read patients on leave: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read patients on leave: %w", err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read patients on leave: %w", err)
	}
	return ids, nil
}

// SignedByPatient reads the signed certificates of several patients at the care provider, by patient, each as SignedOf.
func (s *Store) SignedByPatient(q sqldb.Querier, careProviderID string, patientIDs []string) (map[string][]sickleave.Certificate, error) {
	args := []any{careProviderID}
	for _, id := range patientIDs {
		args = append(args, id)
	}
	rows, err := q.Query(outline+`
WHERE c.patient_id IN (`+sqldb.In(2, len(patientIDs))+`) AND c.care_provider_id = $1 AND c.state = 'SIGNED'
ORDER BY c.patient_id, c.create_time, c.certificate_id, p.place`, args...)
	if err != nil {
		return nil, fmt.Errorf("read signed certificates: %w", err)
	}
	certificates, err := scanOutlines(rows)
	if err != nil {
		return nil, err
	}
	byPatient := make(map[string][]sickleave.Certificate, len(patientIDs))
	for _, c := range certificates {
		byPatient[c.PatientID] = append(byPatient[c.PatientID], c)
	}
	return byPatient, nil
}

// scanOutlines reads rows of outline, those of a certificate one after the other, and closes them.
func scanOutlines(rows *sql.Rows) ([]sickleave.Certificate, error) {
	defer rows.Close()
	var certificates []sickleave.Certificate
	for rows.Next() {
		var c sickleave.Certificate
		var p sickleave.Period
		var signed int64
		if err := rows.Scan(&c.ID, &c.PatientID, &c.CareUnitID, &c.State, &signed, &c.ReplacesID, &c.ComplementsID, &c.RenewsID,
			&p.Start, &p.End, &p.Degree); err != nil {
			return nil, fmt.Errorf("read signed certificates: %w", err)
		}
		if last := len(certificates) - 1; last < 0 || certificates[last].ID != c.ID {
			c.SignTime = sqldb.FromMicros(signed)
			certificates = append(certificates, c)
		}
		last := &certificates[len(certificates)-1]
		last.Periods = append(last.Periods, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read signed certificates: %w", err)
	}
	return certificates, nil
}
