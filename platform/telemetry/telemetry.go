// Package telemetry sets up traces, metrics and logs. Where traces go is said by the standard OTEL_* variables; without them
// none leave the process. Nothing about a patient stands in any of it: ids made by the server, codes, times and counts.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	prometheusexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// Telemetry is a process's signals.
type Telemetry struct {
	// Registry holds the metrics that the operations port shows.
	Registry *prometheus.Registry
	// Recent keeps the last traces, where Start was asked for that; else nil.
	Recent *Recent

	slow time.Duration
	stop []func(context.Context) error
}

// Option changes what Start sets up.
type Option func(*Telemetry)

// KeepRecent keeps the last traces in memory, beside sending them where they are to go.
func KeepRecent() Option { return func(t *Telemetry) { t.Recent = NewRecent() } }

// SlowerThan sends every trace of a call or a piece of work that takes this long, whatever share is sampled; 0 sends none for that.
// Without this option it is a second.
func SlowerThan(slow time.Duration) Option { return func(t *Telemetry) { t.slow = slow } }

// Start sets up the process-wide providers. version is the program's.
func Start(ctx context.Context, version string, options ...Option) (*Telemetry, error) {
	t := &Telemetry{Registry: prometheus.NewRegistry(), slow: defaultSlow}
	for _, option := range options {
		option(t)
	}
	t.Registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	described, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithAttributes(
		semconv.ServiceName("coworkcare"), semconv.ServiceVersion(version)), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("describing the process to its telemetry: %w", err)
	}
	otel.SetTextMapPropagator(propagation.TraceContext{})
	traces, err := t.traces(ctx, described)
	if err != nil {
		return nil, err
	}
	otel.SetTracerProvider(traces)
	reader, err := prometheusexporter.New(prometheusexporter.WithRegisterer(t.Registry), prometheusexporter.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("setting up metrics: %w", err)
	}
	meters := metric.NewMeterProvider(metric.WithReader(reader), metric.WithResource(described))
	otel.SetMeterProvider(meters)
	t.stop = append(t.stop, meters.Shutdown)
	return t, nil
}

// traces sends traces where OTEL_TRACES_EXPORTER or an OTLP endpoint says, and keeps the last ones where that was asked for.
func (t *Telemetry) traces(ctx context.Context, described *resource.Resource) (trace.TracerProvider, error) {
	tracing := Tracing{Slow: t.slow, Recent: t.Recent, Resource: described}
	var err error
	if tracing.Sampler, err = samplerOf(os.Getenv); err != nil {
		return nil, fmt.Errorf("choosing the traces to send: %w", err)
	}
	for _, variable := range []string{"OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		if os.Getenv(variable) == "" || tracing.Exporter != nil {
			continue
		}
		if tracing.Exporter, err = autoexport.NewSpanExporter(ctx); err != nil {
			return nil, fmt.Errorf("setting up the export of traces: %w", err)
		}
	}
	if autoexport.IsNoneSpanExporter(tracing.Exporter) {
		tracing.Exporter = nil
	}
	provider := tracing.Provider()
	t.stop = append(t.stop, provider.Shutdown)
	return provider, nil
}

// Stop sends what is still to be sent.
func (t *Telemetry) Stop(ctx context.Context) error {
	var errs []error
	for _, stop := range t.stop {
		errs = append(errs, stop(ctx))
	}
	return errors.Join(errs...)
}

// NewLog makes a structured log, one JSON object a line, each with the trace it belongs to.
func NewLog(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(traced{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})})
}

type traced struct{ slog.Handler }

// Handle adds the trace of the context.
func (h traced) Handle(ctx context.Context, record slog.Record) error {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs keeps the trace on derived logs.
func (h traced) WithAttrs(attrs []slog.Attr) slog.Handler { return traced{h.Handler.WithAttrs(attrs)} }

// WithGroup keeps the trace on derived logs.
func (h traced) WithGroup(name string) slog.Handler { return traced{h.Handler.WithGroup(name)} }
