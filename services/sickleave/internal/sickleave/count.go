package sickleave

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/coworkcare/coworkcare/platform/date"
)

// count is a number of days, and the same weighted by degree in percent.
type count struct {
	days, percentDays int
}

// net returns the weighted days. Degrees are quarters, so that the quotient is
// exact.
func (c count) net() float64 { return float64(c.percentDays/25) / 4 }

// piece is a period together with its say on days that others cover too.
type piece struct {
	Period
	rank, order int // certificate's rank, place within the certificate; lower decides
}

// pieces is a heap; the piece that decides lies on top.
type pieces []piece

func (p pieces) Len() int { return len(p) }
func (p pieces) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(p[i].rank, p[j].rank), cmp.Compare(p[i].order, p[j].order)) < 0
}
func (p pieces) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p *pieces) Push(x any)   { *p = append(*p, x.(piece)) }
func (p *pieces) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}

// tally counts the days within the window that certificates cover. A day that
// several cover counts once.
func tally(certificates []certified, window date.Span) count {
	var total count
	sweep(certificates, window, func(stretch Period) {
		days := stretch.Span().Days()
		total.days += days
		total.percentDays += days * stretch.Degree
	})
	return total
}

// sweep gives the days within the window that certificates cover, as stretches
// of one degree each, in order and without overlap. A day that several cover
// bears the degree of the one that ranks first; within it, of the first listed
// period that covers the day. Two stretches side by side may have one degree.
//
// It sweeps over the days at which a period begins or is over. Between two of
// these nothing changes, so that the whole stretch is taken at once.
func sweep(certificates []certified, window date.Span, take func(stretch Period)) {
	var waiting []piece
	var turns []date.Day
	for _, c := range certificates {
		for i, p := range c.Periods {
			common := p.Span().Intersect(window)
			if common.IsZero() {
				continue
			}
			p.Start, p.End = common.Start, common.End
			waiting = append(waiting, piece{Period: p, rank: c.rank, order: i})
			turns = append(turns, p.Start, p.End.AddDays(1))
		}
	}
	slices.SortFunc(waiting, func(a, b piece) int { return a.Start.Compare(b.Start) })
	slices.Sort(turns)
	turns = slices.Compact(turns)

	var covering pieces
	for i := 0; i+1 < len(turns); i++ {
		for len(waiting) > 0 && waiting[0].Start <= turns[i] {
			heap.Push(&covering, waiting[0])
			waiting = waiting[1:]
		}
		for len(covering) > 0 && covering[0].End < turns[i] {
			heap.Pop(&covering)
		}
		if len(covering) > 0 {
			take(Period{Start: turns[i], End: turns[i+1].AddDays(-1), Degree: covering[0].Degree})
		}
	}
}
