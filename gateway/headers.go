package gateway

import (
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// incomingHeader is the list of headers that become metadata, and the boundary of trust: whatever the services believe about
// a caller beyond these (service tokens, identities) cannot come from outside. The runtime itself passes authorization on, and
// the peer's address; the trace context travels by the connection's own instrumentation.
func incomingHeader(name string) (string, bool) {
	switch http.CanonicalHeaderKey(name) {
	case "Idempotency-Key":
		return "idempotency-key", true
	case "If-Match":
		return "if-match", true
	case "X-Request-Id":
		return "x-request-id", true
	}
	return "", false
}

// noHeader keeps response metadata inside.
func noHeader(string) (string, bool) { return "", false }

// readHeaders checks the headers that steer a call. One that is not understood is refused rather than dropped: the caller
// would believe in a protection that is not there.
func (x *exchange) readHeaders(r *http.Request) error {
	for _, name := range []string{"Authorization", "Idempotency-Key", "If-Match", "If-None-Match"} {
		values := r.Header.Values(name)
		if len(values) > 1 {
			return badHeader(name, "must stand once")
		}
		if len(values) == 1 && strings.IndexFunc(values[0], func(c rune) bool { return c < ' ' || c > '~' }) >= 0 {
			return badHeader(name, "must be printable ASCII")
		}
		if len(values) == 1 && strings.Trim(values[0], `" `) == "" {
			return badHeader(name, "must not be empty")
		}
	}
	// The header's own draft writes a quoted string; both forms mean the same.
	if key := strings.Trim(r.Header.Get("Idempotency-Key"), `"`); key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	x.ifMatch = r.Header.Get("If-Match") != ""
	if r.Method == http.MethodGet {
		x.ifNoneMatch = r.Header.Get("If-None-Match")
	}
	return nil
}

func badHeader(name, rule string) error {
	return &fault.Fault{Code: codes.InvalidArgument, Reason: reasonField, Text: "the header " + name + " " + rule,
		Violations: []fault.Violation{{Field: name, Reason: "INVALID_HEADER", Message: rule}}}
}

// matches reports whether an If-None-Match value names the etag, by the weak comparison of RFC 9110 section 8.8.3.2.
func matches(ifNoneMatch, etag string) bool {
	if strings.TrimSpace(ifNoneMatch) == "*" {
		return true
	}
	for candidate := range strings.SplitSeq(ifNoneMatch, ",") {
		if strings.TrimPrefix(strings.TrimSpace(candidate), "W/") == etag {
			return true
		}
	}
	return false
}
