package devissuer_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

var claims = devissuer.Claims{
	Subject:     "c0ffee",
	Assignments: []identity.Assignment{{ProviderID: "p", UnitID: "u", Roles: []identity.Role{identity.RoleGP}}},
}

func open(t *testing.T, config devissuer.Config) *devissuer.Issuer {
	t.Helper()
	issuer, err := devissuer.New(config)
	require.NoError(t, err)
	return issuer
}

func verifierOf(t *testing.T, issuer *devissuer.Issuer) *identity.Verifier {
	t.Helper()
	verifier, err := identity.NewVerifier(t.Context(), identity.Config{Issuer: issuer.URL(), KeySet: issuer.KeySet()})
	require.NoError(t, err)
	return verifier
}

func TestTokensSurviveARestart(t *testing.T) {
	for _, algorithm := range []string{oidc.ES256, oidc.RS256} {
		dir := filepath.Join(t.TempDir(), "data")
		config := devissuer.Config{URL: "http://127.0.0.1:8080", Dir: dir, Algorithm: algorithm}
		before := open(t, config)
		first, err := before.Mint(claims)
		require.NoError(t, err)
		require.NoError(t, before.RotateKey())
		second, err := before.Mint(claims)
		require.NoError(t, err)

		path := filepath.Join(dir, "issuer-keys.json")
		stat, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), stat.Mode().Perm())

		after := open(t, config)
		require.Equal(t, before.PublicKey().KeyID, after.PublicKey().KeyID)
		for _, raw := range []string{first, second} {
			_, err = verifierOf(t, after).Verify(t.Context(), raw)
			require.NoError(t, err)
		}
		require.NoError(t, after.WithdrawOldKeys())
		again := open(t, config)
		_, err = verifierOf(t, again).Verify(t.Context(), first)
		require.ErrorIs(t, err, identity.ErrInvalidToken)
		_, err = verifierOf(t, again).Verify(t.Context(), second)
		require.NoError(t, err)

		require.NoError(t, os.Chmod(path, 0o640))
		_, err = devissuer.New(config)
		require.ErrorContains(t, err, "chmod 600")
	}
}

func TestDamagedKeyFileIsNotReplaced(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "cut": `{"keys":[`, "no keys": `{"keys":[]}`, "symmetric": `{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}`,
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "issuer-keys.json"), []byte(content), 0o600))
		_, err := devissuer.New(devissuer.Config{URL: "http://127.0.0.1:8080", Dir: dir})
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "c2VjcmV0")
	}
}

func TestMintRefuses(t *testing.T) {
	issuer := open(t, devissuer.Config{URL: "http://127.0.0.1:8080"})
	for name, c := range map[string]devissuer.Claims{
		"no subject":         {},
		"too long":           {Subject: "s", TTL: 24*time.Hour + 1},
		"too short":          {Subject: "s", TTL: time.Millisecond},
		"backwards":          {Subject: "s", TTL: -time.Second},
		"GP without a place": {Subject: "s", Assignments: []identity.Assignment{{Roles: []identity.Role{identity.RoleGP}}}},
		"unknown role":       {Subject: "s", Assignments: []identity.Assignment{{ProviderID: "p", UnitID: "u", Roles: []identity.Role{"root"}}}},
	} {
		_, err := issuer.Mint(c)
		require.Error(t, err, name)
	}
	_, err := devissuer.New(devissuer.Config{})
	require.Error(t, err)
	_, err = devissuer.New(devissuer.Config{URL: "http://127.0.0.1:8080", Algorithm: "HS256"})
	require.Error(t, err)
}

