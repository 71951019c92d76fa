package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/platform/worker"
)

func set(t testing.TB, acts *act.Acts, timers ...timer.Timer) {
	t.Helper()
	require.NoError(t, acts.Run(t.Context(), func(tx *act.Tx) error {
		for _, one := range timers {
			if err := tx.SetTimer(one); err != nil {
				return err
			}
		}
		return nil
	}))
}

func due(kind, key string, after time.Duration) timer.Timer {
	return timer.Timer{Kind: kind, Key: key, Due: start.Add(after), Stamp: 1}
}

func move(acts *act.Acts, d time.Duration) { acts.Clock.(*clock.Test).Set(start.Add(d)) }

// byTimer writes the timer's key.
func byTimer(tx *act.Tx, one timer.Timer) error { return effect(tx, one.Key) }

func timersOf(acts *act.Acts, w *wall, handlers map[string]worker.TimerHandler) *worker.Timers {
	return &worker.Timers{Acts: acts, Handlers: handlers, Log: acts.Log, Wall: w.wall()}
}

func fired(t testing.TB, timers *worker.Timers) int {
	t.Helper()
	n, err := timers.Drain(t.Context())
	require.NoError(t, err)
	return n
}

func standing(t testing.TB, acts *act.Acts) []timer.Timer {
	t.Helper()
	all, err := timer.Until(acts.DB.Read(t.Context()), start.Add(1000*time.Hour), timer.Timer{}, 10_000)
	require.NoError(t, err)
	return all
}

func onBoth(t *testing.T, test func(t *testing.T, acts *act.Acts)) {
	t.Helper()
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) { test(t, newActs(t, open("followup"), "followup")) })
}

func TestTimersFireOnceAndNeverEarly(t *testing.T) {
	onBoth(t, func(t *testing.T, acts *act.Acts) {
		var late []time.Duration
		timers := timersOf(acts, newWall(), map[string]worker.TimerHandler{"remind": func(tx *act.Tx, one timer.Timer) error {
			require.False(t, one.Due.After(tx.Now), "early")
			require.Equal(t, "service:followup", tx.Caller.Subject)
			require.True(t, tx.Place.IsZero())
			return effect(tx, fmt.Sprintf("%s stamp %d at %s", one.Key, one.Stamp, tx.Now.Format(time.TimeOnly)))
		}})
		timers.Late = func(_ context.Context, d time.Duration) { late = append(late, d) }
		set(t, acts, timer.Timer{Kind: "remind", Key: "b", Due: start.Add(2 * time.Minute), Stamp: 8},
			timer.Timer{Kind: "remind", Key: "a", Due: start.Add(time.Minute), Stamp: 7})
		require.Zero(t, fired(t, timers))
		move(acts, time.Minute-time.Microsecond)
		require.Zero(t, fired(t, timers))
		move(acts, time.Minute)
		require.Equal(t, 1, fired(t, timers))
		require.Zero(t, fired(t, timers))
		move(acts, 5*time.Minute)
		require.Equal(t, 1, fired(t, timers))
		require.Equal(t, []string{"a stamp 7 at 07:01:00", "b stamp 8 at 07:05:00"}, effects(t, acts))
		require.Equal(t, []time.Duration{0, 3 * time.Minute}, late)
		require.Empty(t, standing(t, acts))
	})
}

func TestManyTimersFireOnceEach(t *testing.T) {
	onBoth(t, func(t *testing.T, acts *act.Acts) {
		var want []string
		var all []timer.Timer
		for i := range 501 { // more than two batches, all due at once
			all, want = append(all, due("remind", fmt.Sprintf("%03d", i), 0)), append(want, fmt.Sprintf("%03d", i))
		}
		set(t, acts, all...)
		require.Equal(t, 501, fired(t, timersOf(acts, newWall(), map[string]worker.TimerHandler{"remind": byTimer})))
		require.Equal(t, want, effects(t, acts))
	})
}

