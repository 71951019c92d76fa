package sickleave

import (
	"fmt"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Limits of what Compute takes.
const (
	MaxCertificates          = 1000
	MaxPeriodsPerCertificate = 100 // stored and imported ones; a draft holds MaxPeriods
	MaxGapDays               = 90
	MaxRecentlyEndedDays     = 90
	DefaultGapDays           = 5
)

// Rules are the choices under which cases are computed.
type Rules struct {
	// AsOf is the day on which the patient is seen. Without it no day is
	// looked at: see Result.
	AsOf date.Day
	// MaxGapDays is how many free days may lie between two certificates of one
	// case, 0 to 90. DefaultGapDays is what users expect.
	MaxGapDays int
	// RecentlyEndedDays keeps a patient listed for so many days after the last
	// day of a certificate, 0 (not at all) to 90.
	RecentlyEndedDays int
	// Window limits GrossDays and NetDays to its days. The zero span does not.
	Window date.Span
}

func checkInput(certificates []Certificate, rules Rules) error {
	var v Violations
	v.rules(rules)
	if len(certificates) > MaxCertificates {
		v.add("certificates", ReasonTooManyCertificates, fmt.Sprintf("at most %d certificates are taken", MaxCertificates))
		return v.err()
	}
	seen := make(map[string]bool, len(certificates))
	for i, c := range certificates {
		field := fmt.Sprintf("certificates[%d]", i)
		switch {
		case c.ID == "":
			v.add(field+".certificate_id", ReasonIDMissing, "each certificate needs an id")
		case seen[c.ID]:
			v.add(field+".certificate_id", ReasonIDDuplicate, "another certificate in the list has the same id")
		}
		seen[c.ID] = true
		v.computed(field, c)
	}
	return v.err()
}

func (v *Violations) rules(r Rules) {
	if !r.AsOf.IsZero() {
		v.day("as_of_date", r.AsOf)
	}
	v.between("max_gap_days", r.MaxGapDays, 0, MaxGapDays)
	v.between("recently_ended_days", r.RecentlyEndedDays, 0, MaxRecentlyEndedDays)
	if r.Window.IsZero() {
		return
	}
	startSound := v.day("window.start_date", r.Window.Start)
	switch {
	case startSound && r.Window.End < r.Window.Start:
		v.add("window.days", ReasonWindowEmpty, "the window must hold at least one day")
	case startSound:
		v.day("window.days", r.Window.End)
	}
}

// computed checks one certificate that Compute is given. Drafts and what was
// registered in error never count, so that their contents do not matter.
func (v *Violations) computed(field string, c Certificate) {
	switch c.State {
	case Draft, RegisteredInError:
		return
	case Signed, Revoked:
	default:
		v.add(field+".status", ReasonStateUnknown, "must be SIGNED or REVOKED")
	}
	if !c.SignTime.IsZero() && !date.Of(c.SignTime).InRange() {
		v.add(field+".sign_time", ReasonDateOutOfRange, "the year must be between 1900 and 2200")
	}
	v.relatesToItself(field+".", c)
	switch {
	case len(c.Periods) == 0:
		v.add(field+".periods", ReasonNoPeriod, "a certificate needs at least one period")
	case len(c.Periods) > MaxPeriodsPerCertificate:
		v.add(field+".periods", ReasonTooManyPeriods, fmt.Sprintf("at most %d periods are taken", MaxPeriodsPerCertificate))
		return
	}
	for i, p := range c.Periods {
		v.period(fmt.Sprintf("%s.periods[%d]", field, i), p)
	}
}
