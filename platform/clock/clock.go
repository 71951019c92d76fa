// Package clock answers what time it is wherever that decides care: when a
// follow-up is due, which day a case is seen on, when a certificate was signed.
//
// Production reads the machine's clock (Wall). Tests stand still (Test). The
// development server runs with the machine but may be moved forward (Shifted),
// so that twelve weeks of care pass in seconds. Tokens, leases, time limits,
// ids and access records never use this package: they keep the machine's time.
//
// Every clock answers in UTC and whole microseconds, which is what the
// databases store, and without a monotonic reading: an instant read back from
// a row equals the one written. Measure how long something takes with package
// time instead.
package clock

import (
	"errors"
	"sync"
	"time"
)

// ErrBackwards says that a clock was asked to go back in time.
var ErrBackwards = errors.New("the clock can be moved forward only")

// Clock tells the time. It is safe for concurrent use.
type Clock interface {
	Now() time.Time
}

// Wall returns the machine's clock.
func Wall() Clock { return wall{} }

type wall struct{}

func (wall) Now() time.Time { return stored(time.Now()) }

// stored returns t as the databases give it back.
func stored(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Test is a clock that stands still until it is moved. It may be set back,
// since a machine's clock may be.
type Test struct {
	mu  sync.Mutex
	now time.Time
}

// NewTest returns a clock that stands at start.
func NewTest(start time.Time) *Test { return &Test{now: stored(start)} }

// Now returns where the clock stands.
func (c *Test) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to t.
func (c *Test) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = stored(t)
}

// Advance moves the clock by d and returns where it then stands.
func (c *Test) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = stored(c.now.Add(d))
	return c.now
}

// Shifted runs with the machine's clock at a distance that can be changed. Its
// time never goes back, neither by SetOffset nor when the machine's clock is
// set back: it then stands still until the machine has caught up.
type Shifted struct {
	base Clock

	mu     sync.Mutex
	offset time.Duration
	last   time.Time
}

// NewShifted returns a clock that shows the machine's time plus offset, which
// may be negative: a demonstration may begin twelve weeks ago.
func NewShifted(offset time.Duration) *Shifted { return newShifted(Wall(), offset) }

func newShifted(base Clock, offset time.Duration) *Shifted {
	return &Shifted{base: base, offset: offset}
}

// Now returns the machine's time plus the offset, never earlier than before.
func (c *Shifted) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read()
}

func (c *Shifted) read() time.Time {
	if now := stored(c.base.Now().Add(c.offset)); now.After(c.last) {
		c.last = now
	}
	return c.last
}

// Offset returns the distance to the machine's clock.
func (c *Shifted) Offset() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// SetOffset changes the distance to the machine's clock. A smaller offset than
// the present one is refused with ErrBackwards and changes nothing.
func (c *Shifted) SetOffset(offset time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if offset < c.offset {
		return ErrBackwards
	}
	c.offset = offset
	return nil
}

// AdvanceTo moves the clock forward so that it shows t and returns the offset
// that this takes. A time that has passed is refused with ErrBackwards and
// changes nothing.
func (c *Shifted) AdvanceTo(t time.Time) (time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.Before(c.read()) {
		return c.offset, ErrBackwards
	}
	c.offset = t.Sub(c.base.Now())
	c.read()
	return c.offset, nil
}
