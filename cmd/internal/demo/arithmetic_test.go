package demo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

func TestDays(t *testing.T) {
	day := date.MustParse
	steps := []leave{
		{day("2026-03-02"), day("2026-04-12"), 100}, {day("2026-04-13"), day("2026-04-26"), 75},
		{day("2026-04-27"), day("2026-05-10"), 50}, {day("2026-05-11"), day("2026-05-17"), 25},
	}
	for _, c := range []struct {
		name, from, to string
		gross          int
		net            float64
	}{
		{"the whole case: 42 + 14·0.75 + 14·0.5 + 7·0.25", "2026-03-02", "2026-05-17", 77, 61.25},
		{"days outside count for nothing", "2026-01-01", "2026-12-31", 77, 61.25},
		{"the last week at full time and the first at 75 %", "2026-04-06", "2026-04-19", 14, 12.25},
		{"one day", "2026-05-17", "2026-05-17", 1, 0.25},
		{"none", "2026-05-18", "2026-06-18", 0, 0},
	} {
		gross, net := days(steps, day(c.from), day(c.to))
		require.Equal(t, c.gross, gross, c.name)
		require.Equal(t, c.net, net, c.name)
	}
}

func TestSplitCoversEveryDayOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := date.MustParse("2026-01-01").AddDays(rapid.IntRange(0, 400).Draw(t, "from"))
		length := rapid.IntRange(1, 200).Draw(t, "days")
		degrees := rapid.SliceOfN(rapid.SampledFrom([]int{25, 50, 75, 100}), 1, 4).Draw(t, "degrees")
		leaves := split(from, from.AddDays(length-1), degrees)
		next := from
		for i, l := range leaves {
			require.Equal(t, next, l.from)
			require.LessOrEqual(t, l.from, l.to)
			require.Equal(t, degrees[i], l.degree)
			next = l.to.AddDays(1)
		}
		require.Equal(t, from.AddDays(length), next)
	})
}

func TestPlannedDayIsAWorkingDayOfThatWeekOrSoonAfter(t *testing.T) {
	require.Equal(t, date.MustParse("2026-04-07"), plannedDay(date.MustParse("2026-03-30"), 1), "Easter Monday is none")
	rapid.Check(t, func(t *rapid.T) {
		start := date.MustParse("2026-01-01").AddDays(rapid.IntRange(0, 1500).Draw(t, "start"))
		week := rapid.IntRange(1, 12).Draw(t, "week")
		day := plannedDay(start, week)
		require.True(t, date.IsWorkingDay(day))
		require.Less(t, day.Sub(start.AddDays(7*week)), 6)
		require.GreaterOrEqual(t, day, start.AddDays(7*week))
	})
}

func TestFirstDay(t *testing.T) {
	for now, want := range map[time.Time]string{
		date.MustParse("2026-03-02").At(6, 30):  "2026-03-02",
		date.MustParse("2026-03-02").At(8, 0):   "2026-03-03",
		date.MustParse("2026-03-06").At(16, 0):  "2026-03-09", // after a Friday
		date.MustParse("2026-04-02").At(12, 0):  "2026-04-07", // after Maundy Thursday
		date.MustParse("2026-03-07").At(23, 59): "2026-03-09",
	} {
		require.Equal(t, date.MustParse(want), firstDay(now), now)
	}
}