// Timers of one batch see what the earlier ones did: what is moved stands at its new time, what is dropped does not fire.
func TestTimersOfOneBatch(t *testing.T) {
	onBoth(t, func(t *testing.T, acts *act.Acts) {
		set(t, acts, due("first", "k", 0), due("moved", "k", time.Second), due("dropped", "k", time.Second), due("again", "k", 2*time.Second), due("plain", "k", 2*time.Second))
		move(acts, time.Minute)
		plain := func(tx *act.Tx, one timer.Timer) error { return effect(tx, one.Kind) }
		timers := timersOf(acts, newWall(), map[string]worker.TimerHandler{
			"first": func(tx *act.Tx, one timer.Timer) error {
				return errors.Join(effect(tx, one.Kind),
					tx.SetTimer(timer.Timer{Kind: "moved", Key: "k", Due: start.Add(time.Hour), Stamp: 2}), tx.DropTimer("dropped", "k"))
			},
			"moved": plain, "dropped": plain, "plain": plain,
			"again": func(tx *act.Tx, one timer.Timer) error { // asks to be called again, as an escalation does
				if one.Stamp == 1 {
					return errors.Join(effect(tx, "again 1"), tx.SetTimer(timer.Timer{Kind: "again", Key: "k", Due: start.Add(2 * time.Hour), Stamp: 2}))
				}
				return effect(tx, "again 2")
			},
		})
		require.Equal(t, 3, fired(t, timers))
		require.Equal(t, []string{"first", "again 1", "plain"}, effects(t, acts))
		require.Equal(t, []timer.Timer{
			{Kind: "moved", Key: "k", Due: start.Add(time.Hour), Stamp: 2}, {Kind: "again", Key: "k", Due: start.Add(2 * time.Hour), Stamp: 2},
		}, standing(t, acts), "nothing that was set is lost")
		move(acts, 2*time.Hour)
		require.Equal(t, 2, fired(t, timers))
		require.Equal(t, []string{"moved", "again 2"}, effects(t, acts)[3:])
	})
}

func TestFailingTimersArePostponedAndOthersFire(t *testing.T) {
	for name, fail := range map[string]func() error{"error": func() error { return errBroken }, "panic": func() error { panic("boom") }} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, acts *act.Acts) {
				// A whole batch of failing ones stands before the good ones.
				var all []timer.Timer
				for i := range 200 {
					all = append(all, due("bad", fmt.Sprintf("bad%03d", i), 0))
				}
				for i := range 5 {
					all = append(all, due("good", fmt.Sprintf("good%d", i), time.Second))
				}
				set(t, acts, all...)
				move(acts, time.Minute)
				healed, tries := false, map[string]int{}
				w := newWall()
				timers := timersOf(acts, w, map[string]worker.TimerHandler{"good": byTimer, "bad": func(tx *act.Tx, one timer.Timer) error {
					tries[one.Key]++
					if err := effect(tx, one.Key); err != nil || healed {
						return err
					}
					return fail()
				}})
				log, out := written()
				timers.Log = log
				require.Equal(t, 5, fired(t, timers))
				require.Equal(t, []string{"good0", "good1", "good2", "good3", "good4"}, effects(t, acts))
				require.Equal(t, 200, countLines(out.String(), "level=ERROR"))
				require.Equal(t, 1, tries["bad199"])
				require.Zero(t, fired(t, timers))
				w.pass(30*time.Second - time.Microsecond)
				require.Zero(t, fired(t, timers))
				require.Equal(t, 1, tries["bad199"])
				w.pass(time.Microsecond)
				require.Zero(t, fired(t, timers))
				require.Equal(t, 2, tries["bad199"])
				w.pass(time.Minute - time.Microsecond)
				require.Zero(t, fired(t, timers))
				require.Equal(t, 2, tries["bad199"], "its pause has doubled")
				healed = true
				w.pass(time.Microsecond)
				require.Equal(t, 200, fired(t, timers))
				require.Len(t, effects(t, acts), 205)
				require.Empty(t, standing(t, acts))
			})
		})
	}
}

func TestTimerWithoutHandlerIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, acts *act.Acts) {
		set(t, acts, due("unknown", "k", 0), due("known", "k", 0))
		require.Equal(t, 1, fired(t, timersOf(acts, newWall(), map[string]worker.TimerHandler{"known": byTimer})))
		require.Len(t, standing(t, acts), 1, "a version that knows it will fire it")
	})
}

