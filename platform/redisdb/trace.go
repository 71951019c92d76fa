package redisdb

import (
	"context"

	"go.opentelemetry.io/otel"
	oteltrace "go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"
)

// belowParent makes spans only below another span: a worker that asks Redis ten
// times a second makes no traces of nothing.
type belowParent struct{ embedded.TracerProvider }

func (belowParent) Tracer(name string, opts ...oteltrace.TracerOption) oteltrace.Tracer {
	return belowParentTracer{inner: otel.GetTracerProvider().Tracer(name, opts...)}
}

type belowParentTracer struct {
	embedded.Tracer
	inner oteltrace.Tracer
}

func (t belowParentTracer) Start(ctx context.Context, name string, opts ...oteltrace.SpanStartOption) (context.Context, oteltrace.Span) {
	if !oteltrace.SpanContextFromContext(ctx).IsValid() {
		return noop.NewTracerProvider().Tracer("").Start(ctx, name)
	}
	return t.inner.Start(ctx, name, opts...)
}
