package timer_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/platform/timer"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func run(t *testing.T, test func(t *testing.T, db *sqldb.DB)) {
	t.Helper()
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) { test(t, migrated(t, open)) })
}

func migrated(t testing.TB, open sqldbtest.Opener) *sqldb.DB {
	t.Helper()
	db := open("followup")
	folder, err := fs.Sub(act.Migrations, "migrations")
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "chassis", folder))
	return db
}

func set(t testing.TB, db *sqldb.DB, timers ...timer.Timer) {
	t.Helper()
	require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		for _, one := range timers {
			if err := timer.Set(tx, one); err != nil {
				return err
			}
		}
		return nil
	}))
}

func claim(t testing.TB, db *sqldb.DB, now, retryAt time.Time, refs []timer.Ref, limit int) (claimed []timer.Timer) {
	t.Helper()
	require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) (err error) {
		claimed, err = timer.Claim(tx, now, retryAt, refs, limit)
		return err
	}))
	return claimed
}

func at(kind, key string, after time.Duration, stamp int64) timer.Timer {
	return timer.Timer{Kind: kind, Key: key, Due: noon.Add(after), Stamp: stamp}
}

func TestClaimIsNeverEarly(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB) {
		due := at("remind", "k", 0, 3)
		set(t, db, due)
		require.Empty(t, claim(t, db, noon.Add(-time.Microsecond), noon, nil, 10))
		require.Empty(t, claim(t, db, noon.Add(-time.Microsecond), noon, []timer.Ref{{Kind: "remind", Key: "k"}}, 10), "a name from Redis is no proof that it is due")
		require.Equal(t, []timer.Timer{due}, claim(t, db, noon, noon, nil, 10))
		require.Equal(t, []timer.Timer{due}, claim(t, db, noon.Add(24*time.Hour), noon, []timer.Ref{{Kind: "remind", Key: "k"}}, 10))
		require.Empty(t, claim(t, db, noon, noon, []timer.Ref{}, 10))
		require.Empty(t, claim(t, db, noon, noon, []timer.Ref{{Kind: "remind", Key: "other"}, {Kind: "other", Key: "k"}}, 10))
	})
}

func TestClaimTakesTheOldestFirst(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB) {
		const us = time.Microsecond
		want := []timer.Timer{at("a", "2", -3*us, 0), at("a", "1", -2*us, 0), at("a", "3", -2*us, 0), at("b", "0", -2*us, 0), at("a", "0", -us, 0)}
		shuffled := slices.Clone(want)
		slices.Reverse(shuffled)
		set(t, db, shuffled...)
		require.Equal(t, want, claim(t, db, noon, noon, nil, 10))
		require.Equal(t, want[:2], claim(t, db, noon, noon, nil, 2))
	})
}

func TestSetReplaces(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB) {
		set(t, db, at("a", "k", -time.Hour, 1))
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := timer.Postpone(tx, at("a", "k", -time.Hour, 1), noon, func(int) time.Duration { return time.Hour })
			return err
		}))
		require.Empty(t, claim(t, db, noon, noon, nil, 10))
		set(t, db, at("a", "k", -time.Minute, 2))
		require.Equal(t, []timer.Timer{at("a", "k", -time.Minute, 2)}, claim(t, db, noon, noon, nil, 10), "the pause of the old one is not the new one's")
	})
}

func TestTake(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB) {
		old := at("a", "k", 0, 1)
		for name, meanwhile := range map[string]func(tx *sqldb.Tx) error{
			"moved":        func(tx *sqldb.Tx) error { return timer.Set(tx, at("a", "k", time.Hour, 1)) },
			"of new state": func(tx *sqldb.Tx) error { return timer.Set(tx, at("a", "k", 0, 2)) },
			"dropped":      func(tx *sqldb.Tx) error { return timer.Drop(tx, "a", "k") },
		} {
			set(t, db, old)
			require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
				claimed, err := timer.Claim(tx, noon, noon, nil, 1)
				require.NoError(t, err)
				require.Len(t, claimed, 1)
				require.NoError(t, meanwhile(tx))
				taken, err := timer.Take(tx, claimed[0])
				require.NoError(t, err)
				require.False(t, taken, name)
				return nil
			}))
			_, stands, err := timer.Next(db.Read(t.Context()))
			require.NoError(t, err)
			require.Equal(t, name != "dropped", stands, name)
		}
		set(t, db, old)
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			taken, err := timer.Take(tx, old)
			require.NoError(t, err)
			require.True(t, taken)
			taken, err = timer.Take(tx, old)
			require.NoError(t, err)
			require.False(t, taken, "once")
			return nil
		}))
	})
}

