package sickleave

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

func certificateOf(id, signed string, periods ...Period) Certificate {
	return Certificate{ID: id, State: Signed, SignTime: date.MustParse(signed).At(8, 0), Content: Content{Periods: periods}}
}

func periodOf(start, end string, degree int) Period {
	return Period{Start: date.MustParse(start), End: date.MustParse(end), Degree: degree}
}

func TestLeaves(t *testing.T) {
	replaced := certificateOf("d", "2026-06-01", periodOf("2026-09-01", "2026-09-30", 100))
	replacing := certificateOf("e", "2026-06-02", periodOf("2026-09-01", "2026-09-07", 25))
	replacing.ReplacesID = "d"
	leaves, err := Leaves([]Certificate{
		certificateOf("a", "2026-03-02", periodOf("2026-03-02", "2026-03-31", 100)),
		// Signed later, it speaks for its days; what is left of the first goes on after it.
		certificateOf("b", "2026-03-09", periodOf("2026-03-10", "2026-03-12", 50), periodOf("2026-03-13", "2026-03-14", 100)),
		// Five free days: still the same case. Side by side with one degree: one period.
		certificateOf("c", "2026-04-06", periodOf("2026-04-06", "2026-04-10", 75), periodOf("2026-04-11", "2026-04-12", 75)),
		replaced, replacing,
	})
	require.NoError(t, err)
	require.Equal(t, []Leave{
		{Start: date.MustParse("2026-03-02"), End: date.MustParse("2026-04-12"), Periods: []Period{
			periodOf("2026-03-02", "2026-03-09", 100), periodOf("2026-03-10", "2026-03-12", 50), periodOf("2026-03-13", "2026-03-31", 100),
			periodOf("2026-04-06", "2026-04-12", 75),
		}},
		{Start: date.MustParse("2026-09-01"), End: date.MustParse("2026-09-07"), Periods: []Period{periodOf("2026-09-01", "2026-09-07", 25)}},
	}, leaves)

	leaves, err = Leaves(nil)
	require.NoError(t, err)
	require.Empty(t, leaves)
	_, err = Leaves([]Certificate{{State: Signed}})
	require.Error(t, err)
}

// Leaves says of every day what Compute says of it.
func TestLeavesAreWhatComputeFinds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		certificates := anyCertificates().Draw(t, "all")
		leaves, err := Leaves(certificates)
		require.NoError(t, err)
		whole, err := Compute(certificates, Rules{MaxGapDays: DefaultGapDays})
		require.NoError(t, err)
		require.Len(t, leaves, len(whole.Cases))

		degrees := map[date.Day]int{}
		for i, leave := range leaves {
			found := whole.Cases[len(whole.Cases)-1-i] // newest first
			require.Equal(t, found.Start, leave.Start)
			require.Equal(t, found.End, leave.End)
			require.Equal(t, leave.Start, leave.Periods[0].Start)
			require.Equal(t, leave.End, leave.Periods[len(leave.Periods)-1].End)
			days, percentDays := 0, 0
			for j, p := range leave.Periods {
				require.LessOrEqual(t, p.Start, p.End)
				if j > 0 {
					before := leave.Periods[j-1]
					require.Greater(t, p.Start, before.End, "periods never overlap")
					require.False(t, before.End.AddDays(1) == p.Start && before.Degree == p.Degree, "nothing is cut without need")
				}
				for day := p.Start; day <= p.End; day = day.AddDays(1) {
					degrees[day] = p.Degree
				}
				days += p.Span().Days()
				percentDays += p.Span().Days() * p.Degree
			}
			require.Equal(t, found.CaseDays, days, "exactly the certified days")
			require.Equal(t, found.NetDays, float64(percentDays)/100)
		}
		for day := year2026.AddDays(-1); day <= year2026.AddDays(530); day = day.AddDays(1) {
			result, err := Compute(certificates, Rules{AsOf: day, MaxGapDays: DefaultGapDays})
			require.NoError(t, err)
			degree := 0
			if result.ActiveCase != nil {
				degree = result.ActiveCase.CurrentDegree
			}
			require.Equal(t, degree, degrees[day], "the degree on %s", day)
		}
	})
}
