package app

import (
	"context"
	"slices"
	"time"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
)

const defaultEvents = 100

// eventServer serves the logs of the modules in this process and passes questions about others on to theirs.
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
	caller, _ := identity.FromContext(ctx)
	if len(sources) == 0 {
		sources = s.system.told(access.IsWorker(caller))
	}
	g := gathering{server: s}
	for _, source := range sources {
		switch {
		case s.system.logs[source] != nil:
			g.here = append(g.here, source)
		case !access.IsWorker(caller) && s.system.reaches(source):
			g.elsewhere = append(g.elsewhere, source)
		default:
			return nil, fault.Invalid(fault.Violation{Field: "sources", Reason: "string.in", Message: "names a service whose log is not served here"})
		}
	}
	query := event.Query{Types: request.GetTypes(), Limit: int(request.GetPageSize())}
	if query.Limit == 0 {
		query.Limit = defaultEvents
	}
	if !access.IsWorker(caller) {
		query.UnitIDs = access.UnitsFrom(ctx)
		if query.UnitIDs == nil {
			query.UnitIDs = []string{} // nobody but a worker reads without bounds
		}
	}
	wait := time.Duration(request.GetWaitSeconds()) * time.Second
	var events []*eventv1.Event
	if len(g.elsewhere) == 0 {
		events, err = s.listHere(ctx, cursor, g.here, query, wait)
	} else {
		g.query = query
		events, err = g.gather(ctx, cursor, wait)
	}
	if err != nil {
		return nil, err
	}
	return &eventv1.ListEventsResponse{Events: events, NextCursor: cursor.String()}, nil
}

// told are the logs that are read when none is named: those here and, for who is no worker, those elsewhere; not those that
// concern nobody outside.
func (s *System) told(worker bool) []string {
	private := map[string]bool{}
	var sources []string
	for _, module := range slices.Concat(s.parts.Modules, s.parts.Elsewhere) {
		private[module.Name] = module.Private
		if s.logs[module.Name] == nil && !worker && !module.Private && s.reaches(module.Name) {
			sources = append(sources, module.Name)
		}
	}
	for source := range s.logs {
		if !private[source] {
			sources = append(sources, source)
		}
	}
	slices.Sort(sources)
	return sources
}

// reaches tells whether the address of a service elsewhere is known.
func (s *System) reaches(service string) bool { return s.parts.Remote[service] != "" }

// listHere reads logs of this process, and moves the cursor.
func (s *eventServer) listHere(ctx context.Context, cursor event.Cursor, sources []string, query event.Query, wait time.Duration) ([]*eventv1.Event, error) {
	var events []*eventv1.Event
	err := s.system.follow(ctx, sources, wait, func() (found, moved bool, err error) {
		events, moved, err = s.read(ctx, cursor, sources, query)
		return len(events) > 0, moved, err
	})
	return events, err
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
