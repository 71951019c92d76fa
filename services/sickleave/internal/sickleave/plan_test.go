package sickleave

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

func counter() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("s%d", n) }
}

// anySteps draws sound steps.
func anySteps() *rapid.Generator[[]Step] {
	return rapid.Custom(func(t *rapid.T) []Step {
		start := year2026.AddDays(rapid.IntRange(0, 60).Draw(t, "start"))
		steps := make([]Step, rapid.IntRange(1, 6).Draw(t, "steps"))
		for i := range steps {
			end := start.AddDays(rapid.IntRange(0, 40).Draw(t, "length"))
			steps[i] = Step{Start: start, End: end, Degree: 25 * rapid.IntRange(0, 4).Draw(t, "quarters")}
			start = end.AddDays(1)
		}
		return steps
	})
}

const (
	coordinator = "coordinator"
	doctor      = "doctor"
)

// walk is a plan under random verbs, beside what a GP has answered last.
type walk struct {
	plan     Plan
	newID    func() string
	now      time.Time
	answered []Step // the steps as of the GP's last positive answer
	verbs    []string
}

func (w *walk) try(verb string, did Plan, err error) {
	w.verbs = append(w.verbs, verb)
	if err == nil {
		w.plan = did
	}
}

// The states that each verb may start from, and where it may lead, written down apart from the code.
var ways = map[string]map[PlanState][]PlanState{
	PlanUpdate:   {PlanProposed: {PlanProposed}, PlanHeld: {PlanProposed}},
	PlanAnswer:   {PlanProposed: {PlanAccepted, PlanDeclined}},
	PlanAgree:    {PlanProposed: {PlanProposed}, PlanAccepted: {PlanAccepted}, PlanHeld: {PlanHeld}},
	PlanCheckIn:  {PlanAccepted: {PlanAccepted}, PlanHeld: {PlanHeld}},
	PlanHold:     {PlanAccepted: {PlanHeld}},
	PlanStepBack: {PlanAccepted: {PlanProposed}, PlanHeld: {PlanProposed}},
	PlanComplete: {PlanAccepted: {PlanCompleted}},
	PlanWithdraw: {PlanProposed: {PlanWithdrawn}, PlanAccepted: {PlanWithdrawn}, PlanHeld: {PlanWithdrawn}},
}

// Random walks over the verbs: no state without its guards, versions only grow, steps never overlap, deviations bear a reason, and
// no degree stands that a GP has not answered.
func TestPlanWalks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &walk{newID: counter(), now: signedFrom.AddDate(0, 1, 0)}
		plan, err := Propose(w.now, Plan{ID: "p"}, coordinator, PlanContent{Steps: anySteps().Draw(t, "proposed")}, w.newID)
		require.NoError(t, err)
		w.plan = plan
		for range rapid.IntRange(1, 25).Draw(t, "length") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 20*24).Draw(t, "hours")) * time.Hour)
			before, old := w.plan, clonePlan(w.plan)
			verb := rapid.SampledFrom([]string{PlanUpdate, PlanAnswer, PlanAnswer, PlanAgree, PlanCheckIn, PlanHold, PlanStepBack, PlanComplete, PlanWithdraw}).Draw(t, "verb")
			err := w.step(t, verb)
			require.Equal(t, old, before, "what was there is changed in place")

			leads, allowed := ways[verb][before.State]
			var refused *RefusedError
			if !allowed {
				require.ErrorAs(t, err, &refused)
				require.Equal(t, ReasonPlanState, refused.Reason)
				require.Equal(t, before.State.Verbs(), refused.Allowed)
			}
			if err != nil {
				require.Equal(t, old, w.plan)
				continue
			}
			require.Contains(t, leads, w.plan.State)
			w.holds(t, verb, before)
		}
	})
}

func clonePlan(p Plan) Plan { return p.clone() }

