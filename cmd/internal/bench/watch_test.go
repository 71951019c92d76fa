package bench

import (
	"sync/atomic"

	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// watch sees the statements of single calls through the product's own traces. While it is closed no trace is sampled, as in a
// product without an exporter.
type watch struct {
	sampled atomic.Bool
	kept    *tracetest.InMemoryExporter
}

// watchTraces takes the place of the product's traces, before anything is built that makes some.
func watchTraces() *watch {
	w := &watch{kept: tracetest.NewInMemoryExporter()}
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(w), sdktrace.WithSyncer(w.kept)))
	return w
}

// ShouldSample implements sdktrace.Sampler.
func (w *watch) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if w.sampled.Load() {
		return sdktrace.AlwaysSample().ShouldSample(p)
	}
	return sdktrace.NeverSample().ShouldSample(p)
}

// Description implements sdktrace.Sampler.
func (w *watch) Description() string { return "while a call is watched" }

func (w *watch) open() {
	w.kept.Reset()
	w.sampled.Store(true)
}

// close gives the statements seen since open in their order, transactions' ends among them under the names of their spans.
func (w *watch) close() []string {
	w.sampled.Store(false)
	var seen []string
	for _, span := range w.kept.GetSpans() {
		text, sql := "", false
		for _, a := range span.Attributes {
			switch a.Key {
			case "db.query.text", "db.statement":
				text = a.Value.AsString()
			case "db.namespace":
				sql = true
			}
		}
		if !sql {
			continue
		}
		if text == "" {
			text = span.Name
		}
		seen = append(seen, text)
	}
	return seen
}
