package api_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	ed "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

func TestR03_OnlyACoordinatorOpensAMeeting(t *testing.T) {
	run(t, func(u *unit) {
		u.consent()
		request := &ed.ProposeDialogueMeetingRequest{PatientId: u.patient, CareEpisodeId: u.episode, EmployerId: u.employer}
		_, err := u.client.ProposeDialogueMeeting(u.cm, request)
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		require.ErrorContains(u, err, "rehabilitation_coordinator")
		meeting, err := u.client.ProposeDialogueMeeting(u.rc, request)
		require.NoError(u, err)
		require.Equal(u, u.rcID, meeting.GetModeratorPractitionerId())
		require.Equal(u, ed.DialogueMeeting_PLAN_MAKING, meeting.GetPurpose())
		_, err = u.client.ProposeDialogueMeeting(u.rc, request)
		requireFault(u, err, codes.AlreadyExists, "DIALOGUE_MEETING_OPEN")
	})
}

func TestR85_WithoutConsentToCoordinationNothingIsOpened(t *testing.T) {
	run(t, func(u *unit) {
		u.say(u.patient, u.employer, false, patientv1.Consent_CONTACT)
		_, err := u.client.ProposeDialogueMeeting(u.rc, &ed.ProposeDialogueMeetingRequest{PatientId: u.patient, CareEpisodeId: u.episode, EmployerId: u.employer})
		requireFault(u, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = u.client.CreateEmployerContact(u.rc, u.talk())
		requireFault(u, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		u.consent(patientv1.Consent_CONTACT)
		meeting := u.propose()
		u.say(u.patient, u.employer, false, patientv1.Consent_CONTACT)
		_, err = u.client.ScheduleDialogueMeeting(u.rc, &ed.ScheduleDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: meeting.GetDialogueMeetingId(), ScheduledTime: timestamppb.New(u.Clock.Now().Add(time.Hour)),
		})
		requireFault(u, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		view, err := u.client.ViewEmployer(u.rc, &ed.ViewEmployerRequest{PatientId: u.patient, EmployerId: u.employer})
		require.NoError(u, err)
		require.Empty(u, view.GetItems(), "sharing stops at once")
	})
}

func TestR51_WhoTookPartNamesTheMeeting(t *testing.T) {
	run(t, func(u *unit) {
		meeting := u.held()
		require.Equal(u, ed.DialogueMeeting_DIALOGUE_MEETING, meeting.GetKind())
		for kind, there := range map[ed.DialogueMeeting_Kind][]ed.DialogueMeeting_Participant{
			ed.DialogueMeeting_EMPLOYER_TALK:    {ed.DialogueMeeting_EMPLOYER, ed.DialogueMeeting_MODERATOR},
			ed.DialogueMeeting_PATIENT_TALK:     {ed.DialogueMeeting_PATIENT, ed.DialogueMeeting_MODERATOR},
			ed.DialogueMeeting_UNMODERATED_TALK: {ed.DialogueMeeting_PATIENT, ed.DialogueMeeting_EMPLOYER},
		} {
			id := u.propose().GetDialogueMeetingId()
			u.schedule(id, 1)
			_, err := u.client.BeginDialogueMeeting(u.rc, &ed.BeginDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, Participants: there, DeviationReason: "kort varsel"})
			require.NoError(u, err)
			request := u.conclusion(id)
			request.DeviationReason = "kort varsel"
			meeting, err := u.client.ConcludeDialogueMeeting(u.rc, request)
			require.NoError(u, err)
			require.Equal(u, kind, meeting.GetKind())
		}
	})
}

func TestR52_R53_R56_TheGuide(t *testing.T) {
	run(t, func(u *unit) {
		u.consent()
		id := u.propose().GetDialogueMeetingId()
		u.prepare(id)
		_, err := u.client.PrepareDialogueMeeting(u.rc, &ed.PrepareDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: id, AgendaPoints: []*ed.AgendaPoint{{Topic: ed.AgendaPoint_TASKS}, {Topic: ed.AgendaPoint_PAY}, {Topic: ed.AgendaPoint_DISPUTE}},
		})
		requireFault(u, err, codes.InvalidArgument, "AGENDA_TOPIC_REFUSED")
		require.Len(u, violations(err), 2)
		_, err = u.client.PrepareDialogueMeeting(u.rc, &ed.PrepareDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: id, AgendaPoints: []*ed.AgendaPoint{{Topic: ed.AgendaPoint_TASKS, Text: "färre"}},
		})
		require.NoError(u, err)
		guide, err := u.client.GuideDialogueMeeting(u.rc, &ed.GuideDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Contains(u, guide.GetGroundRules()[0], "ingen förhandling")
		require.Equal(u, "canary-description", guide.GetAgenda()[0].GetText())
		require.Equal(u, "canary-needs", guide.GetAgenda()[1].GetText())
		require.NotEmpty(u, guide.GetOpeningQuestionPatient())
		require.NotEmpty(u, guide.GetOpeningQuestionEmployer())
		require.EqualValues(u, 60, guide.GetLengthMinutes())
	})
}

