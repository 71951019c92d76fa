package careplan

import (
	"fmt"
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Limits of a schedule.
const (
	MaxWeek           = 104
	MaxContacts       = 60
	DefaultLength     = 12 // weeks, when an interval names none
	MaxDaysBeforePlan = 7  // how far back a plan may start: no planned day is then in the past
	MaxDaysToPlan     = 90
)

// DefaultWeeks are the weeks of contact where neither the plan nor the unit says otherwise: eight contacts over twelve
// weeks, as the PRIM-CARE trial's care managers had six to eight.
func DefaultWeeks() []int { return []int{1, 2, 3, 4, 6, 8, 10, 12} }

// Schedule is when care manager and patient talk.
type Schedule struct {
	Weeks   []int   `json:"weeks"` // ascending, counted from the plan's start
	Channel Channel `json:"channel"`
}

// ScheduleInput is a schedule as it was asked for: weeks, or every so many weeks.
type ScheduleInput struct {
	Weeks    []int
	Interval int // weeks; 0 when weeks are listed
	Length   int // weeks; 0 means DefaultLength
	Channel  Channel
}

// NewSchedule lists the weeks of a schedule; what is left out comes from the default. The field names it in violations.
func NewSchedule(in ScheduleInput, fallback Schedule, field string) (Schedule, error) {
	refuse := func(sub, message string) (Schedule, error) {
		return Schedule{}, invalid([]Violation{{field + sub, ScheduleInvalid, message}})
	}
	s := Schedule{Weeks: slices.Clone(in.Weeks), Channel: in.Channel}
	if s.Channel == "" {
		s.Channel = fallback.Channel
	}
	if s.Channel == "" {
		s.Channel = ChannelPhone
	}
	switch {
	case len(in.Weeks) > 0 && (in.Interval != 0 || in.Length != 0):
		return refuse("", "names both weeks and an interval; give one of them")
	case in.Interval > 0:
		length := in.Length
		if length == 0 {
			length = DefaultLength
		}
		for week := in.Interval; week <= length && week <= MaxWeek; week += in.Interval {
			s.Weeks = append(s.Weeks, week)
		}
		if len(s.Weeks) == 0 {
			return refuse(".length_weeks", "must be at least the interval")
		}
	case in.Length != 0:
		return refuse(".length_weeks", "needs an interval")
	case len(in.Weeks) == 0:
		s.Weeks = slices.Clone(fallback.Weeks)
	}
	if len(s.Weeks) == 0 {
		s.Weeks = DefaultWeeks()
	}
	if len(s.Weeks) > MaxContacts {
		return refuse(".weeks", fmt.Sprintf("must be at most %d contacts", MaxContacts))
	}
	for n, week := range s.Weeks {
		if week < 1 || week > MaxWeek {
			return refuse(fmt.Sprintf(".weeks[%d]", n), fmt.Sprintf("must be from 1 to %d", MaxWeek))
		}
		if n > 0 && week <= s.Weeks[n-1] {
			return refuse(fmt.Sprintf(".weeks[%d]", n), "must be later than the week before it")
		}
	}
	return s, nil
}

// PlannedState is how a planned contact stands.
type PlannedState string

// The states of a planned contact.
const (
	PlannedToCome  PlannedState = "PLANNED"
	PlannedHeld    PlannedState = "HELD"
	PlannedDropped PlannedState = "DROPPED"
)

// Planned is one contact of a plan's schedule.
type Planned struct {
	ID      string
	Week    int
	Day     date.Day
	Channel Channel
	State   PlannedState
	// ContactID is the contact booked or held for it; empty when none.
	ContactID string
}

// dayOfWeek is the working day on which the contact of a week is planned.
func dayOfWeek(start date.Day, week int) date.Day {
	return date.NextWorkingDay(start.AddDays(7 * week))
}

// plan gives the planned contacts of a schedule, given those there are. Held ones stay as they are. One to come whose week
// is still in the schedule keeps its id and, when booked, its booking; the others are dropped. New ones are planned for days
// from today on only. A dropped one is not taken up again: its week gets a new one.
func plan(schedule Schedule, start, today date.Day, have []Planned, newID func() string) []Planned {
	var planned []Planned
	covered := map[int]bool{}
	for _, p := range have {
		wanted := slices.Contains(schedule.Weeks, p.Week)
		switch {
		case p.State == PlannedHeld:
			covered[p.Week] = true
		case p.State == PlannedToCome && wanted:
			covered[p.Week] = true
			p.Channel = schedule.Channel
		case p.State == PlannedToCome:
			p.State = PlannedDropped
		}
		planned = append(planned, p)
	}
	for _, week := range schedule.Weeks {
		day := dayOfWeek(start, week)
		if covered[week] || day < today {
			continue
		}
		planned = append(planned, Planned{ID: newID(), Week: week, Day: day, Channel: schedule.Channel, State: PlannedToCome})
	}
	slices.SortStableFunc(planned, func(a, b Planned) int { return a.Day.Compare(b.Day) })
	return planned
}

func dayOf(t time.Time) date.Day { return date.Of(t) }