func TestTokenEndpoint(t *testing.T) {
	var issuer *devissuer.Issuer
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { issuer.ServeHTTP(w, r) }))
	defer server.Close()
	issuer = open(t, devissuer.Config{URL: server.URL + "/issuer"})
	verifier, err := identity.NewVerifier(t.Context(), identity.Config{Issuer: issuer.URL()})
	require.NoError(t, err)
	require.NoError(t, verifier.Ready(t.Context()), "discovery works under a path")

	post := func(contentType, body string, edit func(*http.Request)) (int, map[string]any) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, issuer.URL()+"/token", strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Content-Type", contentType)
		if edit != nil {
			edit(request)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		data, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		var answer map[string]any
		require.NoError(t, json.Unmarshal(data, &answer), "%s", data)
		require.Equal(t, "no-store", response.Header.Get("Cache-Control"))
		return response.StatusCode, answer
	}
	const formType, jsonType = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
	assignments := `[{"care_provider_id":"p","care_unit_id":"u","roles":["gp","care_manager"]}]`
	form := url.Values{"subject": {"s"}, "practitioner_id": {"pr"}, "assignments": {assignments}, "ttl": {"30m"}}
	for name, request := range map[string][2]string{
		"form":             {formType, form.Encode()},
		"JSON":             {jsonType, `{"subject":"s","practitioner_id":"pr","assignments":` + assignments + `,"ttl":"30m"}`},
		"JSON, in seconds": {jsonType, `{"subject":"s","practitioner_id":"pr","assignments":` + assignments + `,"ttl":1800}`},
	} {
		status, answer := post(request[0], request[1], nil)
		require.Equal(t, http.StatusOK, status, "%s: %v", name, answer)
		require.Equal(t, "Bearer", answer["token_type"])
		require.EqualValues(t, 1800, answer["expires_in"])
		caller, err := verifier.Verify(t.Context(), answer["access_token"].(string))
		require.NoError(t, err, name)
		require.Equal(t, "s", caller.Subject)
		require.Equal(t, "pr", caller.PractitionerID)
		require.True(t, caller.WorksAt("p", "u"))
	}
	status, answer := post(jsonType, `{"subject":"s","ttl":86400}`, nil)
	require.Equal(t, http.StatusOK, status)
	require.EqualValues(t, 86400, answer["expires_in"])
	status, answer = post(formType, "subject=s", nil)
	require.Equal(t, http.StatusOK, status)
	require.EqualValues(t, 8*3600, answer["expires_in"])

	for name, request := range map[string][2]string{
		"no type":         {"", "subject=s"},
		"text":            {"text/plain", "subject=s"},
		"not JSON":        {jsonType, "{"},
		"two values":      {jsonType, `{"subject":"s"}{}`},
		"unknown field":   {jsonType, `{"subject":"s","role":"gp"}`},
		"unknown in form": {formType, "subject=s&role=gp"},
		"twice in form":   {formType, "subject=s&subject=t"},
		"bad form":        {formType, "%zz"},
		"no subject":      {formType, "ttl=30m"},
		"bad role":        {jsonType, `{"subject":"s","assignments":[{"care_provider_id":"p","care_unit_id":"u","roles":["root"]}]}`},
		"bad assignments": {formType, "subject=s&assignments=gp"},
		"ttl text":        {formType, "subject=s&ttl=soon"},
		"ttl zero":        {formType, "subject=s&ttl=0"},
		"ttl negative":    {formType, "subject=s&ttl=-5m"},
		"ttl a week":      {formType, "subject=s&ttl=168h"},
		"ttl fraction":    {jsonType, `{"subject":"s","ttl":1.5}`},
		"ttl list":        {jsonType, `{"subject":"s","ttl":[1]}`},
		"too large":       {jsonType, `{"subject":"` + strings.Repeat("s", 70<<10) + `"}`},
	} {
		status, answer := post(request[0], request[1], nil)
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Equal(t, "invalid_request", answer["error"], name)
		require.NotEmpty(t, answer["error_description"], name)
	}

	status, answer = post(formType, "subject=s", func(r *http.Request) { r.Host = "evil.example" })
	require.Equal(t, http.StatusForbidden, status)
	require.NotContains(t, answer, "access_token")
	for address, want := range map[string]int{
		"127.0.0.1:4711": http.StatusOK, "[::1]:4711": http.StatusOK, "192.0.2.7:4711": http.StatusForbidden, "": http.StatusForbidden,
	} {
		recorder := httptest.NewRecorder()
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, issuer.URL()+"/token", strings.NewReader("subject=s"))
		request.Header.Set("Content-Type", formType)
		request.RemoteAddr = address
		issuer.ServeHTTP(recorder, request)
		require.Equal(t, want, recorder.Code, address)
	}
	for path, want := range map[string]int{"/token": http.StatusMethodNotAllowed, "/other": http.StatusNotFound, "/jwks": http.StatusOK} {
		recorder := httptest.NewRecorder()
		issuer.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, issuer.URL()+path, nil))
		require.Equal(t, want, recorder.Code, path)
		require.NotContains(t, recorder.Body.String(), `"d":`, "no private key is published")
	}
}
