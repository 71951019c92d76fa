package worker_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/bell"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/platform/worker"
)

var start = time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)

// newActs makes acts on a store with a table of effects, in the order in which they were written.
func newActs(t testing.TB, db *sqldb.DB, source string) *act.Acts {
	t.Helper()
	folder, err := fs.Sub(act.Migrations, "migrations")
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "chassis", folder))
	serial := map[sqldb.Engine]string{sqldb.SQLite: "INTEGER PRIMARY KEY AUTOINCREMENT", sqldb.Postgres: "BIGSERIAL PRIMARY KEY"}
	require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`CREATE TABLE IF NOT EXISTS effect (n ` + serial[db.Engine()] + `, text TEXT NOT NULL)`)
		return err
	}))
	log := slog.New(slog.DiscardHandler)
	return &act.Acts{Source: source, DB: db, Clock: clock.NewTest(start), Bell: bell.New(nil, log), Log: log}
}

func effect(tx *act.Tx, text string) error {
	_, err := tx.Exec(`INSERT INTO effect (text) VALUES ($1)`, text)
	return err
}

// effects are what handlers wrote, in order.
func effects(t testing.TB, acts *act.Acts) []string {
	t.Helper()
	rows, err := acts.DB.Read(t.Context()).Query(`SELECT text FROM effect ORDER BY n`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	texts := []string{}
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		texts = append(texts, text)
	}
	require.NoError(t, rows.Err())
	return texts
}

// feed serves a log as the event service does, without the way over gRPC.
type feed struct {
	acts *act.Acts
	// listed is called after the log was read and before the events are given out; nil: not.
	listed func()
}

func (f *feed) ListEvents(ctx context.Context, request *eventv1.ListEventsRequest, _ ...grpc.CallOption) (*eventv1.ListEventsResponse, error) {
	cursor, err := event.ParseCursor(request.GetCursor())
	if err != nil {
		return nil, err
	}
	for {
		rung := f.acts.Bell.Wait(worker.Numbered(f.acts.Source))
		events, next, err := event.Read(f.acts.DB.Read(ctx), f.acts.Source, event.Query{After: cursor[f.acts.Source], Limit: int(request.GetPageSize())})
		if err != nil {
			return nil, err
		}
		if len(events) > 0 || request.GetWaitSeconds() == 0 {
			if f.listed != nil {
				f.listed()
			}
			return &eventv1.ListEventsResponse{Events: events, NextCursor: event.Cursor{f.acts.Source: next}.String()}, nil
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tell appends an event of a resource and numbers it.
func (f *feed) tell(t testing.TB, resource string, revision int64) {
	t.Helper()
	f.tellAll(t, []string{resource}, revision, revision)
}

// tellAll appends the revisions from first to last of every resource, in one act, and numbers them. It gives their names.
func (f *feed) tellAll(t testing.TB, resources []string, first, last int64) (names []string) {
	t.Helper()
	require.NoError(t, f.acts.Run(t.Context(), func(tx *act.Tx) error {
		names = nil
		for revision := first; revision <= last; revision++ {
			for _, resource := range resources {
				names = append(names, fmt.Sprint(resource, revision))
				err := tx.Emit(act.Event{Type: "thing.moved", ResourceID: resource, Revision: revision, Snapshot: &patientv1.PatientSnapshot{}})
				if err != nil {
					return err
				}
			}
		}
		return nil
	}))
	_, err := (&worker.Numberer{Acts: f.acts, Log: f.acts.Log}).Drain(t.Context())
	require.NoError(t, err)
	return names
}

// wall is the machine's time as a test moves it: pauses end at once and have passed.
type wall struct {
	mu     sync.Mutex
	at     time.Time
	pauses []time.Duration
	// meanwhile happens in the first pause; nil: nothing does.
	meanwhile func()
}

func newWall() *wall { return &wall{at: start} }

func (w *wall) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func (w *wall) paused() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all time.Duration
	for _, d := range w.pauses {
		all += d
	}
	return all
}

func (w *wall) wall() worker.Wall {
	return worker.Wall{
		Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.at
		},
		Pause: func(_ context.Context, d time.Duration) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.meanwhile != nil && len(w.pauses) == 0 {
				w.meanwhile()
			}
			w.at, w.pauses = w.at.Add(d), append(w.pauses, d)
		},
	}
}

// written is a log to look at.
func written() (*slog.Logger, *bytes.Buffer) {
	out := &bytes.Buffer{}
	return slog.New(slog.NewTextHandler(&lockedWriter{out: out}, nil)), out
}

type lockedWriter struct {
	mu  sync.Mutex
	out *bytes.Buffer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.Write(p)
}

// named is the effect of an event: resource and revision.
func named(e *eventv1.Event) string { return fmt.Sprintf("%s%d", e.GetResourceId(), e.GetRevision()) }

// byEvent writes each event's name.
func byEvent(tx *act.Tx, e *eventv1.Event) error { return effect(tx, named(e)) }

// pair is a source's log and the store of who consumes it.
func pair(t testing.TB, open sqldbtest.Opener) (*feed, *act.Acts) {
	t.Helper()
	return &feed{acts: newActs(t, open("source"), "source")}, newActs(t, open("consumer"), "consumer")
}

func consumer(acts *act.Acts, from *feed, handler worker.EventHandler, w *wall) *worker.Consumer {
	return &worker.Consumer{Acts: acts, Source: from.acts.Source, Events: from, Handler: handler, Log: acts.Log, Wall: w.wall()}
}

func drain(t testing.TB, c *worker.Consumer) {
	t.Helper()
	_, err := c.Drain(t.Context())
	require.NoError(t, err)
}

func parked(t testing.TB, acts *act.Acts) int64 {
	t.Helper()
	n, err := worker.Parked(acts.DB.Read(t.Context()))
	require.NoError(t, err)
	return n
}

func cursorOf(t testing.TB, acts *act.Acts, source string) int64 {
	t.Helper()
	cursors, err := worker.Cursors(acts.DB.Read(t.Context()))
	require.NoError(t, err)
	return cursors[source]
}

// noLeaks fails the test when it leaves goroutines behind.
func noLeaks(t *testing.T) {
	t.Helper()
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		goleak.VerifyNone(t, ignore, goleak.IgnoreAnyFunction("database/sql.(*DB).connectionOpener"))
	})
}

// absent is a log whose owner does not answer for some calls.
type absent struct {
	*feed
	failures atomic.Int32
}

func (a *absent) ListEvents(ctx context.Context, request *eventv1.ListEventsRequest, options ...grpc.CallOption) (*eventv1.ListEventsResponse, error) {
	if a.failures.Add(-1) >= 0 {
		return nil, errBroken
	}
	return a.feed.ListEvents(ctx, request, options...)
}