// step tries one verb.
func (w *walk) step(t *rapid.T, verb string) error {
	why := rapid.SampledFrom([]string{"", "because"}).Draw(t, "why")
	var next Plan
	var err error
	switch verb {
	case PlanUpdate:
		content := PlanContent{Steps: anySteps().Draw(t, "steps"), Target: w.plan.Target}
		if rapid.Bool().Draw(t, "same") {
			content.Steps = w.plan.Steps
		}
		next, err = w.plan.Revise(w.now, coordinator, content, w.newID)
	case PlanAnswer:
		reply := Reply{Kind: rapid.SampledFrom([]AnswerKind{AnswerAccepted, AnswerAccepted, AnswerChanged, AnswerDeclined}).Draw(t, "answer"), Reason: why}
		if reply.Kind == AnswerChanged {
			step := rapid.SampledFrom(w.plan.Steps).Draw(t, "step")
			reply.Degrees = map[string]int{step.ID: 25 * rapid.IntRange(0, 4).Draw(t, "quarters")}
		}
		reply.Version = rapid.SampledFrom([]int{0, w.plan.Version, w.plan.Version - 1}).Draw(t, "version")
		next, err = w.plan.AnswerBy(w.now, doctor, reply)
		if err == nil && reply.Kind != AnswerDeclined {
			w.answered = slices.Clone(next.Steps)
		}
		if err == nil && reply.Version != 0 {
			require.Equal(t, w.plan.Version, reply.Version)
		}
	case PlanAgree:
		next, err = w.plan.Agree(w.now, coordinator, rapid.SampledFrom([]Party{PartyPatient, PartyEmployer, PartyCare}).Draw(t, "party"), 0)
	case PlanCheckIn:
		next, err = w.plan.Check(w.now, coordinator, CheckIn{
			StepID:              rapid.SampledFrom(w.plan.Steps).Draw(t, "step").ID,
			Outcome:             rapid.SampledFrom([]Outcome{OutcomeWell, OutcomeWorse, OutcomeTrouble}).Draw(t, "outcome"),
			ChangedTasksOffered: rapid.Bool().Draw(t, "tasks"),
		})
	case PlanHold:
		next, err = w.plan.HoldOn(w.now, coordinator, "hold", why)
	case PlanStepBack:
		span := w.plan.Span()
		next, err = w.plan.ProposeHigher(w.now, coordinator, StepBack{
			Start:  span.Start.AddDays(rapid.IntRange(-1, span.Days()).Draw(t, "day")),
			Degree: 25 * rapid.IntRange(1, 4).Draw(t, "quarters"), Days: rapid.IntRange(1, 60).Draw(t, "days"), DeviationReason: why,
		}, w.newID)
	case PlanComplete:
		next, err = w.plan.Complete(w.now, coordinator, "", why)
	default:
		next, err = w.plan.Withdraw(w.now, coordinator, "withdrawn")
	}
	w.try(verb, next, err)
	return err
}

// holds checks what holds after every verb that passed.
func (w *walk) holds(t *rapid.T, verb string, before Plan) {
	p := w.plan
	for i, s := range p.Steps {
		require.LessOrEqual(t, s.Start, s.End)
		if i > 0 {
			require.Equal(t, p.Steps[i-1].End.AddDays(1), s.Start)
		}
	}
	ids := make(map[string]bool)
	for _, s := range p.Steps {
		require.NotEmpty(t, s.ID)
		require.False(t, ids[s.ID])
		ids[s.ID] = true
	}

	// Versions grow by one when steps change, and never otherwise shrink; the history is whole.
	require.Contains(t, []int{before.Version, before.Version + 1}, p.Version)
	if !slices.Equal(p.Steps, before.Steps) {
		require.Equal(t, before.Version+1, p.Version)
	}
	if p.Version > before.Version {
		require.Empty(t, p.AgreedParties())
		last := p.Earlier[len(p.Earlier)-1]
		require.Equal(t, before.Steps, last.Steps)
		require.Equal(t, before.Version, last.Version)
	}
	require.Len(t, p.Earlier, p.Version-1)
	require.GreaterOrEqual(t, len(p.CheckIns), len(before.CheckIns))

	// Degrees are the GP's: what stands is what a GP has answered, and nobody's agreement makes it stand.
	switch p.State {
	case PlanAccepted, PlanHeld, PlanCompleted:
		require.Equal(t, w.answered, p.Steps)
		require.NotNil(t, p.Answer)
		require.Equal(t, doctor, p.Answer.By)
		require.NotEqual(t, AnswerDeclined, p.Answer.Kind)
	case PlanProposed:
		require.Nil(t, p.Answer)
	case PlanDeclined:
		require.NotEmpty(t, p.Answer.Reason)
	}
	if before.State == PlanProposed && (p.State == PlanAccepted || p.State == PlanDeclined) {
		require.Equal(t, PlanAnswer, verb)
	}

	// The model: changed tasks first, then a hold; otherwise a reason stands with the plan.
	added := p.Deviations[len(before.Deviations):]
	codes := make([]DeviationCode, len(added))
	for i, d := range added {
		require.Equal(t, "because", d.Reason)
		codes[i] = d.Code
	}
	offered := slices.ContainsFunc(before.CheckIns, func(c CheckIn) bool { return c.ChangedTasksOffered && c.Version == before.Version })
	tasks := (verb == PlanHold || verb == PlanStepBack) && !offered
	require.Equal(t, tasks, slices.Contains(codes, DeviationTasksNotOffered))
	require.Equal(t, verb == PlanStepBack && before.State != PlanHeld, slices.Contains(codes, DeviationHoldNotTried))
	require.Equal(t, verb == PlanComplete && date.Of(w.now) < p.Steps[len(p.Steps)-1].Start, slices.Contains(codes, DeviationCompletedEarly))
	w.measured(t)
	if verb == PlanStepBack {
		require.Greater(t, daysOf(p.Steps).percentDays, 0)
		require.Equal(t, before.Span().Start, p.Span().Start)
	}
}

