package sickleave

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Verbs of a plan, as the contract spells them.
const (
	PlanUpdate   = "update"
	PlanAnswer   = "answer"
	PlanAgree    = "agree"
	PlanCheckIn  = "checkIn"
	PlanHold     = "hold"
	PlanStepBack = "stepBack"
	PlanComplete = "complete"
	PlanWithdraw = "withdraw"
)

// Reasons why a plan refuses.
const (
	ReasonPlanState   = "RETURN_TO_WORK_PLAN_STATE"
	ReasonPlanVersion = "RETURN_TO_WORK_PLAN_VERSION"
	ReasonPlanFull    = "RETURN_TO_WORK_PLAN_FULL"
)

// Verbs returns what may be done in the state, nothing when it is final.
func (s PlanState) Verbs() []string {
	switch s {
	case PlanProposed:
		return []string{PlanUpdate, PlanAnswer, PlanAgree, PlanWithdraw}
	case PlanAccepted:
		return []string{PlanAgree, PlanCheckIn, PlanHold, PlanStepBack, PlanComplete, PlanWithdraw}
	case PlanHeld:
		return []string{PlanUpdate, PlanAgree, PlanCheckIn, PlanStepBack, PlanWithdraw}
	default:
		return nil
	}
}

func (p Plan) allow(verb string) error {
	if slices.Contains(p.State.Verbs(), verb) {
		return nil
	}
	return p.refused(ReasonPlanState, fmt.Sprintf("the plan is in state %s, which does not allow %s", p.State, verb))
}

func (p Plan) refused(reason, text string) error {
	return &RefusedError{Reason: reason, Text: text, State: string(p.State), Allowed: p.State.Verbs()}
}

// sees checks that the version that somebody has read, if they say so, is the present one.
func (p Plan) sees(version int) error {
	if version == 0 || version == p.Version {
		return nil
	}
	return p.refused(ReasonPlanVersion, "the plan has another version than the one that was read; read it again")
}

// clone returns a copy whose lists can be written to.
func (p Plan) clone() Plan {
	p.Steps = slices.Clone(p.Steps)
	p.Agreements = slices.Clone(p.Agreements)
	p.CheckIns = slices.Clone(p.CheckIns)
	p.Earlier = slices.Clone(p.Earlier)
	p.Deviations = slices.Clone(p.Deviations)
	return p
}

// PlanContent is what a coordinator writes.
type PlanContent struct {
	Steps  []Step // an id names a step of the present version; none is a new one
	Target Target // "" is TargetOwnWork
	Note   string
}

// settled checks the content and names the steps that have no name yet. Known tells which names are taken.
func (c PlanContent) settled(newID func() string, known func(id string) bool) (PlanContent, Violations) {
	c.Steps = slices.Clone(c.Steps)
	var v Violations
	v.steps("steps", c.Steps)
	seen := make(map[string]bool)
	for i := range c.Steps {
		id := c.Steps[i].ID
		switch {
		case id == "":
			c.Steps[i].ID = newID()
		case !known(id) || seen[id]:
			v.add(fmt.Sprintf("steps[%d].step_id", i), ReasonStepNotFound, "is no step of the plan, or stands twice; leave it empty for a new step")
		}
		seen[id] = true
	}
	switch c.Target {
	case "":
		c.Target = TargetOwnWork
	case TargetOwnWork, TargetOther:
	default:
		v.add("target", ReasonValueUnknown, "must be OWN_WORK or OTHER")
	}
	v.text("note", c.Note, MaxPlanText)
	return c, v
}

// Propose returns a new plan, proposed by a coordinator, as version 1. The identity comes with p. Errors: Violations.
func Propose(now time.Time, p Plan, by string, content PlanContent, newID func() string) (Plan, error) {
	content, v := content.settled(newID, func(string) bool { return false })
	v.required("practitioner_id", by, MaxNote)
	if err := v.err(); err != nil {
		return Plan{}, err
	}
	return Plan{
		ID: p.ID, PatientID: p.PatientID, CareUnitID: p.CareUnitID, EpisodeID: p.EpisodeID, State: PlanProposed, Version: 1,
		CreateTime: stored(now), Steps: content.Steps, Target: content.Target, Note: content.Note, ProposedBy: by, VersionTime: stored(now),
	}, nil
}

