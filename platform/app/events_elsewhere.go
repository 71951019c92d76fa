package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// gathering reads logs that lie in several processes as if they were in one: those here, and each one elsewhere by asking its
// own process with the caller's token. Each source keeps its order and its place in the cursor.
type gathering struct {
	server    *eventServer
	here      []string
	elsewhere []string
	query     event.Query
}

// gather looks everywhere at once, and then waits everywhere until the first has something.
func (g *gathering) gather(ctx context.Context, cursor event.Cursor, wait time.Duration) ([]*eventv1.Event, error) {
	events, err := g.round(ctx, cursor, 0)
	if err != nil || len(events) > 0 || wait <= 0 {
		return events, err
	}
	return g.round(ctx, cursor, wait)
}

// errEnough ends the waiting of the others when one has found something.
var errEnough = errors.New("another source has found something")

// round asks every part for at most its share of the page, waiting so long for the first event. It moves the cursor by what the
// parts have answered. A part that was called off, that cannot be asked just now or for which the page has no room keeps its place;
// it fails only when no part has answered.
func (g *gathering) round(ctx context.Context, cursor event.Cursor, wait time.Duration) ([]*eventv1.Event, error) {
	asking, enough := context.WithCancelCause(ctx)
	defer enough(nil)
	var (
		mu     sync.Mutex
		group  sync.WaitGroup
		events []*eventv1.Event
		failed error
		heard  bool
	)
	share := max(1, g.query.Limit/(len(g.elsewhere)+min(1, len(g.here))))
	answered := func(found []*eventv1.Event, next event.Cursor, err error) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil && context.Cause(asking) != errEnough:
			failed = errors.Join(failed, err)
		case err == nil && len(events)+len(found) > max(g.query.Limit, share):
		case err == nil:
			heard = true
			events = append(events, found...)
			for source, n := range next {
				cursor[source] = n
			}
			if len(found) > 0 && wait > 0 {
				enough(errEnough)
			}
		}
	}
	if len(g.here) > 0 {
		own := event.Cursor{}
		for _, source := range g.here {
			own[source] = cursor[source]
		}
		group.Go(func() {
			query := g.query
			query.Limit = share
			found, err := g.server.listHere(asking, own, g.here, query, wait)
			answered(found, own, err)
		})
	}
	for _, source := range g.elsewhere {
		from := event.Cursor{source: cursor[source]}
		group.Go(func() {
			found, next, err := g.ask(asking, source, from, share, wait)
			answered(found, next, err)
		})
	}
	group.Wait()
	if !heard && failed != nil {
		return nil, failed
	}
	slices.SortFunc(events, func(a, b *eventv1.Event) int {
		return cmp.Or(cmp.Compare(a.GetSource(), b.GetSource()), cmp.Compare(a.GetSequence(), b.GetSequence()))
	})
	return events, nil
}

// ask reads one log from the process that keeps it.
func (g *gathering) ask(ctx context.Context, source string, from event.Cursor, size int, wait time.Duration) ([]*eventv1.Event, event.Cursor, error) {
	conn, err := g.server.system.dial(outside, source)
	if err != nil {
		return nil, nil, err
	}
	ctx = metadata.AppendToOutgoingContext(ctx, identity.MetadataCaller, "Bearer "+identity.RawToken(ctx))
	answer, err := eventv1.NewEventServiceClient(conn).ListEvents(ctx, &eventv1.ListEventsRequest{
		Cursor: from.String(), Sources: []string{source}, Types: g.query.Types, WaitSeconds: int32(wait / time.Second), PageSize: int32(size)})
	if err != nil {
		return nil, nil, fmt.Errorf("reading the log of %s: %w", source, err)
	}
	next, err := event.ParseCursor(answer.GetNextCursor())
	if err != nil {
		return nil, nil, fmt.Errorf("reading the cursor of %s: %w", source, err)
	}
	return answer.GetEvents(), next, nil
}