func TestR54_BeginningWithoutInformationTakesAReason(t *testing.T) {
	run(t, func(u *unit) {
		u.consent(patientv1.Consent_CONTACT)
		u.hearBrief()
		u.earlyTalk()
		id := u.propose().GetDialogueMeetingId()
		u.prepare(id)
		u.schedule(id, 1)
		_, err := u.client.InformDialogueMeeting(u.rc, &ed.InformDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: id, Party: ed.Agreement_PATIENT, Form: ed.InformationMark_ORAL,
		})
		require.NoError(u, err)
		_, err = u.begin(id, "")
		requireFault(u, err, codes.FailedPrecondition, "DEVIATION_REASON_REQUIRED")
		named := []string{"EMPLOYER_ORAL_INFORMATION_MISSING", "EMPLOYER_WRITTEN_INFORMATION_MISSING", "PATIENT_WRITTEN_INFORMATION_MISSING"}
		require.Equal(u, named, violations(err))
		meeting, err := u.begin(id, "arbetsgivaren fick förhinder")
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_ONGOING, meeting.GetState())
		require.Len(u, meeting.GetDeviations(), 3)
		for _, d := range meeting.GetDeviations() {
			require.Equal(u, "arbetsgivaren fick förhinder", d.GetReason())
			require.Equal(u, u.rcID, d.GetPractitionerId())
		}
	})
}

func TestR55_R57_R84_PlaceAndLength(t *testing.T) {
	run(t, func(u *unit) {
		u.consent(patientv1.Consent_CONTACT)
		id := u.propose().GetDialogueMeetingId()
		request := &ed.ScheduleDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: id, ScheduledTime: timestamppb.New(u.Clock.Now().Add(24 * time.Hour)), Place: ed.DialogueMeeting_WORKPLACE, LengthMinutes: 90,
		}
		_, err := u.client.ScheduleDialogueMeeting(u.rc, request)
		requireFault(u, err, codes.FailedPrecondition, "PLACE_AGREEMENT_MISSING")
		request.PlaceAgreementForm = ed.PlaceAgreement_ORAL
		_, err = u.client.ScheduleDialogueMeeting(u.rc, request)
		requireFault(u, err, codes.FailedPrecondition, "DEVIATION_REASON_REQUIRED")
		require.Equal(u, []string{"LENGTH_OUTSIDE_FRAME"}, violations(err))
		request.DeviationReason = "tolk"
		meeting, err := u.client.ScheduleDialogueMeeting(u.rc, request)
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_WORKPLACE, meeting.GetPlaceAgreement().GetPlace())
		move := &ed.RescheduleDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, ScheduledTime: request.GetScheduledTime(), Place: ed.DialogueMeeting_VIDEO}
		_, err = u.client.RescheduleDialogueMeeting(u.rc, move)
		requireFault(u, err, codes.FailedPrecondition, "PLACE_AGREEMENT_MISSING")
		move.Place = ed.DialogueMeeting_PLACE_UNSPECIFIED
		meeting, err = u.client.RescheduleDialogueMeeting(u.rc, move)
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_CENTRE, meeting.GetPlace())
		require.EqualValues(u, 60, meeting.GetLengthMinutes())
		require.EqualValues(u, 1, meeting.GetInvitationSequence())
		move.ScheduledTime = timestamppb.New(u.Clock.Now().Add(-time.Minute))
		_, err = u.client.RescheduleDialogueMeeting(u.rc, move)
		requireFault(u, err, codes.InvalidArgument, "TIME_OUT_OF_RANGE")
	})
}

