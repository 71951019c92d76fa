package identity_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

// served is an issuer behind a real HTTP server that can be made to fail.
type served struct {
	issuer  *devissuer.Issuer
	clock   *wall
	url     string
	fetches atomic.Int64 // of the keys
	broken  atomic.Pointer[http.HandlerFunc]
	fetched chan struct{} // one per fetch of the keys answered
}

func serve(t testing.TB, algorithm string, clock *wall) *served {
	t.Helper()
	s := &served{clock: clock, fetched: make(chan struct{}, 1000)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/jwks" {
			s.fetches.Add(1)
			defer func() { s.fetched <- struct{}{} }()
		}
		if broken := s.broken.Load(); broken != nil {
			(*broken)(w, r)
			return
		}
		s.issuer.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	s.issuer = newIssuer(t, devissuer.Config{URL: server.URL, Algorithm: algorithm, Now: clock.now})
	return s
}

// breakWith answers all requests with the handler; nil mends.
func (s *served) breakWith(handler http.HandlerFunc) {
	if handler == nil {
		s.broken.Store(nil)
		return
	}
	s.broken.Store(&handler)
}

func down(w http.ResponseWriter, _ *http.Request) { http.Error(w, "down", http.StatusBadGateway) }

func mint(t testing.TB, issuer *devissuer.Issuer) string {
	t.Helper()
	raw, err := issuer.Mint(annaClaims)
	require.NoError(t, err)
	return raw
}

func TestRotationByDiscovery(t *testing.T) {
	s := serve(t, oidc.ES256, newWall())
	for name, config := range map[string]identity.Config{
		"discovered": {Issuer: s.url, Now: s.clock.now},
		"given URL":  {Issuer: s.url, JWKSURL: s.url + "/jwks", Now: s.clock.now},
	} {
		t.Run(name, func(t *testing.T) {
			verifier := newVerifier(t, config)
			require.NoError(t, verifier.Ready(t.Context()))
			old := mint(t, s.issuer)
			_, err := verifier.Verify(t.Context(), old)
			require.NoError(t, err)

			require.NoError(t, s.issuer.RotateKey())
			fresh := mint(t, s.issuer)
			_, err = verifier.Verify(t.Context(), fresh)
			require.NoError(t, err, "a new key is fetched when first met")
			_, err = verifier.Verify(t.Context(), old)
			require.NoError(t, err, "the old key is still published")
		})
	}
}

// A withdrawn key stops counting within the age of the keys, also for tokens verified and remembered before.
func TestWithdrawnKeyIsForgotten(t *testing.T) {
	s := serve(t, oidc.ES256, newWall())
	verifier := newVerifier(t, identity.Config{Issuer: s.url, Now: s.clock.now})
	old := mint(t, s.issuer)
	_, err := verifier.Verify(t.Context(), old)
	require.NoError(t, err)
	<-s.fetched
	require.NoError(t, s.issuer.RotateKey())
	require.NoError(t, s.issuer.WithdrawOldKeys())

	s.clock.advance(5*time.Minute - time.Nanosecond)
	_, err = verifier.Verify(t.Context(), old)
	require.NoError(t, err)
	require.EqualValues(t, 1, s.fetches.Load())

	s.clock.advance(time.Nanosecond)
	_, err = verifier.Verify(t.Context(), old)
	if err != nil { // the fetch in the background may have been quicker
		require.ErrorIs(t, err, identity.ErrInvalidToken)
	}
	<-s.fetched
	require.Eventually(t, func() bool {
		_, err = verifier.Verify(t.Context(), old)
		return err != nil
	}, 10*time.Second, time.Millisecond)
	require.EqualError(t, err, "invalid token: signature")
	_, err = verifier.Verify(t.Context(), mint(t, s.issuer))
	require.NoError(t, err)
}

