package whole_test

import (
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// newOrganisationNumber is a number that no employer has yet: the last ten digits of an identity number bear the same check digit.
func newOrganisationNumber(st *stage) any {
	number := st.personnummer()
	st.things["organisation_number"] = number[len(number)-10:]
	return st.things["organisation_number"]
}

// ask calls a method with a request of its own.
func (st *stage) ask(short string, role identity.Role, request proto.Message) proto.Message {
	st.t.Helper()
	answer, err := st.call(st.as(role, st.place), st.method(short), request)
	require.NoErrorf(st.t, err, "%s as %s: %s", short, role, detail(err))
	st.keep(answer)
	return answer
}

// consentToEmployer lets the patient consent that the stage's employer is told of contact and agreement.
func (st *stage) consentToEmployer() {
	st.t.Helper()
	if st.method("EmployerDialogueService.CreateEmployer") == nil {
		return
	}
	// Where nothing has been agreed yet, a request still names something.
	st.things["agreement_id"], st.things["action_id"] = uuid.NewString(), uuid.NewString()
	consent := st.things["consent_id"]
	st.ask("PatientService.GrantConsent", identity.RoleRehabilitationCoordinator, &patientv1.GrantConsentRequest{
		PatientId: st.things["patient_id"], Kind: patientv1.Consent_INFORMATION, Form: patientv1.Consent_ORAL,
		ReceiverKind: patientv1.Consent_EMPLOYER, ReceiverId: st.things["employer_id"],
		ItemTypes: []patientv1.Consent_ItemType{patientv1.Consent_CONTACT, patientv1.Consent_AGREEMENT, patientv1.Consent_PATIENT_PERSPECTIVE},
	})
	st.things["consent_id"] = consent
}

func cancelledDialogue(st *stage) {
	st.do("EmployerDialogueService.CancelDialogueMeeting", identity.RoleRehabilitationCoordinator)
}

func scheduledDialogue(st *stage) {
	st.do("EmployerDialogueService.ScheduleDialogueMeeting", identity.RoleRehabilitationCoordinator)
}

// dueDialogue is a meeting whose time has just come.
func dueDialogue(st *stage) {
	st.ask("EmployerDialogueService.ScheduleDialogueMeeting", identity.RoleRehabilitationCoordinator, &employerdialoguev1.ScheduleDialogueMeetingRequest{
		PatientId: st.things["patient_id"], DialogueMeetingId: st.things["dialogue_meeting_id"],
		ScheduledTime: timestamppb.New(st.clock.Now().Add(time.Millisecond)),
	})
	st.clock.Advance(2 * time.Millisecond)
}

func begunDialogue(st *stage) {
	scheduledDialogue(st)
	st.do("EmployerDialogueService.BeginDialogueMeeting", identity.RoleRehabilitationCoordinator)
}

func concludedDialogue(st *stage) {
	begunDialogue(st)
	concluded, _ := st.do("EmployerDialogueService.ConcludeDialogueMeeting", identity.RoleRehabilitationCoordinator).(*employerdialoguev1.DialogueMeeting)
	st.things["agreement_id"] = concluded.GetAgreementId()
	agreement, _ := st.ask("EmployerDialogueService.GetAgreement", identity.RoleRehabilitationCoordinator, &employerdialoguev1.GetAgreementRequest{
		PatientId: st.things["patient_id"], AgreementId: concluded.GetAgreementId(),
	}).(*employerdialoguev1.Agreement)
	st.things["action_id"] = agreement.GetActions()[0].GetActionId()
}

func dutyInformation(st *stage) {
	st.ask("EmployerDialogueService.CreateEmployerContact", identity.RoleRehabilitationCoordinator, &employerdialoguev1.CreateEmployerContactRequest{
		EmployerContact: &employerdialoguev1.EmployerContact{
			PatientId: st.things["patient_id"], CareEpisodeId: st.things["care_episode_id"], EmployerId: st.things["employer_id"],
			Kind: employerdialoguev1.EmployerContact_DUTY_INFORMATION, InformationVersion: "1",
		},
	})
}
