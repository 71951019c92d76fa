package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/accesslog"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
	"github.com/coworkcare/coworkcare/platform/rpc"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

var (
	here      = access.Place{ProviderID: act.NewID(), UnitID: act.NewID()}
	there     = access.Place{ProviderID: act.NewID(), UnitID: act.NewID()}
	ourOwn    = act.NewID() // a patient here
	foreigner = act.NewID() // a patient there
	broken    = act.NewID() // where this one belongs cannot be found out
)

// handlers are what the methods of the test's services do; nil answers with a patient.
type handlers struct {
	patientv1.UnimplementedPatientServiceServer
	followupv1.UnimplementedFollowUpServiceServer

	mu      sync.Mutex
	do      func(ctx context.Context, request any) (any, error)
	reached []any
}

func (h *handlers) handle(ctx context.Context, request any) (any, error) {
	h.mu.Lock()
	h.reached = append(h.reached, request)
	do := h.do
	h.mu.Unlock()
	if do == nil {
		return nil, nil
	}
	return do(ctx, request)
}

func answered[R any](answer any, err error) (*R, error) {
	typed, _ := answer.(*R)
	if typed == nil && err == nil {
		typed = new(R)
	}
	return typed, err
}

func (h *handlers) GetPatient(ctx context.Context, r *patientv1.GetPatientRequest) (*patientv1.Patient, error) {
	return answered[patientv1.Patient](h.handle(ctx, r))
}

func (h *handlers) UpdatePatient(ctx context.Context, r *patientv1.UpdatePatientRequest) (*patientv1.Patient, error) {
	return answered[patientv1.Patient](h.handle(ctx, r))
}

func (h *handlers) GrantConsent(ctx context.Context, r *patientv1.GrantConsentRequest) (*patientv1.Consent, error) {
	return answered[patientv1.Consent](h.handle(ctx, r))
}

func (h *handlers) CheckConsent(ctx context.Context, r *patientv1.CheckConsentRequest) (*patientv1.CheckConsentResponse, error) {
	return answered[patientv1.CheckConsentResponse](h.handle(ctx, r))
}

func (h *handlers) ListCareProviders(ctx context.Context, r *patientv1.ListCareProvidersRequest) (*patientv1.ListCareProvidersResponse, error) {
	return answered[patientv1.ListCareProvidersResponse](h.handle(ctx, r))
}

func (h *handlers) ListCareUnitFollowUps(ctx context.Context, r *followupv1.ListCareUnitFollowUpsRequest) (*followupv1.ListCareUnitFollowUpsResponse, error) {
	return answered[followupv1.ListCareUnitFollowUpsResponse](h.handle(ctx, r))
}

func (h *handlers) SnoozeFollowUp(ctx context.Context, r *followupv1.SnoozeFollowUpRequest) (*followupv1.FollowUp, error) {
	return answered[followupv1.FollowUp](h.handle(ctx, r))
}

// doing sets what the methods do until the next call of it, and forgets what has been reached.
func (h *handlers) doing(do func(ctx context.Context, request any) (any, error)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.do, h.reached = do, nil
}

func (h *handlers) calls() []any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reached
}

// station is a server with the whole chain, reached over the in-memory listener.
type station struct {
	*handlers
	server  *grpc.Server
	pipe    rpc.Pipe
	conn    *grpc.ClientConn
	issuer  *devissuer.Issuer
	key     []byte
	logDB   *sqldb.DB
	records *accesslog.Log
	out     *buffer // what is logged
}

type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func locate(_ context.Context, id string) (access.Place, bool, error) {
	switch id {
	case ourOwn:
		return here, true, nil
	case foreigner:
		return there, true, nil
	case broken:
		return access.Place{}, false, errors.New("secret of the inside")
	default:
		return access.Place{}, false, nil
	}
}

