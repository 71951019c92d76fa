package followup

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

func TestReturnSteps(t *testing.T) {
	rc := "rehabilitation_coordinator coordinator due "
	proposed := func(h *record) {
		h.team()
		h.plan("2026-03-05 10:00", ReturnProposed, 1)
	}
	accepted := func(h *record) {
		proposed(h)
		h.plan("2026-03-06 10:00", ReturnAccepted, 1)
	}
	checkIn := func(step, day string) CheckIn { return CheckIn{StepID: step, Day: date.MustParse(day)} }
	check(t, []rule{
		{"R44, R45: the steps of an accepted plan, each on the working day before, and how each goes", accepted, "2026-03-06", []string{
			"CHECK_IN half " + rc + "2026-03-23", "POST_RETURN_CHECK " + rc + "2026-05-11",
			"RETURN_STEP full " + rc + "2026-04-10", "RETURN_STEP half " + rc + "2026-03-13"}},
		{"R93: of a proposal nothing", proposed, "2026-03-06", []string{
			"CHECK_IN half CANCELLED RETURN_PLAN_CHANGED", "POST_RETURN_CHECK CANCELLED RETURN_PLAN_CHANGED",
			"RETURN_STEP full CANCELLED RETURN_PLAN_CHANGED", "RETURN_STEP half CANCELLED RETURN_PLAN_CHANGED"}},
		{"R45: a check-in ends what the step asked for", func(h *record) {
			accepted(h)
			h.plan("2026-03-20 10:00", ReturnAccepted, 1, checkIn("half", "2026-03-20"))
		}, "2026-03-20", []string{
			"CHECK_IN half COMPLETED CHECKED_IN", "POST_RETURN_CHECK " + rc + "2026-05-11",
			"RETURN_STEP full " + rc + "2026-04-10", "RETURN_STEP half COMPLETED CHECKED_IN"}},
		{"R45: one on a later step, too", func(h *record) {
			accepted(h)
			h.plan("2026-04-20 10:00", ReturnAccepted, 1, checkIn("full", "2026-04-20"))
		}, "2026-04-20", []string{
			"CHECK_IN half COMPLETED CHECKED_IN", "POST_RETURN_CHECK " + rc + "2026-05-11",
			"RETURN_STEP full COMPLETED CHECKED_IN", "RETURN_STEP half COMPLETED CHECKED_IN"}},
		{"R45: held, no further step is prepared, but one asks how the present one goes", func(h *record) {
			accepted(h)
			h.plan("2026-03-20 10:00", ReturnHeld, 1)
		}, "2026-03-20", []string{
			"CHECK_IN half " + rc + "2026-03-23", "POST_RETURN_CHECK CANCELLED RETURN_PLAN_CHANGED",
			"RETURN_STEP full CANCELLED RETURN_PLAN_CHANGED", "RETURN_STEP half CANCELLED RETURN_PLAN_CHANGED"}},
		{"R45: a new version keeps what was said of the one before", func(h *record) {
			accepted(h)
			h.plan("2026-03-20 10:00", ReturnAccepted, 1, checkIn("half", "2026-03-20"))
			h.plan("2026-03-21 10:00", ReturnProposed, 2)
			h.plan("2026-03-22 10:00", ReturnAccepted, 2)
		}, "2026-03-22", []string{
			"CHECK_IN half COMPLETED CHECKED_IN", "POST_RETURN_CHECK " + rc + "2026-05-11",
			"RETURN_STEP full " + rc + "2026-04-10", "RETURN_STEP half COMPLETED CHECKED_IN"}},
		{"R49: the check after the full return survives the plan's completion and the episode", func(h *record) {
			accepted(h)
			h.plan("2026-04-20 10:00", ReturnCompleted, 1)
			h.episode("2026-04-21 09:00", "CLOSED", "rc:coordinator:2026-03-02:2026-04-21")
		}, "2026-04-21", []string{
			"CHECK_IN half CANCELLED RETURN_PLAN_CHANGED", "POST_RETURN_CHECK " + rc + "2026-05-11",
			"RETURN_STEP full CANCELLED RETURN_PLAN_CHANGED", "RETURN_STEP half CANCELLED RETURN_PLAN_CHANGED"}},
		{"R49: but not its withdrawal", func(h *record) {
			accepted(h)
			h.plan("2026-04-20 10:00", ReturnWithdrawn, 1)
		}, "2026-04-21", []string{
			"CHECK_IN half CANCELLED RETURN_PLAN_CHANGED", "POST_RETURN_CHECK CANCELLED RETURN_PLAN_CHANGED",
			"RETURN_STEP full CANCELLED RETURN_PLAN_CHANGED", "RETURN_STEP half CANCELLED RETURN_PLAN_CHANGED"}},
		{"R92: without consent to coordination nobody asks", func(h *record) {
			accepted(h)
			h.consent("2026-03-07 10:00", false)
		}, "2026-03-07", []string{
			"CHECK_IN half CANCELLED CONSENT_MISSING", "POST_RETURN_CHECK CANCELLED CONSENT_MISSING",
			"RETURN_STEP full CANCELLED CONSENT_MISSING", "RETURN_STEP half CANCELLED CONSENT_MISSING"}},
		{"R44: a step that has begun when the plan is accepted is prepared that day; one that is over, never", func(h *record) {
			proposed(h)
			h.plan("2026-04-14 10:00", ReturnAccepted, 1)
		}, "2026-04-14", []string{
			"CHECK_IN half " + rc + "2026-03-23", "POST_RETURN_CHECK " + rc + "2026-05-11", "RETURN_STEP full " + rc + "2026-04-14"}},
	}, ReturnStepBegins, CheckInOnStep, PostReturnCheck)
}

