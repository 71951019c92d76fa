package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
	"github.com/coworkcare/coworkcare/platform/ops"
)

// examine runs the doctor and gives what it found, by check. Whatever is wrong comes with what to do.
func (s *system) examine(t *testing.T, env map[string]string, args ...string) map[string]finding {
	t.Helper()
	got := s.ctl(t.Context(), env, append([]string{"doctor", "-o", "json"}, args...)...)
	var list []finding
	require.NoError(t, json.Unmarshal([]byte(got.out), &list), got.out)
	byCheck := map[string]finding{}
	failed := false
	for _, f := range list {
		byCheck[f.Check] = f
		failed = failed || !f.OK
		require.Equal(t, f.OK, f.Fix == "", "%+v: a fix for what is wrong, and for nothing else", f)
	}
	require.Equal(t, failed, got.code == exitFailure)
	return byCheck
}

// wrong requires that a check found something wrong, and that what it says and what to do about it hold some words.
func wrong(t *testing.T, f finding, says ...string) {
	t.Helper()
	require.False(t, f.OK, "%+v", f)
	for _, words := range says {
		require.Contains(t, f.Text+" "+f.Fix, words)
	}
}

func TestDoctor(t *testing.T) {
	s := newSystem(t)
	got := s.ctl(t.Context(), nil, "doctor")
	require.Equal(t, exitOK, got.code, got.out)
	require.NotContains(t, got.out, "wrong")
	require.Contains(t, got.out, "dev, operator; valid for")
	require.NotContains(t, got.out, "\x1b", "no colour but on a terminal")

	s.port.Serving(false)
	wrong(t, s.examine(t, nil)["readiness"], "starting or stopping", "log")
}

func TestDoctorOfAddresses(t *testing.T) {
	s := newSystem(t)
	wrong(t, s.examine(t, nil, "--http-addr", "nonsense")["address"], "--http-addr")
	wrong(t, s.examine(t, nil, "--ops-addr", "nonsense")["address"], "--ops-addr")
	wrong(t, s.examine(t, nil, "--http-addr", "127.0.0.1:1")["REST API"], "nothing listens at http://127.0.0.1:1", "coworkcare dev", variableHTTP)
	wrong(t, s.examine(t, nil, "--http-addr", s.ops.URL)["REST API"], "another program")
	wrong(t, s.examine(t, nil, "--http-addr", "no-such-machine.invalid:80")["REST API"], variableHTTP)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	calls := grpc.NewServer()
	go func() { _ = calls.Serve(listener) }()
	defer calls.Stop()
	wrong(t, s.examine(t, nil, "--http-addr", listener.Addr().String())["REST API"], "gRPC port")
	wrong(t, s.examine(t, nil, "--http-addr", "https://"+s.rest.Listener.Addr().String())["REST API"], "does not speak TLS", "http://")

	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	wrong(t, s.examine(t, nil, "--http-addr", secure.URL)["REST API"], "certificate")
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer front.Close()
	wrong(t, s.examine(t, nil, "--http-addr", front.URL)["REST API"], "502", "proxy")

	away := s.examine(t, nil, "--ops-addr", "127.0.0.1:1")
	wrong(t, away["readiness"], "operations port", "nothing listens", variableOps)
	wrong(t, away["token"], variableToken)
	require.NotContains(t, away, "Redis", "what cannot be asked is left out")
	wrong(t, s.examine(t, nil, "--ops-addr", s.rest.URL)["readiness"], "another program")

	base, err := client.BaseURL("http://api.example.se:80")
	require.NoError(t, err)
	wrong(t, checkTransport(base), "clear text", "https://")
}

func TestDoctorOfTokens(t *testing.T) {
	s := newSystem(t)
	with := func(token string) map[string]string { return map[string]string{variableToken: token} }
	wrong(t, s.examine(t, with(token(-time.Hour, map[string]any{})))["token"], "expired 1h", "fetch a new one")
	wrong(t, s.examine(t, with("garbage"))["token"], "not a JWT")
	ahead := token(3*time.Hour, map[string]any{"iat": time.Now().Add(2 * time.Hour).Unix()})
	wrong(t, s.examine(t, with(ahead))["token"], "in the future", "NTP")

	foreign := token(time.Hour, map[string]any{"iss": "https://elsewhere.example", "practitioner_id": "d1",
		"assignments": []any{map[string]any{"care_unit_id": "u1", "roles": []string{"gp", "care_manager"}}}})
	s.refusal = "issuer"
	found := s.examine(t, with(foreign))
	require.True(t, found["token"].OK)
	require.Contains(t, found["token"].Text, "practitioner d1, gp and care_manager at unit u1")
	wrong(t, found["access"], `"https://elsewhere.example"`, "COWORKCARE_OIDC_ISSUER")
	for cause, says := range map[string]string{
		"audience": "COWORKCARE_OIDC_AUDIENCE", "expired": "clock is ahead", "not_yet_valid": "NTP", "lifetime": "24 hours",
		"signature": "reset", "malformed": "operations.md", "a new cause": "COWORKCARE_OIDC_ISSUER",
	} {
		s.refusal = cause
		wrong(t, s.examine(t, with(foreign))["access"], says)
	}
}

func TestDoctorOfClocks(t *testing.T) {
	for off, side := range map[time.Duration]string{-2 * time.Minute: "ahead of", 2 * time.Minute: "behind"} {
		late := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
			w.Header().Set("X-Request-Id", "r")
			w.WriteHeader(http.StatusUnauthorized)
		}))
		s := newSystem(t)
		wrong(t, s.examine(t, nil, "--http-addr", late.URL)["clock"], side, "NTP")
		late.Close()
	}
}

// What the server finds when it looks at its own parts is told as it is; a server that does not tell is told of.
func TestDoctorOfParts(t *testing.T) {
	s := newSystem(t)
	s.parts = []ops.Finding{
		{Check: "migrations", Text: "the store of followup was migrated by a newer program", Fix: "replace this program by the newer one"},
		{Check: "Redis", Text: "does not answer", Fix: "start Redis"},
		{Check: "events", OK: true, Text: "all are numbered, none is parked"},
	}
	found := s.examine(t, nil)
	wrong(t, found["migrations"], "followup", "newer")
	wrong(t, found["Redis"], "start Redis")
	require.True(t, found["events"].OK)
	got := s.ctl(t.Context(), nil, "doctor")
	require.Contains(t, got.out, "wrong  migrations  the store of followup was migrated by a newer program\n")
	require.Contains(t, got.out, "to do: start Redis\n")

	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	}))
	defer old.Close()
	wrong(t, s.examine(t, nil, "--ops-addr", old.URL)["parts"], "/metrics")
}
