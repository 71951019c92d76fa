package identity_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

// hostile returns tokens that must be refused, by name, with the cause to be given.
func hostile(t *testing.T, issuer *devissuer.Issuer, now time.Time) map[string]struct {
	raw   string
	cause identity.Cause
} {
	t.Helper()
	type refusal = struct {
		raw   string
		cause identity.Cause
	}
	tokens := map[string]refusal{}
	mint := func(name string, cause identity.Cause, forgery devissuer.Forgery) string {
		raw, err := issuer.MintWith(annaClaims, forgery)
		require.NoError(t, err)
		if name != "" {
			tokens[name] = refusal{raw, cause}
		}
		return raw
	}
	header := func(name string, cause identity.Cause, field string, value any) {
		mint(name, cause, devissuer.Forgery{Header: map[string]any{field: value}})
	}
	claim := func(name string, cause identity.Cause, field string, value any) {
		mint(name, cause, devissuer.Forgery{Claims: map[string]any{field: value}})
	}
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }

	// Signatures.
	public := issuer.PublicKey()
	der, err := x509.MarshalPKIXPublicKey(public.Key)
	require.NoError(t, err)
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	publicJWK, err := json.Marshal(public)
	require.NoError(t, err)
	otherKey, err := issuer.OtherKey()
	require.NoError(t, err)
	for _, none := range []string{"none", "None", "NONE", "nOnE", ""} {
		header("alg "+none+".", identity.CauseSignature, "alg", none)
	}
	header("alg missing", identity.CauseSignature, "alg", nil)
	for name, secret := range map[string][]byte{"PEM": publicPEM, "DER": der, "JWK": publicJWK, "empty": {}} {
		mint("HS256 with the public key as "+name, identity.CauseSignature, devissuer.Forgery{Header: map[string]any{"alg": "HS256"}, Key: secret})
	}
	for _, algorithm := range []string{"HS512", "ES384", "RS512", "PS256", "ES256K", "EdDSA", "dir"} {
		header("alg "+algorithm, identity.CauseSignature, "alg", algorithm)
	}
	mint("another key under the known kid", identity.CauseSignature, devissuer.Forgery{Key: otherKey})
	header("unknown kid", identity.CauseSignature, "kid", "unknown")
	header("kid as a path", identity.CauseSignature, "kid", "../../../../dev/null")
	header("kid as SQL", identity.CauseSignature, "kid", "x' UNION SELECT 'secret")
	header("kid as a URL", identity.CauseSignature, "kid", "https://evil.example/jwks")
	mint("own key in the header", identity.CauseSignature, devissuer.Forgery{Key: otherKey, Header: map[string]any{"jwk": json.RawMessage(publicJWK)}})
	mint("own key by jku", identity.CauseSignature, devissuer.Forgery{Key: otherKey, Header: map[string]any{"jku": "https://evil.example/jwks"}})
	mint("own key by x5u", identity.CauseSignature, devissuer.Forgery{Key: otherKey, Header: map[string]any{"x5u": "https://evil.example/cert"}})

	good := mint("", "", devissuer.Forgery{})
	parts := strings.Split(good, ".")
	stronger, err := json.Marshal(map[string]any{"sub": "c0ffee", "iss": issuer.URL(), "aud": "coworkcare", "iat": at(0), "exp": at(time.Minute),
		"assignments": []any{map[string]any{"roles": []string{"operator"}}}})
	require.NoError(t, err)
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	require.NoError(t, err)
	signature[7] ^= 1
	tokens["payload exchanged"] = refusal{parts[0] + "." + base64.RawURLEncoding.EncodeToString(stronger) + "." + parts[2], identity.CauseSignature}
	tokens["signature altered"] = refusal{parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(signature), identity.CauseSignature}
	tokens["signature cut"] = refusal{good[:len(good)-8], identity.CauseSignature}
	tokens["signature missing"] = refusal{parts[0] + "." + parts[1] + ".", identity.CauseSignature}
	tokens["signature of zeros"] = refusal{parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)), identity.CauseSignature}

	// Form.
	tokens["two parts"] = refusal{parts[0] + "." + parts[1], identity.CauseMalformed}
	tokens["four parts"] = refusal{good + ".x", identity.CauseMalformed}
	tokens["no payload"] = refusal{parts[0] + ".." + parts[2], identity.CauseMalformed}
	tokens["dots"] = refusal{"..", identity.CauseMalformed}
	tokens["rubbish"] = refusal{"not a token", identity.CauseMalformed}
	tokens["NUL"] = refusal{"\x00.\x00.\x00", identity.CauseMalformed}
	tokens["bad UTF-8"] = refusal{"\xff\xfe.\xff.\xff", identity.CauseMalformed}
	tokens["JSON serialisation"] = refusal{fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, parts[0], parts[1], parts[2]), identity.CauseMalformed}
	tokens["100 kB"] = refusal{parts[0] + "." + strings.Repeat("A", 100<<10) + "." + parts[2], identity.CauseMalformed}
	tokens["one byte over 16 kB"] = refusal{parts[0] + "." + strings.Repeat("A", 16<<10-len(parts[0])-len(parts[2])-1) + "." + parts[2], identity.CauseMalformed}
	tokens["header not JSON"] = refusal{base64.RawURLEncoding.EncodeToString([]byte("{")) + "." + parts[1] + "." + parts[2], identity.CauseMalformed}
	tokens["header names alg twice"] = refusal{
		base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","alg":"ES256","kid":"`+public.KeyID+`"}`)) + "." + parts[1] + "." + parts[2],
		identity.CauseMalformed,
	}
	tokens["encrypted token"] = refusal{parts[0] + "." + parts[1] + "." + parts[2] + "." + parts[1] + "." + parts[2], identity.CauseMalformed}
	header("kid missing", identity.CauseMalformed, "kid", nil)
	header("kid too long", identity.CauseMalformed, "kid", strings.Repeat("k", 257))
	header("kid not text", identity.CauseMalformed, "kid", 1)
	header("critical extension", identity.CauseMalformed, "crit", []string{"exp"})
	header("service token type", identity.CauseMalformed, "typ", "cwc-service+jwt")
	header("logout token", identity.CauseMalformed, "typ", "logout+jwt")
	for name, payload := range map[string]string{
		"payload empty": "", "payload null": "null", "payload a list": "[]", "payload cut": `{"iss":`,
		"payload deep": strings.Repeat(`{"a":`, 1500) + "1" + strings.Repeat("}", 1500),
	} {
		cause := identity.CauseMalformed
		if name == "payload null" || name == "payload deep" {
			cause = identity.CauseIssuer // JSON without an issuer
		}
		if payload != "" {
			mint(name, cause, devissuer.Forgery{Payload: []byte(payload)})
		}
	}
	mint("claim stands twice", identity.CauseMalformed, devissuer.Forgery{Payload: fmt.Appendf(nil,
		`{"iss":%q,"aud":"coworkcare","sub":"c0ffee","sub":"operator","iat":%d,"exp":%d}`, issuer.URL(), at(0), at(time.Minute))})

	// Issuer, audience, time.
	claim("issuer missing", identity.CauseIssuer, "iss", nil)
	claim("another issuer", identity.CauseIssuer, "iss", "https://login.example.net")
	claim("issuer with a slash", identity.CauseIssuer, "iss", issuer.URL()+"/")
	claim("issuer in capitals", identity.CauseIssuer, "iss", strings.ToUpper(issuer.URL()))
	mint("issuer by another spelling of the claim", identity.CauseIssuer, devissuer.Forgery{Claims: map[string]any{"iss": nil, "ISS": issuer.URL()}})
	claim("audience missing", identity.CauseAudience, "aud", nil)
	claim("audience empty", identity.CauseAudience, "aud", []string{})
	claim("another audience", identity.CauseAudience, "aud", "coworkcare-internal")
	claim("audience of another case", identity.CauseAudience, "aud", "CoWorkCare")
	claim("audience not text", identity.CauseMalformed, "aud", 1)
	claim("expired a second ago", identity.CauseExpired, "exp", at(-time.Second))
	claim("expires now", identity.CauseExpired, "exp", at(0))
	claim("exp missing", identity.CauseMalformed, "exp", nil)
	claim("exp zero", identity.CauseMalformed, "exp", 0)
	claim("exp negative", identity.CauseMalformed, "exp", -1)
	claim("exp beyond all years", identity.CauseMalformed, "exp", 1e300)
	claim("exp as text", identity.CauseMalformed, "exp", "2030-01-01")
	claim("nbf ahead", identity.CauseNotYetValid, "nbf", at(61*time.Second))
	claim("nbf negative", identity.CauseMalformed, "nbf", -1)
	claim("iat ahead", identity.CauseNotYetValid, "iat", at(2*time.Minute))
	claim("iat missing", identity.CauseMalformed, "iat", nil)
	claim("lives a day and a second", identity.CauseLifetime, "exp", at(24*time.Hour+time.Second))
	claim("lives for ever", identity.CauseLifetime, "exp", 253402300799)

	// Who and where.
	claim("subject missing", identity.CauseMalformed, "sub", nil)
	claim("subject empty", identity.CauseMalformed, "sub", "")
	claim("subject with a line break", identity.CauseMalformed, "sub", "a\nlevel=error")
	claim("subject not ASCII", identity.CauseMalformed, "sub", "å")
	claim("subject too long", identity.CauseMalformed, "sub", strings.Repeat("a", 256))
	claim("subject of a service", identity.CauseMalformed, "sub", "service:followup")
	claim("subject not text", identity.CauseMalformed, "sub", []string{"a"})
	claim("practitioner as a path", identity.CauseMalformed, "practitioner_id", "../1")
	claim("practitioner not text", identity.CauseMalformed, "practitioner_id", 7)
	assignment := func(name string, fields map[string]any) {
		claim(name, identity.CauseMalformed, "assignments", []any{fields})
	}
	gp := []string{"gp"}
	claim("assignments not a list", identity.CauseMalformed, "assignments", map[string]any{"roles": gp})
	claim("assignment null", identity.CauseMalformed, "assignments", []any{nil})
	claim("assignment text", identity.CauseMalformed, "assignments", []any{"gp"})
	assignment("assignment empty", map[string]any{})
	assignment("role unknown", map[string]any{"care_provider_id": "p", "care_unit_id": "u", "roles": []string{"root"}})
	assignment("role in capitals", map[string]any{"care_provider_id": "p", "care_unit_id": "u", "roles": []string{"GP"}})
	assignment("roles text", map[string]any{"care_provider_id": "p", "care_unit_id": "u", "roles": "gp"})
	assignment("roles empty", map[string]any{"care_provider_id": "p", "care_unit_id": "u", "roles": []string{}})
	assignment("roles missing", map[string]any{"care_provider_id": "p", "care_unit_id": "u"})
	assignment("one bad role among good ones", map[string]any{"care_provider_id": "p", "care_unit_id": "u", "roles": []string{"gp", ""}})
	assignment("unit without provider", map[string]any{"care_unit_id": "u", "roles": gp})
	assignment("GP of a whole provider", map[string]any{"care_provider_id": "p", "roles": gp})
	assignment("GP of the installation", map[string]any{"roles": gp})
	assignment("integration of a whole provider", map[string]any{"care_provider_id": "p", "roles": []string{"integration"}})
	assignment("administrator of the installation", map[string]any{"roles": []string{"provider_administrator"}})
	assignment("administrator of a unit", map[string]any{"care_provider_id": "p", "care_unit_id": "u", "roles": []string{"provider_administrator"}})
	assignment("operator of a unit", map[string]any{"care_provider_id": "p", "care_unit_id": "u", "roles": []string{"operator"}})
	assignment("operator among unit roles", map[string]any{"care_provider_id": "p", "care_unit_id": "u", "roles": []string{"gp", "operator"}})
	assignment("wildcard unit", map[string]any{"care_provider_id": "p", "care_unit_id": "*", "roles": gp})
	assignment("wildcard provider", map[string]any{"care_provider_id": "-", "care_unit_id": "u/..", "roles": gp})
	assignment("id too long", map[string]any{"care_provider_id": strings.Repeat("p", 65), "care_unit_id": "u", "roles": gp})
	assignment("unknown field", map[string]any{"care_provider_id": "p", "care_unit_id": "u", "roles": gp, "until": "2020-01-01"})
	assignment("field in capitals", map[string]any{"care_provider_id": "p", "Care_Unit_ID": "u", "roles": gp})
	many := make([]any, 201)
	for i := range many {
		many[i] = map[string]any{"roles": []string{"operator"}}
	}
	claim("201 assignments", identity.CauseMalformed, "assignments", many)
	return tokens
}

