package followup_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
)

// onSickLeave tells that the patient is on sick leave from today on.
func (c *centre) onSickLeave(last string) {
	c.t.Helper()
	c.tell("sickleave", "sick_leave.changed", c.patient, &sickleavev1.SickLeaveSnapshot{Cases: []*sickleavev1.SickLeaveCaseSnapshot{
		{StartDate: "2026-03-02", EndDate: last}}})
}

func (c *centre) meeting(event string, s *employerdialoguev1.DialogueMeetingSnapshot, state employerdialoguev1.DialogueMeeting_State) {
	c.t.Helper()
	s.State = state
	c.tell("employerdialogue", "dialogue_meeting."+event, s.GetDialogueMeetingId(), s)
}

func (c *centre) ended(kind followupv1.FollowUp_Kind, state followupv1.FollowUp_State) []followupv1.FollowUp_Cause {
	c.t.Helper()
	var causes []followupv1.FollowUp_Cause
	for _, f := range c.list(state, kind) {
		causes = append(causes, f.GetEnd().GetCause())
	}
	return causes
}

// R23, R60: whoever is on sick leave is screened and comes to a meeting; what is missing calls on more and more people.
func TestMissingMeeting(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.accept(e)
		c.onSickLeave("2026-06-30")
		screen := c.one(followupv1.FollowUp_SCREEN)
		require.Equal(t, "2026-03-16", screen.GetDueDate())
		require.Equal(t, c.coordinator, screen.GetOwnerPractitionerId())
		require.Equal(t, e.GetCareEpisodeId(), screen.GetCareEpisodeId())
		screening := &sickleavev1.ScreeningSnapshot{ScreeningId: uuid.NewString(), ScreenDate: "2026-03-02", Need: sickleavev1.Screening_COORDINATED}
		c.tell("sickleave", "screening.recorded", screening.GetScreeningId(), screening)
		require.Equal(t, []followupv1.FollowUp_Cause{followupv1.FollowUp_SCREENED}, c.ended(followupv1.FollowUp_SCREEN, followupv1.FollowUp_COMPLETED))

		first := c.one(followupv1.FollowUp_MEETING_MISSING_FIRST)
		require.Equal(t, "2026-04-01", first.GetDueDate())
		require.Empty(t, c.open(followupv1.FollowUp_MEETING_MISSING_SECOND))
		c.until("2026-04-01", 0, 1)
		second := c.one(followupv1.FollowUp_MEETING_MISSING_SECOND)
		require.Equal(t, "2026-05-04", second.GetDueDate(), "the day alone has brought it")
		c.until("2026-05-04", 7, 59)
		require.NotContains(t, c.mine(c.as("gp", uuid.NewString())), second.GetFollowUpId())
		c.until("2026-05-04", 8, 0)
		require.Contains(t, c.mine(c.as("gp", uuid.NewString())), second.GetFollowUpId(), "any GP is called on at once")
		third := c.one(followupv1.FollowUp_MEETING_MISSING_THIRD)
		require.Equal(t, followupv1.FollowUp_COPY_NOT_NEEDED, c.get(first.GetFollowUpId()).GetEnd().GetCause(), "the second has taken its place")
		c.until("2026-06-01", 8, 0)
		require.Equal(t, followupv1.FollowUp_COPY_NOT_NEEDED, c.get(second.GetFollowUpId()).GetEnd().GetCause())
		require.EqualValues(t, 2, c.get(third.GetFollowUpId()).GetEscalationLevel())
		require.Contains(t, c.mine(c.as("unit_manager", uuid.NewString())), third.GetFollowUpId())

		m := &employerdialoguev1.DialogueMeetingSnapshot{DialogueMeetingId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), ModeratorPractitionerId: c.coordinator}
		c.meeting("proposed", m, employerdialoguev1.DialogueMeeting_PROPOSED)
		m.RecheckDate = "2026-06-15"
		c.meeting("deferred", m, employerdialoguev1.DialogueMeeting_DEFERRED)
		require.Empty(t, c.open(followupv1.FollowUp_MEETING_MISSING_FIRST, followupv1.FollowUp_MEETING_MISSING_SECOND, followupv1.FollowUp_MEETING_MISSING_THIRD))
		require.Equal(t, "2026-06-15", c.one(followupv1.FollowUp_RECHECK_MEETING).GetDueDate())
		c.until("2026-06-15", 0, 1)
		back := c.one(followupv1.FollowUp_MEETING_MISSING_THIRD)
		require.Equal(t, "2026-06-15", back.GetDueDate(), "nobody resumed it")
		require.NotEqual(t, third.GetFollowUpId(), back.GetFollowUpId())
		require.Empty(t, c.open(followupv1.FollowUp_MEETING_MISSING_FIRST, followupv1.FollowUp_MEETING_MISSING_SECOND), "the last of three stands for all")
		c.until("2026-07-01", 0, 1)
		require.Empty(t, c.open(followupv1.FollowUp_MEETING_MISSING_THIRD, followupv1.FollowUp_TIME_PLAN_MISSING), "the sick leave has ended")
	})
}

