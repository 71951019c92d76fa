package sickleave_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/services/sickleave"
)

// standIn is the patient service as far as it is asked.
type standIn struct {
	patientv1.PatientServiceClient
	declined atomic.Bool
	revision atomic.Int32 // of the patient's consents
	// meanwhile happens between the answer about a consent and what is done by it; nil: nothing.
	meanwhile func()
}

func (s *standIn) CheckConsent(_ context.Context, r *patientv1.CheckConsentRequest, _ ...grpc.CallOption) (*patientv1.CheckConsentResponse, error) {
	answer := &patientv1.CheckConsentResponse{
		Consented: !s.declined.Load() && r.GetKind() == patientv1.Consent_COORDINATION, ConsentsRevision: s.revision.Load(),
	}
	if s.meanwhile != nil {
		s.meanwhile()
	}
	return answer, nil
}

// fixture is a patient of a unit with its team, on one engine. It is Monday 2 March 2026.
type fixture struct {
	*testing.T
	*apptest.Harness
	client     sickleavev1.SickLeaveServiceClient
	consent    *standIn
	place      access.Place
	patient    string
	gp, cm, rc context.Context
	gpID, rcID string
}

func run(t *testing.T, test func(f *fixture)) {
	t.Helper()
	consent := &standIn{}
	apptest.Run(t, []app.Module{sickleave.ModuleAsking(consent)}, func(t *testing.T, h *apptest.Harness) {
		consent.declined.Store(false)
		consent.revision.Store(0)
		consent.meanwhile = nil
		f := &fixture{
			T: t, Harness: h, client: sickleavev1.NewSickLeaveServiceClient(h.Conn), consent: consent, place: h.NewPlace(),
			gpID: uuid.NewString(), rcID: uuid.NewString(),
		}
		f.gp, f.cm, f.rc = h.As("gp", f.place, f.gpID), h.As("care_manager", f.place), h.As("rehabilitation_coordinator", f.place, f.rcID)
		f.newPatient()
		test(f)
	})
}

func (f *fixture) newPatient() string {
	f.patient = uuid.NewString()
	f.PlacePatient(f.patient, f.place)
	return f.patient
}

// signed is a certificate of the patient.
func (f *fixture) signed(start, end string, degree int32) *sickleavev1.Certificate {
	f.Helper()
	c, err := f.client.CreateCertificate(f.gp, &sickleavev1.CreateCertificateRequest{Certificate: &sickleavev1.Certificate{
		PatientId: f.patient, DiagnosisCodes: []string{"F43.8A"}, Occupation: "canary-occupation", FunctionLimitation: "canary-function",
		ActivityLimitation: "canary-activity",
		Periods:            []*sickleavev1.CertificatePeriod{{StartDate: start, EndDate: end, Degree: degree}},
		Bases:              []*sickleavev1.CertificateBasis{{Kind: sickleavev1.CertificateBasis_EXAMINATION, BasisDate: "2026-03-02"}},
	}})
	require.NoError(f, err)
	c, err = f.client.SignCertificate(f.gp, &sickleavev1.SignCertificateRequest{PatientId: f.patient, CertificateId: c.GetCertificateId()})
	require.NoError(f, err)
	return c
}

func step(start, end string, degree int32) *sickleavev1.ReturnToWorkStep {
	return &sickleavev1.ReturnToWorkStep{StartDate: start, EndDate: end, Degree: degree, Adaptations: "canary-adaptations"}
}

// stairs go down from full sick leave to full return.
func stairs() []*sickleavev1.ReturnToWorkStep {
	return []*sickleavev1.ReturnToWorkStep{
		step("2026-03-02", "2026-03-15", 100), step("2026-03-16", "2026-03-29", 75), step("2026-03-30", "2026-04-12", 50),
		step("2026-04-13", "2026-04-26", 25), step("2026-04-27", "2026-05-03", 0),
	}
}

func (f *fixture) propose(steps ...*sickleavev1.ReturnToWorkStep) (*sickleavev1.ReturnToWorkPlan, error) {
	return f.client.CreateReturnToWorkPlan(f.rc, &sickleavev1.CreateReturnToWorkPlanRequest{ReturnToWorkPlan: &sickleavev1.ReturnToWorkPlan{
		PatientId: f.patient, Steps: steps, Note: "canary-note",
	}})
}

func (f *fixture) proposed() *sickleavev1.ReturnToWorkPlan {
	f.Helper()
	p, err := f.propose(stairs()...)
	require.NoError(f, err)
	return p
}

func (f *fixture) answer(p *sickleavev1.ReturnToWorkPlan, kind sickleavev1.ReturnToWorkAnswer_Kind) *sickleavev1.ReturnToWorkPlan {
	f.Helper()
	p, err := f.client.AnswerReturnToWorkPlan(f.gp, &sickleavev1.AnswerReturnToWorkPlanRequest{
		PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Kind: kind, Reason: "canary-reason", Version: p.GetVersion(), Etag: p.GetEtag(),
	})
	require.NoError(f, err)
	return p
}

func (f *fixture) accepted() *sickleavev1.ReturnToWorkPlan {
	f.Helper()
	return f.answer(f.proposed(), sickleavev1.ReturnToWorkAnswer_ACCEPTED)
}

// told are the types of the events of the service so far, none of which may hold a text or a diagnosis.
func (f *fixture) told() []string {
	f.Helper()
	var types []string
	for _, e := range f.Events("sickleave") {
		require.NotContains(f, e.String(), "canary")
		require.NotContains(f, e.String(), "F43")
		types = append(types, e.GetType())
	}
	return types
}

// lastPlan is what was told last of a plan for return to work.
func (f *fixture) lastPlan() *sickleavev1.ReturnToWorkPlanSnapshot {
	f.Helper()
	snapshot := &sickleavev1.ReturnToWorkPlanSnapshot{}
	events := f.Events("sickleave")
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].GetSnapshot().MessageIs(snapshot) {
			require.NoError(f, events[i].GetSnapshot().UnmarshalTo(snapshot))
			return snapshot
		}
	}
	require.Fail(f, "no plan was told of")
	return nil
}

func requireFault(t require.TestingT, err error, code codes.Code, reason string) {
	require.Error(t, err)
	require.Equal(t, code.String(), status.Code(err).String(), err)
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			require.Equal(t, reason, info.GetReason())
			return
		}
	}
	require.Fail(t, "the error has no reason", err)
}

// violations are "field REASON" of an error's violations, sorted.
func violations(err error) []string {
	var found []string
	for _, detail := range status.Convert(err).Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				found = append(found, v.GetField()+" "+v.GetReason())
			}
		}
	}
	slices.Sort(found)
	return found
}

func last(types []string, prefix string) []string {
	var found []string
	for _, name := range types {
		if strings.HasPrefix(name, prefix) {
			found = append(found, strings.TrimPrefix(name, prefix))
		}
	}
	return found
}
