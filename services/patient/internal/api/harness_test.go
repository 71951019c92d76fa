package api_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	service "github.com/coworkcare/coworkcare/services/patient"
)

const (
	cm    = accessv1.Role_ROLE_CARE_MANAGER
	rc    = accessv1.Role_ROLE_REHABILITATION_COORDINATOR
	tolv  = "191212121212"
	other = "198112289874"
)

// centre is a care unit with its people: a GP, a care manager, a coordinator, and one who is both.
type centre struct {
	*apptest.Harness
	*testing.T
	client             patientv1.PatientServiceClient
	place              access.Place
	gpID, cmID, rcID   string
	bothID             string
	gp, cm, rc, both   context.Context
	admin, secretary   context.Context
	operator, outsider context.Context
}

func run(t *testing.T, test func(c *centre)) {
	t.Helper()
	apptest.Run(t, []app.Module{service.Module}, func(t *testing.T, h *apptest.Harness) { test(newCentre(t, h, "")) })
}

// newCentre makes a unit of a care provider, which is new when none is named.
func newCentre(t *testing.T, h *apptest.Harness, providerID string) *centre {
	t.Helper()
	c := &centre{Harness: h, T: t, client: patientv1.NewPatientServiceClient(h.Conn), operator: h.As("operator", access.Place{})}
	if providerID == "" {
		provider, err := c.client.CreateCareProvider(c.operator, &patientv1.CreateCareProviderRequest{
			CareProvider: &patientv1.CareProvider{DisplayName: "Region", HsaId: hsa()},
		})
		require.NoError(t, err)
		providerID = provider.GetCareProviderId()
	}
	c.place.ProviderID = providerID
	c.admin = h.As("provider_administrator", c.place)
	unit, err := c.client.CreateCareUnit(c.admin, &patientv1.CreateCareUnitRequest{
		CareUnit: &patientv1.CareUnit{CareProviderId: providerID, DisplayName: "Centre", HsaId: hsa(), PhoneNumber: "08-123 45"},
	})
	require.NoError(t, err)
	c.place.UnitID = unit.GetCareUnitId()
	c.gpID, c.cmID, c.rcID = c.hire(accessv1.Role_ROLE_GP), c.hire(cm), c.hire(rc)
	c.bothID = c.hire(cm, rc)
	c.gp, c.cm, c.rc = h.As("gp", c.place, c.gpID), h.As("care_manager", c.place, c.cmID), h.As("rehabilitation_coordinator", c.place, c.rcID)
	c.both = h.AsAll([]string{"care_manager", "rehabilitation_coordinator"}, c.place, c.bothID)
	c.secretary = h.As("medical_secretary", c.place)
	c.outsider = h.As("gp", h.NewPlace())
	return c
}

func hsa() string { return "SE2321000016-" + uuid.NewString()[24:] }

func (c *centre) hire(roles ...accessv1.Role) string {
	c.Helper()
	p, err := c.client.CreatePractitioner(c.admin, &patientv1.CreatePractitionerRequest{Practitioner: &patientv1.Practitioner{
		CareProviderId: c.place.ProviderID, GivenName: "Vera", FamilyName: "Vårdare", HsaId: hsa(),
		Employments: []*patientv1.Practitioner_Employment{{CareUnitId: c.place.UnitID, Roles: roles, StartDate: "2020-01-01"}},
	}})
	require.NoError(c, err)
	return p.GetPractitionerId()
}

func (c *centre) registration(number string) *patientv1.CreatePatientRequest {
	return &patientv1.CreatePatientRequest{Patient: &patientv1.Patient{
		CareUnitId: c.place.UnitID, GivenName: "Tolvan", FamilyName: "Tolvansson", PhoneNumber: "070-174 06 05",
		IdentityNumber: &patientv1.IdentityNumber{Kind: patientv1.IdentityNumber_PERSONNUMMER, Value: number},
	}}
}

func (c *centre) patient(number string) *patientv1.Patient {
	c.Helper()
	p, err := c.client.CreatePatient(c.secretary, c.registration(number))
	require.NoError(c, err)
	return p
}

func (c *centre) assessment(patientID string) *patientv1.StartCareEpisodeRequest {
	return &patientv1.StartCareEpisodeRequest{
		PatientId: patientID, DiagnosisCode: "f321", Severity: patientv1.CareEpisode_MODERATE, SickLeaveNeeded: true, AssessmentNote: "tired",
	}
}

func (c *centre) episode(patientID string) *patientv1.CareEpisode {
	c.Helper()
	e, err := c.client.StartCareEpisode(c.gp, c.assessment(patientID))
	require.NoError(c, err)
	return e
}

func (c *centre) grant(patientID string) *patientv1.Consent {
	c.Helper()
	consent, err := c.client.GrantConsent(c.rc, &patientv1.GrantConsentRequest{
		PatientId: patientID, Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_ORAL,
	})
	require.NoError(c, err)
	return consent
}

func (c *centre) accept(ctx context.Context, e *patientv1.CareEpisode, role accessv1.Role) (*patientv1.CareEpisode, error) {
	return c.client.AcceptReferral(ctx, &patientv1.AcceptReferralRequest{PatientId: e.GetPatientId(), CareEpisodeId: e.GetCareEpisodeId(), Role: role})
}

func (c *centre) read(e *patientv1.CareEpisode) *patientv1.CareEpisode {
	c.Helper()
	found, err := c.client.GetCareEpisode(c.gp, &patientv1.GetCareEpisodeRequest{PatientId: e.GetPatientId(), CareEpisodeId: e.GetCareEpisodeId()})
	require.NoError(c, err)
	return found
}

// told are the types of the events about a patient, oldest first.
func (c *centre) told(patientID string) []string {
	c.Helper()
	var types []string
	for _, e := range c.about(patientID) {
		types = append(types, e.GetType())
	}
	return types
}

func (c *centre) about(patientID string) []*eventv1.Event {
	c.Helper()
	return slices.DeleteFunc(c.Events("patient"), func(e *eventv1.Event) bool { return e.GetPatientId() != patientID })
}

func requireFault(t require.TestingT, err error, code codes.Code, reason string) {
	if h, ok := t.(interface{ Helper() }); ok {
		h.Helper()
	}
	require.Error(t, err)
	require.Equal(t, code.String(), status.Code(err).String(), err)
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			require.Equal(t, reason, info.GetReason(), err)
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
				found = append(found, fmt.Sprint(v.GetField(), " ", v.GetReason()))
			}
		}
	}
	slices.Sort(found)
	return found
}
