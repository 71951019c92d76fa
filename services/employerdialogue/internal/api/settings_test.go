package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	ed "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

func TestAUnitsSettings(t *testing.T) {
	run(t, func(u *unit) {
		manager := u.As("unit_manager", u.place)
		get := func() *ed.DialogueSettings {
			u.Helper()
			found, err := u.client.GetDialogueSettings(u.rc, &ed.GetDialogueSettingsRequest{CareUnitId: u.place.UnitID})
			require.NoError(u, err)
			return found
		}
		put := func(s *ed.DialogueSettings, mask ...string) (*ed.DialogueSettings, error) {
			s.CareUnitId = u.place.UnitID
			request := &ed.UpdateDialogueSettingsRequest{DialogueSettings: s}
			if len(mask) > 0 {
				request.UpdateMask = &fieldmaskpb.FieldMask{Paths: mask}
			}
			return u.client.UpdateDialogueSettings(manager, request)
		}
		defaults := &ed.DialogueSettings{
			CareUnitId: u.place.UnitID, DefaultPlace: ed.DialogueMeeting_CENTRE, DefaultLengthMinutes: 60, DefaultPurpose: ed.DialogueMeeting_PLAN_MAKING,
			BriefMaxAgeDays: 5, Etag: `"r0"`,
		}
		require.Empty(u, cmp.Diff(defaults, get(), protocmp.Transform()))

		_, err := u.client.UpdateDialogueSettings(u.rc, &ed.UpdateDialogueSettingsRequest{DialogueSettings: &ed.DialogueSettings{CareUnitId: u.place.UnitID}})
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = u.client.GetDialogueSettings(u.rc, &ed.GetDialogueSettingsRequest{CareUnitId: uuid.NewString()})
		requireFault(u, err, codes.NotFound, "CARE_UNIT_NOT_FOUND")
		for _, bad := range []*ed.DialogueSettings{{DefaultLengthMinutes: 44}, {DefaultLengthMinutes: 61}, {BriefMaxAgeDays: 31}, {BriefMaxAgeDays: -1}} {
			_, err = put(bad)
			require.Error(u, err)
			require.Len(u, violations(err), 1)
		}
		_, err = put(&ed.DialogueSettings{}, "no_such_field")
		require.Equal(u, []string{"FIELD_NOT_UPDATABLE"}, violations(err))

		changed, err := put(&ed.DialogueSettings{DefaultLengthMinutes: 45, DefaultPurpose: ed.DialogueMeeting_ICE_BREAKER, Etag: `"r0"`})
		require.NoError(u, err)
		want := &ed.DialogueSettings{
			CareUnitId: u.place.UnitID, DefaultPlace: ed.DialogueMeeting_CENTRE, DefaultLengthMinutes: 45, DefaultPurpose: ed.DialogueMeeting_ICE_BREAKER,
			BriefMaxAgeDays: 5, Etag: `"r1"`, CreateTime: timestamppb.New(u.Clock.Now()), UpdateTime: timestamppb.New(u.Clock.Now()),
		}
		require.Empty(u, cmp.Diff(want, changed, protocmp.Transform()))
		require.Empty(u, cmp.Diff(want, get(), protocmp.Transform()))
		_, err = put(&ed.DialogueSettings{BriefMaxAgeDays: 3, Etag: `"r0"`})
		requireFault(u, err, codes.Aborted, "ETAG_MISMATCH")
		changed, err = put(&ed.DialogueSettings{BriefMaxAgeDays: 3}, "brief_max_age_days", "default_purpose")
		require.NoError(u, err)
		require.EqualValues(u, 3, changed.GetBriefMaxAgeDays())
		require.EqualValues(u, 45, changed.GetDefaultLengthMinutes(), "not named")
		require.Equal(u, ed.DialogueMeeting_PLAN_MAKING, changed.GetDefaultPurpose(), "named but left out: the default again")
	})
}

// Meetings take from the settings what they do not say themselves; what the patient must agree to is asked all the same.
func TestMeetingsFollowTheUnitsSettings(t *testing.T) {
	run(t, func(u *unit) {
		_, err := u.client.UpdateDialogueSettings(u.As("unit_manager", u.place), &ed.UpdateDialogueSettingsRequest{DialogueSettings: &ed.DialogueSettings{
			CareUnitId: u.place.UnitID, DefaultPlace: ed.DialogueMeeting_VIDEO, DefaultLengthMinutes: 50, DefaultPurpose: ed.DialogueMeeting_ICE_BREAKER,
			BriefMaxAgeDays: 8,
		}})
		require.NoError(u, err)
		u.consent(patientv1.Consent_CONTACT)
		u.hearBrief()
		u.earlyTalk()
		meeting := u.propose()
		require.Equal(u, ed.DialogueMeeting_ICE_BREAKER, meeting.GetPurpose())
		id := meeting.GetDialogueMeetingId()
		u.prepare(id)
		u.inform(id)
		guide, err := u.client.GuideDialogueMeeting(u.rc, &ed.GuideDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.EqualValues(u, 50, guide.GetLengthMinutes())

		booking := &ed.ScheduleDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, ScheduledTime: timestamppb.New(u.Clock.Now().AddDate(0, 0, 8))}
		_, err = u.client.ScheduleDialogueMeeting(u.rc, booking)
		requireFault(u, err, codes.FailedPrecondition, "PLACE_AGREEMENT_MISSING")
		booking.PlaceAgreementForm = ed.PlaceAgreement_ORAL
		meeting, err = u.client.ScheduleDialogueMeeting(u.rc, booking)
		require.NoError(u, err)
		require.Equal(u, ed.DialogueMeeting_VIDEO, meeting.GetPlace())
		require.EqualValues(u, 50, meeting.GetLengthMinutes())
		require.Empty(u, meeting.GetDeviations())

		readiness, err := u.client.ReadinessDialogueMeeting(u.rc, &ed.ReadinessDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id})
		require.NoError(u, err)
		require.True(u, readiness.GetReady(), "eight days are young enough here: %v", readiness.GetMissing())
		kind, told := u.lastMeeting()
		require.Equal(u, "dialogue_meeting.scheduled", kind)
		require.NotContains(u, told.GetMissing(), ed.DialogueMeeting_BRIEF)
		u.Advance(8 * 24 * time.Hour)
		_, err = u.begin(id, "")
		require.NoError(u, err)
	})
}
