package gateway_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"google.golang.org/grpc"

	clockv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"

	"github.com/coworkcare/coworkcare/gateway"
)

func TestServerLimits(t *testing.T) {
	server := gateway.Server("127.0.0.1:0", http.NotFoundHandler())
	require.Equal(t, 5*time.Second, server.ReadHeaderTimeout)
	require.Equal(t, 15*time.Second, server.ReadTimeout)
	require.Equal(t, 60*time.Second, server.WriteTimeout)
	require.Equal(t, 60*time.Second, server.IdleTimeout)
	require.Equal(t, 32<<10, server.MaxHeaderBytes)
	require.Less(t, gateway.MaxTimeout, server.WriteTimeout, "a problem can still be written")
}

// start serves the gateway by its own server, with time-outs short enough for a test.
func start(t *testing.T, h http.Handler, change func(*http.Server)) string {
	server := gateway.Server("", h)
	change(server)
	listener, err := gateway.Listen("127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return listener.Addr().String()
}

func TestHalfOpenConnectionsAreClosed(t *testing.T) {
	b := &backend{}
	addr := start(t, handler(t, b), func(s *http.Server) {
		s.ReadHeaderTimeout, s.ReadTimeout = 500*time.Millisecond, 500*time.Millisecond
	})
	t.Run("in the header", func(t *testing.T) {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		defer conn.Close()
		_, err = conn.Write([]byte("GET /v1/clock HTTP/1.1\r\nHost: x\r\nX-Slow: "))
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(30*time.Second)))
		_, err = io.ReadAll(conn) // ends when the server closes; a read time-out is an error
		require.NoError(t, err)
	})
	t.Run("in the body", func(t *testing.T) {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		defer conn.Close()
		_, err = conn.Write([]byte("POST /v1/clock:advance HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"))
		require.NoError(t, err)
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(30*time.Second)))
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, 408, response.StatusCode)
		require.True(t, response.Close)
		_, err = io.ReadAll(conn)
		require.NoError(t, err)
	})
	require.Zero(t, b.calls())
}

func TestHeadersOverTheLimit(t *testing.T) {
	addr := start(t, handler(t, &backend{}), func(*http.Server) {})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+"/v1/clock", nil)
	require.NoError(t, err)
	request.Header.Set("X-Long", strings.Repeat("a", 64<<10))
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, response.StatusCode)
}

func TestConnectionCap(t *testing.T) {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listener := gateway.Limit(plain, 1)
	defer listener.Close()
	accepted := make(chan net.Conn)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- conn
		}
	}()
	for range 2 {
		conn, err := net.Dial("tcp", plain.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
	}
	first := <-accepted
	select {
	case <-accepted:
		t.Fatal("a second connection was accepted over the cap")
	case <-time.After(20 * time.Millisecond):
	}
	require.NoError(t, first.Close())
	second := <-accepted
	require.NoError(t, second.Close())
}

func TestPanicIsAProblem(t *testing.T) {
	var log strings.Builder
	panics := func(ctx context.Context, mux *runtime.ServeMux, _ *grpc.ClientConn) error {
		return mux.HandlePath(http.MethodGet, "/v1/panic", func(http.ResponseWriter, *http.Request, map[string]string) { panic("canary") })
	}
	server := serve(t, &backend{}, func(o *gateway.Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.Register = append(o.Register, panics)
	})
	a := do(t, server, http.MethodGet, "/v1/panic", "")
	require.Equal(t, 500, a.StatusCode)
	require.Equal(t, "INTERNAL", a.problem(t).Reason)
	require.NotContains(t, string(a.body), "canary")
	require.Contains(t, log.String(), "gateway: panic")
	require.NotContains(t, log.String(), "canary")
}

func TestEachServiceOverItsOwnConnection(t *testing.T) {
	here, there := &backend{}, &backend{}
	elsewhere := connect(t, there)
	server := serve(t, here, func(o *gateway.Options) {
		o.Register = append(o.Register[:1:1], gateway.Over(elsewhere, clockv1.RegisterClockServiceHandler))
	})
	require.Equal(t, 200, do(t, server, http.MethodGet, "/v1/clock", "").StatusCode)
	require.Zero(t, here.calls())
	require.Equal(t, 1, there.calls())
	require.Equal(t, 404, do(t, server, http.MethodGet, "/v1/events", "").StatusCode, "a service that is not registered is not served")
}

func TestTraceHasTheRouteAndNothingOfTheURL(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	otel.SetTracerProvider(provider)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })

	h := handler(t, &backend{})
	for _, c := range []struct {
		method, path, name string
		status             int
	}{
		{"GET", "/v1/careProviders/191212121212?canary=1", "GET /v1/careProviders/{care_provider_id}", 400},
		{"GET", "/v1/clock", "GET /v1/clock", 200},
		{"POST", "/v1/clock:advance?canary", "POST /v1/clock:advance", 400},
		{"GET", "/canary/191212121212", "GET", 404},
		{"CANARY", "/v1/clock", "HTTP", 405},
	} {
		exporter.Reset()
		request := httptest.NewRequest(c.method, c.path, nil)
		request.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, request)
		require.Equal(t, c.status, recorder.Code, c.path)
		if c.status != 200 {
			require.Contains(t, recorder.Body.String(), `"traceId":"0af7651916cd43dd8448eb211c80319c"`)
		}
		spans := exporter.GetSpans()
		require.Len(t, spans, 1)
		require.Equal(t, c.name, spans[0].Name)
		for _, a := range spans[0].Attributes {
			if a.Key == "http.request.method_original" {
				continue // a word of the protocol, not of the URL
			}
			require.NotContains(t, a.Value.String(), "191212121212", string(a.Key))
			require.NotContains(t, strings.ToLower(a.Value.String()), "canary", string(a.Key))
		}
	}
}
