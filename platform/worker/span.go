package worker

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/coworkcare/coworkcare/platform/timer"
)

// piece is a piece of a worker's work as a trace shows it.
type piece struct {
	ctx  context.Context
	span trace.Span
}

// begin starts a trace of its own: what follows from a write may happen weeks later, so that it links to the write instead of
// standing below it. cause is the write's trace context as it was kept; empty when it was not traced.
func begin(ctx context.Context, name, cause string, about ...attribute.KeyValue) piece {
	options := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(about...)}
	if at := kept(ctx, cause); at.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: at}))
	}
	inside, span := otel.Tracer("coworkcare/worker").Start(ctx, name, options...)
	return piece{ctx: inside, span: span}
}

// end ends the piece. Of an error the trace says no more than its kind: the text may name a person.
func (p piece) end(err error) {
	if err != nil {
		for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
			err = inner
		}
		p.span.SetAttributes(attribute.String("error.type", fmt.Sprintf("%T", err)))
		p.span.SetStatus(codes.Error, "")
	}
	p.span.End()
}

// kept reads a trace context as it was kept; it is not valid when none was.
func kept(ctx context.Context, cause string) trace.SpanContext {
	bare := trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(bare, propagation.MapCarrier{"traceparent": cause}))
}

// below puts what is done for timers into the trace of the write that they follow from, when they all follow from one.
func below(ctx context.Context, set []timer.Timer) context.Context {
	for _, one := range set {
		if one.Cause != set[0].Cause {
			return ctx
		}
	}
	return trace.ContextWithSpanContext(ctx, kept(ctx, set[0].Cause))
}
