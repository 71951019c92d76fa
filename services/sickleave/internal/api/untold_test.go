package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/api"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// before is a certificate of a patient's as it was signed before sick leave was told.
func (u *unit) before(patient, start, end string) {
	u.Helper()
	now := u.Clock.Now()
	require.NoError(u, u.System.Log("sickleave").DB.Tx(u.Context(), func(tx *sqldb.Tx) error {
		_, err := store.New(u.Keys).Insert(tx, store.Record{CareProviderID: u.place.ProviderID, UpdateTime: now, Certificate: sickleave.Certificate{
			ID: uuid.NewString(), PatientID: patient, CareUnitID: u.place.UnitID, State: "SIGNED", CreateTime: now, SignTime: now, SignedBy: u.gpID,
			Content: sickleave.Content{Periods: []sickleave.Period{{Start: date.MustParse(start), End: date.MustParse(end), Degree: 100}}},
		}})
		return err
	}))
}

// What was signed before sick leave was told is told once, by however many processes that start.
func TestEarlierSickLeaveIsToldOnce(t *testing.T) {
	run(t, func(u *unit) {
		told := u.newPatient()
		own := u.patient
		u.patient = told
		u.signed(period("2026-03-02", "2026-03-15", 100))
		u.patient = own
		u.before(u.patient, "2026-01-05", "2026-01-18")
		u.before(u.patient, "2026-01-19", "2026-02-01")
		const more = 60 // than one batch
		for range more {
			u.before(u.newPatient(), "2026-01-05", "2026-01-18")
		}
		draft := u.newPatient()
		u.patient = draft
		u.create(u.gp, u.draft(period("2026-05-01", "2026-05-10", 100)))
		u.patient = own
		require.Len(u, u.told("sick_leave."), 1)

		acts := u.System.Log("sickleave")
		var processes errgroup.Group
		for range 2 {
			processes.Go(func() error {
				return api.NewServer(store.New(u.Keys), acts.DB, acts, nil, u.Clock, nil).TellUntold(u.Context())
			})
		}
		require.NoError(u, processes.Wait())
		u.Settle()
		times := map[string]int{}
		for _, e := range u.told("sick_leave.") {
			times[e.GetPatientId()]++
			require.Equal(u, u.place.UnitID, e.GetCareUnitId())
			if e.GetPatientId() != told {
				require.Equal(u, "sickleave", e.GetActor().GetService())
			}
		}
		require.Len(u, times, more+2)
		require.NotContains(u, times, draft)
		for patient, n := range times {
			require.Equal(u, 1, n, patient)
		}

		// What is signed after it goes on from there.
		u.signed(period("2026-02-02", "2026-02-08", 100))
		var last []string
		for _, e := range u.told("sick_leave.") {
			if e.GetPatientId() == own {
				last = append(last, e.GetEventId())
			}
		}
		require.Len(u, last, 2)
	})
}

// The service does it by itself when it starts.
func TestTheServiceTellsEarlierSickLeave(t *testing.T) {
	run(t, func(u *unit) {
		u.before(u.patient, "2026-01-05", "2026-01-18")
		ctx, stop := context.WithCancel(u.Context())
		done := make(chan error, 1)
		go func() { done <- u.System.Work(ctx) }()
		require.Eventually(u, func() bool { return len(u.told("sick_leave.")) == 1 }, time.Minute, 10*time.Millisecond)
		stop()
		<-done
		require.Empty(u, cmp.Diff(leave(oneCase("2026-01-05", "2026-01-18", period("2026-01-05", "2026-01-18", 100))), u.now(1), protocmp.Transform()))
	})
}
