package caseload_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/date"
)

// One row tells everything that five services have told.
func TestRow(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		manager := act.NewID()
		patient, episode := w.register(manager)
		w.sick(patient, "2026-01-26", "2026-03-15")
		w.held(patient, episode, "2026-02-20")
		w.dueOf(followupv1.FollowUp_MEETING_MISSING_FIRST, patient, newID(1), "2026-02-27", followupv1.FollowUp_OPEN)
		w.dueOf(followupv1.FollowUp_MEETING_MISSING_SECOND, patient, newID(2), "2026-03-10", followupv1.FollowUp_OPEN)
		w.due(patient, newID(3), "2026-02-01", followupv1.FollowUp_OPEN)
		w.due(patient, newID(3), "2026-02-01", followupv1.FollowUp_COMPLETED)
		w.flag(patient, episode, newID(4), careplanv1.SafetyFlag_OPEN)
		w.meeting(patient, episode, newID(5), employerdialoguev1.DialogueMeeting_PROPOSED, "")
		for i, score := range []int32{24, 11} {
			id := newID(10 + i)
			w.tell("careplan", "assessment.recorded", patient, id, &careplanv1.AssessmentSnapshot{AssessmentId: id, CareEpisodeId: episode,
				Instrument: "MADRS-S", AnswerDate: date.MustParse("2026-02-01").AddDays(i * 20).String(), TotalScore: &score, Band: "mild", Response: i == 1, Remission: i == 1})
		}
		w.h.Settle()

		row := w.one(patient)
		require.Equal(t, episode, row.GetCareEpisodeId())
		require.Equal(t, manager, row.GetTeam()[0].GetPractitionerId())
		require.EqualValues(t, 36, row.GetSickLeave().GetDayNumber())
		require.EqualValues(t, 100, row.GetSickLeave().GetDegree())
		require.InDelta(t, 36, row.GetSickLeave().GetNetDays(), 0)
		require.True(t, row.GetSickLeave().GetOngoing())
		require.EqualValues(t, 30, row.GetMeetingFlagDays())
		require.Equal(t, "2026-02-20T09:00:00Z", row.GetLastContactTime().AsTime().Format("2006-01-02T15:04:05Z07:00"))
		require.EqualValues(t, 2, row.GetOpenFollowUpCount())
		require.EqualValues(t, 1, row.GetOverdueFollowUpCount())
		require.Equal(t, "2026-02-27", row.GetNextDueDate())
		require.Equal(t, careplanv1.SafetyFlag_URGENT, row.GetSafety().GetLevel())
		require.Len(t, row.GetOpenDecisions(), 1)
		require.Equal(t, caseloadv1.CaseloadRow_Decision_RISK, row.GetOpenDecisions()[0].GetKind())
		require.Equal(t, accessv1.Role_ROLE_CARE_MANAGER, row.GetOpenDecisions()[0].GetOwnerRole())
		require.Equal(t, employerdialoguev1.DialogueMeeting_PROPOSED, row.GetMeeting().GetState())
		require.Equal(t, []employerdialoguev1.DialogueMeeting_Missing{employerdialoguev1.DialogueMeeting_PREPARATION}, row.GetMeeting().GetMissing(),
			"of talks and briefs a meeting's events tell too late")
		require.InDelta(t, 11, row.GetLastScore().GetScore(), 0)
		require.Equal(t, caseloadv1.CaseloadRow_BETTER, row.GetLastScore().GetTrend())
		require.EqualValues(t, 12, row.GetPictureVersion(), "the sum of the revisions heard")

		// Nothing is told overnight, and yet tomorrow is another day.
		w.h.Advance(8 * 24 * 3600e9)
		row = w.one(patient)
		require.EqualValues(t, 44, row.GetSickLeave().GetDayNumber())
		require.EqualValues(t, 1, row.GetOverdueFollowUpCount())
		require.EqualValues(t, 60, row.GetMeetingFlagDays(), "the second is due today")
		require.NotEmpty(t, w.h.AccessRecords(patient), "whoever is shown is on record")
	})
}

