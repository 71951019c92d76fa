package worker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/platform/worker"
)

var errBroken = errors.New("broken")

func TestEventsAreConsumedInOrder(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		from, acts := pair(t, open)
		want := from.tellAll(t, []string{"r"}, 1, 120) // more than two batches
		c := consumer(acts, from, byEvent, newWall())
		drain(t, c)
		require.Equal(t, want, effects(t, acts))
		require.EqualValues(t, 120, cursorOf(t, acts, "source"))
		drain(t, c)
		require.Len(t, effects(t, acts), 120)
	})
}

// What the handler finds in its transaction, and what becomes of what it tells and sets.
func TestHandlersTransaction(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		from, acts := pair(t, open)
		var armed []timer.Timer
		acts.Armed = func(set []timer.Timer) { armed = append(armed, set...) }
		place := access.Place{ProviderID: "p", UnitID: "u"}
		cause := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
		require.NoError(t, from.acts.Run(trace.ContextWithSpanContext(t.Context(), cause), func(tx *act.Tx) error {
			return tx.Emit(act.Event{Type: "a.made", ResourceID: "r", Revision: 1, Place: place, Snapshot: &patientv1.PatientSnapshot{}})
		}))
		from.tell(t, "r", 2)
		rung := acts.Bell.Wait(act.Unnumbered("consumer"))
		var places []access.Place
		drain(t, consumer(acts, from, func(tx *act.Tx, e *eventv1.Event) error {
			places = append(places, tx.Place)
			require.Equal(t, "consumer", tx.Caller.Service)
			require.Equal(t, "service:consumer", tx.Caller.Subject)
			require.Equal(t, start, tx.Now)
			return errors.Join(
				tx.SetTimer(timer.Timer{Kind: "k", Key: named(e), Due: start}),
				tx.Emit(act.Event{Type: "b.made", ResourceID: named(e), Revision: 1, Snapshot: &patientv1.PatientSnapshot{}}))
		}, newWall()))
		require.Equal(t, []access.Place{place, {}}, places)
		require.Len(t, armed, 2)
		select {
		case <-rung:
		default:
			t.Fatal("nobody is told of what the handler told")
		}
		told := &feed{acts: acts}
		_, err := (&worker.Numberer{Acts: acts, Log: acts.Log}).Drain(t.Context())
		require.NoError(t, err)
		answer, err := told.ListEvents(t.Context(), &eventv1.ListEventsRequest{PageSize: 10})
		require.NoError(t, err)
		require.Len(t, answer.GetEvents(), 2)
		require.Equal(t, "u", answer.GetEvents()[0].GetCareUnitId())
		require.Equal(t, "consumer", answer.GetEvents()[0].GetActor().GetService())
	})
}

// A handler that fails once, anywhere in a batch, is called again; everything has its effect once and in order.
func TestFailureOnceHasEachEffectOnce(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		for _, bad := range []int{1, 5, 10} {
			t.Run(fmt.Sprint("event ", bad), func(t *testing.T) {
				from := &feed{acts: newActs(t, open(fmt.Sprint("source", bad)), "source")}
				acts := newActs(t, open(fmt.Sprint("consumer", bad)), "consumer")
				want := from.tellAll(t, []string{"r"}, 1, 10)
				failed := false
				drain(t, consumer(acts, from, func(tx *act.Tx, e *eventv1.Event) error {
					if err := effect(tx, named(e)); err != nil {
						return err
					}
					if int(e.GetRevision()) == bad && !failed {
						failed = true
						return errBroken
					}
					return nil
				}, newWall()))
				require.True(t, failed)
				require.Equal(t, want, effects(t, acts))
				require.Zero(t, parked(t, acts))
			})
		}
	})
}

// The process dies after the handler and before the commit; the next one, which finds a lease that is nobody's, goes on.
func TestCrashBeforeTheCommit(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		from, acts := pair(t, open)
		from.tell(t, "r", 1)
		from.tell(t, "r", 2)
		ctx, crash := context.WithCancel(t.Context())
		dying := consumer(acts, from, func(tx *act.Tx, e *eventv1.Event) error {
			if err := effect(tx, named(e)); err != nil {
				return err
			}
			if e.GetRevision() == 2 {
				crash()
			}
			return nil
		}, newWall())
		_, err := dying.Drain(ctx)
		require.Error(t, err)
		require.Empty(t, effects(t, acts))
		require.Zero(t, cursorOf(t, acts, "source"))

		next := *acts
		next.DB = open("consumer")
		require.NoError(t, worker.ForgetLeases(t.Context(), next.DB))
		drain(t, consumer(&next, from, byEvent, newWall()))
		require.Equal(t, []string{"r1", "r2"}, effects(t, acts))
	})
}