// The process dies after the handler and before the commit.
func TestTimerCrashBeforeTheCommit(t *testing.T) {
	onBoth(t, func(t *testing.T, acts *act.Acts) {
		set(t, acts, due("remind", "a", 0), due("remind", "b", 0))
		ctx, crash := context.WithCancel(t.Context())
		n, err := timersOf(acts, newWall(), map[string]worker.TimerHandler{"remind": func(tx *act.Tx, one timer.Timer) error {
			defer crash()
			return effect(tx, one.Key)
		}}).Drain(ctx)
		require.Error(t, err)
		require.Zero(t, n)
		require.Empty(t, effects(t, acts))
		// PostgreSQL may take a moment to notice that the connection is gone, and holds the rows so long: the next sweep finds them.
		next := timersOf(acts, newWall(), map[string]worker.TimerHandler{"remind": byTimer})
		require.Eventually(t, func() bool { return fired(t, next) == 2 }, time.Minute, 5*time.Millisecond)
		require.Equal(t, []string{"a", "b"}, effects(t, acts))
	})
}

// Two replicas claim at the same time, and neither waits for the other.
func TestReplicasClaimDisjointTimers(t *testing.T) {
	opener := sqldbtest.Postgres(t)
	acts := newActs(t, opener("followup"), "followup")
	second := *acts
	second.DB = opener("followup")
	var all []timer.Timer
	var want []string
	for i := range 400 { // a batch for each
		all, want = append(all, due("remind", fmt.Sprintf("%03d", i), 0)), append(want, fmt.Sprintf("%03d", i))
	}
	set(t, acts, all...)
	var inside sync.WaitGroup // both have claimed before either goes on
	inside.Add(2)
	var group errgroup.Group
	counts := make([]int, 2)
	for i, own := range []*act.Acts{acts, &second} {
		once := sync.Once{}
		timers := timersOf(own, newWall(), map[string]worker.TimerHandler{"remind": func(tx *act.Tx, one timer.Timer) error {
			once.Do(func() { inside.Done(); inside.Wait() })
			return effect(tx, one.Key)
		}})
		group.Go(func() (err error) { counts[i], err = timers.Drain(t.Context()); return err })
	}
	require.NoError(t, group.Wait())
	require.Equal(t, []int{200, 200}, counts)
	got := effects(t, acts)
	slices.Sort(got)
	require.Equal(t, want, got)
}

// A timer of this process that is being fired is waited for: whoever drains finds nothing half done.
func TestDrainWaitsForWhatIsBeingFired(t *testing.T) {
	onBoth(t, func(t *testing.T, acts *act.Acts) {
		set(t, acts, due("remind", "k", 0))
		inside, release := make(chan struct{}), make(chan struct{})
		timers := timersOf(acts, newWall(), map[string]worker.TimerHandler{"remind": func(tx *act.Tx, one timer.Timer) error {
			close(inside)
			<-release
			return effect(tx, one.Key)
		}})
		var group errgroup.Group
		group.Go(func() error { _, err := timers.Drain(t.Context()); return err })
		<-inside
		drained, begun := make(chan int, 1), make(chan struct{})
		go func() {
			close(begun)
			n, err := timers.Drain(t.Context())
			if err != nil {
				t.Error(err)
			}
			drained <- n
		}()
		<-begun
		for range 200 { // ample for a look that waits for nobody
			require.Empty(t, effects(t, acts))
			require.Empty(t, drained, "drained while a timer is being fired")
		}
		close(release)
		require.Zero(t, <-drained)
		require.Equal(t, []string{"k"}, effects(t, acts))
		require.NoError(t, group.Wait())
	})
}

func BenchmarkFire(b *testing.B) {
	for name, opener := range map[string]func(testing.TB) sqldbtest.Opener{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			acts := newActs(b, opener(b)("followup"), "followup")
			timers := timersOf(acts, newWall(), map[string]worker.TimerHandler{"remind": byTimer})
			const each = 1000
			for b.Loop() {
				b.StopTimer()
				require.NoError(b, acts.DB.Tx(b.Context(), func(tx *sqldb.Tx) error {
					for i := range each {
						if err := timer.Set(tx, due("remind", fmt.Sprint(i), 0)); err != nil {
							return err
						}
					}
					return nil
				}))
				b.StartTimer()
				require.Equal(b, each, fired(b, timers))
			}
			b.ReportMetric(float64(each)*float64(b.N)/b.Elapsed().Seconds(), "effects/s")
		})
	}
}