// What the lists give is what their filters and orders say, whatever the size of the pages: none twice, none lost.
func TestListIsComplete(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		mine := act.NewID()
		for i := range 23 {
			var team []string
			if i%3 == 0 {
				team = append(team, mine)
			}
			patient, episode := w.register(team...)
			if i%2 == 0 {
				w.sick(patient, date.MustParse("2026-02-01").AddDays(i/4).String(), date.MustParse("2026-02-20").AddDays(i).String())
			}
			if i%4 != 1 {
				w.due(patient, act.NewID(), date.MustParse("2026-02-25").AddDays(i%5).String(), followupv1.FollowUp_OPEN)
			}
			if i%5 != 2 {
				w.held(patient, episode, date.MustParse("2026-01-10").AddDays(i%6).String())
			}
			if i%6 == 0 {
				w.flag(patient, episode, act.NewID(), careplanv1.SafetyFlag_OPEN)
			}
			if i%7 == 0 {
				w.meeting(patient, episode, act.NewID(), employerdialoguev1.DialogueMeeting_DEFERRED, date.MustParse("2026-03-01").AddDays(i%3).String())
			}
			if i%8 == 3 {
				w.episode(patient, episode, patientv1.CareEpisode_CLOSED)
			}
		}
		w.h.Settle()
		everybody := w.list(200, &caseloadv1.ListCaseloadRequest{IncludeClosed: true})
		require.Len(t, everybody, 23)

		filters := map[string]struct {
			request *caseloadv1.ListCaseloadRequest
			keep    func(*caseloadv1.CaseloadRow) bool
		}{
			"all open":       {&caseloadv1.ListCaseloadRequest{}, func(*caseloadv1.CaseloadRow) bool { return true }},
			"also closed":    {&caseloadv1.ListCaseloadRequest{IncludeClosed: true}, nil},
			"mine":           {&caseloadv1.ListCaseloadRequest{PractitionerId: mine}, func(r *caseloadv1.CaseloadRow) bool { return len(r.GetTeam()) > 0 }},
			"on sick leave":  {&caseloadv1.ListCaseloadRequest{OnSickLeaveOnly: true}, func(r *caseloadv1.CaseloadRow) bool { return r.GetSickLeave().GetOngoing() }},
			"to be decided":  {&caseloadv1.ListCaseloadRequest{OpenDecisionsOnly: true}, func(r *caseloadv1.CaseloadRow) bool { return len(r.GetOpenDecisions()) > 0 }},
			"unsafe":         {&caseloadv1.ListCaseloadRequest{SafetyOnly: true}, func(r *caseloadv1.CaseloadRow) bool { return r.GetSafety() != nil }},
			"meetings":       {&caseloadv1.ListCaseloadRequest{MeetingState: employerdialoguev1.DialogueMeeting_DEFERRED}, func(r *caseloadv1.CaseloadRow) bool { return r.GetMeeting() != nil }},
			"mine, unsafe":   {&caseloadv1.ListCaseloadRequest{PractitionerId: mine, SafetyOnly: true}, func(r *caseloadv1.CaseloadRow) bool { return len(r.GetTeam()) > 0 && r.GetSafety() != nil }},
			"nobody's":       {&caseloadv1.ListCaseloadRequest{PractitionerId: act.NewID()}, func(*caseloadv1.CaseloadRow) bool { return false }},
			"held, and open": {&caseloadv1.ListCaseloadRequest{MeetingState: employerdialoguev1.DialogueMeeting_CONCLUDED}, func(*caseloadv1.CaseloadRow) bool { return false }},
		}
		last := func(text string) string { return cmp.Or(text, "9999") }
		orders := map[caseloadv1.ListCaseloadRequest_Order]func(r *caseloadv1.CaseloadRow) string{
			caseloadv1.ListCaseloadRequest_LONGEST_SICK_LEAVE: func(r *caseloadv1.CaseloadRow) string { return last(r.GetSickLeave().GetStartDate()) },
			caseloadv1.ListCaseloadRequest_NEXT_DUE:           func(r *caseloadv1.CaseloadRow) string { return last(r.GetNextDueDate()) },
			caseloadv1.ListCaseloadRequest_LAST_CONTACT: func(r *caseloadv1.CaseloadRow) string {
				if r.GetLastContactTime() == nil {
					return ""
				}
				return r.GetLastContactTime().AsTime().Format("2006-01-02T15:04:05")
			},
		}
		for name, f := range filters {
			for order, key := range orders {
				var want []*caseloadv1.CaseloadRow
				for _, row := range everybody {
					if f.keep == nil || row.GetCareEpisodeId() != "" && f.keep(row) {
						want = append(want, row)
					}
				}
				slices.SortFunc(want, func(a, b *caseloadv1.CaseloadRow) int {
					return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a.GetPatientId(), b.GetPatientId()))
				})
				f.request.Order = order
				for _, size := range []int32{1, 4, 50} {
					require.Equalf(t, patients(want), patients(w.list(size, f.request)), "%s by %s, pages of %d", name, order, size)
				}
			}
		}
	})
}

