package careplan

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

func acting(by string, now time.Time) Act {
	n := 0
	return Act{By: by, Now: now, NewID: func() string { n++; return fmt.Sprintf("%s-%d", by, n) }}
}

func of[T any](v T) *T { return &v }

func draft(t require.TestingT, goals ...Goal) Plan {
	p, err := NewPlan(Plan{ID: "plan", PatientID: "p", EpisodeID: "e", CareManager: "cm"}, Change{Goals: &goals}, Schedule{}, acting("cm", monday))
	require.NoError(t, err)
	return p
}

func active(t require.TestingT) Plan {
	p, err := draft(t, Goal{Kind: "SLEEP", Target: "seven hours", Owner: "PATIENT"}).Activate(0, acting("cm", monday))
	require.NoError(t, err)
	return p
}

func days(planned []Planned) []string {
	var out []string
	for _, p := range planned {
		out = append(out, fmt.Sprintf("%d %s %s", p.Week, p.Day, p.State))
	}
	return out
}

func TestActivationPlansOnWorkingDays(t *testing.T) {
	p := active(t)
	require.Equal(t, PlanActive, p.State)
	// Week 5 is Easter Monday, 6 April: not in the default. Weeks run from Monday 2 March.
	require.Equal(t, []string{"1 2026-03-09 PLANNED", "2 2026-03-16 PLANNED", "3 2026-03-23 PLANNED", "4 2026-03-30 PLANNED",
		"6 2026-04-13 PLANNED", "8 2026-04-27 PLANNED", "10 2026-05-11 PLANNED", "12 2026-05-25 PLANNED"}, days(p.Planned))

	every, err := NewPlan(Plan{EpisodeID: "e", CareManager: "cm"}, Change{
		Goals: &[]Goal{{Kind: "SLEEP", Target: "x"}}, Schedule: &ScheduleInput{Interval: 5, Length: 10, Channel: ChannelVideo},
	}, Schedule{}, acting("cm", monday))
	require.NoError(t, err)
	every, err = every.Activate(0, acting("cm", monday))
	require.NoError(t, err)
	require.Equal(t, []string{"5 2026-04-07 PLANNED", "10 2026-05-11 PLANNED"}, days(every.Planned), "Easter Monday moves to Tuesday")
	require.Equal(t, ChannelVideo, every.Planned[0].Channel)
}

func TestActivationNeedsGoalAndCareManager(t *testing.T) {
	var state *StateError
	_, err := draft(t).Activate(0, acting("cm", monday))
	require.ErrorAs(t, err, &state)
	require.Equal(t, GoalMissing, state.Reason)
	p := draft(t, Goal{Kind: "SLEEP", Target: "x"})
	p.CareManager = ""
	_, err = p.Activate(0, acting("cm", monday))
	require.ErrorAs(t, err, &state)
	require.Equal(t, CareManagerMissing, state.Reason)
}

func TestStartDay(t *testing.T) {
	today := date.Of(monday)
	for offset, ok := range map[int]bool{-8: false, -7: true, 0: true, 90: true, 91: false} {
		p, err := draft(t, Goal{Kind: "SLEEP", Target: "x"}).Activate(today.AddDays(offset), acting("cm", monday))
		require.Equal(t, ok, err == nil, offset)
		if err == nil {
			require.GreaterOrEqual(t, p.Planned[0].Day, today, "nothing is planned for the past")
		}
	}
}

func TestSchedules(t *testing.T) {
	unit := Schedule{Weeks: []int{2, 4}, Channel: ChannelVisit}
	for _, test := range []struct {
		in       ScheduleInput
		fallback Schedule
		weeks    []int
		channel  Channel
	}{
		{ScheduleInput{}, Schedule{}, DefaultWeeks(), ChannelPhone},
		{ScheduleInput{}, unit, []int{2, 4}, ChannelVisit},
		{ScheduleInput{Channel: ChannelVideo}, unit, []int{2, 4}, ChannelVideo},
		{ScheduleInput{Weeks: []int{1, 104}}, unit, []int{1, 104}, ChannelVisit},
		{ScheduleInput{Interval: 4}, unit, []int{4, 8, 12}, ChannelVisit},
		{ScheduleInput{Interval: 12, Length: 12}, unit, []int{12}, ChannelVisit},
	} {
		s, err := NewSchedule(test.in, test.fallback, "schedule")
		require.NoError(t, err)
		require.Equal(t, Schedule{test.weeks, test.channel}, s)
	}
	for _, in := range []ScheduleInput{
		{Weeks: []int{0}}, {Weeks: []int{105}}, {Weeks: []int{2, 2}}, {Weeks: []int{3, 1}}, {Weeks: []int{1}, Interval: 1}, {Weeks: []int{1}, Length: 3},
		{Length: 3}, {Interval: 4, Length: 3}, {Interval: 1, Length: 104},
	} {
		_, err := NewSchedule(in, Schedule{}, "schedule")
		require.Equal(t, []Reason{ScheduleInvalid}, reasons(err), "%+v", in)
	}
}