func TestVerifyRefusesHostileTokens(t *testing.T) {
	for _, algorithm := range []string{oidc.ES256, oidc.RS256} {
		t.Run(algorithm, func(t *testing.T) {
			clock := newWall()
			issuer := newIssuer(t, devissuer.Config{Algorithm: algorithm, Now: clock.now})
			served := serve(t, algorithm, clock)
			for name, target := range map[string]struct {
				issuer   *devissuer.Issuer
				verifier *identity.Verifier
			}{
				"own keys":     {issuer, newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet(), Now: clock.now})},
				"fetched keys": {served.issuer, newVerifier(t, identity.Config{Issuer: served.issuer.URL(), Now: clock.now})},
			} {
				t.Run(name, func(t *testing.T) {
					tokens := hostile(t, target.issuer, clock.now())
					require.Greater(t, len(tokens), 100)
					for name, token := range tokens {
						for range 2 {
							caller, err := target.verifier.Verify(t.Context(), token.raw)
							require.ErrorIs(t, err, identity.ErrInvalidToken, name)
							var refusal *identity.InvalidTokenError
							require.ErrorAs(t, err, &refusal, name)
							require.Equal(t, token.cause, refusal.Cause, "%s: %s", name, refusal.Detail)
							require.NotEmpty(t, refusal.Detail, name)
							require.EqualError(t, err, "invalid token: "+string(token.cause))
							require.Zero(t, caller, name)
						}
					}
					good, err := target.issuer.Mint(annaClaims)
					require.NoError(t, err)
					_, err = target.verifier.Verify(t.Context(), good)
					require.NoError(t, err, "the good one still passes")
				})
			}
		})
	}
}