func TestR56_R70_ThePatientIsAskedFirst(t *testing.T) {
	run(t, func(u *unit) {
		id := u.ready().GetDialogueMeetingId()
		_, err := u.begin(id, "")
		require.NoError(u, err)
		_, err = u.perspective(id, ed.Agreement_EMPLOYER, "")
		requireFault(u, err, codes.FailedPrecondition, "DEVIATION_REASON_REQUIRED")
		_, err = u.perspective(id, ed.Agreement_EMPLOYER, "chefen måste gå")
		require.NoError(u, err)
		meeting, err := u.perspective(id, ed.Agreement_PATIENT, "")
		require.NoError(u, err)
		require.Equal(u, ed.Agreement_PATIENT, meeting.GetPerspectives()[0].GetSpeaker(), "the patient's stands first")
		require.True(u, meeting.GetPerspectives()[0].GetConfirmed())
		require.Equal(u, ed.Deviation_EMPLOYER_SPOKE_FIRST, meeting.GetDeviations()[0].GetCode())
	})
}

func TestR58_R59_AMeetingEndsWithAConclusionAndAnAgreement(t *testing.T) {
	run(t, func(u *unit) {
		id := u.ready().GetDialogueMeetingId()
		_, err := u.begin(id, "")
		require.NoError(u, err)
		_, err = u.perspective(id, ed.Agreement_PATIENT, "")
		require.NoError(u, err)
		_, err = u.perspective(id, ed.Agreement_EMPLOYER, "")
		require.NoError(u, err)
		empty := &ed.ConcludeDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id}
		_, err = u.client.ConcludeDialogueMeeting(u.rc, empty)
		requireFault(u, err, codes.FailedPrecondition, "CONCLUSION_REQUIRED")
		u.Clock.Advance(50 * time.Minute)
		meeting, err := u.client.ConcludeDialogueMeeting(u.rc, u.conclusion(id))
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_CONCLUDED, meeting.GetState())
		require.EqualValues(u, 50, meeting.GetActualLengthMinutes())
		agreement, err := u.client.GetAgreement(u.nurse, &ed.GetAgreementRequest{PatientId: u.patient, AgreementId: meeting.GetAgreementId()})
		require.NoError(u, err)
		require.Len(u, agreement.GetFacts(), 2)
		require.Len(u, agreement.GetAgreements(), 1)
		require.Len(u, agreement.GetActions(), 1)
		require.Equal(u, ed.Agreement_EMPLOYER, agreement.GetActions()[0].GetOwnerParty())
		require.Equal(u, "2026-03-22", agreement.GetActions()[0].GetStartByDate())
		require.Equal(u, "2026-04-01", agreement.GetActions()[0].GetDueDate())

		id = u.propose().GetDialogueMeetingId()
		u.schedule(id, 1)
		_, err = u.begin(id, "brådska")
		require.NoError(u, err)
		empty.DialogueMeetingId, empty.NoneReason, empty.DeviationReason = id, "oenighet", "avbröts"
		meeting, err = u.client.ConcludeDialogueMeeting(u.rc, empty)
		require.NoError(u, err)
		require.Equal(u, "oenighet", meeting.GetNoneReason())
		require.Empty(u, meeting.GetAgreementId())
		var types []string
		for _, e := range u.Events("employerdialogue") {
			types = append(types, e.GetType())
			require.NotContains(u, e.String(), "canary", "no text in events")
			require.NotContains(u, e.String(), email)
		}
		require.Contains(u, types, "agreement.made")
		require.Contains(u, types, "dialogue_meeting.concluded")
	})
}

