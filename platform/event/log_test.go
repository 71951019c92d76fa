package event_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"pgregory.net/rapid"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

func TestEventsAreReadAsTheyWereTold(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := opened(t, open)
		first, second := told("plan.created", "p", 1, "u1"), told("plan.activated", "p", 2, "u1")
		appended(t, db, first, second)

		events, next, err := event.Read(db.Read(t.Context()), "log", event.Query{Limit: 10})
		require.NoError(t, err)
		require.Empty(t, events, "an event without a number is not to be read")
		require.Zero(t, next)
		waiting, err := event.Waiting(db.Read(t.Context()))
		require.NoError(t, err)
		require.True(t, waiting)
		count, err := event.Unnumbered(db.Read(t.Context()))
		require.NoError(t, err)
		require.EqualValues(t, 2, count)

		require.Equal(t, 2, number(t, db))
		require.Zero(t, number(t, db))
		got := all(t, db)
		want := []*eventv1.Event{proto.CloneOf(first), proto.CloneOf(second)}
		for i, e := range want {
			e.Source, e.Sequence, e.Cursor = "log", int64(i+1), fmt.Sprintf("log:%d", i+1)
		}
		require.Empty(t, cmp.Diff(want, got, protocmp.Transform()))
		waiting, err = event.Waiting(db.Read(t.Context()))
		require.NoError(t, err)
		require.False(t, waiting)
	})
}

// A process that dies before the commit leaves nothing, and no number is lost for it.
func TestRollbackLeavesNothing(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := opened(t, open)
		appended(t, db, told("a.b", "kept", 1, "u"))
		killed := errors.New("killed")
		require.ErrorIs(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			require.NoError(t, event.Append(tx, told("a.b", "lost", 1, "u")))
			return killed
		}), killed)
		// The numbering writer dies as well, after it gave numbers and before it committed them.
		require.ErrorIs(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			n, err := event.Number(tx)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			return killed
		}), killed)
		require.Empty(t, all(t, db))
		head, err := event.Head(db.Read(t.Context()))
		require.NoError(t, err)
		require.Zero(t, head)

		appended(t, db, told("a.b", "later", 1, "u"))
		numbered(t, db)
		events := all(t, db)
		require.Len(t, events, 2)
		require.Equal(t, "kept", events[0].GetResourceId())
		require.Equal(t, "later", events[1].GetResourceId())
	})
}

// The ids follow the wall clocks of several writers, of which one is late: numbers must follow the revisions all the same,
// also where they are given in several batches.
func TestNumbersFollowRevisions(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := opened(t, open)
		ids := make([]string, 1300)
		for i := range ids {
			ids[i] = act.NewID()
		}
		slices.Sort(ids)
		// Revision 1 of "skewed" has the last id of all, revision 3 the first; between them is more than a batch.
		at := map[int]int32{0: 3, 700: 2, 1299: 1}
		var events []*eventv1.Event
		for i, id := range ids {
			e := told("a.b", "other"+strconv.Itoa(i%7), int32(i), "u")
			if revision, ok := at[i]; ok {
				e = told("a.b", "skewed", revision, "u")
			}
			e.EventId = id
			events = append(events, e)
		}
		for chunk := range slices.Chunk(events, 100) {
			appended(t, db, chunk...)
		}
		numbered(t, db)
		requireRevisionOrder(t, all(t, db), len(events))
	})
}

// Two events of one act on one resource keep the order in which they were told.
func TestEventsOfOneRevisionKeepTheirOrder(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := opened(t, open)
		var want []string
		for i := range 20 {
			kind := fmt.Sprintf("a.k%02d", i)
			want = append(want, kind)
			appended(t, db, told(kind, "r", 5, "u"))
		}
		numbered(t, db)
		var got []string
		for _, e := range all(t, db) {
			got = append(got, e.GetType())
		}
		require.Equal(t, want, got)
	})
}

func TestNumbersFollowRevisionsWhateverTheIDs(t *testing.T) {
	opener := sqldbtest.SQLite(t)
	db := opened(t, opener)
	offset := 0
	rapid.Check(t, func(rt *rapid.T) {
		revisions := rapid.Permutation([]int32{1, 2, 3, 4, 5, 6, 7, 8}).Draw(rt, "revisions in the order of the ids")
		resource := act.NewID()
		var events []*eventv1.Event
		for _, revision := range revisions {
			events = append(events, told("a.b", resource, revision, "u"), told("a.b", act.NewID(), 1, "u"))
		}
		appended(t, db, events...)
		numbered(t, db)
		events = all(t, db)
		if len(events) != offset+16 {
			rt.Fatalf("%d events numbered of %d", len(events), offset+16)
		}
		last := int32(0)
		for _, e := range events[offset:] {
			if e.GetResourceId() != resource {
				continue
			}
			if e.GetRevision() <= last {
				rt.Fatalf("revision %d after %d", e.GetRevision(), last)
			}
			last = e.GetRevision()
		}
		offset += 16
	})
}

