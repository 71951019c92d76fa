package sickleave

import (
	"fmt"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Limits of a plan for return to work.
const (
	MaxSteps       = 12
	MaxPlanDays    = 1100 // of all steps together: three years
	MaxAdaptations = 2000 // characters
)

// Step is a run of days of a plan with one degree of sick leave. The tags name the members in the sealed part of the store and
// are never renamed.
type Step struct {
	ID          string   `json:"id"`
	Start       date.Day `json:"start"`
	End         date.Day `json:"end"`    // inclusive; for degree 0 the last day on which the return is followed
	Degree      int      `json:"degree"` // percent of sick leave: 0, 25, 50, 75 or 100
	Adaptations string   `json:"adaptations,omitempty"`
}

// Span returns the days of s.
func (s Step) Span() date.Span { return date.Span{Start: s.Start, End: s.End} }

// steps checks the steps of a plan: ordered, dated, each beginning the day after the one before it ends.
func (v *Violations) steps(field string, steps []Step) {
	switch {
	case len(steps) == 0:
		v.add(field, ReasonStepMissing, "at least one step is needed")
		return
	case len(steps) > MaxSteps:
		v.add(field, ReasonTooManySteps, fmt.Sprintf("a plan holds at most %d steps", MaxSteps))
		return
	}
	sound := true
	for i, s := range steps {
		at := fmt.Sprintf("%s[%d]", field, i)
		startSound := v.day(at+".start_date", s.Start)
		endSound := v.day(at+".end_date", s.End)
		if startSound && endSound && s.End < s.Start {
			v.add(at+".end_date", ReasonEndBeforeStart, "must not be before the start date")
			endSound = false
		}
		if sound && startSound && i > 0 && s.Start != steps[i-1].End.AddDays(1) {
			v.add(at+".start_date", ReasonStepNotAdjacent, "must be the day after the step before ends")
		}
		sound = endSound
		if s.Degree != 0 && !degreeAllowed(s.Degree) {
			v.add(at+".degree", ReasonDegreeNotAllowed, "must be 0, 25, 50, 75 or 100")
		}
		v.text(at+".adaptations", s.Adaptations, MaxAdaptations)
	}
	if first, last := steps[0].Start, steps[len(steps)-1].End; first.InRange() && last.InRange() && last.Sub(first) >= MaxPlanDays {
		v.add(field, ReasonPlanTooLong, fmt.Sprintf("the steps last at most %d days together", MaxPlanDays))
	}
}

// daysOf counts the days of the steps with sick leave.
func daysOf(steps []Step) count {
	var c count
	for _, s := range steps {
		if s.Degree > 0 {
			c.days += s.Span().Days()
			c.percentDays += s.Span().Days() * s.Degree
		}
	}
	return c
}

// stepOn returns the step that holds the day.
func stepOn(steps []Step, day date.Day) (Step, bool) {
	for _, s := range steps {
		if s.Span().Contains(day) {
			return s, true
		}
	}
	return Step{}, false
}

// AffectedCertificate is a certificate that says something else than steps do.
type AffectedCertificate struct {
	ID     string
	End    date.Day // its last day
	Differ date.Day // the first day on which it decides and certifies another degree than the step
}

// Preview is what steps would mean.
type Preview struct {
	GrossDays int     // days with sick leave
	NetDays   float64 // the same weighed by degree
	Affected  []AffectedCertificate
	ToCertify []Period // what no certificate says yet
}

// PreviewSteps computes what steps would mean beside a patient's certificates. Errors: Violations.
func PreviewSteps(steps []Step, certificates []Certificate) (Preview, error) {
	var v Violations
	v.steps("steps", steps)
	if wrong, ok := checkInput(certificates, Rules{MaxGapDays: DefaultGapDays}).(Violations); ok {
		v = append(v, wrong...)
	}
	if err := v.err(); err != nil {
		return Preview{}, err
	}
	days := daysOf(steps)
	preview := Preview{GrossDays: days.days, NetDays: days.net()}
	span := date.Span{Start: steps[0].Start, End: steps[len(steps)-1].End}
	certified := decided(certificates, span)
	told := make(map[string]bool)
	for i, on := range certified {
		day := span.Start.AddDays(i)
		step, _ := stepOn(steps, day)
		if step.Degree == on.degree {
			continue
		}
		if on.by != nil && !told[on.by.ID] {
			told[on.by.ID] = true
			preview.Affected = append(preview.Affected, AffectedCertificate{ID: on.by.ID, End: on.by.End, Differ: day})
		}
		if step.Degree == 0 {
			continue
		}
		if last := len(preview.ToCertify) - 1; last >= 0 && preview.ToCertify[last].End == day.AddDays(-1) && preview.ToCertify[last].Degree == step.Degree {
			preview.ToCertify[last].End = day
		} else {
			preview.ToCertify = append(preview.ToCertify, Period{Start: day, End: day, Degree: step.Degree})
		}
	}
	return preview, nil
}

// decision is the certificate that decides on a day, and its degree; nil and 0 when none covers it.
type decision struct {
	by     *certified
	degree int
}

// decided returns what certificates say of each day of the span, which is short.
func decided(certificates []Certificate, span date.Span) []decision {
	days := make([]decision, span.Days())
	counting := rank(countingOf(certificates))
	for i := range counting {
		c := &counting[i]
		for day := max(span.Start, c.Start); day <= min(span.End, c.End); day++ {
			at := &days[day.Sub(span.Start)]
			if at.by != nil && at.by.rank < c.rank {
				continue
			}
			if degree := c.DegreeOn(day); degree != 0 {
				*at = decision{by: c, degree: degree}
			}
		}
	}
	return days
}
