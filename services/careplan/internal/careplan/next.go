package careplan

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Next is the next contact of an episode, booked or planned.
type Next struct {
	ContactID        string
	PlannedContactID string
	Day              date.Day
	ScheduledTime    time.Time // zero when it is planned only
	Channel          Channel
	Overdue          bool
}

// NextContact finds the earliest contact that is still to take place: one that is booked or was not answered, or a planned
// one that nobody has booked. Nil when there is none.
func NextContact(open []Contact, planned []Planned, today date.Day) *Next {
	var next *Next
	consider := func(candidate Next) {
		candidate.Overdue = candidate.Day < today
		if next == nil || candidate.Day < next.Day ||
			candidate.Day == next.Day && !candidate.ScheduledTime.IsZero() && (next.ScheduledTime.IsZero() || candidate.ScheduledTime.Before(next.ScheduledTime)) {
			next = &candidate
		}
	}
	for _, c := range open {
		if c.Open() {
			consider(Next{ContactID: c.ID, PlannedContactID: c.PlannedContactID, Day: dayOf(c.ScheduledTime), ScheduledTime: c.ScheduledTime, Channel: c.Channel})
		}
	}
	for _, p := range planned {
		if p.State == PlannedToCome && p.ContactID == "" {
			consider(Next{PlannedContactID: p.ID, Day: p.Day, Channel: p.Channel})
		}
	}
	return next
}
