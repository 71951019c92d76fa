package accesslog_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"golang.org/x/sync/errgroup"

	"github.com/coworkcare/coworkcare/platform/accesslog"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

var morning = time.Date(2026, 3, 2, 8, 59, 0, 0, time.UTC)

func migrated(t testing.TB, db *sqldb.DB) *sqldb.DB {
	t.Helper()
	folder, err := fs.Sub(accesslog.Migrations, "migrations")
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "accesslog", folder))
	return db
}

// running makes a log on a store and lets it write until the test ends.
func running(t testing.TB, db *sqldb.DB) *accesslog.Log {
	t.Helper()
	log, err := accesslog.New(migrated(t, db))
	require.NoError(t, err)
	log.SetNow(func() time.Time { return morning })
	run(t, log)
	return log
}

func run(t testing.TB, log *accesslog.Log) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = log.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func read(person, patient string) accesslog.Record {
	return accesslog.Record{Person: person, UnitID: "u1", PatientID: patient, Kind: accesslog.Read, Method: "/m", TraceID: "t"}
}

func count(t testing.TB, db *sqldb.DB) (n int) {
	t.Helper()
	require.NoError(t, db.Read(t.Context()).QueryRow(`SELECT count(*) FROM access_record`).Scan(&n))
	return n
}

// One record for a person, unit, patient, kind and hour, however often; another for each difference.
func TestOneRecordAnHour(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("accesslog")
		log := running(t, db)
		now := morning
		log.SetNow(func() time.Time { return now })
		write := func(records ...accesslog.Record) {
			require.NoError(t, log.Write(t.Context(), records))
		}
		write(read("anna", "p1"))
		write(read("anna", "p1"))
		again := read("anna", "p1")
		again.Method, again.TraceID = "/other", "t2"
		write(again)
		require.Equal(t, 1, count(t, db))
		otherUnit, written, refused := read("anna", "p1"), read("anna", "p1"), read("anna", "p1")
		otherUnit.UnitID, written.Kind, refused.Kind = "u2", accesslog.Write, accesslog.Refused
		write(read("anna", "p2"), read("bo", "p1"), otherUnit, written, refused, read("anna", "p2"))
		require.Equal(t, 6, count(t, db))
		now = morning.Add(time.Minute) // nine o'clock
		write(read("anna", "p1"))
		require.Equal(t, 7, count(t, db))
		write(nil...)

		// Another process knows nothing of what this one remembers, and doubles nothing.
		second := running(t, open("accesslog"))
		second.SetNow(func() time.Time { return now })
		require.NoError(t, second.Write(t.Context(), []accesslog.Record{read("anna", "p1")}))
		require.Equal(t, 7, count(t, db))
	})
}

// When Write has returned, another connection sees the record.
func TestDurableBeforeReturn(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		log, other := running(t, open("accesslog")), open("accesslog")
		for i := range 20 {
			require.NoError(t, log.Write(t.Context(), []accesslog.Record{read("anna", fmt.Sprint(i))}))
			require.Equal(t, i+1, count(t, other))
		}
	})
}

// What could not be written is an error each time, and is not remembered as written.
func TestStoreAway(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("accesslog")
		log := running(t, db)
		require.NoError(t, log.Write(t.Context(), []accesslog.Record{read("anna", "before")}))
		rename := func(from, to string) {
			require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(`ALTER TABLE ` + from + ` RENAME TO ` + to); return err }))
		}
		rename("access_record", "away")
		for range 2 {
			require.Error(t, log.Write(t.Context(), []accesslog.Record{read("anna", "p1")}))
		}
		require.NoError(t, log.Write(t.Context(), []accesslog.Record{read("anna", "before")}), "durable already")
		rename("away", "access_record")
		require.NoError(t, log.Write(t.Context(), []accesslog.Record{read("anna", "p1")}))
		require.Equal(t, 2, count(t, db))
	})
}

func TestClosedStore(t *testing.T) {
	db, err := sqldb.Open(t.Context(), sqldb.Config{Dir: t.TempDir()}, "accesslog")
	require.NoError(t, err)
	log := running(t, db)
	require.NoError(t, db.Close())
	require.Error(t, log.Write(t.Context(), []accesslog.Record{read("anna", "p1")}))
}

// A caller who goes away, or finds nobody who writes, is not told that it is written.
func TestNobodyWrites(t *testing.T) {
	log, err := accesslog.New(migrated(t, sqldbtest.SQLite(t)("accesslog")))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, log.Write(ctx, []accesslog.Record{read("anna", "p1")}), context.Canceled)
}

