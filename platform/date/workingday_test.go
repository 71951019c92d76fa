package date_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

func TestHolidaysOf2026(t *testing.T) {
	off := []string{
		"2026-01-01", "2026-01-06", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14",
		"2026-06-06", "2026-06-19", "2026-06-20", "2026-10-31", "2026-12-24", "2026-12-25", "2026-12-26", "2026-12-31",
		"2025-06-20", "2027-06-25", "2030-04-22", // Midsummer's Eve and Easter Monday move
		"2026-01-03", "2026-01-04", // a Saturday and a Sunday
	}
	for _, day := range off {
		require.False(t, date.IsWorkingDay(date.MustParse(day)), day)
	}
	for _, day := range []string{"2026-01-02", "2026-01-05", "2026-04-02", "2026-04-07", "2026-05-15", "2026-06-18", "2026-06-22", "2026-12-23", "2026-12-28", "2026-12-30"} {
		require.True(t, date.IsWorkingDay(date.MustParse(day)), day)
	}
	require.False(t, date.IsWorkingDay(0))
}

func TestAWholeYearOfWorkingDays(t *testing.T) {
	// 2026 has 261 days Monday to Friday, ten of which are holidays.
	days := 0
	for d := date.MustParse("2026-01-01"); d <= date.MustParse("2026-12-31"); d = d.AddDays(1) {
		if date.IsWorkingDay(d) {
			days++
		}
	}
	require.Equal(t, 261-10, days)
}

func TestMovingOverWorkingDays(t *testing.T) {
	day := date.MustParse
	require.Equal(t, day("2026-04-07"), date.NextWorkingDay(day("2026-04-03")))
	require.Equal(t, day("2026-04-07"), date.NextWorkingDay(day("2026-04-07")))
	require.Equal(t, day("2026-04-02"), date.PreviousWorkingDay(day("2026-04-06")))
	require.Equal(t, day("2026-04-02"), date.PreviousWorkingDay(day("2026-04-02")))
	require.Equal(t, day("2026-04-07"), date.AddWorkingDays(day("2026-04-02"), 1))
	require.Equal(t, day("2026-04-08"), date.AddWorkingDays(day("2026-04-04"), 2))
	require.Equal(t, day("2026-04-02"), date.AddWorkingDays(day("2026-04-07"), -1))
	require.Equal(t, day("2026-04-04"), date.AddWorkingDays(day("2026-04-04"), 0))
	require.True(t, date.NextWorkingDay(0).IsZero())
	require.True(t, date.PreviousWorkingDay(0).IsZero())
	require.True(t, date.AddWorkingDays(0, 3).IsZero())
}

func TestAddWorkingDaysCountsThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := anyDay().Draw(t, "from")
		n := rapid.IntRange(1, 40).Draw(t, "n")
		to := date.AddWorkingDays(from, n)
		count := 0
		for d := from.AddDays(1); d <= to; d = d.AddDays(1) {
			if date.IsWorkingDay(d) {
				count++
			}
		}
		require.Equal(t, n, count)
		require.True(t, date.IsWorkingDay(to))
		require.Equal(t, date.PreviousWorkingDay(from), date.AddWorkingDays(to, -n))
	})
}
