package app

import (
	"context"
	"maps"
	"slices"
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
	sources := request.GetSources()
	if len(sources) == 0 {
		sources = slices.Sorted(maps.Keys(s.system.logs))
	}
	for _, source := range sources {
		if s.system.logs[source] == nil {
			return nil, fault.Invalid(fault.Violation{Field: "sources", Reason: "string.in", Message: "names a service whose log is not served here"})
		}
	}
	size := int(request.GetPageSize())
	if size == 0 {
		size = defaultEvents
	}
	query := event.Query{Types: request.GetTypes(), Limit: max(1, size/len(sources))}
	if caller, _ := identity.FromContext(ctx); caller.Service == "" || len(caller.Assignments) > 0 {
		query.UnitIDs = access.UnitsFrom(ctx)
	}
	until := time.After(time.Duration(request.GetWaitSeconds()) * time.Second)
	for {
		rings := make([]<-chan struct{}, len(sources))
		for i, source := range sources {
			rings[i] = s.system.bell.Wait(worker.Numbered(source))
		}
		events, err := s.read(ctx, cursor, sources, query)
		if err != nil {
			return nil, err
		}
		if len(events) > 0 || !s.wait(ctx, rings, until) {
			return &eventv1.ListEventsResponse{Events: events, NextCursor: cursor.String()}, ctx.Err()
		}
	}
}

// read reads each source after the cursor and moves the cursor.
func (s *eventServer) read(ctx context.Context, cursor event.Cursor, sources []string, query event.Query) ([]*eventv1.Event, error) {
	var all []*eventv1.Event
	for _, source := range sources {
		query.After = cursor[source]
		events, next, err := event.Read(s.system.logs[source].DB.Read(ctx), source, query)
		if err != nil {
			return nil, err
		}
		cursor[source] = next
		all = append(all, events...)
	}
	return all, nil
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
	done := make(chan struct{})
	defer close(done)
	rung := make(chan struct{}, len(rings))
	for _, ring := range rings {
		go func() {
			select {
			case <-ring:
				rung <- struct{}{}
			case <-done:
			}
		}()
	}
	poll := time.NewTimer(pollEvery)
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
