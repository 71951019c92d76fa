package caseload

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

func day(text string) date.Day { return date.MustParse(text) }

func noon(text string) time.Time { return day(text).At(12, 0).UTC() }

// fileOf is a patient's file with facts entered in turn.
func fileOf(facts ...Fact) *File {
	f := NewFile("patient")
	f.Heard = Place{ProviderID: "provider", UnitID: "unit"}
	for _, fact := range facts {
		f.Version++
		f.Enter(fact)
	}
	return f
}

func openEpisode(id, start string) Episode {
	return Episode{Standing: Standing{ID: id, EpisodeID: id, State: open}, Start: day(start)}
}

var twoCases = SickLeave{PatientID: "patient", Cases: []Case{
	{Start: day("2026-01-05"), End: day("2026-01-31"), Periods: []Period{{day("2026-01-05"), day("2026-01-14"), 100}, {day("2026-01-18"), day("2026-01-31"), 50}}},
	{Start: day("2026-03-01"), End: day("2026-03-31"), Periods: []Period{{day("2026-03-01"), day("2026-03-31"), 75}}},
}}

func TestSickLeaveOn(t *testing.T) {
	for name, c := range map[string]struct {
		day  string
		want Leave
	}{
		"before the first": {"2026-01-04", Leave{}},
		"first day":        {"2026-01-05", Leave{DayNumber: 1, Degree: 100, GrossDays: 1, NetDays: 1, Ongoing: true}},
		"in the gap":       {"2026-01-16", Leave{DayNumber: 12, GrossDays: 10, NetDays: 10, Ongoing: true}},
		"half":             {"2026-01-19", Leave{DayNumber: 15, Degree: 50, GrossDays: 12, NetDays: 11, Ongoing: true}},
		"last day":         {"2026-01-31", Leave{DayNumber: 27, Degree: 50, GrossDays: 24, NetDays: 17, Ongoing: true}},
		"ended":            {"2026-02-20", Leave{DayNumber: 27, GrossDays: 24, NetDays: 17}},
		"the next case":    {"2026-03-02", Leave{DayNumber: 2, Degree: 75, GrossDays: 2, NetDays: 1.5, Ongoing: true}},
		"all ended":        {"2026-07-01", Leave{DayNumber: 31, GrossDays: 31, NetDays: 23.25}},
	} {
		t.Run(name, func(t *testing.T) {
			row := Derive(fileOf(twoCases)).On(noon(c.day))
			shown := twoCases.Cases[0]
			if c.day >= "2026-03-01" {
				shown = twoCases.Cases[1]
			}
			c.want.Start, c.want.End = shown.Start, shown.End
			require.Equal(t, c.want, *row.Leave)
		})
	}
	require.Nil(t, Derive(fileOf()).On(noon("2026-03-01")).Leave)
}

// On every day exactly one line is the one shown, and it is that of the case that the row shows.
func TestLinesDivideTheDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := day("2026-01-01")
		var leave SickLeave
		for range rapid.IntRange(0, 4).Draw(t, "cases") {
			start := at.AddDays(rapid.IntRange(1, 40).Draw(t, "gap"))
			at = start.AddDays(rapid.IntRange(0, 40).Draw(t, "length"))
			leave.Cases = append(leave.Cases, Case{Start: start, End: at})
		}
		f := fileOf(leave)
		f.Updated = noon("2026-01-01").AddDate(0, 0, rapid.IntRange(0, 200).Draw(t, "news"))
		p := Derive(f)
		looked := date.Of(f.Updated).AddDays(rapid.IntRange(0, 200).Draw(t, "later"))
		shown := 0
		for _, line := range p.Lines() {
			if !line.From.After(looked) && (line.Until.IsZero() || !line.Until.Before(looked)) {
				shown++
				row := p.On(looked.At(12, 0))
				if row.Leave != nil {
					require.Equal(t, row.Leave.Start, line.LeaveStart)
				} else {
					require.Zero(t, line.LeaveStart)
				}
			}
		}
		require.Equal(t, 1, shown)
	})
}