// R54, R59, R72, R92: before the meeting, after it, and what was agreed at it.
func TestMeeting(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.accept(e)
		m := &employerdialoguev1.DialogueMeetingSnapshot{DialogueMeetingId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), ModeratorPractitionerId: c.coordinator,
			Missing: []employerdialoguev1.DialogueMeeting_Missing{employerdialoguev1.DialogueMeeting_PREPARATION, employerdialoguev1.DialogueMeeting_EMPLOYER_WRITTEN_INFORMATION}}
		c.meeting("proposed", m, employerdialoguev1.DialogueMeeting_PROPOSED)
		prepare := c.one(followupv1.FollowUp_PREPARE_MEETING)
		require.Equal(t, "2026-03-23", prepare.GetDueDate())
		require.Equal(t, m.GetDialogueMeetingId(), prepare.GetSubjectId())
		require.Equal(t, c.coordinator, prepare.GetOwnerPractitionerId())
		m.ScheduledTime = at("2026-03-12", 10, 0)
		c.meeting("scheduled", m, employerdialoguev1.DialogueMeeting_SCHEDULED)
		require.Equal(t, "2026-03-11", c.get(prepare.GetFollowUpId()).GetDueDate())
		require.Equal(t, "2026-03-11", c.one(followupv1.FollowUp_GIVE_INFORMATION).GetDueDate())
		m.Missing = m.GetMissing()[:1]
		c.meeting("informed", m, employerdialoguev1.DialogueMeeting_SCHEDULED)
		require.Equal(t, []followupv1.FollowUp_Cause{followupv1.FollowUp_INFORMED}, c.ended(followupv1.FollowUp_GIVE_INFORMATION, followupv1.FollowUp_COMPLETED))

		c.consent(patientv1.Consent_WITHDRAWN)
		require.Empty(t, c.open(followupv1.FollowUp_PREPARE_MEETING))
		require.Equal(t, followupv1.FollowUp_CONSENT_MISSING, c.get(prepare.GetFollowUpId()).GetEnd().GetCause())
		c.consent(patientv1.Consent_GRANTED)
		require.Len(t, c.open(followupv1.FollowUp_PREPARE_MEETING), 1, "who changes her mind")

		require.Empty(t, c.open(followupv1.FollowUp_CONCLUDE_MEETING))
		c.until("2026-03-12", 0, 1)
		require.Equal(t, "2026-03-13", c.one(followupv1.FollowUp_CONCLUDE_MEETING).GetDueDate())
		c.meeting("begun", m, employerdialoguev1.DialogueMeeting_ONGOING)
		require.Empty(t, c.open(followupv1.FollowUp_PREPARE_MEETING))
		m.HeldDate = "2026-03-12"
		c.meeting("concluded", m, employerdialoguev1.DialogueMeeting_CONCLUDED)
		require.Equal(t, []followupv1.FollowUp_Cause{followupv1.FollowUp_MEETING_HELD}, c.ended(followupv1.FollowUp_CONCLUDE_MEETING, followupv1.FollowUp_COMPLETED))

		a := &employerdialoguev1.AgreementSnapshot{AgreementId: uuid.NewString(), DialogueMeetingId: m.GetDialogueMeetingId(), CareEpisodeId: e.GetCareEpisodeId(),
			Actions: []*employerdialoguev1.AgreedActionSnapshot{{ActionId: uuid.NewString(), OwnerParty: employerdialoguev1.Agreement_PATIENT, DueDate: "2026-03-20", State: employerdialoguev1.AgreedAction_OPEN}}}
		c.tell("employerdialogue", "agreement.made", a.GetAgreementId(), a)
		action := c.one(followupv1.FollowUp_AGREED_ACTION)
		require.Equal(t, a.GetActions()[0].GetActionId(), action.GetSubjectId())
		require.Equal(t, roleCoordinator, action.GetOwnerRole(), "the coordinator, not the patient")
		a.Actions[0].State = employerdialoguev1.AgreedAction_DONE
		c.tell("employerdialogue", "agreement.action_done", a.GetAgreementId(), a)
		require.Equal(t, followupv1.FollowUp_ACTION_DONE, c.get(action.GetFollowUpId()).GetEnd().GetCause())
	})
}

