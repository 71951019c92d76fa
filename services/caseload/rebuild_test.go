package caseload_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// told is everything that the picture answers, as text: rows, timelines, briefs and common plans.
func (w *ward) told() map[string]string {
	w.t.Helper()
	texts := map[string]string{}
	write := func(name string, m proto.Message) { texts[name] += prototext.MarshalOptions{}.Format(m) + "\n" }
	ctx := w.manager()
	for _, row := range w.list(200, &caseloadv1.ListCaseloadRequest{IncludeClosed: true}) {
		id := row.GetPatientId()
		write(id, row)
		for _, e := range w.timeline(200, &caseloadv1.ListTimelineRequest{PatientId: id, Tracks: []caseloadv1.TimelineEntry_Track{1, 2, 3, 4, 5}}) {
			write(id, e)
		}
		brief, err := w.client.GetPatientBrief(ctx, &caseloadv1.GetPatientBriefRequest{PatientId: id})
		require.NoError(w.t, err)
		brief.Freshness = nil
		write(id, brief)
		plan, err := w.client.GetCommonPlan(ctx, &caseloadv1.GetCommonPlanRequest{PatientId: id})
		require.NoError(w.t, err)
		plan.Freshness = nil
		write(id, plan)
	}
	return texts
}

// life lets something of everything happen to patients.
func (w *ward) life(n int) (ids []string) {
	w.t.Helper()
	for i := range n {
		patient, episode := w.register(act.NewID())
		ids = append(ids, patient)
		w.sick(patient, "2026-02-10", "2026-03-31")
		w.held(patient, episode, "2026-02-20")
		for k := range i + 1 {
			w.due(patient, act.NewID(), "2026-03-10", followupv1.FollowUp_State(1+k%3))
		}
		w.flag(patient, episode, act.NewID(), careplanv1.SafetyFlag_State(1+i%2))
		w.meeting(patient, episode, act.NewID(), employerdialoguev1.DialogueMeeting_DEFERRED, "2026-03-01")
	}
	return ids
}

// A picture built anew is the picture that was, also while writes go on; watchers are told to read again.
func TestRebuild(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		ids := w.life(3)
		w.h.Settle()
		before := w.told()
		require.Len(t, before, 3)
		ctx, operator := w.manager(), w.h.As("operator", w.place)
		cursor := w.watch(ctx, "", 0, 0).GetNextCursor()

		w.h.Clock.Advance(time.Minute)
		request := &caseloadv1.RebuildCaseloadRequest{RequestId: uuid.NewString()}
		answer, err := w.client.RebuildCaseload(operator, request)
		require.NoError(t, err)
		require.True(t, w.h.Clock.Now().Equal(answer.GetBeginTime().AsTime()))
		listed, err := w.client.ListCaseload(ctx, &caseloadv1.ListCaseloadRequest{CareUnitId: w.place.UnitID})
		require.NoError(t, err)
		require.Empty(t, listed.GetRows(), "forgotten")
		require.True(t, listed.GetFreshness().GetRebuilding())
		require.EqualValues(t, 60, listed.GetFreshness().GetAgeSeconds())

		told := w.watch(ctx, cursor, 30, 0)
		require.True(t, told.GetRebuilt())
		require.Empty(t, told.GetChanges())

		w.h.Settle()
		require.Equal(t, before, w.told())
		built := w.watch(ctx, told.GetNextCursor(), 30, 200)
		require.True(t, built.GetRebuilt(), "once more, when it has caught up")
		require.Empty(t, built.GetChanges())
		require.Empty(t, w.h.Events("caseload"), "what is only heard again is no change")
		quiet := w.watch(ctx, built.GetNextCursor(), 0, 200)
		require.False(t, quiet.GetRebuilt())
		require.Empty(t, quiet.GetChanges())

		again, err := w.client.RebuildCaseload(operator, request)
		require.NoError(t, err)
		require.True(t, proto.Equal(answer, again))
		require.Equal(t, before, w.told(), "the same request builds once")

		// And with writes going on meanwhile.
		var group errgroup.Group
		group.Go(func() error {
			for i := range 10 {
				for _, patient := range ids {
					w.due(patient, act.NewID(), "2026-03-10", followupv1.FollowUp_State(1+i%3))
				}
				if _, err := w.h.System.Settle(t.Context()); err != nil {
					return err
				}
			}
			return nil
		})
		for range 3 {
			_, err := w.client.RebuildCaseload(operator, &caseloadv1.RebuildCaseloadRequest{})
			require.NoError(t, err)
		}
		require.NoError(t, group.Wait())
		w.h.Settle()
		after := w.told()
		_, err = w.client.RebuildCaseload(operator, &caseloadv1.RebuildCaseloadRequest{})
		require.NoError(t, err)
		w.h.Settle()
		require.Equal(t, after, w.told())

		_, err = w.client.RebuildCaseload(ctx, &caseloadv1.RebuildCaseloadRequest{})
		requireReason(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	})
}

