package app

import (
	"context"
	"sync"
	"time"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/worker"
)

const (
	// pollEvery bounds how long a new event can go unnoticed when a ring is lost.
	pollEvery = 500 * time.Millisecond
	// longestLook bounds how long a call looks through events that do not concern the caller.
	longestLook = 2 * time.Second
)

// ListOwnEvents gives the events of this module's own log after query.After, at most query.Limit, waiting for a first one when
// there is none yet: the heart of a method that tells its callers of changes. query.UnitIDs must hold the units that the caller
// may see: nil is every unit. It answers without events when the wait is over or the process stops, and says where to go on from,
// in either case.
//
// A caller who takes LastSequence, then reads the state, then goes on from that number misses nothing: what is not in the state
// read has its event after the number. What was read may be told again.
func (h *Host) ListOwnEvents(ctx context.Context, query event.Query, wait time.Duration) (events []*eventv1.Event, next int64, err error) {
	next = query.After
	err = h.system.follow(ctx, []string{h.Name}, wait, func() (found, moved bool, err error) {
		query.After = next
		events, next, err = event.Read(h.DB.Read(ctx), h.Name, query)
		return len(events) > 0, next > query.After, err
	})
	return events, next, err
}

// LastSequence is the number of the last event in this module's own log, 0 when there is none: where somebody who wants only
// what happens from now on begins.
func (h *Host) LastSequence(ctx context.Context) (int64, error) { return event.Head(h.DB.Read(ctx)) }

// follow looks into the logs of sources until look has found something or the wait is over, and waits for their bells in
// between. look says whether it has found anything, and else whether it has moved on past what does not concern the caller.
func (s *System) follow(ctx context.Context, sources []string, wait time.Duration, look func() (found, moved bool, err error)) error {
	until := time.NewTimer(wait)
	defer until.Stop()
	looking, cancel := context.WithTimeout(ctx, longestLook)
	defer cancel()
	for len(sources) > 0 {
		rings := make([]<-chan struct{}, len(sources))
		for i, source := range sources {
			rings[i] = s.bell.Wait(worker.Numbered(source)) // before the look, so that no ring falls in between
		}
		found, moved, err := look()
		if err != nil {
			return err
		}
		if !found && moved && looking.Err() == nil {
			continue // a long log of others' events: look on
		}
		if found || wait <= 0 || !s.wait(ctx, rings, until.C) {
			return ctx.Err()
		}
	}
	return nil
}

// wait waits for any of the rings, or the poll; false when the time is up, the caller has gone or the process stops.
func (s *System) wait(ctx context.Context, rings []<-chan struct{}, until <-chan time.Time) bool {
	select {
	case <-until:
		return false
	case <-s.stopping:
		return false
	default:
	}
	rung, done := rings[0], make(chan struct{})
	if len(rings) > 1 {
		defer close(done)
		rung = anyOf(rings, done)
	}
	poll := time.NewTimer(s.poll)
	defer poll.Stop()
	select {
	case <-rung:
		return true
	case <-poll.C:
		return true
	case <-until:
		return false
	case <-s.stopping:
		return false
	case <-ctx.Done():
		return false
	}
}

// anyOf gives a channel that closes with the first of several, or never when done is closed first.
func anyOf(rings []<-chan struct{}, done <-chan struct{}) <-chan struct{} {
	rung := make(chan struct{})
	var once sync.Once
	for _, ring := range rings {
		go func() {
			select {
			case <-ring:
				once.Do(func() { close(rung) })
			case <-done:
			}
		}()
	}
	return rung
}