// R92: a meeting that is off since the consent was withdrawn is told to those invited by the care manager, by hand.
func TestCallOffMeeting(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.accept(e)
		m := &employerdialoguev1.DialogueMeetingSnapshot{DialogueMeetingId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId()}
		c.meeting("proposed", m, employerdialoguev1.DialogueMeeting_PROPOSED)
		m.ScheduledTime = at("2026-03-12", 10, 0)
		c.meeting("scheduled", m, employerdialoguev1.DialogueMeeting_SCHEDULED)
		require.Equal(t, []followupv1.FollowUp_Cause{followupv1.FollowUp_MEETING_ARRANGED}, c.ended(followupv1.FollowUp_PREPARE_MEETING, followupv1.FollowUp_COMPLETED))
		c.consent(patientv1.Consent_WITHDRAWN)
		c.meeting("cancelled", m, employerdialoguev1.DialogueMeeting_CANCELLED)
		tell := c.one(followupv1.FollowUp_CALL_OFF_MEETING)
		require.Equal(t, "2026-03-03", tell.GetDueDate())
		require.Equal(t, m.GetDialogueMeetingId(), tell.GetSubjectId())
		require.Equal(t, roleManager, tell.GetOwnerRole())
		require.Equal(t, c.manager, tell.GetOwnerPractitionerId())
		c.until("2026-03-03", 8, 0)
		c.consent(patientv1.Consent_GRANTED)
		require.Len(t, c.open(followupv1.FollowUp_CALL_OFF_MEETING), 1, "who changes her mind")
		_, err := c.client.CompleteFollowUp(c.asManager(), &followupv1.CompleteFollowUpRequest{FollowUpId: tell.GetFollowUpId()})
		require.NoError(t, err)
		require.Empty(t, c.open(followupv1.FollowUp_CALL_OFF_MEETING))
	})
}

// R49: what the employer had agreed to and not done when the episode is closed is asked about in three months.
func TestUnmetActions(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.accept(e)
		a := &employerdialoguev1.AgreementSnapshot{AgreementId: uuid.NewString(), DialogueMeetingId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(),
			Actions: []*employerdialoguev1.AgreedActionSnapshot{
				{ActionId: uuid.NewString(), OwnerParty: employerdialoguev1.Agreement_EMPLOYER, DueDate: "2026-03-20", State: employerdialoguev1.AgreedAction_OPEN},
				{ActionId: uuid.NewString(), OwnerParty: employerdialoguev1.Agreement_EMPLOYER, DueDate: "2026-03-23", State: employerdialoguev1.AgreedAction_OPEN}}}
		c.tell("employerdialogue", "agreement.made", a.GetAgreementId(), a)
		e.State = patientv1.CareEpisode_CLOSED
		c.tellEpisode("closed", e)
		check := c.one(followupv1.FollowUp_POST_RETURN_CHECK)
		require.Equal(t, "2026-06-01", check.GetDueDate(), "the ninetieth day is a Sunday")
		require.Equal(t, e.GetCareEpisodeId(), check.GetSubjectId())
		require.Equal(t, c.coordinator, check.GetOwnerPractitionerId())
		require.Len(t, c.open(), 1)
	})
}