// Texts that no store takes are their caller's error alone: those who share the commit get theirs written.
func TestBadRecordHarmsNobodyElse(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("accesslog")
		log, err := accesslog.New(migrated(t, db))
		require.NoError(t, err)
		var group errgroup.Group
		var refused atomic.Int32
		for i := range 40 {
			group.Go(func() error {
				one := read("anna", fmt.Sprint(i))
				bad := i%4 == 0
				if bad {
					one.PatientID = []string{"nul\x00", "\xff", strings.Repeat("å", 400)}[i/4%3]
				}
				err := log.Write(t.Context(), []accesslog.Record{one})
				if bad {
					refused.Add(1)
					if err == nil {
						return fmt.Errorf("%q was taken", one.PatientID)
					}
					return nil
				}
				return err
			})
		}
		require.Eventually(t, func() bool { return refused.Load() == 10 }, time.Minute, time.Millisecond)
		run(t, log) // the good ones wait in one batch
		require.NoError(t, group.Wait())
		require.Equal(t, 30, count(t, db))
	})
}

// At the end, what is in the queue is still written.
func TestStopWritesTheQueue(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("accesslog")
		log, err := accesslog.New(migrated(t, db))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // it ends as soon as it begins
		var group errgroup.Group
		for i := range 10 {
			group.Go(func() error { return log.Write(t.Context(), []accesslog.Record{read("anna", fmt.Sprint(i))}) })
		}
		written := make(chan error)
		go func() { written <- group.Wait() }()
		for done := false; !done; {
			require.NoError(t, log.Run(ctx))
			select {
			case err := <-written:
				require.NoError(t, err)
				done = true
			default:
			}
		}
		require.Equal(t, 10, count(t, db))
	})
}

// Many callers at once share commits; each record is there once.
func TestGroupCommit(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("accesslog")
		log, err := accesslog.New(migrated(t, db))
		require.NoError(t, err)
		ctx, span := provider.Tracer("test").Start(t.Context(), "writer")
		defer span.End()
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan struct{})
		go func() { defer close(done); _ = log.Run(ctx) }()
		recorder.Reset()
		const callers, calls = 64, 20
		var group errgroup.Group
		for caller := range callers {
			group.Go(func() error {
				for call := range calls {
					// Two patients in each answer; one of them everybody looks at.
					records := []accesslog.Record{read(fmt.Sprint(caller), fmt.Sprint(call)), read("everybody", fmt.Sprint(call))}
					if err := log.Write(t.Context(), records); err != nil {
						return err
					}
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		cancel()
		<-done
		require.Equal(t, callers*calls+calls, count(t, db))
		commits := 0
		for _, ended := range recorder.Ended() {
			if strings.HasPrefix(ended.Name(), "COMMIT") {
				commits++
			}
		}
		t.Logf("%d calls in %d commits", callers*calls, commits)
		require.Positive(t, commits)
		require.Less(t, commits, callers*calls/4)
	})
}

// Two processes write the same records in opposite orders at the same time.
func TestReplicasDoNotBlockEachOther(t *testing.T) {
	opener := sqldbtest.Postgres(t)
	logs := []*accesslog.Log{running(t, opener("accesslog")), running(t, opener("accesslog"))}
	db := opener("accesslog")
	for round := range 30 {
		var group errgroup.Group
		for side, log := range logs {
			group.Go(func() error {
				var records []accesslog.Record
				for i := range 200 {
					at := i
					if side == 1 {
						at = 199 - i
					}
					records = append(records, read("anna", fmt.Sprintf("%d-%d", round, at)))
				}
				return log.Write(t.Context(), records)
			})
		}
		require.NoError(t, group.Wait())
	}
	require.Equal(t, 30*200, count(t, db))
	var deadlocks int
	require.NoError(t, db.Read(t.Context()).QueryRow(`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks))
	require.Zero(t, deadlocks)
}

func TestExtract(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		log := running(t, open("accesslog"))
		now := morning
		log.SetNow(func() time.Time { return now })
		var want []accesslog.Shown
		for i := range 5 {
			now = morning.Add(time.Duration(i) * 40 * time.Minute)
			one := accesslog.Record{Person: fmt.Sprint("person", i), UnitID: "u1", PatientID: "p1", Kind: accesslog.Read, Method: "/m", TraceID: fmt.Sprint(i)}
			require.NoError(t, log.Write(t.Context(), []accesslog.Record{one, read("anna", "p2")}))
			want = append([]accesslog.Shown{{Record: one, Time: now}}, want...)
		}
		got, err := log.Extract(t.Context(), "p1", 100)
		require.NoError(t, err)
		require.Equal(t, want, got, "newest first")
		got, err = log.Extract(t.Context(), "p1", 2)
		require.NoError(t, err)
		require.Equal(t, want[:2], got)
		got, err = log.Extract(t.Context(), "nobody", 2)
		require.NoError(t, err)
		require.Empty(t, got)
		_, err = log.Extract(t.Context(), "", 2)
		require.ErrorIs(t, err, accesslog.ErrNoPatient)
	})
}
