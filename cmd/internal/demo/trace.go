package demo

import (
	"crypto/rand"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// newTrace begins a trace: the traceparent that the calls of a walk bear (W3C Trace Context), and the id by which it is found.
func newTrace() (traceParent, id string) {
	var traceID trace.TraceID
	var spanID trace.SpanID
	_, _ = rand.Read(traceID[:])
	_, _ = rand.Read(spanID[:])
	return "00-" + traceID.String() + "-" + spanID.String() + "-01", traceID.String()
}

// traceURL is where a development server shows a trace.
func (o Options) traceURL(id string) string {
	return strings.TrimSuffix(o.OpsURL, "/") + "/debug/traces/" + id
}
