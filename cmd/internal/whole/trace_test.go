package whole_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/coworkcare/coworkcare/platform/date"
)

// work runs what a process does unasked; the function that it returns ends that.
func (w *world) work(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Work(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-done)
	}
}

// inTrace are the ended spans of a trace, by name; of several with one name the first.
func (seen *sightings) inTrace(id trace.TraceID) map[string]sdktrace.ReadOnlySpan {
	found := map[string]sdktrace.ReadOnlySpan{}
	for _, span := range seen.spans.Ended() {
		if span.SpanContext().TraceID() != id {
			continue
		}
		if _, there := found[span.Name()]; !there {
			found[span.Name()] = span
		}
	}
	return found
}

// rootOf is the latest span with a name that stands below no other.
func (seen *sightings) rootOf(name string) sdktrace.ReadOnlySpan {
	var found sdktrace.ReadOnlySpan
	for _, span := range seen.spans.Ended() {
		if span.Name() == name && !span.Parent().IsValid() {
			found = span
		}
	}
	return found
}

const (
	createFollowUp = "coworkcare.followup.v1.FollowUpService/CreateFollowUp"
	createRoute    = "POST /v1/patients/{follow_up.patient_id}/followUps"
)

// write creates a follow-up due tomorrow over REST, which sets a timer, and gives the span that the gateway made of it.
func (w *world) write(t *testing.T, seen *sightings) sdktrace.ReadOnlySpan {
	t.Helper()
	m := w.method("FollowUpService.CreateFollowUp")
	st := w.prepared(t, m)
	request := m.overREST(t, st.sample(m))
	request.body["dueDate"] = date.Of(w.clock.Now()).AddDays(1).String() // near enough for Redis
	got := w.send(request, st.token(m.caller(), st.place))
	require.Equal(t, http.StatusCreated, got.status, "%s", got.body)
	gateway := seen.rootOf(createRoute)
	require.NotNil(t, gateway, "no trace begins with %s", createRoute)
	return gateway
}

// One call over REST is one trace: the gateway, the call within the process and its answer, every statement, and what Redis was
// told, each below what did it.
func TestOneCallIsOneTrace(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			seen := watch(t)
			w := newWorld(t, start(t, engine))
			defer w.work(t)()
			gateway := w.write(t, seen)
			id := gateway.SpanContext().TraceID()
			require.Eventually(t, func() bool {
				spans := seen.inTrace(id)
				return spans["publish"] != nil && spans["redis.pipeline zadd"] != nil
			}, time.Minute, 5*time.Millisecond, "Redis is told of the write, in its trace")

			byID, kinds := map[trace.SpanID]sdktrace.ReadOnlySpan{}, map[trace.SpanKind]sdktrace.ReadOnlySpan{}
			for _, span := range seen.spans.Ended() {
				if span.SpanContext().TraceID() != id {
					continue
				}
				byID[span.SpanContext().SpanID()] = span
				if span.Name() == createFollowUp {
					kinds[span.SpanKind()] = span
				}
			}
			client, server := kinds[trace.SpanKindClient], kinds[trace.SpanKindServer]
			require.NotNil(t, client, "the gateway's call")
			require.NotNil(t, server, "the service's answer")
			require.Equal(t, gateway.SpanContext().SpanID(), client.Parent().SpanID())
			require.Equal(t, client.SpanContext().SpanID(), server.Parent().SpanID())

			spans := seen.inTrace(id)
			for _, name := range []string{"BEGIN followup", "INSERT followup", "COMMIT followup", "publish", "redis.pipeline zadd"} {
				require.NotNil(t, spans[name], name)
				require.Equal(t, server.SpanContext().SpanID(), spans[name].Parent().SpanID(), "%s stands below the service's answer", name)
			}
			for _, span := range byID {
				if span != gateway {
					require.NotNil(t, byID[span.Parent().SpanID()], "%s stands below a span of the same trace", span.Name())
				}
			}
		})
	}
}

// What happens because of a write, however much later, is a trace of its own that links to the write.
func TestWhatFollowsLinksToItsCause(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			seen := watch(t)
			w := newWorld(t, start(t, engine))
			cause := w.write(t, seen).SpanContext().TraceID()
			w.settle()
			_, err := w.Advance(context.WithoutCancel(t.Context()), func(to time.Time) error { w.clock.Set(to); return nil }, w.clock.Now().AddDate(0, 0, 60))
			require.NoError(t, err)

			fired, statements := 0, 0
			for _, span := range seen.spans.Ended() {
				if !strings.HasPrefix(span.Name(), "fire ") || len(span.Links()) == 0 || span.Links()[0].SpanContext.TraceID() != cause {
					continue
				}
				fired++
				require.Equal(t, trace.SpanKindConsumer, span.SpanKind())
				require.False(t, span.Parent().IsValid(), "a trace of its own")
				require.NotEqual(t, cause, span.SpanContext().TraceID())
				for _, below := range seen.spans.Ended() {
					if below.Parent().SpanID() == span.SpanContext().SpanID() {
						statements++
					}
				}
			}
			require.GreaterOrEqual(t, fired, 2, "the reminder, and what follows from it in turn")
			require.NotZero(t, statements, "what a timer does stands below it")

			for _, span := range seen.spans.Ended() {
				if strings.HasPrefix(span.Name(), "fire ") {
					require.Len(t, span.Links(), 1, "every timer of %s follows from something", span.Name())
				}
			}
		})
	}
}
