package patient

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

func TestGrantAndWithdraw(t *testing.T) {
	c, err := Grant(Consent{ID: "c", PatientID: "p", Kind: Coordination, Form: "ORAL"}, monday)
	require.NoError(t, err)
	require.Equal(t, Granted, c.State)
	require.Equal(t, today, c.Start)
	require.True(t, c.Covers(today))
	require.True(t, c.Covers(today.AddDays(10000)))
	require.False(t, c.Covers(today.AddDays(-1)))

	w, err := c.Withdraw("vera", "changed my mind", at("2026-03-10"))
	require.NoError(t, err)
	require.Equal(t, int64(2), w.Revision)
	require.True(t, w.Covers(date.MustParse("2026-03-09")))
	require.False(t, w.Covers(date.MustParse("2026-03-10")), "at once")
	_, err = w.Withdraw("vera", "", monday)
	requireState(t, err, "CONSENT_NOT_GRANTED")

	same, err := c.Withdraw("vera", "", monday)
	require.NoError(t, err)
	require.False(t, same.Covers(today))
}

func TestGrantForATime(t *testing.T) {
	c, err := Grant(Consent{Start: date.MustParse("2026-02-20"), End: date.MustParse("2026-04-30")}, monday)
	require.NoError(t, err)
	require.True(t, c.Covers(date.MustParse("2026-04-30")))
	require.False(t, c.Covers(date.MustParse("2026-05-01")))
	require.True(t, c.Covers(date.MustParse("2026-02-20")))

	_, err = Grant(Consent{Start: date.MustParse("2026-03-03"), End: date.MustParse("2026-03-02")}, monday)
	require.Equal(t, map[string]string{"start_date": "DATE_IN_FUTURE", "end_date": "PERIOD_REVERSED"}, reasons(t, err))
	_, err = Grant(Consent{Start: date.MustParse("2026-01-01"), End: date.MustParse("2026-03-01")}, monday)
	require.Equal(t, map[string]string{"end_date": "DATE_IN_PAST"}, reasons(t, err))
}

func TestRefusalCoversNothingAlsoWhenReplaced(t *testing.T) {
	no, err := Decline(Consent{ID: "c", Kind: Coordination}, monday)
	require.NoError(t, err)
	require.Equal(t, ConsentDecline, no.State)
	require.False(t, no.Covers(today))
	_, err = no.Withdraw("vera", "", monday)
	requireState(t, err, "CONSENT_NOT_GRANTED")
	gone, changed := no.Replace(at("2026-03-05"))
	require.True(t, changed)
	require.False(t, gone.Covers(today))

	yes, err := Grant(Consent{}, monday)
	require.NoError(t, err)
	gone, changed = yes.Replace(at("2026-03-05"))
	require.True(t, changed)
	require.True(t, gone.Covers(today))
	require.False(t, gone.Covers(date.MustParse("2026-03-05")))
	_, changed = gone.Replace(monday)
	require.False(t, changed)
}
