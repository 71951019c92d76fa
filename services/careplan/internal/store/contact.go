package store

import (
	"fmt"
	"strconv"
	"time"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// sealedContact is what stands encrypted in a contact's row. Keys are never renamed.
type sealedContact struct {
	Summary        string `json:"summary,omitempty"`
	MedicationNote string `json:"medication_note,omitempty"`
	ErrorReason    string `json:"error_reason,omitempty"`
}

func contactSeal(id string) string { return "contact:" + id }

// contactRow is a contact as its columns hold it.
type contactRow struct {
	careplan.Contact
	held        bool
	heldTime    int64
	minutes     int
	adherence   string
	sideEffects bool
	recordedBy  string
	errorBy     string
	errorTime   int64
	sealed      []byte
}

func (s *Store) contactRow(c careplan.Contact) (contactRow, error) {
	row := contactRow{Contact: c}
	var part sealedContact
	if r := c.Result; r != nil {
		row.held, row.heldTime, row.minutes = true, sqldb.Micros(r.HeldTime), r.Minutes
		row.sideEffects, row.recordedBy = r.SideEffectsNoted, r.RecordedBy
		part.Summary = r.Summary
		if r.Medication != nil {
			row.adherence, part.MedicationNote = r.Medication.Adherence, r.Medication.Note
		}
	}
	if m := c.ErrorMark; m != nil {
		row.errorBy, row.errorTime, part.ErrorReason = m.Practitioner, sqldb.Micros(m.Time), m.Reason
	}
	var err error
	row.sealed, err = s.seal(contactSeal(c.ID), part)
	return row, err
}

const insertContact = `
INSERT INTO contact (contact_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, planned_contact_id, kind,
  channel, state, scheduled_time, ordered_time, practitioner_id, unanswered_tries, last_try_time, reschedules, cancel_reason,
  held, held_time, minutes, medication_adherence, side_effects_noted, recorded_by, error_by, error_time, create_time,
  update_time, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28)`

// InsertContact stores a new contact. Errors: ErrTaken when another one is booked for the same minute.
func (s *Store) InsertContact(tx *sqldb.Tx, place access.Place, c careplan.Contact) error {
	row, err := s.contactRow(c)
	if err != nil {
		return err
	}
	provider, unit := stamp(place)
	result, err := tx.Exec(insertContact, c.ID, c.Revision, c.PatientID, provider, unit, c.EpisodeID, c.PlannedContactID, string(c.Kind),
		string(c.Channel), string(c.State), sqldb.Micros(c.ScheduledTime), sqldb.Micros(c.When()), c.Practitioner, c.UnansweredTries,
		sqldb.Micros(c.LastTryTime), c.Reschedules, string(c.CancelReason), row.held, row.heldTime, row.minutes, row.adherence,
		row.sideEffects, row.recordedBy, row.errorBy, row.errorTime, sqldb.Micros(c.CreateTime), sqldb.Micros(c.UpdateTime), row.sealed)
	return changed("contact", result, err)
}

const updateContact = `
UPDATE contact SET revision = $2, channel = $3, state = $4, scheduled_time = $5, ordered_time = $6, practitioner_id = $7,
  unanswered_tries = $8, last_try_time = $9, reschedules = $10, cancel_reason = $11, held = $12, held_time = $13, minutes = $14,
  medication_adherence = $15, side_effects_noted = $16, recorded_by = $17, error_by = $18, error_time = $19, update_time = $20, sealed = $21
WHERE contact_id = $1 AND revision = $2 - 1`

// UpdateContact stores what became of a contact. Errors: ErrStale; ErrTaken when another one is booked for the same minute.
func (s *Store) UpdateContact(tx *sqldb.Tx, c careplan.Contact) error {
	row, err := s.contactRow(c)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updateContact, c.ID, c.Revision, string(c.Channel), string(c.State), sqldb.Micros(c.ScheduledTime),
		sqldb.Micros(c.When()), c.Practitioner, c.UnansweredTries, sqldb.Micros(c.LastTryTime), c.Reschedules, string(c.CancelReason),
		row.held, row.heldTime, row.minutes, row.adherence, row.sideEffects, row.recordedBy, row.errorBy, row.errorTime,
		sqldb.Micros(c.UpdateTime), row.sealed)
	return changed("contact", result, err)
}

const contactColumns = `contact_id, revision, patient_id, care_episode_id, planned_contact_id, kind, channel, state, scheduled_time,
  practitioner_id, unanswered_tries, last_try_time, reschedules, cancel_reason, held, held_time, minutes, medication_adherence,
  side_effects_noted, recorded_by, error_by, error_time, create_time, update_time, sealed`

const selectContact = `SELECT ` + contactColumns + ` FROM contact WHERE contact_id = $1 AND patient_id = $2`

// Contact reads a contact of the patient. Errors: ErrNotFound.
func (s *Store) Contact(q sqldb.Querier, patientID, contactID string) (careplan.Contact, error) {
	return one("contact", q.QueryRow(selectContact, contactID, patientID), s.scanContact)
}

// ClaimContact is Contact for a write: the row stays locked until the transaction ends.
func (s *Store) ClaimContact(tx *sqldb.Tx, patientID, contactID string) (careplan.Contact, error) {
	return one("contact", tx.QueryRow(selectContact+tx.Dialect().ForUpdate(), contactID, patientID), s.scanContact)
}