func TestR93AnswerReturnPlan(t *testing.T) {
	check(t, []rule{
		{"R93: a proposal waits for the GP", func(h *record) {
			h.team()
			h.plan("2026-03-05 10:00", ReturnProposed, 1)
		}, "2026-03-05", []string{"ANSWER_RETURN_PLAN gp doctor due 2026-03-10"}},
		{"R93: whatever the patient says to coordination", func(h *record) {
			h.team()
			h.consent("2026-03-05 09:00", false)
			h.plan("2026-03-05 10:00", ReturnProposed, 1)
		}, "2026-03-05", []string{"ANSWER_RETURN_PLAN gp doctor due 2026-03-10"}},
		{"R93: a new version waits anew", func(h *record) {
			h.team()
			h.plan("2026-03-05 10:00", ReturnProposed, 1)
			h.plan("2026-03-09 10:00", ReturnProposed, 2)
		}, "2026-03-09", []string{"ANSWER_RETURN_PLAN gp doctor due 2026-03-12"}},
		{"R93: the answer ends it, also one that changes the degrees", func(h *record) {
			h.team()
			h.plan("2026-03-05 10:00", ReturnProposed, 1)
			h.plan("2026-03-09 10:00", ReturnAccepted, 2)
		}, "2026-03-09", []string{"ANSWER_RETURN_PLAN COMPLETED ANSWERED"}},
		{"R93: a step back is answered anew", func(h *record) {
			h.team()
			h.plan("2026-03-05 10:00", ReturnProposed, 1)
			h.plan("2026-03-09 10:00", ReturnAccepted, 1)
			h.plan("2026-03-23 10:00", ReturnProposed, 2)
		}, "2026-03-23", []string{"ANSWER_RETURN_PLAN gp doctor due 2026-03-26"}},
		{"R93: withdrawn, nobody need answer", func(h *record) {
			h.team()
			h.plan("2026-03-05 10:00", ReturnProposed, 1)
			h.plan("2026-03-09 10:00", ReturnWithdrawn, 1)
		}, "2026-03-09", []string{"ANSWER_RETURN_PLAN CANCELLED RETURN_PLAN_CHANGED"}},
	}, AnswerReturnPlan)
}

// A step that is no longer in its plan is no longer prepared.
func TestAStepThatIsTakenOut(t *testing.T) {
	h := newRecord()
	h.team()
	h.plan("2026-03-05 10:00", ReturnAccepted, 1)
	now := clock("2026-03-05 10:00")
	var made []FollowUp
	for _, c := range Reconcile(h.file, nil, Derive(h.file, Policy{}, date.Of(now)), now, counter()) {
		made = append(made, c.FollowUp)
	}
	h.file.SeeReturnPlan(ReturnPlan{Told: h.told("p", "2026-03-06 10:00"), EpisodeID: "e", State: ReturnAccepted, Version: 2, Steps: []ReturnStep{
		{ID: "half", Start: date.MustParse("2026-03-16"), Last: date.MustParse("2026-05-10"), Degree: 50}}})
	causes := map[string]Cause{}
	for _, c := range Reconcile(h.file, made, Derive(h.file, Policy{}, date.Of(now)), now, counter()) {
		causes[string(c.FollowUp.Kind)+" "+c.FollowUp.SubjectID] = c.FollowUp.End.Cause
	}
	require.Equal(t, map[string]Cause{"RETURN_STEP full": ReturnPlanChanged, "POST_RETURN_CHECK full": ReturnPlanChanged}, causes)
}
