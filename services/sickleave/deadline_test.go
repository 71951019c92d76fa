package sickleave_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
)

func (f *fixture) deadlines(day string) (told []string, flagged []string) {
	f.Helper()
	response, err := f.client.ListDeadlines(f.cm, &sickleavev1.ListDeadlinesRequest{PatientId: f.patient, AsOfDate: day})
	require.NoError(f, err)
	for _, d := range response.GetDeadlines() {
		require.NotEmpty(f, d.GetSource())
		told = append(told, fmt.Sprintf("%s %s %d passed=%v certified=%v", d.GetCode(), d.GetDueDate(), d.GetDayNumber(), d.GetPassed(), d.GetCertified()))
		if d.GetFlagged() {
			flagged = append(flagged, d.GetCode().String())
		}
	}
	return told, flagged
}

// R43: a spell expected to last 30 days or more is flagged when a third of it, at least 14 days, has passed without a time plan;
// short first certificates flag nobody.
func TestR43TimePlan(t *testing.T) {
	run(t, func(f *fixture) {
		f.signed("2026-03-02", "2026-03-30", 100) // 29 days
		told, flagged := f.deadlines("2026-03-30")
		require.Len(f, told, 6)
		require.Empty(f, flagged)

		f.newPatient()
		f.signed("2026-03-02", "2026-04-30", 100) // 60 days, a third is 20
		told, flagged = f.deadlines("2026-03-21")
		require.Empty(f, flagged)
		require.Equal(f, []string{
			"EMPLOYER_CERTIFICATE 2026-03-09 8 passed=true certified=true",
			"SICK_PAY_END 2026-03-15 14 passed=true certified=true",
			"SICKNESS_BENEFIT 2026-03-16 15 passed=true certified=true",
			"TIME_PLAN 2026-03-21 20 passed=false certified=true",
			"EMPLOYER_PLAN 2026-03-31 30 passed=false certified=true",
			"REHABILITATION_CHAIN_90 2026-05-30 90 passed=false certified=false",
			"REHABILITATION_CHAIN_180 2026-08-28 180 passed=false certified=false",
			"REHABILITATION_CHAIN_365 2027-03-01 365 passed=false certified=false",
		}, told)
		_, flagged = f.deadlines("2026-03-22")
		require.Equal(f, []string{"TIME_PLAN"}, flagged)
		p := f.proposed()
		_, flagged = f.deadlines("2026-03-22")
		require.Empty(f, flagged)
		_, err := f.client.WithdrawReturnToWorkPlan(f.rc, &sickleavev1.WithdrawReturnToWorkPlanRequest{PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Reason: "x"})
		require.NoError(f, err)
		_, flagged = f.deadlines("2026-03-22")
		require.Equal(f, []string{"TIME_PLAN"}, flagged)

		told, _ = f.deadlines("2026-05-01")
		require.Empty(f, told, "no case is ongoing")
	})
}

func TestDaysOfEarlierPeriodsCountInTheChain(t *testing.T) {
	run(t, func(f *fixture) {
		f.signed("2025-11-01", "2025-12-30", 100) // 60 days
		f.signed("2026-03-02", "2026-04-30", 50)  // after 61 free days: day 61 of the chain and on
		told, _ := f.deadlines("2026-03-02")
		require.Contains(f, told, "REHABILITATION_CHAIN_90 2026-03-31 90 passed=false certified=true")
		require.Contains(f, told, "REHABILITATION_CHAIN_180 2026-06-29 180 passed=false certified=false")
	})
}
