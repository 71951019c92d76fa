package api_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	ed "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

// hearCoordination lets the patient service tell what became of a consent to coordination, as of a revision of the consents.
func (u *unit) hearCoordination(consent, event string, state patientv1.Consent_State, revision int32) {
	u.Helper()
	u.hear("patient", act.Event{Type: "consent." + event, ResourceID: consent, Snapshot: &patientv1.ConsentSnapshot{
		ConsentId: consent, Kind: patientv1.Consent_COORDINATION, State: state, StartDate: "2026-03-02", ConsentsRevision: revision,
	}})
}

func (u *unit) read(id string) *ed.DialogueMeeting {
	u.Helper()
	meeting, err := u.client.GetDialogueMeeting(u.nurse, &ed.GetDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
	require.NoError(u, err)
	return meeting
}

// cancellations counts the cancelled meetings that have been told of.
func (u *unit) cancellations() int {
	u.Helper()
	var n int
	for _, e := range u.Events("employerdialogue") {
		if e.GetType() == "dialogue_meeting.cancelled" {
			n++
		}
	}
	return n
}

// A patient who no longer consents to coordination has no meeting ahead; each way of saying no counts.
func TestR85_MeetingsAheadAreCalledOffWithoutConsentToCoordination(t *testing.T) {
	for name, no := range map[string]func(u *unit, consent string, revision int32){
		"withdrawn": func(u *unit, consent string, revision int32) {
			u.hearCoordination(consent, "withdrawn", patientv1.Consent_WITHDRAWN, revision)
		},
		"declined": func(u *unit, consent string, revision int32) {
			u.hearCoordination(consent, "replaced", patientv1.Consent_REPLACED, revision)
			u.hearCoordination(uuid.NewString(), "declined", patientv1.Consent_DECLINED, revision)
		},
		"registered in error": func(u *unit, consent string, revision int32) {
			u.hearCoordination(consent, "registered_in_error", patientv1.Consent_REGISTERED_IN_ERROR, revision)
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(u *unit) {
				id := u.ready().GetDialogueMeetingId()
				consent := uuid.NewString()
				u.hearCoordination(consent, "granted", patientv1.Consent_GRANTED, u.revision[u.patient])
				require.Equal(u, ed.DialogueMeeting_SCHEDULED, u.read(id).GetState())
				u.say(u.patient, u.employer, false, patientv1.Consent_CONTACT)
				no(u, consent, u.revision[u.patient])
				meeting := u.read(id)
				require.Equal(u, ed.DialogueMeeting_CANCELLED, meeting.GetState())
				require.Equal(u, ed.MeetingEnding_CONSENT_WITHDRAWN, meeting.GetEndingCause())
				require.Equal(u, 1, u.cancellations())

				// What is called off stays so; when the patient consents again, there can be a new one.
				u.consent(patientv1.Consent_CONTACT)
				u.hearCoordination(uuid.NewString(), "granted", patientv1.Consent_GRANTED, u.revision[u.patient])
				_, err := u.client.ResumeDialogueMeeting(u.rc, &ed.ResumeDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
				requireFault(u, err, codes.FailedPrecondition, "DIALOGUE_MEETING_STATE")
				require.Equal(u, ed.DialogueMeeting_PROPOSED, u.read(u.propose().GetDialogueMeetingId()).GetState())
			})
		})
	}
}

func TestR85_WhatStaysWhenConsentsChange(t *testing.T) {
	run(t, func(u *unit) {
		id := u.ready().GetDialogueMeetingId()
		consent, next := uuid.NewString(), uuid.NewString()
		u.hearCoordination(consent, "granted", patientv1.Consent_GRANTED, 1)

		// A new yes in place of the one before.
		u.hearCoordination(consent, "replaced", patientv1.Consent_REPLACED, 2)
		u.hearCoordination(next, "granted", patientv1.Consent_GRANTED, 2)
		require.Equal(u, ed.DialogueMeeting_SCHEDULED, u.read(id).GetState())

		// What is told of an information consent.
		u.hear("patient", act.Event{Type: "consent.withdrawn", ResourceID: uuid.NewString(), Snapshot: &patientv1.ConsentSnapshot{
			Kind: patientv1.Consent_INFORMATION, State: patientv1.Consent_WITHDRAWN, ReceiverKind: patientv1.Consent_EMPLOYER, ReceiverId: u.employer, ConsentsRevision: 3,
		}})
		require.Equal(u, ed.DialogueMeeting_SCHEDULED, u.read(id).GetState())

		// A withdrawal that is heard of after the meeting was moved under a later yes, itself not heard of yet.
		for u.revision[u.patient] < 5 {
			u.consent(patientv1.Consent_CONTACT)
		}
		_, err := u.client.RescheduleDialogueMeeting(u.rc, &ed.RescheduleDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: id, ScheduledTime: u.read(id).GetScheduledTime(), LengthMinutes: 45,
		})
		require.NoError(u, err)
		u.hearCoordination(next, "withdrawn", patientv1.Consent_WITHDRAWN, 4)
		require.Equal(u, ed.DialogueMeeting_SCHEDULED, u.read(id).GetState())

		// One that is being held is left to be concluded.
		_, err = u.begin(id, "brådska")
		require.NoError(u, err)
		u.say(u.patient, u.employer, false)
		u.hearCoordination(uuid.NewString(), "declined", patientv1.Consent_DECLINED, 6)
		require.Equal(u, ed.DialogueMeeting_ONGOING, u.read(id).GetState())
		require.Zero(u, u.cancellations())
	})
}

// What a meeting misses is told under the consents that were read for the change: what has been heard of them lags.
func TestWhatIsMissingIsToldUnderFreshConsents(t *testing.T) {
	run(t, func(u *unit) {
		u.consent(patientv1.Consent_CONTACT)
		u.schedule(u.propose().GetDialogueMeetingId(), 1)
		for _, e := range u.Events("employerdialogue") {
			if snapshot := (&ed.DialogueMeetingSnapshot{}); e.GetSnapshot().MessageIs(snapshot) {
				require.NoError(u, e.GetSnapshot().UnmarshalTo(snapshot))
				require.NotEmpty(u, snapshot.GetMissing())
				require.NotContains(u, snapshot.GetMissing(), ed.DialogueMeeting_EMPLOYER_CONSENT)
				require.NotContains(u, snapshot.GetMissing(), ed.DialogueMeeting_COORDINATION_CONSENT)
			}
		}
	})
}
