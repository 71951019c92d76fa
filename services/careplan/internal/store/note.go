package store

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// sealedNote is what stands encrypted in a note's row. Keys are never renamed.
type sealedNote struct {
	Text        string          `json:"text"`
	Readers     []sealedReader  `json:"readers,omitempty"`
	Openings    []sealedOpening `json:"openings,omitempty"`
	ErrorReason string          `json:"error_reason,omitempty"`
}

type sealedReader struct {
	Practitioner   string    `json:"practitioner,omitempty"`
	Role           string    `json:"role,omitempty"`
	AcknowledgedBy string    `json:"acknowledged_by,omitempty"`
	Time           time.Time `json:"time,omitzero"`
}

type sealedOpening struct {
	Reason       string    `json:"reason"`
	Practitioner string    `json:"practitioner"`
	Time         time.Time `json:"time"`
}

func noteSeal(id string) string { return "note:" + id }

func (s *Store) sealNote(n careplan.Note) (sealed []byte, errorBy string, errorTime int64, err error) {
	part := sealedNote{Text: n.Text}
	for _, r := range n.Readers {
		part.Readers = append(part.Readers, sealedReader(r))
	}
	for _, o := range n.Openings {
		part.Openings = append(part.Openings, sealedOpening(o))
	}
	if m := n.ErrorMark; m != nil {
		part.ErrorReason, errorBy, errorTime = m.Reason, m.Practitioner, sqldb.Micros(m.Time)
	}
	sealed, err = s.seal(noteSeal(n.ID), part)
	return sealed, errorBy, errorTime, err
}

const insertNote = `
INSERT INTO note (note_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id, restricted, unread, author_id,
  error_by, error_time, create_time, update_time, sealed)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`

// InsertNote stores a new note.
func (s *Store) InsertNote(tx *sqldb.Tx, place access.Place, n careplan.Note) error {
	sealed, errorBy, errorTime, err := s.sealNote(n)
	if err != nil {
		return err
	}
	provider, unit := stamp(place)
	result, err := tx.Exec(insertNote, n.ID, n.Revision, n.PatientID, provider, unit, n.EpisodeID, n.Restricted, n.Unread(), n.Author,
		errorBy, errorTime, sqldb.Micros(n.CreateTime), sqldb.Micros(n.UpdateTime), sealed)
	return changed("note", result, err)
}

const updateNote = `
UPDATE note SET revision = $2, unread = $3, error_by = $4, error_time = $5, update_time = $6, sealed = $7
WHERE note_id = $1 AND revision = $2 - 1`

// UpdateNote stores what became of a note. Errors: ErrStale.
func (s *Store) UpdateNote(tx *sqldb.Tx, n careplan.Note) error {
	sealed, errorBy, errorTime, err := s.sealNote(n)
	if err != nil {
		return err
	}
	result, err := tx.Exec(updateNote, n.ID, n.Revision, n.Unread(), errorBy, errorTime, sqldb.Micros(n.UpdateTime), sealed)
	return changed("note", result, err)
}

const noteColumns = `note_id, revision, patient_id, care_episode_id, restricted, author_id, error_by, error_time, create_time, update_time, sealed`

const selectNote = `SELECT ` + noteColumns + ` FROM note WHERE note_id = $1 AND patient_id = $2`

// Note reads a note about the patient. Errors: ErrNotFound.
func (s *Store) Note(q sqldb.Querier, patientID, noteID string) (careplan.Note, error) {
	return one("note", q.QueryRow(selectNote, noteID, patientID), s.scanNote)
}

// ClaimNote is Note for a write: the row stays locked until the transaction ends.
func (s *Store) ClaimNote(tx *sqldb.Tx, patientID, noteID string) (careplan.Note, error) {
	return one("note", tx.QueryRow(selectNote+tx.Dialect().ForUpdate(), noteID, patientID), s.scanNote)
}

// NoteFilter narrows a list; empty fields take all.
type NoteFilter struct {
	EpisodeID string
	Unread    bool // only those that a mandatory reader has yet to read
}

// Notes lists the notes about a patient, newest first, those after the cursor.
func (s *Store) Notes(q sqldb.Querier, patientID string, by NoteFilter, after Cursor, limit int) ([]careplan.Note, error) {
	f := filter{where: `patient_id = $1`, args: []any{patientID}}
	if by.EpisodeID != "" {
		f.and(`care_episode_id = ?`, by.EpisodeID)
	}
	if by.Unread {
		f.and(`unread > 0`)
	}
	tail, err := f.newest("note_id", after, limit)
	if err != nil {
		return nil, err
	}
	rows, err := q.Query(`SELECT `+noteColumns+` FROM note WHERE `+f.where+tail, f.args...)
	return all("notes", rows, err, s.scanNote)
}

// NoteCursor is where a page that ends with n goes on.
func NoteCursor(n careplan.Note) Cursor { return createdCursor(n.CreateTime, n.ID) }

func (s *Store) scanNote(row scanner) (careplan.Note, error) {
	var n careplan.Note
	var errorTime, created, updated int64
	var errorBy string
	var sealed []byte
	err := row.Scan(&n.ID, &n.Revision, &n.PatientID, &n.EpisodeID, &n.Restricted, &n.Author, &errorBy, &errorTime, &created, &updated, &sealed)
	if err != nil {
		return n, err
	}
	var part sealedNote
	if err := s.unseal(noteSeal(n.ID), sealed, &part); err != nil {
		return n, err
	}
	n.Text, n.CreateTime, n.UpdateTime = part.Text, sqldb.FromMicros(created), sqldb.FromMicros(updated)
	for _, r := range part.Readers {
		n.Readers = append(n.Readers, careplan.Reader(r))
	}
	for _, o := range part.Openings {
		n.Openings = append(n.Openings, careplan.Opening(o))
	}
	if errorTime != 0 {
		n.ErrorMark = &careplan.ErrorMark{Reason: part.ErrorReason, Practitioner: errorBy, Time: sqldb.FromMicros(errorTime)}
	}
	return n, nil
}
