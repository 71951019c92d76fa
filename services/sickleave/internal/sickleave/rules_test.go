package sickleave

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

// refused returns "field REASON" for each violation.
func refused(t *testing.T, err error) []string {
	t.Helper()
	var v Violations
	if !errors.As(err, &v) {
		t.Fatalf("want violations, got %v", err)
	}
	var all []string
	for _, violation := range v {
		require.NotEmpty(t, violation.Message)
		all = append(all, violation.Field+" "+violation.Reason)
	}
	return all
}

func TestComputeRefuses(t *testing.T) {
	good := certificate("good", "2026-01-01..2026-01-10 100")
	with := func(change func(*Certificate)) []Certificate {
		c := certificate("bad", "2026-01-01..2026-01-10 100")
		change(&c)
		return []Certificate{good, c}
	}
	period := func(start, end date.Day, degree int) []Certificate {
		return with(func(c *Certificate) { c.Periods = append(c.Periods, Period{start, end, degree}) })
	}
	day := date.MustParse
	tests := map[string]struct {
		certificates []Certificate
		rules        Rules
		want         string
	}{
		"negative gap, no certificates": {nil, Rules{MaxGapDays: -1}, "max_gap_days OUT_OF_RANGE"},
		"gap over 90":                   {nil, Rules{MaxGapDays: 91}, "max_gap_days OUT_OF_RANGE"},
		"negative recently ended":       {nil, Rules{RecentlyEndedDays: -1}, "recently_ended_days OUT_OF_RANGE"},
		"recently ended over 90":        {nil, Rules{RecentlyEndedDays: 91}, "recently_ended_days OUT_OF_RANGE"},
		"day too early":                 {nil, Rules{AsOf: day("1900-01-01").AddDays(-1)}, "as_of_date DATE_OUT_OF_RANGE"},
		"day too late":                  {nil, Rules{AsOf: day("2200-12-31").AddDays(1)}, "as_of_date DATE_OUT_OF_RANGE"},
		"window without start":          {nil, Rules{Window: date.Span{End: day("2026-01-01")}}, "window.start_date DATE_MISSING"},
		"window without end":            {nil, Rules{Window: date.Span{Start: day("2026-01-01")}}, "window.days WINDOW_EMPTY"},
		"window backwards":              {nil, Rules{Window: date.Span{Start: day("2026-01-02"), End: day("2026-01-01")}}, "window.days WINDOW_EMPTY"},
		"window too long":               {nil, Rules{Window: date.Span{Start: day("2026-01-02"), End: day("2200-12-31").AddDays(1)}}, "window.days DATE_OUT_OF_RANGE"},

		"no id":           {with(func(c *Certificate) { c.ID = "" }), Rules{}, "certificates[1].certificate_id CERTIFICATE_ID_MISSING"},
		"same id":         {with(func(c *Certificate) { c.ID = "good" }), Rules{}, "certificates[1].certificate_id CERTIFICATE_ID_DUPLICATE"},
		"no state":        {with(func(c *Certificate) { c.State = "" }), Rules{}, "certificates[1].status CERTIFICATE_STATUS_UNKNOWN"},
		"no period":       {with(func(c *Certificate) { c.Periods = nil }), Rules{}, "certificates[1].periods PERIOD_MISSING"},
		"many periods":    {with(func(c *Certificate) { c.Periods = make([]Period, 101) }), Rules{}, "certificates[1].periods TOO_MANY_PERIODS"},
		"replaces itself": {with(func(c *Certificate) { c.ReplacesID = "bad" }), Rules{}, "certificates[1].replaces_certificate_id RELATION_TO_ITSELF"},
		"sign time":       {with(func(c *Certificate) { c.SignTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }), Rules{}, "certificates[1].sign_time DATE_OUT_OF_RANGE"},
		"revoked, no period": {with(func(c *Certificate) { c.State, c.Periods = Revoked, nil }), Rules{},
			"certificates[1].periods PERIOD_MISSING"},

		"no start":         {period(0, day("2026-01-01"), 100), Rules{}, "certificates[1].periods[1].start_date DATE_MISSING"},
		"no end":           {period(day("2026-01-01"), 0, 100), Rules{}, "certificates[1].periods[1].end_date DATE_MISSING"},
		"end before start": {period(day("2026-01-10"), day("2026-01-01"), 100), Rules{}, "certificates[1].periods[1].end_date PERIOD_END_BEFORE_START"},
		"start too early":  {period(day("1900-01-01").AddDays(-1), day("1900-01-02"), 100), Rules{}, "certificates[1].periods[1].start_date DATE_OUT_OF_RANGE"},
		"end too late":     {period(day("2200-12-01"), day("2200-12-31").AddDays(1), 100), Rules{}, "certificates[1].periods[1].end_date DATE_OUT_OF_RANGE"},
		"five years, a day": {period(day("2026-01-01"), day("2031-01-01"), 100), Rules{},
			"certificates[1].periods[1].end_date PERIOD_TOO_LONG"},
		"degree 0":   {period(day("2026-01-01"), day("2026-01-01"), 0), Rules{}, "certificates[1].periods[1].degree DEGREE_NOT_ALLOWED"},
		"degree 30":  {period(day("2026-01-01"), day("2026-01-01"), 30), Rules{}, "certificates[1].periods[1].degree DEGREE_NOT_ALLOWED"},
		"degree 125": {period(day("2026-01-01"), day("2026-01-01"), 125), Rules{}, "certificates[1].periods[1].degree DEGREE_NOT_ALLOWED"},
		"degree -25": {period(day("2026-01-01"), day("2026-01-01"), -25), Rules{}, "certificates[1].periods[1].degree DEGREE_NOT_ALLOWED"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			result, err := Compute(test.certificates, test.rules)
			require.Equal(t, []string{test.want}, refused(t, err))
			require.Equal(t, Result{}, result)
		})
	}
}

