package date

import (
	"time"

	"github.com/rickar/cal/v2/se"
)

// IsWorkingDay tells whether d is a Monday to Friday that is no holiday in
// Sweden. Midsummer's Eve, Christmas Eve and New Year's Eve count as holidays,
// as the Act on the Calculation of Statutory Time (1930:173, section 2) equals
// them with Sundays when a time limit ends. Today's holidays are used for every year: 6 June, a holiday since 2005, is one in
// 1990 too. No day is no working day.
func IsWorkingDay(d Day) bool {
	if d.IsZero() {
		return false
	}
	if weekday := d.Weekday(); weekday == time.Saturday || weekday == time.Sunday {
		return false
	}
	year, month, day := d.Date()
	for _, holiday := range se.Holidays {
		// The library answers midnight in the machine's zone, which may have
		// no midnight on a day of clock change; noon is safe everywhere.
		actual, _ := holiday.Calc(year)
		_, m, n := actual.Add(12 * time.Hour).Date()
		if m == month && n == day {
			return false
		}
	}
	return true
}

// NextWorkingDay returns d when it is a working day, else the first one after.
// No day stays no day.
func NextWorkingDay(d Day) Day { return seekWorkingDay(d, 1) }

// PreviousWorkingDay returns d when it is a working day, else the last one
// before. No day stays no day.
func PreviousWorkingDay(d Day) Day { return seekWorkingDay(d, -1) }

// AddWorkingDays returns the n-th working day after d, or before it when n is
// negative. Zero gives d itself, working day or not. No day stays no day.
func AddWorkingDays(d Day, n int) Day {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for ; n > 0 && !d.IsZero(); n-- {
		d = seekWorkingDay(d.AddDays(step), step)
	}
	return d
}

func seekWorkingDay(d Day, step int) Day {
	for !d.IsZero() && !IsWorkingDay(d) {
		d = d.AddDays(step)
	}
	return d
}
