package sickleave

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

// workedCase is a case in testdata/cases.json: certificates of one patient and
// what the rules make of them. A part of "want" that is left out is not
// compared. Sign times are local time in Sweden.
type workedCase struct {
	Name          string   `json:"name"`
	AsOf          date.Day `json:"as_of"`
	Gap           int      `json:"gap"`
	RecentlyEnded int      `json:"recently_ended"`
	Certificates  []struct {
		ID          string   `json:"id"`
		Signed      string   `json:"signed"`
		Revoked     bool     `json:"revoked"`
		Replaces    string   `json:"replaces"`
		Complements string   `json:"complements"`
		Periods     []Period `json:"periods"`
	} `json:"certificates"`
	Want struct {
		Listed         *bool         `json:"listed"`
		Active         *string       `json:"active"`
		Counted        []string      `json:"counted"`
		ActiveCaseDays *int          `json:"active_case_days"`
		Gross          *int          `json:"gross"`
		Net            *float64      `json:"net"`
		Case           *workedWant   `json:"case"`
		Cases          []*workedWant `json:"cases"`
	} `json:"want"`
}

type workedWant struct {
	Start         date.Day `json:"start"`
	End           date.Day `json:"end"`
	Days          int      `json:"days"` // 0: not compared
	IDs           []string `json:"ids"`
	Degree        int      `json:"degree"`
	Degrees       []int    `json:"degrees"` // nil: not compared
	RecentlyEnded bool     `json:"recently_ended"`
}

func (w *workedWant) compare(t *testing.T, got Case) {
	t.Helper()
	require.Equal(t, w.Start, got.Start)
	require.Equal(t, w.End, got.End)
	require.ElementsMatch(t, w.IDs, got.CertificateIDs)
	require.Equal(t, w.Degree, got.CurrentDegree)
	require.Equal(t, w.RecentlyEnded, got.RecentlyEnded)
	if w.Days != 0 {
		require.Equal(t, w.Days, got.CaseDays)
	}
	if w.Degrees != nil {
		require.Equal(t, w.Degrees, got.Degrees)
	}
}

func TestWorkedCases(t *testing.T) {
	text, err := os.ReadFile("testdata/cases.json")
	require.NoError(t, err)
	var cases []workedCase
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&cases))
	require.NotEmpty(t, cases)
	for _, worked := range cases {
		t.Run(worked.Name, func(t *testing.T) {
			var certificates []Certificate
			for _, c := range worked.Certificates {
				signed, err := time.ParseInLocation("2006-01-02T15:04", c.Signed, date.Stockholm())
				require.NoError(t, err)
				certificate := Certificate{ID: c.ID, State: Signed, SignTime: signed, ReplacesID: c.Replaces, ComplementsID: c.Complements, Content: Content{Periods: c.Periods}}
				if c.Revoked {
					certificate.State = Revoked
				}
				certificates = append(certificates, certificate)
			}
			got, err := Compute(certificates, Rules{AsOf: worked.AsOf, MaxGapDays: worked.Gap, RecentlyEndedDays: worked.RecentlyEnded})
			require.NoError(t, err)

			want := worked.Want
			if want.Listed != nil {
				require.Equal(t, *want.Listed, got.PatientListed)
				require.Equal(t, *want.Listed, got.ActiveCase != nil)
			}
			if want.Active != nil {
				require.Equal(t, *want.Active, got.ActiveCertificateID)
			}
			if want.Counted != nil {
				require.ElementsMatch(t, want.Counted, got.CountedCertificateIDs)
			}
			if want.ActiveCaseDays != nil {
				require.Equal(t, *want.ActiveCaseDays, activeDays(got))
			}
			if want.Gross != nil {
				require.Equal(t, *want.Gross, got.ActiveCase.GrossDays)
				require.Equal(t, *want.Net, got.ActiveCase.NetDays)
			}
			if want.Case != nil {
				require.NotNil(t, got.ActiveCase)
				want.Case.compare(t, *got.ActiveCase)
			}
			if want.Cases != nil {
				require.Len(t, got.Cases, len(want.Cases))
				for i := range want.Cases {
					want.Cases[i].compare(t, got.Cases[i])
				}
			}
		})
	}
}

