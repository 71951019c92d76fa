package caseload_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

// timeline reads a whole timeline by pages of a size.
func (w *ward) timeline(size int32, request *caseloadv1.ListTimelineRequest) []*caseloadv1.TimelineEntry {
	w.t.Helper()
	return w.timelineAs(w.manager(), size, request)
}

func (w *ward) timelineAs(ctx context.Context, size int32, request *caseloadv1.ListTimelineRequest) []*caseloadv1.TimelineEntry {
	w.t.Helper()
	request = proto.CloneOf(request)
	request.PageSize, request.PageToken = size, ""
	var entries []*caseloadv1.TimelineEntry
	for {
		answer, err := w.client.ListTimeline(ctx, request)
		require.NoError(w.t, err)
		entries = append(entries, answer.GetTimelineEntries()...)
		if request.PageToken = answer.GetNextPageToken(); request.GetPageToken() == "" {
			return entries
		}
	}
}

func types(entries []*caseloadv1.TimelineEntry) []string {
	list := []string{}
	for _, e := range entries {
		list = append(list, e.GetType())
	}
	return list
}

// R12: the parallel tracks are one ordered list, filtered by actor and by track, nothing twice.
func TestTimeline(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		patient, episode := w.register()
		w.register() // somebody else
		w.h.Clock.Advance(3600e9)
		w.sick(patient, "2026-03-01", "2026-03-31")
		w.h.Clock.Advance(24 * 3600e9)
		w.due(patient, newID(1), "2026-03-10", followupv1.FollowUp_OPEN)
		w.meeting(patient, episode, newID(2), employerdialoguev1.DialogueMeeting_PROPOSED, "")
		w.h.Settle()

		all := []string{"patient.moved", "care_episode.started", "sick_leave.changed", "follow_up.created", "dialogue_meeting.proposed"}
		everyTrack := []caseloadv1.TimelineEntry_Track{1, 2, 3, 4, 5}
		for _, size := range []int32{1, 2, 200} {
			require.Equal(t, all, types(w.timeline(size, &caseloadv1.ListTimelineRequest{PatientId: patient, OldestFirst: true, Tracks: everyTrack})))
			reversed := types(w.timeline(size, &caseloadv1.ListTimelineRequest{PatientId: patient, Tracks: everyTrack}))
			slices.Reverse(reversed)
			require.Equal(t, all, reversed)
			require.Equal(t, []string{"dialogue_meeting.proposed", "sick_leave.changed", "care_episode.started", "patient.moved"},
				types(w.timeline(size, &caseloadv1.ListTimelineRequest{PatientId: patient})), "follow-ups are left out unless asked for")
		}
		require.Equal(t, []string{"dialogue_meeting.proposed"}, types(w.timeline(5, &caseloadv1.ListTimelineRequest{PatientId: patient, FromDate: "2026-03-03"})))
		require.Equal(t, []string{"sick_leave.changed"}, types(w.timeline(5, &caseloadv1.ListTimelineRequest{PatientId: patient,
			Tracks: []caseloadv1.TimelineEntry_Track{caseloadv1.TimelineEntry_SICK_LEAVE}})))
		require.Empty(t, w.timeline(5, &caseloadv1.ListTimelineRequest{PatientId: patient, PractitionerId: act.NewID()}))

		entry := w.timeline(5, &caseloadv1.ListTimelineRequest{PatientId: patient})[0]
		require.Equal(t, caseloadv1.TimelineEntry_EMPLOYER, entry.GetTrack())
		require.Equal(t, episode, entry.GetCareEpisodeId())
		require.Equal(t, newID(2), entry.GetResourceId())
		snapshot, err := entry.GetSnapshot().UnmarshalNew()
		require.NoError(t, err)
		require.Equal(t, employerdialoguev1.DialogueMeeting_PROPOSED, snapshot.(*employerdialoguev1.DialogueMeetingSnapshot).GetState())
		require.NotEmpty(t, w.h.AccessRecords(patient))
	})
}

