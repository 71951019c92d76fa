package followup

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Change is a follow-up after one transition, with what it tells.
type Change struct {
	FollowUp FollowUp
	Event    string // follow_up.<verb in the past>; "" when there is nothing to tell
	From     int64  // the revision before; 0 for a new one
	Handover *Handover
}

// Handover is one change of owner, kept as history.
type Handover struct {
	From, To Owner
	By       string // "" when the owner moved with the team
	Reason   string
	Time     time.Time
}

// The events.
const (
	eventCreated     = "follow_up.created"
	eventReminded    = "follow_up.reminded"
	eventEscalated   = "follow_up.escalated"
	eventCompleted   = "follow_up.completed"
	eventCancelled   = "follow_up.cancelled"
	eventLapsed      = "follow_up.lapsed"
	eventSnoozed     = "follow_up.snoozed"
	eventClaimed     = "follow_up.claimed"
	eventReassigned  = "follow_up.reassigned"
	eventRescheduled = "follow_up.rescheduled"
)

// Longest times that a person can ask for.
const (
	MaxSnoozeDays = 30
	MaxDueDays    = 366
)

// changed makes the change from a copy of f that has been altered.
func (f FollowUp) changed(event string, now time.Time) Change {
	from := f.Revision
	f.Revision++
	f.Stamp++
	f.Updated = now
	return Change{FollowUp: f, Event: event, From: from}
}

func (f FollowUp) ended(end End, now time.Time) Change {
	f.State, f.End = end.State, end
	f.SnoozedUntil, f.SnoozeReason = time.Time{}, ""
	f.Ladder = Ladder{}
	event := eventCompleted
	switch end.State {
	case Cancelled:
		event = eventCancelled
	case Lapsed:
		event = eventLapsed
	}
	return f.changed(event, now)
}

// Complete ends it as done. Refused for a risk assessment, which only its documentation ends (R88).
func (f FollowUp) Complete(c Caller, note string, now time.Time) (Change, error) {
	if err := f.byHand(c); err != nil {
		return Change{}, err
	}
	return f.ended(End{State: Completed, Cause: ByHand, Time: now, By: c.PractitionerID, Note: note}, now), nil
}

// Cancel ends it as not to be done. Refused for a risk assessment.
func (f FollowUp) Cancel(c Caller, reason string, now time.Time) (Change, error) {
	if err := f.byHand(c); err != nil {
		return Change{}, err
	}
	return f.ended(End{State: Cancelled, Cause: ByHand, Time: now, By: c.PractitionerID, Note: reason}, now), nil
}

func (f *FollowUp) byHand(c Caller) error {
	if err := f.mayWork(c); err != nil {
		return err
	}
	if f.State != Open {
		return notOpen(f)
	}
	if f.Kind == AssessRisk {
		return riskRequired(f)
	}
	return nil
}

// Snooze puts it off until 08:00 of a day after today, at most [MaxSnoozeDays] ahead and before it lapses. The due day stays;
// reminders and escalations count from the day it comes back. Refused for a risk assessment.
func (f FollowUp) Snooze(c Caller, until date.Day, reason string, policy Policy, now time.Time) (Change, error) {
	if err := f.byHand(c); err != nil {
		return Change{}, err
	}
	today, wake := date.Of(now), until.At(morning, 0).UTC()
	switch {
	case until <= today:
		return Change{}, &Violation{Field: "until_date", Reason: "DATE_TOO_EARLY", Text: "must be after today"}
	case until.Sub(today) > MaxSnoozeDays:
		return Change{}, &Violation{Field: "until_date", Reason: "DATE_TOO_LATE", Text: "must be at most 30 days ahead"}
	case !f.Lapse.IsZero() && !wake.Before(f.Lapse):
		return Change{}, &Violation{Field: "until_date", Reason: "DATE_TOO_LATE", Text: "must be before the follow-up lapses"}
	}
	f.SnoozedUntil, f.SnoozeReason = wake, reason
	f.Ladder = policy.Effective().ladder(max(until, f.DueDate), now, f.climb(), f.Lapse)
	return f.changed(eventSnoozed, now), nil
}

func (f *FollowUp) climb() climb {
	switch f.Kind {
	case CertificateEndingNotice:
		return silent
	case MeetingMissingSecond:
		return onTheDay
	case MeetingMissingThird:
		return toManager
	default:
		return ordinary
	}
}

