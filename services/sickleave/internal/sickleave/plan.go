package sickleave

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// PlanState is where a plan for return to work is in its life.
type PlanState string

// The states of a plan; plantransition.go has the ways between them.
const (
	PlanProposed  PlanState = "PROPOSED"  // the GP has not answered this version
	PlanAccepted  PlanState = "ACCEPTED"  // the GP has accepted the steps, perhaps with other degrees
	PlanDeclined  PlanState = "DECLINED"  // the GP has declined
	PlanHeld      PlanState = "HELD"      // no further step begins before the plan is revised and answered
	PlanCompleted PlanState = "COMPLETED" // walked to its end
	PlanWithdrawn PlanState = "WITHDRAWN" // taken back
)

// Party is who agrees to a plan.
type Party string

// The parties.
const (
	PartyPatient  Party = "PATIENT"
	PartyEmployer Party = "EMPLOYER"
	PartyCare     Party = "CARE"
)

// Target is which work the patient returns to.
type Target string

// The targets.
const (
	TargetOwnWork Target = "OWN_WORK"
	TargetOther   Target = "OTHER"
)

// Limits of what a plan keeps.
const (
	MaxPlanText     = 2000 // characters of a note, an answer's reason, a check-in's note
	MaxPlanVersions = 50
	MaxCheckIns     = 200
	MaxStepBackDays = 365
)

// AnswerKind is what a GP answers to a proposal.
type AnswerKind string

// The kinds of answer.
const (
	AnswerAccepted AnswerKind = "ACCEPTED"
	AnswerChanged  AnswerKind = "CHANGED" // accepted with other degrees
	AnswerDeclined AnswerKind = "DECLINED"
)

// The tags of this file's types name members in the sealed part of the store and are never renamed.

// Answer is a GP's answer to a version of a plan.
type Answer struct {
	Kind    AnswerKind `json:"kind"`
	Reason  string     `json:"reason,omitempty"`
	Version int        `json:"version"` // the version answered; after CHANGED the plan is one further
	By      string     `json:"by"`      // the GP
	Time    time.Time  `json:"time"`
}

// Agreement is a party's agreement to a version.
type Agreement struct {
	Party   Party     `json:"party"`
	Version int       `json:"version"`
	By      string    `json:"by"` // who recorded it
	Time    time.Time `json:"time"`
}

// Outcome is what a check-in on a step shows.
type Outcome string

// The outcomes.
const (
	OutcomeWell    Outcome = "WENT_WELL"
	OutcomeWorse   Outcome = "WORSE"
	OutcomeTrouble Outcome = "TROUBLE_AT_WORK"
)

// CheckIn is how a step goes on a day.
type CheckIn struct {
	StepID              string    `json:"step_id"`
	Version             int       `json:"version"`
	Day                 date.Day  `json:"day"`
	Outcome             Outcome   `json:"outcome"`
	ChangedTasksOffered bool      `json:"changed_tasks_offered,omitempty"`
	Note                string    `json:"note,omitempty"`
	By                  string    `json:"by"`
	Time                time.Time `json:"time"`
}

// PlanVersion is a version that another has taken the place of.
type PlanVersion struct {
	Version int       `json:"version"`
	Steps   []Step    `json:"steps"`
	By      string    `json:"by"`
	Answer  *Answer   `json:"answer,omitempty"`
	End     time.Time `json:"end"`
}

// DeviationCode is where the model was not followed.
type DeviationCode string

// The deviations.
const (
	DeviationTasksNotOffered  DeviationCode = "CHANGED_TASKS_NOT_OFFERED"  // held or stepped back before changed tasks were offered
	DeviationHoldNotTried     DeviationCode = "HOLD_NOT_TRIED"             // stepped back without having been held
	DeviationCompletedEarly   DeviationCode = "COMPLETED_BEFORE_LAST_STEP" // completed before the last step began
	ReasonDeviationNeedsCause               = "DEVIATION_REASON_REQUIRED"  // no reason was given for a deviation
)

// Deviation says where the model was not followed, and why.
type Deviation struct {
	Code   DeviationCode `json:"code"`
	Reason string        `json:"reason"`
	By     string        `json:"by"`
	Time   time.Time     `json:"time"`
}

// DeviationError says that the model is not followed and no reason is given. With a reason the same passes: fidelity to the
// model is a warning, not a wall.
type DeviationError struct{ Codes []DeviationCode }

// Error names the deviations.
func (e *DeviationError) Error() string {
	text := "a reason is needed for not following the model:"
	for _, code := range e.Codes {
		text += " " + string(code)
	}
	return text
}

