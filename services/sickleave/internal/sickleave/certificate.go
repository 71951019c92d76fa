package sickleave

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// State is where a certificate is in its life; the texts are stored and shown.
type State string

// The states of a certificate; the package text shows the ways between them.
const (
	Draft             State = "DRAFT"
	Signed            State = "SIGNED"
	Revoked           State = "REVOKED"
	RegisteredInError State = "REGISTERED_IN_ERROR"
)

// Certificate is a medical certificate for sickness benefit: who it is for,
// what it says, and what has become of it. All instants are UTC in whole
// microseconds. Values are copied, never changed in place; the slices of a
// certificate must not be written to.
type Certificate struct {
	ID         string
	PatientID  string
	CareUnitID string // the unit that issues it
	EpisodeID  string // the care episode it belongs to; may be ""
	State      State
	Content

	// At most one of these names another certificate of the same patient.
	ReplacesID    string // corrects that one, which no longer counts
	ComplementsID string // answers the Agency's question on that one, which no longer counts
	RenewsID      string // goes on where that one ends; both count

	CreateTime time.Time
	CreatedBy  string // practitioner

	SignTime time.Time
	SignedBy string // practitioner

	RevokeTime   time.Time
	RevokedBy    string
	RevokeReason string

	ErrorTime   time.Time // when it was registered in error
	ErrorBy     string
	ErrorReason string

	Prefills      []Prefill // where the fields that DraftExtension filled in come from
	ChangedFields []string  // fields that say something else than the certificate renewed, as the contract spells them

	Revision int64 // moved on by the store with every write
}

// Span returns the first to the last day of the certificate, the zero span
// when it has no periods. Days in it may be free.
func (c Certificate) Span() date.Span { return spanOf(c.Periods) }

// DegreeOn returns the degree in percent on a day: that of the first listed
// period that covers it, 0 when none does.
func (c Certificate) DegreeOn(day date.Day) int { return degreeOn(c.Periods, day) }

// degrees returns the degrees in order of start.
func (c Certificate) degrees() []int {
	periods := slices.Clone(c.Periods)
	slices.SortStableFunc(periods, func(a, b Period) int { return a.Start.Compare(b.Start) })
	degrees := make([]int, len(periods))
	for i, p := range periods {
		degrees[i] = p.Degree
	}
	return degrees
}

func (v *Violations) relatesToItself(prefix string, c Certificate) {
	const message = "a certificate cannot refer to itself"
	if c.ID == "" {
		return
	}
	if c.ReplacesID == c.ID {
		v.add(prefix+"replaces_certificate_id", ReasonRelationToItself, message)
	}
	if c.ComplementsID == c.ID {
		v.add(prefix+"complements_certificate_id", ReasonRelationToItself, message)
	}
	if c.RenewsID == c.ID {
		v.add(prefix+"renews_certificate_id", ReasonRelationToItself, message)
	}
}