func TestR62_R92_DeferredDeclinedAndHeldLater(t *testing.T) {
	run(t, func(u *unit) {
		u.consent(patientv1.Consent_CONTACT)
		id := u.propose().GetDialogueMeetingId()
		u.say(u.patient, u.employer, false) // to say no takes no consent
		request := &ed.DeferDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: id, By: ed.Deferral_GENERAL_PRACTITIONER, Reason: ed.Deferral_CONDITION_TOO_POOR, RecheckDate: "2026-03-30",
		}
		_, err := u.client.DeferDialogueMeeting(u.cm, request)
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		request.RecheckDate = ""
		_, err = u.client.DeferDialogueMeeting(u.gp, request)
		requireFault(u, err, codes.InvalidArgument, "DATE_MISSING")
		request.RecheckDate = "2026-03-30"
		meeting, err := u.client.DeferDialogueMeeting(u.gp, request)
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_DEFERRED, meeting.GetState())
		_, err = u.client.ScheduleDialogueMeeting(u.rc, &ed.ScheduleDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, ScheduledTime: timestamppb.New(u.Clock.Now().Add(time.Hour))})
		requireFault(u, err, codes.FailedPrecondition, "DIALOGUE_MEETING_STATE")
		meeting, err = u.client.DeclineDialogueMeeting(u.cm, &ed.DeclineDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_DECLINED, meeting.GetState())
		_, err = u.client.ResumeDialogueMeeting(u.rc, &ed.ResumeDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		requireFault(u, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		u.consent(patientv1.Consent_CONTACT)
		meeting, err = u.client.ResumeDialogueMeeting(u.rc, &ed.ResumeDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_PROPOSED, meeting.GetState())
		u.schedule(id, 3)
		events := u.Events("employerdialogue")
		snapshot := &ed.DialogueMeetingSnapshot{}
		for _, e := range events {
			if e.GetType() == "dialogue_meeting.deferred" {
				require.NoError(u, e.GetSnapshot().UnmarshalTo(snapshot))
			}
		}
		require.Equal(u, "2026-03-30", snapshot.GetRecheckDate())
	})
}

func TestR63_R75_R86_ContactsTakeTheConsentOfThePatient(t *testing.T) {
	run(t, func(u *unit) {
		u.consent(patientv1.Consent_SICK_LEAVE, patientv1.Consent_AGREEMENT)
		_, err := u.client.CreateEmployerContact(u.rc, u.talk())
		requireFault(u, err, codes.FailedPrecondition, "EMPLOYER_CONSENT_MISSING")
		u.say(u.patient, uuid.NewString(), true, patientv1.Consent_CONTACT)
		_, err = u.client.CreateEmployerContact(u.rc, u.talk())
		requireFault(u, err, codes.FailedPrecondition, "EMPLOYER_CONSENT_MISSING")
		u.consent(patientv1.Consent_CONTACT)
		_, err = u.client.CreateEmployerContact(u.cm, u.talk())
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		contact := u.earlyTalk()
		require.Equal(u, "canary-view", contact.GetEmployerView())
		require.Equal(u, "canary-tasks", contact.GetPossibleTasks())
		require.Equal(u, u.person, contact.GetContactPersonId())
		require.Equal(u, []ed.EmployerContact_Warning{ed.EmployerContact_BRIEF_NOT_ACKNOWLEDGED}, contact.GetWarnings())
		duty, err := u.client.CreateEmployerContact(u.rc, &ed.CreateEmployerContactRequest{EmployerContact: &ed.EmployerContact{
			PatientId: u.patient, CareEpisodeId: u.episode, EmployerId: u.employer, Kind: ed.EmployerContact_DUTY_INFORMATION, InformationVersion: "2026:1",
		}})
		require.NoError(u, err)
		require.Equal(u, "2026-03-02", duty.GetContactDate())
		u.Clock.Advance(time.Hour)
		duty, err = u.client.AcknowledgeEmployerContact(u.rc, &ed.AcknowledgeEmployerContactRequest{PatientId: u.patient, EmployerContactId: duty.GetEmployerContactId(), Etag: duty.GetEtag()})
		require.NoError(u, err)
		require.True(u, duty.GetAcknowledgeTime().AsTime().Equal(u.Clock.Now()))
		_, err = u.client.AcknowledgeEmployerContact(u.rc, &ed.AcknowledgeEmployerContactRequest{PatientId: u.patient, EmployerContactId: duty.GetEmployerContactId()})
		requireFault(u, err, codes.FailedPrecondition, "EMPLOYER_CONTACT_ACKNOWLEDGED")
		list, err := u.client.ListEmployerContacts(u.nurse, &ed.ListEmployerContactsRequest{PatientId: u.patient, PageSize: 1})
		require.NoError(u, err)
		require.Equal(u, duty.GetEmployerContactId(), list.GetEmployerContacts()[0].GetEmployerContactId())
		list, err = u.client.ListEmployerContacts(u.nurse, &ed.ListEmployerContactsRequest{PatientId: u.patient, PageSize: 1, PageToken: list.GetNextPageToken()})
		require.NoError(u, err)
		require.Equal(u, contact.GetEmployerContactId(), list.GetEmployerContacts()[0].GetEmployerContactId())
		require.Empty(u, list.GetNextPageToken())
		wrong, err := u.client.RegisterEmployerContactInError(u.rc, &ed.RegisterEmployerContactInErrorRequest{PatientId: u.patient, EmployerContactId: contact.GetEmployerContactId(), Reason: "fel patient"})
		require.NoError(u, err)
		require.Equal(u, "fel patient", wrong.GetErrorMark().GetReason())
	})
}

