package sickleave

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

var now = time.Date(2026, time.March, 2, 9, 30, 0, 123456789, time.FixedZone("CET", 3600))

func origin() Origin {
	return Origin{ID: "c1", PatientID: "p1", CareUnitID: "u1", EpisodeID: "e1", CreatedBy: "gp1"}
}

func content() Content {
	return Content{
		Periods:   []Period{{date.MustParse("2026-03-02"), date.MustParse("2026-03-15"), 100}},
		Diagnoses: []string{"F32.1"},
		Bases:     []Basis{{Kind: BasisExamination, Day: date.MustParse("2026-03-02")}},
	}
}

func draft(t *testing.T) Certificate {
	t.Helper()
	c, err := NewDraft(now, origin(), content())
	require.NoError(t, err)
	return c
}

func inEveryState(t *testing.T) map[State]Certificate {
	t.Helper()
	all := map[State]Certificate{Draft: draft(t)}
	var err error
	all[Signed], err = all[Draft].Sign(now, "gp1")
	require.NoError(t, err)
	all[Revoked], err = all[Signed].Revoke(now, "gp1", "wrong period")
	require.NoError(t, err)
	all[RegisteredInError], err = all[Draft].RegisterInError(now, "gp1", "wrong patient")
	require.NoError(t, err)
	return all
}

func TestEveryVerbInEveryState(t *testing.T) {
	do := map[Verb]func(Certificate) (Certificate, error){
		VerbEdit:            func(c Certificate) (Certificate, error) { return c.Edit(content()) },
		VerbSign:            func(c Certificate) (Certificate, error) { return c.Sign(now, "gp1") },
		VerbRevoke:          func(c Certificate) (Certificate, error) { return c.Revoke(now, "gp1", "mistake") },
		VerbRegisterInError: func(c Certificate) (Certificate, error) { return c.RegisterInError(now, "gp1", "mistake") },
	}
	const ok = ""
	want := map[State]map[Verb]string{
		Draft:             {VerbEdit: ok, VerbSign: ok, VerbRevoke: ReasonNotSigned, VerbRegisterInError: ok},
		Signed:            {VerbEdit: ReasonNotDraft, VerbSign: ReasonNotDraft, VerbRevoke: ok, VerbRegisterInError: ok},
		Revoked:           {VerbEdit: ReasonNotDraft, VerbSign: ReasonNotDraft, VerbRevoke: ReasonNotSigned, VerbRegisterInError: ok},
		RegisteredInError: {VerbEdit: ReasonRegisteredInError, VerbSign: ReasonRegisteredInError, VerbRevoke: ReasonRegisteredInError, VerbRegisterInError: ReasonRegisteredInError},
	}
	after := map[Verb]State{VerbEdit: Draft, VerbSign: Signed, VerbRevoke: Revoked, VerbRegisterInError: RegisteredInError}
	for state, c := range inEveryState(t) {
		for verb, apply := range do {
			before := c
			got, err := apply(c)
			require.Equal(t, before, c, "the certificate itself stays as it was")
			if want[state][verb] == ok {
				require.NoError(t, err, "%s %s", verb, state)
				require.Equal(t, after[verb], got.State)
				require.Contains(t, state.Verbs(), verb)
				continue
			}
			var refusal *StateError
			require.ErrorAs(t, err, &refusal, "%s %s", verb, state)
			require.Equal(t, StateError{Reason: want[state][verb], Verb: verb, State: state, Allowed: state.Verbs()}, *refusal)
			require.Contains(t, err.Error(), string(state))
			for _, allowed := range state.Verbs() {
				require.Contains(t, err.Error(), string(allowed))
			}
			require.Equal(t, Certificate{}, got)
		}
	}
	require.Empty(t, State("").Verbs())
}

