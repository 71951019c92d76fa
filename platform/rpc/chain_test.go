package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

func get(ctx context.Context, s *station, id string) error {
	_, err := s.patients().GetPatient(ctx, &patientv1.GetPatientRequest{PatientId: id})
	return err
}

func TestCallPasses(t *testing.T) {
	s := newStation(t)
	s.doing(func(ctx context.Context, request any) (any, error) {
		caller, ok := identity.FromContext(ctx)
		require.True(t, ok)
		require.Equal(t, "anna", caller.PractitionerID)
		require.Equal(t, here, access.PlaceFrom(ctx))
		require.Equal(t, ourOwn, access.PatientFrom(ctx))
		require.NotEmpty(t, identity.RawToken(ctx))
		_, bounded := ctx.Deadline()
		require.True(t, bounded, "no call lasts for ever")
		return &patientv1.Patient{PatientId: ourOwn, CareUnitId: here.UnitID}, nil
	})
	patient, err := s.patients().GetPatient(s.as(t, identity.RoleGP), &patientv1.GetPatientRequest{PatientId: ourOwn})
	require.NoError(t, err)
	require.Equal(t, ourOwn, patient.GetPatientId())
}

func TestWhoCalls(t *testing.T) {
	s := newStation(t)
	bearer := func(token string) context.Context {
		return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+token)
	}
	claims := devissuer.Claims{Subject: "anna", Assignments: []identity.Assignment{{ProviderID: here.ProviderID, UnitID: here.UnitID, Roles: []identity.Role{identity.RoleGP}}}}
	expired, err := s.issuer.MintWith(claims, devissuer.Forgery{Claims: map[string]any{"iat": 1_700_000_000, "exp": 1_700_003_600}})
	require.NoError(t, err)
	unsigned, err := s.issuer.MintWith(claims, devissuer.Forgery{Header: map[string]any{"alg": "none"}})
	require.NoError(t, err)
	good, err := s.issuer.Mint(claims)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		ctx    context.Context
		reason string
	}{
		"no token":         {t.Context(), "TOKEN_MISSING"},
		"other scheme":     {metadata.AppendToOutgoingContext(t.Context(), "authorization", "Basic YTpi"), "TOKEN_MISSING"},
		"no JWT":           {bearer("hello"), "TOKEN_INVALID"},
		"expired":          {bearer(expired), "TOKEN_INVALID"},
		"unsigned":         {bearer(unsigned), "TOKEN_INVALID"},
		"altered":          {bearer(good[:len(good)-4] + "AAAA"), "TOKEN_INVALID"},
		"two tokens":       {metadata.AppendToOutgoingContext(bearer(good), "authorization", "Bearer "+good), "TOKEN_INVALID"},
		"as service token": {metadata.AppendToOutgoingContext(t.Context(), identity.MetadataService, good), "TOKEN_INVALID"},
		// A good token does not make up for a bad one beside it.
		"bad service token beside a good one": {metadata.AppendToOutgoingContext(bearer(good), identity.MetadataService, "hello"), "TOKEN_INVALID"},
	} {
		for _, id := range []string{ourOwn, act.NewID(), ""} {
			requireAnswer(t, get(test.ctx, s, id), "Unauthenticated", test.reason, name)
		}
	}
	require.Empty(t, s.calls())
	require.NotContains(t, s.out.String(), good[len(good)-20:], "no token in the log")
	require.NoError(t, get(bearer(good), s, ourOwn))
}

func TestWhoMay(t *testing.T) {
	s := newStation(t)
	requireAnswer(t, get(s.as(t, identity.RoleUnitManager), s, ourOwn), "PermissionDenied", "ROLE_REQUIRED")
	requireAnswer(t, get(s.as(t, identity.RoleGP), s, foreigner), "NotFound", "PATIENT_NOT_FOUND")
	requireAnswer(t, get(s.as(t, identity.RoleGP), s, act.NewID()), "NotFound", "PATIENT_NOT_FOUND")
	requireAnswer(t, get(s.as(t, identity.RoleGP), s, "x' OR '1'='1"), "NotFound", "PATIENT_NOT_FOUND")
	requireAnswer(t, get(s.as(t, identity.RoleGP), s, "nul\x00"), "NotFound", "PATIENT_NOT_FOUND")
	requireAnswer(t, get(s.as(t, identity.RoleGP), s, ""), "InvalidArgument", "INVALID_FIELD")
	err := get(s.as(t, identity.RoleGP), s, broken)
	requireAnswer(t, err, "Internal", "INTERNAL")
	require.NotContains(t, err.Error(), "secret")
	require.Contains(t, s.out.String(), "secret of the inside", "it is logged")
	require.Empty(t, s.calls())
}