func TestPoisonEventWaitsAloneWithItsResource(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		for name, fail := range map[string]func() error{
			"error": func() error { return errBroken },
			"panic": func() error { panic("boom") },
		} {
			t.Run(name, func(t *testing.T) {
				from := &feed{acts: newActs(t, open("source"+name), "source")}
				acts := newActs(t, open("consumer"+name), "consumer")
				from.tell(t, "a", 1)
				from.tell(t, "b", 1) // poison
				from.tell(t, "a", 2)
				from.tell(t, "b", 2)
				from.tell(t, "c", 1)
				healed, tries := false, 0
				w := newWall()
				c := consumer(acts, from, func(tx *act.Tx, e *eventv1.Event) error {
					if err := effect(tx, named(e)); err != nil {
						return err
					}
					if named(e) == "b1" && !healed {
						tries++
						return fail()
					}
					return nil
				}, w)
				log, out := written()
				c.Log = log
				drain(t, c)
				require.Equal(t, []string{"a1", "a2", "c1"}, effects(t, acts))
				require.EqualValues(t, 2, parked(t, acts), "the poison, and the later one of its resource")
				require.EqualValues(t, 5, cursorOf(t, acts, "source"))
				require.Equal(t, 1+4, tries, "once in the batch, then four times alone")
				require.Equal(t, 1, countLines(out.String(), "level=ERROR"))
				require.Contains(t, out.String(), "is parked")
				require.Equal(t, (250+500+1000)*time.Millisecond, w.paused())

				// It stays waiting through its pause, and so do later ones; others pass.
				from.tell(t, "b", 3)
				from.tell(t, "c", 2)
				drain(t, c)
				require.Equal(t, 5, tries)
				require.EqualValues(t, 3, parked(t, acts))
				require.Equal(t, []string{"a1", "a2", "c1", "c2"}, effects(t, acts))

				// Tried after its pause, it fails again, and its pause is longer.
				w.pass(30 * time.Second)
				drain(t, c)
				require.Equal(t, 6, tries)
				w.pass(59 * time.Second)
				drain(t, c)
				require.Equal(t, 6, tries)

				healed = true
				w.pass(time.Second)
				drain(t, c)
				require.Equal(t, []string{"a1", "a2", "c1", "c2", "b1", "b2", "b3"}, effects(t, acts), "in the order of its revisions")
				require.Zero(t, parked(t, acts))
				from.tell(t, "b", 4)
				drain(t, c)
				require.Equal(t, "b4", effects(t, acts)[7])
			})
		}
	})
}

func countLines(text, part string) (n int) {
	for i := 0; i+len(part) <= len(text); i++ {
		if text[i:i+len(part)] == part {
			n++
		}
	}
	return n
}

// Two poison events of different resources in one batch park apart.
func TestSeveralPoisonEvents(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		from, acts := pair(t, open)
		var resources []string
		for i := range 40 {
			resources = append(resources, fmt.Sprintf("r%d-", i))
		}
		from.tellAll(t, resources, 1, 1)
		sick := true
		w := newWall()
		c := consumer(acts, from, func(tx *act.Tx, e *eventv1.Event) error {
			if sick && e.GetSequence()%4 == 0 {
				return errBroken
			}
			return effect(tx, named(e))
		}, w)
		drain(t, c) // the pauses alone take longer than a lease
		require.Len(t, effects(t, acts), 30)
		require.EqualValues(t, 10, parked(t, acts))
		sick = false
		w.pass(time.Hour)
		drain(t, c)
		require.Len(t, effects(t, acts), 40)
		require.Zero(t, parked(t, acts))
	})
}

// A database that goes away in the middle is no fault of the event: nothing is parked.
func TestLostDatabaseParksNothing(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		from, acts := pair(t, open)
		from.tell(t, "r", 1)
		lost := *acts
		lost.DB = open("consumer")
		w := newWall()
		w.meanwhile = func() { require.NoError(t, lost.DB.Close()) } // between the first try and the second
		_, err := consumer(&lost, from, func(*act.Tx, *eventv1.Event) error { return errBroken }, w).Drain(t.Context())
		require.Error(t, err)
		require.Zero(t, parked(t, acts))
	})
}

func TestRunWakesAndGivesTheLeaseBack(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		noLeaks(t)
		from, acts := pair(t, open)
		handled := make(chan string, 10)
		c := consumer(acts, from, func(tx *act.Tx, e *eventv1.Event) error {
			tx.AfterCommit(func() { handled <- named(e) })
			return nil
		}, newWall())
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- c.Run(ctx) }()
		for i := range 3 {
			from.tell(t, "r", int64(i+1))
			require.Equal(t, fmt.Sprint("r", i+1), <-handled)
		}
		stop()
		require.NoError(t, <-done)
		// Another may go on at once.
		second := *acts
		second.DB = open("consumer")
		from.tell(t, "r", 4)
		drain(t, consumer(&second, from, byEvent, newWall()))
		require.Equal(t, []string{"r4"}, effects(t, acts))
	})
}

// While the log's owner is away the consumer goes on trying, with growing pauses, and loses nothing.
func TestRunOutlivesTheSource(t *testing.T) {
	from, acts := pair(t, sqldbtest.SQLite(t))
	from.tell(t, "r", 1)
	away := &absent{feed: from}
	away.failures.Store(5)
	handled := make(chan string, 1)
	w := newWall()
	c := consumer(acts, from, func(tx *act.Tx, e *eventv1.Event) error {
		tx.AfterCommit(func() { handled <- named(e) })
		return nil
	}, w)
	c.Events = away
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- c.Run(ctx) }()
	require.Equal(t, "r1", <-handled)
	stop()
	require.NoError(t, <-done)
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Equal(t, []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}, slices.Clone(w.pauses[:5]))
}
