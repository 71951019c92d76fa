package identity_test

import (
	"bytes"
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

var serviceKey = bytes.Repeat([]byte("0123456789abcdef"), 2)

func newSigner(t testing.TB, service string, now func() time.Time) *identity.ServiceSigner {
	t.Helper()
	signer, err := identity.NewServiceSigner(serviceKey, service, now)
	require.NoError(t, err)
	return signer
}

func newServiceVerifier(t testing.TB, now func() time.Time) *identity.ServiceVerifier {
	t.Helper()
	verifier, err := identity.NewServiceVerifier(serviceKey, now)
	require.NoError(t, err)
	return verifier
}

func TestServiceTokenIsReusedThenRenewed(t *testing.T) {
	clock := newWall()
	signer, verifier := newSigner(t, "followup", clock.now), newServiceVerifier(t, clock.now)
	token := func() string {
		raw, err := signer.Token()
		require.NoError(t, err)
		caller, err := verifier.Verify(raw)
		require.NoError(t, err)
		require.Equal(t, "followup", caller.Service)
		require.Equal(t, "service:followup", caller.Subject)
		require.Empty(t, caller.Assignments)
		return raw
	}
	first := token()
	clock.set(start.Add(4*time.Minute - time.Nanosecond))
	require.Equal(t, first, token())
	clock.set(start.Add(4 * time.Minute))
	second := token()
	require.NotEqual(t, first, second)

	clock.set(start.Add(5*time.Minute - time.Nanosecond))
	_, err := verifier.Verify(first)
	require.NoError(t, err)
	for range 2 {
		clock.set(start.Add(5 * time.Minute))
		_, err = verifier.Verify(first)
		require.EqualError(t, err, "invalid token: expired")
	}
	clock.set(start.Add(-time.Hour))
	require.NotEqual(t, second, token(), "a clock set back gets a token of its own time")
}

func TestServiceVerifierRefuses(t *testing.T) {
	clock := newWall()
	verifier := newServiceVerifier(t, clock.now)
	now := clock.now().Unix()
	// The forger signs with the installation's own key, so that each refusal is for its one reason.
	forger := newIssuer(t, devissuer.Config{URL: "coworkcare", Audience: "coworkcare-internal", Now: clock.now})
	forge := func(header, claims map[string]any, key any) string {
		fields := map[string]any{"alg": "HS256", "typ": "cwc-service+jwt", "kid": nil}
		for name, value := range header {
			fields[name] = value
		}
		raw, err := forger.MintWith(devissuer.Claims{Subject: "followup", TTL: 5 * time.Minute}, devissuer.Forgery{Header: fields, Claims: claims, Key: key})
		require.NoError(t, err)
		return raw
	}
	caller, err := verifier.Verify(forge(nil, nil, serviceKey))
	require.NoError(t, err, "the forger's template is a good token")
	require.Equal(t, "followup", caller.Service)

	private, err := forger.OtherKey()
	require.NoError(t, err)
	person, err := forger.Mint(annaClaims)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		raw   string
		cause identity.Cause
	}{
		"a person's token":       {person, identity.CauseSignature},
		"other key":              {forge(nil, nil, bytes.Repeat([]byte("x"), 32)), identity.CauseSignature},
		"empty key":              {forge(nil, nil, []byte{}), identity.CauseSignature},
		"alg none":               {forge(map[string]any{"alg": "none"}, nil, serviceKey), identity.CauseSignature},
		"alg HS512":              {forge(map[string]any{"alg": "HS512"}, nil, serviceKey), identity.CauseSignature},
		"alg ES256":              {forge(map[string]any{"alg": "ES256"}, nil, private), identity.CauseSignature},
		"type JWT":               {forge(map[string]any{"typ": "JWT"}, nil, serviceKey), identity.CauseMalformed},
		"no type":                {forge(map[string]any{"typ": nil}, nil, serviceKey), identity.CauseMalformed},
		"type in capitals":       {forge(map[string]any{"typ": "CWC-SERVICE+JWT"}, nil, serviceKey), identity.CauseMalformed},
		"critical extension":     {forge(map[string]any{"crit": []string{"exp"}}, nil, serviceKey), identity.CauseMalformed},
		"other issuer":           {forge(nil, map[string]any{"iss": issuerURL}, serviceKey), identity.CauseIssuer},
		"callers' audience":      {forge(nil, map[string]any{"aud": "coworkcare"}, serviceKey), identity.CauseAudience},
		"no audience":            {forge(nil, map[string]any{"aud": nil}, serviceKey), identity.CauseAudience},
		"expired":                {forge(nil, map[string]any{"iat": now - 300, "exp": now}, serviceKey), identity.CauseExpired},
		"no expiry":              {forge(nil, map[string]any{"exp": nil}, serviceKey), identity.CauseMalformed},
		"from the future":        {forge(nil, map[string]any{"iat": now + 61, "exp": now + 300}, serviceKey), identity.CauseNotYetValid},
		"long-lived":             {forge(nil, map[string]any{"exp": now + 301}, serviceKey), identity.CauseLifetime},
		"no subject":             {forge(nil, map[string]any{"sub": nil}, serviceKey), identity.CauseMalformed},
		"subject with prefix":    {forge(nil, map[string]any{"sub": "service:followup"}, serviceKey), identity.CauseMalformed},
		"subject in capitals":    {forge(nil, map[string]any{"sub": "Followup"}, serviceKey), identity.CauseMalformed},
		"with assignments":       {forge(nil, map[string]any{"assignments": []any{map[string]any{"roles": []string{"operator"}}}}, serviceKey), identity.CauseMalformed},
		"with empty assignments": {forge(nil, map[string]any{"assignments": []any{}}, serviceKey), identity.CauseMalformed},
		"with a practitioner":    {forge(nil, map[string]any{"practitioner_id": "p"}, serviceKey), identity.CauseMalformed},
		"rubbish":                {"rubbish", identity.CauseMalformed},
		"100 kB":                 {string(bytes.Repeat([]byte("a."), 50<<10)), identity.CauseMalformed},
	} {
		for range 2 {
			caller, err := verifier.Verify(c.raw)
			var refusal *identity.InvalidTokenError
			require.ErrorAs(t, err, &refusal, name)
			require.Equal(t, c.cause, refusal.Cause, "%s: %s", name, refusal.Detail)
			require.Zero(t, caller, name)
		}
	}
	_, err = verifier.Verify("")
	require.ErrorIs(t, err, identity.ErrNoToken)
}