func requireRevisionOrder(t *testing.T, events []*eventv1.Event, count int) {
	t.Helper()
	require.Len(t, events, count)
	last := map[string]int32{}
	for _, e := range events {
		if before, seen := last[e.GetResourceId()]; seen {
			require.Greaterf(t, e.GetRevision(), before, "number %d of %s", e.GetSequence(), e.GetResourceId())
		}
		last[e.GetResourceId()] = e.GetRevision()
	}
}

// Several processes number at once while others write: no hole, no double, every resource in order.
func TestConcurrentNumberers(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		const writers, each, numberers = 4, 25, 8
		handles := []*sqldb.DB{opened(t, open), open("log"), open("log")}
		var writing errgroup.Group
		written := make(chan struct{})
		for w := range writers {
			writing.Go(func() error {
				db := handles[w%len(handles)]
				for i := range each {
					err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
						for range 3 {
							if err := event.Append(tx, told("a.b", act.NewID(), 1, "u")); err != nil {
								return err
							}
						}
						return event.Append(tx, told("a.b", fmt.Sprint("writer", w), int32(i+1), "u"))
					})
					if err != nil {
						return err
					}
				}
				return nil
			})
		}
		var numbering errgroup.Group
		for n := range numberers {
			numbering.Go(func() error {
				db := handles[n%len(handles)]
				for done := false; !done; {
					select {
					case <-written:
						done = true // once more, so that nothing stays behind
					default:
					}
					if err := db.Tx(t.Context(), func(tx *sqldb.Tx) error { _, err := event.Number(tx); return err }); err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, writing.Wait())
		close(written)
		require.NoError(t, numbering.Wait())
		requireRevisionOrder(t, all(t, handles[0]), writers*each*4)
	})
}

// A writer that began first commits last. Whoever reads meanwhile must still get its event.
func TestSlowCommitIsNotSkipped(t *testing.T) {
	db := opened(t, sqldbtest.Postgres(t))
	inserted, release := make(chan struct{}), make(chan struct{})
	var slow errgroup.Group
	slow.Go(func() error {
		return db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			if err := event.Append(tx, told("a.b", "slow", 1, "u")); err != nil {
				return err
			}
			close(inserted)
			<-release
			return nil
		})
	})
	<-inserted
	var seen []string
	cursor := int64(0)
	poll := func() {
		events, next, err := event.Read(db.Read(t.Context()), "log", event.Query{After: cursor, Limit: 3})
		require.NoError(t, err)
		for _, e := range events {
			seen = append(seen, e.GetResourceId())
		}
		cursor = next
	}
	for i := range 10 {
		// Neither the other writer nor the numbering waits for the slow one.
		appended(t, db, told("a.b", fmt.Sprint("fast", i), 1, "u"))
		numbered(t, db)
		poll()
	}
	require.Len(t, seen, 10)
	require.NotContains(t, seen, "slow")
	close(release)
	require.NoError(t, slow.Wait())
	appended(t, db, told("a.b", "after", 1, "u"))
	numbered(t, db)
	poll()
	require.Equal(t, []string{"slow", "after"}, seen[10:])
	all(t, db)
}

// A reader that polls while many write and number sees every event once, in order.
func TestReaderSeesEveryEvent(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := opened(t, open)
		const writers, each = 4, 50
		var writing sync.WaitGroup
		for range writers {
			writing.Go(func() {
				for range each {
					err := db.Tx(t.Context(), func(tx *sqldb.Tx) error { return event.Append(tx, told("a.b", act.NewID(), 1, "u")) })
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		written := make(chan struct{})
		go func() { writing.Wait(); close(written) }()
		cursor, count := int64(0), 0
		for last := false; !last; {
			select {
			case <-written:
				last = true
			default:
			}
			numbered(t, db)
			for {
				events, next, err := event.Read(db.Read(t.Context()), "log", event.Query{After: cursor, Limit: 7})
				require.NoError(t, err)
				for _, e := range events {
					count++
					require.EqualValues(t, count, e.GetSequence())
				}
				cursor = next
				if len(events) == 0 {
					break
				}
			}
		}
		require.Equal(t, writers*each, count)
	})
}

func TestHeadSaysThatTablesAreMissing(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := opened(t, open)
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(`DELETE FROM event_head`); return err }))
		_, err := event.Head(db.Read(t.Context()))
		require.ErrorContains(t, err, "no head")
		require.ErrorContains(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error { _, err := event.Number(tx); return err }), "head")
	})
}

func BenchmarkNumber(b *testing.B) {
	for name, opener := range map[string]func(testing.TB) sqldbtest.Opener{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			db := opened(b, opener(b))
			for b.Loop() {
				b.StopTimer()
				var batch []*eventv1.Event
				for range 500 {
					batch = append(batch, told("a.b", act.NewID(), 1, "u"))
				}
				appended(b, db, batch...)
				b.StartTimer()
				require.Equal(b, 500, number(b, db))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/event")
		})
	}
}
