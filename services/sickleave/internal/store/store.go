// Package store keeps certificates in SQL, one text for both engines. Sick-leave cases are not stored: they are computed from
// certificates whenever they are asked for.
//
// What a certificate says about a person's health in words or codes is sealed with the installation's keys and the
// certificate's id, so that a database file shows days and degrees only, and a sealed value moved to another row does not open.
package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

var (
	// ErrNotFound says that the patient has no such certificate.
	ErrNotFound = errors.New("store: no such certificate of the patient")
	// ErrStale says that the certificate was changed since it was read.
	ErrStale = errors.New("store: the certificate has another revision")
)

// Store reads and writes certificates. It is safe for concurrent use.
type Store struct {
	keys *crypt.Keys
}

// New returns a store that seals with keys.
func New(keys *crypt.Keys) *Store { return &Store{keys: keys} }

// Record is a certificate as it is stored.
type Record struct {
	sickleave.Certificate
	CareProviderID string
	UpdateTime     time.Time // of the last write; UTC, whole microseconds
}

const insertCertificate = `
INSERT INTO certificate (certificate_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, state, start_day,
  end_day, replaces_id, complements_id, renews_id, created_by, create_time, update_time, signed_by, sign_time, revoked_by,
  revoke_time, error_by, error_time, sealed)
VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`

// Insert stores a new certificate as revision 1 and returns it so.
func (s *Store) Insert(tx *sqldb.Tx, r Record) (Record, error) {
	sealed, err := s.seal(r.Certificate)
	if err != nil {
		return Record{}, err
	}
	span := r.Span()
	_, err = tx.Exec(insertCertificate, r.ID, r.PatientID, r.CareProviderID, r.CareUnitID, r.EpisodeID, string(r.State),
		span.Start, span.End, r.ReplacesID, r.ComplementsID, r.RenewsID, r.CreatedBy, sqldb.Micros(r.CreateTime),
		sqldb.Micros(r.UpdateTime), r.SignedBy, sqldb.Micros(r.SignTime), r.RevokedBy, sqldb.Micros(r.RevokeTime),
		r.ErrorBy, sqldb.Micros(r.ErrorTime), sealed)
	if err != nil {
		return Record{}, fmt.Errorf("insert certificate: %w", err)
	}
	r.Revision = 1
	return r, insertPeriods(tx, r)
}

const updateCertificate = `
UPDATE certificate SET revision = revision + 1, state = $3, start_day = $4, end_day = $5, update_time = $6, signed_by = $7,
  sign_time = $8, revoked_by = $9, revoke_time = $10, error_by = $11, error_time = $12, sealed = $13
WHERE certificate_id = $1 AND revision = $2`

const deletePeriods = `DELETE FROM certificate_period WHERE certificate_id = $1`

// Update stores what became of a certificate whose Revision is the one that was read, and returns it with the next. When
// another write came between, it is ErrStale.
func (s *Store) Update(tx *sqldb.Tx, r Record) (Record, error) {
	sealed, err := s.seal(r.Certificate)
	if err != nil {
		return Record{}, err
	}
	span := r.Span()
	result, err := tx.Exec(updateCertificate, r.ID, r.Revision, string(r.State), span.Start, span.End,
		sqldb.Micros(r.UpdateTime), r.SignedBy, sqldb.Micros(r.SignTime), r.RevokedBy, sqldb.Micros(r.RevokeTime),
		r.ErrorBy, sqldb.Micros(r.ErrorTime), sealed)
	if err != nil {
		return Record{}, fmt.Errorf("update certificate: %w", err)
	}
	if changed, err := result.RowsAffected(); err != nil {
		return Record{}, fmt.Errorf("update certificate: %w", err)
	} else if changed == 0 {
		return Record{}, ErrStale
	}
	r.Revision++
	if _, err := tx.Exec(deletePeriods, r.ID); err != nil {
		return Record{}, fmt.Errorf("replace periods: %w", err)
	}
	return r, insertPeriods(tx, r)
}

