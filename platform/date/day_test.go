package date_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

func TestParse(t *testing.T) {
	tests := []struct {
		text string
		want error
	}{
		{"1900-01-01", nil}, {"2200-12-31", nil}, {"2028-02-29", nil}, {"2000-02-29", nil},
		{"1899-12-31", date.ErrYear}, {"2201-01-01", date.ErrYear}, {"0000-01-01", date.ErrYear}, {"9999-12-31", date.ErrYear},
		{"2026-02-29", date.ErrNoSuchDay}, {"2100-02-29", date.ErrNoSuchDay}, {"2026-13-01", date.ErrNoSuchDay},
		{"2026-00-10", date.ErrNoSuchDay}, {"2026-04-31", date.ErrNoSuchDay}, {"2026-01-00", date.ErrNoSuchDay},
		{"", date.ErrFormat}, {"2026-1-1", date.ErrFormat}, {"20260101", date.ErrFormat}, {"2026/01/01", date.ErrFormat},
		{"2026-01-01T00:00:00Z", date.ErrFormat}, {" 2026-01-1", date.ErrFormat}, {"+026-01-01", date.ErrFormat},
		{"2026-01-0١", date.ErrFormat}, {"-026-01-01", date.ErrFormat}, {"2026-01-01\x00", date.ErrFormat},
	}
	for _, test := range tests {
		day, err := date.Parse(test.text)
		if !errors.Is(err, test.want) {
			t.Errorf("Parse(%q): %v, want %v", test.text, err, test.want)
		}
		if err == nil && day.String() != test.text {
			t.Errorf("Parse(%q) reads %s", test.text, day)
		}
		if err != nil && !day.IsZero() {
			t.Errorf("Parse(%q) gives a day with its error", test.text)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"2026-01-31", "2026-02-29", "", "2026-1-1", "1899-12-31", "٢٠٢٦-01-01"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		day, err := date.Parse(text)
		reference, refErr := time.Parse("2006-01-02", text)
		valid := refErr == nil && reference.Year() >= date.MinYear && reference.Year() <= date.MaxYear
		if (err == nil) != valid {
			t.Fatalf("Parse(%q): %v, while the standard library says %v", text, err, refErr)
		}
		if err == nil && (day.String() != text || !day.InRange()) {
			t.Fatalf("Parse(%q) reads %q", text, day)
		}
	})
}

func TestZeroDay(t *testing.T) {
	var none date.Day
	require.True(t, none.IsZero())
	require.Equal(t, "", none.String())
	require.True(t, none.AddDays(5).IsZero())
	require.True(t, none.At(8, 0).IsZero())
	require.True(t, none.Before(date.MustParse("1900-01-01")))
	require.False(t, none.InRange())
	require.True(t, date.Of(time.Time{}).IsZero())
	require.False(t, date.New(1970, time.January, 1).IsZero())
}

func TestOfIsTheDayInSweden(t *testing.T) {
	tests := map[string]string{
		"2026-01-31T22:59:59Z": "2026-01-31",
		"2026-01-31T23:00:00Z": "2026-02-01",
		"2026-07-31T21:59:59Z": "2026-07-31",
		"2026-07-31T22:00:00Z": "2026-08-01",
		"2026-12-31T23:30:00Z": "2027-01-01",
	}
	for instant, want := range tests {
		at, err := time.Parse(time.RFC3339, instant)
		require.NoError(t, err)
		require.Equal(t, want, date.Of(at).String(), instant)
	}
}

func TestAt(t *testing.T) {
	tests := []struct {
		day          string
		hour, minute int
		want         string
	}{
		{"2026-01-15", 8, 0, "2026-01-15T07:00:00Z"},
		{"2026-07-15", 8, 0, "2026-07-15T06:00:00Z"},
		// Clocks skip 02:00 to 03:00 on 29 March and show it twice on 25 October.
		{"2026-03-29", 0, 0, "2026-03-28T23:00:00Z"},
		{"2026-03-29", 1, 59, "2026-03-29T00:59:00Z"},
		{"2026-03-29", 2, 30, "2026-03-29T01:30:00Z"},
		{"2026-03-29", 3, 0, "2026-03-29T01:00:00Z"},
		{"2026-03-29", 24, 0, "2026-03-29T22:00:00Z"},
		{"2026-10-25", 1, 30, "2026-10-24T23:30:00Z"},
		{"2026-10-25", 2, 30, "2026-10-25T00:30:00Z"},
		{"2026-10-25", 3, 0, "2026-10-25T02:00:00Z"},
		{"2026-10-25", 24, 0, "2026-10-25T23:00:00Z"},
	}
	for _, test := range tests {
		got := date.MustParse(test.day).At(test.hour, test.minute)
		require.Equal(t, test.want, got.UTC().Format(time.RFC3339), "%s %02d:%02d", test.day, test.hour, test.minute)
	}
}