func TestWhatTransitionsRecord(t *testing.T) {
	micros := now.UTC().Truncate(time.Microsecond)
	c := draft(t)
	require.Equal(t, micros, c.CreateTime)
	require.Equal(t, "gp1", c.CreatedBy)
	require.Equal(t, "p1", c.PatientID)

	signed, err := c.Sign(now, "gp2")
	require.NoError(t, err)
	require.Equal(t, micros, signed.SignTime)
	require.Equal(t, "gp2", signed.SignedBy)

	revoked, err := signed.Revoke(now.Add(time.Hour), "gp3", "wrong degree")
	require.NoError(t, err)
	require.Equal(t, []any{micros.Add(time.Hour), "gp3", "wrong degree"}, []any{revoked.RevokeTime, revoked.RevokedBy, revoked.RevokeReason})
	require.Equal(t, "gp2", revoked.SignedBy, "who signed stays known")

	wrong, err := revoked.RegisterInError(now.Add(2*time.Hour), "gp4", "other patient")
	require.NoError(t, err)
	require.Equal(t, []any{micros.Add(2 * time.Hour), "gp4", "other patient"}, []any{wrong.ErrorTime, wrong.ErrorBy, wrong.ErrorReason})
	require.Equal(t, "wrong degree", wrong.RevokeReason)
}

func TestWithdrawingNeedsWhoAndWhy(t *testing.T) {
	all := inEveryState(t)
	_, err := all[Signed].Revoke(now, "", " \n")
	require.Equal(t, []string{"revoked_by MISSING", "reason MISSING"}, refused(t, err))
	_, err = all[Signed].Revoke(now, "gp", strings.Repeat("å", MaxNote+1))
	require.Equal(t, []string{"reason TEXT_TOO_LONG"}, refused(t, err))
	_, err = all[Signed].Revoke(now, "gp", strings.Repeat("å", MaxNote))
	require.NoError(t, err)
	_, err = all[Draft].RegisterInError(now, "", "")
	require.Equal(t, []string{"registered_by MISSING", "reason MISSING"}, refused(t, err))
}

func TestADraftMayBeIncompleteButNotWrong(t *testing.T) {
	empty, err := NewDraft(now, origin(), Content{})
	require.NoError(t, err)
	_, err = empty.Sign(now, "gp1")
	var incomplete *IncompleteError
	require.ErrorAs(t, err, &incomplete)
	require.Equal(t, ReasonIncomplete, incomplete.Reason())
	require.Equal(t, []string{"periods PERIOD_MISSING", "diagnoses DIAGNOSIS_MISSING", "bases BASIS_MISSING"}, refused(t, incomplete.Missing))
	require.False(t, errors.As(err, new(Violations)), "an incomplete draft is a wrong state, not wrong input")

	_, err = empty.Sign(now, "")
	require.Equal(t, []string{"signed_by MISSING"}, refused(t, err))

	tomorrow := content()
	tomorrow.Bases[0].Day = date.MustParse("2026-03-03")
	c, err := empty.Edit(tomorrow)
	require.NoError(t, err)
	_, err = c.Sign(now, "gp1")
	require.ErrorAs(t, err, &incomplete)
	require.Equal(t, []string{"bases[0].date DATE_IN_FUTURE"}, refused(t, incomplete.Missing))
	_, err = c.Sign(now.AddDate(0, 0, 1), "gp1")
	require.NoError(t, err)
}

