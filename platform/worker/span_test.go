package worker_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// recorded has every span of the test recorded.
func recorded(t *testing.T) (*tracetest.SpanRecorder, trace.Tracer) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	return recorder, provider.Tracer("test")
}

// spansOf are the ended spans of a name.
func spansOf(recorder *tracetest.SpanRecorder, name string) (found []sdktrace.ReadOnlySpan) {
	for _, span := range recorder.Ended() {
		if span.Name() == name {
			found = append(found, span)
		}
	}
	return found
}

// From the write over an event, a timer, and the timer that this one sets: each is a trace of its own, and each links to the write.
func TestEverythingLinksToTheWrite(t *testing.T) {
	recorder, tracer := recorded(t)
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		recorder.Reset()
		from, acts := pair(t, open)
		ctx, write := tracer.Start(t.Context(), "write")
		require.NoError(t, from.acts.Run(ctx, func(tx *act.Tx) error {
			return tx.Emit(act.Event{Type: "thing.moved", ResourceID: "r", Revision: 1, Snapshot: &eventv1.Event{}})
		}))
		write.End()
		_, err := (&worker.Numberer{Acts: from.acts, Log: from.acts.Log}).Drain(t.Context())
		require.NoError(t, err)
		// The work is done within somebody's call, such as one that moves the test clock: that is not its cause.
		aside, call := tracer.Start(t.Context(), "call")
		defer call.End()
		c := consumer(acts, from, func(tx *act.Tx, _ *eventv1.Event) error {
			return tx.SetTimer(due("remind", "k", time.Minute))
		}, newWall())
		_, err = c.Drain(aside)
		require.NoError(t, err)
		timers := timersOf(acts, newWall(), map[string]worker.TimerHandler{
			"remind":   func(tx *act.Tx, one timer.Timer) error { return tx.SetTimer(due("escalate", one.Key, 2*time.Minute)) },
			"escalate": byTimer,
		})
		for minutes := range 2 {
			move(acts, time.Duration(minutes+1)*time.Minute)
			_, err = timers.Drain(aside)
			require.NoError(t, err)
		}
		seen := map[trace.TraceID]bool{write.SpanContext().TraceID(): true, call.SpanContext().TraceID(): true}
		for _, name := range []string{"consume thing.moved", "fire remind", "fire escalate"} {
			spans := spansOf(recorder, name)
			require.Len(t, spans, 1, name)
			span := spans[0]
			require.Equal(t, trace.SpanKindConsumer, span.SpanKind(), name)
			require.False(t, span.Parent().IsValid(), name)
			require.False(t, seen[span.SpanContext().TraceID()], "%s is a trace of its own", name)
			seen[span.SpanContext().TraceID()] = true
			require.Len(t, span.Links(), 1, name)
			require.Equal(t, write.SpanContext().TraceID(), span.Links()[0].SpanContext.TraceID(), name)
			require.Equal(t, write.SpanContext().SpanID(), span.Links()[0].SpanContext.SpanID(), name)
			below := 0
			for _, other := range recorder.Ended() {
				if other.Parent().SpanID() == span.SpanContext().SpanID() {
					below++
				}
			}
			require.NotZero(t, below, "what %s does stands below it", name)
		}
	})
}

// Work that fails is marked so in its trace, which says of the error no more than its kind.
func TestFailedWorkInTraces(t *testing.T) {
	const canary = "canary191212121212"
	recorder, _ := recorded(t)
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		recorder.Reset()
		from, acts := pair(t, open)
		from.tell(t, "r", 1)
		drain(t, consumer(acts, from, func(*act.Tx, *eventv1.Event) error { return fmt.Errorf("of %s: %w", canary, errors.New(canary)) }, newWall()))
		set(t, acts, due("remind", "k", 0))
		fired(t, timersOf(acts, newWall(), map[string]worker.TimerHandler{"remind": func(*act.Tx, timer.Timer) error { panic(canary) }}))
		for _, name := range []string{"consume thing.moved", "fire remind"} {
			spans := spansOf(recorder, name)
			require.NotEmpty(t, spans, name)
			for _, span := range spans {
				require.Equal(t, codes.Error, span.Status().Code, name)
				told := fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status())
				require.Contains(t, told, "error.type")
				require.NotContains(t, told, canary)
			}
		}
	})
}
