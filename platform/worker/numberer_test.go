package worker_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/platform/worker"
)

func emit(t testing.TB, acts *act.Acts) {
	t.Helper()
	require.NoError(t, acts.Run(t.Context(), func(tx *act.Tx) error {
		return tx.Emit(act.Event{Type: "a.made", ResourceID: "r", Revision: 1, Snapshot: &patientv1.PatientSnapshot{}})
	}))
}

// An act's ring has its events numbered, and that rings for those who read.
func TestNumbererFollowsTheBell(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		noLeaks(t)
		acts := newActs(t, open("source"), "source")
		emit(t, acts) // before it runs
		rung := acts.Bell.Wait(worker.Numbered("source"))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- (&worker.Numberer{Acts: acts, Log: acts.Log}).Run(ctx) }()
		<-rung
		for range 3 {
			rung = acts.Bell.Wait(worker.Numbered("source"))
			emit(t, acts)
			<-rung
		}
		stop()
		require.NoError(t, <-done)
		head, err := event.Head(acts.DB.Read(t.Context()))
		require.NoError(t, err)
		require.EqualValues(t, 4, head)
	})
}

func TestNumbererDrain(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		acts := newActs(t, open("source"), "source")
		n := &worker.Numberer{Acts: acts, Log: acts.Log}
		any, err := n.Drain(t.Context())
		require.NoError(t, err)
		require.False(t, any)
		emit(t, acts)
		any, err = n.Drain(t.Context())
		require.NoError(t, err)
		require.True(t, any)
	})
}
