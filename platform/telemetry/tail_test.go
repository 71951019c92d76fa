package telemetry_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1" // a contract with a call that waits

	"github.com/coworkcare/coworkcare/platform/telemetry"
)

// sink is where traces are sent.
type sink struct {
	mu    sync.Mutex
	names []string
}

func (s *sink) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, span := range spans {
		s.names = append(s.names, span.Name())
	}
	return nil
}

func (s *sink) Shutdown(context.Context) error { return nil }

// sent are the names of what was sent, in order of the alphabet.
func (s *sink) sent() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := slices.Clone(s.names)
	slices.Sort(names)
	return names
}

const slow = time.Second

// traced gives a tracer whose spans go to a sink, by a sampler.
func traced(t *testing.T, sampler sdktrace.Sampler) (*sink, *sdktrace.TracerProvider, trace.Tracer) {
	t.Helper()
	to := &sink{}
	provider := telemetry.Tracing{Exporter: to, Sampler: sampler, Slow: slow}.Provider()
	t.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(t.Context())) })
	return to, provider, provider.Tracer("test")
}

// call makes a trace of a call with a statement below it.
func call(ctx context.Context, tracer trace.Tracer, name string, took time.Duration, failed, statementFailed bool) {
	ctx, root := tracer.Start(ctx, name, at(0), trace.WithSpanKind(trace.SpanKindServer))
	_, statement := tracer.Start(ctx, name+" statement", at(0))
	if statementFailed {
		statement.SetStatus(codes.Error, "")
	}
	statement.End(at(time.Millisecond))
	if failed {
		root.SetStatus(codes.Error, "")
	}
	root.End(at(took))
}

// What failed or was slow is sent whole, whatever share of the rest is.
func TestWhatIsOfNoteIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		sampler sdktrace.Sampler
		want    []string
	}{
		"none":   {sdktrace.NeverSample(), []string{"failed", "failed statement", "slow", "slow statement"}},
		"ratio":  {sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0)), []string{"failed", "failed statement", "slow", "slow statement"}},
		"all":    {sdktrace.AlwaysSample(), []string{"GET /v1/events", "GET /v1/events statement", "borne", "borne statement", "failed", "failed statement", "quick", "quick statement", "slow", "slow statement"}},
		"unsaid": {nil, []string{"GET /v1/events", "GET /v1/events statement", "borne", "borne statement", "failed", "failed statement", "quick", "quick statement", "slow", "slow statement"}},
	} {
		t.Run(name, func(t *testing.T) {
			to, provider, tracer := traced(t, c.sampler)
			call(t.Context(), tracer, "quick", slow-time.Millisecond, false, false)
			call(t.Context(), tracer, "slow", slow, false, false)
			call(t.Context(), tracer, "failed", time.Millisecond, true, false)
			call(t.Context(), tracer, "borne", time.Millisecond, false, true)
			call(t.Context(), tracer, "GET /v1/events", time.Minute, false, false)
			require.NoError(t, provider.ForceFlush(t.Context()))
			require.Equal(t, c.want, to.sent())
		})
	}
}

// A caller's word that a trace is not sampled does not hide a failure, and the flag is passed on as it came.
func TestACallersTrace(t *testing.T) {
	to, provider, tracer := traced(t, nil)
	caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, Remote: true})
	ctx := trace.ContextWithRemoteSpanContext(t.Context(), caller)
	call(ctx, tracer, "quick", time.Millisecond, false, false)
	call(ctx, tracer, "failed", time.Millisecond, true, false)
	inside, span := tracer.Start(ctx, "open")
	require.True(t, span.IsRecording())
	require.False(t, trace.SpanContextFromContext(inside).IsSampled())
	span.End()
	require.NoError(t, provider.ForceFlush(t.Context()))
	require.Equal(t, []string{"failed", "failed statement", "open"}, to.sent(), "once a part was kept, what follows is kept with it")
}

// What ends after its trace was decided about goes the same way.
func TestLateSpans(t *testing.T) {
	to, provider, tracer := traced(t, sdktrace.NeverSample())
	for _, name := range []string{"quick", "failed"} {
		ctx, root := tracer.Start(t.Context(), name)
		if name == "failed" {
			root.SetStatus(codes.Error, "")
		}
		root.End()
		_, late := tracer.Start(ctx, name+" late")
		late.End()
	}
	require.NoError(t, provider.ForceFlush(t.Context()))
	require.Equal(t, []string{"failed", "failed late"}, to.sent())
}

// passing is a processor that counts what passes.
type passing struct{ spans int }

func (p *passing) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (p *passing) OnEnd(span sdktrace.ReadOnlySpan)                { p.spans++ }
func (p *passing) Shutdown(context.Context) error                  { return nil }
func (p *passing) ForceFlush(context.Context) error                { return nil }

func held(t *testing.T) (*telemetry.Tail, *passing, trace.Tracer) {
	t.Helper()
	out := &passing{}
	tail := telemetry.NewTail(out, slow, nil)
	provider := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.AlwaysRecord(sdktrace.NeverSample())), sdktrace.WithSpanProcessor(tail))
	return tail, out, provider.Tracer("test")
}