// measured checks that the measure to try next is one that can be tried, in its turn: it needs no reason for a deviation, and the
// one after it would.
func (w *walk) measured(t *rapid.T) {
	_, holding := w.plan.HoldOn(w.now, coordinator, "hold", "")
	var deviation *DeviationError
	switch measure := w.plan.NextMeasure(); measure {
	case MeasureChangedTasks:
		if w.plan.State == PlanAccepted {
			require.ErrorAs(t, holding, &deviation)
		}
	case MeasureHold:
		require.NoError(t, holding)
	case MeasureHigherDegree:
		require.Equal(t, PlanHeld, w.plan.State)
		first := w.plan.Steps[0]
		back := StepBack{Start: first.Start, Degree: first.Degree + 25, Days: 1}
		if back.Degree > 100 || len(w.plan.Steps) == MaxSteps {
			return
		}
		proposed, err := w.plan.ProposeHigher(w.now, coordinator, back, w.newID)
		require.NoError(t, err)
		require.Len(t, proposed.Deviations, len(w.plan.Deviations))
		require.Equal(t, PlanProposed, proposed.State, "the GP decides")
	default:
		last := len(w.plan.CheckIns) - 1
		well := last < 0 || w.plan.CheckIns[last].Outcome == OutcomeWell || w.plan.CheckIns[last].Version != w.plan.Version
		require.True(t, well || w.plan.State != PlanAccepted && w.plan.State != PlanHeld)
	}
}

// The days of a plan are those of a certificate with the same periods.
func TestPlanDaysAreDaysOfCases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := anySteps().Draw(t, "steps")
		var periods []Period
		for _, s := range steps {
			if s.Degree > 0 {
				periods = append(periods, Period{Start: s.Start, End: s.End, Degree: s.Degree})
			}
		}
		p := Plan{Steps: steps}
		if len(periods) == 0 {
			require.Zero(t, p.GrossDays())
			require.Zero(t, p.NetDays())
			return
		}
		result, err := Compute([]Certificate{{ID: "c", State: Signed, Content: Content{Periods: periods}}}, Rules{MaxGapDays: MaxGapDays})
		require.NoError(t, err)
		gross, net := 0, 0.0
		for _, c := range result.Cases {
			gross, net = gross+c.GrossDays, net+c.NetDays
		}
		require.Equal(t, gross, p.GrossDays())
		require.InDelta(t, net, p.NetDays(), 0)
	})
}

// When what a preview asks for is certified last, nothing is left to certify, and only full return is at odds with certificates.
func TestWhatAPreviewAsksForIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps, certificates := anySteps().Draw(t, "steps"), anyCertificates().Draw(t, "certificates")
		first, err := PreviewSteps(steps, certificates)
		require.NoError(t, err)
		for i, p := range first.ToCertify {
			certificates = append(certificates, Certificate{
				ID: fmt.Sprintf("new%d", i), State: Signed, SignTime: signedFrom.AddDate(3, 0, 0), Content: Content{Periods: []Period{p}},
			})
		}
		second, err := PreviewSteps(steps, certificates)
		require.NoError(t, err)
		require.Empty(t, second.ToCertify)
		for _, a := range second.Affected {
			s, ok := stepOn(steps, a.Differ)
			require.True(t, ok)
			require.Zero(t, s.Degree)
		}
		require.Equal(t, first.NetDays, second.NetDays)
	})
}

// The day of a deadline of the chain is the first on which the chain has that many days.
func TestChainDeadlinesAgreeWithCases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		certificates := anyCertificates().Draw(t, "certificates")
		asOf := year2026.AddDays(rapid.IntRange(0, 500).Draw(t, "day"))
		c, deadlines, err := Deadlines(certificates, Rules{AsOf: asOf, MaxGapDays: DefaultGapDays}, func(Case) bool { return false })
		require.NoError(t, err)
		if c == nil {
			require.Empty(t, deadlines)
			return
		}
		expected := date.Span{Start: c.Start, End: c.End}.Days()
		require.Equal(t, expected >= 60, slices.ContainsFunc(deadlines, func(d Deadline) bool { return d.Code == DeadlineEmployerPlan }))
		for _, d := range deadlines {
			require.Equal(t, asOf > d.Day, d.Passed)
			require.Equal(t, d.Passed && d.Code == DeadlineTimePlan, d.Flagged)
			if d.Code == DeadlineTimePlan {
				require.GreaterOrEqual(t, expected, 30)
				require.GreaterOrEqual(t, d.Number, 14)
				require.GreaterOrEqual(t, 3*d.Number, expected)
			}
			if !slices.Contains([]DeadlineCode{DeadlineChain90, DeadlineChain180, DeadlineChain365}, d.Code) || !d.Certified {
				continue
			}
			then, err := Compute(certificates, Rules{AsOf: d.Day, MaxGapDays: DefaultGapDays})
			require.NoError(t, err)
			require.NotNil(t, then.ActiveCase)
			require.Equal(t, d.Number, then.ActiveCase.ChainDay)
			require.True(t, then.ActiveCase.Ongoing)
		}
	})
}