func activeDays(r Result) int {
	if r.ActiveCase == nil {
		return 0
	}
	return r.ActiveCase.CaseDays
}

// certificate reads "2026-01-01..2026-01-14 100, 2026-01-15..2026-01-28 50".
// It is signed at 8 on its first day.
func certificate(id, periods string) Certificate {
	c := Certificate{ID: id, State: Signed}
	for text := range strings.SplitSeq(periods, ", ") {
		var p Period
		var start, end string
		if _, err := fmt.Sscanf(strings.Replace(text, "..", " ", 1), "%s %s %d", &start, &end, &p.Degree); err != nil {
			panic(text)
		}
		p.Start, p.End = date.MustParse(start), date.MustParse(end)
		c.Periods = append(c.Periods, p)
	}
	c.SignTime = c.Span().Start.At(8, 0)
	return c
}

func (c Certificate) signedOn(day string) Certificate {
	c.SignTime = date.MustParse(day).At(12, 0)
	return c
}

func (c Certificate) inState(s State) Certificate { c.State = s; return c }

func (c Certificate) replacing(id string) Certificate { c.ReplacesID = id; return c }

func (c Certificate) complementing(id string) Certificate { c.ComplementsID = id; return c }

func asOf(day string) Rules {
	return Rules{AsOf: date.MustParse(day), MaxGapDays: DefaultGapDays}
}

func compute(t *testing.T, rules Rules, certificates ...Certificate) Result {
	t.Helper()
	got, err := Compute(certificates, rules)
	require.NoError(t, err)
	return got
}

// bounds writes cases as "start..end ids", newest first, for comparison.
func bounds(r Result) []string {
	var all []string
	for _, c := range r.Cases {
		all = append(all, fmt.Sprintf("%s..%s %s", c.Start, c.End, strings.Join(c.CertificateIDs, " ")))
	}
	return all
}

func TestNoCertificates(t *testing.T) {
	require.Equal(t, Result{}, compute(t, asOf("2026-01-01")))
	require.Equal(t, Result{}, compute(t, Rules{}))
}

func TestGap(t *testing.T) {
	first, second := certificate("a", "2026-01-01..2026-01-10 100"), certificate("b", "2026-01-16..2026-01-20 100") // five free days
	for gap, want := range map[int]int{0: 2, 4: 2, 5: 1, 6: 1, 90: 1} {
		require.Len(t, compute(t, Rules{MaxGapDays: gap}, second, first).Cases, want, "gap %d", gap)
	}
	// Over a change of year and a leap day.
	require.Len(t, compute(t, Rules{MaxGapDays: 1}, certificate("a", "2028-02-01..2028-02-28 100"), certificate("b", "2028-03-01..2028-03-05 100")).Cases, 1)
	require.Len(t, compute(t, Rules{MaxGapDays: 0}, certificate("a", "2026-12-01..2026-12-31 100"), certificate("b", "2027-01-01..2027-01-05 100")).Cases, 1)
}

func TestChainsOnTheLargestEndSoFar(t *testing.T) {
	got := compute(t, asOf("2026-01-20"),
		certificate("long", "2026-01-01..2026-01-30 100"),
		certificate("within", "2026-01-05..2026-01-06 50"),
		certificate("after", "2026-01-31..2026-02-09 100"))
	require.Equal(t, []string{"2026-01-01..2026-02-09 long within after"}, bounds(got))
	require.Equal(t, 40, got.ActiveCase.CaseDays)
}

func TestCasesThatStartAfterTheDayAreShown(t *testing.T) {
	got := compute(t, asOf("2026-01-05"), certificate("now", "2026-01-01..2026-01-10 100"), certificate("later", "2026-03-01..2026-03-10 50"))
	require.Equal(t, []string{"2026-03-01..2026-03-10 later", "2026-01-01..2026-01-10 now"}, bounds(got))
	later := got.Cases[0]
	require.Zero(t, later.DayNumber)
	require.Zero(t, later.ChainDay)
	require.False(t, later.Ongoing)
	require.Equal(t, 10, later.CaseDays)
	require.Equal(t, "now", got.ActiveCertificateID)
}

