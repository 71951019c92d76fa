package gateway

import (
	"encoding/json"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/codes"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// Problem is the body of every refusal (RFC 9457, application/problem+json).
type Problem struct {
	// Type is "urn:coworkcare:problem:" and the reason.
	Type string `json:"type"`
	// Title says the reason in words; the same for every problem of a type.
	Title string `json:"title"`
	// Status is the HTTP status code.
	Status int `json:"status"`
	// Detail says what is wrong here and what to do.
	Detail string `json:"detail"`
	// Reason is the code that programs may rely on, UPPER_SNAKE, of a reason.proto.
	Reason string `json:"reason"`
	// Instance is "urn:coworkcare:request:" and the X-Request-Id.
	Instance string `json:"instance,omitempty"`
	// TraceID finds the trace; absent when there is none.
	TraceID string `json:"traceId,omitempty"`
	// Violations are the fields that break a rule, all at once.
	Violations []Violation `json:"violations,omitempty"`
	// State and Allowed say, for a refused transition, where the resource stands and which verbs it bears now.
	State   string   `json:"state,omitempty"`
	Allowed []string `json:"allowed,omitempty"`
}

// Violation is one field that breaks a rule.
type Violation struct {
	// Field is the path in the request, in lowerCamelCase: certificate.periods[0].endDate. The resource that a create or update
	// takes as its body stands under its own name. A header stands by its name.
	Field string `json:"field"`
	// Reason is UPPER_SNAKE, or the id of a validation rule such as string.max_len.
	Reason string `json:"reason"`
	// Message says the rule.
	Message string `json:"message"`
}

const (
	problemType  = "urn:coworkcare:problem:"
	instanceType = "urn:coworkcare:request:"
)

// Reasons that the gateway gives by itself.
const (
	reasonField     = "INVALID_FIELD"
	reasonMalformed = "MALFORMED_BODY"
	reasonTooLarge  = "REQUEST_TOO_LARGE"
	reasonMediaType = "UNSUPPORTED_MEDIA_TYPE"
	reasonSlow      = "REQUEST_TIMEOUT"
	reasonRoute     = "ROUTE_NOT_FOUND"
	reasonMethod    = "METHOD_NOT_ALLOWED"
	reasonInternal  = "INTERNAL"
	reasonReused    = "REQUEST_ID_REUSED"
	reasonStale     = "ETAG_MISMATCH"
)

var (
	errInternal   = &fault.Fault{Code: codes.Internal, Reason: reasonInternal}
	errRoute      = &fault.Fault{Code: codes.NotFound, Reason: reasonRoute, Text: "there is nothing at this path"}
	errPath       = &fault.Fault{Code: codes.InvalidArgument, Reason: reasonField, Text: "the path is not well encoded: write UTF-8, percent-encoded, without the character U+0000"}
	errNoBody     = &fault.Fault{Code: codes.InvalidArgument, Reason: reasonMalformed, Text: "the body is empty; this method takes a JSON object, {} when there is nothing to say"}
	errBodyNotDue = &fault.Fault{Code: codes.InvalidArgument, Reason: reasonMalformed, Text: "this method takes no body; its fields are query parameters"}
	errMediaType  = &fault.Fault{Code: codes.InvalidArgument, Reason: reasonMediaType, Text: "the body must be JSON in UTF-8, not compressed: send Content-Type: application/json"}
	errSlowBody   = &fault.Fault{Code: codes.DeadlineExceeded, Reason: reasonSlow, Text: "the body did not arrive in time; send it at once"}
)

// write sends a problem. It never fails: a problem is always valid JSON.
func (p Problem) write(w http.ResponseWriter, r *http.Request) {
	if span := trace.SpanContextFromContext(r.Context()); span.HasTraceID() {
		p.TraceID = span.TraceID().String()
	}
	if id := exchangeOf(r.Context()).id; id != "" {
		p.Instance = instanceType + id
	}
	header := w.Header()
	for _, name := range []string{"ETag", "Location", "Trailer", "Transfer-Encoding"} {
		header.Del(name)
	}
	body, err := json.Marshal(p)
	if err != nil {
		body = []byte("{}")
	}
	header.Set("Content-Type", "application/problem+json")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body)
}