func TestDraftExtensionNamesItsSources(t *testing.T) {
	now := signedFrom.AddDate(0, 2, 0)
	rapid.Check(t, func(t *rapid.T) {
		last := Certificate{
			ID: "last", PatientID: "p", State: rapid.SampledFrom([]State{Signed, Signed, Signed, Draft, Revoked}).Draw(t, "state"), SignTime: now.AddDate(0, 0, -20),
			Content: Content{
				Periods: []Period{{Start: year2026, End: year2026.AddDays(13), Degree: 100}}, Diagnoses: []string{"F32.1"},
				Occupation: rapid.SampledFrom([]string{"", "nurse"}).Draw(t, "occupation"), FunctionLimitation: "old", ActivityLimitation: "old",
			},
		}
		var assessment *WorkAbilityAssessment
		if rapid.Bool().Draw(t, "assessed") {
			assessment = &WorkAbilityAssessment{
				ID: "a", Day: date.Of(last.SignTime).AddDays(rapid.IntRange(-2, 2).Draw(t, "day")), FunctionLimitation: "new", ActivityLimitation: "new",
			}
		}
		var plan *Plan
		if rapid.Bool().Draw(t, "planned") {
			plan = &Plan{ID: "plan", State: rapid.SampledFrom([]PlanState{PlanProposed, PlanAccepted, PlanHeld, PlanWithdrawn}).Draw(t, "plan"), Steps: anySteps().Draw(t, "steps"), VersionTime: now}
		}
		c, err := DraftExtension(now, Origin{ID: "next", PatientID: "p", CareUnitID: "u", CreatedBy: "x"}, last, assessment, plan)
		if last.State != Signed {
			var refused *StateError
			require.ErrorAs(t, err, &refused)
			return
		}
		require.NoError(t, err)
		require.Equal(t, Draft, c.State)
		require.Equal(t, "last", c.RenewsID)
		// Every field that is filled in has exactly one source, and no empty field has one.
		filled := difference(c.Content, Content{})
		var told []string
		for _, p := range c.Prefills {
			told = append(told, p.Field)
		}
		require.Equal(t, filled, told)
		require.Equal(t, difference(c.Content, last.Content), c.ChangedFields)
		newer := assessment != nil && assessment.Day >= date.Of(last.SignTime)
		require.Equal(t, newer, c.FunctionLimitation == "new")
		if len(c.Periods) > 0 {
			require.Contains(t, []PlanState{PlanProposed, PlanAccepted}, plan.State)
			require.Greater(t, c.Periods[0].Start, last.Span().End)
			s, ok := stepOn(plan.Steps, c.Periods[0].Start)
			require.True(t, ok)
			require.Equal(t, s.Degree, c.Periods[0].Degree)
		}
		// What the author changes is the author's.
		content := c.clone()
		content.FunctionLimitation = "edited"
		edited, err := c.Edit(content)
		require.NoError(t, err)
		for _, p := range edited.Prefills {
			require.Equal(t, p.Field == fieldFunction, p.Edited)
		}
		for _, p := range c.Prefills {
			require.False(t, p.Edited, "changed in place")
		}
	})
}

func TestPlanKeepsSoMuch(t *testing.T) {
	now := signedFrom
	p, err := Propose(now, Plan{ID: "p"}, coordinator, PlanContent{Steps: []Step{{Start: year2026, End: year2026.AddDays(9), Degree: 50}}}, counter())
	require.NoError(t, err)
	p.Earlier = make([]PlanVersion, MaxPlanVersions)
	_, err = p.Revise(now, coordinator, PlanContent{Steps: []Step{{Start: year2026, End: year2026.AddDays(19), Degree: 50}}}, counter())
	var refused *RefusedError
	require.True(t, errors.As(err, &refused))
	require.Equal(t, ReasonPlanFull, refused.Reason)
	p.State, p.CheckIns = PlanAccepted, make([]CheckIn, MaxCheckIns)
	_, err = p.Check(now, coordinator, CheckIn{})
	require.True(t, errors.As(err, &refused))
	require.Equal(t, ReasonPlanFull, refused.Reason)
}
