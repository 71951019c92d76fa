package store

import (
	"fmt"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

const insertReading = `
INSERT INTO reading (reading_id, patient_id, practitioner_id, picture_version, care_provider_id, care_unit_id, care_episode_id, create_time)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (patient_id, practitioner_id, picture_version) DO NOTHING`

const readingColumns = `reading_id, patient_id, practitioner_id, picture_version, care_episode_id, create_time`

const selectReading = `SELECT ` + readingColumns + ` FROM reading WHERE patient_id = $1 AND practitioner_id = $2 AND picture_version = $3`

// AddReading stores a reading, unless the person has read that version before: it gives the one that stands, and whether it is new.
func (s *Store) AddReading(tx *sqldb.Tx, place access.Place, r careplan.Reading) (careplan.Reading, bool, error) {
	provider, unit := stamp(place)
	result, err := tx.Exec(insertReading, r.ID, r.PatientID, r.Practitioner, r.PictureVersion, provider, unit, r.EpisodeID, sqldb.Micros(r.Time))
	if err != nil {
		return r, false, fmt.Errorf("write reading: %w", err)
	}
	added, err := result.RowsAffected()
	if err != nil || added > 0 {
		return r, added > 0, err
	}
	r, err = one("reading", tx.QueryRow(selectReading, r.PatientID, r.Practitioner, r.PictureVersion), scanReading)
	return r, false, err
}

// Readings lists who has read of a patient, newest first, those after the cursor.
func (s *Store) Readings(q sqldb.Querier, patientID string, after Cursor, limit int) ([]careplan.Reading, error) {
	f := filter{where: `patient_id = $1`, args: []any{patientID}}
	tail, err := f.newest("reading_id", after, limit)
	if err != nil {
		return nil, err
	}
	rows, err := q.Query(`SELECT `+readingColumns+` FROM reading WHERE `+f.where+tail, f.args...)
	return all("readings", rows, err, scanReading)
}

// ReadingCursor is where a page that ends with r goes on.
func ReadingCursor(r careplan.Reading) Cursor { return createdCursor(r.Time, r.ID) }

func scanReading(row scanner) (careplan.Reading, error) {
	var r careplan.Reading
	var created int64
	err := row.Scan(&r.ID, &r.PatientID, &r.Practitioner, &r.PictureVersion, &r.EpisodeID, &created)
	r.Time = sqldb.FromMicros(created)
	return r, err
}
