package whole_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

// hostileTokens are authorization header values that must not be accepted, by what is wrong with them.
func (w *world) hostileTokens(t *testing.T, claims devissuer.Claims) map[string]string {
	t.Helper()
	forged := func(f devissuer.Forgery) string {
		token, err := w.issuer.MintWith(claims, f)
		require.NoError(t, err)
		return token
	}
	otherKey, err := w.issuer.OtherKey()
	require.NoError(t, err)
	public := w.issuer.PublicKey()
	der, err := x509.MarshalPKIXPublicKey(public.Key)
	require.NoError(t, err)
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	asJWK, err := public.MarshalJSON()
	require.NoError(t, err)
	hs256 := map[string]any{"alg": "HS256"}
	now := time.Now()
	good := forged(devissuer.Forgery{})
	signer, err := identity.NewServiceSigner(w.keys.Derive("service-token"), "followup", time.Now)
	require.NoError(t, err)
	service, err := signer.Token()
	require.NoError(t, err)
	hostile := map[string]string{
		"alg none":                         forged(devissuer.Forgery{Header: map[string]any{"alg": "none"}}),
		"alg None":                         forged(devissuer.Forgery{Header: map[string]any{"alg": "None"}}),
		"expired":                          forged(devissuer.Forgery{Claims: map[string]any{"iat": now.Add(-2 * time.Hour).Unix(), "nbf": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(-time.Second).Unix()}}),
		"no expiry":                        forged(devissuer.Forgery{Claims: map[string]any{"exp": nil}}),
		"not yet valid":                    forged(devissuer.Forgery{Claims: map[string]any{"nbf": now.Add(time.Hour).Unix()}}),
		"wrong audience":                   forged(devissuer.Forgery{Claims: map[string]any{"aud": "another-system"}}),
		"wrong issuer":                     forged(devissuer.Forgery{Claims: map[string]any{"iss": "https://login.example.org"}}),
		"wrong key":                        forged(devissuer.Forgery{Key: otherKey}),
		"unknown kid":                      forged(devissuer.Forgery{Header: map[string]any{"kid": "unknown"}}),
		"kid that is a path":               forged(devissuer.Forgery{Header: map[string]any{"kid": "../../../../dev/null"}}),
		"no kid":                           forged(devissuer.Forgery{Header: map[string]any{"kid": nil}}),
		"HS256 with the public key as PEM": forged(devissuer.Forgery{Header: hs256, Key: asPEM}),
		"HS256 with the public key as DER": forged(devissuer.Forgery{Header: hs256, Key: der}),
		"HS256 with the public key as JWK": forged(devissuer.Forgery{Header: hs256, Key: asJWK}),
		"a key of its own in the header":   forged(devissuer.Forgery{Header: map[string]any{"jwk": json.RawMessage(asJWK)}, Key: otherKey}),
		"an unknown role":                  forged(devissuer.Forgery{Claims: map[string]any{"assignments": []map[string]any{{"care_provider_id": w.own.ProviderID, "care_unit_id": w.own.UnitID, "roles": []string{"god"}}}}}),
		"a service's name as its subject":  forged(devissuer.Forgery{Claims: map[string]any{"sub": "service:followup"}}),
		"signature cut off":                good[:strings.LastIndex(good, ".")+1],
		"payload changed":                  good[:len(good)/2] + "A" + good[len(good)/2+1:],
		"garbage":                          "garbage",
		"dots":                             "..",
		"20 kB":                            strings.Repeat("A", 20<<10),
		"100 kB":                           strings.Repeat("A", 100<<10),
		"a service's token":                service,
		"another token beside it":          good + ", Bearer " + good,
	}
	bearers := map[string]string{"none": "", "empty bearer": "Bearer ", "another scheme": "Basic Z3A6Z3A=", "the token alone": good}
	for name, token := range hostile {
		bearers[name] = "Bearer " + token
	}
	return bearers
}

// A token that is not the issuer's for this audience and this time opens nothing, whatever the method: 401 with a challenge and
// a problem over REST, UNAUTHENTICATED over gRPC, and nothing is written.
func TestHostileTokens(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		st := w.newStage(w.own)
		person := w.person(identity.RoleGP, w.own)
		hostile := w.hostileTokens(t, devissuer.Claims{Subject: person, PractitionerID: person, Assignments: held(identity.RoleGP, w.own)})
		before := w.everything(t)
		for _, m := range w.byPeople() {
			request := st.sample(m)
			for _, name := range sortedKeys(hostile) {
				ctx := context.WithoutCancel(t.Context())
				if hostile[name] != "" {
					ctx = metadata.AppendToOutgoingContext(ctx, identity.MetadataCaller, hostile[name])
				}
				_, err := w.call(ctx, m, request)
				if name == "100 kB" && status.Code(err) == codes.Unavailable {
					err = nil // more than gRPC takes for headers: the call never came about
				} else if status.Code(err) != codes.Unauthenticated {
					t.Errorf("%s, %s over gRPC: %v", m.short(), name, err)
				}
				if m.verb == "" {
					continue
				}
				r := m.overREST(t, request)
				if hostile[name] != "" {
					r.header.Set("Authorization", hostile[name])
				}
				got := w.send(r, "")
				if name == "100 kB" {
					require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, got.status, "%s, %s", m.short(), name)
					continue
				}
				checkProblem(t, m.short()+", "+name, got, http.StatusUnauthorized)
				require.Contains(t, got.header.Get("WWW-Authenticate"), `Bearer realm="coworkcare"`, "%s, %s", m.short(), name)
			}
		}
		require.Equal(t, before, w.everything(t), "a call without an accepted token wrote something")
	})
}

// The services' own token, and every other header by which one part of the product speaks to another, is not taken from outside.
func TestServiceTokenFromOutside(t *testing.T) {
	s := start(t, "sqlite")
	w := newWorld(t, s)
	st := w.newStage(w.own)
	signer, err := identity.NewServiceSigner(w.keys.Derive("service-token"), "followup", time.Now)
	require.NoError(t, err)
	token, err := signer.Token()
	require.NoError(t, err)
	m := w.method("PatientService.CheckConsent")
	require.Contains(t, m.rule.GetServices(), "followup")
	for _, name := range []string{identity.MetadataService, "Grpc-Metadata-" + identity.MetadataService, "grpcgateway-" + identity.MetadataService} {
		r := m.overREST(t, st.sample(m))
		r.header.Set(name, token)
		checkProblem(t, name, w.send(r, ""), http.StatusUnauthorized)
		// Beside a person's token it gives nothing that the person has not: a manager of the unit still may not ask.
		got := w.send(r, w.token(identity.RoleUnitManager, w.own))
		checkProblem(t, name, got, http.StatusForbidden)
	}
	r := m.overREST(t, st.sample(m))
	r.header.Set("Grpc-Metadata-Authorization", "Bearer "+w.token(identity.RoleGP, w.own))
	checkProblem(t, "authorization by another name", w.send(r, ""), http.StatusUnauthorized)
}
