package sickleave

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

var (
	year2026   = date.MustParse("2026-01-01")
	signedFrom = time.Date(2025, time.December, 1, 8, 0, 0, 0, time.UTC)
)

func anyPeriod() *rapid.Generator[Period] {
	return rapid.Custom(func(t *rapid.T) Period {
		start := year2026.AddDays(rapid.IntRange(0, 400).Draw(t, "start"))
		return Period{
			Start:  start,
			End:    start.AddDays(rapid.OneOf(rapid.IntRange(0, 5), rapid.IntRange(0, 120)).Draw(t, "length")),
			Degree: 25 * rapid.IntRange(1, 4).Draw(t, "quarters"),
		}
	})
}

// anyCertificates draws certificates no two of which were signed at one
// instant, so that the order in which they are listed decides nothing.
func anyCertificates() *rapid.Generator[[]Certificate] {
	return rapid.Custom(func(t *rapid.T) []Certificate {
		n := rapid.IntRange(0, 8).Draw(t, "certificates")
		hours := rapid.SliceOfNDistinct(rapid.IntRange(0, 400*24), n, n, rapid.ID[int]).Draw(t, "signed")
		certificates := make([]Certificate, n)
		for i := range certificates {
			certificates[i] = Certificate{
				ID:       fmt.Sprintf("c%d", i),
				State:    rapid.SampledFrom([]State{Signed, Signed, Signed, Signed, Revoked, Draft}).Draw(t, "state"),
				SignTime: signedFrom.Add(time.Duration(hours[i]) * time.Hour),
				Content:  Content{Periods: rapid.SliceOfN(anyPeriod(), 1, 4).Draw(t, "periods")},
			}
			switch related := fmt.Sprintf("c%d", (i+1)%max(n, 2)); rapid.IntRange(0, 9).Draw(t, "relation") {
			case 0:
				certificates[i].ReplacesID = related
			case 1:
				certificates[i].ComplementsID = related
			}
		}
		return certificates
	})
}

func anyRules() *rapid.Generator[Rules] {
	return rapid.Custom(func(t *rapid.T) Rules {
		rules := Rules{
			MaxGapDays:        rapid.SampledFrom([]int{0, 1, 5, 30, 90}).Draw(t, "gap"),
			RecentlyEndedDays: rapid.SampledFrom([]int{0, 1, 14}).Draw(t, "recently"),
		}
		if rapid.IntRange(0, 5).Draw(t, "day?") > 0 {
			rules.AsOf = year2026.AddDays(rapid.IntRange(-20, 540).Draw(t, "day"))
		}
		if rapid.Bool().Draw(t, "window?") {
			start := year2026.AddDays(rapid.IntRange(-20, 540).Draw(t, "window start"))
			rules.Window = date.Span{Start: start, End: start.AddDays(rapid.IntRange(0, 365).Draw(t, "window length"))}
		}
		return rules
	})
}

func draw(t *rapid.T) ([]Certificate, Rules, Result) {
	certificates, rules := anyCertificates().Draw(t, "all"), anyRules().Draw(t, "rules")
	result, err := Compute(certificates, rules)
	require.NoError(t, err)
	return certificates, rules, result
}

func TestTheOrderOfTheListDecidesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		certificates, rules, want := draw(t)
		shuffled := slices.Clone(certificates)
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(seed, seed)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		got, err := Compute(shuffled, rules)
		require.NoError(t, err)
		slices.Sort(want.CountedCertificateIDs)
		slices.Sort(got.CountedCertificateIDs)
		if rules.RecentlyEndedDays > 0 { // two that ended on one day: the one listed first stands in
			for _, r := range []*Result{&want, &got} {
				if r.ActiveCase != nil && r.ActiveCase.RecentlyEnded {
					r.ActiveCertificateID, r.ActiveCase = "", nil
				}
				for i := range r.Cases {
					if r.Cases[i].RecentlyEnded {
						r.Cases[i].ActiveCertificateID, r.Cases[i].Degrees = "", nil
					}
				}
			}
		}
		require.Equal(t, want, got)
	})
}

func TestComputeChangesNothingItIsGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		certificates, rules := anyCertificates().Draw(t, "all"), anyRules().Draw(t, "rules")
		before := slices.Clone(certificates)
		for i := range before {
			before[i].Periods = slices.Clone(before[i].Periods)
		}
		_, err := Compute(certificates, rules)
		require.NoError(t, err)
		require.Equal(t, before, certificates)
	})
}

