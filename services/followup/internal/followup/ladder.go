package followup

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Do is what a step of a ladder does.
type Do string

// The steps.
const (
	Remind   Do = "REMIND"
	Escalate Do = "ESCALATE"
	Expire   Do = "EXPIRE"
)

// Step is one thing that happens to an open follow-up at a time.
type Step struct {
	At    time.Time
	Do    Do
	Level int // of Escalate: 1 or 2
}

// Ladder is what is still to happen to an open follow-up, in order of time.
type Ladder struct {
	Steps  []Step
	Repeat time.Duration // after the last step, remind again and again at this distance; 0: do not
}

// climb says how a follow-up's ladder is built.
type climb int

const (
	ordinary  climb = iota // reminders, then both escalations
	silent                 // nothing but the lapse: the owner is somebody else's colleague in it
	atOnce                 // the first escalation comes with the creation
	onTheDay               // the first escalation comes on the morning of the due day
	toManager              // both escalations come on the morning of the due day
)

// ladder builds the ladder of a follow-up that counts from the morning of a day: its due day, or the day it comes back from
// being snoozed. Reminders that would come before the instant it is made are left out, since its making tells as much; the
// escalations that wait count from the day it is made at the soonest, so that what is born overdue does not call on everybody
// before its owner has seen it.
func (p Policy) ladder(anchor date.Day, made time.Time, style climb, lapse time.Time) Ladder {
	var steps []Step
	level := 1 // of the escalation that does not wait
	switch style {
	case atOnce:
		steps = append(steps, Step{At: made, Do: Escalate, Level: level})
	case onTheDay, toManager:
		if style == toManager {
			level = 2
		}
		at := anchor.At(morning, 0).UTC()
		if at.Before(made) {
			at = made
		}
		steps = append(steps, Step{At: at, Do: Escalate, Level: level})
	default:
		level = 0
	}
	if style != silent {
		for _, day := range []date.Day{anchor, date.AddWorkingDays(anchor, 1)} {
			if at := day.At(morning, 0).UTC(); at.After(made) {
				steps = append(steps, Step{At: at, Do: Remind})
			}
		}
		from := max(anchor, date.Of(made))
		for i, days := range []int{p.FirstEscalation, max(p.FirstEscalation, p.SecondEscalation)} {
			if i+1 > level {
				steps = append(steps, Step{At: date.AddWorkingDays(from, days).At(morning, 0).UTC(), Do: Escalate, Level: i + 1})
			}
		}
	}
	if !lapse.IsZero() {
		steps = slices.DeleteFunc(steps, func(s Step) bool { return !s.At.Before(lapse) })
		steps = append(steps, Step{At: lapse, Do: Expire})
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return a.At.Compare(b.At) })
	return Ladder{Steps: steps}
}

// riskLadder calls on a GP, then on the unit's manager, and reminds until the assessment is documented: no quiet hours, no end
// but the act itself (R88).
func (p Policy) riskLadder(raised time.Time, urgent bool, due Due) Ladder {
	escalation, repeat := minutes(p.ReviewRiskEscalation), minutes(p.ReviewRisk)
	if urgent {
		escalation, repeat = minutes(p.UrgentRiskEscalation), minutes(p.UrgentRisk)
	}
	first := raised.Add(escalation).UTC()
	if first.After(due.Time) {
		first = due.Time
	}
	return Ladder{Repeat: repeat, Steps: []Step{
		{At: first, Do: Escalate, Level: 1},
		{At: due.Time, Do: Escalate, Level: 2},
	}}
}

// next takes the first step off the ladder. A repeating ladder grows a new last step, in the future of now.
func (l Ladder) next(now time.Time) (Step, Ladder) {
	step := l.Steps[0]
	rest := Ladder{Steps: slices.Clone(l.Steps[1:]), Repeat: l.Repeat}
	if len(rest.Steps) == 0 && l.Repeat > 0 {
		at := step.At.Add(l.Repeat)
		if behind := now.Sub(at); behind >= 0 {
			at = at.Add((behind/l.Repeat + 1) * l.Repeat)
		}
		rest.Steps = []Step{{At: at, Do: Remind}}
	}
	return step, rest
}