// R92: a consent that runs out by itself ends what is the coordinator's on the day after its last.
func TestConsentRunsOut(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		id := uuid.NewString()
		c.tell("patient", "consent.granted", id, &patientv1.ConsentSnapshot{ConsentId: id, Kind: patientv1.Consent_COORDINATION,
			State: patientv1.Consent_GRANTED, StartDate: "2026-03-02", EndDate: "2026-03-05"})
		m := &employerdialoguev1.DialogueMeetingSnapshot{DialogueMeetingId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId()}
		c.meeting("proposed", m, employerdialoguev1.DialogueMeeting_PROPOSED)
		c.until("2026-03-05", 23, 59)
		require.Len(t, c.open(followupv1.FollowUp_PREPARE_MEETING), 1)
		c.until("2026-03-06", 0, 1)
		require.Empty(t, c.open(followupv1.FollowUp_PREPARE_MEETING))
	})
}

// R92: a yes to one employer that runs out no longer speaks against the no to another; the day alone ends the flag.
func TestEmployerConsentRunsOut(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.accept(e)
		c.onSickLeave("2026-06-30")
		said := func(state patientv1.Consent_State, end string) {
			id := uuid.NewString()
			c.tell("patient", "consent.recorded", id, &patientv1.ConsentSnapshot{ConsentId: id, Kind: patientv1.Consent_INFORMATION, State: state,
				ReceiverKind: patientv1.Consent_EMPLOYER, ReceiverId: uuid.NewString(), StartDate: "2026-03-02", EndDate: end})
		}
		said(patientv1.Consent_DECLINED, "")
		require.Empty(t, c.open(followupv1.FollowUp_MEETING_MISSING_FIRST))
		require.Len(t, c.open(followupv1.FollowUp_TIME_PLAN_MISSING), 1, "a plan is needed all the same")
		said(patientv1.Consent_GRANTED, "2026-03-05")
		require.Len(t, c.open(followupv1.FollowUp_MEETING_MISSING_FIRST), 1)
		c.until("2026-03-05", 23, 59)
		require.Len(t, c.open(followupv1.FollowUp_MEETING_MISSING_FIRST), 1)
		c.until("2026-03-06", 0, 1)
		require.Empty(t, c.open(followupv1.FollowUp_MEETING_MISSING_FIRST))
	})
}

// R44, R45, R49, R93: the steps of the return, one at a time, and how it goes some weeks after.
func TestReturnToWork(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.accept(e)
		p := &sickleavev1.ReturnToWorkPlanSnapshot{ReturnToWorkPlanId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), Version: 1, Steps: []*sickleavev1.ReturnToWorkStep{
			{StepId: uuid.NewString(), StartDate: "2026-03-16", EndDate: "2026-03-29", Degree: 50}, {StepId: uuid.NewString(), StartDate: "2026-03-30", EndDate: "2026-04-12"}}}
		told := func(event string, state sickleavev1.ReturnToWorkPlan_State) {
			p.State = state
			c.tell("sickleave", "return_to_work_plan."+event, p.GetReturnToWorkPlanId(), p)
		}
		told("proposed", sickleavev1.ReturnToWorkPlan_PROPOSED)
		answer := c.one(followupv1.FollowUp_ANSWER_RETURN_PLAN)
		require.Equal(t, c.gp, answer.GetOwnerPractitionerId())
		require.Empty(t, c.open(followupv1.FollowUp_RETURN_STEP), "a proposal until the GP has answered")
		told("answered", sickleavev1.ReturnToWorkPlan_ACCEPTED)
		require.Equal(t, followupv1.FollowUp_ANSWERED, c.get(answer.GetFollowUpId()).GetEnd().GetCause())
		require.Equal(t, []string{"2026-03-13", "2026-03-27"}, dueDates(c.open(followupv1.FollowUp_RETURN_STEP)))
		require.Equal(t, "2026-03-23", c.one(followupv1.FollowUp_CHECK_IN).GetDueDate())
		p.CheckIns = []*sickleavev1.ReturnToWorkCheckInSnapshot{{StepId: p.GetSteps()[0].GetStepId(), CheckInDate: "2026-03-20"}}
		told("checked_in", sickleavev1.ReturnToWorkPlan_ACCEPTED)
		require.Empty(t, c.open(followupv1.FollowUp_CHECK_IN))
		require.Len(t, c.open(followupv1.FollowUp_RETURN_STEP), 1)
		told("completed", sickleavev1.ReturnToWorkPlan_COMPLETED)
		e.State = patientv1.CareEpisode_CLOSED
		c.tellEpisode("closed", e)
		check := c.one(followupv1.FollowUp_POST_RETURN_CHECK)
		require.Equal(t, "2026-04-27", check.GetDueDate())
		_, err := c.client.CompleteFollowUp(c.asCoordinator(), &followupv1.CompleteFollowUpRequest{FollowUpId: check.GetFollowUpId()})
		require.NoError(t, err)
		require.Empty(t, c.open())
	})
}

