package caseload_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/services/caseload"
)

// ward is a unit whose patients are told of by stand-ins of the other services. The clock starts on Monday 2 March 2026 at 08:00.
type ward struct {
	t         *testing.T
	h         *apptest.Harness
	client    caseloadv1.CaseloadServiceClient
	place     access.Place
	revisions map[string]int64
}

func run(t *testing.T, test func(t *testing.T, w *ward)) {
	t.Helper()
	apptest.Run(t, []app.Module{caseload.Module}, func(t *testing.T, h *apptest.Harness) {
		test(t, newWard(t, h))
	})
}

func newWard(t *testing.T, h *apptest.Harness) *ward {
	return &ward{t: t, h: h, client: caseloadv1.NewCaseloadServiceClient(h.Conn), place: h.NewPlace(), revisions: map[string]int64{}}
}

// tell lets a stand-in tell of a thing's next revision.
func (w *ward) tell(source, event, patient, id string, snapshot proto.Message) {
	w.t.Helper()
	w.revisions[event[:3]+id]++
	w.h.Tell(source, act.Event{Type: event, ResourceID: id, Revision: w.revisions[event[:3]+id], PatientID: patient, Place: w.place, Snapshot: snapshot})
}

// register tells of a patient at a place; the patient has an open episode with a team from the start.
func (w *ward) register(team ...string) (patient, episode string) {
	w.t.Helper()
	patient, episode = act.NewID(), act.NewID()
	w.belongs(patient, w.place, patientv1.Patient_ACTIVE)
	w.episode(patient, episode, patientv1.CareEpisode_OPEN, team...)
	return patient, episode
}

func (w *ward) belongs(patient string, place access.Place, state patientv1.Patient_State) {
	w.t.Helper()
	at := w.place
	w.place = place
	w.tell("patient", "patient.moved", patient, patient, &patientv1.PatientSnapshot{
		PatientId: patient, CareProviderId: place.ProviderID, CareUnitId: place.UnitID, State: state})
	w.place = at
}

func (w *ward) episode(patient, episode string, state patientv1.CareEpisode_State, team ...string) {
	w.t.Helper()
	s := &patientv1.CareEpisodeSnapshot{CareEpisodeId: episode, State: state, StartDate: "2026-03-02"}
	for _, practitioner := range team {
		s.Team = append(s.Team, &patientv1.TeamMemberSnapshot{PractitionerId: practitioner, Role: accessv1.Role_ROLE_CARE_MANAGER, StartDate: "2026-03-02"})
	}
	w.tell("patient", "care_episode.started", patient, episode, s)
}

// sick tells of one case of sick leave, at full degree.
func (w *ward) sick(patient, first, last string) {
	w.t.Helper()
	w.tell("sickleave", "sick_leave.changed", patient, patient, cases(first, last))
}

func (w *ward) due(patient, id, day string, state followupv1.FollowUp_State) {
	w.t.Helper()
	w.dueOf(followupv1.FollowUp_MANUAL, patient, id, day, state)
}

func (w *ward) dueOf(kind followupv1.FollowUp_Kind, patient, id, day string, state followupv1.FollowUp_State) {
	w.t.Helper()
	w.tell("followup", "follow_up.created", patient, id, &followupv1.FollowUpSnapshot{FollowUpId: id, Kind: kind, State: state,
		DueDate: day, DueTime: timestamppb.New(date.MustParse(day).At(17, 0))})
}

func (w *ward) held(patient, episode string, day string) {
	w.t.Helper()
	id := act.NewID()
	w.tell("careplan", "contact.held", patient, id, &careplanv1.ContactSnapshot{ContactId: id, CareEpisodeId: episode, State: careplanv1.Contact_HELD,
		ResultTime: timestamppb.New(date.MustParse(day).At(10, 0))})
}

func (w *ward) flag(patient, episode, id string, state careplanv1.SafetyFlag_State) {
	w.t.Helper()
	w.tell("careplan", "safety_flag.raised", patient, id, &careplanv1.SafetyFlagSnapshot{SafetyFlagId: id, CareEpisodeId: episode,
		Level: careplanv1.SafetyFlag_URGENT, State: state, RaiseTime: timestamppb.New(w.h.Clock.Now())})
}

func (w *ward) meeting(patient, episode, id string, state employerdialoguev1.DialogueMeeting_State, recheck string) {
	w.t.Helper()
	w.tell("employerdialogue", "dialogue_meeting.proposed", patient, id, &employerdialoguev1.DialogueMeetingSnapshot{DialogueMeetingId: id,
		CareEpisodeId: episode, State: state, RecheckDate: recheck, Missing: []employerdialoguev1.DialogueMeeting_Missing{employerdialoguev1.DialogueMeeting_EARLY_TALK,
			employerdialoguev1.DialogueMeeting_BRIEF, employerdialoguev1.DialogueMeeting_PREPARATION}})
}

func (w *ward) manager(practitioner ...string) context.Context {
	w.t.Helper()
	return w.h.As("care_manager", w.place, practitioner...)
}

// list reads a whole list by pages of a size.
func (w *ward) list(size int32, request *caseloadv1.ListCaseloadRequest) []*caseloadv1.CaseloadRow {
	w.t.Helper()
	request = proto.CloneOf(request)
	request.CareUnitId, request.PageSize, request.PageToken = w.place.UnitID, size, ""
	var rows []*caseloadv1.CaseloadRow
	ctx := w.manager()
	for {
		answer, err := w.client.ListCaseload(ctx, request)
		require.NoError(w.t, err)
		rows = append(rows, answer.GetRows()...)
		if request.PageToken = answer.GetNextPageToken(); request.GetPageToken() == "" {
			return rows
		}
		require.Len(w.t, answer.GetRows(), int(size))
	}
}

func patients(rows []*caseloadv1.CaseloadRow) []string {
	ids := []string{}
	for _, row := range rows {
		ids = append(ids, row.GetPatientId())
	}
	return ids
}

// one is the row of a patient who is listed.
func (w *ward) one(patient string) *caseloadv1.CaseloadRow {
	w.t.Helper()
	for _, row := range w.list(200, &caseloadv1.ListCaseloadRequest{IncludeClosed: true}) {
		if row.GetPatientId() == patient {
			return row
		}
	}
	w.t.Fatalf("the patient is not listed")
	return nil
}

func newID(n int) string { return fmt.Sprintf("0197a6a0-0000-7000-8000-%012d", n) }

// cases are cases of sick leave, each by its first and last day.
func cases(days ...string) *sickleavev1.SickLeaveSnapshot {
	s := &sickleavev1.SickLeaveSnapshot{}
	for i := 0; i < len(days); i += 2 {
		s.Cases = append(s.Cases, &sickleavev1.SickLeaveCaseSnapshot{StartDate: days[i], EndDate: days[i+1],
			Periods: []*sickleavev1.CertificatePeriod{{StartDate: days[i], EndDate: days[i+1], Degree: 100}}})
	}
	return s
}

// requireReason asserts an error's code and reason.
func requireReason(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	require.Equalf(t, code, status.Code(err), "%v", err)
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			require.Equal(t, reason, info.GetReason())
			return
		}
	}
	t.Fatalf("no reason in %v", err)
}