func TestServicesCall(t *testing.T) {
	s := newStation(t)
	dial := func(service string) patientv1.PatientServiceClient {
		conn, err := s.pipe.Dial(s.credentials(t, service))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		return patientv1.NewPatientServiceClient(conn)
	}
	followup := dial("followup")
	var caller identity.Caller
	s.doing(func(ctx context.Context, _ any) (any, error) {
		caller, _ = identity.FromContext(ctx)
		return nil, nil
	})
	check := &patientv1.CheckConsentRequest{PatientId: ourOwn, Kind: patientv1.Consent_COORDINATION}
	_, err := followup.CheckConsent(t.Context(), check)
	require.NoError(t, err)
	require.True(t, access.IsWorker(caller))
	require.Empty(t, s.shown(t, ourOwn), "a worker's own reading shows nobody anything")
	_, err = dial("gateway").CheckConsent(t.Context(), check)
	requireAnswer(t, err, "PermissionDenied", "ROLE_REQUIRED")
	_, err = followup.GetPatient(t.Context(), &patientv1.GetPatientRequest{PatientId: ourOwn})
	requireAnswer(t, err, "PermissionDenied", "ROLE_REQUIRED")

	// On a person's behalf it may what the person may, no more, and the person is recorded.
	behalf := func(assignments ...identity.Assignment) context.Context {
		token, err := s.issuer.Mint(devissuer.Claims{Subject: "anna", PractitionerID: "anna", Assignments: assignments})
		require.NoError(t, err)
		return identity.WithRawToken(t.Context(), token)
	}
	ctx := behalf(identity.Assignment{ProviderID: here.ProviderID, UnitID: here.UnitID, Roles: []identity.Role{identity.RoleGP}})
	_, err = followup.CheckConsent(ctx, check)
	require.NoError(t, err)
	require.Equal(t, "followup", caller.Service)
	require.Equal(t, "anna", caller.Subject)
	require.ElementsMatch(t, []string{"anna here READ CheckConsent", "service:followup - REFUSED GetPatient", "service:gateway - REFUSED CheckConsent"}, s.shown(t, ourOwn))
	_, err = followup.CheckConsent(ctx, &patientv1.CheckConsentRequest{PatientId: foreigner, Kind: patientv1.Consent_COORDINATION})
	requireAnswer(t, err, "NotFound", "PATIENT_NOT_FOUND")

	// A person who holds no role anywhere is no worker.
	_, err = followup.CheckConsent(behalf(), check)
	requireAnswer(t, err, "PermissionDenied", "ROLE_REQUIRED")
}

func TestFailuresOfHandlers(t *testing.T) {
	s := newStation(t)
	upstream := fault.State("CARE_EPISODE_OPEN", "the patient has an open episode", "OPEN", "close")
	remote := status.Convert(upstream).Err() // as a client of another service gets it
	for name, test := range map[string]struct {
		err          error
		code, reason string
	}{
		"fault":                    {upstream, "FailedPrecondition", "CARE_EPISODE_OPEN"},
		"wrapped fault":            {fmt.Errorf("doing: %w", upstream), "FailedPrecondition", "CARE_EPISODE_OPEN"},
		"of another service":       {remote, "FailedPrecondition", "CARE_EPISODE_OPEN"},
		"of another, wrapped":      {fmt.Errorf("asking: %w", remote), "FailedPrecondition", "CARE_EPISODE_OPEN"},
		"any error":                {errors.New("secret"), "Internal", "INTERNAL"},
		"bare status":              {status.Error(codes.FailedPrecondition, "secret"), "Internal", "INTERNAL"},
		"internal status":          {status.Convert(fault.Newf(codes.Internal, "INTERNAL", "secret")).Err(), "Internal", "INTERNAL"},
		"unknown status":           {status.Error(codes.Unknown, "secret"), "Internal", "INTERNAL"},
		"other service is away":    {status.Error(codes.Unavailable, "secret"), "Unavailable", "UNAVAILABLE"},
		"other service is late":    {status.Error(codes.DeadlineExceeded, "secret"), "DeadlineExceeded", "DEADLINE_EXCEEDED"},
		"not implemented":          {status.Error(codes.Unimplemented, "secret"), "Unimplemented", "ROUTE_NOT_FOUND"},
		"deadline of a part":       {fmt.Errorf("secret: %w", context.DeadlineExceeded), "DeadlineExceeded", "DEADLINE_EXCEEDED"},
		"a part gave up by itself": {fmt.Errorf("secret: %w", context.Canceled), "Internal", "INTERNAL"},
	} {
		s.doing(func(context.Context, any) (any, error) { return &patientv1.Patient{PatientId: ourOwn}, test.err })
		err := get(s.as(t, identity.RoleGP), s, ourOwn)
		requireAnswer(t, err, test.code, test.reason, name)
		require.NotContains(t, err.Error(), "secret", name)
		require.NotEmpty(t, status.Convert(err).Message(), name)
	}
	s.doing(func(context.Context, any) (any, error) { return nil, remote })
	err := get(s.as(t, identity.RoleGP), s, ourOwn)
	require.Empty(t, cmp.Diff(status.Convert(upstream).Proto(), status.Convert(err).Proto(), protocmp.Transform()), "every detail comes over the hop")
	require.Contains(t, s.out.String(), "secret", "what is not answered is logged")
}

