package caseload_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
)

// Five sources heard at once, all about the same patients, each in the order that it likes: nothing is lost, nothing is parked, and
// what comes of it is what comes of hearing them in turn.
func TestHeardTogether(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		ctx := w.manager()
		cursor := w.watch(ctx, "", 0, 0).GetNextCursor()
		want := map[string]int32{}
		ids := w.life(5)
		for i := range 20 {
			for n, patient := range ids {
				if i%2 == 1 {
					n = len(ids) - 1 - n // each source meets the patients in another order
					patient = ids[n]
				}
				w.due(patient, newID(100*n+i), "2026-03-10", followupv1.FollowUp_OPEN)
				w.sick(patient, "2026-02-10", "2026-03-31")
				w.held(patient, "", "2026-02-21")
				w.meeting(patient, "", newID(100*n+i), employerdialoguev1.DialogueMeeting_PROPOSED, "")
			}
		}
		for n, patient := range ids {
			want[patient] = int32(7 + n + 20*4)
		}

		work, stop := context.WithCancel(context.WithoutCancel(t.Context()))
		done := make(chan error, 1)
		go func() { done <- w.h.System.Work(work) }()
		for len(want) > 0 {
			answer := w.watch(ctx, cursor, 30, 200)
			require.NotEmpty(t, answer.GetChanges(), "nothing has happened for a long time")
			for _, change := range answer.GetChanges() {
				if change.GetRow().GetPictureVersion() == want[change.GetRow().GetPatientId()] {
					delete(want, change.GetRow().GetPatientId())
				}
			}
			cursor = answer.GetNextCursor()
		}
		stop()
		require.NoError(t, <-done)
		w.h.Settle()
		together := w.told()
		_, err := w.client.RebuildCaseload(w.h.As("operator", w.place), &caseloadv1.RebuildCaseloadRequest{})
		require.NoError(t, err)
		w.h.Settle()
		require.Equal(t, together, w.told())
	})
}