// ContactFilter narrows a list; empty fields take all.
type ContactFilter struct {
	EpisodeID string
	State     careplan.ContactState
}

// Contacts lists a patient's contacts, the latest first by the time held or booked for, those after the cursor.
func (s *Store) Contacts(q sqldb.Querier, patientID string, by ContactFilter, after Cursor, limit int) ([]careplan.Contact, error) {
	f := filter{where: `patient_id = $1`, args: []any{patientID}}
	if by.EpisodeID != "" {
		f.and(`care_episode_id = ?`, by.EpisodeID)
	}
	if by.State != "" {
		f.and(`state = ?`, string(by.State))
	}
	if after.ID != "" {
		micros, err := strconv.ParseInt(after.Key, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("list contacts: the cursor is no time")
		}
		f.and(`(ordered_time, contact_id) < (?, ?)`, micros, after.ID)
	}
	f.args = append(f.args, limit)
	rows, err := q.Query(`SELECT `+contactColumns+` FROM contact WHERE `+f.where+
		fmt.Sprintf(` ORDER BY ordered_time DESC, contact_id DESC LIMIT $%d`, len(f.args)), f.args...)
	return all("contacts", rows, err, s.scanContact)
}

// ContactCursor is where a page that ends with c goes on.
func ContactCursor(c careplan.Contact) Cursor {
	return Cursor{Key: strconv.FormatInt(sqldb.Micros(c.When()), 10), ID: c.ID}
}

const slotTaken = `SELECT COUNT(*) FROM contact WHERE patient_id = $1 AND scheduled_time = $2 AND state = 'BOOKED' AND contact_id <> $3`

// SlotTaken tells whether another contact with the patient is booked for the minute.
func (s *Store) SlotTaken(q sqldb.Querier, patientID string, at time.Time, except string) (bool, error) {
	var n int
	if err := q.QueryRow(slotTaken, patientID, sqldb.Micros(at), except).Scan(&n); err != nil {
		return false, fmt.Errorf("look for a booking: %w", err)
	}
	return n > 0, nil
}

const openContacts = `SELECT ` + contactColumns + ` FROM contact
WHERE care_episode_id = $1 AND state IN ('BOOKED', 'NOT_ANSWERED') ORDER BY scheduled_time, contact_id`

// OpenContacts lists the contacts of an episode that are still to take place, earliest first.
func (s *Store) OpenContacts(q sqldb.Querier, episodeID string) ([]careplan.Contact, error) {
	rows, err := q.Query(openContacts, episodeID)
	return all("contacts", rows, err, s.scanContact)
}

// ClaimOpenContacts is OpenContacts for a write.
func (s *Store) ClaimOpenContacts(tx *sqldb.Tx, episodeID string) ([]careplan.Contact, error) {
	rows, err := tx.Query(openContacts+tx.Dialect().ForUpdate(), episodeID)
	return all("contacts", rows, err, s.scanContact)
}

const contactHeld = `SELECT COUNT(*) FROM contact WHERE care_episode_id = $1 AND state = 'HELD'`

// ContactHeld tells whether any contact of the episode has been held.
func (s *Store) ContactHeld(q sqldb.Querier, episodeID string) (bool, error) {
	var n int
	if err := q.QueryRow(contactHeld, episodeID).Scan(&n); err != nil {
		return false, fmt.Errorf("look for a contact held: %w", err)
	}
	return n > 0, nil
}

func (s *Store) scanContact(row scanner) (careplan.Contact, error) {
	var c careplan.Contact
	var r contactRow
	var scheduled, tried, created, updated int64
	err := row.Scan(&c.ID, &c.Revision, &c.PatientID, &c.EpisodeID, &c.PlannedContactID, &c.Kind, &c.Channel, &c.State, &scheduled,
		&c.Practitioner, &c.UnansweredTries, &tried, &c.Reschedules, &c.CancelReason, &r.held, &r.heldTime, &r.minutes, &r.adherence,
		&r.sideEffects, &r.recordedBy, &r.errorBy, &r.errorTime, &created, &updated, &r.sealed)
	if err != nil {
		return c, err
	}
	var part sealedContact
	if err := s.unseal(contactSeal(c.ID), r.sealed, &part); err != nil {
		return c, err
	}
	c.ScheduledTime, c.LastTryTime = sqldb.FromMicros(scheduled), sqldb.FromMicros(tried)
	c.CreateTime, c.UpdateTime = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	if r.held {
		c.Result = &careplan.Result{HeldTime: sqldb.FromMicros(r.heldTime), Minutes: r.minutes, Summary: part.Summary,
			SideEffectsNoted: r.sideEffects, RecordedBy: r.recordedBy}
		if r.adherence != "" {
			c.Result.Medication = &careplan.Medication{Adherence: r.adherence, Note: part.MedicationNote}
		}
	}
	if r.errorTime != 0 {
		c.ErrorMark = &careplan.ErrorMark{Reason: part.ErrorReason, Practitioner: r.errorBy, Time: sqldb.FromMicros(r.errorTime)}
	}
	return c, nil
}
