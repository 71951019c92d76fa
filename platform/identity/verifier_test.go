package identity_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

const issuerURL = "https://login.example.test"

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// wall is a clock of the test's own.
type wall struct{ nanos atomic.Int64 }

func newWall() *wall {
	w := &wall{}
	w.set(start)
	return w
}

func (w *wall) now() time.Time          { return time.Unix(0, w.nanos.Load()).UTC() }
func (w *wall) set(t time.Time)         { w.nanos.Store(t.UnixNano()) }
func (w *wall) advance(d time.Duration) { w.nanos.Add(int64(d)) }

func newIssuer(t testing.TB, config devissuer.Config) *devissuer.Issuer {
	t.Helper()
	if config.URL == "" {
		config.URL = issuerURL
	}
	issuer, err := devissuer.New(config)
	require.NoError(t, err)
	return issuer
}

func newVerifier(t testing.TB, config identity.Config) *identity.Verifier {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	verifier, err := identity.NewVerifier(ctx, config)
	require.NoError(t, err)
	return verifier
}

var annaClaims = devissuer.Claims{
	Subject:        "c0ffee",
	PractitionerID: "practitioner-1",
	Assignments: []identity.Assignment{
		{ProviderID: "provider-1", UnitID: "unit-1", Roles: []identity.Role{identity.RoleCareManager, identity.RoleRehabilitationCoordinator}},
		{ProviderID: "provider-1", UnitID: "unit-2", Roles: []identity.Role{identity.RoleCareManager}},
	},
	TTL: 10 * time.Minute,
}

func TestVerifyAcceptsWellFormedTokens(t *testing.T) {
	for _, algorithm := range []string{oidc.ES256, oidc.RS256} {
		t.Run(algorithm, func(t *testing.T) {
			clock := newWall()
			issuer := newIssuer(t, devissuer.Config{Algorithm: algorithm, Now: clock.now})
			verifier := newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet(), Now: clock.now})
			require.NoError(t, verifier.Ready(t.Context()))
			want := identity.Caller{
				Subject:        annaClaims.Subject,
				PractitionerID: annaClaims.PractitionerID,
				Assignments:    annaClaims.Assignments,
				Expiry:         start.Add(10 * time.Minute),
			}
			for name, forgery := range map[string]devissuer.Forgery{
				"as minted":           {},
				"several audiences":   {Claims: map[string]any{"aud": []string{"other", "coworkcare"}}},
				"access token type":   {Header: map[string]any{"typ": "application/at+JWT"}},
				"no type":             {Header: map[string]any{"typ": nil}},
				"no nbf, no jti":      {Claims: map[string]any{"nbf": nil, "jti": nil}},
				"skewed clock":        {Claims: map[string]any{"iat": start.Unix() + 59, "nbf": start.Unix() + 59}},
				"fraction of seconds": {Claims: map[string]any{"iat": float64(start.Unix()) + 0.5}},
				"more claims":         {Claims: map[string]any{"scope": "openid", "Sub": "somebody else", "EXP": 1}},
				"full lifetime":       {Claims: map[string]any{"iat": start.Unix() - 24*3600 + 600}},
			} {
				t.Run(name, func(t *testing.T) {
					raw, err := issuer.MintWith(annaClaims, forgery)
					require.NoError(t, err)
					for range 2 { // the second comes from the cache
						caller, err := verifier.Verify(t.Context(), raw)
						require.NoError(t, err)
						require.Equal(t, want, caller)
					}
				})
			}
		})
	}
}