// What happens while the building catches up is told at once, and what comes late once it has; a watcher who follows the cursors ends
// with the list as it is.
func TestWatchWhileBuilding(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		patient, _ := w.register()
		w.h.Settle()
		late := w.h.Clock.Now()
		w.h.Clock.Advance(time.Hour)
		ctx := w.manager()
		w.due(patient, newID(1), "2026-03-10", followupv1.FollowUp_OPEN)
		numberLog(t, w, "followup")
		w.h.Clock.Advance(time.Minute)
		_, err := w.client.RebuildCaseload(w.h.As("operator", w.place), &caseloadv1.RebuildCaseloadRequest{})
		require.NoError(t, err)
		building := w.watch(ctx, "", 0, 0)
		w.due(patient, newID(2), "2026-03-11", followupv1.FollowUp_OPEN)
		w.h.Settle()
		built := w.watch(ctx, building.GetNextCursor(), 0, 0)
		require.True(t, built.GetRebuilt())
		require.Len(t, w.h.Events("caseload"), 1, "what has happened since is told, what had happened before is not")
		require.EqualValues(t, 2, w.one(patient).GetOpenFollowUpCount())

		now := w.h.Clock.Now()
		w.h.Clock.Set(late)
		w.due(patient, newID(3), "2026-03-12", followupv1.FollowUp_OPEN)
		w.h.Clock.Set(now)
		w.h.Settle()
		changes := w.watch(ctx, built.GetNextCursor(), 0, 0)
		require.Len(t, changes.GetChanges(), 1, "what happened before and is heard only now is missed by nobody")
		require.EqualValues(t, 3, changes.GetChanges()[0].GetRow().GetOpenFollowUpCount())
	})
}

// An answer knows how much it knows: everything after it was heard, and else since when it does not.
func TestFreshness(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		patient, _ := w.register()
		w.h.Settle()
		ctx := w.manager()
		read := func() *caseloadv1.Freshness {
			answer, err := w.client.ListCaseload(ctx, &caseloadv1.ListCaseloadRequest{CareUnitId: w.place.UnitID})
			require.NoError(t, err)
			return answer.GetFreshness()
		}
		require.Zero(t, read().GetAgeSeconds())
		require.False(t, read().GetRebuilding())
		require.True(t, w.h.Clock.Now().Equal(read().GetAsOfTime().AsTime()))

		w.h.Clock.Advance(time.Hour)
		happened := w.h.Clock.Now()
		w.due(patient, newID(1), "2026-03-10", followupv1.FollowUp_OPEN)
		numberLog(t, w, "followup")
		w.h.Clock.Advance(90 * time.Second)
		require.EqualValues(t, 90, read().GetAgeSeconds())
		require.True(t, happened.Equal(read().GetAsOfTime().AsTime()))
		require.False(t, read().GetRebuilding())
		require.Zero(t, w.one(patient).GetOpenFollowUpCount())
		for _, fresh := range []func() *caseloadv1.Freshness{
			func() *caseloadv1.Freshness {
				answer, err := w.client.ListTimeline(ctx, &caseloadv1.ListTimelineRequest{PatientId: patient})
				require.NoError(t, err)
				return answer.GetFreshness()
			},
			func() *caseloadv1.Freshness {
				answer, err := w.client.GetPatientBrief(ctx, &caseloadv1.GetPatientBriefRequest{PatientId: patient})
				require.NoError(t, err)
				return answer.GetFreshness()
			},
		} {
			require.EqualValues(t, 90, fresh().GetAgeSeconds())
		}

		w.h.Settle()
		w.h.Clock.Advance(time.Second) // one look serves for that long
		require.Zero(t, read().GetAgeSeconds())
		require.EqualValues(t, 1, w.one(patient).GetOpenFollowUpCount())
	})
}

// What could not be handled is not in the picture, and the answer says since when.
func TestFreshnessOfWhatIsParked(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		w.h.Failing = true
		patient, _ := w.register()
		w.h.Settle()
		w.due(patient, newID(1), "2026-03-10", followupv1.FollowUp_OPEN)
		w.tell("followup", "follow_up.created", patient, newID(2), &followupv1.FollowUpSnapshot{FollowUpId: newID(2), State: followupv1.FollowUp_OPEN, DueDate: "no day"})
		w.h.Settle()
		w.h.Clock.Advance(time.Minute)
		answer, err := w.client.ListCaseload(w.manager(), &caseloadv1.ListCaseloadRequest{CareUnitId: w.place.UnitID})
		require.NoError(t, err)
		require.EqualValues(t, 60, answer.GetFreshness().GetAgeSeconds())
		require.False(t, answer.GetFreshness().GetRebuilding())
		require.EqualValues(t, 1, answer.GetRows()[0].GetOpenFollowUpCount())
	})
}

// numberLog gives numbers to what a source has told, and lets nobody hear of it.
func numberLog(t *testing.T, w *ward, source string) {
	t.Helper()
	require.NoError(t, w.h.System.Log(source).DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := event.Number(tx)
		return err
	}))
}
