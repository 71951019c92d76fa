package sickleave_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
)

func (f *fixture) screened(day string) *sickleavev1.Screening {
	f.Helper()
	s, err := f.client.CreateScreening(f.rc, &sickleavev1.CreateScreeningRequest{Screening: &sickleavev1.Screening{
		PatientId: f.patient, ScreenDate: day, Need: sickleavev1.Screening_COORDINATED, Reason: "canary-need", Offer: sickleavev1.Screening_OFFERED,
	}})
	require.NoError(f, err)
	return s
}

func (f *fixture) unscreened(limit *int32) []string {
	f.Helper()
	var patients []string
	request := &sickleavev1.ListUnscreenedRequest{CareUnitId: f.place.UnitID, LimitDays: limit, PageSize: 1}
	for {
		response, err := f.client.ListUnscreened(f.As("unit_manager", f.place), request)
		require.NoError(f, err)
		for _, row := range response.GetUnscreenedPatients() {
			patients = append(patients, row.GetPatientId())
			require.True(f, row.GetSickLeaveCase().GetOngoing())
		}
		if request.PageToken = response.GetNextPageToken(); request.PageToken == "" {
			return patients
		}
	}
}

// R23: who has been on sick leave longer than the limit without a screening is listed; a screening ends in an offer, which the
// patient may decline.
func TestR23WhoIsNotScreenedIsListed(t *testing.T) {
	run(t, func(f *fixture) {
		var missed []string
		for range 3 {
			missed = append(missed, f.newPatient())
			f.signed("2026-03-02", "2026-04-30", 100)
		}
		slices.Sort(missed)
		screened := f.newPatient()
		f.signed("2026-03-02", "2026-04-30", 100)
		screening := f.screened("")
		early := f.newPatient()
		f.signed("2026-03-04", "2026-04-30", 100)
		f.screened("2026-02-27") // five days before: a certificate of then would have been of the case
		stale := f.newPatient()
		f.signed("2026-03-10", "2026-04-30", 100)
		f.screened("2026-03-02")
		f.newPatient()
		f.signed("2026-03-02", "2026-03-08", 100) // over by then

		f.Advance(13 * 24 * time.Hour)
		require.Empty(f, f.unscreened(nil), "day 14 is within the limit")
		f.Advance(24 * time.Hour)
		require.Equal(f, missed, f.unscreened(nil))
		f.Advance(8 * 24 * time.Hour)
		want := append(slices.Clone(missed), stale)
		slices.Sort(want)
		require.Equal(f, want, f.unscreened(nil))
		require.NotContains(f, f.unscreened(proto.Int32(0)), early)
		require.NotContains(f, f.unscreened(proto.Int32(0)), screened)

		f.patient = screened
		declined, err := f.client.RecordScreeningOffer(f.cm, &sickleavev1.RecordScreeningOfferRequest{
			PatientId: screened, ScreeningId: screening.GetScreeningId(), Offer: sickleavev1.Screening_DECLINED, Etag: screening.GetEtag(),
		})
		require.NoError(f, err)
		require.Equal(f, sickleavev1.Screening_DECLINED, declined.GetOffer())
		require.NotContains(f, f.unscreened(nil), screened, "declined, and screened all the same")
		inError, err := f.client.RegisterScreeningInError(f.cm, &sickleavev1.RegisterScreeningInErrorRequest{
			PatientId: screened, ScreeningId: screening.GetScreeningId(), Reason: "canary-error",
		})
		require.NoError(f, err)
		require.Equal(f, "canary-error", inError.GetErrorRegistration().GetReason())
		require.Contains(f, f.unscreened(nil), screened)
		_, err = f.client.RecordScreeningOffer(f.cm, &sickleavev1.RecordScreeningOfferRequest{
			PatientId: screened, ScreeningId: screening.GetScreeningId(), Offer: sickleavev1.Screening_ACCEPTED,
		})
		requireFault(f, err, codes.FailedPrecondition, "SCREENING_REGISTERED_IN_ERROR")
		require.Equal(f, []string{"recorded", "recorded", "recorded", "offer_recorded", "registered_in_error"}, last(f.told(), "screening."))
	})
}

// R24: need, date and reason of a screening are stored.
func TestR24ScreeningIsStored(t *testing.T) {
	run(t, func(f *fixture) {
		f.consent.declined.Store(true) // a screening prepares the offer and takes no consent
		created := f.screened("2026-02-27")
		require.Equal(f, f.rcID, created.GetPractitionerId())
		read, err := f.client.GetScreening(f.gp, &sickleavev1.GetScreeningRequest{PatientId: f.patient, ScreeningId: created.GetScreeningId()})
		require.NoError(f, err)
		require.Empty(f, cmp.Diff(created, read, protocmp.Transform()))
		require.Equal(f, "2026-02-27 COORDINATED canary-need", read.GetScreenDate()+" "+read.GetNeed().String()+" "+read.GetReason())
		second := f.screened("")
		listed, err := f.client.ListScreenings(f.gp, &sickleavev1.ListScreeningsRequest{PatientId: f.patient})
		require.NoError(f, err)
		require.Equal(f, []string{second.GetScreeningId(), created.GetScreeningId()}, []string{listed.GetScreenings()[0].GetScreeningId(), listed.GetScreenings()[1].GetScreeningId()})
		_, err = f.client.CreateScreening(f.rc, &sickleavev1.CreateScreeningRequest{Screening: &sickleavev1.Screening{
			PatientId: f.patient, ScreenDate: "2026-03-03", Need: sickleavev1.Screening_NONE, Reason: "x", Offer: sickleavev1.Screening_NOT_OFFERED,
		}})
		requireFault(f, err, codes.InvalidArgument, "DATE_IN_FUTURE")
		_, err = f.client.GetScreening(f.gp, &sickleavev1.GetScreeningRequest{PatientId: f.patient, ScreeningId: f.patient})
		requireFault(f, err, codes.NotFound, "SCREENING_NOT_FOUND")
	})
}
