package api_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	ed "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

func (u *unit) wrongMeeting(id string) *ed.RegisterDialogueMeetingInErrorRequest {
	return &ed.RegisterDialogueMeetingInErrorRequest{PatientId: u.patient, DialogueMeetingId: id, Reason: "canary-wrong", RequestId: uuid.NewString()}
}

// lastMeeting and lastAgreement are what was told last.
func (u *unit) lastMeeting() (string, *ed.DialogueMeetingSnapshot) {
	u.Helper()
	snapshot, kind := &ed.DialogueMeetingSnapshot{}, ""
	for _, e := range u.Events("employerdialogue") {
		require.NotContains(u, e.String(), "canary")
		if e.GetSnapshot().MessageIs(snapshot) {
			require.NoError(u, e.GetSnapshot().UnmarshalTo(snapshot))
			kind = e.GetType()
		}
	}
	return kind, snapshot
}

func (u *unit) lastAgreement() (string, *ed.AgreementSnapshot) {
	u.Helper()
	snapshot, kind := &ed.AgreementSnapshot{}, ""
	for _, e := range u.Events("employerdialogue") {
		if e.GetSnapshot().MessageIs(snapshot) {
			require.NoError(u, e.GetSnapshot().UnmarshalTo(snapshot))
			kind = e.GetType()
		}
	}
	return kind, snapshot
}

// A meeting that should never have been there counts for nothing, with all that came of it.
func TestAMeetingRegisteredInErrorCountsForNothing(t *testing.T) {
	run(t, func(u *unit) {
		agreement := u.full()
		meeting, err := u.client.GetAgreement(u.rc, &ed.GetAgreementRequest{PatientId: u.patient, AgreementId: agreement})
		require.NoError(u, err)
		id := meeting.GetDialogueMeetingId()
		var all []patientv1.Consent_ItemType
		for item := range marks {
			all = append(all, item)
		}
		u.consent(all...)

		request := u.wrongMeeting(id)
		_, err = u.client.RegisterDialogueMeetingInError(u.cm, request)
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		request.Reason = " "
		_, err = u.client.RegisterDialogueMeetingInError(u.rc, request)
		require.Equal(u, []string{"MISSING"}, violations(err))
		request = u.wrongMeeting(id)
		request.Etag = `"r1"`
		_, err = u.client.RegisterDialogueMeetingInError(u.rc, request)
		requireFault(u, err, codes.Aborted, "ETAG_MISMATCH")

		u.say(u.patient, u.employer, false) // it takes no consent
		request = u.wrongMeeting(id)
		wrong, err := u.client.RegisterDialogueMeetingInError(u.rc, request)
		require.NoError(u, err)
		again, err := u.client.RegisterDialogueMeetingInError(u.rc, request)
		require.NoError(u, err)
		require.Empty(u, cmp.Diff(wrong, again, protocmp.Transform()))
		require.Equal(u, ed.DialogueMeeting_CONCLUDED, wrong.GetState(), "what it was is kept")
		require.Empty(u, cmp.Diff(&ed.ErrorMark{Reason: "canary-wrong", PractitionerId: u.rcID, MarkTime: timestamppb.New(u.Clock.Now())}, wrong.GetErrorMark(), protocmp.Transform()))
		kind, told := u.lastMeeting()
		require.Equal(u, "dialogue_meeting.registered_in_error", kind)
		require.True(u, told.GetRegisteredInError())
		_, err = u.client.RegisterDialogueMeetingInError(u.rc, u.wrongMeeting(id))
		requireFault(u, err, codes.FailedPrecondition, "DIALOGUE_MEETING_REGISTERED_IN_ERROR")
		_, err = u.client.InvitationDialogueMeeting(u.rc, &ed.InvitationDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: id, Recipient: ed.Agreement_PATIENT, OrganizerEmail: email, AttendeeEmail: email,
		})
		requireFault(u, err, codes.FailedPrecondition, "DIALOGUE_MEETING_REGISTERED_IN_ERROR")

		// What was agreed at it goes with it.
		kind, agreed := u.lastAgreement()
		require.Equal(u, "agreement.registered_in_error", kind)
		require.True(u, agreed.GetRegisteredInError())
		u.consent(all...)
		_, err = u.client.EmployerViewAgreement(u.rc, &ed.EmployerViewAgreementRequest{PatientId: u.patient, AgreementId: agreement})
		requireFault(u, err, codes.FailedPrecondition, "AGREEMENT_REGISTERED_IN_ERROR")
		view, err := u.client.ViewEmployer(u.rc, &ed.ViewEmployerRequest{PatientId: u.patient, EmployerId: u.employer})
		require.NoError(u, err)
		u.requireOnly(view.String(), patientv1.Consent_SICK_LEAVE, patientv1.Consent_RETURN_TO_WORK_PLAN, patientv1.Consent_SCORES)

		// No list by state finds it, the whole record does, and another meeting may be proposed.
		listed, err := u.client.ListDialogueMeetings(u.rc, &ed.ListDialogueMeetingsRequest{PatientId: u.patient, States: []ed.DialogueMeeting_State{ed.DialogueMeeting_CONCLUDED}})
		require.NoError(u, err)
		require.Empty(u, listed.GetDialogueMeetings())
		listed, err = u.client.ListDialogueMeetings(u.rc, &ed.ListDialogueMeetingsRequest{PatientId: u.patient})
		require.NoError(u, err)
		require.NotNil(u, listed.GetDialogueMeetings()[0].GetErrorMark())
		u.propose()
	})
}

