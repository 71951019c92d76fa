package requirements_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The way back is one step at a time.
func TestR44_TheWayBackIsOneStepAtATime(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a patient on sick leave
		p := c.coordinated()
		p.certified(28, 100)

		// when a plan 100→75→50→25→0 of two weeks a step is saved
		id := p.do(c.coordinator, "/returnToWorkPlans", p.stairs()).text("returnToWorkPlanId")

		// then its steps are in order, dated, and each begins the day after the one before it ends
		plan := p.read(c.gp, "/returnToWorkPlans/"+id)
		var degrees []float64
		for i, step := range plan.list("steps") {
			degrees = append(degrees, step.number("degree"))
			require.Equal(c, c.in(14*i), step.text("startDate"))
			require.Equal(c, c.in(14*i+13), step.text("endDate"))
		}
		require.Equal(c, []float64{100, 75, 50, 25, 0}, degrees)

		// and net and gross days are computed: the step without sick leave counts in neither
		require.EqualValues(c, 56, plan.number("grossDays"))
		require.InDelta(c, 14*(1+.75+.5+.25), plan.number("netDays"), 1e-9)

		// when steps overlap, leave a gap, stand in the wrong order or lack a day, then each fault is named, and nothing is kept
		wrong := func(change func(steps list)) {
			c.Helper()
			other := c.coordinated()
			body := other.stairs()
			change(body["steps"].(list))
			problem := other.refuse(http.StatusBadRequest, "STEP_NOT_ADJACENT", c.coordinator, "/returnToWorkPlans", body)
			require.Contains(c, problem.text("violations.0.field"), "returnToWorkPlan.steps[")
			require.Empty(c, other.read(c.gp, "/returnToWorkPlans").list("returnToWorkPlans"))
		}
		wrong(func(steps list) { steps[1].(object)["startDate"] = c.in(13) })
		wrong(func(steps list) { steps[1].(object)["startDate"] = c.in(15) })
		wrong(func(steps list) { steps[0], steps[1] = steps[1], steps[0] })
	})
}

// Degrees are the GP's: what a meeting agrees on is a proposal.
func TestR93_StepsAreAProposalUntilTheGPAnswers(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given steps that all have agreed on, and that the GP has not answered
		p := c.coordinated("CONTACT", "RETURN_TO_WORK_PLAN")
		p.certified(14, 100)
		m := p.ready().heard()
		m.to("conclude", m.conclusion())
		id := p.do(c.coordinator, "/returnToWorkPlans", p.stairs()).text("returnToWorkPlanId")
		path := "/returnToWorkPlans/" + id
		for _, party := range []string{"PATIENT", "EMPLOYER", "CARE"} {
			p.do(c.coordinator, path+":agree", object{"party": party})
		}

		// then they are a proposal, whoever has agreed: nothing is held, checked or completed by them, nor told as a plan
		plan := p.read(c.gp, path)
		require.Equal(c, "PROPOSED", plan.text("state"))
		require.Equal(c, []string{"PATIENT", "EMPLOYER", "CARE"}, plan.texts("agreedParties"))
		require.False(c, plan.has("answer"))
		problem := p.refuse(http.StatusConflict, "RETURN_TO_WORK_PLAN_STATE", c.coordinator, path+":hold", object{"reason": "paus"})
		require.Equal(c, "PROPOSED", problem.text("state"))
		require.NotContains(c, problem.texts("allowed"), "hold")
		require.NotContains(c, p.employerSees().String(), "Planerad sjukskrivning")

		// and nobody but a GP answers
		for _, who := range []colleague{c.coordinator, c.careManager, c.therapist} {
			p.refuse(http.StatusForbidden, "ROLE_REQUIRED", who, path+":answer", object{"kind": "ACCEPTED"})
		}

		// and the proposal waits in the GP's list
		require.Len(c, p.open("ANSWER_RETURN_PLAN"), 1)
		require.Empty(c, p.open("RETURN_STEP"), "nobody prepares what is a proposal")

		// when the GP answers with another degree, then the steps stand with the GP's
		second := plan.text("steps.1.stepId")
		p.do(c.gp, path+":answer", object{"kind": "CHANGED", "degrees": list{object{"stepId": second, "degree": 100}}, "reason": "för tidigt"})
		plan = p.read(c.coordinator, path)
		require.Equal(c, "ACCEPTED", plan.text("state"))
		require.EqualValues(c, 100, plan.number("steps.1.degree"))
		require.Equal(c, c.gp.id, plan.text("answer.practitionerId"))
		require.Empty(c, p.open("ANSWER_RETURN_PLAN"))
		require.NotEmpty(c, p.open("RETURN_STEP"))
		require.Empty(c, plan.texts("agreedParties"), "they have agreed to another version")
		require.Contains(c, p.employerSees().String(), "Planerad sjukskrivning 100 procent")

		// and the plan has certified nothing: each certificate is signed by a GP
		require.Equal(c, c.in(12), p.read(c.gp, "/sickLeaveCases").text("cases.0.endDate"))
		draft := p.do(c.coordinator, "/certificates:draftExtension", object{}).text("certificateId")
		p.refuse(http.StatusForbidden, "ROLE_REQUIRED", c.coordinator, "/certificates/"+draft+":sign", object{})
		require.Equal(c, c.in(12), p.read(c.gp, "/sickLeaveCases").text("cases.0.endDate"))
	})
}

