package followup

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

// clock reads a wall time in Stockholm: "2026-03-02 08:00".
func clock(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return date.MustParse(text[:10]).At(t.Hour(), t.Minute()).UTC()
}

func wall(t time.Time) string { return t.In(clockZone()).Format("2006-01-02 15:04") }

func clockZone() *time.Location { return date.MustParse("2026-03-02").At(8, 0).Location() }

func TestRiskDue(t *testing.T) {
	for _, test := range []struct {
		name, raised string
		urgent       bool
		due          string
	}{
		{"urgent, in the morning", "2026-03-02 09:00", true, "2026-03-02 10:00"},
		{"urgent, in the night", "2026-03-07 23:30", true, "2026-03-08 00:30"},
		{"review, in the morning", "2026-03-02 09:00", false, "2026-03-02 13:00"},
		{"review, in the afternoon: by the end of the working day", "2026-03-02 15:00", false, "2026-03-02 17:00"},
		{"review, just before the end: no sooner than an urgent one", "2026-03-02 16:50", false, "2026-03-02 17:50"},
		{"review, in the evening", "2026-03-02 18:00", false, "2026-03-02 22:00"},
		{"review, on a Saturday", "2026-03-07 15:00", false, "2026-03-07 19:00"},
		{"review, over the clock change", "2026-03-29 01:00", false, "2026-03-29 06:00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			due := Policy{}.Effective().riskDue(clock(test.raised), test.urgent)
			require.Equal(t, test.due, wall(due.Time))
			require.Equal(t, test.due[:10], due.Day.String())
		})
	}
}

func TestDueOnADayOffIsMovedToTheNextWorkingDay(t *testing.T) {
	for day, moved := range map[string]string{
		"2026-03-02": "2026-03-02", // a Monday
		"2026-03-07": "2026-03-09", // a Saturday
		"2026-04-03": "2026-04-07", // Good Friday; Easter Monday is the 6th
		"2026-06-19": "2026-06-22", // Midsummer's Eve
		"2026-12-24": "2026-12-28", // Christmas Eve, a Thursday
	} {
		require.Equal(t, moved+" 17:00", wall(on(date.MustParse(day)).Time), day)
	}
}

func steps(l Ladder) []string {
	var all []string
	for _, s := range l.Steps {
		line := wall(s.At) + " " + string(s.Do)
		if s.Do == Escalate {
			line += " " + string(rune('0'+s.Level))
		}
		all = append(all, line)
	}
	return all
}

func TestLadder(t *testing.T) {
	p := Policy{}.Effective()
	friday := date.MustParse("2026-03-06")
	require.Equal(t, []string{
		"2026-03-06 08:00 REMIND", "2026-03-09 08:00 REMIND", "2026-03-10 08:00 ESCALATE 1", "2026-03-13 08:00 ESCALATE 2",
	}, steps(p.ladder(friday, clock("2026-03-02 08:00"), ordinary, time.Time{})))
	require.Equal(t, []string{
		"2026-03-09 08:00 REMIND", "2026-03-10 08:00 ESCALATE 1", "2026-03-11 00:00 EXPIRE",
	}, steps(p.ladder(friday, clock("2026-03-06 09:00"), ordinary, clock("2026-03-11 00:00"))), "made on the day; lapses before the manager is called on")
	require.Equal(t, []string{
		"2026-03-02 08:00 ESCALATE 1", "2026-03-06 08:00 REMIND", "2026-03-09 08:00 REMIND", "2026-03-13 08:00 ESCALATE 2",
	}, steps(p.ladder(friday, clock("2026-03-02 08:00"), atOnce, time.Time{})))
	require.Equal(t, []string{"2026-03-18 08:00 ESCALATE 1", "2026-03-23 08:00 ESCALATE 2"},
		steps(p.ladder(friday, clock("2026-03-16 09:00"), ordinary, time.Time{})), "born overdue, it gives its owner the days of any other")
	require.Equal(t, []string{"2026-03-16 09:00 ESCALATE 1", "2026-03-23 08:00 ESCALATE 2"},
		steps(p.ladder(friday, clock("2026-03-16 09:00"), onTheDay, time.Time{})), "what is to call on somebody at once does")
	require.Equal(t, []string{"2026-04-01 00:00 EXPIRE"}, steps(p.ladder(friday, clock("2026-03-02 08:00"), silent, clock("2026-04-01 00:00"))))
	urgent := p.riskLadder(clock("2026-03-07 23:30"), true, p.riskDue(clock("2026-03-07 23:30"), true))
	require.Equal(t, []string{"2026-03-08 00:00 ESCALATE 1", "2026-03-08 00:30 ESCALATE 2"}, steps(urgent))
}

func TestLimitsAreWithinTheirBounds(t *testing.T) {
	fields := map[string]bool{}
	for _, limit := range Limits() {
		require.LessOrEqual(t, limit.Low, limit.Default, limit.Field)
		require.LessOrEqual(t, limit.Default, limit.High, limit.Field)
		require.False(t, fields[limit.Field], limit.Field)
		fields[limit.Field] = true
		var p Policy
		*limit.At(&p) = limit.High
		effective := p.Effective()
		require.Equal(t, limit.High, *limit.At(&effective), limit.Field)
	}
}