// The flag is the highest that the follow-ups have open and due; who has deferred or declined what is theirs to know.
func TestMeetingFlag(t *testing.T) {
	flag := func(id string, rank int, due, state string) Fact {
		return FollowUp{Standing: Standing{ID: id, State: state}, Day: day(due), Due: day(due).At(17, 0).UTC(), MeetingFlag: rank}
	}
	first, second := flag("1", 30, "2026-04-01", open), flag("2", 60, "2026-05-04", open)
	declined := Meeting{Standing: Standing{ID: "m", EpisodeID: "e", State: "DECLINED"}}
	long := SickLeave{PatientID: "patient", Cases: []Case{{Start: day("2026-03-01"), End: day("2026-12-31")}}}
	episode := openEpisode("e", "2026-03-01")
	for name, c := range map[string]struct {
		day   string
		facts []Fact
		want  int
	}{
		"none":                            {"2026-12-31", []Fact{long, episode}, 0},
		"not due yet":                     {"2026-03-31", []Fact{long, episode, first}, 0},
		"due":                             {"2026-04-01", []Fact{long, episode, first, second}, 30},
		"the second as well":              {"2026-05-04", []Fact{long, episode, second, first}, 60},
		"put off":                         {"2026-05-04", []Fact{long, episode, first, flag("1", 30, "2026-04-01", "CANCELLED")}, 0},
		"an old one declined, asked anew": {"2026-05-04", []Fact{long, episode, declined, first}, 30},
		"something else is overdue":       {"2026-05-04", []Fact{long, episode, flag("3", 0, "2026-04-01", open)}, 0},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, Derive(fileOf(c.facts...)).On(noon(c.day)).MeetingFlag) })
	}
}

// What belongs to an episode that has ended waits for nobody; a risk and a certificate are to be dealt with all the same.
func TestDecisionsOfEndedEpisodes(t *testing.T) {
	standing := func(id, state string) Standing { return Standing{ID: id, EpisodeID: "e", State: state} }
	facts := []Fact{
		Recommendation{standing("advice", open)}, ReturnPlan{standing("return", "PROPOSED")}, Certificate{standing("draft", "DRAFT")},
		Flag{Standing: standing("flag", open)}, Meeting{Standing: standing("meeting", "DEFERRED"), Recheck: day("2026-03-01")},
	}
	waits := func(more ...Fact) (kinds []DecisionKind) {
		for _, d := range Derive(fileOf(append(more, facts...)...)).Decisions {
			kinds = append(kinds, d.Kind)
			require.Equal(t, d.Kind == DecideRisk, d.Role == CareManager, "one owner of each: of a risk the care manager")
		}
		return kinds
	}
	everything := []DecisionKind{DecideCertificate, DecideRecommendation, DecideReturnPlan, DecideRisk, DecideDeferredMeeting}
	require.ElementsMatch(t, everything, waits(), "an episode that nobody has told of yet hides nothing")
	require.ElementsMatch(t, everything, waits(openEpisode("e", "2026-03-01")))
	for _, state := range []string{"CLOSED", mistaken} {
		ended := openEpisode("e", "2026-03-01")
		ended.State = state
		require.ElementsMatch(t, []DecisionKind{DecideCertificate, DecideRisk}, waits(ended, openEpisode("another", "2026-04-01")), state)
	}
}

func assessed(id, instrument, answered string, score float64) Assessment {
	return Assessment{Standing: Standing{ID: id, EpisodeID: "e"}, Instrument: instrument, Day: day(answered), Score: score, Scored: true}
}

func TestLastScore(t *testing.T) {
	episode := openEpisode("e", "2026-03-01")
	p := Derive(fileOf(episode, assessed("2", "MADRS-S", "2026-03-20", 20), assessed("1", "MADRS-S", "2026-03-02", 28), assessed("3", "AUDIT", "2026-03-25", 3)))
	require.Equal(t, "2", p.Score.ID, "AUDIT is not about symptoms")
	require.Equal(t, Better, p.Score.Trend)
	p = Derive(fileOf(episode, assessed("1", "MADRS-S", "2026-03-02", 28), assessed("2", "GAD-7", "2026-03-20", 20)))
	require.Empty(t, p.Score.Trend, "another instrument is no score before")
	p = Derive(fileOf(episode, assessed("1", "KEDS", "2026-03-02", 19), assessed("2", "KEDS", "2026-03-02", 21)))
	require.Equal(t, Worse, p.Score.Trend)
	p = Derive(fileOf(episode, assessed("1", "KEDS", "2026-03-02", 19), assessed("2", "KEDS", "2026-03-20", 19)))
	require.Equal(t, Unchanged, p.Score.Trend)
	earlier := assessed("1", "KEDS", "2026-03-02", 19)
	earlier.EpisodeID = "another"
	require.Nil(t, Derive(fileOf(episode, earlier)).Score)
	mistake := assessed("1", "KEDS", "2026-03-02", 19)
	mistake.Mistaken = true
	require.Nil(t, Derive(fileOf(episode, assessed("1", "KEDS", "2026-03-02", 19), mistake)).Score)
}

