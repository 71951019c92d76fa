package patient

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// ConsentKind is what a consent is about, spelled as in the API.
type ConsentKind string

// The kinds of consent. Neither implies the other.
const (
	Coordination ConsentKind = "COORDINATION" // to coordination itself (act 2019:1297)
	Information  ConsentKind = "INFORMATION"  // to a receiver being told items of information, each by name
)

// ConsentEnds is the kind of the timer that fires when a consent to coordination has run out: key is the patient, stamp the
// consent's last day.
const ConsentEnds = "consent_ends"

// ConsentState is the state of a consent, spelled as in the API.
type ConsentState string

// The states of a consent. What is Granted or Declined is what the patient said last.
const (
	Granted        ConsentState = "GRANTED"
	ConsentDecline ConsentState = "DECLINED"
	Withdrawn      ConsentState = "WITHDRAWN"
	ConsentInError ConsentState = "REGISTERED_IN_ERROR"
	Replaced       ConsentState = "REPLACED"
)

// Consent is what the patient has said to something that needs a consent.
type Consent struct {
	ID, PatientID    string
	Kind             ConsentKind
	Receiver         Receiver // of information
	Items            []Item   // that the receiver may be told: these and nothing else
	State            ConsentState
	Yes              bool // whether the patient consented, whatever has become of it since
	Revision         int64
	Start, End       date.Day // inclusive; no End while open-ended
	Form             string   // ORAL, WRITTEN, DIGITAL
	Note             string
	PractitionerID   string    // who recorded it
	WithdrawnBy      string    // who recorded the withdrawal
	EndTime          time.Time // withdrawn or replaced
	WithdrawalNote   string
	Error            *ErrorMark
	Created, Updated time.Time
}

// Matter is what the consent is about.
func (c Consent) Matter() Matter { return Matter{Kind: c.Kind, Receiver: c.Receiver} }

// Grant records that the patient consents. No Start means today. Reasons: DATE_IN_FUTURE for the start, DATE_IN_PAST for the end,
// PERIOD_REVERSED, FIELD_REQUIRED and RECEIVER_NOT_OF_KIND for receiver and items.
func Grant(c Consent, now time.Time) (Consent, error) {
	today := date.Of(now)
	if c.Start.IsZero() {
		c.Start = today
	}
	var bad violations
	c.Matter().judge(&bad)
	if c.Kind == Information && len(c.Items) == 0 {
		bad.add("item_types", "FIELD_REQUIRED", "must name what the receiver may be told; to tell nothing, decline or withdraw")
	}
	judgeItems(c.Kind, c.Items, &bad)
	if c.Start.After(today) {
		bad.add("start_date", "DATE_IN_FUTURE", "must be today or earlier; record the consent when it begins")
	}
	switch {
	case c.End.IsZero():
	case c.End.Before(c.Start):
		bad.add("end_date", "PERIOD_REVERSED", "must not lie before start_date")
	case c.End.Before(today):
		bad.add("end_date", "DATE_IN_PAST", "must be today or later")
	}
	c.State, c.Yes, c.Revision, c.Created, c.Updated = Granted, true, 1, now, now
	return c, bad.err()
}

// Decline records that the patient has been asked and says no. Reasons: FIELD_REQUIRED and RECEIVER_NOT_OF_KIND for the receiver.
func Decline(c Consent, now time.Time) (Consent, error) {
	var bad violations
	c.Matter().judge(&bad)
	c.State, c.Yes, c.Revision, c.Start, c.Created, c.Updated = ConsentDecline, false, 1, date.Of(now), now, now
	return c, bad.err()
}

// Withdraw takes a consent back at once; by is who records it. CONSENT_NOT_GRANTED in any other state than GRANTED.
func (c Consent) Withdraw(by, note string, now time.Time) (Consent, error) {
	if c.State != Granted {
		return Consent{}, &StateError{Reason: "CONSENT_NOT_GRANTED", Text: "only a granted consent can be withdrawn", State: string(c.State), Allowed: []string{"grant"}}
	}
	c.State, c.EndTime, c.WithdrawnBy, c.WithdrawalNote, c.Updated = Withdrawn, now, by, note, now
	c.Revision++
	return c, nil
}

// Replace ends what the patient said before with what is said now. Only what stands (GRANTED, DECLINED) is replaced; false for
// the rest.
func (c Consent) Replace(now time.Time) (Consent, bool) {
	if c.State != Granted && c.State != ConsentDecline {
		return c, false
	}
	c.State, c.EndTime, c.Updated = Replaced, now, now
	c.Revision++
	return c, true
}

// Covers tells whether the patient consented on a day. A consent that was withdrawn or replaced covers the days before that one.
func (c Consent) Covers(day date.Day) bool {
	if !c.Yes || day.Before(c.Start) || !c.End.IsZero() && day.After(c.End) {
		return false
	}
	switch c.State {
	case Granted:
		return true
	case Withdrawn, Replaced:
		return day.Before(date.Of(c.EndTime))
	default:
		return false
	}
}
