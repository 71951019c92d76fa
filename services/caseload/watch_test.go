package caseload_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

func (w *ward) watch(ctx context.Context, cursor string, wait, size int32) *caseloadv1.WatchCaseloadResponse {
	w.t.Helper()
	answer, err := w.client.WatchCaseload(ctx, &caseloadv1.WatchCaseloadRequest{CareUnitId: w.place.UnitID, Cursor: cursor, WaitSeconds: wait, PageSize: size})
	require.NoError(w.t, err)
	return answer
}

// Whoever takes a cursor, reads the list and goes on from the cursor misses no change and is told none twice, though writes go on
// and every few changes the connection is made anew.
func TestWatchMissesNothing(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		var ids []string
		for range 4 {
			patient, _ := w.register()
			ids = append(ids, patient)
		}
		w.h.Settle()
		ctx := w.manager()
		const rounds = 12
		start := w.watch(ctx, "", 0, 0)
		require.Empty(t, start.GetChanges())
		versions := map[string]int32{}
		for _, row := range w.list(50, &caseloadv1.ListCaseloadRequest{}) {
			versions[row.GetPatientId()] = row.GetPictureVersion()
		}

		var group errgroup.Group
		group.Go(func() error {
			for i := range rounds {
				for n, patient := range ids {
					w.due(patient, newID(100*n+i), "2026-03-10", followupv1.FollowUp_OPEN)
				}
				if _, err := w.h.System.Settle(t.Context()); err != nil {
					return err
				}
			}
			return nil
		})
		seen := map[string]bool{}
		counts := map[string]int{}
		cursor := start.GetNextCursor()
		for len(seen) < rounds*len(ids) {
			answer := w.watch(ctx, cursor, 30, 3)
			require.False(t, answer.GetRebuilt())
			for i, change := range answer.GetChanges() {
				require.False(t, seen[change.GetCursor()], "told twice")
				seen[change.GetCursor()] = true
				require.True(t, change.GetListed())
				require.Equal(t, "caseload_row.changed", change.GetType())
				counts[change.GetRow().GetPatientId()]++
				versions[change.GetRow().GetPatientId()] = max(versions[change.GetRow().GetPatientId()], change.GetRow().GetPictureVersion())
				cursor = change.GetCursor()
				if i == 1 {
					break // the connection is cut in the middle of an answer
				}
			}
			if len(answer.GetChanges()) <= 2 {
				cursor = answer.GetNextCursor()
			}
		}
		require.NoError(t, group.Wait())
		for _, row := range w.list(50, &caseloadv1.ListCaseloadRequest{}) {
			require.Equal(t, rounds, counts[row.GetPatientId()])
			require.Equal(t, row.GetPictureVersion(), versions[row.GetPatientId()])
		}
		require.Empty(t, w.watch(ctx, cursor, 0, 0).GetChanges())
	})
}

// A patient who moves leaves one unit's watchers and enters the other's; other units' changes are nobody else's.
func TestWatchTheOldUnit(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		patient, _ := w.register()
		w.h.Settle()
		here, there := w.place, w.h.NewPlace()
		ctxHere := w.manager()
		w.place = there
		ctxThere := w.manager()
		atThere := w.watch(ctxThere, "", 0, 0)
		w.place = here
		atHere := w.watch(ctxHere, "", 0, 0)

		w.belongs(patient, there, patientv1.Patient_ACTIVE)
		w.h.Settle()
		left := w.watch(ctxHere, atHere.GetNextCursor(), 0, 0).GetChanges()
		require.Len(t, left, 1)
		require.False(t, left[0].GetListed())
		require.Equal(t, patient, left[0].GetRow().GetPatientId())
		require.Empty(t, left[0].GetRow().GetCareUnitId())
		w.place = there
		came := w.watch(ctxThere, atThere.GetNextCursor(), 0, 0).GetChanges()
		require.Len(t, came, 1)
		require.True(t, came[0].GetListed())

		w.belongs(patient, there, patientv1.Patient_REGISTERED_IN_ERROR)
		w.h.Settle()
		gone := w.watch(ctxThere, came[0].GetCursor(), 0, 0).GetChanges()
		require.Len(t, gone, 1)
		require.False(t, gone[0].GetListed())
	})
}

// What tells nothing new is told to nobody.
func TestWatchHearsNoRepeats(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		patient, _ := w.register()
		w.due(patient, newID(1), "2026-03-10", followupv1.FollowUp_OPEN)
		w.h.Settle()
		ctx := w.manager()
		cursor := w.watch(ctx, "", 0, 0).GetNextCursor()
		w.h.Tell("followup", act.Event{Type: "follow_up.reminded", ResourceID: newID(1), Revision: 1, PatientID: patient, Place: w.place,
			Snapshot: &followupv1.FollowUpSnapshot{FollowUpId: newID(1), State: followupv1.FollowUp_OPEN, DueDate: "2026-03-20"}})
		w.h.Settle()
		require.Empty(t, w.watch(ctx, cursor, 0, 0).GetChanges())
		require.Equal(t, "2026-03-10", w.one(patient).GetNextDueDate())
	})
}

func TestBadCursors(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		w.register()
		w.h.Settle()
		ctx := w.manager()
		good := w.watch(ctx, "", 0, 0).GetNextCursor()
		epoch := good[:36]
		for _, bad := range []string{"x", epoch, epoch + ".", epoch + ".-1", epoch + ".01", epoch + ".9999999", "." + strconv.Itoa(1), "caseload:1"} {
			_, err := w.client.WatchCaseload(ctx, &caseloadv1.WatchCaseloadRequest{CareUnitId: w.place.UnitID, Cursor: bad})
			requireReason(t, err, codes.InvalidArgument, "BAD_CURSOR")
		}
		_, err := w.client.WatchCaseload(ctx, &caseloadv1.WatchCaseloadRequest{CareUnitId: w.h.NewPlace().UnitID})
		requireReason(t, err, codes.NotFound, "CARE_UNIT_NOT_FOUND")
	})
}

// Who waits is woken by the change, and by the end of the process.
func TestWatchWaits(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		patient, _ := w.register()
		w.h.Settle()
		ctx := w.manager()
		cursor := w.watch(ctx, "", 0, 0).GetNextCursor()
		var waiting sync.WaitGroup
		var answer *caseloadv1.WatchCaseloadResponse
		waiting.Go(func() { answer = w.watch(ctx, cursor, 30, 0) })
		w.due(patient, newID(1), "2026-03-10", followupv1.FollowUp_OPEN)
		w.h.Settle()
		waiting.Wait()
		require.Len(t, answer.GetChanges(), 1)
		waiting.Go(func() { answer = w.watch(ctx, answer.GetNextCursor(), 30, 0) })
		w.h.System.Stopping()
		waiting.Wait()
		require.Empty(t, answer.GetChanges())
	})
}
