package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/timestamppb"

	clockv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
	"github.com/coworkcare/coworkcare/gateway"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/ops"
)

// system is a server with a test clock, an event log and a development issuer, behind the real gateway.
type system struct {
	clockv1.UnimplementedClockServiceServer
	eventv1.UnimplementedEventServiceServer

	mu       sync.Mutex
	now      time.Time
	advances []time.Duration
	failAt   int // the advance that fails, 1 the first
	events   []*eventv1.Event
	queries  []*eventv1.ListEventsRequest
	polls    []error       // answered by the polls that wait, one each
	drained  chan struct{} // closed with the last of them, when set
	asked    []client.TokenRequest
	tokens   map[string]string // by role
	good     map[string]bool   // the tokens accepted
	parts    []ops.Finding     // what the server finds when it looks at its parts
	refusal  string            // why a token is not accepted

	port      *ops.Port
	rest, ops *httptest.Server
}

func newSystem(t *testing.T) *system {
	s := &system{now: time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC), refusal: "signature", parts: []ops.Finding{{Check: "Redis", OK: true, Text: "answers"}}}
	operator := token(time.Hour, map[string]any{"sub": "dev", "assignments": []any{map[string]any{"roles": []string{"operator"}}}})
	s.tokens = map[string]string{"operator": operator, "integration": "a-record-system", "gp": "a-gp"}
	s.good = map[string]bool{operator: true, "a-record-system": true, "mine": true}

	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		bearer := strings.TrimPrefix(strings.Join(md.Get("authorization"), ""), "Bearer ")
		s.mu.Lock()
		accepted := s.good[bearer]
		s.mu.Unlock()
		if !accepted {
			return nil, fault.Unauthenticated("TOKEN_INVALID", "the bearer token is not accepted ("+s.refusal+"); fetch a new one")
		}
		return handler(ctx, request)
	}))
	clockv1.RegisterClockServiceServer(server, s)
	eventv1.RegisterEventServiceServer(server, s)
	patientv1.RegisterPatientServiceServer(server, units{})
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///test", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	handler, err := gateway.New(t.Context(), gateway.Options{
		Log: slog.New(slog.DiscardHandler), Conn: conn,
		Register: []gateway.Register{clockv1.RegisterClockServiceHandler, eventv1.RegisterEventServiceHandler, patientv1.RegisterPatientServiceHandler}})
	require.NoError(t, err)
	s.rest = httptest.NewServer(handler)
	t.Cleanup(s.rest.Close)

	s.port = ops.New(prometheus.NewRegistry(), func(context.Context) error { return nil })
	s.port.Serving(true)
	s.port.ShowChecks(func(context.Context) []ops.Finding { return s.parts })
	s.port.Mux.HandleFunc("POST /dev/token", s.serveToken)
	s.ops = httptest.NewServer(s.port.Mux)
	t.Cleanup(s.ops.Close)
	return s
}

// units is a registry with one care unit.
type units struct {
	patientv1.UnimplementedPatientServiceServer
}

func (units) ListCareUnits(context.Context, *patientv1.ListCareUnitsRequest) (*patientv1.ListCareUnitsResponse, error) {
	return &patientv1.ListCareUnitsResponse{CareUnits: []*patientv1.CareUnit{{CareUnitId: "unit-1", DisplayName: "Ekens vårdcentral"}}}, nil
}

// token makes a JWT that nobody signed, made a minute ago unless the claims say when.
func token(left time.Duration, claims map[string]any) string {
	if claims["iat"] == nil {
		claims["iat"] = time.Now().Add(-time.Minute).Unix()
	}
	claims["exp"] = time.Now().Add(left).Unix()
	payload, _ := json.Marshal(claims)
	return "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".e30"
}

func (s *system) serveToken(w http.ResponseWriter, r *http.Request) {
	var ask client.TokenRequest
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, ask)
	token, ok := s.tokens[ask.Role]
	if !ok || ask.Unit == "Nowhere" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"status":404,"detail":"no such unit","reason":"CARE_UNIT_NOT_FOUND"}`))
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"token": token})
}

func (s *system) clock(fired int) *clockv1.Clock {
	return &clockv1.Clock{NowTime: timestamppb.New(s.now), TodayDate: s.now.Format(time.DateOnly), FiredTimers: int32(fired)}
}

func (s *system) GetClock(context.Context, *clockv1.GetClockRequest) (*clockv1.Clock, error) {
	return s.clock(0), nil
}

func (s *system) AdvanceClock(_ context.Context, r *clockv1.AdvanceClockRequest) (*clockv1.Clock, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advances = append(s.advances, r.GetDuration().AsDuration())
	if len(s.advances) == s.failAt {
		return nil, fault.Unavailable("UNAVAILABLE", "a part cannot be reached; retry")
	}
	s.now = s.now.Add(r.GetDuration().AsDuration())
	return s.clock(2), nil
}

// ListEvents reads from the log; the cursor is an index into it.
func (s *system) ListEvents(ctx context.Context, r *eventv1.ListEventsRequest) (*eventv1.ListEventsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries = append(s.queries, r)
	if r.GetWaitSeconds() > 0 && len(s.polls) > 0 {
		err := s.polls[0]
		s.polls = s.polls[1:]
		if len(s.polls) == 0 && s.drained != nil {
			close(s.drained)
		}
		if err != nil {
			return nil, err
		}
	}
	at, _ := strconv.Atoi(r.GetCursor())
	end := min(len(s.events), at+2)
	return &eventv1.ListEventsResponse{Events: s.events[at:end], NextCursor: strconv.Itoa(end)}, nil
}

type outcome struct {
	code     int
	out, err string
}

// ctl runs the program against the system.
func (s *system) ctl(ctx context.Context, env map[string]string, args ...string) outcome {
	var out, errors bytes.Buffer
	code := run(ctx, args, console{out: &out, err: &errors, variable: func(name string) string {
		if value, ok := env[name]; ok {
			return value
		}
		switch name {
		case variableHTTP:
			return s.rest.Listener.Addr().String()
		case variableOps:
			return s.ops.URL
		}
		return ""
	}})
	return outcome{code, out.String(), errors.String()}
}