func TestVerifyAcceptsEachKindOfAssignment(t *testing.T) {
	issuer := newIssuer(t, devissuer.Config{})
	verifier := newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet()})
	for _, role := range identity.AllRoles() {
		assignment := identity.Assignment{ProviderID: "p", UnitID: "u", Roles: []identity.Role{role}}
		switch role {
		case identity.RoleProviderAdministrator:
			assignment.UnitID = ""
		case identity.RoleOperator:
			assignment.ProviderID, assignment.UnitID = "", ""
		}
		raw, err := issuer.Mint(devissuer.Claims{Subject: "s", Assignments: []identity.Assignment{assignment}})
		require.NoError(t, err)
		caller, err := verifier.Verify(t.Context(), raw)
		require.NoError(t, err, role)
		require.True(t, caller.HasRole(role))
	}
	t.Run("none at all", func(t *testing.T) {
		raw, err := issuer.Mint(devissuer.Claims{Subject: "s"})
		require.NoError(t, err)
		caller, err := verifier.Verify(t.Context(), raw)
		require.NoError(t, err)
		require.False(t, caller.HasRole(identity.AllRoles()...))
	})
	t.Run("nulls for what is absent", func(t *testing.T) {
		raw, err := issuer.MintWith(devissuer.Claims{Subject: "s"}, devissuer.Forgery{Payload: nil, Claims: map[string]any{
			"assignments": []any{map[string]any{"care_provider_id": nil, "care_unit_id": nil, "roles": []string{"operator"}}},
		}})
		require.NoError(t, err)
		caller, err := verifier.Verify(t.Context(), raw)
		require.NoError(t, err)
		require.True(t, caller.HasRole(identity.RoleOperator))
	})
}

func TestVerifyWithoutToken(t *testing.T) {
	verifier := newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: newIssuer(t, devissuer.Config{}).KeySet()})
	_, err := verifier.Verify(t.Context(), "")
	require.ErrorIs(t, err, identity.ErrNoToken)
}

func TestExpiryIsExactAlsoFromTheCache(t *testing.T) {
	clock := newWall()
	issuer := newIssuer(t, devissuer.Config{Now: clock.now})
	verifier := newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet(), Now: clock.now})
	fresh := newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet(), Now: clock.now})
	raw, err := issuer.Mint(annaClaims)
	require.NoError(t, err)
	_, err = verifier.Verify(t.Context(), raw)
	require.NoError(t, err)

	end := start.Add(annaClaims.TTL)
	clock.set(end.Add(-time.Nanosecond))
	_, err = verifier.Verify(t.Context(), raw)
	require.NoError(t, err)
	for _, after := range []time.Duration{0, time.Nanosecond, time.Hour} {
		clock.set(end.Add(after))
		for _, v := range []*identity.Verifier{verifier, fresh} {
			_, err = v.Verify(t.Context(), raw)
			var refusal *identity.InvalidTokenError
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, identity.CauseExpired, refusal.Cause)
		}
	}
}

func TestNotBeforeIsExactToTheMinute(t *testing.T) {
	clock := newWall()
	issuer := newIssuer(t, devissuer.Config{Now: clock.now})
	verifier := newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet(), Now: clock.now})
	raw, err := issuer.MintWith(annaClaims, devissuer.Forgery{Claims: map[string]any{"nbf": start.Unix() + 120}})
	require.NoError(t, err)
	clock.set(start.Add(time.Minute - time.Nanosecond))
	_, err = verifier.Verify(t.Context(), raw)
	require.ErrorIs(t, err, identity.ErrInvalidToken)
	clock.set(start.Add(time.Minute))
	_, err = verifier.Verify(t.Context(), raw)
	require.NoError(t, err)
}

func TestCachedCallerCannotBeChanged(t *testing.T) {
	issuer := newIssuer(t, devissuer.Config{})
	verifier := newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet()})
	raw, err := issuer.Mint(annaClaims)
	require.NoError(t, err)
	for range 3 {
		caller, err := verifier.Verify(t.Context(), raw)
		require.NoError(t, err)
		require.Equal(t, annaClaims.Assignments, caller.Assignments)
		caller.Assignments[0].UnitID = "unit-9"
		caller.Assignments[0].Roles[0] = identity.RoleOperator
		caller.Assignments[1].Roles = append(caller.Assignments[1].Roles, identity.RoleOperator)
	}
}

