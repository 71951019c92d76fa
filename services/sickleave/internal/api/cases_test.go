package api_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

// Twelve weeks: full time, an extension, then 75, 50 and 25 %.
func TestACaseFollowsTheClock(t *testing.T) {
	run(t, func(u *unit) {
		u.signed(period("2026-03-02", "2026-03-15", 100))
		u.signed(period("2026-03-16", "2026-04-12", 100))
		u.signed(period("2026-04-13", "2026-05-03", 75), period("2026-05-04", "2026-05-17", 50), period("2026-05-18", "2026-05-24", 25))
		response := u.cases(u.rc, "")
		require.Equal(u, u.patient, response.GetPatientId())
		require.Equal(u, "2026-03-02", response.GetAsOfDate())
		require.True(u, response.GetPatientListed())
		require.Len(u, response.GetCases(), 1)
		active := response.GetActiveCase()
		require.EqualValues(u, 84, active.GetCaseDays())
		require.EqualValues(u, 84, active.GetGrossDays())
		require.InDelta(u, 42+21*.75+14*.5+7*.25, active.GetNetDays(), 0)
		require.EqualValues(u, 1, active.GetDayNumber())

		for weeks, degree := range map[int]int32{2: 100, 6: 75, 9: 50, 11: 25} {
			day := apptestDay(weeks)
			require.Equal(u, degree, u.cases(u.rc, day).GetActiveCase().GetCurrentDegree(), day)
			require.EqualValues(u, weeks*7+1, u.cases(u.rc, day).GetActiveCase().GetDayNumber())
		}
		u.Advance(12 * 7 * 24 * time.Hour)
		after := u.cases(u.rc, "")
		require.Equal(u, "2026-05-25", after.GetAsOfDate())
		require.False(u, after.GetPatientListed())
		require.Nil(u, after.GetActiveCase())
		require.EqualValues(u, 84, after.GetCases()[0].GetChainDay())

		ended, err := u.client.ListSickLeaveCases(u.rc, &sickleavev1.ListSickLeaveCasesRequest{
			PatientId: u.patient, RecentlyEndedDays: proto.Int32(1), Window: &sickleavev1.DayWindow{StartDate: "2026-05-18", Days: 28},
		})
		require.NoError(u, err)
		require.True(u, ended.GetActiveCase().GetRecentlyEnded())
		require.EqualValues(u, 7, ended.GetActiveCase().GetGrossDays())
		require.InDelta(u, 1.75, ended.GetActiveCase().GetNetDays(), 0)

		_, err = u.client.ListSickLeaveCases(u.rc, &sickleavev1.ListSickLeaveCasesRequest{PatientId: u.patient, MaxGapDays: proto.Int32(-1)})
		requireFault(u, err, codes.InvalidArgument, "OUT_OF_RANGE")
	})
}

