package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// What the tail holds at most.
const (
	mostHeld          = 1000
	mostHeldSpans     = 10_000
	mostHeldOfATrace  = 1000
	longestHeld       = 5 * time.Minute // far above the longest call: what is open longer waits on purpose, or hangs
	mostDecided       = 4096
	sentAtOnce        = 512 // spans, while the process stops
	defaultSlow       = time.Second
	outcomeSampled    = "sampled"
	outcomeFailed     = "failed"
	outcomeSlow       = "slow"
	outcomeDropped    = "dropped"
	outcomeCutShort   = "cut_short" // there was no more room, or no more time
	outcomeUnfinished = "unfinished"
)

// tail decides about a trace when it is known how it went. What the sampler has chosen passes at once. The rest is held until the
// trace's part in this process is over, and passes when a call or a piece of work in it failed or was slow; else it is dropped. The
// sampled flag stays as the sampler set it, so that other processes do not send their parts of what they cannot know to be of note.
//
// It is bounded: the trace held longest is given up for a new one, and none is held longer than some minutes.
type tail struct {
	next  sdktrace.SpanProcessor
	slow  time.Duration
	waits map[string]bool // the names of calls that take long on purpose

	mu      sync.Mutex
	held    *simplelru.LRU[trace.TraceID, *holding] // in the order of their beginnings: entries are peeked at, never got
	spans   int                                     // held in all
	decided *simplelru.LRU[trace.TraceID, bool]     // whether the part before was kept: a trace may come and go several times
	count   metric.Int64Counter
}

// holding is the part of a trace that is under way in this process.
type holding struct {
	began   time.Time
	open    int // spans that have not ended
	outcome string
	spans   []sdktrace.ReadOnlySpan
}

func (h *holding) kept() bool { return h.outcome != "" }

func newTail(next sdktrace.SpanProcessor, slow time.Duration, waits map[string]bool) *tail {
	t := &tail{next: next, slow: slow, waits: waits}
	// Sizes over zero are all that NewLRU can mind.
	t.held, _ = simplelru.NewLRU[trace.TraceID, *holding](mostHeld+1, nil)
	t.decided, _ = simplelru.NewLRU[trace.TraceID, bool](mostDecided, nil)
	// Without a counter nothing is counted, which is no reason to stop.
	t.count, _ = otel.Meter("coworkcare/telemetry").Int64Counter("coworkcare.trace.decisions",
		metric.WithDescription("Traces by what was decided when their part in this process was over."))
	return t
}

// OnStart implements sdktrace.SpanProcessor.
func (t *tail) OnStart(_ context.Context, span sdktrace.ReadWriteSpan) {
	id := span.SpanContext().TraceID()
	t.mu.Lock()
	defer t.mu.Unlock()
	h, there := t.held.Peek(id)
	if !there {
		h = &holding{began: span.StartTime()}
		if before, _ := t.decided.Get(id); before {
			h.outcome = outcomeSampled // the trace stays whole
		}
		t.held.Add(id, h)
		t.makeRoom(span.StartTime())
	}
	h.open++
	if span.SpanContext().IsSampled() {
		h.outcome = outcomeSampled
	}
}

// makeRoom gives up what is held longest, when there is too much or it is too old.
func (t *tail) makeRoom(now time.Time) {
	for {
		id, h, there := t.held.GetOldest()
		if !there || t.held.Len() <= mostHeld && t.spans <= mostHeldSpans && now.Sub(h.began) <= longestHeld {
			return
		}
		if !h.kept() {
			h.outcome = outcomeCutShort
			t.drop(h)
			t.finish(id, h, false)
			continue
		}
		t.finish(id, h, true)
	}
}

// OnEnd implements sdktrace.SpanProcessor.
func (t *tail) OnEnd(span sdktrace.ReadOnlySpan) {
	id := span.SpanContext().TraceID()
	t.mu.Lock()
	defer t.mu.Unlock()
	h, there := t.held.Peek(id)
	if !there {
		// Its trace was given up, or is long over.
		before, _ := t.decided.Get(id)
		if before || span.SpanContext().IsSampled() || t.ofNote(span) != "" {
			t.next.OnEnd(chosen{span})
		}
		return
	}
	h.open--
	if !h.kept() {
		h.outcome = t.ofNote(span)
	}
	switch {
	case h.kept():
		t.pass(h)
		t.next.OnEnd(chosen{span})
	case len(h.spans) < mostHeldOfATrace:
		h.spans = append(h.spans, span)
		t.spans++
	}
	if h.open <= 0 {
		t.finish(id, h, h.kept())
	}
	t.makeRoom(span.EndTime())
}

// ofNote says why a span makes its trace worth keeping; nothing when it does not. Only a call that came in here, or a piece of work
// that began here, speaks for the trace: what it asked of others may fail and be borne.
func (t *tail) ofNote(span sdktrace.ReadOnlySpan) string {
	if !isEntry(span.Parent()) {
		return ""
	}
	switch {
	case span.Status().Code == codes.Error:
		return outcomeFailed
	case t.slow > 0 && span.EndTime().Sub(span.StartTime()) >= t.slow && !t.waits[span.Name()]:
		return outcomeSlow
	}
	return ""
}

// pass sends what is held of a trace on.
func (t *tail) pass(h *holding) {
	for _, span := range h.spans {
		t.next.OnEnd(chosen{span})
	}
	t.drop(h)
}

func (t *tail) drop(h *holding) {
	t.spans -= len(h.spans)
	h.spans = nil
}

// finish ends the holding of a trace and remembers what became of it.
func (t *tail) finish(id trace.TraceID, h *holding, kept bool) {
	t.drop(h)
	t.held.Remove(id)
	t.decided.Add(id, kept)
	outcome := h.outcome
	if outcome == "" {
		outcome = outcomeDropped
	}
	if t.count != nil {
		t.count.Add(context.Background(), 1, metric.WithAttributes(attribute.String("outcome", outcome)))
	}
}

// Shutdown implements sdktrace.SpanProcessor. What is still under way is sent as far as it has come: how it would have gone is not
// known, and that the process stopped in the middle of it may be what somebody looks for.
func (t *tail) Shutdown(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	waiting := 0
	for {
		id, h, there := t.held.GetOldest()
		if !there {
			break
		}
		if !h.kept() {
			h.outcome = outcomeUnfinished
		}
		for len(h.spans) > 0 {
			some := h.spans[:min(len(h.spans), sentAtOnce)]
			if waiting += len(some); waiting > sentAtOnce {
				errs = append(errs, t.next.ForceFlush(ctx)) // the way out holds only so many
				waiting = len(some)
			}
			for _, span := range some {
				t.next.OnEnd(chosen{span})
			}
			t.spans -= len(some)
			h.spans = h.spans[len(some):]
		}
		t.finish(id, h, true)
	}
	return errors.Join(append(errs, t.next.Shutdown(ctx))...)
}

// ForceFlush implements sdktrace.SpanProcessor.
func (t *tail) ForceFlush(ctx context.Context) error { return t.next.ForceFlush(ctx) }

// chosen is a span that is to be sent, whatever the sampler thought of it.
type chosen struct{ sdktrace.ReadOnlySpan }

// SpanContext says that the span is sampled, without which no exporter takes it.
func (c chosen) SpanContext() trace.SpanContext {
	inner := c.ReadOnlySpan.SpanContext()
	return inner.WithTraceFlags(inner.TraceFlags().WithSampled(true))
}
