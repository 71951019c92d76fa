package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
)

const (
	patients  = 1500 // that are read
	followUps = 60   // open at the unit, each about another patient: more than the page of 50 that is listed
	people    = 80   // who read: a patient's first reading by each within the hour writes into the access log
)

// world is a server with a unit, its patients and their follow-ups.
type world struct {
	*server
	place    place
	conn     *grpc.ClientConn
	provider string
	unit     string
	patients []string
	tokens   []string // of the people; the first one creates, and has read everything
	serial   atomic.Int64
	first    atomic.Int64 // readings that were the first
}

// newWorld starts a program on new databases and fills them.
func newWorld(tb testing.TB, engine, program string) *world {
	tb.Helper()
	w := emptyWorld(tb, newPlace(tb, engine), program)
	w.populate(patients, followUps)
	return w
}

// emptyWorld is a unit without patients.
func emptyWorld(tb testing.TB, at place, program string) *world {
	tb.Helper()
	w := &world{server: startServer(tb, program, childConfig{URL: at.url, Dir: at.dir}), place: at}
	var err error
	w.conn, err = grpc.NewClient(w.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = w.conn.Close() })

	operator := w.bearing(w.token("operator", identity.Assignment{Roles: []identity.Role{identity.RoleOperator}}))
	client := patientv1.NewPatientServiceClient(w.conn)
	provider, err := client.CreateCareProvider(operator, &patientv1.CreateCareProviderRequest{
		CareProvider: &patientv1.CareProvider{DisplayName: "Region Norrland", HsaId: "SE2321000016-B001"}})
	require.NoError(tb, err)
	w.provider = provider.GetCareProviderId()
	unit, err := client.CreateCareUnit(operator, &patientv1.CreateCareUnitRequest{
		CareUnit: &patientv1.CareUnit{CareProviderId: w.provider, DisplayName: "Åkerby vårdcentral", HsaId: "SE2321000016-B002"}})
	require.NoError(tb, err)
	w.unit = unit.GetCareUnitId()
	for range people {
		w.tokens = append(w.tokens, w.token(uuid.NewString(), identity.Assignment{
			ProviderID: w.provider, UnitID: w.unit, Roles: []identity.Role{identity.RoleGP}}))
	}
	return w
}

// populate makes patients and follow-ups by the API, and has the first of the people read all of them.
func (w *world) populate(patients, followUps int) {
	w.tb.Helper()
	client := patientv1.NewPatientServiceClient(w.conn)
	ctx := w.bearing(w.tokens[0])
	made := make(chan string, patients)
	each(w.tb, 16, patients, func(int) error {
		p, err := client.CreatePatient(ctx, w.newPatient())
		made <- p.GetPatientId()
		return err
	})
	for range patients {
		w.patients = append(w.patients, <-made)
	}
	w.settle()
	due := followupv1.NewFollowUpServiceClient(w.conn)
	each(w.tb, 16, followUps, func(i int) error {
		_, err := due.CreateFollowUp(ctx, &followupv1.CreateFollowUpRequest{FollowUp: &followupv1.FollowUp{
			PatientId: w.patients[i], Title: fmt.Sprintf("Ring about the sleep diary, week %d", i), OwnerRole: accessv1.Role_ROLE_GP}})
		return err
	})
	each(w.tb, 16, patients, func(i int) error {
		_, err := client.GetPatient(ctx, &patientv1.GetPatientRequest{PatientId: w.patients[i]})
		return err
	})
	_, err := due.ListCareUnitFollowUps(ctx, &followupv1.ListCareUnitFollowUpsRequest{CareUnitId: w.unit})
	require.NoError(w.tb, err)
	w.settle()
}

func (w *world) bearing(token string) context.Context {
	return metadata.AppendToOutgoingContext(context.Background(), identity.MetadataCaller, "Bearer "+token)
}

// newPatient is one whom nobody has registered. Reserve numbers are free; there are not enough personnummer for tests.
func (w *world) newPatient() *patientv1.CreatePatientRequest {
	return &patientv1.CreatePatientRequest{RequestId: uuid.NewString(), Patient: &patientv1.Patient{
		CareUnitId: w.unit, GivenName: "Kim", FamilyName: "Bergström", PhoneNumber: "070-1740605",
		IdentityNumber: &patientv1.IdentityNumber{Kind: patientv1.IdentityNumber_RESERVE_NUMBER, Value: w.number()},
		Employments:    []*patientv1.Patient_Employment{{EmployerName: "Bageriet i Åkerby", ExtentPercent: 100, Occupation: "baker"}},
	}}
}

func (w *world) number() string { return fmt.Sprintf("BENCH-%08d", w.serial.Add(1)) }

// patient is the nth in turn.
func (w *world) patient(n int64) string { return w.patients[n%patients] }

// firstReading is a person and a patient whom that person has not read yet.
func (w *world) firstReading() (token, patient string, err error) {
	n := w.first.Add(1) - 1
	person := 1 + n/patients
	if person >= people {
		return "", "", fmt.Errorf("all %d people have read all %d patients", people, patients)
	}
	return w.tokens[person], w.patient(n), nil
}
