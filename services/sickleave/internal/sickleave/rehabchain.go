package sickleave

import (
	"slices"

	"github.com/coworkcare/coworkcare/platform/date"
)

// chainBreakDays is how many days between two sick periods end the
// rehabilitation chain: with fewer, their days are added (SFB chapter 27).
const chainBreakDays = 90

// run is a stretch of days all of which are certified.
type run struct {
	date.Span
	before int // certified days of the same rehabilitation chain before this run
}

// coverage returns the certified days of all certificates as runs, in order,
// whatever the degree: the chain counts part-time days in full.
func coverage(counting []certified) []run {
	var spans []date.Span
	for _, c := range counting {
		for _, p := range c.Periods {
			spans = append(spans, p.Span())
		}
	}
	slices.SortFunc(spans, func(a, b date.Span) int { return a.Start.Compare(b.Start) })

	var runs []run
	for _, span := range spans {
		if len(runs) == 0 {
			runs = append(runs, run{Span: span})
			continue
		}
		last := &runs[len(runs)-1]
		switch free := span.Start.Sub(last.End) - 1; {
		case free <= 0:
			last.End = max(last.End, span.End)
		case free < chainBreakDays:
			runs = append(runs, run{Span: span, before: last.before + last.Days()})
		default:
			runs = append(runs, run{Span: span})
		}
	}
	return runs
}

// chainDay returns how many certified days of the chain have been reached by
// the end of the day, 0 when the day lies before all runs.
func chainDay(runs []run, day date.Day) int {
	i, found := slices.BinarySearchFunc(runs, day, func(r run, d date.Day) int { return r.Start.Compare(d) })
	if !found {
		i--
	}
	if i < 0 {
		return 0
	}
	return runs[i].before + date.Span{Start: runs[i].Start, End: min(day, runs[i].End)}.Days()
}