func TestMethodOfTheContractThatIsNotThere(t *testing.T) {
	s := newStation(t)
	_, err := s.followUps().GetFollowUp(s.as(t, identity.RoleGP), &followupv1.GetFollowUpRequest{FollowUpId: ourOwn})
	requireAnswer(t, err, "Unimplemented", "ROUTE_NOT_FOUND")
	require.Error(t, s.conn.Invoke(s.as(t, identity.RoleGP), "/coworkcare.patient.v1.PatientService/NoSuch", &patientv1.GetPatientRequest{}, &patientv1.Patient{}))
}

func TestPanic(t *testing.T) {
	s := newStation(t)
	for _, cause := range []any{"secret panic", errors.New("secret panic"), nil} {
		s.doing(func(context.Context, any) (any, error) { panic(cause) })
		err := get(s.as(t, identity.RoleGP), s, ourOwn)
		requireAnswer(t, err, "Internal", "INTERNAL")
		require.NotContains(t, err.Error(), "secret")
		require.NotContains(t, err.Error(), "panic")
	}
	require.NotContains(t, s.out.String(), "secret", "a panic's text may hold anything of a patient's")
	require.Contains(t, s.out.String(), "chain_test.go", "where it happened is logged")
	s.doing(nil)
	require.NoError(t, get(s.as(t, identity.RoleGP), s, ourOwn))
}

func TestDeadlines(t *testing.T) {
	s := newStation(t)
	begun := make(chan struct{}, 1)
	s.doing(func(ctx context.Context, _ any) (any, error) {
		begun <- struct{}{}
		<-ctx.Done()
		return nil, errors.New("interrupted") // as an engine says that does not know why
	})
	handled := make(chan error, 1)
	intercept := func(ctx context.Context) error {
		return get(ctx, s, ourOwn)
	}
	ctx, cancel := context.WithTimeout(s.as(t, identity.RoleGP), 50*time.Millisecond)
	defer cancel()
	require.Equal(t, codes.DeadlineExceeded, status.Code(intercept(ctx)))
	<-begun

	ctx, cancel = context.WithCancel(s.as(t, identity.RoleGP))
	go func() { handled <- intercept(ctx) }()
	<-begun
	cancel()
	require.Equal(t, codes.Canceled, status.Code(<-handled))
}

// What was shown is recorded, once the answer is known and before it leaves.
func TestAccessIsRecorded(t *testing.T) {
	s := newStation(t)
	other := act.NewID()
	s.doing(func(_ context.Context, request any) (any, error) {
		switch request.(type) {
		case *followupv1.ListCareUnitFollowUpsRequest:
			return &followupv1.ListCareUnitFollowUpsResponse{FollowUps: []*followupv1.FollowUp{{PatientId: ourOwn, CareUnitId: here.UnitID}, {PatientId: other, CareUnitId: there.UnitID}}}, nil
		case *patientv1.CheckConsentRequest:
			return &patientv1.CheckConsentResponse{}, nil
		default:
			return &patientv1.Patient{PatientId: ourOwn}, nil
		}
	})
	gp := s.as(t, identity.RoleGP)
	require.NoError(t, get(gp, s, ourOwn))
	require.NoError(t, get(gp, s, ourOwn))
	require.Equal(t, []string{"anna here READ GetPatient"}, s.shown(t, ourOwn), "the place stands in for the unit that the answer does not name")
	_, err := s.patients().UpdatePatient(gp, &patientv1.UpdatePatientRequest{Patient: &patientv1.Patient{PatientId: ourOwn}})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"anna here READ GetPatient", "anna here WRITE UpdatePatient"}, s.shown(t, ourOwn))
	_, err = s.followUps().ListCareUnitFollowUps(gp, &followupv1.ListCareUnitFollowUpsRequest{CareUnitId: here.UnitID})
	require.NoError(t, err)
	records, err := s.records.Extract(t.Context(), other, 10)
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.Equal(t, there.UnitID, records[0].UnitID)

	// Reference data is nobody's.
	_, err = s.patients().ListCareProviders(gp, &patientv1.ListCareProvidersRequest{})
	require.NoError(t, err)
	var n int
	require.NoError(t, s.logDB.Read(t.Context()).QueryRow(`SELECT count(*) FROM access_record`).Scan(&n))
	require.Equal(t, 3, n)
}

