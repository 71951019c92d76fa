package telemetry

// The bounds of what is kept, for tests of them.
const (
	MostTraces        = mostTraces
	MostSpans         = mostSpans
	MostSpansOfATrace = mostSpansOfATrace
)
