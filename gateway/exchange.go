package gateway

import (
	"context"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/rs/cors"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// exchange is what the gateway keeps of one request while it is answered.
type exchange struct {
	id          string // X-Request-Id, echoed or made here
	url         *url.URL
	outer       *http.Request // as the trace sees it; its Pattern becomes the span's name and http.route
	route       *route        // nil until routed
	body        []byte        // the request body, read within the limit
	ifMatch     bool          // the etag came as If-Match
	ifNoneMatch string        // of a GET
	probe       *bool         // set: nothing is answered, only whether a route is there
}

type exchangeKey struct{}

// exchangeOf returns the exchange of a request; outside of one, an empty exchange.
func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{url: &url.URL{}, outer: &http.Request{}}
}

func withExchange(r *http.Request, x *exchange) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
}

// scrub hides the URL from the trace, which writes paths to span attributes: a caller may have put anything there. It also
// drops the forwarding headers, which are the caller's word alone.
func scrub(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hidden := withExchange(r, &exchange{url: r.URL})
		hidden.URL = &url.URL{}
		hidden.Header = r.Header.Clone()
		for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Host", "Forwarded"} {
			hidden.Header.Del(name)
		}
		next.ServeHTTP(w, hidden)
	})
}

// unscrub gives the URL back behind the trace.
func (g *gateway) unscrub(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		x.outer = r
		open := *r
		open.URL = x.url
		next.ServeHTTP(w, &open)
	})
}

func spanName(_ string, r *http.Request) string {
	switch {
	case r.Pattern != "":
		return r.Pattern
	case slices.Contains(routedMethods, r.Method):
		return r.Method
	}
	return "HTTP"
}

// routedMethods are the methods that a route can have.
var routedMethods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// matched names the trace and the metrics after the route.
func (x *exchange) matched(ctx context.Context, method, pattern string) {
	x.outer.Pattern = method + " " + pattern
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("http.route", pattern))
}

// receive opens the exchange: request id, the headers that every answer has, and recovery.
func (g *gateway) receive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchangeOf(r.Context())
		x.id = requestID(r.Header.Get("X-Request-Id"))
		r.Header.Set("X-Request-Id", x.id)
		header := w.Header()
		header.Set("X-Request-Id", x.id)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "no-referrer")
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			// The value may hold anything; where it happened does not.
			g.options.Log.ErrorContext(r.Context(), "gateway: panic", "request_id", x.id, "stack", string(debug.Stack()))
			g.fail(w, r, errInternal)
		}()
		next.ServeHTTP(w, r)
	})
}

// requestID returns the caller's request id when it is 1 to 64 letters, digits, '-', '_' or '.', else a new one.
func requestID(given string) string {
	plain := func(c rune) bool {
		return c == '-' || c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	}
	if given != "" && len(given) <= 64 && strings.IndexFunc(given, func(c rune) bool { return !plain(c) }) < 0 {
		return given
	}
	return uuid.Must(uuid.NewV7()).String()
}

func (g *gateway) crossOrigin(next http.Handler) http.Handler {
	if len(g.options.AllowedOrigins) == 0 {
		return next
	}
	return cors.New(cors.Options{
		AllowedOrigins: g.options.AllowedOrigins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "Last-Event-ID", "X-Request-Id", "traceparent", "tracestate"},
		ExposedHeaders: []string{"ETag", "Location", "Retry-After", "X-Request-Id"},
		MaxAge:         600,
	}).Handler(next)
}

// dispatch routes. HEAD is GET whose body the server drops.
func (g *gateway) dispatch(w http.ResponseWriter, r *http.Request) {
	if !utf8.ValidString(r.URL.Path) || strings.ContainsRune(r.URL.Path, 0) {
		g.fail(w, r, errPath)
		return
	}
	if r.Method == http.MethodHead {
		get := *r
		get.Method = http.MethodGet
		r = &get
	}
	g.mux.ServeHTTP(w, r)
}

// served reports whether a route answers to the method at the path.
func (g *gateway) served(method, path string) bool {
	found := false
	request := &http.Request{Method: method, URL: &url.URL{Path: path}, Header: http.Header{}}
	g.mux.ServeHTTP(nil, withExchange(request, &exchange{url: request.URL, outer: &http.Request{}, probe: &found}))
	return found
}

// notRouted answers what no route takes.
func (g *gateway) notRouted(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, code int) {
	if exchangeOf(ctx).probe != nil {
		return
	}
	if code == http.StatusMethodNotAllowed {
		var allow []string
		for _, method := range routedMethods {
			if !g.served(method, r.URL.Path) {
				continue
			}
			allow = append(allow, method)
			if method == http.MethodGet {
				allow = append(allow, http.MethodHead)
			}
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		g.fail(w, r, methodNotAllowed(allow))
		return
	}
	g.fail(w, r, errRoute)
}
