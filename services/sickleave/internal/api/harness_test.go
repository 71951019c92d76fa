package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
	"github.com/coworkcare/coworkcare/services/sickleave"
)

// unit is a care unit with staff and a patient, seen through the whole call chain.
type unit struct {
	*testing.T
	*apptest.Harness
	client            sickleavev1.SickLeaveServiceClient
	place             access.Place
	patient           string
	gp, cm, rc, nurse context.Context
	gpID              string
}

func run(t *testing.T, test func(u *unit)) {
	apptest.Run(t, []app.Module{sickleave.Module}, func(t *testing.T, h *apptest.Harness) {
		test(newUnit(t, h, h.NewPlace()))
	})
}

func newUnit(t *testing.T, h *apptest.Harness, place access.Place) *unit {
	u := &unit{T: t, Harness: h, client: sickleavev1.NewSickLeaveServiceClient(h.Conn), place: place, gpID: uuid.NewString()}
	u.gp, u.cm = h.As("gp", place, u.gpID), h.As("care_manager", place)
	u.rc, u.nurse = h.As("rehabilitation_coordinator", place), h.As("nurse", place)
	u.patient = u.newPatient()
	return u
}

// nobody holds a role at the unit by a token that names no practitioner.
func (u *unit) nobody(role identity.Role) context.Context {
	u.Helper()
	token, err := u.Issuer.Mint(devissuer.Claims{Subject: "nobody", Assignments: []identity.Assignment{
		{ProviderID: u.place.ProviderID, UnitID: u.place.UnitID, Roles: []identity.Role{role}},
	}})
	require.NoError(u, err)
	return metadata.AppendToOutgoingContext(u.Context(), "authorization", "Bearer "+token)
}

func (u *unit) newPatient() string {
	patient := uuid.NewString()
	u.PlacePatient(patient, u.place)
	return patient
}

// draft is a draft that can be signed.
func (u *unit) draft(periods ...*sickleavev1.CertificatePeriod) *sickleavev1.Certificate {
	return &sickleavev1.Certificate{
		PatientId: u.patient, Periods: periods, DiagnosisCodes: []string{"F32.1"},
		Bases: []*sickleavev1.CertificateBasis{{Kind: sickleavev1.CertificateBasis_EXAMINATION, BasisDate: "2026-03-02"}},
	}
}

func period(start, end string, degree int32) *sickleavev1.CertificatePeriod {
	return &sickleavev1.CertificatePeriod{StartDate: start, EndDate: end, Degree: degree}
}

func (u *unit) create(ctx context.Context, c *sickleavev1.Certificate) *sickleavev1.Certificate {
	u.Helper()
	created, err := u.client.CreateCertificate(ctx, &sickleavev1.CreateCertificateRequest{Certificate: c})
	require.NoError(u, err)
	return created
}

func (u *unit) sign(c *sickleavev1.Certificate) *sickleavev1.Certificate {
	u.Helper()
	signed, err := u.client.SignCertificate(u.gp, &sickleavev1.SignCertificateRequest{PatientId: c.GetPatientId(), CertificateId: c.GetCertificateId()})
	require.NoError(u, err)
	return signed
}

// signed is a certificate of the unit's patient.
func (u *unit) signed(periods ...*sickleavev1.CertificatePeriod) *sickleavev1.Certificate {
	u.Helper()
	return u.sign(u.create(u.gp, u.draft(periods...)))
}

func (u *unit) cases(ctx context.Context, asOf string) *sickleavev1.ListSickLeaveCasesResponse {
	u.Helper()
	response, err := u.client.ListSickLeaveCases(ctx, &sickleavev1.ListSickLeaveCasesRequest{PatientId: u.patient, AsOfDate: asOf})
	require.NoError(u, err)
	return response
}

// told are the events of the service so far whose type begins so.
func (u *unit) told(prefix string) []*eventv1.Event {
	u.Helper()
	return slices.DeleteFunc(u.Events("sickleave"), func(e *eventv1.Event) bool { return !strings.HasPrefix(e.GetType(), prefix) })
}

func requireFault(t require.TestingT, err error, code codes.Code, reason string) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
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
