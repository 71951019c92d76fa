package telemetry

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// What Recent keeps at most.
const (
	mostTraces        = 5000
	mostSpans         = 50_000
	mostSpansOfATrace = 8000
)

// serviceKey is the attribute by which a worker's span says whose worker it is.
const serviceKey = attribute.Key("coworkcare.service")

// Recent keeps the last traces of this process in memory, to be looked at where nothing collects them: on a laptop. It is bounded;
// the trace that was added to least recently goes first, but what follows from a trace that is still added to stays with it. A piece of a worker's work that came to nothing, such as an event that does
// not concern the service, is not kept.
type Recent struct {
	mu     sync.Mutex
	traces *simplelru.LRU[trace.TraceID, *heap]
	spans  int
	steps  int // counts the changes, for which of two came last
}

// heap is what is kept of a trace, in the order in which its spans ended.
type heap struct {
	spans   []Span
	leftOut int
	touched int           // the step at which it was added to last
	cause   trace.TraceID // that its first root links to
}

// Span is what is kept of a span.
type Span struct {
	ID           string            `json:"spanId"`
	ParentID     string            `json:"parentSpanId,omitempty"`
	Name         string            `json:"name"`
	Kind         string            `json:"kind"`
	Start        time.Time         `json:"startTime"`
	Duration     time.Duration     `json:"durationNanos"`
	Failed       bool              `json:"failed,omitempty"`
	Service      string            `json:"service,omitempty"` // whose worker did it
	Attributes   []Attribute       `json:"attributes,omitempty"`
	Links        []Link            `json:"links,omitempty"`
	FollowedUpBy []Summary         `json:"followedUpBy,omitempty"` // the traces that link here
	Children     []int             `json:"-"`                      // places in the trace's list
	parent       trace.SpanContext // as it was recorded
}

// Attribute is what a span says about itself.
type Attribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Link names a span of another trace.
type Link struct {
	TraceID string `json:"traceId"`
	SpanID  string `json:"spanId"`
	Kept    bool   `json:"kept"` // it can be shown here
	Name    string `json:"name,omitempty"`
}

// Summary is a trace in a line.
type Summary struct {
	TraceID  string        `json:"traceId"`
	Name     string        `json:"name"`
	Service  string        `json:"service,omitempty"` // whose worker did it; empty: a call
	Start    time.Time     `json:"startTime"`
	Duration time.Duration `json:"durationNanos"`
	Spans    int           `json:"spans"`
	Failed   bool          `json:"failed"`           // a call or a piece of work in it did; what it asked of others may fail and be borne
	Causes   []Link        `json:"causes,omitempty"` // that its roots link to
}

// Trace is a trace with all that is kept of it.
type Trace struct {
	Summary
	// All are its spans by start time.
	All []Span `json:"allSpans"`
	// Roots are the places in All of those whose parent is not kept, in order.
	Roots []int `json:"-"`
	// LeftOut is how many spans found no room.
	LeftOut int `json:"leftOut,omitempty"`
}

// NewRecent makes an empty store.
func NewRecent() *Recent {
	r := &Recent{}
	// The size is over zero, which is all that NewLRU can mind.
	r.traces, _ = simplelru.NewLRU(mostTraces+1, func(_ trace.TraceID, h *heap) { r.spans -= len(h.spans) })
	return r
}

var _ sdktrace.SpanProcessor = (*Recent)(nil)

// OnStart implements sdktrace.SpanProcessor.
func (r *Recent) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// Shutdown implements sdktrace.SpanProcessor.
func (r *Recent) Shutdown(context.Context) error { return nil }

// ForceFlush implements sdktrace.SpanProcessor.
func (r *Recent) ForceFlush(context.Context) error { return nil }

// OnEnd implements sdktrace.SpanProcessor.
func (r *Recent) OnEnd(span sdktrace.ReadOnlySpan) {
	id := span.SpanContext().TraceID()
	r.mu.Lock()
	defer r.mu.Unlock()
	h, there := r.traces.Get(id)
	if !there {
		if span.SpanKind() == trace.SpanKindConsumer && span.Status().Code != codes.Error {
			return // nothing stands below it
		}
		h = &heap{}
		r.traces.Add(id, h)
	}
	r.steps++
	h.touched = r.steps
	if links := span.Links(); len(links) > 0 && !h.cause.IsValid() && isEntry(span.Parent()) {
		h.cause = links[0].SpanContext.TraceID()
	}
	if len(h.spans) >= mostSpansOfATrace {
		h.leftOut++
		return
	}
	h.spans = append(h.spans, kept(span))
	r.spans++
	r.makeRoom()
}

// makeRoom lets the oldest go while there is too much. What follows from a trace that was added to later, such as the reminders of a
// long walk, is as young as that.
func (r *Recent) makeRoom() {
	for r.traces.Len() > mostTraces || r.spans > mostSpans && r.traces.Len() > 1 {
		id, oldest, _ := r.traces.GetOldest()
		if cause, there := r.traces.Peek(oldest.cause); there && cause.touched > oldest.touched {
			r.steps++
			oldest.touched = r.steps
			r.traces.Get(id) // which makes it the latest
			continue
		}
		r.traces.RemoveOldest()
	}
}