// Message says what a deviation is, for people.
func (c DeviationCode) Message() string {
	switch c {
	case DeviationTasksNotOffered:
		return "changed tasks are to be offered first, at a check-in: give a deviation_reason to go on without"
	case DeviationHoldNotTried:
		return "the plan is to be held first: give a deviation_reason to go on without"
	default:
		return "the last step has not begun: give a deviation_reason to complete the plan now"
	}
}

// Measure is what to try next when a step does not go well.
type Measure string

// The measures, in the order in which they are offered (graded return: work is adapted before the way back is stopped, and
// stopped before more sick leave is asked for). None of them changes a degree.
const (
	MeasureNone         Measure = ""
	MeasureChangedTasks Measure = "CHANGED_TASKS"
	MeasureHold         Measure = "HOLD"
	MeasureHigherDegree Measure = "HIGHER_DEGREE" // proposed to the GP, who decides
)

// Plan is a plan for return to work. What the tags leave out the store keeps in columns of its own. Values are copied, never
// changed in place.
type Plan struct {
	ID         string    `json:"-"`
	PatientID  string    `json:"-"`
	CareUnitID string    `json:"-"`
	EpisodeID  string    `json:"-"` // may be ""
	State      PlanState `json:"-"`
	Version    int       `json:"-"` // 1 when proposed first
	CreateTime time.Time `json:"-"`
	Revision   int64     `json:"-"`

	Steps       []Step    `json:"steps"`
	Target      Target    `json:"target"`
	Note        string    `json:"note,omitempty"`
	ProposedBy  string    `json:"proposed_by"`  // of the present version; the GP's for degrees that a GP has changed
	VersionTime time.Time `json:"version_time"` // when the present version was made

	Answer     *Answer       `json:"answer,omitempty"` // to the present version
	Agreements []Agreement   `json:"agreements,omitempty"`
	CheckIns   []CheckIn     `json:"check_ins,omitempty"`
	Earlier    []PlanVersion `json:"earlier,omitempty"`
	Deviations []Deviation   `json:"deviations,omitempty"`
	Hold       Withdrawal    `json:"hold,omitzero"`    // the last one
	Closing    Withdrawal    `json:"closing,omitzero"` // completed or withdrawn
}

// Span returns the first to the last day of the steps.
func (p Plan) Span() date.Span {
	if len(p.Steps) == 0 {
		return date.Span{}
	}
	return date.Span{Start: p.Steps[0].Start, End: p.Steps[len(p.Steps)-1].End}
}

// GrossDays counts the days of the steps with sick leave, each whole.
func (p Plan) GrossDays() int { return daysOf(p.Steps).days }

// NetDays counts the same days weighed by degree, exact to a quarter of a day.
func (p Plan) NetDays() float64 { return daysOf(p.Steps).net() }

// AgreedParties returns who has agreed to the present version, in the order in which they did.
func (p Plan) AgreedParties() []Party {
	var parties []Party
	for _, a := range p.Agreements {
		if a.Version == p.Version {
			parties = append(parties, a.Party)
		}
	}
	return parties
}

// IsTimePlanOf tells whether the plan is, or was, a time plan for the case: proposed or better and reaching into it.
func (p Plan) IsTimePlanOf(c Case) bool {
	return p.State != PlanDeclined && p.State != PlanWithdrawn && p.Span().End >= c.Start
}

// tasksOffered tells whether changed tasks have been offered since the present version was made.
func (p Plan) tasksOffered() bool {
	return slices.ContainsFunc(p.CheckIns, func(c CheckIn) bool { return c.Version == p.Version && c.ChangedTasksOffered })
}

// NextMeasure says what to try next, from the check-ins on the present version: the latest recorded decides whether anything is
// to be tried at all.
func (p Plan) NextMeasure() Measure {
	if p.State != PlanAccepted && p.State != PlanHeld || len(p.CheckIns) == 0 {
		return MeasureNone
	}
	last := p.CheckIns[len(p.CheckIns)-1]
	switch {
	case last.Version != p.Version || last.Outcome == OutcomeWell:
		return MeasureNone
	case !p.tasksOffered():
		return MeasureChangedTasks
	case p.State == PlanAccepted:
		return MeasureHold
	default:
		return MeasureHigherDegree
	}
}

func (p Plan) step(id string) (Step, bool) {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == id })
	if i < 0 {
		return Step{}, false
	}
	return p.Steps[i], true
}