func TestCacheIsBounded(t *testing.T) {
	issuer := newIssuer(t, devissuer.Config{})
	verifier := newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet(), CacheSize: 2})
	for i := range 5 {
		claims := annaClaims
		claims.Subject = fmt.Sprint("subject-", i)
		raw, err := issuer.Mint(claims)
		require.NoError(t, err)
		for range 2 {
			caller, err := verifier.Verify(t.Context(), raw)
			require.NoError(t, err)
			require.Equal(t, claims.Subject, caller.Subject)
		}
	}
	require.Equal(t, 2, verifier.Cached())
}

func TestVerifyAtOnce(t *testing.T) {
	served := serve(t, oidc.ES256, newWall())
	verifier := newVerifier(t, identity.Config{Issuer: served.issuer.URL(), Now: served.clock.now, CacheSize: 8})
	tokens := make([]string, 16)
	for i := range tokens {
		claims := annaClaims
		claims.Subject = fmt.Sprint("subject-", i)
		var err error
		tokens[i], err = served.issuer.Mint(claims)
		require.NoError(t, err)
	}
	bad, err := served.issuer.MintWith(annaClaims, devissuer.Forgery{Header: map[string]any{"kid": "unknown"}})
	require.NoError(t, err)
	var done sync.WaitGroup
	failures := make(chan error, 8)
	for worker := range 8 {
		done.Go(func() {
			for i := range 100 {
				n := (worker + i) % len(tokens)
				caller, err := verifier.Verify(context.Background(), tokens[n])
				if err != nil || caller.Subject != fmt.Sprint("subject-", n) {
					failures <- fmt.Errorf("token %d: %q, %w", n, caller.Subject, err)
					return
				}
				if i%10 == 0 {
					if _, err := verifier.Verify(context.Background(), bad); err == nil {
						failures <- fmt.Errorf("the bad token passed")
						return
					}
				}
			}
		})
	}
	done.Wait()
	close(failures)
	for err := range failures {
		t.Error(err)
	}
}

func TestNewVerifierRefusesBadConfiguration(t *testing.T) {
	for name, config := range map[string]identity.Config{
		"no issuer":           {},
		"issuer not a URL":    {Issuer: "login"},
		"plain http":          {Issuer: "http://login.example.test"},
		"credentials in it":   {Issuer: "https://user:secret@login.example.test"},
		"keys over http":      {Issuer: issuerURL, JWKSURL: "http://login.example.test/jwks"},
		"file":                {Issuer: "file:///etc/passwd"},
		"symmetric algorithm": {Issuer: issuerURL, Algorithms: []string{"RS256", "HS256"}},
		"no algorithm":        {Issuer: issuerURL, Algorithms: []string{"none"}},
		"cache below zero":    {Issuer: issuerURL, CacheSize: -1},
	} {
		_, err := identity.NewVerifier(t.Context(), config)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "secret", name)
	}
	for name, config := range map[string]identity.Config{
		"https":               {Issuer: issuerURL},
		"loopback":            {Issuer: "http://127.0.0.1:8080"},
		"localhost":           {Issuer: "http://localhost:8080/issuer"},
		"loopback v6":         {Issuer: "http://[::1]:8080"},
		"http when so chosen": {Issuer: "http://keycloak:8080/realms/care", AllowHTTP: true},
	} {
		_, err := identity.NewVerifier(t.Context(), config)
		require.NoError(t, err, name)
	}
}

func BenchmarkVerifyCached(b *testing.B) {
	issuer := newIssuer(b, devissuer.Config{})
	verifier := newVerifier(b, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet()})
	raw, err := issuer.Mint(annaClaims)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := verifier.Verify(b.Context(), raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyFresh(b *testing.B) {
	for _, algorithm := range []string{oidc.ES256, oidc.RS256} {
		b.Run(algorithm, func(b *testing.B) {
			issuer := newIssuer(b, devissuer.Config{Algorithm: algorithm})
			verifier := newVerifier(b, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet(), CacheSize: 1})
			var tokens [2]string
			for i := range tokens {
				var err error
				tokens[i], err = issuer.Mint(annaClaims)
				require.NoError(b, err)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if _, err := verifier.Verify(b.Context(), tokens[i%2]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