func TestContacts(t *testing.T) {
	contact := func(id, planned, state, at string) Contact {
		return Contact{Standing: Standing{ID: id, State: state}, PlannedID: planned, Scheduled: noon(at), Result: noon(at)}
	}
	plan := Plan{Standing: Standing{ID: "plan", State: "ACTIVE"}, Planned: []Planned{{"p1", day("2026-03-10")}, {"p2", day("2026-03-24")}}}
	require.Equal(t, day("2026-03-10"), Derive(fileOf(plan)).NextContact)
	p := Derive(fileOf(plan, contact("c", "p1", "BOOKED", "2026-03-12")))
	require.Equal(t, day("2026-03-12"), p.NextContact, "booked for another day")
	require.Zero(t, p.LastContact)
	p = Derive(fileOf(plan, contact("c", "p1", "BOOKED", "2026-03-12"), contact("c", "p1", "NOT_ANSWERED", "2026-03-12")))
	require.Equal(t, day("2026-03-24"), p.NextContact, "its day is past")
	p = Derive(fileOf(contact("c", "", "NOT_ANSWERED", "2026-03-12"), contact("d", "", "BOOKED", "2026-03-20")))
	require.Equal(t, day("2026-03-20"), p.NextContact, "a later booking is not hidden by it")
	require.Zero(t, Derive(fileOf(contact("c", "", "NOT_ANSWERED", "2026-03-12"))).NextContact)
	p = Derive(fileOf(Plan{Standing: plan.Standing, Planned: plan.Planned[1:]}, contact("c", "p1", "HELD", "2026-03-12"), contact("d", "", "CANCELLED", "2026-03-13")))
	require.Equal(t, day("2026-03-24"), p.NextContact)
	require.Equal(t, noon("2026-03-12"), p.LastContact)
	require.Zero(t, Derive(fileOf(Plan{Standing: Standing{ID: "plan", State: "DRAFT"}, Planned: plan.Planned})).NextContact)
}

func TestCoordination(t *testing.T) {
	consent := func(id, state string, order int64) Consent {
		return Consent{Standing: Standing{ID: id, State: state}, Start: day("2026-03-02"), End: day("2026-03-31"), Order: order}
	}
	on := func(at string, facts ...Fact) string { return Derive(fileOf(facts...)).On(noon(at)).Consent }
	require.Empty(t, on("2026-03-10"))
	require.Equal(t, "GRANTED", on("2026-03-10", consent("a", "GRANTED", 1)))
	require.Empty(t, on("2026-03-01", consent("a", "GRANTED", 1)))
	require.Empty(t, on("2026-04-01", consent("a", "GRANTED", 1)), "it has run out")
	require.Equal(t, "WITHDRAWN", on("2026-04-01", consent("a", "GRANTED", 1), consent("a", "WITHDRAWN", 2)))
	require.Equal(t, "GRANTED", on("2026-03-10", consent("b", "GRANTED", 4), consent("a", "DECLINED", 1), consent("a", "REPLACED", 3)))
	require.Equal(t, "WITHDRAWN", on("2026-03-10", consent("a", "WITHDRAWN", 2), consent("b", "GRANTED", 4), consent("b", mistaken, 5)))
}

func TestEpisodeShown(t *testing.T) {
	closed := openEpisode("a", "2026-01-01")
	closed.State = "CLOSED"
	closed.Team = []Member{{PractitionerID: "x"}}
	require.Equal(t, "a", Derive(fileOf(closed)).EpisodeID)
	require.False(t, Derive(fileOf(closed)).EpisodeOpen)
	require.Empty(t, Derive(fileOf(closed)).Team)
	require.Equal(t, "b", Derive(fileOf(closed, openEpisode("b", "2025-12-01"))).EpisodeID, "the open one, though it was started before")
	slip := openEpisode("b", "2026-02-01")
	slip.State = mistaken
	require.Equal(t, "a", Derive(fileOf(closed, openEpisode("b", "2026-02-01"), slip)).EpisodeID)
}

func TestGuideClaimsNothing(t *testing.T) {
	require.GreaterOrEqual(t, len(HowTheModelWorks()), 6)
	require.LessOrEqual(t, len(HowTheModelWorks()), 8)
}