// An answer that names no patient is about the one asked for.
func TestAccessWithoutRowsIsRecorded(t *testing.T) {
	s := newStation(t)
	_, err := s.patients().CheckConsent(s.as(t, identity.RoleGP), &patientv1.CheckConsentRequest{PatientId: ourOwn, Kind: patientv1.Consent_COORDINATION})
	require.NoError(t, err)
	require.Equal(t, []string{"anna here READ CheckConsent"}, s.shown(t, ourOwn))
}

func TestRefusalsAreRecorded(t *testing.T) {
	s := newStation(t)
	requireAnswer(t, get(s.as(t, identity.RoleGP), s, foreigner), "NotFound", "PATIENT_NOT_FOUND")
	require.Equal(t, []string{"anna - REFUSED GetPatient"}, s.shown(t, foreigner))
	requireAnswer(t, get(s.as(t, identity.RoleUnitManager), s, ourOwn), "PermissionDenied", "ROLE_REQUIRED")
	require.Equal(t, []string{"anna - REFUSED GetPatient"}, s.shown(t, ourOwn))
	_, err := s.patients().UpdatePatient(s.as(t, identity.RoleGP), &patientv1.UpdatePatientRequest{Patient: &patientv1.Patient{PatientId: foreigner}})
	requireAnswer(t, err, "NotFound", "PATIENT_NOT_FOUND")
	requireAnswer(t, get(s.as(t, identity.RoleUnitManager), s, "nul\x00"), "PermissionDenied", "ROLE_REQUIRED")
	requireAnswer(t, get(s.as(t, identity.RoleUnitManager), s, string(make([]byte, 5000))), "PermissionDenied", "ROLE_REQUIRED")
	var n int
	require.NoError(t, s.logDB.Read(t.Context()).QueryRow(`SELECT count(*) FROM access_record`).Scan(&n))
	require.Equal(t, 2, n, "what no patient can have as an id is nobody's")
}

// A write that is refused by the domain tells of the patient's state, and may have kept a part: it is recorded.
func TestRefusedWriteIsRecorded(t *testing.T) {
	s := newStation(t)
	refused := fault.State("FORM_REFUSED", "the form is not complete", "DRAFT")
	s.doing(func(context.Context, any) (any, error) { return nil, act.Keep(refused) })
	_, err := s.patients().UpdatePatient(s.as(t, identity.RoleGP), &patientv1.UpdatePatientRequest{Patient: &patientv1.Patient{PatientId: ourOwn}})
	requireAnswer(t, err, "FailedPrecondition", "FORM_REFUSED")
	require.Equal(t, []string{"anna here WRITE UpdatePatient"}, s.shown(t, ourOwn))
	s.doing(func(context.Context, any) (any, error) { return nil, errors.New("broken") })
	requireAnswer(t, get(s.as(t, identity.RoleGP), s, ourOwn), "Internal", "INTERNAL")
	require.Len(t, s.shown(t, ourOwn), 1, "nothing was shown")
}

// Without the record there is no answer.
func TestNoAnswerWithoutRecord(t *testing.T) {
	s := newStation(t)
	s.doing(func(context.Context, any) (any, error) {
		return &patientv1.Patient{PatientId: ourOwn, GivenName: "secret"}, nil
	})
	require.NoError(t, s.logDB.Tx(t.Context(), dropRecords))
	patient, err := s.patients().GetPatient(s.as(t, identity.RoleGP), &patientv1.GetPatientRequest{PatientId: ourOwn})
	requireAnswer(t, err, "Unavailable", "UNAVAILABLE")
	require.Nil(t, patient)
	require.NotContains(t, err.Error(), "secret")
	require.Len(t, s.calls(), 1)
	s.doing(func(context.Context, any) (any, error) { return nil, fault.State("SOME_STATE", "secret", "X") })
	err = get(s.as(t, identity.RoleGP), s, ourOwn)
	requireAnswer(t, err, "Unavailable", "UNAVAILABLE")
	// What shows no patient goes on.
	s.doing(nil)
	_, err = s.patients().ListCareProviders(s.as(t, identity.RoleGP), &patientv1.ListCareProvidersRequest{})
	require.NoError(t, err)
	// A refusal shows nothing: it is answered, and the failure logged.
	requireAnswer(t, get(s.as(t, identity.RoleGP), s, foreigner), "NotFound", "PATIENT_NOT_FOUND")
	require.Contains(t, s.out.String(), "the access log cannot be written")
}

// A stream would pass no interceptor of the chain, so none is let in.
func TestStreamsAreRefused(t *testing.T) {
	s := newStation(t)
	stream, err := s.conn.NewStream(s.as(t, identity.RoleGP), &grpc.StreamDesc{ServerStreams: true}, "/coworkcare.patient.v1.PatientService/Watch")
	require.NoError(t, err)
	require.Equal(t, codes.Unimplemented, status.Code(stream.RecvMsg(&patientv1.Patient{})))
}