func TestRevisionKeepsWhatWasHeldAndTheIDsOfTheRest(t *testing.T) {
	p := active(t)
	first, second := p.Planned[0].ID, p.Planned[1].ID
	p, err := p.Book(first, "contact", monday)
	require.NoError(t, err)
	p, changed := p.Hold(first, "contact", monday)
	require.True(t, changed)

	later := monday.AddDate(0, 0, 8) // a day after week 1's
	p, err = p.Revise(Change{Schedule: &ScheduleInput{Weeks: []int{2, 5, 12}, Channel: ChannelVideo}}, "improving", acting("rc", later))
	require.NoError(t, err)
	require.Equal(t, 2, p.ContentRevision)
	require.Equal(t, "rc", p.ContentAuthor)
	require.Equal(t, []string{"1 2026-03-09 HELD", "2 2026-03-16 PLANNED", "3 2026-03-23 DROPPED", "4 2026-03-30 DROPPED", "5 2026-04-07 PLANNED",
		"6 2026-04-13 DROPPED", "8 2026-04-27 DROPPED", "10 2026-05-11 DROPPED", "12 2026-05-25 PLANNED"}, days(p.Planned))
	require.Equal(t, second, p.Planned[1].ID)
	require.Equal(t, ChannelVideo, p.Planned[1].Channel)
	require.Equal(t, ChannelPhone, p.Planned[0].Channel, "what was held is not rewritten")

	p, err = p.Revise(Change{Strengths: of("friends")}, "", acting("cm", later))
	require.NoError(t, err)
	require.Len(t, p.Planned, 9, "without a new schedule nothing is planned anew")
	require.Equal(t, "friends", p.Content.Strengths)
}

func TestAnOverduePlannedContactIsKept(t *testing.T) {
	p := active(t)
	id := p.Planned[0].ID
	p, err := p.Revise(Change{Schedule: &ScheduleInput{Weeks: []int{1, 2, 3}}}, "", acting("cm", monday.AddDate(0, 0, 21)))
	require.NoError(t, err)
	require.Equal(t, id, p.Planned[0].ID)
	require.Equal(t, PlannedToCome, p.Planned[0].State)
}

// However a plan is revised, held contacts are never lost, no two contacts to come share a week, and all to come are in the schedule.
func TestPlanningHoldsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, now, n := active(t), monday, 0
		ids := func() string { n++; return fmt.Sprint("new-", n) }
		held := map[string]bool{}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			now = now.AddDate(0, 0, rapid.IntRange(0, 20).Draw(t, "days"))
			if rapid.Bool().Draw(t, "hold") {
				for _, planned := range p.Planned {
					if planned.State == PlannedToCome {
						p, _ = p.Hold(planned.ID, "c", now)
						held[planned.ID] = true
						break
					}
				}
				continue
			}
			weeks := rapid.SliceOfNDistinct(rapid.IntRange(1, 30), 1, 10, rapid.ID[int]).Draw(t, "weeks")
			slices.Sort(weeks)
			var err error
			p, err = p.Revise(Change{Schedule: &ScheduleInput{Weeks: weeks}}, "", Act{By: "cm", Now: now, NewID: ids})
			require.NoError(t, err)
			seen := map[int]bool{}
			for _, planned := range p.Planned {
				require.True(t, date.IsWorkingDay(planned.Day))
				if planned.State == PlannedToCome {
					require.False(t, seen[planned.Week])
					require.Contains(t, weeks, planned.Week)
				}
				seen[planned.Week] = seen[planned.Week] || planned.State != PlannedDropped
			}
		}
		for id := range held {
			at := slices.IndexFunc(p.Planned, func(planned Planned) bool { return planned.ID == id })
			require.Equal(t, PlannedHeld, p.Planned[at].State)
		}
	})
}

func TestBookingsOfPlannedContacts(t *testing.T) {
	p := active(t)
	id := p.Planned[0].ID
	p, err := p.Book(id, "a", monday)
	require.NoError(t, err)
	var exists *ExistsError
	_, err = p.Book(id, "b", monday)
	require.ErrorAs(t, err, &exists)
	p, changed := p.Release(id, "other", monday)
	require.False(t, changed)
	p, changed = p.Release(id, "a", monday)
	require.True(t, changed)
	p, err = p.Book(id, "b", monday)
	require.NoError(t, err)
	p, _ = p.Hold(id, "b", monday)
	released, changed := p.Release(id, "b", monday)
	require.True(t, changed)
	require.Equal(t, PlannedToCome, released.Planned[0].State)
	done, err := p.Complete("GOALS_REACHED", monday)
	require.NoError(t, err)
	require.Equal(t, PlannedHeld, done.Planned[0].State)
	require.Equal(t, PlannedDropped, done.Planned[1].State)
	released, _ = done.Release(id, "b", monday)
	require.Equal(t, PlannedDropped, released.Planned[0].State, "an ended plan has nothing to come")
	var missing *NotFoundError
	_, err = done.Book(done.Planned[1].ID, "c", monday)
	require.ErrorAs(t, err, &missing)
}