func newStation(t testing.TB) *station {
	t.Helper()
	s := &station{handlers: &handlers{}, out: &buffer{}, key: bytes.Repeat([]byte{7}, 32)}
	var err error
	s.issuer, err = devissuer.New(devissuer.Config{URL: "http://127.0.0.1/issuer"})
	require.NoError(t, err)
	callers, err := identity.NewVerifier(t.Context(), identity.Config{Issuer: s.issuer.URL(), KeySet: s.issuer.KeySet()})
	require.NoError(t, err)
	services, err := identity.NewServiceVerifier(s.key, nil)
	require.NoError(t, err)
	guard := access.NewGuard()
	require.NoError(t, guard.Add(patientv1.PatientService_ServiceDesc.ServiceName, followupv1.FollowUpService_ServiceDesc.ServiceName))
	for _, field := range []string{"patient_id", "care_unit_id", "care_provider_id", "practitioner_id", "follow_up_id"} {
		guard.Locate("patient", field, locate)
		guard.Locate("followup", field, locate)
	}
	require.NoError(t, guard.Complete())
	validator, err := rpc.NewValidator()
	require.NoError(t, err)

	s.logDB, err = sqldb.Open(t.Context(), sqldb.Config{Dir: t.TempDir()}, "accesslog")
	require.NoError(t, err)
	folder, err := fs.Sub(accesslog.Migrations, "migrations")
	require.NoError(t, err)
	require.NoError(t, s.logDB.Migrate(t.Context(), "accesslog", folder))
	s.records, err = accesslog.New(s.logDB)
	require.NoError(t, err)

	s.server = rpc.NewServer(&rpc.Chain{Log: slog.New(slog.NewTextHandler(s.out, nil)), Callers: callers, Services: services, Guard: guard, Validator: validator, AccessLog: s.records})
	patientv1.RegisterPatientServiceServer(s.server, s.handlers)
	followupv1.RegisterFollowUpServiceServer(s.server, s.handlers)
	s.pipe = rpc.NewPipe()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = s.records.Run(ctx) })
	running.Go(func() { _ = s.server.Serve(s.pipe) })
	s.conn, err = s.pipe.Dial(nil)
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = s.conn.Close()
		s.server.Stop()
		stop()
		running.Wait()
		_ = s.logDB.Close()
	})
	return s
}

func (s *station) patients() patientv1.PatientServiceClient {
	return patientv1.NewPatientServiceClient(s.conn)
}

func (s *station) followUps() followupv1.FollowUpServiceClient {
	return followupv1.NewFollowUpServiceClient(s.conn)
}

// as is a context with the token of somebody who holds a role here.
func (s *station) as(t testing.TB, role identity.Role) context.Context {
	t.Helper()
	return s.asAt(t, role, here)
}

func (s *station) asAt(t testing.TB, role identity.Role, place access.Place) context.Context {
	t.Helper()
	token, err := s.issuer.Mint(devissuer.Claims{Subject: "anna", PractitionerID: "anna", Assignments: []identity.Assignment{
		{ProviderID: place.ProviderID, UnitID: place.UnitID, Roles: []identity.Role{role}}}})
	require.NoError(t, err)
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
}

// credentials are those of one of the product's services.
func (s *station) credentials(t testing.TB, service string) credentials.PerRPCCredentials {
	t.Helper()
	signer, err := identity.NewServiceSigner(s.key, service, nil)
	require.NoError(t, err)
	return identity.NewServiceCredentials(signer, false)
}

// answer is a refusal as a client sees it: code, reason and text.
func answer(err error) (code, reason, text string) {
	st := status.Convert(err)
	for _, detail := range st.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			reason = info.GetReason()
		}
	}
	return st.Code().String(), reason, st.Message()
}

func requireAnswer(t testing.TB, err error, code, reason string, why ...any) {
	t.Helper()
	gotCode, gotReason, text := answer(err)
	require.Equal(t, code+" "+reason, gotCode+" "+gotReason, append([]any{text}, why...)...)
	if code != "OK" {
		for _, detail := range status.Convert(err).Details() {
			if info, ok := detail.(*errdetails.ErrorInfo); ok {
				require.Equal(t, fault.Domain, info.GetDomain())
			}
		}
	}
}

// violations are the fields and rules of a refused request.
func violations(err error) map[string]string {
	found := map[string]string{}
	for _, detail := range status.Convert(err).Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				found[v.GetField()] = v.GetReason()
			}
		}
	}
	return found
}

// shown is the access log of a patient, in words.
func (s *station) shown(t testing.TB, patientID string) []string {
	t.Helper()
	records, err := s.records.Extract(t.Context(), patientID, 100)
	require.NoError(t, err)
	var words []string
	for _, r := range records {
		unit := map[string]string{here.UnitID: "here", there.UnitID: "there", "": "-"}[r.UnitID]
		words = append(words, r.Person+" "+unit+" "+string(r.Kind)+" "+r.Method[len("/coworkcare.patient.v1.PatientService/"):])
	}
	return words
}
