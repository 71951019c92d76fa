package event_test

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// opened is a store with the chassis's tables.
func opened(t testing.TB, open sqldbtest.Opener) *sqldb.DB {
	t.Helper()
	db := open("log")
	folder, err := fs.Sub(act.Migrations, "migrations")
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "chassis", folder))
	return db
}

// told is an event of a resource at a unit.
func told(kind, resource string, revision int32, unit string) *eventv1.Event {
	return &eventv1.Event{EventId: act.NewID(), Type: kind, ResourceId: resource, Revision: revision, CareUnitId: unit, EventTime: timestamppb.Now()}
}

func appended(t testing.TB, db *sqldb.DB, events ...*eventv1.Event) {
	t.Helper()
	require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		for _, e := range events {
			if err := event.Append(tx, e); err != nil {
				return err
			}
		}
		return nil
	}))
}

func number(t testing.TB, db *sqldb.DB) int {
	t.Helper()
	n := 0
	require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		var err error
		n, err = event.Number(tx)
		return err
	}))
	return n
}

// numbered numbers until nothing is left.
func numbered(t testing.TB, db *sqldb.DB) {
	t.Helper()
	for number(t, db) > 0 {
	}
}

// all is the whole log; it must have the numbers 1, 2, 3, … without a hole or a double.
func all(t testing.TB, db *sqldb.DB) []*eventv1.Event {
	t.Helper()
	events, next, err := event.Read(db.Read(t.Context()), "log", event.Query{Limit: 1_000_000})
	require.NoError(t, err)
	seen := map[string]bool{}
	for i, e := range events {
		require.EqualValues(t, i+1, e.GetSequence())
		require.Equal(t, "log", e.GetSource())
		require.Equal(t, fmt.Sprintf("log:%d", i+1), e.GetCursor())
		require.False(t, seen[e.GetEventId()], "event %s has two numbers", e.GetEventId())
		seen[e.GetEventId()] = true
	}
	require.EqualValues(t, len(events), next)
	return events
}
