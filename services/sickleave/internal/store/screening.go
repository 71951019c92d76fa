package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

// ScreeningRecord is a screening as it is stored.
type ScreeningRecord struct {
	sickleave.Screening
	CareProviderID string
	UpdateTime     time.Time
}

// sealedScreening is what stands encrypted in a row. Keys are never renamed.
type sealedScreening struct {
	Reason      string `json:"reason,omitempty"`
	ErrorReason string `json:"error_reason,omitempty"`
}

func screeningBound(id string) []byte { return []byte("screening.sealed:" + id) }

const insertScreening = `
INSERT INTO screening (screening_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, screen_day, need, offer,
  practitioner_id, offer_by, offer_time, create_time, update_time, error_by, error_time, sealed)
VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

// InsertScreening stores a new screening as revision 1 and returns it so.
func (s *Store) InsertScreening(tx *sqldb.Tx, r ScreeningRecord) (ScreeningRecord, error) {
	sealed, err := s.sealJSON(sealedScreening{Reason: r.Reason, ErrorReason: r.InError.Reason}, screeningBound(r.ID))
	if err != nil {
		return ScreeningRecord{}, err
	}
	_, err = tx.Exec(insertScreening, r.ID, r.PatientID, r.CareProviderID, r.CareUnitID, r.EpisodeID, r.Day, string(r.Need),
		string(r.Offer), r.By, r.OfferBy, sqldb.Micros(r.OfferTime), sqldb.Micros(r.CreateTime), sqldb.Micros(r.UpdateTime),
		r.InError.By, sqldb.Micros(r.InError.Time), sealed)
	if err != nil {
		return ScreeningRecord{}, fmt.Errorf("insert screening: %w", err)
	}
	r.Revision = 1
	return r, nil
}

const updateScreening = `
UPDATE screening SET revision = revision + 1, offer = $3, offer_by = $4, offer_time = $5, update_time = $6, error_by = $7,
  error_time = $8, sealed = $9
WHERE screening_id = $1 AND revision = $2`

// UpdateScreening stores what became of a screening. Errors: ErrStale.
func (s *Store) UpdateScreening(tx *sqldb.Tx, r ScreeningRecord) (ScreeningRecord, error) {
	sealed, err := s.sealJSON(sealedScreening{Reason: r.Reason, ErrorReason: r.InError.Reason}, screeningBound(r.ID))
	if err != nil {
		return ScreeningRecord{}, err
	}
	result, err := tx.Exec(updateScreening, r.ID, r.Revision, string(r.Offer), r.OfferBy, sqldb.Micros(r.OfferTime),
		sqldb.Micros(r.UpdateTime), r.InError.By, sqldb.Micros(r.InError.Time), sealed)
	if err != nil {
		return ScreeningRecord{}, fmt.Errorf("update screening: %w", err)
	}
	r.Revision++
	return r, mustChange(result)
}

const screeningColumns = `screening_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, screen_day, need, offer,
  practitioner_id, offer_by, offer_time, create_time, update_time, error_by, error_time, sealed`

const selectScreening = `SELECT ` + screeningColumns + `
FROM screening WHERE screening_id = $1 AND patient_id = $2 AND care_provider_id = $3`

// Screening reads one screening of a patient of the care provider. Errors: ErrNotFound.
func (s *Store) Screening(q sqldb.Querier, careProviderID, patientID, id string) (ScreeningRecord, error) {
	return s.oneScreening(q, selectScreening, careProviderID, patientID, id)
}

// ClaimScreening is Screening for a write.
func (s *Store) ClaimScreening(tx *sqldb.Tx, careProviderID, patientID, id string) (ScreeningRecord, error) {
	return s.oneScreening(tx, selectScreening+tx.Dialect().ForUpdate(), careProviderID, patientID, id)
}

func (s *Store) oneScreening(q sqldb.Querier, query, careProviderID, patientID, id string) (ScreeningRecord, error) {
	rows, err := q.Query(query, id, patientID, careProviderID)
	if err != nil {
		return ScreeningRecord{}, fmt.Errorf("read screening: %w", err)
	}
	return first(collect(rows, s.scanScreening))
}

const listScreenings = `SELECT ` + screeningColumns + `
FROM screening WHERE patient_id = $1 AND care_provider_id = $2 AND (error_time = 0 OR $3)
  AND (create_time, screening_id) < ($4, $5)
ORDER BY create_time DESC, screening_id DESC LIMIT $6`

// Screenings reads a patient's screenings, newest first, at most limit, those after the place when one is given.
func (s *Store) Screenings(q sqldb.Querier, careProviderID, patientID string, inError bool, after Place, limit int) ([]ScreeningRecord, error) {
	time, id := after.bound()
	rows, err := q.Query(listScreenings, patientID, careProviderID, inError, time, id, limit)
	if err != nil {
		return nil, fmt.Errorf("list screenings: %w", err)
	}
	return collect(rows, s.scanScreening)
}

func (s *Store) scanScreening(row scanner) (ScreeningRecord, error) {
	var r ScreeningRecord
	var sealed []byte
	var offered, created, updated, failed int64
	err := row.Scan(&r.ID, &r.Revision, &r.PatientID, &r.CareProviderID, &r.CareUnitID, &r.EpisodeID, &r.Day, &r.Need, &r.Offer,
		&r.By, &r.OfferBy, &offered, &created, &updated, &r.InError.By, &failed, &sealed)
	if err != nil {
		return r, err
	}
	r.OfferTime, r.CreateTime, r.UpdateTime = sqldb.FromMicros(offered), sqldb.FromMicros(created), sqldb.FromMicros(updated)
	r.InError.Time = sqldb.FromMicros(failed)
	var part sealedScreening
	err = s.unsealJSON(sealed, screeningBound(r.ID), &part)
	r.Reason, r.InError.Reason = part.Reason, part.ErrorReason
	return r, err
}

// ScreeningDays reads on which days each of the patients was screened at the care provider, without what is registered in error.
func (s *Store) ScreeningDays(q sqldb.Querier, careProviderID string, patients []string) (map[string][]date.Day, error) {
	days := make(map[string][]date.Day, len(patients))
	if len(patients) == 0 {
		return days, nil
	}
	args := []any{careProviderID}
	for _, patient := range patients {
		args = append(args, patient)
	}
	rows, err := q.Query(`SELECT patient_id, screen_day FROM screening
WHERE care_provider_id = $1 AND error_time = 0 AND patient_id IN (`+sqldb.In(2, len(patients))+`)`, args...)
	if err != nil {
		return nil, fmt.Errorf("read days of screenings: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var patient string
		var day date.Day
		if err := rows.Scan(&patient, &day); err != nil {
			return nil, fmt.Errorf("read days of screenings: %w", err)
		}
		days[patient] = append(days[patient], day)
	}
	return days, rows.Err()
}

// sealJSON seals a part of a row, bound to it.
func (s *Store) sealJSON(part any, bound []byte) ([]byte, error) {
	plain, err := json.Marshal(part)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	sealed, err := s.keys.Seal(plain, bound)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return sealed, nil
}

func (s *Store) unsealJSON(sealed, bound []byte, part any) error {
	plain, err := s.keys.Unseal(sealed, bound)
	if err != nil {
		return fmt.Errorf("open a sealed part: %w", err)
	}
	if err := json.Unmarshal(plain, part); err != nil {
		// The cause quotes what could not be read; it stays inside.
		return fmt.Errorf("open a sealed part: it has another form")
	}
	return nil
}
