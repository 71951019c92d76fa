// Package date holds civil days: what is written on a certificate, a plan or
// an invitation, as people in Sweden read it off a calendar.
//
// A Day has no time and no zone. It meets an instant in two places only: Of
// (which day is it in Sweden at this instant) and Day.At (which instant is a
// quarter past seven on this day in Sweden). Both use Europe/Stockholm from
// the time zone database embedded in the binary, so that they do not depend
// on the machine.
package date

import (
	"cmp"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// The years that Parse accepts, both inclusive.
const (
	MinYear = 1900
	MaxYear = 2200
)

// What can be wrong with a day given as text. The texts never repeat the
// input: a day may be somebody's day of birth.
var (
	// ErrFormat says that the text is not of the form 2026-01-31.
	ErrFormat = errors.New("a date must be written as year-month-day, for example 2026-01-31")
	// ErrNoSuchDay says that the calendar has no such day, as 2026-02-29.
	ErrNoSuchDay = errors.New("there is no such day in the calendar")
	// ErrYear says that the day lies outside the years MinYear to MaxYear.
	ErrYear = errors.New("the year must be between 1900 and 2200")
)

// Day is a day of the Gregorian calendar, counted from 1 January of year 1,
// which is 1. The zero value is no day. Days compare with ==, < and >; no day
// sorts before every day.
type Day int32

const (
	unixEpoch     = 719163 // 1970-01-01 as a Day
	secondsPerDay = 24 * 60 * 60
	layout        = "2006-01-02"
)

// New returns the given day. Months and days outside their usual range are
// carried over as time.Date does: 31 February is 2 or 3 March.
func New(year int, month time.Month, day int) Day {
	return fromUTC(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// Of returns the day that it is in Sweden at t. The zero time gives no day.
func Of(t time.Time) Day {
	if t.IsZero() {
		return 0
	}
	year, month, day := t.In(stockholm).Date()
	return New(year, month, day)
}

// Parse reads a day written as 2026-01-31. Errors are ErrFormat, ErrNoSuchDay
// and ErrYear. The empty text is ErrFormat, not no day.
func Parse(text string) (Day, error) {
	if len(text) != len(layout) || text[4] != '-' || text[7] != '-' {
		return 0, ErrFormat
	}
	year, okYear := number(text[0:4])
	month, okMonth := number(text[5:7])
	day, okDay := number(text[8:10])
	if !okYear || !okMonth || !okDay {
		return 0, ErrFormat
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if y, m, d := t.Date(); y != year || int(m) != month || d != day {
		return 0, ErrNoSuchDay
	}
	if year < MinYear || year > MaxYear {
		return 0, ErrYear
	}
	return fromUTC(t), nil
}

// MustParse is Parse for tables in code and tests; it panics on bad text.
func MustParse(text string) Day {
	d, err := Parse(text)
	if err != nil {
		panic("date: " + text + ": " + err.Error())
	}
	return d
}

func number(digits string) (int, bool) {
	n := 0
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

func fromUTC(midnight time.Time) Day {
	seconds := midnight.Unix()
	return Day(seconds/secondsPerDay + unixEpoch) // midnight UTC divides without rest
}

func (d Day) utc() time.Time {
	return time.Unix((int64(d)-unixEpoch)*secondsPerDay, 0).UTC()
}

// IsZero tells whether d is no day.
func (d Day) IsZero() bool { return d == 0 }

// Date returns the parts of d; all are zero when d is no day.
func (d Day) Date() (year int, month time.Month, day int) {
	if d.IsZero() {
		return 0, 0, 0
	}
	return d.utc().Date()
}

// String writes d as 2026-01-31, or "" when d is no day.
func (d Day) String() string {
	if d.IsZero() {
		return ""
	}
	return d.utc().Format(layout)
}

// Weekday returns the day of the week of d.
func (d Day) Weekday() time.Weekday {
	return time.Weekday(((d % 7) + 7) % 7) // day 1 was a Monday
}

// AddDays returns the day n days after d, or before it when n is negative.
// No day stays no day.
func (d Day) AddDays(n int) Day {
	if d.IsZero() {
		return 0
	}
	return d + Day(n)
}

// Sub returns how many days d lies after other; negative when before. It
// means nothing when either is no day.
func (d Day) Sub(other Day) int { return int(d) - int(other) }

// Before tells whether d is earlier than other.
func (d Day) Before(other Day) bool { return d < other }

// After tells whether d is later than other.
func (d Day) After(other Day) bool { return d > other }

// Compare returns -1, 0 or 1 as d is earlier than, the same as or later than
// other.
func (d Day) Compare(other Day) int { return cmp.Compare(d, other) }

// InRange tells whether d is a day of the years MinYear to MaxYear, that is,
// one that Parse would accept.
func (d Day) InRange() bool {
	return d >= New(MinYear, time.January, 1) && d <= New(MaxYear, time.December, 31)
}

// At returns the instant at which clocks in Sweden show hour:minute on d, in
// the time zone Europe/Stockholm. A wall time that the clocks skip in spring
// is moved forward by the hour skipped (02:30 becomes 03:30); one that they
// show twice in autumn means the first. Hour 24 is midnight at the end of the
// day. No day gives the zero time.
func (d Day) At(hour, minute int) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	wall := d.utc().Unix() + int64(hour)*3600 + int64(minute)*60
	before, after := offset(wall-secondsPerDay), offset(wall+secondsPerDay)
	instant := wall - before
	if offset(instant) != before && offset(wall-after) == after {
		instant = wall - after
	}
	return time.Unix(instant, 0).In(stockholm)
}

// offset returns by how many seconds clocks in Sweden are ahead of UTC.
func offset(unix int64) int64 {
	_, seconds := time.Unix(unix, 0).In(stockholm).Zone()
	return int64(seconds)
}

// Value stores d as text, no day as NULL.
func (d Day) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}

// Scan reads what Value stores. NULL and the empty text are no day.
func (d *Day) Scan(source any) error {
	switch v := source.(type) {
	case nil:
		*d = 0
		return nil
	case string:
		return d.UnmarshalText([]byte(v))
	case []byte:
		return d.UnmarshalText(v)
	default:
		return fmt.Errorf("a day is stored as text, not as %T", source)
	}
}

// MarshalText writes d as String does, for JSON among others.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads d as Parse does; the empty text is no day.
func (d *Day) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = 0
		return nil
	}
	parsed, err := Parse(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