func anyDay() *rapid.Generator[date.Day] {
	return rapid.Custom(func(t *rapid.T) date.Day {
		first, last := date.New(date.MinYear, time.January, 1), date.New(date.MaxYear, time.December, 31)
		return date.Day(rapid.Int32Range(int32(first), int32(last)).Draw(t, "day"))
	})
}

func TestDayAgreesWithTheCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := anyDay().Draw(t, "day")
		n := rapid.IntRange(-4000, 4000).Draw(t, "n")
		year, month, number := day.Date()
		reference := time.Date(year, month, number, 0, 0, 0, 0, time.UTC)
		moved := reference.AddDate(0, 0, n)

		require.Equal(t, reference.Format("2006-01-02"), day.String())
		require.Equal(t, reference.Weekday(), day.Weekday())
		require.Equal(t, date.New(moved.Date()), day.AddDays(n))
		require.Equal(t, n, day.AddDays(n).Sub(day))
		require.Equal(t, n < 0, day.AddDays(n).Before(day))
		require.Equal(t, n > 0, day.AddDays(n).After(day))
		read, err := date.Parse(day.String())
		require.NoError(t, err)
		require.Equal(t, day, read)
	})
}

func TestAtAndOfAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := anyDay().Draw(t, "day")
		hour, minute := rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute")
		at := day.At(hour, minute)
		require.Equal(t, day, date.Of(at))
		if at.Hour() != hour || at.Minute() != minute {
			// Only a wall time skipped in spring may read differently: later.
			require.True(t, at.Hour() > hour || at.Hour() == hour && at.Minute() > minute)
			_, before := day.AddDays(-1).At(12, 0).Zone()
			_, after := day.At(23, 0).Zone()
			require.NotEqual(t, before, after)
		}
	})
}

func TestStoredForm(t *testing.T) {
	day := date.MustParse("2026-01-31")
	value, err := day.Value()
	require.NoError(t, err)
	require.Equal(t, "2026-01-31", value)
	value, err = date.Day(0).Value()
	require.NoError(t, err)
	require.Nil(t, value)

	for _, source := range []any{"2026-01-31", []byte("2026-01-31")} {
		var read date.Day
		require.NoError(t, read.Scan(source))
		require.Equal(t, day, read)
	}
	read := day
	require.NoError(t, read.Scan(nil))
	require.True(t, read.IsZero())
	require.Error(t, read.Scan(int64(20260131)))
	require.ErrorIs(t, read.Scan("2026-02-30"), date.ErrNoSuchDay)

	text, err := json.Marshal(date.Span{Start: day})
	require.NoError(t, err)
	require.JSONEq(t, `{"start":"2026-01-31","end":""}`, string(text))
	var span date.Span
	require.NoError(t, json.Unmarshal(text, &span))
	require.Equal(t, date.Span{Start: day}, span)
}

func TestSpan(t *testing.T) {
	day := date.MustParse
	span := date.Span{Start: day("2026-02-27"), End: day("2026-03-02")}
	require.Equal(t, 4, span.Days())
	require.True(t, span.Contains(day("2026-02-27")))
	require.True(t, span.Contains(day("2026-03-02")))
	require.False(t, span.Contains(day("2026-03-03")))
	require.False(t, span.Contains(0))
	require.True(t, span.Overlaps(date.Span{Start: day("2026-03-02"), End: day("2026-03-09")}))
	require.False(t, span.Overlaps(date.Span{Start: day("2026-03-03"), End: day("2026-03-09")}))
	require.Equal(t, date.Span{Start: day("2026-03-01"), End: day("2026-03-02")},
		span.Intersect(date.Span{Start: day("2026-03-01"), End: day("2026-03-09")}))

	for _, empty := range []date.Span{{}, {Start: day("2026-01-01")}, {End: day("2026-01-01")}, {Start: day("2026-01-02"), End: day("2026-01-01")}} {
		require.Zero(t, empty.Days())
		require.False(t, empty.Overlaps(span))
		require.False(t, span.Overlaps(empty))
		require.False(t, empty.Contains(day("2026-01-01")))
	}
}
