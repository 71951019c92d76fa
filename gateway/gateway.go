package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"google.golang.org/grpc"
)

// Limits that hold when the options name no others.
const (
	DefaultMaxBody = 256 << 10 // bytes
	DefaultTimeout = 5 * time.Second
	// MaxTimeout bounds what a client may ask for by Grpc-Timeout; it stays under the server's write time-out, so that the
	// problem can still be written.
	MaxTimeout = 55 * time.Second
)

// Register adds the routes of one service to the mux; it is the generated RegisterXHandler. The generated
// RegisterXHandlerServer does not fit, on purpose: it calls the service without its interceptors.
type Register func(ctx context.Context, mux *runtime.ServeMux, conn *grpc.ClientConn) error

// Over binds a service to a connection of its own, in place of Options.Conn.
func Over(conn *grpc.ClientConn, register Register) Register {
	return func(ctx context.Context, mux *runtime.ServeMux, _ *grpc.ClientConn) error {
		return register(ctx, mux, conn)
	}
}

// Options make a gateway.
type Options struct {
	// Log takes one line per answer of 500 and above; nil takes slog.Default().
	Log *slog.Logger
	// Conn is where the services are reached.
	Conn *grpc.ClientConn
	// Register names the services served.
	Register []Register
	// MaxBody is the largest request body in bytes; 0 takes DefaultMaxBody.
	MaxBody int64
	// Timeout is the deadline of a call when the client sets none; 0 takes DefaultTimeout. A long poll (a request with
	// wait_seconds) gets its waiting time on top.
	Timeout time.Duration
	// Timeouts are the deadlines of single methods by full name ("coworkcare.clock.v1.ClockService.AdvanceClock").
	// nil takes those of DefaultTimeouts.
	Timeouts map[string]time.Duration
	// Heartbeat is how long a stream of changes is silent at most, in whole seconds; 0 takes DefaultHeartbeat.
	Heartbeat time.Duration
	// Stopping ends the streams when it is closed; nil never does.
	Stopping <-chan struct{}
	// AllowedOrigins are the web origins that browsers may call from ("https://journal.example.se"). None: no cross-origin
	// calls. The wildcard is refused.
	AllowedOrigins []string
}

// DefaultTimeouts are the deadlines of the methods that take longer than others.
func DefaultTimeouts() map[string]time.Duration {
	return map[string]time.Duration{"coworkcare.clock.v1.ClockService.AdvanceClock": MaxTimeout}
}

type gateway struct {
	options Options
	mux     *runtime.ServeMux
	routes  map[string]*route
}

// New returns the REST handler of the services. The context ends what the registrations keep.
func New(ctx context.Context, options Options) (http.Handler, error) {
	if options.Log == nil {
		options.Log = slog.Default()
	}
	if options.MaxBody == 0 {
		options.MaxBody = DefaultMaxBody
	}
	if options.Timeout == 0 {
		options.Timeout = DefaultTimeout
	}
	if options.Heartbeat == 0 {
		options.Heartbeat = DefaultHeartbeat
	}
	if options.Timeouts == nil {
		options.Timeouts = DefaultTimeouts()
	}
	for _, origin := range options.AllowedOrigins {
		if strings.Contains(origin, "*") || !strings.HasPrefix(origin, "http") {
			return nil, fmt.Errorf("gateway: allowed origin %q: name one origin, scheme and host, for example https://journal.example.se", origin)
		}
	}
	if len(options.Register) == 0 {
		return nil, errors.New("gateway: no service to serve")
	}
	g := &gateway{options: options}
	var err error
	if g.routes, err = routes(); err != nil {
		return nil, err
	}
	g.mux = runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.HTTPBodyMarshaler{Marshaler: newCodec()}),
		runtime.WithIncomingHeaderMatcher(incomingHeader),
		runtime.WithOutgoingHeaderMatcher(noHeader),
		runtime.WithOutgoingTrailerMatcher(noHeader),
		runtime.WithDisableHTTPMethodOverride(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithWriteContentLength(),
		runtime.WithMiddlewares(g.guard),
		runtime.WithForwardResponseOption(g.forward),
		runtime.WithErrorHandler(g.callFailed),
		runtime.WithRoutingErrorHandler(g.notRouted),
		runtime.WithStreamErrorHandler(streamFailed),
	)
	for _, register := range options.Register {
		if err := register(ctx, g.mux, options.Conn); err != nil {
			return nil, fmt.Errorf("gateway: register: %w", err)
		}
	}
	if err := g.describe(); err != nil {
		return nil, err
	}
	traced := otelhttp.NewHandler(g.unscrub(g.receive(g.crossOrigin(http.HandlerFunc(g.dispatch)))), "gateway",
		otelhttp.WithSpanNameFormatter(spanName),
		// In place of the Host header, which is the caller's word and would become a label of every metric.
		otelhttp.WithServerName("coworkcare"))
	return scrub(traced), nil
}