func TestR64_StartByIsCountedBackFromTheStep(t *testing.T) {
	run(t, func(u *unit) {
		plan := uuid.NewString()
		u.hear("sickleave", act.Event{Type: "return_to_work_plan.proposed", ResourceID: plan, Snapshot: &sickleavev1.ReturnToWorkPlanSnapshot{
			ReturnToWorkPlanId: plan, CareEpisodeId: u.episode, State: sickleavev1.ReturnToWorkPlan_PROPOSED,
			Steps: []*sickleavev1.ReturnToWorkStep{{StartDate: "2026-04-13", EndDate: "2026-05-10", Degree: 75}},
		}})
		id := u.ready().GetDialogueMeetingId()
		_, err := u.begin(id, "")
		require.NoError(u, err)
		request := u.conclusion(id)
		request.DeviationReason = "kort möte"
		request.Actions[0].DueDate, request.Actions[0].ReturnToWorkPlanId, request.Actions[0].StepStartDate = "", plan, "2026-04-14"
		_, err = u.client.ConcludeDialogueMeeting(u.rc, request)
		requireFault(u, err, codes.InvalidArgument, "RETURN_STEP_NOT_FOUND")
		request.Actions[0].StepStartDate, request.Actions[0].LeadTimeDays = "2026-04-13", 21
		meeting, err := u.client.ConcludeDialogueMeeting(u.rc, request)
		require.NoError(u, err)
		agreement, err := u.client.GetAgreement(u.rc, &ed.GetAgreementRequest{PatientId: u.patient, AgreementId: meeting.GetAgreementId()})
		require.NoError(u, err)
		require.Equal(u, "2026-03-23", agreement.GetActions()[0].GetStartByDate())
		require.Equal(u, "2026-04-12", agreement.GetActions()[0].GetDueDate())
	})
}