func TestADayInAGapListsNobody(t *testing.T) {
	a, b := certificate("a", "2026-01-01..2026-01-10 100"), certificate("b", "2026-01-14..2026-01-20 100")
	got := compute(t, asOf("2026-01-12"), a, b)
	require.False(t, got.PatientListed)
	require.Nil(t, got.ActiveCase)
	require.Empty(t, got.CountedCertificateIDs)
	require.Empty(t, got.ActiveCertificateID)
	require.Len(t, got.Cases, 1)
	require.Equal(t, 12, got.Cases[0].DayNumber)
	require.Equal(t, 10, got.Cases[0].ChainDay)

	// A certificate that ended recently stands in, in the middle of the case.
	rules := asOf("2026-01-12")
	rules.RecentlyEndedDays = 2
	got = compute(t, rules, a, b)
	require.True(t, got.PatientListed)
	require.Equal(t, "a", got.ActiveCertificateID)
	require.True(t, got.ActiveCase.RecentlyEnded)
	require.False(t, got.ActiveCase.Ongoing)
	require.Zero(t, got.ActiveCase.CurrentDegree)
	require.Equal(t, []int{100}, got.ActiveCase.Degrees)
	require.Equal(t, []string{"a", "b"}, got.CountedCertificateIDs)
}

func TestAHoleInACertificateIsNotCovered(t *testing.T) {
	holed := certificate("a", "2026-01-01..2026-01-10 100, 2026-01-13..2026-01-20 50")
	rules := asOf("2026-01-11")
	rules.RecentlyEndedDays = 14
	got := compute(t, rules, holed)
	require.False(t, got.PatientListed, "neither covered nor ended: it ends on the 20th")
	require.Equal(t, 18, got.Cases[0].CaseDays)
	require.Equal(t, 50, compute(t, asOf("2026-01-13"), holed).ActiveCase.CurrentDegree)
}

func TestRecentlyEnded(t *testing.T) {
	a := certificate("a", "2026-01-01..2026-01-10 75")
	for _, test := range []struct {
		day    string
		days   int
		listed bool
	}{
		{"2026-01-10", 0, true}, {"2026-01-11", 0, false}, {"2026-01-11", 1, true}, {"2026-01-24", 14, true}, {"2026-01-25", 14, false}, {"2025-12-31", 14, false},
	} {
		rules := asOf(test.day)
		rules.RecentlyEndedDays = test.days
		require.Equal(t, test.listed, compute(t, rules, a).PatientListed, "%+v", test)
	}

	// Of several the one that ended first stands in, though it be in an older case.
	rules := Rules{AsOf: date.MustParse("2026-01-12"), RecentlyEndedDays: 14}
	got := compute(t, rules, certificate("second", "2026-01-05..2026-01-10 100"), certificate("first", "2026-01-01..2026-01-02 50"))
	require.Equal(t, "first", got.ActiveCertificateID)
	require.Equal(t, []string{"first"}, got.ActiveCase.CertificateIDs)
	require.True(t, got.Cases[0].RecentlyEnded)

	// One that covers the day comes before any that ended.
	got = compute(t, rules, certificate("ended", "2026-01-01..2026-01-02 50"), certificate("active", "2026-01-12..2026-01-13 25"))
	require.Equal(t, "active", got.ActiveCertificateID)
	require.False(t, got.ActiveCase.RecentlyEnded)
}

