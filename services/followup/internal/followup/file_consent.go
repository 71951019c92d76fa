package followup

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Consent is the patient's consent to coordination.
type Consent struct {
	Told
	Granted bool      `json:"granted"`
	Start   date.Day  `json:"start"`
	End     date.Day  `json:"end"`             // no day while open-ended
	Given   time.Time `json:"given,omitzero"`  // of the event since which it is, or was, granted
	Ceased  time.Time `json:"ceased,omitzero"` // of the event since which it is not granted any more
}

// EmployerConsent is what the patient has said to an employer being contacted.
type EmployerConsent struct {
	Told
	Receiver string   `json:"receiver,omitempty"` // the employer
	Granted  bool     `json:"granted"`
	Declined bool     `json:"declined"` // or taken back
	Start    date.Day `json:"start"`
	End      date.Day `json:"end"` // no day while open-ended
	// Refused is of the event by which the patient said no, also when something else has been said since.
	Refused time.Time `json:"refused,omitzero"`
}

// SeeConsent enters what was told about a consent to coordination.
func (f *File) SeeConsent(seen Consent) {
	old := f.Consents[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	seen.Given, seen.Ceased = time.Time{}, time.Time{}
	if old != nil {
		seen.Given, seen.Ceased = old.given(), old.Ceased
	}
	switch {
	case seen.Granted && (seen.Given.IsZero() || !seen.Ceased.IsZero()):
		seen.Given, seen.Ceased = seen.Time, time.Time{}
	case !seen.Granted && !seen.Given.IsZero() && seen.Ceased.IsZero():
		seen.Ceased = seen.Time
	}
	f.Consents[seen.ID] = &seen
}

// given is since when it is, or was, granted; what was told before that was noted counts from when it was told.
func (c *Consent) given() time.Time {
	if c.Granted && c.Given.IsZero() {
		return c.Time
	}
	return c.Given
}

// stoodAt tells whether it covered an instant, by what the patient had said until then.
func (c *Consent) stoodAt(t time.Time) bool {
	given, day := c.given(), date.Of(t)
	said := !given.IsZero() && !given.After(t) && (c.Ceased.IsZero() || c.Ceased.After(t))
	return said && c.Start <= day && (c.End.IsZero() || day <= c.End)
}

// SeeEmployerConsent enters what was told about a consent that an employer is contacted.
func (f *File) SeeEmployerConsent(seen EmployerConsent) {
	old := f.EmployerConsents[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	seen.Refused = time.Time{}
	if old != nil {
		seen.Refused = old.refused()
	}
	if seen.Declined && (old == nil || !old.Declined) {
		seen.Refused = seen.Time
	}
	f.EmployerConsents[seen.ID] = &seen
}

// refused is when the patient said no; what was told before that was noted counts from when it was told.
func (c *EmployerConsent) refused() time.Time {
	if c.Declined && c.Refused.IsZero() {
		return c.Time
	}
	return c.Refused
}

// covers tells whether the patient consents on a day to an employer being contacted.
func (c *EmployerConsent) covers(day date.Day) bool {
	return c.Granted && c.Start <= day && (c.End.IsZero() || day <= c.End)
}