// When a step goes badly, tasks are changed first, then the step is held; only the GP raises the degree.
func TestR45_AStepThatGoesBadly(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given an accepted plan on its first step
		p := c.coordinated()
		p.certified(70, 100)
		plan := p.do(c.coordinator, "/returnToWorkPlans", p.stairs())
		path, step := "/returnToWorkPlans/"+plan.text("returnToWorkPlanId"), plan.text("steps.0.stepId")
		p.do(c.gp, path+":answer", object{"kind": "ACCEPTED"})
		c.pass(7)
		require.NotEmpty(c, p.open("CHECK_IN"))
		back := object{"startDate": c.in(7), "degree": 100, "days": 14}

		// when a check-in shows that the patient is worse, then changed tasks come first: to hold without them takes a reason
		require.Equal(c, "CHANGED_TASKS", p.do(c.careManager, path+":checkIn", object{"stepId": step, "outcome": "WORSE"}).text("nextMeasure"))
		warned := p.refuse(http.StatusConflict, "DEVIATION_REASON_REQUIRED", c.coordinator, path+":hold", object{"reason": "paus"})
		require.Equal(c, []string{"CHANGED_TASKS_NOT_OFFERED"}, warned.texts("violations", "reason"))

		// when they have been offered and there is still trouble, then the step is held, not yet a higher degree proposed
		offered := p.do(c.careManager, path+":checkIn", object{"stepId": step, "outcome": "TROUBLE_AT_WORK", "changedTasksOffered": true})
		require.Equal(c, "HOLD", offered.text("nextMeasure"))
		warned = p.refuse(http.StatusConflict, "DEVIATION_REASON_REQUIRED", c.coordinator, path+":stepBack", back)
		require.Equal(c, []string{"HOLD_NOT_TRIED"}, warned.texts("violations", "reason"))
		require.Equal(c, "HELD", p.do(c.coordinator, path+":hold", object{"reason": "sover dåligt"}).text("state"))

		// when it goes no better, then a higher degree is proposed, and the GP decides
		held := p.do(c.careManager, path+":checkIn", object{"stepId": step, "outcome": "WORSE", "changedTasksOffered": true})
		require.Equal(c, "HIGHER_DEGREE", held.text("nextMeasure"))
		proposed := p.do(c.coordinator, path+":stepBack", back)
		require.Equal(c, "PROPOSED", proposed.text("state"))
		require.EqualValues(c, 2, proposed.number("version"))
		require.Len(c, p.open("ANSWER_RETURN_PLAN"), 1)
		p.refuse(http.StatusForbidden, "ROLE_REQUIRED", c.coordinator, path+":answer", object{"kind": "ACCEPTED"})
		p.do(c.gp, path+":answer", object{"kind": "ACCEPTED"})

		// then its history is kept: the version before, every check-in, the hold, and no departure from the model
		kept := p.read(c.gp, path)
		require.Equal(c, "ACCEPTED", kept.text("state"))
		require.Equal(c, plan.texts("steps", "startDate"), kept.texts("earlierVersions.0.steps", "startDate"))
		require.Equal(c, []string{"WORSE", "TROUBLE_AT_WORK", "WORSE"}, kept.texts("checkIns", "outcome"))
		require.Equal(c, "sover dåligt", kept.text("hold.reason"))
		require.Empty(c, kept.list("deviations"))
	})
}
