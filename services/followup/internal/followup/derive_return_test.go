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
			"POST_RETURN_CHECK " + rc + "2026-05-11", "RETURN_STEP full " + rc + "2026-04-14"}},
		{"R45: nor does anybody ask how it went, whatever is said of a later step", func(h *record) {
			proposed(h)
			h.plan("2026-04-14 10:00", ReturnAccepted, 1)
			h.plan("2026-04-20 10:00", ReturnAccepted, 1, checkIn("full", "2026-04-20"))
		}, "2026-04-20", []string{"POST_RETURN_CHECK " + rc + "2026-05-11", "RETURN_STEP full COMPLETED CHECKED_IN"}},
		{"R45: how a step goes that has begun is asked on the working day after the plan is accepted at the soonest", func(h *record) {
			proposed(h)
			h.plan("2026-04-10 10:00", ReturnAccepted, 1)
		}, "2026-04-10", []string{
			"CHECK_IN half " + rc + "2026-04-13", "POST_RETURN_CHECK " + rc + "2026-05-11",
			"RETURN_STEP full " + rc + "2026-04-10", "RETURN_STEP half " + rc + "2026-04-10"}},
		{"R45: so it stays when the plan is held", func(h *record) {
			proposed(h)
			h.plan("2026-04-08 10:00", ReturnAccepted, 1)
			h.plan("2026-04-10 10:00", ReturnHeld, 1)
		}, "2026-04-10", []string{
			"CHECK_IN half " + rc + "2026-04-09", "POST_RETURN_CHECK CANCELLED RETURN_PLAN_CHANGED",
			"RETURN_STEP full CANCELLED RETURN_PLAN_CHANGED", "RETURN_STEP half CANCELLED RETURN_PLAN_CHANGED"}},
	}, ReturnStepBegins, CheckInOnStep, PostReturnCheck)
}

// R49: what the employer had agreed to and not done when an episode is closed is asked about three months later.
func TestR49UnmetActions(t *testing.T) {
	told := func(h *record, at string, void bool, states map[Party]ActionState) {
		a := Agreement{Told: h.told("a", at), EpisodeID: "e", Void: void}
		for _, party := range []Party{"PATIENT", PartyEmployer, "CENTRE"} {
			if state, ok := states[party]; ok {
				a.Actions = append(a.Actions, Action{ID: string(party), Party: party, Due: date.MustParse("2026-04-10"), State: state})
			}
		}
		h.file.SeeAgreement(a)
	}
	closed := func(state EpisodeState, states map[Party]ActionState) func(h *record) {
		return func(h *record) {
			h.team()
			told(h, "2026-03-20 11:00", false, states)
			h.episode("2026-04-21 09:00", state, "rc:coordinator:2026-03-02:2026-04-21")
		}
	}
	unmet := map[Party]ActionState{"PATIENT": ActionIsOpen, PartyEmployer: ActionIsOpen}
	after := func(given func(h *record), more func(h *record)) func(h *record) {
		return func(h *record) { given(h); more(h) }
	}
	check(t, []rule{
		{"R49: one, ninety days after", closed(EpisodeClosed, unmet), "2026-04-21", []string{"POST_RETURN_CHECK rehabilitation_coordinator coordinator due 2026-07-20"}},
		{"R49: not while the episode is open", closed(EpisodeOpen, unmet), "2026-04-21", nil},
		{"R49: nor when it was a mistake", closed("REGISTERED_IN_ERROR", unmet), "2026-04-21", nil},
		{"R49: nor for what others had agreed to", closed(EpisodeClosed, map[Party]ActionState{"PATIENT": ActionIsOpen, PartyEmployer: ActionIsDone, "CENTRE": ActionIsOpen}), "2026-04-21", nil},
		{"R49: what is done afterwards ends it", after(closed(EpisodeClosed, unmet), func(h *record) {
			told(h, "2026-05-04 11:00", false, map[Party]ActionState{PartyEmployer: ActionIsDone})
		}), "2026-05-04", []string{"POST_RETURN_CHECK COMPLETED ACTION_DONE"}},
		{"R49: so does giving it up", after(closed(EpisodeClosed, unmet), func(h *record) {
			told(h, "2026-05-04 11:00", false, map[Party]ActionState{PartyEmployer: ActionIsDropped})
		}), "2026-05-04", []string{"POST_RETURN_CHECK CANCELLED ACTION_DROPPED"}},
		{"R49: and an agreement that was a mistake", after(closed(EpisodeClosed, unmet), func(h *record) {
			told(h, "2026-05-04 11:00", true, unmet)
		}), "2026-05-04", []string{"POST_RETURN_CHECK CANCELLED ACTION_DROPPED"}},
		{"R92: without consent to coordination nobody asks", after(closed(EpisodeClosed, unmet), func(h *record) {
			h.consent("2026-05-04 11:00", false)
		}), "2026-05-04", []string{"POST_RETURN_CHECK CANCELLED CONSENT_MISSING"}},
	}, PostReturnCheck)
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
