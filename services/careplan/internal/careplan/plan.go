package careplan

import (
	"fmt"
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// PlanState is how far a plan has come.
type PlanState string

// The states; see the package's diagram.
const (
	PlanDraft     PlanState = "DRAFT"
	PlanActive    PlanState = "ACTIVE"
	PlanCompleted PlanState = "COMPLETED"
	PlanInError   PlanState = "REGISTERED_IN_ERROR"
)

// Outcome is how a plan ended, spelled as in the contract.
type Outcome string

// OutcomeEpisodeClosed is the one that only the system sets.
const OutcomeEpisodeClosed Outcome = "EPISODE_CLOSED"

// Plan is what the patient and the team do together in one care episode.
type Plan struct {
	ID                 string
	PatientID          string
	EpisodeID          string
	State              PlanState
	CareManager        string
	CareManagerChanges int
	Content            Content
	ContentRevision    int // number of the content in force, from 1
	ContentAuthor      string
	ContentReason      string // why the content was revised
	ContentTime        time.Time
	Planned            []Planned // by day
	StartDay           date.Day  // weeks are counted from here; none before activation
	ActivateTime       time.Time
	CompleteTime       time.Time
	Outcome            Outcome
	Author             string
	ErrorMark          *ErrorMark
	Revision           int64 // of the row
	CreateTime         time.Time
	UpdateTime         time.Time
}

// Change is new content; nil leaves a part as it is.
type Change struct {
	CareManager       *string
	Problems          *string
	Strengths         *string
	Goals             *[]Goal
	Activities        *[]Activity
	RelapsePrevention *string
	Schedule          *ScheduleInput
}

// Act is who writes, when, and how new ids are made.
type Act struct {
	By    string
	Now   time.Time
	NewID func() string
}

// NewPlan makes a draft. The plan has its ids, its episode and its care manager; the fallback is the unit's schedule.
// Violations have the fields of the plan.
func NewPlan(p Plan, change Change, fallback Schedule, act Act) (Plan, error) {
	var violations []Violation
	if p.EpisodeID == "" {
		violations = append(violations, Violation{"care_episode_id", FieldRequired, "is required"})
	}
	if change.Schedule == nil {
		change.Schedule = &ScheduleInput{}
	}
	content, err := Content{Schedule: fallback}.with(change, "", act)
	violations = append(violations, violationsOf(err)...)
	if len(violations) > 0 {
		return p, invalid(violations)
	}
	if change.CareManager != nil {
		p.CareManager = *change.CareManager
	}
	p.State, p.Content, p.ContentRevision = PlanDraft, content, 1
	p.Author, p.CreateTime, p.UpdateTime, p.Revision = act.By, act.Now, act.Now, 1
	p.ContentAuthor, p.ContentTime = act.By, act.Now
	return p, nil
}

// Update changes a draft. Its content keeps its number: nobody works by it yet.
func (p Plan) Update(change Change, act Act) (Plan, error) {
	if p.State != PlanDraft {
		return p, p.refuse(CarePlanNotDraft, "only a draft can be updated; an active plan is revised")
	}
	content, err := p.Content.with(change, "", act)
	if err != nil {
		return p, err
	}
	p.Content = content
	p.ContentAuthor, p.ContentTime = act.By, act.Now
	if change.CareManager != nil {
		p = p.managedBy(*change.CareManager)
	}
	return p.touched(act.Now), nil
}

// Activate puts a draft in force and plans its contacts on working days, counted from start (today when it is no day).
func (p Plan) Activate(start date.Day, act Act) (Plan, error) {
	if p.State != PlanDraft {
		return p, p.refuse(CarePlanNotDraft, "only a draft can be activated")
	}
	if err := p.ready(); err != nil {
		return p, err
	}
	today := date.Of(act.Now)
	if start.IsZero() {
		start = today
	}
	if start < today.AddDays(-MaxDaysBeforePlan) || start > today.AddDays(MaxDaysToPlan) {
		return p, invalid([]Violation{{"start_date", DateOutOfRange,
			fmt.Sprintf("must be from %d days back to %d days ahead", MaxDaysBeforePlan, MaxDaysToPlan)}})
	}
	p.State, p.StartDay, p.ActivateTime = PlanActive, start, act.Now
	p.Planned = plan(p.Content.Schedule, start, today, nil, act.NewID)
	return p.touched(act.Now), nil
}

// Revise gives an active plan new content under the next number. A new schedule plans the contacts to come anew.
func (p Plan) Revise(change Change, reason string, act Act) (Plan, error) {
	if p.State != PlanActive {
		return p, p.refuse(CarePlanNotActive, "only an active plan can be revised")
	}
	content, err := p.Content.with(change, "content.", act)
	if err != nil {
		return p, err
	}
	p.Content = content
	p.ContentRevision++
	p.ContentAuthor, p.ContentReason, p.ContentTime = act.By, reason, act.Now
	if change.CareManager != nil {
		p = p.managedBy(*change.CareManager)
	}
	if err := p.ready(); err != nil {
		return p, err
	}
	if change.Schedule != nil {
		p.Planned = plan(content.Schedule, p.StartDay, date.Of(act.Now), p.Planned, act.NewID)
	}
	return p.touched(act.Now), nil
}

// Complete ends an active plan. Planned contacts still to come are dropped.
func (p Plan) Complete(outcome Outcome, now time.Time) (Plan, error) {
	if p.State != PlanActive {
		return p, p.refuse(CarePlanNotActive, "only an active plan can be completed")
	}
	p.State, p.Outcome, p.CompleteTime = PlanCompleted, outcome, now
	return p.dropped().touched(now), nil
}

// RegisterInError withdraws the plan. Planned contacts still to come are dropped.
func (p Plan) RegisterInError(mark ErrorMark, now time.Time) (Plan, error) {
	if p.State == PlanInError {
		return p, p.refuse(CarePlanInError, "the plan has been registered in error already")
	}
	p.State, p.ErrorMark = PlanInError, &mark
	return p.dropped().touched(now), nil
}

// FollowTeam gives the plan the care manager of the episode's team. It tells whether anything changed.
func (p Plan) FollowTeam(careManager string, now time.Time) (Plan, bool) {
	if careManager == "" || careManager == p.CareManager || p.State != PlanDraft && p.State != PlanActive {
		return p, false
	}
	return p.managedBy(careManager).touched(now), true
}

// Book notes the contact booked for a planned one.
func (p Plan) Book(plannedID, contactID string, now time.Time) (Plan, error) {
	n, err := p.toCome(plannedID)
	if err != nil {
		return p, err
	}
	if p.Planned[n].ContactID != "" {
		return p, &ExistsError{PlannedContactBooked, "the planned contact has been booked already; move that booking instead"}
	}
	return p.withPlanned(n, PlannedToCome, contactID, now), nil
}

// Hold notes that the contact of a planned one was held. It tells whether anything changed: a planned contact that has been
// dropped meanwhile stays dropped.
func (p Plan) Hold(plannedID, contactID string, now time.Time) (Plan, bool) {
	n, err := p.toCome(plannedID)
	if err != nil {
		return p, false
	}
	return p.withPlanned(n, PlannedHeld, contactID, now), true
}

// Release notes that the contact booked or held for a planned one no longer counts: it is to come again while the plan is
// active. It tells whether anything changed.
func (p Plan) Release(plannedID, contactID string, now time.Time) (Plan, bool) {
	n := slices.IndexFunc(p.Planned, func(planned Planned) bool { return planned.ID == plannedID })
	if n < 0 || p.Planned[n].ContactID != contactID {
		return p, false
	}
	state := p.Planned[n].State
	if state == PlannedHeld {
		state = PlannedToCome
		if p.State != PlanActive {
			state = PlannedDropped
		}
	}
	return p.withPlanned(n, state, "", now), true
}

// Verbs are those that the plan bears now.
func (p Plan) Verbs() []string {
	switch p.State {
	case PlanDraft:
		return []string{"update", "activate", "registerInError"}
	case PlanActive:
		return []string{"revise", "complete", "registerInError"}
	case PlanCompleted:
		return []string{"registerInError"}
	default:
		return nil
	}
}

func (p Plan) toCome(plannedID string) (int, error) {
	n := slices.IndexFunc(p.Planned, func(planned Planned) bool { return planned.ID == plannedID && planned.State == PlannedToCome })
	if n < 0 || p.State != PlanActive {
		return 0, &NotFoundError{PlannedContactNotFound, "no such contact is to come in the active plan of the episode"}
	}
	return n, nil
}

func (p Plan) withPlanned(n int, state PlannedState, contactID string, now time.Time) Plan {
	p.Planned = slices.Clone(p.Planned)
	p.Planned[n].State, p.Planned[n].ContactID = state, contactID
	return p.touched(now)
}

func (p Plan) dropped() Plan {
	p.Planned = slices.Clone(p.Planned)
	for n := range p.Planned {
		if p.Planned[n].State == PlannedToCome {
			p.Planned[n].State = PlannedDropped
		}
	}
	return p
}

func (p Plan) managedBy(careManager string) Plan {
	if p.CareManager != "" && p.CareManager != careManager {
		p.CareManagerChanges++
	}
	p.CareManager = careManager
	return p
}

// ready tells what a plan needs to be in force.
func (p Plan) ready() error {
	switch {
	case len(p.Content.Goals) == 0:
		return p.refuse(GoalMissing, "the plan needs at least one goal")
	case p.CareManager == "":
		return p.refuse(CareManagerMissing, "the plan needs a care manager")
	default:
		return nil
	}
}

func (p Plan) refuse(reason Reason, text string) error {
	return &StateError{reason, text, string(p.State), p.Verbs()}
}

func (p Plan) touched(now time.Time) Plan {
	p.Revision++
	p.UpdateTime = now
	return p
}
