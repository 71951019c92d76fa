package careplan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Person is somebody who reads: who it is, and the roles held at the patient's unit, spelled as in the contract.
type Person struct {
	Practitioner string // empty for a system
	Roles        []string
}

// Reader is one who must read a note: a practitioner or, failing that, whoever has a role.
type Reader struct {
	Practitioner   string
	Role           string // spelled as in the contract
	AcknowledgedBy string
	Time           time.Time
}

// Opening says that a restricted note was opened by somebody for whom it is not.
type Opening struct {
	Reason       string
	Practitioner string
	Time         time.Time
}

// Note is what a member of the team tells the others.
type Note struct {
	ID         string
	PatientID  string
	EpisodeID  string // empty outside an episode
	Text       string
	Restricted bool
	Readers    []Reader
	Author     string
	Openings   []Opening // oldest first
	ErrorMark  *ErrorMark
	Revision   int64
	CreateTime time.Time
	UpdateTime time.Time
}

// NewNote writes a note. Violations have the fields of the note.
func NewNote(n Note, now time.Time) (Note, error) {
	var violations []Violation
	if n.Text = strings.TrimSpace(n.Text); n.Text == "" {
		violations = append(violations, Violation{"text", FieldRequired, "is required"})
	}
	seen := map[Reader]bool{}
	for i, r := range n.Readers {
		r = Reader{Practitioner: r.Practitioner, Role: r.Role}
		wrong := ""
		switch {
		case (r.Practitioner == "") == (r.Role == ""):
			wrong = "must name either a practitioner or a role"
		case r.Practitioner != "" && r.Practitioner == n.Author:
			wrong = "must not be the author"
		case seen[r]:
			wrong = "is named twice"
		default:
		}
		if wrong != "" {
			violations = append(violations, Violation{fmt.Sprintf("mandatory_readers[%d]", i), ReaderInvalid, wrong})
		}
		seen[r] = true
	}
	n.CreateTime, n.UpdateTime, n.Revision = now, now, 1
	return n, invalid(violations)
}

// For tells whether the note's content is for somebody: a restricted one is for its author and those who must read it.
func (n Note) For(p Person) bool {
	return !n.Restricted || n.by(p) || slices.ContainsFunc(n.Readers, func(r Reader) bool { return n.reads(r, p) })
}

func (n Note) by(p Person) bool { return p.Practitioner != "" && p.Practitioner == n.Author }

// reads tells whether somebody is a mandatory reader. The author has written it, and so never reads it for a role.
func (n Note) reads(r Reader, p Person) bool {
	if p.Practitioner == "" || n.by(p) {
		return false
	}
	return r.Practitioner == p.Practitioner || r.Role != "" && slices.Contains(p.Roles, r.Role)
}

// Acknowledge keeps that somebody has read the note: by name, and for each role held that nobody has read it for.
func (n Note) Acknowledge(p Person, now time.Time) (Note, error) {
	if n.ErrorMark != nil {
		return n, n.inError()
	}
	named := false
	readers := slices.Clone(n.Readers)
	read := false
	for i, r := range readers {
		if !n.reads(r, p) {
			continue
		}
		named = true
		if r.AcknowledgedBy == "" {
			readers[i].AcknowledgedBy, readers[i].Time, read = p.Practitioner, now, true
		}
	}
	switch {
	case !named:
		return n, &DeniedError{ReaderRequired, "only those who must read the note confirm having read it"}
	case !read:
		return n, &StateError{NoteAcknowledged, "it has been confirmed already that the note was read", "ACKNOWLEDGED", nil}
	}
	n.Readers = readers
	return n.touched(now), nil
}

// Open shows a restricted note to somebody for whom it is not, who says why.
func (n Note) Open(p Person, reason string, now time.Time) (Note, error) {
	if n.For(p) {
		return n, &StateError{NoteNotWithheld, "the note is not withheld from you; read it", "SHOWN", nil}
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return n, invalid([]Violation{{"reason", FieldRequired, "is required"}})
	}
	n.Openings = append(slices.Clone(n.Openings), Opening{Reason: reason, Practitioner: p.Practitioner, Time: now})
	return n.touched(now), nil
}

// RegisterInError withdraws the note, by somebody for whom it is. Nobody must read it any longer.
func (n Note) RegisterInError(p Person, mark ErrorMark, now time.Time) (Note, error) {
	if !n.For(p) {
		return n, &DeniedError{NoteWithheld, "the note is restricted; its author and those who must read it can withdraw it"}
	}
	if n.ErrorMark != nil {
		return n, n.inError()
	}
	n.ErrorMark = &mark
	return n.touched(now), nil
}

// Unread is how many mandatory readers have yet to say that they have read it.
func (n Note) Unread() int {
	if n.ErrorMark != nil {
		return 0
	}
	unread := 0
	for _, r := range n.Readers {
		if r.AcknowledgedBy == "" {
			unread++
		}
	}
	return unread
}

func (n Note) inError() error {
	return &StateError{NoteInError, "the note has been registered in error", "REGISTERED_IN_ERROR", nil}
}

func (n Note) touched(now time.Time) Note {
	n.Revision++
	n.UpdateTime = now
	return n
}