func TestWithdrawnKeyOfAnOwnIssuerIsForgottenAtOnce(t *testing.T) {
	issuer := newIssuer(t, devissuer.Config{})
	verifier := newVerifier(t, identity.Config{Issuer: issuerURL, KeySet: issuer.KeySet()})
	old := mint(t, issuer)
	_, err := verifier.Verify(t.Context(), old)
	require.NoError(t, err)
	require.NoError(t, issuer.RotateKey())
	_, err = verifier.Verify(t.Context(), old)
	require.NoError(t, err)
	require.NoError(t, issuer.WithdrawOldKeys())
	_, err = verifier.Verify(t.Context(), old)
	require.EqualError(t, err, "invalid token: signature")
	_, err = verifier.Verify(t.Context(), mint(t, issuer))
	require.NoError(t, err)
}

func TestUnknownKidsDoNotFloodTheIssuer(t *testing.T) {
	s := serve(t, oidc.ES256, newWall())
	verifier := newVerifier(t, identity.Config{Issuer: s.url, Now: s.clock.now})
	for range 200 {
		raw, err := s.issuer.MintWith(annaClaims, devissuer.Forgery{Header: map[string]any{"kid": rand.Text()}})
		require.NoError(t, err)
		_, err = verifier.Verify(t.Context(), raw)
		require.EqualError(t, err, "invalid token: signature")
	}
	require.LessOrEqual(t, s.fetches.Load(), int64(3))
	s.clock.advance(5 * time.Second)
	require.NoError(t, s.issuer.RotateKey())
	_, err := verifier.Verify(t.Context(), mint(t, s.issuer))
	require.NoError(t, err, "after the pause a new key is found again")
}

func TestIssuerOutOfReach(t *testing.T) {
	s := serve(t, oidc.ES256, newWall())
	s.breakWith(down)
	verifier := newVerifier(t, identity.Config{Issuer: s.url, Now: s.clock.now})
	claims := annaClaims
	claims.TTL = 23 * time.Hour
	raw, err := s.issuer.Mint(claims)
	require.NoError(t, err)

	require.ErrorIs(t, verifier.Ready(t.Context()), identity.ErrKeysUnavailable)
	for range 5 {
		_, err = verifier.Verify(t.Context(), raw)
		require.ErrorIs(t, err, identity.ErrKeysUnavailable)
		require.NotErrorIs(t, err, identity.ErrInvalidToken)
	}
	_, err = verifier.Verify(t.Context(), "a.b.c")
	require.ErrorIs(t, err, identity.ErrInvalidToken, "what is no token needs no keys to be refused")

	s.breakWith(nil)
	s.clock.advance(5 * time.Second)
	_, err = verifier.Verify(t.Context(), raw)
	require.NoError(t, err, "the issuer is back")

	s.breakWith(down)
	s.clock.advance(22 * time.Hour)
	_, err = verifier.Verify(t.Context(), raw)
	require.NoError(t, err, "known keys carry on without the issuer")
	unknown, err := s.issuer.MintWith(annaClaims, devissuer.Forgery{Header: map[string]any{"kid": "unknown"}})
	require.NoError(t, err)
	_, err = verifier.Verify(t.Context(), unknown)
	require.ErrorIs(t, err, identity.ErrKeysUnavailable, "it may be signed with a key published since")

	s.clock.advance(3 * time.Hour)
	_, err = verifier.Verify(t.Context(), mint(t, s.issuer))
	require.ErrorIs(t, err, identity.ErrKeysUnavailable, "keys older than a day are trusted no longer")

	s.breakWith(nil)
	s.clock.advance(5 * time.Second)
	_, err = verifier.Verify(t.Context(), mint(t, s.issuer))
	require.NoError(t, err)
}