// R10, R29, R30, R69: what somebody has to read or answer.
func TestReadings(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.accept(e)
		nurse := uuid.NewString()
		c.tellPractitioner(nurse, accessv1.Role_ROLE_NURSE)
		n := &careplanv1.NoteSnapshot{NoteId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), WrittenByPractitionerId: c.manager,
			MandatoryReaders: []*careplanv1.MandatoryReader{{PractitionerId: c.gp}, {PractitionerId: nurse}, {Role: roleCoordinator}}}
		c.tell("careplan", "note.written", n.GetNoteId(), n)
		reads := c.open(followupv1.FollowUp_READ_NOTE)
		require.Equal(t, []string{"2026-03-03", "2026-03-04", "2026-03-04"}, dueDates(reads), "the GP is new to the patient")
		owners := map[string]accessv1.Role{}
		for _, f := range reads {
			require.Equal(t, n.GetNoteId(), f.GetSubjectId())
			require.Equal(t, roleManager, f.GetEscalationRole())
			owners[f.GetOwnerPractitionerId()] = f.GetOwnerRole()
		}
		require.Equal(t, map[string]accessv1.Role{c.gp: roleGP, nurse: accessv1.Role_ROLE_NURSE, c.coordinator: roleCoordinator}, owners)
		n.MandatoryReaders[0].AcknowledgeTime, n.MandatoryReaders[0].AcknowledgedByPractitionerId = at("2026-03-02", 9, 0), c.gp
		c.tell("careplan", "note.acknowledged", n.GetNoteId(), n)
		require.Len(t, c.open(followupv1.FollowUp_READ_NOTE), 2)

		locum := uuid.NewString()
		e.Team = append(e.Team, &patientv1.TeamMemberSnapshot{PractitionerId: locum, Role: roleGP, StartDate: "2026-03-02"})
		c.tellEpisode("team_assigned", e)
		picture := c.one(followupv1.FollowUp_READ_PICTURE)
		require.Equal(t, locum, picture.GetOwnerPractitionerId())
		reading := &careplanv1.ReadingSnapshot{ReadingId: uuid.NewString(), PractitionerId: locum, PictureVersion: 1}
		c.tell("careplan", "reading.confirmed", reading.GetReadingId(), reading)
		require.Equal(t, followupv1.FollowUp_READ, c.get(picture.GetFollowUpId()).GetEnd().GetCause())

		r := &careplanv1.RecommendationSnapshot{RecommendationId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), State: careplanv1.Recommendation_OPEN}
		c.tell("careplan", "recommendation.given", r.GetRecommendationId(), r)
		require.Equal(t, "2026-03-05", c.one(followupv1.FollowUp_ANSWER_RECOMMENDATION).GetDueDate())
		b := &careplanv1.BriefSnapshot{BriefId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), State: careplanv1.Brief_REQUESTED, RequestedByPractitionerId: c.coordinator}
		c.tell("careplan", "brief.requested", b.GetBriefId(), b)
		require.Equal(t, c.manager, c.one(followupv1.FollowUp_WRITE_BRIEF).GetOwnerPractitionerId())
		b.State, b.WrittenByPractitionerId = careplanv1.Brief_WRITTEN, c.manager
		c.tell("careplan", "brief.written", b.GetBriefId(), b)
		require.Equal(t, c.coordinator, c.one(followupv1.FollowUp_READ_BRIEF).GetOwnerPractitionerId())
		require.Empty(t, c.open(followupv1.FollowUp_WRITE_BRIEF))
	})
}
