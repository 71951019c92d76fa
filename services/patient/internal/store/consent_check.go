package store

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
)

const (
	insertConsentCheck = `INSERT INTO consent_check (consent_check_id, patient_id, care_provider_id, practitioner_id, subject, service, kind, receiver_kind, receiver_id, check_day, items, consented_items, consented, already_asked, consent_id, consents_revision, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	selectConsentChecks = `SELECT consent_check_id, patient_id, practitioner_id, subject, service, kind, receiver_kind, receiver_id, check_day, items, consented_items, consented, already_asked, consent_id, consents_revision, created FROM consent_check WHERE patient_id = $1`
)

// InsertConsentCheck keeps a check for good.
func (s *Store) InsertConsentCheck(tx *sqldb.Tx, providerID string, c patient.ConsentCheck) error {
	var asked, told []patient.Item
	for _, answer := range c.Items {
		asked = append(asked, answer.Item)
		if answer.Consented {
			told = append(told, answer.Item)
		}
	}
	matter := c.Question.Matter
	_, err := tx.Exec(insertConsentCheck, c.ID, c.PatientID, providerID, c.PractitionerID, c.Subject, c.Service,
		string(matter.Kind), string(matter.Receiver.Kind), matter.Receiver.ID, c.Question.Day, joinItems(asked), joinItems(told),
		c.Consented, c.Asked, c.ConsentID, c.Revision, sqldb.Micros(c.Time))
	if err != nil {
		return fmt.Errorf("insert consent check: %w", err)
	}
	return nil
}

// ConsentCheckQuery says which checks of a patient's consents to list.
type ConsentCheckQuery struct {
	PatientID string
	Matter    patient.Matter // of which what is "" takes all
	// AfterTime and AfterID are those of the last check shown; none for the first page.
	AfterTime time.Time
	AfterID   string
	Limit     int
}

// ConsentChecks reads a page of the checks of a patient's consents, newest first.
func (s *Store) ConsentChecks(q sqldb.Querier, query ConsentCheckQuery) ([]patient.ConsentCheck, error) {
	text, args := within(selectConsentChecks, []any{query.PatientID, query.Limit}, query.Matter)
	if query.AfterID != "" {
		args = append(args, sqldb.Micros(query.AfterTime), query.AfterID)
		text += fmt.Sprintf(` AND (created, consent_check_id) < ($%d, $%d)`, len(args)-1, len(args))
	}
	rows, err := q.Query(text+` ORDER BY created DESC, consent_check_id DESC LIMIT $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("read consent checks: %w", err)
	}
	var list []patient.ConsentCheck
	err = each(rows, "read consent checks", func(row *sql.Rows) error {
		c, err := scanConsentCheck(row)
		list = append(list, c)
		return err
	})
	return list, err
}

func scanConsentCheck(row scanner) (patient.ConsentCheck, error) {
	var c patient.ConsentCheck
	var asked, told string
	var created int64
	matter := &c.Question.Matter
	err := row.Scan(&c.ID, &c.PatientID, &c.PractitionerID, &c.Subject, &c.Service, &matter.Kind, &matter.Receiver.Kind, &matter.Receiver.ID,
		&c.Question.Day, &asked, &told, &c.Consented, &c.Asked, &c.ConsentID, &c.Revision, &created)
	c.Time, c.Question.Items = sqldb.FromMicros(created), splitItems(asked)
	yes := splitItems(told)
	for _, item := range c.Question.Items {
		c.Items = append(c.Items, patient.ItemAnswer{Item: item, Consented: slices.Contains(yes, item)})
	}
	return c, err
}