func TestActiveCertificate(t *testing.T) {
	early := certificate("early", "2026-01-01..2026-01-20 100").signedOn("2026-01-01")
	late := certificate("late", "2026-01-05..2026-01-25 50").signedOn("2026-01-04")
	got := compute(t, asOf("2026-01-10"), late, early)
	require.Equal(t, "late", got.ActiveCertificateID)
	require.Equal(t, 50, got.ActiveCase.CurrentDegree)
	require.Equal(t, "early", compute(t, asOf("2026-01-04"), late, early).ActiveCertificateID)
	require.Equal(t, "late", compute(t, asOf("2026-01-21"), late, early).ActiveCertificateID)

	// Signed at one instant: the one that ends first, then the one listed first.
	same := certificate("same", "2026-01-01..2026-01-25 75").signedOn("2026-01-04")
	shorter := certificate("shorter", "2026-01-01..2026-01-24 25").signedOn("2026-01-04")
	require.Equal(t, "shorter", compute(t, asOf("2026-01-10"), late, same, shorter).ActiveCertificateID)
	require.Equal(t, "late", compute(t, asOf("2026-01-10"), late, same).ActiveCertificateID)
	require.Equal(t, "same", compute(t, asOf("2026-01-10"), same, late).ActiveCertificateID)

	// A certificate signed after the day, and one dated before it was signed, count alike.
	require.True(t, compute(t, asOf("2026-01-10"), certificate("x", "2026-01-10..2026-01-11 50").signedOn("2026-02-01")).PatientListed)
}

func TestDegreesAreThoseOfTheActiveCertificateInOrderOfStart(t *testing.T) {
	got := compute(t, asOf("2026-01-10"),
		certificate("a", "2026-01-15..2026-01-31 50, 2026-01-01..2026-01-14 100"),
		certificate("b", "2026-02-01..2026-02-14 25"))
	require.Equal(t, []int{100, 50}, got.ActiveCase.Degrees)
	require.Equal(t, 100, got.ActiveCase.CurrentDegree)
}

func TestTheFirstListedPeriodGivesTheDegreeOfADay(t *testing.T) {
	got := compute(t, asOf("2026-01-10"), certificate("a", "2026-01-10..2026-01-20 25, 2026-01-01..2026-01-10 100"))
	require.Equal(t, 25, got.ActiveCase.CurrentDegree)
	require.Equal(t, 20, got.ActiveCase.GrossDays)
	require.Equal(t, 9+11*0.25, got.ActiveCase.NetDays)
}

func TestWhichCertificatesCount(t *testing.T) {
	a := certificate("a", "2026-01-01..2026-01-20 100")
	b := certificate("b", "2026-01-01..2026-01-20 50")
	c := certificate("c", "2026-01-01..2026-01-20 25")
	tests := map[string]struct {
		given []Certificate
		want  []string
	}{
		"both":                            {[]Certificate{a, b}, []string{"a", "b"}},
		"revoked":                         {[]Certificate{a.inState(Revoked), b}, []string{"b"}},
		"all revoked":                     {[]Certificate{a.inState(Revoked)}, nil},
		"draft":                           {[]Certificate{a.inState(Draft), b}, []string{"b"}},
		"registered in error":             {[]Certificate{a.inState(RegisteredInError), b}, []string{"b"}},
		"replaced":                        {[]Certificate{a, b.replacing("a")}, []string{"b"}},
		"complemented":                    {[]Certificate{a, b.complementing("a")}, []string{"b"}},
		"replaced by a revoked one":       {[]Certificate{a, b.replacing("a").inState(Revoked)}, []string{"a"}},
		"replaced by a draft":             {[]Certificate{a, b.replacing("a").inState(Draft)}, []string{"a"}},
		"replaced by one made in error":   {[]Certificate{a, b.replacing("a").inState(RegisteredInError)}, []string{"a"}},
		"replaces one that is not here":   {[]Certificate{a, b.replacing("x")}, []string{"a", "b"}},
		"replaced twice over":             {[]Certificate{a, b.replacing("a"), c.replacing("b")}, []string{"c"}},
		"the middle one revoked":          {[]Certificate{a, b.replacing("a").inState(Revoked), c.replacing("b")}, []string{"a", "c"}},
		"replaced by two, one is revoked": {[]Certificate{a, b.replacing("a").inState(Revoked), c.replacing("a")}, []string{"c"}},
		"each replaces the other":         {[]Certificate{a.replacing("b"), b.replacing("a")}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := compute(t, asOf("2026-01-10"), test.given...)
			require.Equal(t, test.want, got.CountedCertificateIDs)
			require.Equal(t, test.want != nil, got.PatientListed)
		})
	}

	renewal := b
	renewal.RenewsID = "a"
	require.Equal(t, []string{"a", "b"}, compute(t, asOf("2026-01-10"), a, renewal).CountedCertificateIDs, "a renewal replaces nothing")
}

