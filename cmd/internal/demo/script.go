package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// Step is one thing that happens to a patient.
type Step struct {
	At   time.Time
	Name string // what happens, in words
	Do   func(ctx context.Context) error
}

// Script is what happens to one patient, in the order of the steps' times; of two at the same time the first added comes first.
type Script struct {
	Name  string
	Steps []Step
}

// on adds a step.
func (s *Script) on(at time.Time, name string, do func(ctx context.Context) error) {
	s.Steps = append(s.Steps, Step{At: at, Name: name, Do: do})
}

// round is the steps of all scripts at one time: one list a script.
type round struct {
	at    time.Time
	lists [][]Step
}

// rounds merges scripts by time. What lies after the end is brought forward to it, never dropped.
func rounds(scripts []Script, end time.Time) []round {
	byTime := map[int64]int{}
	var merged []round
	for _, script := range scripts {
		steps := slices.Clone(script.Steps)
		slices.SortStableFunc(steps, func(a, b Step) int { return a.At.Compare(b.At) })
		last := int64(0)
		for i, step := range steps {
			when := step.At
			if !end.IsZero() && when.After(end) {
				when = end
			}
			at, ok := byTime[when.UnixMicro()]
			if !ok {
				at = len(merged)
				byTime[when.UnixMicro()] = at
				merged = append(merged, round{at: when})
			}
			r := &merged[at]
			if i == 0 || last != when.UnixMicro() {
				r.lists = append(r.lists, nil)
			}
			last = when.UnixMicro()
			r.lists[len(r.lists)-1] = append(r.lists[len(r.lists)-1], step)
		}
	}
	slices.SortFunc(merged, func(a, b round) int { return cmp.Compare(a.at.UnixMicro(), b.at.UnixMicro()) })
	return merged
}

// drive carries out scripts: it moves the clock to each time at which something happens, and does what happens then, up to
// `workers` patients at once, one patient's steps one after the other. The first error ends everything.
func drive(ctx context.Context, clock *devClock, scripts []Script, end time.Time, workers int) error {
	for _, r := range rounds(scripts, end) {
		if err := clock.to(ctx, r.at); err != nil {
			return err
		}
		group, groupCtx := errgroup.WithContext(ctx)
		group.SetLimit(max(1, workers))
		for _, steps := range r.lists {
			group.Go(func() error {
				for _, step := range steps {
					if err := groupCtx.Err(); err != nil {
						return err
					}
					if err := step.Do(groupCtx); err != nil {
						return step.failed(err)
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// failed says in which step it went wrong; a failure of a walk says so itself.
func (s Step) failed(err error) error {
	var failure *Failure
	if errors.As(err, &failure) {
		return failure
	}
	return fmt.Errorf("%s: %w", s.Name, err)
}