// Who may not read consents from their owner does not see them here, on pages of any size; who holds another role at another unit
// neither.
func TestTimelineWithoutConsents(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		patient, _ := w.register()
		for i := range 4 {
			w.h.Clock.Advance(3600e9)
			w.tell("patient", "consent.declined", patient, newID(i), &patientv1.ConsentSnapshot{ConsentId: newID(i), Kind: patientv1.Consent_INFORMATION,
				State: patientv1.Consent_DECLINED})
			w.due(patient, newID(10+i), "2026-03-10", followupv1.FollowUp_OPEN)
			w.sick(patient, "2026-03-01", "2026-03-31")
		}
		w.h.Settle()
		all := []string{"patient.moved", "care_episode.started"}
		without := slices.Clone(all)
		for range 4 {
			all = append(all, "consent.declined", "sick_leave.changed")
			without = append(without, "sick_leave.changed")
		}
		for roles, want := range map[string][]string{
			"gp": all, "care_manager": all, "rehabilitation_coordinator": all, "integration": all, "nurse gp": all,
			"therapist": without, "psychologist": without, "physiotherapist": without, "occupational_therapist": without, "nurse": without,
		} {
			ctx := w.h.AsAll(strings.Fields(roles), w.place)
			for _, size := range []int32{1, 3, 200} {
				require.Equal(t, want, types(w.timelineAs(ctx, size, &caseloadv1.ListTimelineRequest{PatientId: patient, OldestFirst: true})), "%s, pages of %d", roles, size)
			}
		}
	})
}

// R90: of a note its existence and its owner show, and the list gives no way to its content.
func TestTimelineOfANote(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		patient, episode := w.register()
		author, reader := act.NewID(), act.NewID()
		w.tell("careplan", "note.written", patient, newID(1), &careplanv1.NoteSnapshot{NoteId: newID(1), CareEpisodeId: episode, WrittenByPractitionerId: author,
			MandatoryReaders: []*careplanv1.MandatoryReader{{PractitionerId: reader}}})
		w.h.Settle()
		entry := w.timeline(1, &caseloadv1.ListTimelineRequest{PatientId: patient})[0]
		require.Equal(t, "note.written", entry.GetType())
		note := &careplanv1.NoteSnapshot{}
		require.NoError(t, entry.GetSnapshot().UnmarshalTo(note))
		require.Equal(t, author, note.GetWrittenByPractitionerId())
		require.EqualValues(t, 3, w.one(patient).GetPictureVersion(), "what the row does not show is told all the same")
	})
}

// R14: whoever asks is told the same version, and a decision waits since it was asked for, not since it was touched last.
func TestDecisions(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		patient, episode := w.register()
		tell := func(state careplanv1.Recommendation_State) {
			w.tell("careplan", "recommendation.given", patient, newID(1), &careplanv1.RecommendationSnapshot{RecommendationId: newID(1), CareEpisodeId: episode, State: state})
			w.h.Settle()
			w.h.Clock.Advance(3600e9)
		}
		asked := w.h.Clock.Now()
		tell(careplanv1.Recommendation_OPEN)
		tell(careplanv1.Recommendation_OPEN)
		decision := w.one(patient).GetOpenDecisions()[0]
		require.Equal(t, caseloadv1.CaseloadRow_Decision_RECOMMENDATION, decision.GetKind())
		require.Equal(t, accessv1.Role_ROLE_GP, decision.GetOwnerRole())
		require.True(t, asked.Equal(decision.GetSinceTime().AsTime()))
		tell(careplanv1.Recommendation_CHANGED)
		require.Empty(t, w.one(patient).GetOpenDecisions())
		again := w.h.Clock.Now()
		tell(careplanv1.Recommendation_OPEN)
		require.True(t, again.Equal(w.one(patient).GetOpenDecisions()[0].GetSinceTime().AsTime()), "reopened")

		w.meeting(patient, episode, newID(2), employerdialoguev1.DialogueMeeting_DEFERRED, "2026-03-05")
		w.h.Settle()
		require.Len(t, w.one(patient).GetOpenDecisions(), 1, "nobody is nagged before the day agreed")
		w.h.Advance(3 * 24 * 3600e9)
		require.Len(t, w.one(patient).GetOpenDecisions(), 2)

		var versions []int32
		for _, role := range []string{"gp", "care_manager", "rehabilitation_coordinator", "nurse"} {
			brief, err := w.client.GetPatientBrief(w.h.As(role, w.place), &caseloadv1.GetPatientBriefRequest{PatientId: patient})
			require.NoError(t, err)
			plan, err := w.client.GetCommonPlan(w.h.As(role, w.place), &caseloadv1.GetCommonPlanRequest{PatientId: patient})
			require.NoError(t, err)
			versions = append(versions, brief.GetPictureVersion(), plan.GetPictureVersion())
		}
		require.Len(t, slices.Compact(versions), 1)
	})
}