func TestAReplacedCertificateDoesNotListThePatient(t *testing.T) {
	got := compute(t, asOf("2026-01-10"), certificate("a", "2026-01-01..2026-01-20 100"), certificate("b", "2026-03-01..2026-03-20 100").replacing("a"))
	require.False(t, got.PatientListed)
	require.Equal(t, []string{"2026-03-01..2026-03-20 b"}, bounds(got))
}

func TestWithoutADay(t *testing.T) {
	got := compute(t, Rules{MaxGapDays: 5, RecentlyEndedDays: 14},
		certificate("a", "2026-01-01..2026-01-10 100"), certificate("b", "2026-03-01..2026-03-10 50"))
	require.False(t, got.PatientListed)
	require.Empty(t, got.ActiveCertificateID)
	require.Empty(t, got.CountedCertificateIDs)
	require.Equal(t, Case{
		Start: date.MustParse("2026-03-01"), End: date.MustParse("2026-03-10"),
		CaseDays: 10, GrossDays: 10, NetDays: 5, CertificateIDs: []string{"b"},
	}, *got.ActiveCase)
	require.Len(t, got.Cases, 2)
}

func TestNetDays(t *testing.T) {
	for name, test := range map[string]struct {
		given []Certificate
		gross int
		net   float64
	}{
		"one":                           {[]Certificate{certificate("a", "2026-01-01..2026-01-30 100")}, 30, 30},
		"quarter":                       {[]Certificate{certificate("a", "2026-01-01..2026-01-03 25")}, 3, 0.75},
		"falling":                       {[]Certificate{certificate("a", "2026-01-01..2026-01-10 100, 2026-01-11..2026-01-20 75, 2026-01-21..2026-01-30 50"), certificate("b", "2026-01-31..2026-02-09 25")}, 40, 25},
		"leap day":                      {[]Certificate{certificate("a", "2028-02-28..2028-03-01 100")}, 3, 3},
		"overlap, signed last decides":  {[]Certificate{certificate("a", "2026-01-01..2026-01-10 100").signedOn("2026-01-01"), certificate("b", "2026-01-06..2026-01-15 50").signedOn("2026-01-05")}, 15, 5 + 5},
		"overlap, signed first yields":  {[]Certificate{certificate("a", "2026-01-01..2026-01-10 100").signedOn("2026-01-07"), certificate("b", "2026-01-06..2026-01-15 50").signedOn("2026-01-05")}, 15, 10 + 2.5},
		"within, then the outer again":  {[]Certificate{certificate("a", "2026-01-01..2026-01-20 100").signedOn("2026-01-01"), certificate("b", "2026-01-06..2026-01-10 25").signedOn("2026-01-05")}, 20, 15 + 1.25},
		"a hole lets the other through": {[]Certificate{certificate("a", "2026-01-01..2026-01-10 100").signedOn("2026-01-01"), certificate("b", "2026-01-01..2026-01-02 50, 2026-01-09..2026-01-10 50").signedOn("2026-01-05")}, 10, 6 + 2},
		"tie, the one that ends first":  {[]Certificate{certificate("a", "2026-01-01..2026-01-10 100"), certificate("b", "2026-01-01..2026-01-08 50")}, 10, 2 + 4},
		"tie in all, the first listed":  {[]Certificate{certificate("b", "2026-01-01..2026-01-08 50"), certificate("a", "2026-01-01..2026-01-08 100")}, 8, 4},
		"five years of quarters":        {[]Certificate{certificate("a", "2026-01-01..2030-12-31 75")}, 1826, 1369.5},
	} {
		t.Run(name, func(t *testing.T) {
			got := compute(t, Rules{MaxGapDays: 5}, test.given...)
			require.Len(t, got.Cases, 1)
			require.Equal(t, test.gross, got.ActiveCase.GrossDays)
			require.Equal(t, test.net, got.ActiveCase.NetDays)
			require.Equal(t, test.gross, got.ActiveCase.CaseDays)
		})
	}
}

