package bench

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	rounds = 11
	// turn is how long a way is tried in a round.
	turn = 140 * time.Millisecond
)

// tried is what came of one way.
type tried struct {
	way   way
	each  []float64 // nanoseconds of wall time per call, all callers together, by round
	calls int64
	usage usage         // of all calls, with what follows from them
	db    time.Duration // processor time of PostgreSQL, if it is one
}

func (t *tried) perCall(n float64) float64 { return n / float64(t.calls) }

// cell is one operation on one engine by so many callers at once.
type cell struct {
	engine     string
	op         *operation
	callers    int
	tried      []*tried
	statements int
	sync       time.Duration // what it takes here and now to make 8 kB durable
}

// over is the median, over the rounds, of the ratio of two ways within a round.
func over(a, b *tried) float64 {
	ratios := make([]float64, len(a.each))
	for i := range a.each {
		ratios[i] = a.each[i] / b.each[i]
	}
	return median(ratios)
}

// spread is how far apart the quarters of the rounds lie: the ratio's upper and lower quartile.
func spread(a, b *tried) (low, high float64) {
	ratios := make([]float64, len(a.each))
	for i := range a.each {
		ratios[i] = a.each[i] / b.each[i]
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/4], ratios[len(ratios)-1-len(ratios)/4]
}

func median(values []float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	if len(sorted)%2 == 1 {
		return sorted[len(sorted)/2]
	}
	return (sorted[len(sorted)/2-1] + sorted[len(sorted)/2]) / 2
}

func (c *cell) named(name string) *tried {
	for _, t := range c.tried {
		if t.way.name == name {
			return t
		}
	}
	return nil
}

// measure tries all ways in turn, round by round; another begins each round, so that none is always the one after another.
func (c *cell) measure(tb testing.TB, ways []way, db func() time.Duration) {
	tb.Helper()
	for _, w := range ways {
		c.tried = append(c.tried, &tried{way: w})
		_, _ = run(tb, w, c.callers, turn/2) // the first calls prepare statements and open connections
		c.settle(w)
	}
	for round := range rounds {
		for i := range c.tried {
			c.tried[(round+i)%len(c.tried)].turn(tb, c, db)
		}
	}
}

func (c *cell) settle(w way) {
	if w.settle != nil && !c.op.alone {
		w.settle()
	}
}

func (t *tried) turn(tb testing.TB, c *cell, db func() time.Duration) {
	tb.Helper()
	before, dbBefore := t.way.usage(), db()
	calls, taken := run(tb, t.way, c.callers, turn)
	c.settle(t.way)
	after, dbAfter := t.way.usage(), db()
	t.each = append(t.each, float64(taken)/float64(calls))
	t.calls += calls
	t.usage = t.usage.plus(after.since(before))
	t.db += dbAfter - dbBefore
}

// run has some callers call one after the other until the time is up.
func run(tb testing.TB, w way, callers int, length time.Duration) (int64, time.Duration) {
	tb.Helper()
	var n atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, callers)
	begun := time.Now()
	for range callers {
		wait.Go(func() {
			for time.Since(begun) < length {
				if err := w.call(n.Add(1)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wait.Wait()
	taken := time.Since(begun)
	select {
	case err := <-errs:
		require.NoError(tb, err, w.name)
	default:
	}
	return n.Load(), taken
}

// each does something for every number below n, some at once.
func each(tb testing.TB, callers, n int, do func(i int) error) {
	tb.Helper()
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, callers)
	for range callers {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wait.Wait()
	close(errs)
	require.NoError(tb, <-errs)
}
