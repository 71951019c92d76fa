package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
)

// consentSecrets is what is sealed of a consent.
type consentSecrets struct {
	Note           string     `json:"n,omitempty"`
	WithdrawalNote string     `json:"w,omitempty"`
	Error          *errorMark `json:"e,omitempty"`
}

const (
	insertConsent = `INSERT INTO consent (consent_id, patient_id, care_provider_id, kind, state, granted, start_day, end_day, form, practitioner_id, ended, sealed, revision, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	updateConsent = `UPDATE consent SET revision = $3, state = $4, ended = $5, sealed = $6, updated = $7 WHERE consent_id = $1 AND revision = $2`
	selectConsent = `SELECT consent_id, patient_id, care_provider_id, kind, state, granted, start_day, end_day, form, practitioner_id, ended, sealed, revision, created, updated FROM consent `
)

// InsertConsent adds what a patient has said. What was said before must have been replaced.
func (s *Store) InsertConsent(tx *sqldb.Tx, providerID string, c patient.Consent) error {
	sealed, err := s.sealConsent(providerID, c)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertConsent, c.ID, c.PatientID, providerID, string(c.Kind), string(c.State), c.Yes, c.Start, c.End, c.Form, c.PractitionerID,
		sqldb.Micros(c.EndTime), sealed, c.Revision, sqldb.Micros(c.Created), sqldb.Micros(c.Updated))
	if err != nil {
		return fmt.Errorf("insert consent: %w", err)
	}
	return nil
}

// UpdateConsent writes the next revision of a consent; ErrStale when it is not next.
func (s *Store) UpdateConsent(tx *sqldb.Tx, providerID string, c patient.Consent) error {
	sealed, err := s.sealConsent(providerID, c)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updateConsent, c.ID, c.Revision-1, c.Revision, string(c.State), sqldb.Micros(c.EndTime), sealed, sqldb.Micros(c.Updated))
	return one(result, err, "update consent", ErrStale)
}

func (s *Store) sealConsent(providerID string, c patient.Consent) ([]byte, error) {
	return s.seal(consentSecrets{Note: c.Note, WithdrawalNote: c.WithdrawalNote, Error: packMark(c.Error)}, "consent", providerID, c.ID)
}

// Consent reads a consent of a patient.
func (s *Store) Consent(q sqldb.Querier, patientID, id string) (patient.Consent, error) {
	c, err := s.scanConsent(q.QueryRow(selectConsent+`WHERE consent_id = $1 AND patient_id = $2`, id, patientID))
	return c, found(err, "read consent")
}

// Standing reads what a patient has said last about something; false when nothing stands.
func (s *Store) Standing(q sqldb.Querier, patientID string, kind patient.ConsentKind) (patient.Consent, bool, error) {
	c, err := s.scanConsent(q.QueryRow(selectConsent+`WHERE patient_id = $1 AND kind = $2 AND state IN ('GRANTED', 'DECLINED')`, patientID, string(kind)))
	if errors.Is(err, sql.ErrNoRows) {
		return patient.Consent{}, false, nil
	}
	if err != nil {
		return patient.Consent{}, false, fmt.Errorf("read the standing consent: %w", err)
	}
	return c, true, nil
}

// Said reads everything that a patient has said about something, newest first. It is a handful: nobody is nagged.
func (s *Store) Said(q sqldb.Querier, patientID string, kind patient.ConsentKind) ([]patient.Consent, error) {
	return s.consents(q, selectConsent+`WHERE patient_id = $1 AND kind = $2 ORDER BY created DESC, consent_id DESC`, patientID, string(kind))
}

// ConsentQuery says which consents of a patient to list.
type ConsentQuery struct {
	PatientID string
	Kind      patient.ConsentKind // "" takes all
	// AfterTime and AfterID are those of the last consent shown; none for the first page.
	AfterTime time.Time
	AfterID   string
	Limit     int
}

// Consents reads a page of a patient's consents by when they were recorded, newest first.
func (s *Store) Consents(q sqldb.Querier, query ConsentQuery) ([]patient.Consent, error) {
	text, args := selectConsent+`WHERE patient_id = $1`, []any{query.PatientID, query.Limit}
	if query.Kind != "" {
		args = append(args, string(query.Kind))
		text += fmt.Sprintf(` AND kind = $%d`, len(args))
	}
	if query.AfterID != "" {
		args = append(args, sqldb.Micros(query.AfterTime), query.AfterID)
		text += fmt.Sprintf(` AND (created, consent_id) < ($%d, $%d)`, len(args)-1, len(args))
	}
	return s.consents(q, text+` ORDER BY created DESC, consent_id DESC LIMIT $2`, args...)
}

func (s *Store) consents(q sqldb.Querier, text string, args ...any) ([]patient.Consent, error) {
	rows, err := q.Query(text, args...)
	if err != nil {
		return nil, fmt.Errorf("read consents: %w", err)
	}
	var list []patient.Consent
	err = each(rows, "read consents", func(row *sql.Rows) error {
		c, err := s.scanConsent(row)
		list = append(list, c)
		return err
	})
	return list, err
}

func (s *Store) scanConsent(row scanner) (patient.Consent, error) {
	var c patient.Consent
	var providerID string
	var sealed []byte
	var ended, created, updated int64
	if err := row.Scan(&c.ID, &c.PatientID, &providerID, &c.Kind, &c.State, &c.Yes, &c.Start, &c.End, &c.Form, &c.PractitionerID, &ended, &sealed,
		&c.Revision, &created, &updated); err != nil {
		return c, err
	}
	var secrets consentSecrets
	if err := s.open(sealed, &secrets, "consent", providerID, c.ID); err != nil {
		return c, err
	}
	c.Note, c.WithdrawalNote, c.Error = secrets.Note, secrets.WithdrawalNote, secrets.Error.unpack()
	c.EndTime, c.Created, c.Updated = sqldb.FromMicros(ended), sqldb.FromMicros(created), sqldb.FromMicros(updated)
	return c, nil
}