// Neither kind of token passes for the other, even if the shared key were published among the issuer's keys.
func TestServiceTokenIsNoCallersToken(t *testing.T) {
	clock := newWall()
	raw, err := newSigner(t, "followup", clock.now).Token()
	require.NoError(t, err)
	verifier := newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: permissive{}, Now: clock.now})
	_, err = verifier.Verify(t.Context(), raw)
	require.EqualError(t, err, "invalid token: signature")
}

// permissive believes every signature.
type permissive struct{}

func (permissive) VerifySignature(_ context.Context, raw string) ([]byte, error) {
	jws, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.HS256, jose.ES256, jose.RS256})
	if err != nil {
		return nil, err
	}
	return jws.UnsafePayloadWithoutVerification(), nil
}

func TestServiceKeyAndNameAreChecked(t *testing.T) {
	for _, key := range [][]byte{nil, serviceKey[:31], append(bytes.Clone(serviceKey), 0)} {
		_, err := identity.NewServiceSigner(key, "followup", nil)
		require.ErrorContains(t, err, "32 bytes")
		_, err = identity.NewServiceVerifier(key, nil)
		require.ErrorContains(t, err, "32 bytes")
	}
	for _, name := range []string{"", "Followup", "follow up", "-followup", "1", "a/b", "å", string(bytes.Repeat([]byte("a"), 41))} {
		_, err := identity.NewServiceSigner(serviceKey, name, nil)
		require.Error(t, err, name)
	}
}

func TestSignerAtOnce(t *testing.T) {
	signer, verifier := newSigner(t, "followup", nil), newServiceVerifier(t, nil)
	var done sync.WaitGroup
	failures := make([]error, 8)
	for i := range failures {
		done.Go(func() {
			for range 50 {
				raw, err := signer.Token()
				if err == nil {
					_, err = verifier.Verify(raw)
				}
				if err != nil {
					failures[i] = err
				}
			}
		})
	}
	done.Wait()
	for _, err := range failures {
		require.NoError(t, err)
	}
}

// arrived records the metadata of the calls that reach a health service.
type arrived struct {
	healthpb.HealthServer
	md chan metadata.MD
}

func (a arrived) Check(ctx context.Context, in *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	a.md <- md
	return a.HealthServer.Check(ctx, in)
}

func TestServiceCredentialsOverGRPC(t *testing.T) {
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer()
	service := arrived{health.NewServer(), make(chan metadata.MD, 1)}
	healthpb.RegisterHealthServer(server, service)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	dial := func(requireTLS bool) (*grpc.ClientConn, error) {
		return grpc.NewClient("passthrough:///memory",
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithPerRPCCredentials(identity.NewServiceCredentials(newSigner(t, "sickleave", nil), requireTLS)))
	}
	conn, err := dial(false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	call := func(ctx context.Context) metadata.MD {
		_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
		require.NoError(t, err)
		return <-service.md
	}

	md := call(t.Context())
	raw, err := identity.ServiceToken(md)
	require.NoError(t, err)
	caller, err := newServiceVerifier(t, nil).Verify(raw)
	require.NoError(t, err)
	require.Equal(t, "sickleave", caller.Service)
	_, err = identity.CallerToken(md)
	require.ErrorIs(t, err, identity.ErrNoToken, "a worker calls on nobody's behalf")

	md = call(identity.WithRawToken(t.Context(), "a.b.c"))
	raw, err = identity.CallerToken(md)
	require.NoError(t, err)
	require.Equal(t, "a.b.c", raw)

	_, err = dial(true)
	require.Error(t, err, "the tokens do not travel over an insecure connection")
}

func BenchmarkServiceVerifyCached(b *testing.B) {
	signer, verifier := newSigner(b, "followup", nil), newServiceVerifier(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		raw, err := signer.Token()
		if err != nil {
			b.Fatal(err)
		}
		if _, err := verifier.Verify(raw); err != nil {
			b.Fatal(err)
		}
	}
}
