package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

// Whatever an issuer signs: a token is refused with a cause, or names a caller whose every part is in order.
func FuzzSignedPayload(f *testing.F) {
	clock := newWall()
	issuer := newIssuer(f, devissuer.Config{Now: clock.now})
	verifier := newVerifier(f, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet(), Now: clock.now})
	for _, payload := range []string{
		`{"iss":"https://login.example.test","aud":"coworkcare","sub":"s","iat":1772438400,"exp":1772438460,"assignments":[{"care_provider_id":"p","care_unit_id":"u","roles":["gp"]}]}`,
		`{"iss":"https://login.example.test","aud":["coworkcare"],"sub":"s","iat":1772438400,"nbf":1772438400.5,"exp":1772438460,"assignments":[{"roles":["operator"]}]}`,
		`{"iss":"https://login.example.test","aud":"coworkcare","sub":"s","iat":1772438400,"exp":1772438460,"assignments":[{"care_provider_id":"p","care_unit_id":null,"roles":["provider_administrator"]}]}`,
		`{}`, `[]`, `null`, `{"_claim_names":{"a":"b"}}`, `{"aud":[null]}`, "\xff",
	} {
		f.Add([]byte(payload))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		raw, err := issuer.MintWith(devissuer.Claims{}, devissuer.Forgery{Payload: append([]byte{}, payload...)})
		require.NoError(t, err)
		caller, err := verifier.Verify(t.Context(), raw)
		if err != nil {
			require.ErrorIs(t, err, identity.ErrInvalidToken)
			require.Zero(t, caller)
			return
		}
		require.NotEmpty(t, caller.Subject)
		require.Empty(t, caller.Service)
		require.True(t, caller.Expiry.After(start))
		require.False(t, caller.Expiry.After(start.Add(24*time.Hour+time.Minute)))
		for _, assignment := range caller.Assignments {
			require.NoError(t, assignment.Validate())
		}
	})
}

// No text is accepted but what the issuer signed.
func FuzzRawToken(f *testing.F) {
	clock := newWall()
	issuer := newIssuer(f, devissuer.Config{Now: clock.now})
	verifier := newVerifier(f, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet(), Now: clock.now})
	services := newServiceVerifier(f, clock.now)
	for _, forgery := range []devissuer.Forgery{
		{Header: map[string]any{"alg": "none"}},
		{Header: map[string]any{"kid": "unknown"}},
		{Header: map[string]any{"alg": "HS256", "typ": "cwc-service+jwt"}, Key: []byte("guess")},
	} {
		raw, err := issuer.MintWith(annaClaims, forgery)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Add("..")
	f.Fuzz(func(t *testing.T, raw string) {
		_, err := verifier.Verify(t.Context(), raw)
		require.Error(t, err)
		_, err = services.Verify(raw)
		require.Error(t, err)
	})
}
