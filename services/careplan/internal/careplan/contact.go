package careplan

import (
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Limits of a contact.
const (
	MaxContactMinutes = 480
	// MaxDaysAhead is how far ahead a contact can be booked: three years.
	MaxDaysAhead = 1100
)

// ContactKind is what sort of contact it is.
type ContactKind string

// The kinds.
const (
	ContactFirst     ContactKind = "FIRST"
	ContactScheduled ContactKind = "SCHEDULED"
	ContactExtra     ContactKind = "EXTRA"
)

// Channel is how a contact takes place.
type Channel string

// The channels.
const (
	ChannelPhone   Channel = "PHONE"
	ChannelVisit   Channel = "VISIT"
	ChannelVideo   Channel = "VIDEO"
	ChannelMessage Channel = "MESSAGE"
)

// ContactState is how far a contact has come.
type ContactState string

// The states; see the package's diagram.
const (
	ContactBooked      ContactState = "BOOKED"
	ContactHeld        ContactState = "HELD"
	ContactNotAnswered ContactState = "NOT_ANSWERED"
	ContactCancelled   ContactState = "CANCELLED"
	ContactInError     ContactState = "REGISTERED_IN_ERROR"
)

// CancelReason is why a contact was cancelled, spelled as in the contract.
type CancelReason string

// CancelledEpisodeClosed is the one that only the system sets.
const CancelledEpisodeClosed CancelReason = "EPISODE_CLOSED"

// ErrorMark says that a record was made by mistake. The record stays; it no longer counts.
type ErrorMark struct {
	Reason       string
	Practitioner string
	Time         time.Time
}

// Medication is what the patient says of the medication.
type Medication struct {
	Adherence string // spelled as in the contract
	Note      string
}

// Result is how a contact went.
type Result struct {
	HeldTime         time.Time
	Minutes          int
	Summary          string
	Medication       *Medication
	SideEffectsNoted bool
	RecordedBy       string
}

// Contact is one contact between the patient and a member of the team.
type Contact struct {
	ID               string
	PatientID        string
	EpisodeID        string
	PlannedContactID string
	Kind             ContactKind
	Channel          Channel
	State            ContactState
	ScheduledTime    time.Time // whole minutes; zero when it was never booked
	Practitioner     string
	Result           *Result
	UnansweredTries  int
	LastTryTime      time.Time
	CancelReason     CancelReason
	Reschedules      int
	ErrorMark        *ErrorMark
	Revision         int64
	CreateTime       time.Time
	UpdateTime       time.Time
}

// Open tells whether the contact is still to take place.
func (c Contact) Open() bool { return c.State == ContactBooked || c.State == ContactNotAnswered }

// ResultTime is when it took place or, failing that, was last tried; zero when neither.
func (c Contact) ResultTime() time.Time {
	if c.Result != nil {
		return c.Result.HeldTime
	}
	return c.LastTryTime
}

// When is the time that orders contacts: when it was held, else booked for.
func (c Contact) When() time.Time {
	if c.Result != nil {
		return c.Result.HeldTime
	}
	return c.ScheduledTime
}

// NewContact books a contact, or records it at once when it bears a result. Violations have the fields of the contact.
func NewContact(c Contact, now time.Time) (Contact, error) {
	if c.PlannedContactID != "" && c.Kind == "" {
		c.Kind = ContactScheduled
	}
	var violations []Violation
	require := func(ok bool, field string) {
		if !ok {
			violations = append(violations, Violation{field, FieldRequired, "is required"})
		}
	}
	require(c.EpisodeID != "", "care_episode_id")
	require(c.Kind != "", "kind")
	require(c.Channel != "", "channel")
	require(c.Practitioner != "", "practitioner_id")
	if c.PlannedContactID != "" && c.Kind != "" && c.Kind != ContactScheduled {
		violations = append(violations, Violation{"kind", FieldNotAllowed, "must be SCHEDULED for a contact of the plan's schedule"})
	}
	c.State, c.CreateTime, c.UpdateTime, c.Revision = ContactBooked, now, now, 1
	if c.Result != nil {
		c.State = ContactHeld
		if !c.ScheduledTime.IsZero() {
			violations = append(violations, Violation{"scheduled_time", FieldNotAllowed, "must be left out when the result is given at once"})
		}
		result, more := checkResult(*c.Result, "result.", now)
		c.Result = &result
		return c, invalid(append(violations, more...))
	}
	var wrong *Violation
	c.ScheduledTime, wrong = checkBooking(c.ScheduledTime, now)
	if wrong != nil {
		violations = append(violations, *wrong)
	}
	return c, invalid(violations)
}

// Record says that the contact was held. An empty channel keeps the booked one.
func (c Contact) Record(result Result, channel Channel, now time.Time) (Contact, error) {
	if err := c.mustBeOpen("recorded"); err != nil {
		return c, err
	}
	result, violations := checkResult(result, "result.", now)
	if len(violations) > 0 {
		return c, invalid(violations)
	}
	if channel != "" {
		c.Channel = channel
	}
	c.State, c.Result = ContactHeld, &result
	return c.touched(now), nil
}

// NoAnswer says that the patient was not reached at a time, now when it is zero.
func (c Contact) NoAnswer(try, now time.Time) (Contact, error) {
	if err := c.mustBeOpen("tried"); err != nil {
		return c, err
	}
	if try.IsZero() {
		try = now
	}
	if v := checkPast(try, "try_time", now); v != nil {
		return c, invalid([]Violation{*v})
	}
	c.State, c.LastTryTime = ContactNotAnswered, try
	c.UnansweredTries++
	return c.touched(now), nil
}

// Reschedule moves the contact to another time. What is empty stays as booked.
func (c Contact) Reschedule(to time.Time, practitioner string, channel Channel, now time.Time) (Contact, error) {
	if err := c.mustBeOpen("rescheduled"); err != nil {
		return c, err
	}
	to, wrong := checkBooking(to, now)
	if wrong != nil {
		return c, invalid([]Violation{*wrong})
	}
	if practitioner != "" {
		c.Practitioner = practitioner
	}
	if channel != "" {
		c.Channel = channel
	}
	c.State, c.ScheduledTime = ContactBooked, to
	c.Reschedules++
	return c.touched(now), nil
}

// Cancel says that the contact will not take place.
func (c Contact) Cancel(reason CancelReason, now time.Time) (Contact, error) {
	if err := c.mustBeOpen("cancelled"); err != nil {
		return c, err
	}
	c.State, c.CancelReason = ContactCancelled, reason
	return c.touched(now), nil
}

// RegisterInError withdraws the record.
func (c Contact) RegisterInError(mark ErrorMark, now time.Time) (Contact, error) {
	if c.State == ContactInError {
		return c, &StateError{ContactWrongState, "the contact has been registered in error already", string(c.State), nil}
	}
	c.State, c.ErrorMark = ContactInError, &mark
	return c.touched(now), nil
}

// Verbs are those that the contact bears now.
func (c Contact) Verbs() []string {
	switch {
	case c.Open():
		return []string{"record", "noAnswer", "reschedule", "cancel", "registerInError"}
	case c.State == ContactInError:
		return nil
	default:
		return []string{"registerInError"}
	}
}

func (c Contact) touched(now time.Time) Contact {
	c.Revision++
	c.UpdateTime = now
	return c
}

func (c Contact) mustBeOpen(done string) error {
	if c.Open() {
		return nil
	}
	return &StateError{ContactWrongState, "only a contact that is booked or was not answered can be " + done, string(c.State), c.Verbs()}
}

// checkBooking gives the time in whole minutes. Booking for earlier today is accepted: a time agreed in the morning is often
// entered later.
func checkBooking(at, now time.Time) (time.Time, *Violation) {
	const field = "scheduled_time"
	at = at.UTC().Truncate(time.Minute)
	switch {
	case at.IsZero():
		return at, &Violation{field, FieldRequired, "is required"}
	case at.Year() > date.MaxYear:
		return at, &Violation{field, TimeInFuture, "must not lie after the year 2200"}
	case at.Year() < date.MinYear || dayOf(at) < dayOf(now):
		return at, &Violation{field, TimeInPast, "must be today or later"}
	case dayOf(at) > dayOf(now).AddDays(MaxDaysAhead):
		return at, &Violation{field, TimeInFuture, fmt.Sprintf("must be at most %d days ahead", MaxDaysAhead)}
	default:
		return at, nil
	}
}

func checkResult(r Result, prefix string, now time.Time) (Result, []Violation) {
	var violations []Violation
	if r.HeldTime.IsZero() {
		r.HeldTime = now
	}
	r.HeldTime = r.HeldTime.UTC().Truncate(time.Microsecond)
	if v := checkPast(r.HeldTime, prefix+"held_time", now); v != nil {
		violations = append(violations, *v)
	}
	if r.Minutes < 1 || r.Minutes > MaxContactMinutes {
		violations = append(violations, Violation{prefix + "minutes", MinutesOutOfRange, fmt.Sprintf("must be 1 to %d minutes", MaxContactMinutes)})
	}
	return r, violations
}

// checkPast refuses a time that has not been yet, or that no calendar here knows.
func checkPast(at time.Time, field string, now time.Time) *Violation {
	switch {
	case at.After(now):
		return &Violation{field, TimeInFuture, "must not lie in the future"}
	case at.Year() < date.MinYear:
		return &Violation{field, TimeInPast, "must not lie before the year 1900"}
	default:
		return nil
	}
}
