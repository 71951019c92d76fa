package worker_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// A replica that does not hold the lease does nothing; when the holder's lease has run out, the other goes on where it stopped.
func TestLeaseTakeover(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		from, acts := pair(t, open)
		second := *acts
		second.DB = open("consumer")
		wallA, wallB := newWall(), newWall()
		by := func(who string) worker.EventHandler {
			return func(tx *act.Tx, e *eventv1.Event) error { return effect(tx, who+named(e)) }
		}
		a, b := consumer(acts, from, by("a:"), wallA), consumer(&second, from, by("b:"), wallB)
		from.tell(t, "r", 1)
		drain(t, a)
		from.tell(t, "r", 2)
		wallB.pass(14 * time.Second)
		drain(t, b)
		require.Equal(t, []string{"a:r1"}, effects(t, acts), "the lease is a's")
		wallB.pass(2 * time.Second)
		drain(t, b)
		require.Equal(t, []string{"a:r1", "b:r2"}, effects(t, acts))
		// a comes back from a long sleep and still believes that it holds the lease.
		from.tell(t, "r", 3)
		drain(t, a)
		require.Equal(t, []string{"a:r1", "b:r2"}, effects(t, acts))
		drain(t, b)
		require.Equal(t, []string{"a:r1", "b:r2", "b:r3"}, effects(t, acts))
		// A holder renews its lease before it runs out.
		for range 10 {
			wallA.pass(10 * time.Second)
			wallB.pass(10 * time.Second)
			drain(t, b)
			drain(t, a)
		}
		from.tell(t, "r", 4)
		drain(t, a)
		drain(t, b)
		require.Equal(t, "b:r4", effects(t, acts)[3])
	})
}

// The holder stands still between reading and handling, for longer than its lease: what another has done meanwhile is not
// done again.
func TestSleepingHolderIsFenced(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		from, acts := pair(t, open)
		second := *acts
		second.DB = open("consumer")
		from.tellAll(t, []string{"r"}, 1, 5)
		late := newWall()
		late.pass(time.Minute)
		b := consumer(&second, from, byEvent, late)
		slow := &feed{acts: from.acts}
		once := sync.Once{}
		slow.listed = func() { once.Do(func() { drain(t, b) }) }
		drain(t, consumer(acts, slow, byEvent, newWall()))
		require.Equal(t, []string{"r1", "r2", "r3", "r4", "r5"}, effects(t, acts))
	})
}

// Two replicas consume at once while events come; leases change hands all the time. Each event has its effect once, in order.
func TestReplicasDoubleNothing(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		from, acts := pair(t, open)
		const events = 150
		told := make(chan struct{})
		var group errgroup.Group
		group.Go(func() error {
			defer close(told)
			for first := int64(1); first < events; first += 5 {
				from.tellAll(t, []string{"r"}, first, first+4)
			}
			return nil
		})
		var shared [2]atomic.Int32
		for i := range 2 {
			own := *acts
			own.DB = open("consumer")
			w := newWall()
			c := consumer(&own, from, func(tx *act.Tx, e *eventv1.Event) error {
				shared[i].Add(1)
				return effect(tx, named(e))
			}, w)
			group.Go(func() error {
				for cursorOf(t, acts, "source") < events {
					if _, err := c.Drain(t.Context()); err != nil {
						return err
					}
					w.pass(16 * time.Second) // each thinks that the other's lease has run out
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		<-told
		var want []string
		for i := range events {
			want = append(want, fmt.Sprint("r", i+1))
		}
		require.Equal(t, want, effects(t, acts))
		t.Logf("handled: %d and %d", shared[0].Load(), shared[1].Load())
	})
}

// Two runs of one process (its worker, and a moved test clock that drains) try the same parked event at once.
func TestParkedEventIsHandledOnce(t *testing.T) {
	from, acts := pair(t, sqldbtest.Postgres(t))
	from.tell(t, "r", 1)
	sick := atomic.Bool{}
	sick.Store(true)
	inside, release := make(chan struct{}, 2), make(chan struct{})
	w := newWall()
	c := consumer(acts, from, func(tx *act.Tx, e *eventv1.Event) error {
		if sick.Load() {
			return errBroken
		}
		if err := effect(tx, named(e)); err != nil {
			return err
		}
		inside <- struct{}{}
		<-release
		return nil
	}, w)
	drain(t, c)
	require.EqualValues(t, 1, parked(t, acts))
	sick.Store(false)
	w.pass(time.Hour)
	var group errgroup.Group
	for range 2 {
		group.Go(func() error { _, err := c.Drain(t.Context()); return err })
	}
	<-inside
	require.Eventually(t, func() bool { // the other waits for the row
		var waiting int
		err := acts.DB.Read(t.Context()).QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'DELETE FROM event_parked%'`).Scan(&waiting)
		return err == nil && waiting == 1
	}, time.Minute, 5*time.Millisecond)
	close(release)
	require.NoError(t, group.Wait())
	require.Equal(t, []string{"r1"}, effects(t, acts))
	require.Zero(t, parked(t, acts))
}
