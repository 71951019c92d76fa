package telemetry

// The bounds of what is kept and held, for tests of them.
const (
	MostTraces        = mostTraces
	MostSpans         = mostSpans
	MostSpansOfATrace = mostSpansOfATrace
	MostHeld          = mostHeld
	MostHeldSpans     = mostHeldSpans
	MostHeldOfATrace  = mostHeldOfATrace
	LongestHeld       = longestHeld
)

// Tail is the processor that decides about traces when they are over.
type Tail = tail

var (
	NewTail   = newTail
	SamplerOf = samplerOf
	LongPolls = longPolls
)

// Held is how much is held now.
func (t *tail) Held() (traces, spans int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held.Len(), t.spans
}