func TestComputeAccepts(t *testing.T) {
	day := date.MustParse
	for name, c := range map[string]Certificate{
		"five years":                certificate("a", "2026-01-01..2030-12-31 100"),
		"five years from leap day":  certificate("a", "2028-02-29..2033-02-28 100"),
		"the first and last day":    certificate("a", "1900-01-01..1900-01-01 100, 2200-12-31..2200-12-31 25"),
		"overlap within":            certificate("a", "2026-01-01..2026-01-10 100, 2026-01-10..2026-01-20 50"),
		"no sign time":              {ID: "a", State: Signed, Content: Content{Periods: []Period{{day("2026-01-01"), day("2026-01-02"), 50}}}},
		"an empty draft":            {ID: "a", State: Draft},
		"an empty one, made in err": {ID: "a", State: RegisteredInError},
	} {
		_, err := Compute([]Certificate{c}, Rules{AsOf: day("2026-01-01"), MaxGapDays: 90, RecentlyEndedDays: 90})
		require.NoError(t, err, name)
	}
}

func TestEveryViolationIsNamed(t *testing.T) {
	bad := Certificate{ID: "a", State: Signed, Content: Content{Periods: []Period{
		{date.MustParse("2026-01-10"), date.MustParse("2026-01-01"), 10}, {}}}}
	_, err := Compute([]Certificate{bad, {ID: "a", State: Signed}, {}}, Rules{MaxGapDays: -1, RecentlyEndedDays: 1000, AsOf: 1})
	require.Equal(t, []string{
		"as_of_date DATE_OUT_OF_RANGE",
		"max_gap_days OUT_OF_RANGE",
		"recently_ended_days OUT_OF_RANGE",
		"certificates[0].periods[0].end_date PERIOD_END_BEFORE_START",
		"certificates[0].periods[0].degree DEGREE_NOT_ALLOWED",
		"certificates[0].periods[1].start_date DATE_MISSING",
		"certificates[0].periods[1].end_date DATE_MISSING",
		"certificates[0].periods[1].degree DEGREE_NOT_ALLOWED",
		"certificates[1].certificate_id CERTIFICATE_ID_DUPLICATE",
		"certificates[1].periods PERIOD_MISSING",
		"certificates[2].certificate_id CERTIFICATE_ID_MISSING",
		"certificates[2].status CERTIFICATE_STATUS_UNKNOWN",
		"certificates[2].periods PERIOD_MISSING",
	}, refused(t, err))
	require.Contains(t, err.Error(), "certificates[0].periods[0].end_date: must not be before the start date")
}

func TestHowManyCertificates(t *testing.T) {
	many := make([]Certificate, MaxCertificates+1)
	for i := range many {
		many[i] = certificate(fmt.Sprint(i), "2026-01-01..2026-01-10 100")
	}
	_, err := Compute(many[:MaxCertificates], Rules{})
	require.NoError(t, err)
	_, err = Compute(many, Rules{MaxGapDays: -1})
	require.Equal(t, []string{"max_gap_days OUT_OF_RANGE", "certificates TOO_MANY_CERTIFICATES"}, refused(t, err))

	for i := range many {
		many[i].Periods = make([]Period, MaxPeriodsPerCertificate)
	}
	_, err = Compute(many[:MaxCertificates], Rules{})
	require.Len(t, refused(t, err), maxViolations, "the answer is bounded")
}