func TestWindow(t *testing.T) {
	rules := asOf("2026-01-10")
	a, b := certificate("a", "2026-01-01..2026-01-10 100, 2026-01-11..2026-01-20 50"), certificate("b", "2026-02-20..2026-02-28 100")
	for text, want := range map[string]struct {
		gross int
		net   float64
	}{
		"2026-01-01..2026-01-20": {20, 15}, "2026-01-06..2026-01-15": {10, 7.5}, "2026-01-20..2026-02-20": {1, 0.5},
		"2025-01-01..2025-12-31": {0, 0}, "2026-01-10..2026-01-10": {1, 1}, "2000-01-01..2200-12-31": {20, 15},
	} {
		start, end, _ := strings.Cut(text, "..")
		rules.Window = date.Span{Start: date.MustParse(start), End: date.MustParse(end)}
		got := compute(t, rules, a, b).ActiveCase
		require.Equal(t, want.gross, got.GrossDays, text)
		require.Equal(t, want.net, got.NetDays, text)
		require.Equal(t, 20, got.CaseDays, text)
		require.Equal(t, 10, got.DayNumber, text)
	}
}

func TestDayNumberCountsGaps(t *testing.T) {
	a, b := certificate("a", "2026-01-01..2026-01-10 100"), certificate("b", "2026-01-14..2026-01-20 50")
	got := compute(t, asOf("2026-01-15"), a, b).ActiveCase
	require.Equal(t, 15, got.DayNumber)
	require.Equal(t, 12, got.ChainDay)
	require.Equal(t, 17, got.CaseDays)
	require.Equal(t, 1, compute(t, asOf("2026-01-01"), a, b).ActiveCase.DayNumber)
}

func TestRehabilitationChain(t *testing.T) {
	first := certificate("a", "2026-01-01..2026-01-10 100")
	// 31 January is the day after 20 free days; 10 April follows 89 free days, 11 April 90.
	for start, want := range map[string]int{"2026-01-31": 11, "2026-04-10": 11, "2026-04-11": 1} {
		second := certificate("b", start+".."+start+" 25")
		got := compute(t, asOf(start), first, second)
		require.Equal(t, want, got.ActiveCase.ChainDay, start)
		require.Equal(t, 1, got.ActiveCase.DayNumber, start)
		require.Equal(t, 10, got.Cases[1].ChainDay, "an ended case keeps the day it reached")
	}

	// The chain is carried on from period to period, and by holes within one.
	got := compute(t, asOf("2026-07-05"), first, certificate("b", "2026-04-10..2026-04-10 100, 2026-07-01..2026-07-10 50"))
	require.Equal(t, 10+1+5, got.ActiveCase.ChainDay)
	got = compute(t, asOf("2026-08-05"), first, certificate("b", "2026-04-10..2026-04-10 100, 2026-08-01..2026-08-10 50"))
	require.Equal(t, 5, got.ActiveCase.ChainDay)

	// Overlaps count once; a break of 90 days ends the chain though the case goes on.
	got = compute(t, asOf("2026-01-10"), first, certificate("b", "2026-01-05..2026-01-20 50"))
	require.Equal(t, 10, got.ActiveCase.ChainDay)
	got = compute(t, Rules{AsOf: date.MustParse("2026-04-11"), MaxGapDays: 90}, first, certificate("b", "2026-04-11..2026-04-12 50"))
	require.Len(t, got.Cases, 1)
	require.Equal(t, 1, got.ActiveCase.ChainDay)
}
