package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// guard stands before every routed call: it names the trace after the route, refuses what is not well formed, and sets the
// deadline.
func (g *gateway) guard(next runtime.HandlerFunc) runtime.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request, params map[string]string) {
		x := exchangeOf(r.Context())
		if x.probe != nil {
			*x.probe = true
			return
		}
		if pattern, ok := runtime.HTTPPattern(r.Context()); ok {
			plain := plainPattern(pattern.String())
			x.matched(r.Context(), r.Method, plain)
			x.route = g.routes[r.Method+" "+plain]
		}
		timeout := g.options.Timeout
		if x.route != nil {
			query, err := g.admit(x, w, r)
			if err != nil {
				g.fail(w, r, err)
				return
			}
			if timeout, err = g.timeout(x.route, r.Header.Get("Grpc-Timeout"), query); err != nil {
				g.fail(w, r, err)
				return
			}
			r.Header.Del("Grpc-Timeout")
			if wantsStream(x, r) {
				g.stream(w, r, query, params, next)
				return
			}
			target := *r.URL
			target.RawQuery = query.Encode()
			r.URL = &target
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeout)
		defer cancel()
		next(w, r.WithContext(ctx), params)
	}
}

// admit checks headers, query and body, in that order, and returns the query as the call takes it.
func (g *gateway) admit(x *exchange, w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if err := x.readHeaders(r); err != nil {
		return nil, err
	}
	query, err := readQuery(x.route, r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	if x.route.bodyType == nil {
		return query, noBody(w, r)
	}
	if x.body, err = g.readBody(w, r); err != nil {
		return nil, err
	}
	if x.route.mask != nil && x.route.body != "*" && len(query["update_mask"]) == 0 {
		if mask := maskOf(x.body, x.route); mask != "" {
			query.Set("update_mask", mask)
		}
	}
	r.Body = &payload{Reader: bytes.NewReader(x.body), data: x.body}
	return query, nil
}

// payload is a body that was read already.
type payload struct {
	*bytes.Reader
	data []byte
}

func (*payload) Close() error { return nil }

// readBody reads the body within the limit; what is over it is neither kept nor read.
func (g *gateway) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkContentType(r); err != nil {
		return nil, err
	}
	if r.ContentLength > g.options.MaxBody {
		w.Header().Set("Connection", "close")
		return nil, tooLarge(g.options.MaxBody)
	}
	if r.Body == nil {
		return nil, errNoBody
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, g.options.MaxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		w.Header().Set("Connection", "close")
		return nil, tooLarge(g.options.MaxBody)
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		return nil, errSlowBody
	case err != nil:
		w.Header().Set("Connection", "close")
		return nil, malformed("the body broke off before its end")
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errNoBody
	}
	return data, nil
}

// checkContentType takes JSON in UTF-8, also when nothing is said; never a form, a compressed body or another charset.
func checkContentType(r *http.Request) error {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return errMediaType
	}
	types := r.Header.Values("Content-Type")
	if len(types) == 0 {
		return nil
	}
	mediaType, parameters, err := mime.ParseMediaType(types[0])
	charset := parameters["charset"]
	if len(types) > 1 || err != nil || mediaType != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return errMediaType
	}
	return nil
}

// noBody refuses a body where none is due: nothing would read it.
func noBody(w http.ResponseWriter, r *http.Request) error {
	if r.Body == nil || r.ContentLength == 0 {
		return nil
	}
	if n, _ := io.ReadFull(r.Body, make([]byte, 1)); n > 0 {
		w.Header().Set("Connection", "close")
		return errBodyNotDue
	}
	return nil
}

// maskOf lists the fields at the top of a PATCH body, as proto names: the update mask of a client that sends none. The etag,
// the fields that only the server sets and those bound by the path change nothing.
func maskOf(body []byte, r *route) string {
	var top map[string]json.RawMessage
	if json.Unmarshal(body, &top) != nil {
		return "" // the decoder says what is wrong
	}
	var paths []string
	fields := r.bodyType.Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		_, byJSON := top[field.JSONName()]
		_, byName := top[field.TextName()]
		if (byJSON || byName) && field.Name() != "etag" && !outputOnly(field) && !r.inPath[r.body+"."+string(field.Name())] {
			paths = append(paths, string(field.Name()))
		}
	}
	return strings.Join(paths, ",")
}

func outputOnly(field protoreflect.FieldDescriptor) bool {
	behaviors, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	for _, behavior := range behaviors {
		if behavior == annotations.FieldBehavior_OUTPUT_ONLY || behavior == annotations.FieldBehavior_IDENTIFIER {
			return true
		}
	}
	return false
}

// timeout is the deadline of a call: what the client asks for by Grpc-Timeout (gRPC over HTTP/2, "5S", "300m"), at most
// MaxTimeout; else the method's own; else the default, and the waiting time of a long poll on top.
func (g *gateway) timeout(r *route, asked string, query url.Values) (time.Duration, error) {
	if asked != "" {
		units := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond}
		unit := units[asked[len(asked)-1]]
		count, err := strconv.ParseUint(asked[:len(asked)-1], 10, 32)
		if err != nil || unit == 0 || len(asked) > 9 {
			return 0, badHeader("Grpc-Timeout", "must be up to eight digits and a unit (H, M, S, m, u, n), for example 5S")
		}
		if float64(count)*float64(unit) > float64(MaxTimeout) {
			return MaxTimeout, nil
		}
		return time.Duration(count) * unit, nil
	}
	timeout, ok := g.options.Timeouts[r.name()]
	if !ok {
		timeout = g.options.Timeout
	}
	if r.waits {
		if seconds, err := strconv.ParseInt(query.Get("wait_seconds"), 10, 32); err == nil && seconds > 0 {
			timeout += time.Duration(seconds) * time.Second
		}
	}
	return min(timeout, MaxTimeout), nil
}

func tooLarge(limit int64) error {
	return &fault.Fault{Code: codes.ResourceExhausted, Reason: reasonTooLarge,
		Text: "the body is larger than " + strconv.FormatInt(limit, 10) + " bytes; send less at a time"}
}
