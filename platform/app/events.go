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
)

const defaultEvents = 100

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
	var events []*eventv1.Event
	err = s.system.follow(ctx, sources, time.Duration(request.GetWaitSeconds())*time.Second, func() (found, moved bool, err error) {
		events, moved, err = s.read(ctx, cursor, sources, query)
		return len(events) > 0, moved, err
	})
	if err != nil {
		return nil, err
	}
	return &eventv1.ListEventsResponse{Events: events, NextCursor: cursor.String()}, nil
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