func TestStatesOfAPlan(t *testing.T) {
	change := Change{Problems: of("x")}
	verbs := map[string]func(Plan) error{
		"update":          func(p Plan) error { _, err := p.Update(change, acting("cm", monday)); return err },
		"activate":        func(p Plan) error { _, err := p.Activate(0, acting("cm", monday)); return err },
		"revise":          func(p Plan) error { _, err := p.Revise(change, "", acting("cm", monday)); return err },
		"complete":        func(p Plan) error { _, err := p.Complete("GOALS_REACHED", monday); return err },
		"registerInError": func(p Plan) error { _, err := p.RegisterInError(ErrorMark{}, monday); return err },
	}
	done, err := active(t).Complete("GOALS_REACHED", monday)
	require.NoError(t, err)
	mistaken, err := active(t).RegisterInError(ErrorMark{Reason: "wrong patient"}, monday)
	require.NoError(t, err)
	for _, p := range []Plan{draft(t, Goal{Kind: "SLEEP", Target: "x"}), active(t), done, mistaken} {
		for verb, try := range verbs {
			require.Equal(t, slices.Contains(p.Verbs(), verb), try(p) == nil, "%s in %s", verb, p.State)
		}
	}
}

func TestGoalsKeepTheirAuthors(t *testing.T) {
	p := draft(t, Goal{Kind: "SLEEP", Target: "seven hours"}, Goal{Kind: "RETURN_TO_WORK", Target: "half time in May"})
	sleep, work := p.Content.Goals[0], p.Content.Goals[1]
	work.Target = "full time in May"
	p, err := p.Update(Change{Goals: &[]Goal{sleep, work, {Kind: "RETURN_TO_WORK", Target: "Half  time in May"}}}, acting("rc", monday))
	require.NoError(t, err)
	require.Equal(t, []string{"cm", "rc", "rc"}, []string{p.Content.Goals[0].Author, p.Content.Goals[1].Author, p.Content.Goals[2].Author})

	_, err = p.Update(Change{Goals: &[]Goal{sleep, sleep, {ID: "unknown", Kind: "SLEEP", Target: "x"}, {Kind: "SLEEP", Target: " "}}}, acting("rc", monday))
	require.Equal(t, []Reason{GoalNotFound, GoalNotFound, FieldRequired}, reasons(err))
	_, err = p.Update(Change{Activities: &[]Activity{{ID: "unknown", Description: "x"}, {Description: ""}}}, acting("rc", monday))
	require.Equal(t, []Reason{GoalNotFound, FieldRequired}, reasons(err))
}

func TestWarnings(t *testing.T) {
	p := draft(t,
		Goal{Kind: "RETURN_TO_WORK", Target: "half time in May"}, Goal{Kind: "RETURN_TO_WORK", Target: " Half time  in may"},
		Goal{Kind: "OTHER", Target: "a"}, Goal{Kind: "OTHER", Target: "b"},
		Goal{Kind: "SLEEP", Target: "a", Status: "GIVEN_UP"}, Goal{Kind: "SLEEP", Target: "b"})
	kinds := func(p Plan, held bool) []WarningKind {
		var out []WarningKind
		for _, w := range p.Warnings(held) {
			out = append(out, w.Kind)
		}
		return out
	}
	require.Equal(t, []WarningKind{WarnFirstContact, WarnStrengthsAbsent}, kinds(p, false))
	p, err := p.Update(Change{Strengths: of("music"), Goals: of(append(slices.Clone(p.Content.Goals), Goal{Kind: "RETURN_TO_WORK", Target: "full time in May"}))}, acting("rc", monday))
	require.NoError(t, err)
	require.Equal(t, []WarningKind{WarnGoalConflict, WarnGoalConflict}, kinds(p, true))
	warning := p.Warnings(true)[0]
	require.Equal(t, []string{"cm", "rc"}, warning.Authors)
	require.Equal(t, []string{p.Content.Goals[0].ID, p.Content.Goals[6].ID}, warning.Goals)
	mistaken, _ := p.RegisterInError(ErrorMark{}, monday)
	require.Empty(t, mistaken.Warnings(false))
}

func TestThePlanFollowsTheTeam(t *testing.T) {
	p, changed := active(t).FollowTeam("cm", monday)
	require.False(t, changed)
	p, changed = p.FollowTeam("other", monday)
	require.True(t, changed)
	require.Equal(t, 1, p.CareManagerChanges)
	p.CareManager = ""
	p, _ = p.FollowTeam("first", monday)
	require.Equal(t, 1, p.CareManagerChanges, "the first is no change")
	done, _ := p.Complete("GOALS_REACHED", monday)
	_, changed = done.FollowTeam("late", monday)
	require.False(t, changed)
}