func TestPostpone(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB) {
		one := at("a", "k", 0, 1)
		set(t, db, one)
		postpone := func(one timer.Timer, now time.Time) (failures int) {
			require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) (err error) {
				failures, err = timer.Postpone(tx, one, now, func(failures int) time.Duration { return time.Duration(failures) * time.Minute })
				return err
			}))
			return failures
		}
		require.Equal(t, 1, postpone(one, noon))
		require.Empty(t, claim(t, db, noon, noon.Add(time.Minute-time.Microsecond), nil, 1))
		require.Len(t, claim(t, db, noon, noon.Add(time.Minute), nil, 1), 1)
		require.Equal(t, 2, postpone(one, noon))
		require.Empty(t, claim(t, db, noon, noon.Add(2*time.Minute-time.Microsecond), nil, 1))

		next, found, err := timer.Next(db.Read(t.Context()))
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, noon, next)
		_, found, err = timer.NextUnpaused(db.Read(t.Context()), noon)
		require.NoError(t, err)
		require.False(t, found)
		next, found, err = timer.NextUnpaused(db.Read(t.Context()), noon.Add(2*time.Minute))
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, noon, next)

		// What failed is no longer what stands there: the new one does not pay for it.
		set(t, db, at("a", "k", 0, 2))
		require.Zero(t, postpone(one, noon))
		require.Len(t, claim(t, db, noon, noon, nil, 1), 1)
	})
}

func TestRollbackPutsBack(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB) {
		set(t, db, at("a", "k", 0, 1))
		killed := errors.New("killed")
		require.ErrorIs(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			claimed, err := timer.Claim(tx, noon, noon, nil, 1)
			require.NoError(t, err)
			_, err = timer.Take(tx, claimed[0])
			require.NoError(t, err)
			return killed
		}), killed)
		require.Len(t, claim(t, db, noon, noon, nil, 1), 1)
	})
}

// Two claims at once never hold the same timer, and neither waits for the other.
func TestClaimsAreDisjoint(t *testing.T) {
	opener := sqldbtest.Postgres(t)
	first, second := migrated(t, opener), opener("followup")
	for i := range 20 {
		set(t, first, at("a", fmt.Sprint(i), 0, 1))
	}
	refs := []timer.Ref{{Kind: "a", Key: "0"}, {Kind: "a", Key: "1"}, {Kind: "a", Key: "19"}}
	require.NoError(t, first.Tx(t.Context(), func(tx *sqldb.Tx) error {
		mine, err := timer.Claim(tx, noon, noon, nil, 12)
		require.NoError(t, err)
		require.Len(t, mine, 12)
		theirs := claim(t, second, noon, noon, nil, 12)
		require.Len(t, theirs, 8)
		for _, one := range theirs {
			require.NotContains(t, mine, one)
		}
		named := claim(t, second, noon, noon, refs, 12)
		for _, one := range named {
			require.NotContains(t, mine, one)
		}
		return nil
	}))
	require.Len(t, claim(t, second, noon, noon, refs, 12), 3)
}

// A timer that is moved while somebody waits to claim it is not claimed at its old time.
func TestClaimSeesTheMovedTimer(t *testing.T) {
	opener := sqldbtest.Postgres(t)
	first, second := migrated(t, opener), opener("followup")
	set(t, first, at("a", "k", 0, 1))
	moved, release, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- first.Tx(t.Context(), func(tx *sqldb.Tx) error {
			if err := timer.Set(tx, at("a", "k", time.Hour, 2)); err != nil {
				return err
			}
			close(moved)
			<-release
			return nil
		})
	}()
	<-moved
	require.Empty(t, claim(t, second, noon, noon, nil, 1), "its writer holds it")
	close(release)
	require.NoError(t, <-done)
	require.Empty(t, claim(t, second, noon, noon, nil, 1))
	require.Equal(t, []timer.Timer{at("a", "k", time.Hour, 2)}, claim(t, second, noon.Add(time.Hour), noon, nil, 1))
}

// Pages of the horizon hold every timer once, also where thousands are due at the same moment.
func TestUntilInPages(t *testing.T) {
	run(t, func(t *testing.T, db *sqldb.DB) {
		var want []timer.Timer
		for i := range 50 {
			one := at([]string{"a", "b"}[i%2], fmt.Sprintf("%02d", i), time.Duration(i/20)*time.Hour, int64(i))
			set(t, db, one)
			if i < 40 {
				want = append(want, one)
			}
		}
		slices.SortFunc(want, func(a, b timer.Timer) int {
			return strings.Compare(fmt.Sprint(a.Due.UnixMicro(), a.Kind, a.Key), fmt.Sprint(b.Due.UnixMicro(), b.Kind, b.Key))
		})
		for _, size := range []int{1, 7, 40, 41} {
			var got []timer.Timer
			var last timer.Timer
			for {
				page, err := timer.Until(db.Read(t.Context()), noon.Add(time.Hour), last, size)
				require.NoError(t, err)
				got = append(got, page...)
				if len(page) < size {
					break
				}
				last = page[len(page)-1]
			}
			require.Equal(t, want, got, "pages of %d", size)
		}
	})
}