func TestContentRefused(t *testing.T) {
	day := date.MustParse
	tests := map[string]struct {
		change func(*Content)
		want   []string
	}{
		"a day shared":      {func(c *Content) { c.Periods = append(c.Periods, Period{day("2026-03-15"), day("2026-03-20"), 50}) }, []string{"periods[1] PERIODS_OVERLAP"}},
		"one within other":  {func(c *Content) { c.Periods = append(c.Periods, Period{day("2026-03-04"), day("2026-03-05"), 100}) }, []string{"periods[1] PERIODS_OVERLAP"}},
		"degree":            {func(c *Content) { c.Periods[0].Degree = 60 }, []string{"periods[0].degree DEGREE_NOT_ALLOWED"}},
		"end before start":  {func(c *Content) { c.Periods[0].End = day("2026-03-01") }, []string{"periods[0].end_date PERIOD_END_BEFORE_START"}},
		"too long":          {func(c *Content) { c.Periods[0].End = day("2031-03-02") }, []string{"periods[0].end_date PERIOD_TOO_LONG"}},
		"five periods":      {func(c *Content) { c.Periods = make([]Period, 5) }, []string{"periods TOO_MANY_PERIODS"}},
		"coarse diagnosis":  {func(c *Content) { c.Diagnoses = []string{"F43"} }, []string{"diagnoses[0] DIAGNOSIS_TOO_COARSE"}},
		"no diagnosis code": {func(c *Content) { c.Diagnoses = []string{"F32.1", "tired"} }, []string{"diagnoses[1] DIAGNOSIS_NOT_ICD10SE"}},
		"same diagnosis":    {func(c *Content) { c.Diagnoses = []string{"F43.8A", "f438a"} }, []string{"diagnoses[1] DIAGNOSIS_DUPLICATE"}},
		"four diagnoses":    {func(c *Content) { c.Diagnoses = []string{"F32.1", "F41.1", "F43.8A", "G47.0"} }, []string{"diagnoses TOO_MANY_DIAGNOSES"}},
		"basis kind":        {func(c *Content) { c.Bases[0].Kind = "GUESS" }, []string{"bases[0].kind BASIS_UNKNOWN"}},
		"basis day":         {func(c *Content) { c.Bases[0].Day = 0 }, []string{"bases[0].date DATE_MISSING"}},
		"other basis":       {func(c *Content) { c.Bases[0].Kind = BasisOther }, []string{"bases[0].note MISSING"}},
		"six bases":         {func(c *Content) { c.Bases = make([]Basis, 6) }, []string{"bases TOO_MANY_BASES"}},
		"prognosis kind":    {func(c *Content) { c.Prognosis.Kind = "MAYBE" }, []string{"prognosis.kind PROGNOSIS_UNKNOWN"}},
		"no months":         {func(c *Content) { c.Prognosis.Kind = PrognosisInMonths }, []string{"prognosis.months OUT_OF_RANGE"}},
		"100 months":        {func(c *Content) { c.Prognosis = Prognosis{Kind: PrognosisInMonths, Months: 100} }, []string{"prognosis.months OUT_OF_RANGE"}},
		"months elsewhere":  {func(c *Content) { c.Prognosis = Prognosis{Kind: PrognosisLikely, Months: 3} }, []string{"prognosis.months OUT_OF_RANGE"}},
		"unclear, no why":   {func(c *Content) { c.Prognosis.Kind = PrognosisUnclear }, []string{"prognosis.explanation MISSING"}},
		"texts": {func(c *Content) {
			long := strings.Repeat("ö", MaxText+1)
			c.Occupation, c.FunctionLimitation, c.ActivityLimitation = long, "a\x00b", "\xff"
			c.EarlyStartReason, c.OtherInformation, c.Prognosis.Explanation = long, long, long
		}, []string{
			"prognosis.explanation TEXT_TOO_LONG", "occupation TEXT_TOO_LONG", "function_limitation TEXT_INVALID", "activity_limitation TEXT_INVALID",
			"early_start_reason TEXT_TOO_LONG", "other_information TEXT_TOO_LONG",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bad := content()
			test.change(&bad)
			_, err := NewDraft(now, origin(), bad)
			require.Equal(t, test.want, refused(t, err))
			_, err = draft(t).Edit(bad)
			require.Equal(t, test.want, refused(t, err))
			for _, secret := range []string{"F43", "F32", "tired", "GUESS"} {
				require.NotContains(t, err.Error(), secret, "an error repeats nothing from the certificate")
			}
		})
	}
}

func TestContentAccepted(t *testing.T) {
	day := date.MustParse
	full := Content{
		Periods: []Period{
			{day("2026-03-02"), day("2026-03-15"), 100}, {day("2026-03-23"), day("2026-03-29"), 50},
			{day("2026-03-16"), day("2026-03-22"), 75}, {day("2026-04-10"), day("2026-04-20"), 50}, // a degree twice, a hole, not in order
		},
		Diagnoses:          []string{" f438a ", "F32.1", "g47.0"},
		Bases:              []Basis{{BasisExamination, day("2026-03-02"), ""}, {BasisOther, day("2026-02-01"), "letter from occupational health"}},
		Occupation:         "Teacher",
		FunctionLimitation: strings.Repeat("å", MaxText),
		Prognosis:          Prognosis{Kind: PrognosisInMonths, Months: 99},
	}
	c, err := NewDraft(now, origin(), full)
	require.NoError(t, err)
	require.Equal(t, []string{"F43.8A", "F32.1", "G47.0"}, c.Diagnoses)
	require.Equal(t, " f438a ", full.Diagnoses[0], "the content given stays as it was")
	require.Equal(t, date.Span{Start: day("2026-03-02"), End: day("2026-04-20")}, c.Span())
	require.Equal(t, 75, c.DegreeOn(day("2026-03-20")))
	require.Zero(t, c.DegreeOn(day("2026-04-01")))

	full.Periods[0].Degree = 25
	require.Equal(t, 100, c.Periods[0].Degree, "the draft has periods of its own")
}