func apptestDay(weeks int) string {
	return time.Date(2026, time.March, 2+7*weeks, 12, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// A patient who has moved: the case of the day is the present unit's, the history the provider's.
func TestCasesOfAPatientWhoChangedUnit(t *testing.T) {
	run(t, func(u *unit) {
		first := u.signed(period("2026-03-02", "2026-03-15", 100))
		now := newUnit(u.T, u.Harness, access.Place{ProviderID: u.place.ProviderID, UnitID: u.NewPlace().UnitID})
		now.patient = u.patient
		u.Tell("patient", act.Event{
			Type: "patient.updated", ResourceID: u.patient, Revision: 2, PatientID: u.patient, Place: now.place,
			Snapshot: &patientv1.PatientSnapshot{PatientId: u.patient, CareProviderId: now.place.ProviderID, CareUnitId: now.place.UnitID},
		})
		u.Settle()
		response := now.cases(now.rc, "")
		require.False(u, response.GetPatientListed())
		require.Nil(u, response.GetActiveCase())
		require.Len(u, response.GetCases(), 1)
		listed, err := u.client.ListCareUnitSickLeaveCases(u.rc, &sickleavev1.ListCareUnitSickLeaveCasesRequest{CareUnitId: u.place.UnitID})
		require.NoError(u, err)
		require.Empty(u, listed.GetSickLeaveCases(), "who has left is no longer the unit's")

		c := now.draft(period("2026-03-02", "2026-03-20", 50))
		c.ReplacesCertificateId = first.GetCertificateId()
		second := now.sign(now.create(now.gp, c))
		response = now.cases(now.rc, "")
		require.Equal(u, second.GetCertificateId(), response.GetActiveCertificateId())
		require.Equal(u, []string{second.GetCertificateId()}, response.GetCases()[0].GetCertificateIds())
	})
}

func TestAUnitsOngoingCases(t *testing.T) {
	run(t, func(u *unit) {
		var onLeave []string
		sign := func(periods ...*sickleavev1.CertificatePeriod) string {
			u.patient = u.newPatient()
			u.signed(periods...)
			return u.patient
		}
		for range 5 {
			onLeave = append(onLeave, sign(period("2026-02-23", "2026-03-08", 100)))
			sign(period("2026-02-23", "2026-03-01", 100), period("2026-03-03", "2026-03-08", 50)) // a hole on the day
		}
		u.signed(period("2026-03-09", "2026-03-22", 50)) // the last one's extension starts later
		ended := sign(period("2026-02-16", "2026-03-01", 75))
		sign(period("2026-03-03", "2026-03-08", 100)) // not yet
		u.patient = u.newPatient()
		revoked := u.signed(period("2026-03-02", "2026-03-08", 100))
		_, err := u.client.RevokeCertificate(u.gp, &sickleavev1.RevokeCertificateRequest{PatientId: u.patient, CertificateId: revoked.GetCertificateId(), Reason: "wrong"})
		require.NoError(u, err)
		slices.Sort(onLeave)

		list := func(request *sickleavev1.ListCareUnitSickLeaveCasesRequest) (ids []string) {
			request.CareUnitId = u.place.UnitID
			for {
				page, err := u.client.ListCareUnitSickLeaveCases(u.As("unit_manager", u.place), request)
				require.NoError(u, err)
				for _, row := range page.GetSickLeaveCases() {
					ids = append(ids, row.GetPatientId())
					require.NotEmpty(u, row.GetSickLeaveCase().GetActiveCertificateId())
				}
				require.LessOrEqual(u, len(page.GetSickLeaveCases()), int(max(request.GetPageSize(), 50)))
				if page.GetNextPageToken() == "" {
					return ids
				}
				require.Len(u, page.GetSickLeaveCases(), int(request.GetPageSize()))
				request.PageToken = page.GetNextPageToken()
			}
		}
		require.Equal(u, onLeave, list(&sickleavev1.ListCareUnitSickLeaveCasesRequest{}))
		require.Equal(u, onLeave, list(&sickleavev1.ListCareUnitSickLeaveCasesRequest{PageSize: 2}))
		require.Equal(u, onLeave, list(&sickleavev1.ListCareUnitSickLeaveCasesRequest{PageSize: 1, MaxGapDays: proto.Int32(0)}))
		require.Contains(u, list(&sickleavev1.ListCareUnitSickLeaveCasesRequest{RecentlyEndedDays: proto.Int32(1)}), ended)
		require.Empty(u, list(&sickleavev1.ListCareUnitSickLeaveCasesRequest{AsOfDate: "2026-06-01"}))
		for _, request := range []*sickleavev1.ListCareUnitSickLeaveCasesRequest{
			{MaxGapDays: proto.Int32(-1)}, {RecentlyEndedDays: proto.Int32(91)},
		} {
			request.CareUnitId = u.place.UnitID
			_, err := u.client.ListCareUnitSickLeaveCases(u.rc, request)
			requireFault(u, err, codes.InvalidArgument, "OUT_OF_RANGE")
		}
	})
}