// The case of sick leave that orders the list is the one that is shown that day.
func TestOrderFollowsTheDay(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		two, _ := w.register()
		one, _ := w.register()
		w.sick(one, "2026-02-10", "2026-03-31")
		w.tell("sickleave", "sick_leave.changed", two, two, cases("2026-01-01", "2026-02-28", "2026-03-12", "2026-04-30"))
		w.h.Settle()
		require.Equal(t, []string{two, one}, patients(w.list(1, &caseloadv1.ListCaseloadRequest{})))
		require.Equal(t, []string{one}, patients(w.list(1, &caseloadv1.ListCaseloadRequest{OnSickLeaveOnly: true})))
		w.h.Advance(10 * 24 * 3600e9)
		require.Equal(t, []string{one, two}, patients(w.list(1, &caseloadv1.ListCaseloadRequest{OnSickLeaveOnly: true})), "each once, the new case after")
		require.Equal(t, "2026-03-12", w.one(two).GetSickLeave().GetStartDate())
	})
}

// A list shows the unit asked for and nobody else; a patient who moves, moves; a record that has ended is on no list.
func TestUnits(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		here, there := w.place, w.h.NewPlace()
		patient, _ := w.register()
		other, _ := w.register()
		w.h.Settle()
		_, err := w.client.ListCaseload(w.manager(), &caseloadv1.ListCaseloadRequest{CareUnitId: there.UnitID})
		require.Equal(t, codes.NotFound, status.Code(err))

		w.belongs(patient, there, patientv1.Patient_ACTIVE)
		w.belongs(other, here, patientv1.Patient_REGISTERED_IN_ERROR)
		w.h.Settle()
		require.Empty(t, w.list(10, &caseloadv1.ListCaseloadRequest{IncludeClosed: true}))
		// What another service still tells of the old unit does not bring the patient back.
		w.due(patient, newID(1), "2026-03-10", followupv1.FollowUp_OPEN)
		w.due(other, newID(2), "2026-03-10", followupv1.FollowUp_OPEN)
		w.h.Settle()
		require.Empty(t, w.list(10, &caseloadv1.ListCaseloadRequest{IncludeClosed: true}))
		w.place = there
		require.Equal(t, []string{patient}, patients(w.list(10, &caseloadv1.ListCaseloadRequest{})))
	})
}

// The unit's manager has the follow-up lists; nobody's symptoms, consents and safety.
func TestNoListForManagers(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		w.register()
		w.h.Settle()
		manager := w.h.As("unit_manager", w.place)
		_, err := w.client.ListCaseload(manager, &caseloadv1.ListCaseloadRequest{CareUnitId: w.place.UnitID})
		requireReason(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = w.client.WatchCaseload(manager, &caseloadv1.WatchCaseloadRequest{CareUnitId: w.place.UnitID})
		requireReason(t, err, codes.PermissionDenied, "ROLE_REQUIRED")
	})
}

// A page's token belongs to its list.
func TestPageTokens(t *testing.T) {
	run(t, func(t *testing.T, w *ward) {
		w.register()
		w.register()
		w.h.Settle()
		ctx := w.manager()
		first, err := w.client.ListCaseload(ctx, &caseloadv1.ListCaseloadRequest{CareUnitId: w.place.UnitID, PageSize: 1})
		require.NoError(t, err)
		for _, request := range []*caseloadv1.ListCaseloadRequest{
			{CareUnitId: w.place.UnitID, PageToken: first.GetNextPageToken(), SafetyOnly: true},
			{CareUnitId: w.place.UnitID, PageToken: first.GetNextPageToken(), Order: caseloadv1.ListCaseloadRequest_LAST_CONTACT},
			{CareUnitId: w.place.UnitID, PageToken: "x"},
		} {
			_, err := w.client.ListCaseload(ctx, request)
			requireReason(t, err, codes.InvalidArgument, "BAD_PAGE_TOKEN")
		}
	})
}
