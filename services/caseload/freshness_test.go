package caseload_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"

	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/services/caseload"
)

// Of a source that cannot be asked counts what was known of it last.
func TestFreshnessOfWhatCannotBeAsked(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		w.register()
		w.h.Settle()
		read := func() *caseloadv1.Freshness {
			answer, err := w.client.ListCaseload(w.manager(), &caseloadv1.ListCaseloadRequest{CareUnitId: w.place.UnitID})
			require.NoError(t, err)
			require.Len(t, answer.GetRows(), 1)
			return answer.GetFreshness()
		}
		require.Zero(t, read().GetAgeSeconds())
		require.NoError(t, w.h.System.Log("followup").DB.Close())
		w.h.Clock.Advance(2 * time.Minute)
		require.EqualValues(t, 120, read().GetAgeSeconds())
		require.False(t, read().GetRebuilding())
	})
}

// A source that hangs is waited for once, and then left alone for a while: what was known of it counts, and nobody else waits.
func TestFreshnessOfASourceThatHangs(t *testing.T) {
	// Of PostgreSQL alone, where a lock makes a reader wait; on SQLite nothing does.
	w := newWard(t, apptest.New(t, sqldb.Config{URL: sqldbtest.PostgresURL(t), MaxConns: 4}, caseload.Module))
	log := w.h.System.Log("followup").DB
	patient, _ := w.register()
	w.h.Settle()
	read := func(ctx context.Context) *caseloadv1.Freshness {
		answer, err := w.client.ListCaseload(ctx, &caseloadv1.ListCaseloadRequest{CareUnitId: w.place.UnitID})
		require.NoError(t, err)
		require.Len(t, answer.GetRows(), 1)
		return answer.GetFreshness()
	}
	require.Zero(t, read(w.manager()).GetAgeSeconds())

	locked, release := make(chan struct{}), make(chan struct{})
	var holding errgroup.Group
	holding.Go(func() error {
		return log.Tx(context.WithoutCancel(t.Context()), func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(`LOCK TABLE event_head IN ACCESS EXCLUSIVE MODE`); err != nil {
				return err
			}
			close(locked)
			<-release
			return nil
		})
	})
	<-locked
	w.h.Clock.Advance(time.Minute)
	require.EqualValues(t, 60, read(w.manager()).GetAgeSeconds(), "given up")
	// Each of these looks anew; if each waited until the source were given up, five would not be answered in time.
	ctx, cancel := context.WithTimeout(w.manager(), 9*time.Second)
	defer cancel()
	for i := range 5 {
		w.h.Clock.Advance(time.Minute)
		fresh := read(ctx)
		require.EqualValues(t, 60*(i+2), fresh.GetAgeSeconds())
		require.False(t, fresh.GetRebuilding())
	}
	require.NotEmpty(t, w.one(patient))
	close(release)
	require.NoError(t, holding.Wait())
}
