package sickleave

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// StepBack is a higher degree to propose.
type StepBack struct {
	Start           date.Day // first day, within the plan
	Degree          int      // higher than that of the step on the day
	Days            int      // 1 to MaxStepBackDays; what was planned from Start on moves by as many
	Adaptations     string
	DeviationReason string
}

// ProposeHigher proposes a higher degree from a day on: the next version, which the GP answers. Changed tasks and a hold come
// first, or a reason why not. Errors: *RefusedError, *DeviationError, Violations.
func (p Plan) ProposeHigher(now time.Time, by string, b StepBack, newID func() string) (Plan, error) {
	if err := p.allow(PlanStepBack); err != nil {
		return Plan{}, err
	}
	steps, v := p.withHigher(b, newID)
	v.required("practitioner_id", by, MaxNote)
	if err := v.err(); err != nil {
		return Plan{}, err
	}
	n, err := p.next(now, by, steps)
	if err != nil {
		return Plan{}, err
	}
	var codes []DeviationCode
	if !p.tasksOffered() {
		codes = append(codes, DeviationTasksNotOffered)
	}
	if p.State != PlanHeld {
		codes = append(codes, DeviationHoldNotTried)
	}
	if err := n.deviate(now, by, b.DeviationReason, codes...); err != nil {
		return Plan{}, err
	}
	n.State = PlanProposed
	return n, nil
}

func (p Plan) withHigher(b StepBack, newID func() string) ([]Step, Violations) {
	var v Violations
	startSound := v.day("start_date", b.Start)
	v.between("days", b.Days, 1, MaxStepBackDays)
	v.text("adaptations", b.Adaptations, MaxAdaptations)
	on, within := stepOn(p.Steps, b.Start)
	switch {
	case startSound && !within:
		v.add("start_date", ReasonDateOutsidePlan, "must be a day of the plan")
	case !degreeAllowed(b.Degree):
		v.add("degree", ReasonDegreeNotAllowed, "must be 25, 50, 75 or 100")
	case startSound && b.Degree <= on.Degree:
		v.add("degree", ReasonDegreeNotHigher, "must be higher than the degree planned for the day")
	}
	if len(v) > 0 {
		return nil, v
	}
	var steps []Step
	for _, s := range p.Steps {
		switch {
		case s.End < b.Start:
			steps = append(steps, s)
			continue
		case s.ID == on.ID:
			if s.Start < b.Start {
				before := s
				before.End = b.Start.AddDays(-1)
				steps = append(steps, before)
				s.ID = newID() // the rest of it is a step of its own
			}
			steps = append(steps, Step{ID: newID(), Start: b.Start, End: b.Start.AddDays(b.Days - 1), Degree: b.Degree, Adaptations: b.Adaptations})
			s.Start = b.Start
		}
		s.Start, s.End = s.Start.AddDays(b.Days), s.End.AddDays(b.Days)
		steps = append(steps, s)
	}
	v.steps("steps", steps)
	return steps, v
}
