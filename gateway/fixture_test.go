package gateway_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	clockv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/gateway"
	"github.com/coworkcare/coworkcare/platform/rpc"
)

// backend is a gRPC server that keeps what reached it and answers what a test says.
type backend struct {
	patientv1.UnimplementedPatientServiceServer
	clockv1.UnimplementedClockServiceServer
	eventv1.UnimplementedEventServiceServer

	mu       sync.Mutex
	fail     error // answered by every method when set
	requests []proto.Message
	metadata metadata.MD
	left     time.Duration // until the deadline of the last call
	bounded  bool
}

func (b *backend) received(ctx context.Context, request proto.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.requests = append(b.requests, request)
	b.metadata, _ = metadata.FromIncomingContext(ctx)
	var deadline time.Time
	deadline, b.bounded = ctx.Deadline()
	b.left = time.Until(deadline)
	return b.fail
}

func (b *backend) calls() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.requests)
}

func (b *backend) last() proto.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.requests[len(b.requests)-1]
}

func (b *backend) failWith(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fail = err
}

const providerID = "0190f3c2-5b1e-7c4a-9d0e-3a5b7c9d1e2f"

func provider() *patientv1.CareProvider {
	return &patientv1.CareProvider{CareProviderId: providerID, DisplayName: "Region Test", HsaId: "SE2321000016-A1", Etag: `"r12"`}
}

func (b *backend) CreateCareProvider(ctx context.Context, r *patientv1.CreateCareProviderRequest) (*patientv1.CareProvider, error) {
	return provider(), b.received(ctx, r)
}

func (b *backend) GetCareProvider(ctx context.Context, r *patientv1.GetCareProviderRequest) (*patientv1.CareProvider, error) {
	return provider(), b.received(ctx, r)
}

func (b *backend) UpdateCareProvider(ctx context.Context, r *patientv1.UpdateCareProviderRequest) (*patientv1.CareProvider, error) {
	return provider(), b.received(ctx, r)
}

func (b *backend) ListCareProviders(ctx context.Context, r *patientv1.ListCareProvidersRequest) (*patientv1.ListCareProvidersResponse, error) {
	return &patientv1.ListCareProvidersResponse{}, b.received(ctx, r)
}

func (b *backend) StartCareEpisode(ctx context.Context, r *patientv1.StartCareEpisodeRequest) (*patientv1.CareEpisode, error) {
	return &patientv1.CareEpisode{CareEpisodeId: providerID, Etag: `"r1"`}, b.received(ctx, r)
}

func (b *backend) GetClock(ctx context.Context, r *clockv1.GetClockRequest) (*clockv1.Clock, error) {
	return &clockv1.Clock{TodayDate: "2026-03-02"}, b.received(ctx, r)
}

func (b *backend) AdvanceClock(ctx context.Context, r *clockv1.AdvanceClockRequest) (*clockv1.Clock, error) {
	return &clockv1.Clock{NowTime: timestamppb.New(time.Unix(0, 0)), TodayDate: "2026-03-02"}, b.received(ctx, r)
}

func (b *backend) ListEvents(ctx context.Context, r *eventv1.ListEventsRequest) (*eventv1.ListEventsResponse, error) {
	return &eventv1.ListEventsResponse{NextCursor: "c1"}, b.received(ctx, r)
}

// connect serves the backend in memory and returns a connection to it. The product's own validation stands before it.
func connect(t testing.TB, b *backend) *grpc.ClientConn {
	validator, err := rpc.NewValidator()
	require.NoError(t, err)
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(
		func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			if err := validator.Check(request.(proto.Message)); err != nil {
				return nil, err
			}
			return handler(ctx, request)
		}))
	patientv1.RegisterPatientServiceServer(server, b)
	clockv1.RegisterClockServiceServer(server, b)
	eventv1.RegisterEventServiceServer(server, b)
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///test", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func handler(t testing.TB, b *backend, change ...func(*gateway.Options)) http.Handler {
	options := gateway.Options{
		Log:  slog.New(slog.DiscardHandler),
		Conn: connect(t, b),
		Register: []gateway.Register{
			patientv1.RegisterPatientServiceHandler, clockv1.RegisterClockServiceHandler, eventv1.RegisterEventServiceHandler},
	}
	for _, c := range change {
		c(&options)
	}
	h, err := gateway.New(t.Context(), options)
	require.NoError(t, err)
	return h
}

// serve starts the gateway before the backend over HTTP.
func serve(t testing.TB, b *backend, change ...func(*gateway.Options)) *httptest.Server {
	server := httptest.NewServer(handler(t, b, change...))
	t.Cleanup(server.Close)
	return server
}

type answer struct {
	*http.Response
	body []byte
}

func (a answer) json(t testing.TB) map[string]any {
	var fields map[string]any
	require.NoError(t, json.Unmarshal(a.body, &fields), "%s", a.body)
	return fields
}

func (a answer) problem(t testing.TB) gateway.Problem {
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"), "%s", a.body)
	var p gateway.Problem
	require.NoError(t, json.Unmarshal(a.body, &p), "%s", a.body)
	require.Equal(t, a.StatusCode, p.Status)
	require.Equal(t, "urn:coworkcare:problem:"+p.Reason, p.Type)
	require.NotEmpty(t, p.Title)
	require.NotEmpty(t, p.Detail)
	require.Equal(t, "urn:coworkcare:request:"+a.Header.Get("X-Request-Id"), p.Instance)
	return p
}

// do sends a request; headers are "Name: value".
func do(t testing.TB, server *httptest.Server, method, path, body string, headers ...string) answer {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, reader)
	require.NoError(t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		request.Header.Set(name, value)
	}
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{response, data}
}
