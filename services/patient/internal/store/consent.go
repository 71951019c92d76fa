package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
)

// consentSecrets is what is sealed of a consent.
type consentSecrets struct {
	Note           string     `json:"n,omitempty"`
	WithdrawalNote string     `json:"w,omitempty"`
	WithdrawnBy    string     `json:"b,omitempty"`
	Error          *errorMark `json:"e,omitempty"`
}

const (
	insertConsent = `INSERT INTO consent (consent_id, patient_id, care_provider_id, kind, receiver_kind, receiver_id, items, state, granted, start_day, end_day, form, practitioner_id, ended, sealed, revision, created, updated)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`
	updateConsent = `UPDATE consent SET revision = $3, state = $4, ended = $5, sealed = $6, updated = $7 WHERE consent_id = $1 AND revision = $2`
	selectConsent = `SELECT consent_id, patient_id, care_provider_id, kind, receiver_kind, receiver_id, items, state, granted, start_day, end_day, form, practitioner_id, ended, sealed, revision, created, updated FROM consent `
)

// InsertConsent adds what a patient has said. What was said before must have been replaced.
func (s *Store) InsertConsent(tx *sqldb.Tx, providerID string, c patient.Consent) error {
	sealed, err := s.sealConsent(providerID, c)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertConsent, c.ID, c.PatientID, providerID, string(c.Kind), string(c.Receiver.Kind), c.Receiver.ID, joinItems(c.Items),
		string(c.State), c.Yes, c.Start, c.End, c.Form, c.PractitionerID, sqldb.Micros(c.EndTime), sealed, c.Revision, sqldb.Micros(c.Created), sqldb.Micros(c.Updated))
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
	return s.seal(consentSecrets{Note: c.Note, WithdrawalNote: c.WithdrawalNote, WithdrawnBy: c.WithdrawnBy, Error: packMark(c.Error)}, "consent", providerID, c.ID)
}

// Consent reads a consent of a patient.
func (s *Store) Consent(q sqldb.Querier, patientID, id string) (patient.Consent, error) {
	c, err := s.scanConsent(q.QueryRow(selectConsent+`WHERE consent_id = $1 AND patient_id = $2`, id, patientID))
	return c, found(err, "read consent")
}

const standing = selectConsent + `WHERE patient_id = $1 AND kind = $2 AND receiver_kind = $3 AND receiver_id = $4 AND state IN ('GRANTED', 'DECLINED')`

// Standing reads what a patient has said last in a matter; false when nothing stands.
func (s *Store) Standing(q sqldb.Querier, patientID string, m patient.Matter) (patient.Consent, bool, error) {
	c, err := s.scanConsent(q.QueryRow(standing, patientID, string(m.Kind), string(m.Receiver.Kind), m.Receiver.ID))
	if errors.Is(err, sql.ErrNoRows) {
		return patient.Consent{}, false, nil
	}
	if err != nil {
		return patient.Consent{}, false, fmt.Errorf("read the standing consent: %w", err)
	}
	return c, true, nil
}

// Said reads everything that a patient has ever said of consents, newest first, as it stood at one instant: one statement reads
// the answers and what their revision is made of. It is a handful: nobody is nagged.
func (s *Store) Said(q sqldb.Querier, patientID string) ([]patient.Consent, error) {
	return s.consents(q, selectConsent+`WHERE patient_id = $1 ORDER BY created DESC, consent_id DESC`, patientID)
}

const consentsRevision = `SELECT CAST(COALESCE(SUM(revision), 0) AS BIGINT) FROM consent WHERE patient_id = $1`

// ConsentsRevision is the revision of all of a patient's consents together, as patient.ConsentsRevision counts it.
func (s *Store) ConsentsRevision(q sqldb.Querier, patientID string) (int64, error) {
	var revision int64
	err := q.QueryRow(consentsRevision, patientID).Scan(&revision)
	return revision, found(err, "read the revision of consents")
}

// ConsentQuery says which consents of a patient to list.
type ConsentQuery struct {
	PatientID string
	Matter    patient.Matter // of which what is "" takes all
	// AfterTime and AfterID are those of the last consent shown; none for the first page.
	AfterTime time.Time
	AfterID   string
	Limit     int
}

// Consents reads a page of a patient's consents by when they were recorded, newest first.
func (s *Store) Consents(q sqldb.Querier, query ConsentQuery) ([]patient.Consent, error) {
	text, args := selectConsent+`WHERE patient_id = $1`, []any{query.PatientID, query.Limit}
	text, args = within(text, args, query.Matter)
	if query.AfterID != "" {
		args = append(args, sqldb.Micros(query.AfterTime), query.AfterID)
		text += fmt.Sprintf(` AND (created, consent_id) < ($%d, $%d)`, len(args)-1, len(args))
	}
	return s.consents(q, text+` ORDER BY created DESC, consent_id DESC LIMIT $2`, args...)
}

// within narrows a query to a matter, of which what is "" takes all.
func within(text string, args []any, m patient.Matter) (string, []any) {
	for _, column := range []struct{ name, value string }{
		{"kind", string(m.Kind)}, {"receiver_kind", string(m.Receiver.Kind)}, {"receiver_id", m.Receiver.ID},
	} {
		if column.value != "" {
			args = append(args, column.value)
			text += fmt.Sprintf(` AND %s = $%d`, column.name, len(args))
		}
	}
	return text, args
}

func joinItems(items []patient.Item) string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = string(item)
	}
	return strings.Join(names, ",")
}

func splitItems(text string) []patient.Item {
	if text == "" {
		return nil
	}
	var items []patient.Item
	for name := range strings.SplitSeq(text, ",") {
		items = append(items, patient.Item(name))
	}
	return items
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
	var providerID, items string
	var sealed []byte
	var ended, created, updated int64
	if err := row.Scan(&c.ID, &c.PatientID, &providerID, &c.Kind, &c.Receiver.Kind, &c.Receiver.ID, &items, &c.State, &c.Yes, &c.Start, &c.End, &c.Form,
		&c.PractitionerID, &ended, &sealed, &c.Revision, &created, &updated); err != nil {
		return c, err
	}
	var secrets consentSecrets
	if err := s.open(sealed, &secrets, "consent", providerID, c.ID); err != nil {
		return c, err
	}
	c.Items = splitItems(items)
	c.Note, c.WithdrawalNote, c.WithdrawnBy, c.Error = secrets.Note, secrets.WithdrawalNote, secrets.WithdrawnBy, secrets.Error.unpack()
	c.EndTime, c.Created, c.Updated = sqldb.FromMicros(ended), sqldb.FromMicros(created), sqldb.FromMicros(updated)
	return c, nil
}