// next returns the plan with new steps as the next version; the present one becomes an earlier one, and nobody has agreed to or
// answered the new one yet. Errors: *RefusedError when there are too many.
func (p Plan) next(now time.Time, by string, steps []Step) (Plan, error) {
	if len(p.Earlier) >= MaxPlanVersions {
		return Plan{}, p.refused(ReasonPlanFull, "the plan has been changed too many times; withdraw it and propose another")
	}
	n := p.clone()
	n.Earlier = append(n.Earlier, PlanVersion{Version: p.Version, Steps: p.Steps, By: p.ProposedBy, Answer: p.Answer, End: stored(now)})
	n.Version, n.Steps, n.ProposedBy, n.VersionTime, n.Answer = p.Version+1, steps, by, stored(now), nil
	return n, nil
}

// Revise replaces what a coordinator has written. When steps or target change, or the plan was held, it is the next version and
// a proposal. Errors: *RefusedError, Violations.
func (p Plan) Revise(now time.Time, by string, content PlanContent, newID func() string) (Plan, error) {
	if err := p.allow(PlanUpdate); err != nil {
		return Plan{}, err
	}
	content, v := content.settled(newID, func(id string) bool { _, ok := p.step(id); return ok })
	v.required("practitioner_id", by, MaxNote)
	if err := v.err(); err != nil {
		return Plan{}, err
	}
	n := p.clone()
	if p.State == PlanHeld || content.Target != p.Target || !slices.Equal(content.Steps, p.Steps) {
		var err error
		if n, err = p.next(now, by, content.Steps); err != nil {
			return Plan{}, err
		}
		n.State = PlanProposed
	}
	n.Target, n.Note = content.Target, content.Note
	return n, nil
}

// Reply is what a GP answers.
type Reply struct {
	Kind    AnswerKind
	Degrees map[string]int // by step, for AnswerChanged: at least one that differs
	Reason  string         // at most MaxPlanText characters; required for AnswerDeclined
	Version int            // the version that was read; 0 is any
}

// AnswerBy records the answer of a GP, who the practitioner must be: that is the caller's to check. With changed degrees the plan
// is the next version, which the GP has thereby answered. Errors: *RefusedError, Violations.
func (p Plan) AnswerBy(now time.Time, by string, r Reply) (Plan, error) {
	if err := p.allow(PlanAnswer); err != nil {
		return Plan{}, err
	}
	if err := p.sees(r.Version); err != nil {
		return Plan{}, err
	}
	steps, v := p.withDegrees(r)
	if r.Kind == AnswerDeclined {
		v.required("reason", r.Reason, MaxPlanText)
	} else {
		v.text("reason", r.Reason, MaxPlanText)
	}
	v.required("practitioner_id", by, MaxNote)
	if err := v.err(); err != nil {
		return Plan{}, err
	}
	n := p.clone()
	answer := &Answer{Kind: r.Kind, Reason: r.Reason, Version: p.Version, By: by, Time: stored(now)}
	switch r.Kind {
	case AnswerDeclined:
		n.State = PlanDeclined
	case AnswerChanged:
		answered := p
		answered.Answer = answer
		var err error
		if n, err = answered.next(now, by, steps); err != nil {
			return Plan{}, err
		}
		n.State = PlanAccepted
	default:
		n.State = PlanAccepted
	}
	n.Answer = answer
	return n, nil
}

func (p Plan) withDegrees(r Reply) ([]Step, Violations) {
	var v Violations
	steps := slices.Clone(p.Steps)
	switch r.Kind {
	case AnswerAccepted, AnswerDeclined:
		if len(r.Degrees) > 0 {
			v.add("degrees", ReasonDegreesNotAllowed, "are given with CHANGED only")
		}
	case AnswerChanged:
		for i := range steps {
			degree, given := r.Degrees[steps[i].ID]
			if given && degree != 0 && !degreeAllowed(degree) {
				v.add("degrees", ReasonDegreeNotAllowed, "must be 0, 25, 50, 75 or 100")
			}
			if given {
				steps[i].Degree = degree
			}
		}
		for id := range r.Degrees {
			if _, ok := p.step(id); !ok {
				v.add("degrees", ReasonStepNotFound, "name a step that the plan does not have")
			}
		}
		if len(v) == 0 && slices.Equal(steps, p.Steps) {
			v.add("degrees", ReasonDegreeUnchanged, "must change the degree of one step at least")
		}
	default:
		v.add("kind", ReasonValueUnknown, "must be ACCEPTED, CHANGED or DECLINED")
	}
	return steps, v
}

