package careplan_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/services/careplan"
)

// fixture is one patient in an open episode with a care manager, on one engine.
type fixture struct {
	*testing.T
	*apptest.Harness
	client   careplanv1.CarePlanServiceClient
	place    access.Place
	patient  string
	episode  string
	manager  string // the care manager's practitioner id
	cm       context.Context
	rev      int64 // of the episode
	patients *standIn
}

// standIn is the patient service as far as it is asked: it knows no episode but those that it has told of.
type standIn struct {
	patientv1.PatientServiceClient
	consented atomic.Bool
	down      atomic.Bool
	revision  atomic.Int32 // of the patient's consents
	// meanwhile happens between the answer about a consent and what is done by it; nil: nothing.
	meanwhile func()
}

func (s *standIn) GetCareEpisode(context.Context, *patientv1.GetCareEpisodeRequest, ...grpc.CallOption) (*patientv1.CareEpisode, error) {
	if s.down.Load() {
		return nil, status.Error(codes.Unavailable, "away")
	}
	return nil, status.Error(codes.NotFound, "no such episode")
}

func (s *standIn) CheckConsent(_ context.Context, r *patientv1.CheckConsentRequest, _ ...grpc.CallOption) (*patientv1.CheckConsentResponse, error) {
	if s.down.Load() {
		return nil, status.Error(codes.Unavailable, "away")
	}
	answer := &patientv1.CheckConsentResponse{
		Consented: s.consented.Load() && r.GetKind() == patientv1.Consent_COORDINATION, ConsentsRevision: s.revision.Load(),
	}
	if s.meanwhile != nil {
		s.meanwhile()
	}
	return answer, nil
}

func run(t *testing.T, test func(f *fixture)) {
	t.Helper()
	asked := &standIn{}
	apptest.Run(t, []app.Module{careplan.ModuleAsking(asked)}, func(t *testing.T, h *apptest.Harness) {
		asked.consented.Store(true)
		asked.down.Store(false)
		asked.revision.Store(0)
		asked.meanwhile = nil
		f := &fixture{T: t, patients: asked, Harness: h, client: careplanv1.NewCarePlanServiceClient(h.Conn), place: h.NewPlace(), patient: act.NewID(),
			episode: act.NewID(), manager: uuid.NewString()}
		f.PlacePatient(f.patient, f.place)
		f.tellEpisode("care_episode.started", patientv1.CareEpisode_OPEN, f.manager)
		f.cm = f.As("care_manager", f.place, f.manager)
		test(f)
	})
}

// tellEpisode lets the stand-in of the patient service tell how the episode stands.
func (f *fixture) tellEpisode(event string, state patientv1.CareEpisode_State, manager string) {
	f.Helper()
	f.rev++
	f.Tell("patient", act.Event{
		Type: event, ResourceID: f.episode, Revision: f.rev, PatientID: f.patient, Place: f.place,
		Snapshot: &patientv1.CareEpisodeSnapshot{
			CareEpisodeId: f.episode, State: state, StartDate: "2026-03-02",
			Team: []*patientv1.TeamMemberSnapshot{{PractitionerId: manager, Role: accessv1.Role_ROLE_CARE_MANAGER, StartDate: "2026-03-02"}},
		},
	})
	f.Settle()
}

// tellCoordination lets the stand-in of the patient service tell what the patient says to coordination, as of a revision of the
// patient's consents.
func (f *fixture) tellCoordination(event string, state patientv1.Consent_State, revision int32) {
	f.Helper()
	f.Tell("patient", act.Event{
		Type: event, ResourceID: act.NewID(), Revision: 1, PatientID: f.patient, Place: f.place,
		Snapshot: &patientv1.ConsentSnapshot{
			Kind: patientv1.Consent_COORDINATION, State: state, StartDate: "2026-03-02", ConsentsRevision: revision,
		},
	})
	f.Settle()
}

func (f *fixture) in(d time.Duration) *timestamppb.Timestamp {
	return timestamppb.New(f.Clock.Now().Add(d))
}

func (f *fixture) book(at *timestamppb.Timestamp) *careplanv1.Contact {
	f.Helper()
	c, err := f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: f.contact(at)})
	require.NoError(f, err)
	return c
}

func (f *fixture) contact(at *timestamppb.Timestamp) *careplanv1.Contact {
	return &careplanv1.Contact{PatientId: f.patient, CareEpisodeId: f.episode, Kind: careplanv1.Contact_FIRST, Channel: careplanv1.Contact_PHONE, ScheduledTime: at}
}

func result() *careplanv1.ContactResult {
	return &careplanv1.ContactResult{
		Minutes: 40, Summary: "canary-summary", SideEffectsNoted: true,
		Medication: &careplanv1.MedicationFollowUp{Adherence: careplanv1.MedicationFollowUp_PARTLY, Note: "canary-medication"},
	}
}

func (f *fixture) draft() *careplanv1.CarePlan {
	f.Helper()
	p, err := f.client.CreateCarePlan(f.cm, &careplanv1.CreateCarePlanRequest{CarePlan: &careplanv1.CarePlan{
		PatientId: f.patient, CareEpisodeId: f.episode, Problems: "canary-problems", Strengths: "canary-strengths",
		Goals:             []*careplanv1.Goal{{Kind: careplanv1.Goal_RETURN_TO_WORK, Target: "canary-target", Owner: careplanv1.Goal_PATIENT}},
		Activities:        []*careplanv1.Activity{{Kind: careplanv1.Activity_KEEP_IN_TOUCH_WITH_WORK, Description: "canary-activity", Owner: careplanv1.Goal_PATIENT}},
		RelapsePrevention: "canary-relapse",
	}})
	require.NoError(f, err)
	return p
}

func (f *fixture) activePlan() *careplanv1.CarePlan {
	f.Helper()
	p, err := f.client.ActivateCarePlan(f.cm, &careplanv1.ActivateCarePlanRequest{PatientId: f.patient, CarePlanId: f.draft().GetCarePlanId()})
	require.NoError(f, err)
	return p
}

// told are the types of the events of the service so far.
func (f *fixture) told() []string {
	f.Helper()
	var types []string
	for _, e := range f.Events("careplan") {
		types = append(types, e.GetType())
	}
	return types
}

// refused asserts a refusal with its code and reason, and gives the paths of its violations.
func refused(t require.TestingT, err error, code codes.Code, reason string) []string {
	require.Error(t, err)
	st := status.Convert(err)
	require.Equal(t, code, st.Code(), st.Message())
	var fields []string
	found := ""
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			found = d.GetReason()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		}
	}
	require.Equal(t, reason, found, st.Message())
	require.False(t, strings.Contains(st.String(), "canary"), "an error repeats what was written")
	return fields
}
