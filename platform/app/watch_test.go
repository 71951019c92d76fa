package app_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// tell lets the probe's own log tell of things at a place.
func (p *probe) tell(t testing.TB, place access.Place, resources ...string) {
	t.Helper()
	for _, resource := range resources {
		require.NoError(t, p.host.Acts.Run(context.WithoutCancel(t.Context()), func(tx *act.Tx) error { return tx.Emit(thing(resource, 1, place)) }))
	}
}

// What a module tells of one unit: in order, past what others are told, a page at a time, none lost, none twice.
func TestOwnEvents(t *testing.T) {
	p := &probe{}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		here, there := h.NewPlace(), h.NewPlace()
		start, err := p.host.LastSequence(t.Context())
		require.NoError(t, err)
		for i := range 5 {
			p.tell(t, here, fmt.Sprint("here", i))
			p.tell(t, there, fmt.Sprint("there", i))
		}
		number(h, t)
		var seen []string
		query := event.Query{After: start, UnitIDs: []string{here.UnitID}, Limit: 2}
		for {
			events, next, err := p.host.ListOwnEvents(t.Context(), query, 0)
			require.NoError(t, err)
			require.LessOrEqual(t, len(events), 2)
			query.After = next
			if len(events) == 0 {
				break
			}
			seen = append(seen, names(events)...)
		}
		require.Equal(t, []string{"followup:here0", "followup:here1", "followup:here2", "followup:here3", "followup:here4"}, seen)
		last, err := p.host.LastSequence(t.Context())
		require.NoError(t, err)
		require.Equal(t, query.After, last, "also past the events of others")
		events, next, err := p.host.ListOwnEvents(t.Context(), event.Query{After: start, UnitIDs: []string{}, Limit: 2}, 0)
		require.NoError(t, err)
		require.Empty(t, events, "no unit is none, not all")
		require.Equal(t, last, next)
	})
}

// Somebody who waits wakes by the ring, and goes on waiting when others are told.
func TestOwnEventsWait(t *testing.T) {
	p := &probe{}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		h.System.SetPoll(time.Hour)
		here := h.NewPlace()
		after, err := p.host.LastSequence(t.Context())
		require.NoError(t, err)
		for round := range 5 {
			var group errgroup.Group
			var heard []*eventv1.Event
			group.Go(func() (err error) {
				heard, after, err = p.host.ListOwnEvents(t.Context(), event.Query{After: after, UnitIDs: []string{here.UnitID}, Limit: 10}, time.Minute)
				return err
			})
			p.tell(t, h.NewPlace(), "other")
			number(h, t)
			p.tell(t, here, fmt.Sprint("mine", round))
			number(h, t)
			require.NoError(t, group.Wait())
			require.Equal(t, []string{fmt.Sprint("followup:mine", round)}, names(heard))
		}
	})
}

// Who waits is let go when the process stops, with where to go on from, and when the caller leaves.
func TestOwnEventsWaitEnds(t *testing.T) {
	p := &probe{}
	h := apptest.New(t, sqldb.Config{Dir: t.TempDir()}, modules(p)...)
	h.System.SetPoll(time.Hour)
	p.tell(t, h.NewPlace(), "other")
	number(h, t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err := p.host.ListOwnEvents(gone, event.Query{UnitIDs: []string{"here"}, Limit: 10}, time.Minute)
	require.ErrorIs(t, err, context.Canceled)
	h.System.Stopping()
	events, next, err := p.host.ListOwnEvents(t.Context(), event.Query{UnitIDs: []string{"here"}, Limit: 10}, time.Minute)
	require.NoError(t, err)
	require.Empty(t, events)
	require.EqualValues(t, 1, next)
}