// Agree records that a party agrees to the present version; said again it is kept as of the later time. It changes no state: what
// the parties agree to is a proposal until the GP has answered. Errors: *RefusedError, Violations.
func (p Plan) Agree(now time.Time, by string, party Party, version int) (Plan, error) {
	if err := p.allow(PlanAgree); err != nil {
		return Plan{}, err
	}
	if err := p.sees(version); err != nil {
		return Plan{}, err
	}
	var v Violations
	switch party {
	case PartyPatient, PartyEmployer, PartyCare:
	default:
		v.add("party", ReasonValueUnknown, "must be PATIENT, EMPLOYER or CARE")
	}
	v.required("practitioner_id", by, MaxNote)
	if err := v.err(); err != nil {
		return Plan{}, err
	}
	n := p.clone()
	n.Agreements = slices.DeleteFunc(n.Agreements, func(a Agreement) bool { return a.Party == party && a.Version == p.Version })
	n.Agreements = append(n.Agreements, Agreement{Party: party, Version: p.Version, By: by, Time: stored(now)})
	return n, nil
}

// Check records how a step that has begun goes; the day is today when none is given. Errors: *RefusedError, Violations.
func (p Plan) Check(now time.Time, by string, c CheckIn) (Plan, error) {
	if err := p.allow(PlanCheckIn); err != nil {
		return Plan{}, err
	}
	if len(p.CheckIns) >= MaxCheckIns {
		return Plan{}, p.refused(ReasonPlanFull, "the plan keeps no more check-ins; withdraw or complete it")
	}
	var v Violations
	c.Day = v.past("check_in_date", c.Day, date.Of(now))
	switch step, ok := p.step(c.StepID); {
	case !ok:
		v.add("step_id", ReasonStepNotFound, "the plan has no such step")
	case step.Start > c.Day:
		v.add("step_id", ReasonStepNotBegun, "the step begins after the day")
	}
	switch c.Outcome {
	case OutcomeWell, OutcomeWorse, OutcomeTrouble:
	default:
		v.add("outcome", ReasonValueUnknown, "must be WENT_WELL, WORSE or TROUBLE_AT_WORK")
	}
	v.text("note", c.Note, MaxPlanText)
	v.required("practitioner_id", by, MaxNote)
	if err := v.err(); err != nil {
		return Plan{}, err
	}
	c.Version, c.By, c.Time = p.Version, by, stored(now)
	n := p.clone()
	n.CheckIns = append(n.CheckIns, c)
	return n, nil
}

// deviate notes the deviations with their reason. Errors: *DeviationError when there is none, Violations.
func (p *Plan) deviate(now time.Time, by, why string, codes ...DeviationCode) error {
	if len(codes) == 0 {
		return nil
	}
	if strings.TrimSpace(why) == "" {
		return &DeviationError{Codes: codes}
	}
	for _, code := range codes {
		p.Deviations = append(p.Deviations, Deviation{Code: code, Reason: why, By: by, Time: stored(now)})
	}
	return nil
}

// HoldOn holds the plan on its present step. Changed tasks come first, or a reason why not. Errors: *RefusedError,
// *DeviationError, Violations.
func (p Plan) HoldOn(now time.Time, by, reason, deviationReason string) (Plan, error) {
	if err := p.allow(PlanHold); err != nil {
		return Plan{}, err
	}
	w, err := withdraw(now, by, reason)
	if err != nil {
		return Plan{}, err
	}
	n := p.clone()
	if !p.tasksOffered() {
		if err := n.deviate(now, by, deviationReason, DeviationTasksNotOffered); err != nil {
			return Plan{}, err
		}
	}
	n.State, n.Hold = PlanHeld, w
	return n, nil
}

// Complete ends a plan that has been walked: once the last step has begun, or with a reason why earlier. Errors: *RefusedError,
// *DeviationError, Violations.
func (p Plan) Complete(now time.Time, by, reason, deviationReason string) (Plan, error) {
	if err := p.allow(PlanComplete); err != nil {
		return Plan{}, err
	}
	var v Violations
	v.text("reason", reason, MaxNote)
	v.required("practitioner_id", by, MaxNote)
	if err := v.err(); err != nil {
		return Plan{}, err
	}
	n := p.clone()
	if date.Of(now) < p.Steps[len(p.Steps)-1].Start {
		if err := n.deviate(now, by, deviationReason, DeviationCompletedEarly); err != nil {
			return Plan{}, err
		}
	}
	n.State, n.Closing = PlanCompleted, Withdrawal{Reason: reason, By: by, Time: stored(now)}
	return n, nil
}

// Withdraw takes a plan back. Errors: *RefusedError, Violations.
func (p Plan) Withdraw(now time.Time, by, reason string) (Plan, error) {
	if err := p.allow(PlanWithdraw); err != nil {
		return Plan{}, err
	}
	w, err := withdraw(now, by, reason)
	p = p.clone()
	p.State, p.Closing = PlanWithdrawn, w
	return p, err
}