func TestBadAnswersOfTheIssuer(t *testing.T) {
	s := serve(t, oidc.RS256, newWall())
	raw := mint(t, s.issuer)
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	require.NoError(t, err)
	set := func(keys ...jose.JSONWebKey) http.HandlerFunc {
		data, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
		require.NoError(t, err)
		return text(string(data))
	}
	public := s.issuer.PublicKey()
	encryption := public
	encryption.Use = "enc"
	for name, handler := range map[string]http.HandlerFunc{
		"empty":    text(""),
		"not JSON": text("<html>secret canary</html>"),
		"a list":   text("[]"),
		"no keys":  text(`{"keys":[]}`),
		"null":     text("null"),
		"endless":  text(`{"keys":["` + strings.Repeat("a", 2<<20) + `"]}`),
		"status": func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "secret canary", http.StatusInternalServerError)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, s.url+"/elsewhere", http.StatusFound)
		},
		"symmetric key":    set(jose.JSONWebKey{Key: []byte("secret"), KeyID: public.KeyID}),
		"short RSA key":    set(jose.JSONWebKey{Key: &short.PublicKey, KeyID: public.KeyID}),
		"private key":      set(jose.JSONWebKey{Key: short, KeyID: public.KeyID}),
		"encryption key":   set(encryption),
		"key without id":   set(jose.JSONWebKey{Key: public.Key}),
		"unknown key type": text(`{"keys":[{"kty":"AKP","kid":"` + public.KeyID + `"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			defer s.breakWith(nil)
			s.breakWith(handler)
			for _, config := range []identity.Config{
				{Issuer: s.url, JWKSURL: s.url + "/jwks", Now: s.clock.now},
				{Issuer: s.url, Now: s.clock.now},
			} {
				_, err := newVerifier(t, config).Verify(t.Context(), raw)
				require.ErrorIs(t, err, identity.ErrKeysUnavailable)
				require.NotContains(t, err.Error(), "canary")
			}
		})
	}

	t.Run("a good key among others", func(t *testing.T) {
		defer s.breakWith(nil)
		var good bytes.Buffer
		require.NoError(t, json.NewEncoder(&good).Encode(public))
		s.breakWith(text(`{"keys":[{"kty":"AKP","kid":"x"},{"kty":"oct","k":"c2VjcmV0","kid":"` + public.KeyID + `"},` + good.String() + `]}`))
		_, err := newVerifier(t, identity.Config{Issuer: s.url, JWKSURL: s.url + "/jwks", Now: s.clock.now}).Verify(t.Context(), raw)
		require.NoError(t, err)
	})
	t.Run("discovery of another issuer", func(t *testing.T) {
		_, err := newVerifier(t, identity.Config{Issuer: s.url + "/", Now: s.clock.now}).Verify(t.Context(), raw)
		require.ErrorIs(t, err, identity.ErrKeysUnavailable)
		require.ErrorContains(t, err, "another issuer")
	})
	t.Run("discovery leads to plain http", func(t *testing.T) {
		defer s.breakWith(nil)
		s.breakWith(text(`{"issuer":"` + s.url + `","jwks_uri":"http://keys.example.test/jwks"}`))
		_, err := newVerifier(t, identity.Config{Issuer: s.url, Now: s.clock.now}).Verify(t.Context(), raw)
		require.ErrorIs(t, err, identity.ErrKeysUnavailable)
		require.ErrorContains(t, err, "https")
	})
}

func TestCancelledRequestDoesNotWaitForKeys(t *testing.T) {
	s := serve(t, oidc.ES256, newWall())
	release := make(chan struct{})
	asked := make(chan struct{}, 10)
	s.breakWith(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		<-release
		s.issuer.ServeHTTP(w, r)
	})
	verifier := newVerifier(t, identity.Config{Issuer: s.url, Now: s.clock.now})
	raw := mint(t, s.issuer)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := verifier.Verify(ctx, raw)
		result <- err
	}()
	<-asked
	cancel()
	err := <-result
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, identity.ErrInvalidToken)

	// The fetch goes on for those who still wait.
	close(release)
	_, err = verifier.Verify(t.Context(), raw)
	require.NoError(t, err)
	require.EqualValues(t, 1, s.fetches.Load())
}
