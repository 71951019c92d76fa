package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
	"github.com/coworkcare/coworkcare/platform/fault"
)

func TestToken(t *testing.T) {
	s := newSystem(t)
	got := s.ctl(t.Context(), nil, "token", "--role", "gp", "--unit", "Ekens vårdcentral", "--practitioner", "p1", "--ttl", "8h")
	require.Equal(t, outcome{exitOK, "a-gp\n", ""}, got)
	require.Equal(t, client.TokenRequest{Role: "gp", Unit: "Ekens vårdcentral", PractitionerID: "p1", TTLSeconds: 28800}, s.asked[0])
	got = s.ctl(t.Context(), nil, "token", "--role", "operator", "-o", "json")
	require.Equal(t, exitOK, got.code, got.err)
	var asJSON struct {
		Token      string
		ExpireTime time.Time
	}
	require.NoError(t, json.Unmarshal([]byte(got.out), &asJSON))
	require.Equal(t, s.tokens["operator"], asJSON.Token)
	require.WithinDuration(t, time.Now().Add(time.Hour), asJSON.ExpireTime, time.Minute)
	s.asked = s.asked[:1]
	require.Equal(t, exitNotFound, s.ctl(t.Context(), nil, "token", "--role", "Care-Manager").code, "no such token here, but a role")
	require.Equal(t, "care_manager", s.asked[1].Role)

	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"token"}, exitUsage, "--role gp"},
		{[]string{"token", "--role", "king"}, exitUsage, "care_manager"},
		{[]string{"token", "--role", "gp", "--ttl", "25h"}, exitUsage, "24h"},
		{[]string{"token", "--role", "gp", "--ttl", "soon"}, exitUsage, "invalid"},
		{[]string{"token", "gp"}, exitUsage, "unknown command"},
		{[]string{"token", "--role", "gp", "--unit", "Nowhere"}, exitNotFound, "no such unit"},
	} {
		got := s.ctl(t.Context(), nil, c.args...)
		require.Equal(t, c.code, got.code, "%v: %s", c.args, got.err)
		require.Empty(t, got.out, "%v", c.args)
		require.Contains(t, got.err, c.says, "%v", c.args)
	}

	t.Run("in production", func(t *testing.T) {
		bare := httptest.NewServer(http.NewServeMux())
		defer bare.Close()
		got := s.ctl(t.Context(), map[string]string{variableOps: bare.URL}, "token", "--role", "gp")
		require.Equal(t, exitAuth, got.code)
		require.Contains(t, got.err, variableToken)
	})
	t.Run("refused", func(t *testing.T) {
		closed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"error":"access_denied","error_description":"tokens are given to this machine alone"}`))
		}))
		defer closed.Close()
		got := s.ctl(t.Context(), map[string]string{variableOps: closed.URL}, "token", "--role", "gp")
		require.Equal(t, exitAuth, got.code)
		require.Contains(t, got.err, "tokens are given to this machine alone")
	})
}

func TestClock(t *testing.T) {
	s := newSystem(t)
	require.Equal(t, outcome{exitOK, "now    2026-03-02T07:00:00Z\ntoday  2026-03-02\n", ""}, s.ctl(t.Context(), nil, "clock", "show"))
	got := s.ctl(t.Context(), nil, "clock", "advance", "1d12h", "-o", "json")
	require.Equal(t, exitOK, got.code, got.err)
	require.JSONEq(t, `{"nowTime":"2026-03-03T19:00:00Z","todayDate":"2026-03-03","firedTimers":4}`, got.out)
	require.Equal(t, []time.Duration{day, 12 * time.Hour}, s.advances)
	require.Equal(t, "operator", s.asked[0].Role)

	t.Run("with a token of one's own", func(t *testing.T) {
		asked := len(s.asked)
		require.Equal(t, exitOK, s.ctl(t.Context(), map[string]string{variableToken: "mine"}, "clock", "show").code)
		got := s.ctl(t.Context(), map[string]string{variableToken: "forged"}, "clock", "show")
		require.Equal(t, exitAuth, got.code)
		require.Contains(t, got.err, "TOKEN_INVALID")
		require.Len(t, s.asked, asked, "the issuer was not asked")

		got = s.ctl(t.Context(), map[string]string{variableToken: "forged"}, "clock", "show", "-o", "json")
		require.Empty(t, got.out)
		var f failure
		require.NoError(t, json.Unmarshal([]byte(got.err), &f), got.err)
		require.Equal(t, exitAuth, f.ExitCode)
		require.Equal(t, http.StatusUnauthorized, f.Status)
		require.Equal(t, "TOKEN_INVALID", f.Reason)
		require.NotEmpty(t, f.Error)
	})
	t.Run("that stops on the way", func(t *testing.T) {
		s.failAt = len(s.advances) + 3
		got := s.ctl(t.Context(), nil, "clock", "advance", "1w")
		require.Equal(t, exitFailure, got.code)
		require.Contains(t, got.err, "stands at 2026-03-05T19:00:00Z, 48h0m0s of 168h0m0s further")
	})
	for _, args := range [][]string{{"clock"}, {"clock", "back"}, {"clock", "advance"}, {"clock", "advance", "-1d"}, {"clock", "advance", "0d"}, {"clock", "show", "-o", "xml"}, {"clock", "show", "--http-addr", "nowhere"}} {
		require.Equal(t, exitUsage, s.ctl(t.Context(), nil, args...).code, "%v", args)
	}
}

func TestSpans(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"14d": 14 * day, "12w": 12 * week, "36h": 36 * time.Hour, "90m": 90 * time.Minute, "30s": 30 * time.Second,
		"1w2d3h4m5s": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second, "400d": 400 * day,
	} {
		got, err := parseSpan(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "d", "14", "14x", "-14d", "+1d", "1.5d", "1d1d", "1h1d", "401d", "58w", "999999999w", "9999999999d", "57w2d", "0d", "1 d", "١d"} {
		_, err := parseSpan(text)
		require.Error(t, err, text)
	}
}

func FuzzSpan(f *testing.F) {
	f.Add("1w2d")
	f.Fuzz(func(t *testing.T, text string) {
		if span, err := parseSpan(text); err == nil && (span <= 0 || span > longestSpan) {
			t.Errorf("%q is %s", text, span)
		}
	})
}

func someEvents() []*eventv1.Event {
	at := timestamppb.New(time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC))
	return []*eventv1.Event{
		{EventId: "e1", Source: "patient", Sequence: 1, Type: "patient.created", ResourceId: "p1", PatientId: "p1", EventTime: at, Actor: &eventv1.Actor{PractitionerId: "d1"}},
		{EventId: "e2", Source: "sickleave", Sequence: 1, Type: "certificate.signed", ResourceId: "c1", PatientId: "p1", EventTime: at},
		{EventId: "e3", Source: "followup", Sequence: 1, Type: "follow_up.created", ResourceId: "f1", PatientId: "p1", EventTime: at, Actor: &eventv1.Actor{Service: "followup"}},
	}
}

// follow tails with a given output until the log has been read to its end.
func (s *system) follow(t *testing.T, args ...string) outcome {
	ctx, cancel := context.WithCancel(t.Context())
	s.polls, s.drained = []error{nil, nil}, make(chan struct{})
	done := make(chan outcome)
	go func() { done <- s.ctl(ctx, nil, append([]string{"events", "tail"}, args...)...) }()
	<-s.drained
	cancel()
	return <-done
}

func TestEventsTail(t *testing.T) {
	t.Run("from the start", func(t *testing.T) {
		s := newSystem(t)
		s.events = someEvents()
		got := s.follow(t, "--from-start", "--source", "patient,sickleave", "--type", "certificate.signed")
		require.Equal(t, exitOK, got.code, got.err)
		require.True(t, strings.HasPrefix(got.out, "2026-03-02T07:00:00Z  patient#1  patient.created  p1  by d1\n2026-03-02T07:00:00Z  sickleave#1  certificate.signed  c1  patient p1\n"), got.out)
		require.Equal(t, []string{"patient", "sickleave"}, s.queries[0].GetSources())
		require.Equal(t, []string{"certificate.signed"}, s.queries[0].GetTypes())
		require.EqualValues(t, pollSeconds, s.queries[0].GetWaitSeconds())
	})
	t.Run("as JSON", func(t *testing.T) {
		s := newSystem(t)
		s.events = someEvents()
		got := s.follow(t, "--from-start", "-o", "json")
		line, _, _ := strings.Cut(got.out, "\n")
		var event map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &event))
		require.Equal(t, "e1", event["eventId"])
	})
	t.Run("from now on", func(t *testing.T) {
		s := newSystem(t)
		s.events = someEvents()
		got := s.follow(t)
		require.Equal(t, outcome{exitOK, "", ""}, got)
		for _, query := range s.queries[:3] {
			require.Zero(t, query.GetWaitSeconds(), "the old pages are read without waiting")
		}
		require.Equal(t, "3", s.queries[3].GetCursor())
	})
	t.Run("a refusal ends it", func(t *testing.T) {
		s := newSystem(t)
		s.polls = []error{fault.Invalid(fault.Violation{Field: "sources", Reason: "string.in", Message: "names no service"})}
		got := s.ctl(t.Context(), nil, "events", "tail", "--from-start")
		require.Equal(t, exitFailure, got.code)
		require.Contains(t, got.err, "sources names no service")
	})
}

func TestTailGoesOnWhenTheServerIsAway(t *testing.T) {
	s := newSystem(t)
	away := fault.Unavailable("UNAVAILABLE", "retry")
	s.polls = []error{away, away, away, away, away, fault.Denied("ROLE_REQUIRED", "needs a role")}
	var pauses []time.Duration
	tool := &tool{console: console{variable: func(string) string { return "mine" }, out: t.Output(), err: t.Output()}, httpAddr: s.rest.URL}
	api, err := tool.api()
	require.NoError(t, err)
	f := &tail{tool: tool, api: api, fromStart: true, pause: func(_ context.Context, d time.Duration) { pauses = append(pauses, d) }}
	require.ErrorContains(t, f.run(t.Context()), "ROLE_REQUIRED")
	require.Equal(t, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}, pauses)
}

func TestAnExpiredDevelopmentTokenIsRenewed(t *testing.T) {
	s := newSystem(t)
	operator := s.tokens["operator"]
	s.tokens["operator"] = "expired"
	tool := &tool{console: console{variable: func(string) string { return "" }}, httpAddr: s.rest.URL, opsAddr: s.ops.URL}
	api, err := tool.api()
	require.NoError(t, err)
	require.Error(t, api.Get(t.Context(), "/v1/clock", nil, nil))
	require.Len(t, s.asked, 2, "asked again once, no more")
	s.tokens["operator"] = operator
	require.NoError(t, api.Get(t.Context(), "/v1/clock", nil, nil))
	require.Len(t, s.asked, 3)
}

func TestColour(t *testing.T) {
	for _, c := range []struct {
		terminal bool
		env      map[string]string
		want     bool
	}{
		{true, nil, true}, {false, nil, false}, {true, map[string]string{"NO_COLOR": "1"}, false}, {true, map[string]string{"TERM": "dumb"}, false},
	} {
		tool := &tool{console: console{terminal: c.terminal, variable: func(name string) string { return c.env[name] }}}
		require.Equal(t, c.want, tool.coloured())
	}
}

func TestUsageAndCompletion(t *testing.T) {
	s := newSystem(t)
	require.Equal(t, exitUsage, s.ctl(t.Context(), nil, "nonsense").code)
	require.Equal(t, exitUsage, s.ctl(t.Context(), nil, "--nonsense").code)
	require.Equal(t, exitOK, s.ctl(t.Context(), nil).code, "help")
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		require.Equal(t, exitOK, s.ctl(t.Context(), nil, "completion", shell).code, shell)
	}
	got := s.ctl(t.Context(), nil, cobra.ShellCompRequestCmd, "token", "--role", "")
	require.Contains(t, got.out, "care_manager")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"-o", ""}, "json"},
		{[]string{"events", "tail", "--source", ""}, "employerdialogue"},
		{[]string{"token", "--unit", ""}, "unit-1\tEkens vårdcentral"},
		{[]string{"clock", ""}, "advance"},
	} {
		got := s.ctl(t.Context(), nil, append([]string{cobra.ShellCompRequestCmd}, c.args...)...)
		require.Equal(t, exitOK, got.code)
		require.Contains(t, got.out, c.says, "%v", c.args)
	}
	got = s.ctl(t.Context(), map[string]string{variableHTTP: "127.0.0.1:1"}, cobra.ShellCompRequestCmd, "token", "--unit", "")
	require.Equal(t, exitOK, got.code, "completion does not fail where no server answers")
	help := s.ctl(t.Context(), nil, "--help")
	for _, code := range []int{exitOK, exitFailure, exitUsage, exitNotFound, exitAuth} {
		require.Contains(t, help.out, fmt.Sprintf("\n  %d  ", code), "the exit codes are documented")
	}

	refused := s.ctl(t.Context(), map[string]string{variableHTTP: "127.0.0.1:1"}, "clock", "show")
	require.Equal(t, exitFailure, refused.code)
	require.Contains(t, refused.err, "nothing listens at http://127.0.0.1:1; start `coworkcare dev`")
}