func TestCases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		_, rules, result := draw(t)
		ongoing := 0
		for i, c := range result.Cases {
			if i > 0 { // newest first
				free := result.Cases[i-1].Start.Sub(c.End) - 1
				require.Greater(t, free, rules.MaxGapDays, "two cases with so few days between them are one")
			}
			span := date.Span{Start: c.Start, End: c.End}
			require.LessOrEqual(t, c.CaseDays, span.Days())
			require.Positive(t, c.CaseDays)
			require.LessOrEqual(t, c.GrossDays, c.CaseDays)
			require.LessOrEqual(t, c.NetDays, float64(c.GrossDays))
			require.GreaterOrEqual(t, c.NetDays, float64(c.GrossDays)/4)
			require.Equal(t, c.NetDays*4, float64(int(c.NetDays*4)), "exact quarters")
			require.False(t, c.Ongoing && c.RecentlyEnded)
			require.Equal(t, c.Ongoing || c.RecentlyEnded, c.ActiveCertificateID != "")
			require.Equal(t, c.Ongoing, c.CurrentDegree != 0)
			if c.Ongoing {
				ongoing++
				require.True(t, span.Contains(rules.AsOf))
				require.Equal(t, rules.AsOf.Sub(c.Start)+1, c.DayNumber)
				require.LessOrEqual(t, 1, c.ChainDay)
			}
			if rules.Window.IsZero() {
				require.Equal(t, c.CaseDays, c.GrossDays)
			}
		}
		require.LessOrEqual(t, ongoing, 1)
		if result.PatientListed {
			require.Equal(t, ongoing == 1, result.ActiveCase.Ongoing)
			require.Equal(t, result.ActiveCertificateID, result.ActiveCase.ActiveCertificateID)
			require.Contains(t, result.ActiveCase.CertificateIDs, result.ActiveCertificateID)
			require.Contains(t, result.Cases, *result.ActiveCase)
		}
	})
}

// TestDayByDay compares with the plainest reading of the rules: look at every
// day by itself.
func TestDayByDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		certificates, rules, result := draw(t)
		covered := func(c Certificate, day date.Day) bool { return c.DegreeOn(day) != 0 }
		for _, c := range result.Cases {
			var own []Certificate
			for _, one := range certificates {
				if slices.Contains(c.CertificateIDs, one.ID) {
					own = append(own, one)
				}
			}
			caseDays, gross, percent := 0, 0, 0
			for day := c.Start; day <= c.End; day = day.AddDays(1) {
				var speaks *Certificate
				for i := range own {
					if covered(own[i], day) && (speaks == nil || own[i].SignTime.After(speaks.SignTime)) {
						speaks = &own[i]
					}
				}
				if speaks == nil {
					continue
				}
				caseDays++
				if rules.Window.IsZero() || rules.Window.Contains(day) {
					gross++
					percent += speaks.DegreeOn(day)
				}
				if day == rules.AsOf {
					require.Equal(t, speaks.ID, c.ActiveCertificateID)
					require.Equal(t, speaks.DegreeOn(day), c.CurrentDegree)
				}
			}
			require.Equal(t, caseDays, c.CaseDays)
			require.Equal(t, gross, c.GrossDays)
			require.Equal(t, float64(percent)/100, c.NetDays)
			require.Equal(t, chainDayByDay(certificates, result, rules.AsOf, c), c.ChainDay)
		}
	})
}

func chainDayByDay(certificates []Certificate, result Result, asOf date.Day, c Case) int {
	if asOf.IsZero() || asOf < c.Start {
		return 0
	}
	var counting []string
	for _, other := range result.Cases {
		counting = append(counting, other.CertificateIDs...)
	}
	reached, free := 0, 0
	for day := year2026; day <= min(asOf, c.End); day = day.AddDays(1) {
		if slices.ContainsFunc(certificates, func(one Certificate) bool {
			return slices.Contains(counting, one.ID) && one.DegreeOn(day) != 0
		}) {
			if free >= 90 {
				reached = 0
			}
			reached, free = reached+1, 0
		} else {
			free++
		}
	}
	return reached
}

func TestEveryCountingCertificateIsInOneCase(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		certificates, rules, result := draw(t)
		var want, got []string
		for _, c := range certificates {
			if c.State == Signed && !slices.ContainsFunc(certificates, func(o Certificate) bool {
				return o.State == Signed && (o.ReplacesID == c.ID || o.ComplementsID == c.ID)
			}) {
				want = append(want, c.ID)
			}
		}
		for _, c := range result.Cases {
			got = append(got, c.CertificateIDs...)
		}
		require.ElementsMatch(t, want, got)
		if result.PatientListed {
			require.ElementsMatch(t, want, result.CountedCertificateIDs)
		} else {
			require.Empty(t, result.CountedCertificateIDs)
			require.Equal(t, rules.AsOf.IsZero() && len(want) > 0, result.ActiveCase != nil)
		}
	})
}

