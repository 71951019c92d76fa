package whole_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// overWeb sends a request over REST as somebody of the stage; it gives the status and the reason of a refusal, and fills answer.
func (st *stage) overWeb(short string, role identity.Role, request, answer proto.Message) (int, string) {
	st.t.Helper()
	got := st.send(st.method(short).overREST(st.t, request), st.token(role, st.place))
	if got.status >= http.StatusBadRequest {
		var problem struct {
			Reason string `json:"reason"`
		}
		require.NoError(st.t, json.Unmarshal(got.body, &problem), "%s", got.body)
		return got.status, problem.Reason
	}
	if answer != nil {
		require.NoError(st.t, protojson.Unmarshal(got.body, answer))
	}
	return got.status, ""
}

// The employer's half over REST, with the real consents of the patient: walls stand, warnings take a reason, and what the
// patient takes back is no longer shown.
func TestR51_R54_R55_R56_R58_R66_R67_R85_TheDialogueOverREST(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		st := w.newStage(w.own)
		const service = "EmployerDialogueService."
		rc := identity.RoleRehabilitationCoordinator
		patient, meeting := st.things["patient_id"], st.things["dialogue_meeting_id"]
		refused := func(short string, request proto.Message, reason string) {
			t.Helper()
			status, got := st.overWeb(service+short, rc, request, nil)
			require.Equal(t, reason, got)
			require.Equal(t, http.StatusConflict, status)
		}
		passed := func(short string, request, answer proto.Message) {
			t.Helper()
			status, reason := st.overWeb(service+short, rc, request, answer)
			require.Less(t, status, 300, reason)
		}
		schedule := &employerdialoguev1.ScheduleDialogueMeetingRequest{
			PatientId: patient, DialogueMeetingId: meeting, ScheduledTime: timestamppb.New(monday.AddDays(1).At(9, 0)), Place: employerdialoguev1.DialogueMeeting_WORKPLACE,
		}
		refused("ScheduleDialogueMeeting", schedule, "PLACE_AGREEMENT_MISSING")
		schedule.Place = employerdialoguev1.DialogueMeeting_PLACE_UNSPECIFIED
		told := &employerdialoguev1.DialogueMeeting{}
		passed("ScheduleDialogueMeeting", schedule, told)
		require.Equal(t, employerdialoguev1.DialogueMeeting_CENTRE, told.GetPlace())
		readiness := &employerdialoguev1.MeetingReadiness{}
		passed("ReadinessDialogueMeeting", &employerdialoguev1.ReadinessDialogueMeetingRequest{PatientId: patient, DialogueMeetingId: meeting}, readiness)
		require.NotContains(t, readiness.GetMissing(), employerdialoguev1.DialogueMeeting_EMPLOYER_CONSENT)
		require.Contains(t, readiness.GetMissing(), employerdialoguev1.DialogueMeeting_PATIENT_ORAL_INFORMATION)
		begin := &employerdialoguev1.BeginDialogueMeetingRequest{PatientId: patient, DialogueMeetingId: meeting}
		refused("BeginDialogueMeeting", begin, "DEVIATION_REASON_REQUIRED")
		begin.DeviationReason = "kort varsel"
		passed("BeginDialogueMeeting", begin, told)
		says := &employerdialoguev1.RecordPerspectiveRequest{
			PatientId: patient, DialogueMeetingId: meeting, Speaker: employerdialoguev1.Agreement_EMPLOYER, Text: "arbetsgivarens ord", Confirmed: true,
		}
		refused("RecordPerspective", says, "DEVIATION_REASON_REQUIRED")
		says.Speaker, says.Text = employerdialoguev1.Agreement_PATIENT, "patientens ord"
		passed("RecordPerspective", says, nil)
		says.Speaker, says.Text = employerdialoguev1.Agreement_EMPLOYER, "arbetsgivarens ord"
		passed("RecordPerspective", says, nil)
		conclude := &employerdialoguev1.ConcludeDialogueMeetingRequest{PatientId: patient, DialogueMeetingId: meeting}
		refused("ConcludeDialogueMeeting", conclude, "CONCLUSION_REQUIRED")
		conclude.Facts = []*employerdialoguev1.AgreementPoint{{Text: "ett faktum", ContributedBy: employerdialoguev1.Agreement_EMPLOYER}}
		conclude.Agreements = []*employerdialoguev1.AgreementPoint{{Text: "en enighet", ContributedBy: employerdialoguev1.Agreement_PATIENT}}
		passed("ConcludeDialogueMeeting", conclude, told)
		require.Equal(t, employerdialoguev1.DialogueMeeting_DIALOGUE_MEETING, told.GetKind())

		look := &employerdialoguev1.EmployerViewAgreementRequest{PatientId: patient, AgreementId: told.GetAgreementId()}
		view := &employerdialoguev1.EmployerView{}
		passed("EmployerViewAgreement", look, view)
		require.Contains(t, view.GetDocument(), "en enighet")
		require.NotContains(t, view.String(), diagnosis)
		require.Contains(t, view.GetWithheldItemTypes(), patientv1.Consent_DIAGNOSIS)
		before := view.GetConsentsRevision()
		st.ask("PatientService.GrantConsent", rc, &patientv1.GrantConsentRequest{
			PatientId: patient, Kind: patientv1.Consent_INFORMATION, Form: patientv1.Consent_ORAL, ReceiverKind: patientv1.Consent_EMPLOYER,
			ReceiverId: st.things["employer_id"], ItemTypes: []patientv1.Consent_ItemType{patientv1.Consent_CONTACT},
		})
		view = &employerdialoguev1.EmployerView{}
		passed("EmployerViewAgreement", look, view)
		require.NotContains(t, view.String(), "en enighet", "what the patient said last is the whole list")
		require.Greater(t, view.GetConsentsRevision(), before)
		refused("AcknowledgeAgreement", &employerdialoguev1.AcknowledgeAgreementRequest{
			PatientId: patient, AgreementId: told.GetAgreementId(), Party: employerdialoguev1.Agreement_EMPLOYER,
		}, "EMPLOYER_CONSENT_MISSING")
		st.ask("PatientService.DeclineConsent", rc, &patientv1.DeclineConsentRequest{PatientId: patient, Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_ORAL})
		view = &employerdialoguev1.EmployerView{}
		passed("EmployerViewAgreement", look, view)
		require.Empty(t, view.GetItems())
		refused("ProposeDialogueMeeting", &employerdialoguev1.ProposeDialogueMeetingRequest{
			PatientId: patient, CareEpisodeId: st.things["care_episode_id"], EmployerId: st.things["employer_id"],
		}, "COORDINATION_CONSENT_MISSING")
	})
}
