package api_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	service "github.com/coworkcare/coworkcare/services/patient"
)

// The read side is told the names of a unit's own active patients, in the order asked for, and of a protected identity nothing;
// nobody else is told anything.
func TestPatientNamesForTheReadSide(t *testing.T) {
	var fromCaseload, fromFollowup grpc.ClientConnInterface
	modules := []app.Module{
		service.Module,
		{Name: "caseload", Start: func(_ context.Context, host *app.Host) error { fromCaseload = host.Conn("patient"); return nil }},
		{Name: "followup", Start: func(_ context.Context, host *app.Host) error { fromFollowup = host.Conn("patient"); return nil }},
	}
	apptest.Run(t, modules, func(t *testing.T, h *apptest.Harness) {
		c := newCentre(t, h, "")
		neighbour := newCentre(t, h, c.place.ProviderID)
		plain, theirs := c.patient(tolv).GetPatientId(), neighbour.patient(other).GetPatientId()

		hidden := c.registration("198112289882")
		hidden.Patient.IdentityNumber = &patientv1.IdentityNumber{Kind: patientv1.IdentityNumber_RESERVE_NUMBER, Value: "RES-0001"}
		hidden.Patient.ProtectedIdentity = true
		secret, err := c.client.CreatePatient(c.secretary, hidden)
		require.NoError(t, err)
		reserve := c.registration("RES-0002")
		reserve.Patient.IdentityNumber.Kind = patientv1.IdentityNumber_RESERVE_NUMBER
		unborn, err := c.client.CreatePatient(c.secretary, reserve)
		require.NoError(t, err)
		reserve.Patient.IdentityNumber.Value = "RES-0003"
		mistake, err := c.client.CreatePatient(c.secretary, reserve)
		require.NoError(t, err)
		_, err = c.client.RegisterPatientInError(c.secretary, &patientv1.RegisterPatientInErrorRequest{PatientId: mistake.GetPatientId(), Reason: "twice"})
		require.NoError(t, err)

		request := &patientv1.GetPatientNamesRequest{CareUnitId: c.place.UnitID, PatientIds: []string{
			unborn.GetPatientId(), uuid.NewString(), secret.GetPatientId(), mistake.GetPatientId(), theirs, plain, unborn.GetPatientId(),
		}}
		names, err := patientv1.NewPatientServiceClient(fromCaseload).GetPatientNames(t.Context(), request)
		require.NoError(t, err)
		want := &patientv1.PatientNames{PatientNames: []*patientv1.PatientName{
			{PatientId: unborn.GetPatientId(), GivenName: "Tolvan", FamilyName: "Tolvansson"},
			{PatientId: secret.GetPatientId(), ProtectedIdentity: true},
			{PatientId: plain, GivenName: "Tolvan", FamilyName: "Tolvansson", BirthDate: "1912-12-12"},
		}}
		require.Empty(t, cmp.Diff(want, names, protocmp.Transform()))
		_, err = patientv1.NewPatientServiceClient(fromFollowup).GetPatientNames(t.Context(), request)
		requireFault(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = c.client.GetPatientNames(c.gp, request)
		requireFault(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = patientv1.NewPatientServiceClient(fromCaseload).GetPatientNames(c.gp, request)
		requireFault(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	})
}