const insertPeriod = `
INSERT INTO certificate_period (certificate_id, place, start_day, end_day, degree) VALUES ($1, $2, $3, $4, $5)`

func insertPeriods(tx *sqldb.Tx, r Record) error {
	for place, p := range r.Periods {
		if _, err := tx.Exec(insertPeriod, r.ID, place, p.Start, p.End, p.Degree); err != nil {
			return fmt.Errorf("insert period: %w", err)
		}
	}
	return nil
}

const columns = `certificate_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, state, replaces_id,
  complements_id, renews_id, created_by, create_time, update_time, signed_by, sign_time, revoked_by, revoke_time, error_by,
  error_time, sealed`

const selectCertificate = `SELECT ` + columns + `
FROM certificate WHERE certificate_id = $1 AND patient_id = $2 AND care_provider_id = $3`

// Certificate reads one certificate of a patient of the care provider, in whole. Errors: ErrNotFound.
func (s *Store) Certificate(q sqldb.Querier, careProviderID, patientID, certificateID string) (Record, error) {
	return s.one(q, selectCertificate, careProviderID, patientID, certificateID)
}

// Claim is Certificate for a write: the row stays locked until the transaction ends, so that of two writers the second sees
// what the first has done and is told so, on both engines alike.
func (s *Store) Claim(tx *sqldb.Tx, careProviderID, patientID, certificateID string) (Record, error) {
	return s.one(tx, selectCertificate+tx.Dialect().ForUpdate(), careProviderID, patientID, certificateID)
}

func (s *Store) one(q sqldb.Querier, query, careProviderID, patientID, certificateID string) (Record, error) {
	r, sealed, err := scanRecord(q.QueryRow(query, certificateID, patientID, careProviderID))
	if errors.Is(err, sql.ErrNoRows) {
		return Record{}, ErrNotFound
	}
	if err != nil {
		return Record{}, fmt.Errorf("read certificate: %w", err)
	}
	records := []Record{r}
	if err := readPeriods(q, records); err != nil {
		return Record{}, err
	}
	if err := s.unseal(&records[0].Certificate, sealed); err != nil {
		return Record{}, err
	}
	return records[0], nil
}

func scanRecord(row interface{ Scan(...any) error }) (Record, []byte, error) {
	var r Record
	var sealed []byte
	var created, updated, signed, revoked, failed int64
	err := row.Scan(&r.ID, &r.Revision, &r.PatientID, &r.CareProviderID, &r.CareUnitID, &r.EpisodeID, &r.State, &r.ReplacesID,
		&r.ComplementsID, &r.RenewsID, &r.CreatedBy, &created, &updated, &r.SignedBy, &signed, &r.RevokedBy, &revoked,
		&r.ErrorBy, &failed, &sealed)
	r.CreateTime, r.UpdateTime, r.SignTime = sqldb.FromMicros(created), sqldb.FromMicros(updated), sqldb.FromMicros(signed)
	r.RevokeTime, r.ErrorTime = sqldb.FromMicros(revoked), sqldb.FromMicros(failed)
	return r, sealed, err
}

// readPeriods fills in the periods of the records.
func readPeriods(q sqldb.Querier, records []Record) error {
	byID := make(map[string]*Record, len(records))
	ids := make([]any, 0, len(records))
	for i := range records {
		byID[records[i].ID] = &records[i]
		ids = append(ids, records[i].ID)
	}
	if len(ids) == 0 {
		return nil
	}
	rows, err := q.Query(`SELECT certificate_id, start_day, end_day, degree FROM certificate_period
WHERE certificate_id IN (`+sqldb.In(1, len(ids))+`) ORDER BY certificate_id, place`, ids...)
	if err != nil {
		return fmt.Errorf("read periods: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var p sickleave.Period
		if err := rows.Scan(&id, &p.Start, &p.End, &p.Degree); err != nil {
			return fmt.Errorf("read periods: %w", err)
		}
		byID[id].Periods = append(byID[id].Periods, p)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read periods: %w", err)
	}
	return nil
}