func kept(span sdktrace.ReadOnlySpan) Span {
	k := Span{
		ID: span.SpanContext().SpanID().String(), Name: span.Name(), Kind: span.SpanKind().String(), Start: span.StartTime(),
		Duration: span.EndTime().Sub(span.StartTime()), Failed: span.Status().Code == codes.Error, parent: span.Parent(),
	}
	if k.parent.IsValid() {
		k.ParentID = k.parent.SpanID().String()
	}
	for _, a := range span.Attributes() {
		k.Attributes = append(k.Attributes, Attribute{string(a.Key), a.Value.String()})
		if a.Key == serviceKey {
			k.Service = a.Value.String()
		}
	}
	for _, link := range span.Links() {
		k.Links = append(k.Links, Link{TraceID: link.SpanContext.TraceID().String(), SpanID: link.SpanContext.SpanID().String()})
	}
	return k
}

// Filter chooses traces; the zero value takes all.
type Filter struct {
	Name    string        // stands in the name of one of its spans, in any case
	Failed  bool          // it failed
	AtLeast time.Duration // it took that long
	Limit   int           // how many at most; 0: all
}

// List gives the kept traces that a filter takes, the latest first.
func (r *Recent) List(f Filter) []Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := []Summary{}
	ids := r.traces.Keys()
	for i := len(ids) - 1; i >= 0 && (f.Limit == 0 || len(found) < f.Limit); i-- {
		h, _ := r.traces.Peek(ids[i])
		s := r.summary(ids[i], h)
		if s.Duration >= f.AtLeast && (s.Failed || !f.Failed) && h.names(f.Name) {
			found = append(found, s)
		}
	}
	return found
}

func (h *heap) names(part string) bool {
	part = strings.ToLower(part)
	return part == "" || slices.ContainsFunc(h.spans, func(s Span) bool { return strings.Contains(strings.ToLower(s.Name), part) })
}

// summary says a trace in a line. Its name is that of its first root, or of its first span while no root has ended.
func (r *Recent) summary(id trace.TraceID, h *heap) Summary {
	s := Summary{TraceID: id.String(), Spans: len(h.spans) + h.leftOut}
	named := h.first()
	s.Name, s.Service = named.Name, named.Service
	var end time.Time
	for _, span := range h.spans {
		if isEntry(span.parent) {
			s.Failed = s.Failed || span.Failed
			for _, link := range span.Links {
				s.Causes = append(s.Causes, r.resolved(link))
			}
		}
		if s.Start.IsZero() || span.Start.Before(s.Start) {
			s.Start = span.Start
		}
		if until := span.Start.Add(span.Duration); until.After(end) {
			end = until
		}
	}
	s.Duration = end.Sub(s.Start)
	return s
}

// first is the span that the trace is named after.
func (h *heap) first() Span {
	var first Span
	for _, span := range h.spans {
		entry, before := isEntry(span.parent), isEntry(first.parent)
		if first.ID == "" || entry && !before || entry == before && span.Start.Before(first.Start) {
			first = span
		}
	}
	return first
}

// isEntry tells from its parent whether a span is a call that came in here or a piece of work that began here.
func isEntry(parent trace.SpanContext) bool { return !parent.IsValid() || parent.IsRemote() }

func (r *Recent) resolved(link Link) Link {
	id, err := trace.TraceIDFromHex(link.TraceID)
	if err != nil {
		return link
	}
	if h, there := r.traces.Peek(id); there {
		link.Kept, link.Name = true, h.first().Name
		if i := slices.IndexFunc(h.spans, func(s Span) bool { return s.ID == link.SpanID }); i >= 0 {
			link.Name = h.spans[i].Name
		}
	}
	return link
}

// Get gives a trace; false when it is not kept.
func (r *Recent) Get(traceID string) (Trace, bool) {
	id, err := trace.TraceIDFromHex(traceID)
	if err != nil {
		return Trace{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	h, there := r.traces.Peek(id)
	if !there {
		return Trace{}, false
	}
	t := Trace{Summary: r.summary(id, h), All: slices.Clone(h.spans), LeftOut: h.leftOut}
	slices.SortStableFunc(t.All, func(a, b Span) int { return a.Start.Compare(b.Start) })
	followers := r.followers(t.TraceID)
	at := map[string]int{}
	for i := range t.All {
		at[t.All[i].ID] = i
	}
	for i := range t.All {
		span := &t.All[i]
		span.Links = slices.Clone(span.Links)
		for j := range span.Links {
			span.Links[j] = r.resolved(span.Links[j])
		}
		span.FollowedUpBy = followers[span.ID]
		if parent, there := at[span.ParentID]; there && parent != i {
			t.All[parent].Children = append(t.All[parent].Children, i)
		} else {
			t.Roots = append(t.Roots, i)
		}
	}
	return t, true
}

// followers are the traces that link to spans of a trace, by span.
func (r *Recent) followers(traceID string) map[string][]Summary {
	found := map[string][]Summary{}
	for _, id := range r.traces.Keys() {
		h, _ := r.traces.Peek(id)
		for _, span := range h.spans {
			for _, link := range span.Links {
				if link.TraceID == traceID {
					found[link.SpanID] = append(found[link.SpanID], r.summary(id, h))
				}
			}
		}
	}
	for _, list := range found {
		slices.SortFunc(list, func(a, b Summary) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.TraceID, b.TraceID)) })
	}
	return found
}