func TestAWiderGapNeverMakesMoreCases(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		certificates, rules, narrow := draw(t)
		rules.MaxGapDays = rapid.IntRange(rules.MaxGapDays, MaxGapDays).Draw(t, "wider")
		wide, err := Compute(certificates, rules)
		require.NoError(t, err)
		require.LessOrEqual(t, len(wide.Cases), len(narrow.Cases))
		days := func(r Result) (n int) {
			for _, c := range r.Cases {
				n += c.CaseDays
			}
			return n
		}
		require.Equal(t, days(narrow), days(wide), "the gap moves borders, it certifies no days")
	})
}

// TestSplittingACertificate cuts a certificate of one period into two that
// follow on each other and were signed together: nothing but the number of
// certificates changes.
func TestSplittingACertificate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		certificates := anyCertificates().Filter(func(all []Certificate) bool { return len(all) > 0 }).Draw(t, "all")
		rules := anyRules().Draw(t, "rules")
		rules.RecentlyEndedDays = 0 // the first part ends before the whole did
		for i := range certificates {
			certificates[i].ReplacesID, certificates[i].ComplementsID = "", ""
		}
		certificates[0].Periods = certificates[0].Periods[:1]
		whole, err := Compute(certificates, rules)
		require.NoError(t, err)

		first, second := certificates[0], certificates[0]
		p := first.Periods[0]
		if p.Start == p.End {
			return
		}
		cut := p.Start.AddDays(rapid.IntRange(1, p.End.Sub(p.Start)).Draw(t, "cut"))
		second.ID = "split"
		first.Periods = []Period{{p.Start, cut.AddDays(-1), p.Degree}}
		second.Periods = []Period{{cut, p.End, p.Degree}}
		split, err := Compute(append([]Certificate{first, second}, certificates[1:]...), rules)
		require.NoError(t, err)

		require.Len(t, split.Cases, len(whole.Cases))
		for i := range whole.Cases {
			want, got := whole.Cases[i], split.Cases[i]
			require.Equal(t, []any{want.Start, want.End, want.CaseDays, want.GrossDays, want.NetDays, want.DayNumber, want.ChainDay, want.CurrentDegree, want.Ongoing},
				[]any{got.Start, got.End, got.CaseDays, got.GrossDays, got.NetDays, got.DayNumber, got.ChainDay, got.CurrentDegree, got.Ongoing})
		}
		require.Equal(t, whole.PatientListed, split.PatientListed)
	})
}

func TestMovingEverythingMovesTheAnswer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		certificates, rules, want := draw(t)
		n := rapid.IntRange(-1000, 1000).Draw(t, "days")
		moved := slices.Clone(certificates)
		for i := range moved {
			moved[i].SignTime = moved[i].SignTime.AddDate(0, 0, n)
			moved[i].Periods = slices.Clone(moved[i].Periods)
			for j := range moved[i].Periods {
				p := &moved[i].Periods[j]
				p.Start, p.End = p.Start.AddDays(n), p.End.AddDays(n)
			}
		}
		rules.AsOf = rules.AsOf.AddDays(n)
		rules.Window = date.Span{Start: rules.Window.Start.AddDays(n), End: rules.Window.End.AddDays(n)}
		got, err := Compute(moved, rules)
		require.NoError(t, err)
		for i := range got.Cases {
			got.Cases[i].Start, got.Cases[i].End = got.Cases[i].Start.AddDays(-n), got.Cases[i].End.AddDays(-n)
		}
		require.Equal(t, want.Cases, got.Cases)
		require.Equal(t, want.ActiveCertificateID, got.ActiveCertificateID)
	})
}

// BenchmarkCompute shows that the work does not grow with the length of the
// periods: short and long ones cost the same.
func BenchmarkCompute(b *testing.B) {
	for _, days := range []int{7, 1800} {
		b.Run(fmt.Sprintf("%d certificates of %d days", MaxCertificates, days), func(b *testing.B) {
			certificates := make([]Certificate, MaxCertificates)
			for i := range certificates {
				start := year2026.AddDays(i * 11)
				certificates[i] = Certificate{ID: fmt.Sprint(i), State: Signed, SignTime: start.At(8, 0), Content: Content{Periods: []Period{{start, start.AddDays(days), 100}}}}
			}
			for b.Loop() {
				if _, err := Compute(certificates, Rules{AsOf: year2026.AddDays(3000), MaxGapDays: 5}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