// Claim makes the caller the owner of what nobody owns in person, or of what has been escalated to a role of hers. false:
// it is hers already.
func (f FollowUp) Claim(c Caller, now time.Time) (Change, bool, error) {
	escalated := f.EscalationLevel > 0 && c.has(f.EscalationRole)
	if !c.has(f.Owner.Role) && !escalated {
		return Change{}, false, &Forbidden{Roles: []Role{f.Owner.Role}}
	}
	if f.State != Open {
		return Change{}, false, notOpen(&f)
	}
	if f.Owner.PractitionerID == c.PractitionerID {
		return Change{}, false, nil
	}
	if f.Owner.PractitionerID != "" && !escalated {
		return Change{}, false, &Refusal{Reason: "FOLLOW_UP_OWNED", State: f.State, Allowed: []string{"complete", "cancel", "snooze", "reassign"},
			Text: "a colleague owns the follow-up; it can be reassigned"}
	}
	to := Owner{Role: f.Owner.Role, PractitionerID: c.PractitionerID}
	if !c.has(to.Role) {
		to.Role = f.EscalationRole
	}
	handover := &Handover{From: f.Owner, To: to, By: c.PractitionerID, Time: now}
	f.Owner = to
	change := f.changed(eventClaimed, now)
	change.Handover = handover
	return change, true, nil
}

// Reassignment is who shall own a follow-up, and perhaps by when it is then due.
type Reassignment struct {
	To     Owner
	Due    date.Day // no day: the due day stays
	Reason string
}

// Reassign gives it to another owner. Whether the new owner works at the unit is the caller's to check.
func (f FollowUp) Reassign(c Caller, r Reassignment, policy Policy, now time.Time) (Change, error) {
	if err := f.mayReassign(c); err != nil {
		return Change{}, err
	}
	if f.State != Open {
		return Change{}, notOpen(&f)
	}
	if !r.To.Role.CanOwn() {
		return Change{}, &Violation{Field: "owner_role", Reason: "ROLE_CANNOT_OWN", Text: "must be a clinical role"}
	}
	due := Due{Day: f.DueDate, Time: f.DueTime}
	if !r.Due.IsZero() && f.Kind != AssessRisk {
		var err error
		if due, err = dueByHand(r.Due, "due_date", now); err != nil {
			return Change{}, err
		}
		if !f.Lapse.IsZero() && !due.Time.Before(f.Lapse) {
			return Change{}, &Violation{Field: "due_date", Reason: "DATE_TOO_LATE", Text: "must be before the follow-up lapses"}
		}
	}
	if r.To == f.Owner && due.Time.Equal(f.DueTime) {
		return Change{}, &Violation{Field: "owner_practitioner_id", Reason: "OWNER_UNCHANGED", Text: "is the owner already"}
	}
	handover := &Handover{From: f.Owner, To: r.To, By: c.PractitionerID, Reason: r.Reason, Time: now}
	if !due.Time.Equal(f.DueTime) {
		f.DueDate, f.DueTime = due.Day, due.Time
		f.SnoozedUntil, f.SnoozeReason = time.Time{}, ""
		f.Ladder = policy.Effective().ladder(due.Day, now, f.climb(), f.Lapse)
	}
	f.Owner, f.Pinned = r.To, true
	change := f.changed(eventReassigned, now)
	change.Handover = handover
	return change, nil
}

// dueByHand is a due day that a person gave: today or later, at most a year ahead.
func dueByHand(day date.Day, field string, now time.Time) (Due, error) {
	due, today := on(day), date.Of(now)
	switch {
	case day < today || !due.Time.After(now):
		return Due{}, &Violation{Field: field, Reason: "DATE_TOO_EARLY", Text: "must not be in the past"}
	case day.Sub(today) > MaxDueDays:
		return Due{}, &Violation{Field: field, Reason: "DATE_TOO_LATE", Text: "must be at most a year ahead"}
	}
	return due, nil
}

// Fire takes the next step of the ladder if its time has come and the timer's stamp is that of the follow-up; false: nothing
// happens. A follow-up that fires is no longer snoozed: its ladder starts on the morning it comes back.
func (f FollowUp) Fire(stamp int64, now time.Time) (Change, bool) {
	at, ok := f.Timer()
	if !ok || stamp != f.Stamp || at.After(now) {
		return Change{}, false
	}
	step, rest := f.Ladder.next(now)
	if step.Do == Expire {
		return f.ended(End{State: Lapsed, Cause: TimeRanOut, Time: step.At}, now), true
	}
	f.Ladder = rest
	if !f.Snoozed(now) {
		f.SnoozedUntil, f.SnoozeReason = time.Time{}, ""
	}
	if step.Do == Escalate {
		f.EscalationLevel = max(f.EscalationLevel, step.Level)
		return f.changed(eventEscalated, now), true
	}
	f.Reminders++
	return f.changed(eventReminded, now), true
}