func TestOrigin(t *testing.T) {
	_, err := NewDraft(now, Origin{}, Content{})
	require.Equal(t, []string{"certificate_id MISSING", "patient_id MISSING", "care_unit_id MISSING", "created_by MISSING"}, refused(t, err))

	for _, change := range []func(*Origin){
		func(o *Origin) { o.ReplacesID = o.ID }, func(o *Origin) { o.ComplementsID = o.ID }, func(o *Origin) { o.RenewsID = o.ID },
	} {
		self := origin()
		change(&self)
		_, err := NewDraft(now, self, content())
		require.Len(t, refused(t, err), 1)
		require.Contains(t, err.Error(), "itself")
	}

	several := origin()
	several.ReplacesID, several.RenewsID = "c0", "c0"
	_, err = NewDraft(now, several, content())
	require.Equal(t, []string{"replaces_certificate_id SEVERAL_RELATIONS"}, refused(t, err))

	renewal := origin()
	renewal.RenewsID = "c0"
	c, err := NewDraft(now, renewal, content())
	require.NoError(t, err)
	require.Equal(t, "c0", c.RenewsID)
}

func TestEarlyStartIsAWarningNotAWall(t *testing.T) {
	today := date.Of(now) // 2 March
	for start, warned := range map[string]bool{"2026-02-22": true, "2026-02-23": false, "2026-03-02": false, "2026-03-20": false} {
		c := content()
		c.Periods = append(c.Periods, Period{date.MustParse("2026-06-01"), date.MustParse("2026-06-02"), 50})
		c.Periods[0].Start, c.Periods[0].End = date.MustParse(start), date.MustParse(start)
		require.Equal(t, warned, len(c.Warnings(today)) == 1, start)
		d, err := draft(t).Edit(c)
		require.NoError(t, err)
		_, err = d.Sign(now, "gp1")
		require.NoError(t, err, start)

		c.EarlyStartReason = "seen at another unit"
		require.Empty(t, c.Warnings(today), start)
	}
	require.Empty(t, Content{}.Warnings(today))
}

func TestNormalizeDiagnosis(t *testing.T) {
	for text, want := range map[string]string{
		"F43.8A": "F43.8A", "F438A": "F43.8A", "f43.8a": "F43.8A", "f438a": "F43.8A", " F32.1\t": "F32.1", "f321": "F32.1", "Z73.0": "Z73.0", "S72.00": "S72.00",
	} {
		got, err := NormalizeDiagnosis(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, reason := range map[string]string{
		"F43": ReasonDiagnosisTooCoarse, "f43 ": ReasonDiagnosisTooCoarse,
		"": ReasonDiagnosisFormat, "F4": ReasonDiagnosisFormat, "F43.": ReasonDiagnosisFormat, "F43..8": ReasonDiagnosisFormat, "F43.A": ReasonDiagnosisFormat,
		"F43.8AB": ReasonDiagnosisFormat, "43.8": ReasonDiagnosisFormat, "F43,8": ReasonDiagnosisFormat, "FF3.8": ReasonDiagnosisFormat,
		"F43.8-": ReasonDiagnosisFormat, "F43.8Å": ReasonDiagnosisFormat, "ſ43.8": ReasonDiagnosisFormat, "F 43.8": ReasonDiagnosisFormat, "F43.8 A": ReasonDiagnosisFormat,
	} {
		got, err := NormalizeDiagnosis(text)
		require.Equal(t, []string{"diagnoses " + reason}, refused(t, err), text)
		require.Empty(t, got)
	}
}

func FuzzNormalizeDiagnosis(f *testing.F) {
	for _, seed := range []string{"F43.8A", "f438a", "F43", "", "F43.8\x00", "ſ43.8"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, err := NormalizeDiagnosis(text)
		if err != nil {
			return
		}
		if again, err := NormalizeDiagnosis(code); err != nil || again != code {
			t.Fatalf("%q becomes %q becomes %q (%v)", text, code, again, err)
		}
		if len(code) < 5 || len(code) > 6 || code[3] != '.' {
			t.Fatalf("%q is not in the usual form", code)
		}
	})
}