func TestR71_ThePatientPausesAndEndsWithoutAReason(t *testing.T) {
	run(t, func(u *unit) {
		id := u.ready().GetDialogueMeetingId()
		_, err := u.begin(id, "")
		require.NoError(u, err)
		u.say(u.patient, u.employer, false)
		meeting, err := u.client.PauseDialogueMeeting(u.cm, &ed.PauseDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_PAUSED, meeting.GetState())
		_, err = u.client.ResumeDialogueMeeting(u.rc, &ed.ResumeDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		requireFault(u, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		meeting, err = u.client.EndDialogueMeeting(u.gp, &ed.EndDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_ENDED, meeting.GetState())
		meeting, err = u.client.ConcludeDialogueMeeting(u.rc, &ed.ConcludeDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_CONCLUDED, meeting.GetState())
	})
}

func TestR83_AgreementIsAcknowledgedPerParty(t *testing.T) {
	run(t, func(u *unit) {
		meeting := u.held()
		acknowledge := &ed.AcknowledgeAgreementRequest{PatientId: u.patient, AgreementId: meeting.GetAgreementId(), Party: ed.Agreement_EMPLOYER}
		_, err := u.client.AcknowledgeAgreement(u.rc, acknowledge)
		requireFault(u, err, codes.FailedPrecondition, "EMPLOYER_CONSENT_MISSING")
		u.consent(patientv1.Consent_CONTACT, patientv1.Consent_AGREEMENT)
		_, err = u.client.AcknowledgeAgreement(u.rc, acknowledge)
		require.NoError(u, err)
		_, err = u.client.AcknowledgeAgreement(u.rc, acknowledge)
		requireFault(u, err, codes.FailedPrecondition, "AGREEMENT_ACKNOWLEDGED")
		acknowledge.Party = ed.Agreement_PATIENT
		agreement, err := u.client.AcknowledgeAgreement(u.rc, acknowledge)
		require.NoError(u, err)
		require.Len(u, agreement.GetAcknowledgements(), 2)
		require.Equal(u, ed.Agreement_PATIENT, agreement.GetAgreements()[0].GetContributedBy())
		action := agreement.GetActions()[0].GetActionId()
		agreement, err = u.client.DoneAction(u.rc, &ed.DoneActionRequest{PatientId: u.patient, AgreementId: agreement.GetAgreementId(), ActionId: action})
		require.NoError(u, err)
		require.Equal(u, ed.AgreedAction_DONE, agreement.GetActions()[0].GetState())
		_, err = u.client.DropAction(u.rc, &ed.DropActionRequest{PatientId: u.patient, AgreementId: agreement.GetAgreementId(), ActionId: action, Reason: "x"})
		requireFault(u, err, codes.FailedPrecondition, "ACTION_NOT_OPEN")
		list, err := u.client.ListAgreements(u.gp, &ed.ListAgreementsRequest{PatientId: u.patient})
		require.NoError(u, err)
		require.Len(u, list.GetAgreements(), 1)
	})
}

func TestAnEpisodeThatEndsTakesItsMeetingsAlong(t *testing.T) {
	run(t, func(u *unit) {
		id := u.ready().GetDialogueMeetingId()
		u.hearEpisode(patientv1.CareEpisode_CLOSED)
		meeting, err := u.client.GetDialogueMeeting(u.nurse, &ed.GetDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_CANCELLED, meeting.GetState())
		require.Equal(u, ed.MeetingEnding_CARE_EPISODE_CLOSED, meeting.GetEndingCause())
		events := u.Events("employerdialogue")
		require.Equal(u, "dialogue_meeting.cancelled", events[len(events)-1].GetType())
	})
}

func TestMeetingNotHeldAndCancelled(t *testing.T) {
	run(t, func(u *unit) {
		meeting := u.ready()
		id := meeting.GetDialogueMeetingId()
		absence := &ed.NoShowDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, Cause: ed.MeetingEnding_EMPLOYER_ABSENT}
		_, err := u.client.NoShowDialogueMeeting(u.rc, absence)
		requireFault(u, err, codes.FailedPrecondition, "DIALOGUE_MEETING_NOT_DUE")
		u.Advance(25 * time.Hour)
		absence.RequestId = uuid.NewString()
		first, err := u.client.NoShowDialogueMeeting(u.rc, absence)
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_NOT_HELD, first.GetState())
		again, err := u.client.NoShowDialogueMeeting(u.rc, absence)
		require.NoError(u, err)
		require.Equal(u, first.GetEtag(), again.GetEtag(), "a repeat writes nothing")
		_, err = u.client.CancelDialogueMeeting(u.rc, &ed.CancelDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, Cause: ed.MeetingEnding_NOT_NEEDED, Etag: meeting.GetEtag()})
		requireFault(u, err, codes.Aborted, "ETAG_MISMATCH")
		off, err := u.client.CancelDialogueMeeting(u.rc, &ed.CancelDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, Cause: ed.MeetingEnding_NOT_NEEDED})
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_CANCELLED, off.GetState())
		u.hearEpisode(patientv1.CareEpisode_CLOSED)
		_, err = u.client.ProposeDialogueMeeting(u.rc, &ed.ProposeDialogueMeetingRequest{PatientId: u.patient, CareEpisodeId: u.episode, EmployerId: u.employer})
		requireFault(u, err, codes.FailedPrecondition, "CARE_EPISODE_CLOSED")
		list, err := u.client.ListDialogueMeetings(u.nurse, &ed.ListDialogueMeetingsRequest{PatientId: u.patient, States: []ed.DialogueMeeting_State{ed.DialogueMeeting_CANCELLED}})
		require.NoError(u, err)
		require.Len(u, list.GetDialogueMeetings(), 1)
	})
}