func TestTheTailIsBounded(t *testing.T) {
	t.Run("in traces", func(t *testing.T) {
		tail, out, tracer := held(t)
		var first trace.Span
		for i := range telemetry.MostHeld + 50 {
			ctx, root := tracer.Start(t.Context(), "open", at(0))
			if i == 0 {
				first = root
			}
			_, statement := tracer.Start(ctx, "statement", at(0))
			statement.End(at(time.Millisecond))
			traces, spans := tail.Held()
			require.LessOrEqual(t, traces, telemetry.MostHeld)
			require.LessOrEqual(t, spans, telemetry.MostHeldSpans)
		}
		first.SetStatus(codes.Error, "")
		first.End(at(time.Millisecond))
		require.Equal(t, 1, out.spans, "the failure of a trace that was given up is still told")
	})
	t.Run("in spans of a trace", func(t *testing.T) {
		tail, out, tracer := held(t)
		ctx, root := tracer.Start(t.Context(), "open", at(0))
		for range telemetry.MostHeldOfATrace + 50 {
			_, statement := tracer.Start(ctx, "statement", at(0))
			statement.End(at(time.Millisecond))
		}
		_, spans := tail.Held()
		require.Equal(t, telemetry.MostHeldOfATrace, spans)
		root.End(at(slow))
		require.Equal(t, telemetry.MostHeldOfATrace+1, out.spans)
		traces, spans := tail.Held()
		require.Zero(t, traces+spans)
	})
	t.Run("in spans", func(t *testing.T) {
		tail, _, tracer := held(t)
		for i := range 20 {
			ctx, _ := tracer.Start(t.Context(), fmt.Sprint("open ", i), at(0))
			for range telemetry.MostHeldOfATrace {
				_, statement := tracer.Start(ctx, "statement", at(0))
				statement.End(at(time.Millisecond))
			}
			_, spans := tail.Held()
			require.LessOrEqual(t, spans, telemetry.MostHeldSpans)
		}
	})
	t.Run("in time", func(t *testing.T) {
		tail, _, tracer := held(t)
		_, _ = tracer.Start(t.Context(), "never ends", at(0))
		_, next := tracer.Start(t.Context(), "next", at(telemetry.LongestHeld+time.Second))
		traces, _ := tail.Held()
		require.Equal(t, 1, traces)
		next.End(at(telemetry.LongestHeld + time.Second))
		traces, _ = tail.Held()
		require.Zero(t, traces)
	})
}

// Whatever was decided, or is still under way, leaves the process before it ends.
func TestNothingIsLostWhenTheProcessStops(t *testing.T) {
	to, provider, tracer := traced(t, sdktrace.NeverSample())
	want := 0
	for range 8 { // more than the way out holds at once
		ctx, _ := tracer.Start(t.Context(), "under way", at(0))
		for range 500 {
			_, statement := tracer.Start(ctx, "statement", at(0))
			statement.End(at(time.Millisecond))
			want++
		}
	}
	call(t.Context(), tracer, "failed", time.Millisecond, true, false)
	require.NoError(t, provider.Shutdown(t.Context()))
	require.Len(t, to.sent(), want+2)
}

func TestTracesAtOnce(t *testing.T) {
	to, provider, tracer := traced(t, sdktrace.NeverSample())
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for j := range 50 {
				call(t.Context(), tracer, "call", time.Millisecond, (i+j)%10 == 0, false)
			}
		})
	}
	group.Wait()
	require.NoError(t, provider.ForceFlush(t.Context()))
	require.Len(t, to.sent(), 2*40)
}

func TestSampler(t *testing.T) {
	for _, c := range []struct{ name, arg, want string }{
		{"", "", "ParentBased{root:AlwaysOnSampler"},
		{"always_on", "", "AlwaysOnSampler"},
		{"always_off", "", "AlwaysOffSampler"},
		{" TraceIdRatio ", "0.25", "TraceIDRatioBased{0.25}"},
		{"traceidratio", "", "TraceIDRatioBased{1}"},
		{"parentbased_always_off", "", "ParentBased{root:AlwaysOffSampler"},
		{"parentbased_traceidratio", "0.5", "ParentBased{root:TraceIDRatioBased{0.5}"},
	} {
		sampler, err := telemetry.SamplerOf(variables(c.name, c.arg))
		require.NoError(t, err, c.name)
		require.Contains(t, sampler.Description(), c.want)
	}
	for _, c := range [][2]string{{"sometimes", ""}, {"traceidratio", "x"}, {"traceidratio", "-0.1"}, {"parentbased_traceidratio", "1.1"}, {"traceidratio", "NaN"}} {
		_, err := telemetry.SamplerOf(variables(c[0], c[1]))
		require.ErrorContains(t, err, "OTEL_TRACES_SAMPLER", "%v", c)
		require.ErrorContains(t, err, "write", "%v", c)
	}
}

func variables(name, arg string) func(string) string {
	return func(variable string) string {
		return map[string]string{"OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": arg}[variable]
	}
}

func TestLongPolls(t *testing.T) {
	polls := telemetry.LongPolls()
	require.True(t, polls["GET /v1/events"])
	require.True(t, polls["coworkcare.event.v1.EventService/ListEvents"])
}
