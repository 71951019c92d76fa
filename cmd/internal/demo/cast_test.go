package demo

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Whatever day the demo is started on, every course begins within the sixteen weeks, on a working day, and nothing happens after
// the end.
func TestTheCastFitsAnyDay(t *testing.T) {
	org := &organisation{providers: []string{"p1", "p2"}, units: []string{"u1", "u2", "u3"}, people: map[string]string{}}
	for _, c := range colleagues() {
		org.people[c.key] = c.key
	}
	rapid.Check(t, func(t *rapid.T) {
		start := date.MustParse("2026-01-01").AddDays(rapid.IntRange(0, 1500).Draw(t, "start"))
		today := start.AddDays(layoutDays)
		end := today.At(10, 0)
		seed := rapid.Uint64().Draw(t, "seed")
		cast := newCast(dice(seed, 0), start, today)
		require.Len(t, cast, 56)
		for n, c := range cast {
			require.True(t, date.IsWorkingDay(c.begin), "patient %d begins on %s", n+1, c.begin)
			require.GreaterOrEqual(t, c.begin, start, "patient %d", n+1)
			require.LessOrEqual(t, c.begin, today, "patient %d", n+1)
			script := c.script(nil, org, n+1, dice(seed, uint64(n)), today, end)
			require.NotEmpty(t, script.Steps, "patient %d", n+1)
			for _, step := range script.Steps {
				require.False(t, step.At.After(end), step.Name)
				require.False(t, step.At.Before(start.At(8, 0)), step.Name)
				require.True(t, date.IsWorkingDay(date.Of(step.At)) || c.flagToday > 0, step.Name)
			}
		}
	})
}

// Whatever day the demo is started on, holidays and all, somebody has come to each stage of the coordinator's work, and no further.
func TestEveryStageIsHeldOnAnyDay(t *testing.T) {
	org := &organisation{providers: []string{"p1", "p2"}, units: []string{"u1", "u2", "u3"}, people: map[string]string{}}
	for _, c := range colleagues() {
		org.people[c.key] = c.key
	}
	last := map[reach]string{
		screenedOnly: "screened", briefAsked: "brief asked for", briefWritten: "brief written", talkedEarly: "early talk", meetingTold: "meeting proposed",
		meetingSet: "meeting scheduled", meetingHeld: "meeting held", returnAsked: "return proposed", returnUnderWay: "return answered",
		wholeWay: "action followed up", selfReliant: "meeting declined",
	}
	rapid.Check(t, func(t *rapid.T) {
		start := date.MustParse("2026-01-01").AddDays(rapid.IntRange(0, 1500).Draw(t, "start"))
		today := start.AddDays(layoutDays)
		stands := map[string]int{}
		for n, c := range newCast(dice(1, 0), start, today) {
			for _, step := range c.script(nil, org, n+1, dice(1, uint64(n)), today, today.At(10, 0)).Steps {
				what := step.Name[strings.LastIndex(step.Name, ", ")+2:]
				stands[what]++
				if what == last[c.reach] {
					stands["at "+what]++
				}
				if what == "meeting scheduled" {
					require.True(t, step.At.Before(afternoon.on(c.meetDay())), "patient %d: the meeting of %s is scheduled at %s", n+1, c.meetDay(), step.At)
				}
			}
		}
		for _, what := range last {
			require.NotZerof(t, stands["at "+what], "nobody has come as far as %q and no further: %v", what, stands)
		}
		for _, what := range []string{"meeting deferred", "return held", "note for the GP", "advice to the GP", "a locum takes over", "agreement acknowledged by the patient"} {
			require.NotZerof(t, stands[what], "%q has happened to nobody: %v", what, stands)
		}
	})
}

func TestTheSameSeedGivesTheSamePeople(t *testing.T) {
	day := date.MustParse("2026-03-02")
	numbers := map[string]bool{}
	for n := range 60 {
		one, again := newPerson(dice(7, uint64(n)), n, day), newPerson(dice(7, uint64(n)), n, day)
		require.Equal(t, one, again)
		require.False(t, numbers[one.number.Value], "number %d stands twice", n)
		numbers[one.number.Value] = true
	}
	require.NotEqual(t, newPerson(dice(7, 1), 1, day), newPerson(dice(8, 1), 1, day))
}

func TestIdentityNumbersAreOfTheTestRanges(t *testing.T) {
	require.Equal(t, "191212121212", withCheckDigit(date.MustParse("1912-12-12"), 0, 121), "the best known test number")
	require.Equal(t, "PERSONNUMMER", personnummer(date.MustParse("1990-01-01"), 238).Kind)
	require.Equal(t, "199001012385", personnummer(date.MustParse("1990-01-01"), 238).Value)
	require.Equal(t, "19900161980", samordningsnummer(date.MustParse("1990-01-01"), 980).Value[:11])
	rapid.Check(t, func(t *rapid.T) {
		number := newPerson(dice(rapid.Uint64().Draw(t, "seed"), 1), rapid.IntRange(0, 1000).Draw(t, "n"), date.MustParse("2026-03-02")).number.Value
		require.Len(t, number, 12)
		require.Contains(t, []string{"238", "239", "980", "981", "982", "983", "984", "985", "986", "987"}, number[8:11])
		sum := 0
		for i, c := range number[2:] {
			n := int(c-'0') * (2 - i%2)
			sum += n/10 + n%10
		}
		require.Zero(t, sum%10)
	})
}

func TestMadrsSumsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ninth := rapid.IntRange(0, 6).Draw(t, "ninth")
		total := ninth + rapid.IntRange(0, 48).Draw(t, "rest")
		answers, sum := madrs(total, ninth), 0
		require.Len(t, answers, 9)
		for _, a := range answers {
			require.GreaterOrEqual(t, a, 0)
			require.LessOrEqual(t, a, 6)
			sum += a
		}
		require.Equal(t, total, sum)
		require.Equal(t, ninth, answers[8])
	})
}

func TestEveryColleagueCanAct(t *testing.T) {
	org := &organisation{providers: []string{"p1", "p2"}, units: []string{"u1", "u2", "u3"}, people: map[string]string{}}
	variables := map[string]bool{}
	for _, c := range colleagues() {
		org.people[c.key] = "id of " + c.key
		require.False(t, variables[c.variable], c.variable)
		variables[c.variable] = true
		for _, p := range c.posts {
			actor := org.actor(c.key, p.centre)
			require.NotEmpty(t, actor.Role)
			require.Equal(t, org.units[p.centre], actor.UnitID)
			require.Equal(t, "id of "+c.key, actor.PractitionerID)
		}
	}
	require.Equal(t, "rehabilitation_coordinator", org.actor("both", 1, roleCoordinator).Role)
	require.Equal(t, "care_manager", org.actor("both", 1).Role)
}
