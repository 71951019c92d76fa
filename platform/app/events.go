package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/worker"
)

const (
	defaultEvents = 100
	// pollEvery bounds how long a new event can go unnoticed when a ring is lost.
	pollEvery = 500 * time.Millisecond
	// longestLook bounds how long a call looks through events that do not concern the caller.
	longestLook = 2 * time.Second
)

// eventServer serves the logs of the modules in this process.
type eventServer struct {
	eventv1.UnimplementedEventServiceServer
	system *System
}

func (s *eventServer) ListEvents(ctx context.Context, request *eventv1.ListEventsRequest) (*eventv1.ListEventsResponse, error) {
	cursor, err := event.ParseCursor(request.GetCursor())
	if err != nil {
		return nil, fault.Invalid(fault.Violation{Field: "cursor", Reason: "BAD_CURSOR", Message: "is not a cursor of this API; start from the beginning or from a stored one"})
	}
	sources := slices.Compact(slices.Sorted(slices.Values(request.GetSources())))
	if len(sources) == 0 {
		sources = slices.Sorted(maps.Keys(s.system.logs))
	}
	for _, source := range sources {
		if s.system.logs[source] == nil {
			return nil, fault.Invalid(fault.Violation{Field: "sources", Reason: "string.in", Message: "names a service whose log is not served here"})
		}
	}
	query := event.Query{Types: request.GetTypes(), Limit: int(request.GetPageSize())}
	if query.Limit == 0 {
		query.Limit = defaultEvents
	}
	if caller, _ := identity.FromContext(ctx); !access.IsWorker(caller) {
		query.UnitIDs = access.UnitsFrom(ctx)
		if query.UnitIDs == nil {
			query.UnitIDs = []string{} // nobody but a worker reads without bounds
		}
	}
	until := time.NewTimer(time.Duration(request.GetWaitSeconds()) * time.Second)
	defer until.Stop()
	looking, cancel := context.WithTimeout(ctx, longestLook)
	defer cancel()
	for len(sources) > 0 {
		rings := make([]<-chan struct{}, len(sources))
		for i, source := range sources {
			rings[i] = s.system.bell.Wait(worker.Numbered(source))
		}
		events, moved, err := s.read(ctx, cursor, sources, query)
		if err != nil {
			return nil, err
		}
		if len(events) == 0 && moved && looking.Err() == nil {
			continue // a long log of others' events: look on
		}
		if len(events) > 0 || request.GetWaitSeconds() == 0 || !s.wait(ctx, rings, until.C) {
			return &eventv1.ListEventsResponse{Events: events, NextCursor: cursor.String()}, ctx.Err()
		}
	}
	return &eventv1.ListEventsResponse{NextCursor: cursor.String()}, nil
}

// read reads each source after the cursor, every one its share of the page, and moves the cursor; it says whether it did.
func (s *eventServer) read(ctx context.Context, cursor event.Cursor, sources []string, query event.Query) ([]*eventv1.Event, bool, error) {
	var all []*eventv1.Event
	size, moved := query.Limit, false
	for i, source := range sources {
		left := size - len(all)
		if left == 0 {
			break
		}
		query.After, query.Limit = cursor[source], max(1, left/(len(sources)-i))
		events, next, err := event.Read(s.system.logs[source].DB.Read(ctx), source, query)
		if err != nil {
			return nil, false, err
		}
		moved = moved || next > cursor[source]
		cursor[source] = next
		all = append(all, events...)
	}
	return all, moved, nil
}

// wait waits for any of the rings, or the poll; false when the time is up, the caller has gone or the process stops.
func (s *eventServer) wait(ctx context.Context, rings []<-chan struct{}, until <-chan time.Time) bool {
	select {
	case <-until:
		return false
	case <-s.system.stopping:
		return false
	default:
	}
	rung, done := rings[0], make(chan struct{})
	if len(rings) > 1 {
		defer close(done)
		rung = anyOf(rings, done)
	}
	poll := time.NewTimer(s.system.poll)
	defer poll.Stop()
	select {
	case <-rung:
		return true
	case <-poll.C:
		return true
	case <-until:
		return false
	case <-s.system.stopping:
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