// One that has begun by mistake no longer stands in the way; one still to come is cancelled first.
func TestWhichMeetingsAreRegisteredInError(t *testing.T) {
	run(t, func(u *unit) {
		id := u.ready().GetDialogueMeetingId()
		_, err := u.client.RegisterDialogueMeetingInError(u.rc, u.wrongMeeting(id))
		requireFault(u, err, codes.FailedPrecondition, "DIALOGUE_MEETING_STATE")
		_, err = u.begin(id, "")
		require.NoError(u, err)
		wrong, err := u.client.RegisterDialogueMeetingInError(u.rc, u.wrongMeeting(id))
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_ONGOING, wrong.GetState())
		_, err = u.perspective(id, ed.Agreement_PATIENT, "")
		requireFault(u, err, codes.FailedPrecondition, "DIALOGUE_MEETING_REGISTERED_IN_ERROR")
		_, err = u.client.ConcludeDialogueMeeting(u.rc, u.conclusion(id))
		requireFault(u, err, codes.FailedPrecondition, "DIALOGUE_MEETING_REGISTERED_IN_ERROR")

		next := u.propose().GetDialogueMeetingId()
		_, err = u.client.CancelDialogueMeeting(u.rc, &ed.CancelDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: next, Cause: ed.MeetingEnding_NOT_NEEDED})
		require.NoError(u, err)
		_, err = u.client.RegisterDialogueMeetingInError(u.rc, u.wrongMeeting(next))
		require.NoError(u, err)
		_, err = u.client.RegisterDialogueMeetingInError(u.rc, u.wrongMeeting(uuid.NewString()))
		requireFault(u, err, codes.NotFound, "DIALOGUE_MEETING_NOT_FOUND")
		u.hearEpisode(patientv1.CareEpisode_CLOSED) // nothing of it is called off once more
		kind, _ := u.lastMeeting()
		require.Equal(u, "dialogue_meeting.registered_in_error", kind)
	})
}

func TestAnAgreementRegisteredInErrorCountsForNothing(t *testing.T) {
	run(t, func(u *unit) {
		meeting := u.held()
		id := meeting.GetAgreementId()
		request := &ed.RegisterAgreementInErrorRequest{PatientId: u.patient, AgreementId: id, Reason: "canary-wrong"}
		_, err := u.client.RegisterAgreementInError(u.gp, request)
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		wrong, err := u.client.RegisterAgreementInError(u.rc, request)
		require.NoError(u, err)
		require.Equal(u, "canary-wrong", wrong.GetErrorMark().GetReason())
		require.Equal(u, u.rcID, wrong.GetErrorMark().GetPractitionerId())
		kind, told := u.lastAgreement()
		require.Equal(u, "agreement.registered_in_error", kind)
		require.True(u, told.GetRegisteredInError())
		_, err = u.client.RegisterAgreementInError(u.rc, request)
		requireFault(u, err, codes.FailedPrecondition, "AGREEMENT_REGISTERED_IN_ERROR")
		u.consent(patientv1.Consent_CONTACT, patientv1.Consent_AGREEMENT)
		_, err = u.client.AcknowledgeAgreement(u.rc, &ed.AcknowledgeAgreementRequest{PatientId: u.patient, AgreementId: id, Party: ed.Agreement_EMPLOYER})
		requireFault(u, err, codes.FailedPrecondition, "AGREEMENT_REGISTERED_IN_ERROR")
		action := wrong.GetActions()[0].GetActionId()
		_, err = u.client.DoneAction(u.rc, &ed.DoneActionRequest{PatientId: u.patient, AgreementId: id, ActionId: action})
		requireFault(u, err, codes.FailedPrecondition, "AGREEMENT_REGISTERED_IN_ERROR")
		_, err = u.client.DropAction(u.rc, &ed.DropActionRequest{PatientId: u.patient, AgreementId: id, ActionId: action, Reason: "x"})
		requireFault(u, err, codes.FailedPrecondition, "AGREEMENT_REGISTERED_IN_ERROR")
		view, err := u.client.ViewEmployer(u.rc, &ed.ViewEmployerRequest{PatientId: u.patient, EmployerId: u.employer})
		require.NoError(u, err)
		u.requireOnly(view.String(), patientv1.Consent_CONTACT)

		// The meeting stands; marked later, it finds its agreement marked.
		_, err = u.client.RegisterDialogueMeetingInError(u.rc, u.wrongMeeting(meeting.GetDialogueMeetingId()))
		require.NoError(u, err)
	})
}
