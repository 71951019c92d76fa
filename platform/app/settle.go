package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// mostRounds bounds how often what follows from a moment is looked for again: two services that answer each other for ever
// are a fault, not a wait.
const mostRounds = 10_000

// Fleet is several processes of one installation that share a clock.
type Fleet []*System

// Settle does everything that is due now: numbers what has been told, lets every service consume it, fires timers, and looks
// again until nothing moves. It says how many timers fired.
func (s *System) Settle(ctx context.Context) (int, error) { return Fleet{s}.Settle(ctx) }

// Settle settles all processes together: what moves in one may move another.
func (f Fleet) Settle(ctx context.Context) (int, error) {
	ctx = identity.WithRawToken(ctx, "") // what services do unasked, they do in their own name
	fired := 0
	for range mostRounds {
		moved := false
		for _, s := range f {
			n, any, err := s.once(ctx)
			if err != nil {
				return fired, err
			}
			fired, moved = fired+n, moved || any
		}
		if !moved {
			return fired, nil
		}
	}
	return fired, errors.New("the services keep moving without end")
}

// once does what is due in one process as things stand. It says how many timers fired, and whether anything moved.
func (s *System) once(ctx context.Context) (fired int, moved bool, err error) {
	for _, n := range s.numberers {
		any, err := n.Drain(ctx)
		if err != nil {
			return fired, moved, err
		}
		moved = moved || any
	}
	for _, c := range s.consumers {
		any, err := c.Drain(ctx)
		if err != nil {
			return fired, moved, err
		}
		moved = moved || any
	}
	for _, t := range s.timers {
		n, err := t.Drain(ctx)
		if err != nil {
			return fired, moved, err
		}
		fired, moved = fired+n, moved || n > 0
	}
	return fired, moved, nil
}

// Advance moves a clock forward to a time as if the time had passed: it stops at every due time on the way, fires what is due
// there and lets every service consume what follows. move sets the clock that the system was built with.
func (s *System) Advance(ctx context.Context, move func(time.Time) error, target time.Time) (int, error) {
	return Fleet{s}.Advance(ctx, move, target)
}

// Advance moves the clock of all processes together.
func (f Fleet) Advance(ctx context.Context, move func(time.Time) error, target time.Time) (int, error) {
	now := f[0].parts.Clock.Now
	var stuck time.Time
	fired, err := f.Settle(ctx)
	if err != nil {
		return fired, err
	}
	for {
		next, found, err := f.nextTimer(ctx)
		if err != nil {
			return fired, err
		}
		if !found || next.After(target) {
			break
		}
		if next.After(now()) {
			if err := move(next); err != nil {
				return fired, fmt.Errorf("moving the clock to the next timer: %w", err)
			}
		}
		n, err := f.Settle(ctx)
		fired += n
		if err != nil {
			return fired, err
		}
		// A timer whose handler fails is paused and no longer the next one. One that stays and does not fire is another
		// process's: the rest of the time passes without it.
		if n == 0 && next.Equal(stuck) {
			break
		}
		if n == 0 {
			stuck = next
		}
	}
	if target.After(now()) {
		if err := move(target); err != nil {
			return fired, fmt.Errorf("moving the clock: %w", err)
		}
	}
	n, err := f.Settle(ctx)
	return fired + n, err
}

func (f Fleet) nextTimer(ctx context.Context) (time.Time, bool, error) {
	var first time.Time
	found := false
	for _, s := range f {
		for _, t := range s.timers {
			next, ok, err := t.Next(ctx)
			if err != nil {
				return first, false, err
			}
			if ok && (!found || next.Before(first)) {
				first, found = next, true
			}
		}
	}
	return first, found, nil
}
