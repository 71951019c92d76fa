package telemetry_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/coworkcare/coworkcare/platform/telemetry"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// at says when a span starts or ends: a time after noon.
func at(after time.Duration) trace.SpanEventOption { return trace.WithTimestamp(noon.Add(after)) }

func recorded(t *testing.T) (*telemetry.Recent, trace.Tracer) {
	t.Helper()
	recent := telemetry.NewRecent()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recent))
	t.Cleanup(func() { require.NoError(t, provider.Shutdown(context.WithoutCancel(t.Context()))) })
	return recent, provider.Tracer("test")
}

func TestRecentTraces(t *testing.T) {
	recent, tracer := recorded(t)
	ctx, write := tracer.Start(t.Context(), "POST /v1/things", at(0), trace.WithSpanKind(trace.SpanKindServer))
	_, statement := tracer.Start(ctx, "INSERT thing", at(time.Millisecond), trace.WithAttributes(attribute.String("db.query.text", "INSERT …")))
	statement.SetStatus(codes.Error, "")
	statement.End(at(2 * time.Millisecond))
	write.End(at(5 * time.Millisecond))
	_, broken := tracer.Start(t.Context(), "GET /v1/things", at(0))
	broken.SetStatus(codes.Error, "")
	broken.End(at(time.Millisecond))
	link := trace.WithLinks(trace.Link{SpanContext: write.SpanContext()})
	ctx, fired := tracer.Start(t.Context(), "fire reminder", at(time.Hour), link, trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(attribute.String("coworkcare.service", "followup")))
	_, update := tracer.Start(ctx, "UPDATE thing", at(time.Hour))
	update.End(at(time.Hour + time.Millisecond))
	fired.End(at(time.Hour + 2*time.Second))
	_, nothing := tracer.Start(t.Context(), "consume thing.made", link, trace.WithSpanKind(trace.SpanKindConsumer))
	nothing.End()

	list := recent.List(telemetry.Filter{})
	require.Len(t, list, 3, "work that came to nothing is not kept")
	require.Equal(t, "fire reminder", list[0].Name, "the latest first")
	require.Equal(t, "followup", list[0].Service)
	require.Equal(t, 2*time.Second, list[0].Duration)
	require.Len(t, list[0].Causes, 1)
	cause := list[0].Causes[0]
	require.Equal(t, telemetry.Link{TraceID: write.SpanContext().TraceID().String(), SpanID: write.SpanContext().SpanID().String(), Kept: true, Name: "POST /v1/things"}, cause)
	require.True(t, list[1].Failed)
	require.Equal(t, "POST /v1/things", list[2].Name)
	require.False(t, list[2].Failed, "what failed below was borne")
	require.Equal(t, 2, list[2].Spans)

	for name, c := range map[string]struct {
		filter telemetry.Filter
		want   []string
	}{
		"by name":   {telemetry.Filter{Name: "insert"}, []string{"POST /v1/things"}},
		"by length": {telemetry.Filter{AtLeast: time.Second}, []string{"fire reminder"}},
		"failed":    {telemetry.Filter{Failed: true}, []string{"GET /v1/things"}},
		"so many":   {telemetry.Filter{Limit: 1}, []string{"fire reminder"}},
		"none":      {telemetry.Filter{Name: "no such"}, nil},
	} {
		var names []string
		for _, s := range recent.List(c.filter) {
			names = append(names, s.Name)
		}
		require.Equal(t, c.want, names, name)
	}

	whole, there := recent.Get(cause.TraceID)
	require.True(t, there)
	require.Equal(t, []int{0}, whole.Roots)
	require.Equal(t, []int{1}, whole.All[0].Children)
	require.Equal(t, "INSERT thing", whole.All[1].Name)
	require.Len(t, whole.All[0].FollowedUpBy, 1)
	require.Equal(t, "fire reminder", whole.All[0].FollowedUpBy[0].Name)
	for _, unknown := range []string{"", "x", "00000000000000000000000000000001"} {
		_, there = recent.Get(unknown)
		require.False(t, there, unknown)
	}
}

// However many traces come, and however large one grows, what is kept is bounded, and the latest stays.
func TestRecentIsBounded(t *testing.T) {
	recent, tracer := recorded(t)
	for i := range telemetry.MostTraces + 10 {
		_, span := tracer.Start(t.Context(), fmt.Sprint("one ", i))
		span.End()
	}
	list := recent.List(telemetry.Filter{})
	require.Len(t, list, telemetry.MostTraces)
	require.Equal(t, fmt.Sprint("one ", telemetry.MostTraces+9), list[0].Name)

	// What follows from a trace that is still added to stays with it.
	ctx, walk := tracer.Start(t.Context(), "walk")
	_, fired := tracer.Start(t.Context(), "fire", trace.WithLinks(trace.Link{SpanContext: walk.SpanContext()}))
	fired.End()
	for range telemetry.MostTraces + 10 {
		_, span := tracer.Start(t.Context(), "one")
		span.End()
		_, step := tracer.Start(ctx, "step")
		step.End()
	}
	_, there := recent.Get(fired.SpanContext().TraceID().String())
	require.True(t, there)
	require.Len(t, recent.List(telemetry.Filter{}), telemetry.MostTraces)

	last := ""
	for range 8 {
		ctx, root := tracer.Start(t.Context(), "large")
		for range telemetry.MostSpansOfATrace + 5 {
			_, span := tracer.Start(ctx, "small")
			span.End()
		}
		root.End()
		last = root.SpanContext().TraceID().String()
	}
	kept := 0
	for _, s := range recent.List(telemetry.Filter{}) {
		whole, there := recent.Get(s.TraceID)
		require.True(t, there)
		kept += len(whole.All)
	}
	require.LessOrEqual(t, kept, telemetry.MostSpans)
	whole, there := recent.Get(last)
	require.True(t, there, "the latest stays")
	require.Equal(t, 6, whole.LeftOut)
	require.Equal(t, telemetry.MostSpansOfATrace+6, whole.Spans)
}
