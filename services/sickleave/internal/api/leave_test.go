package api_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
)

// leaves are the snapshots of sick leave told so far; each has a higher revision than the one before, and names nothing but the patient.
func (u *unit) leaves() []*sickleavev1.SickLeaveSnapshot {
	u.Helper()
	var snapshots []*sickleavev1.SickLeaveSnapshot
	var before int32
	for _, e := range u.told("sick_leave.") {
		require.Equal(u, "sick_leave.changed", e.GetType())
		require.Equal(u, u.patient, e.GetPatientId())
		require.Equal(u, u.patient, e.GetResourceId())
		require.Equal(u, u.place.UnitID, e.GetCareUnitId())
		require.Greater(u, e.GetRevision(), before)
		before = e.GetRevision()
		snapshot := &sickleavev1.SickLeaveSnapshot{}
		require.NoError(u, e.GetSnapshot().UnmarshalTo(snapshot))
		snapshots = append(snapshots, snapshot)
	}
	return snapshots
}

// now is the sick leave told last.
func (u *unit) now(times int) *sickleavev1.SickLeaveSnapshot {
	u.Helper()
	told := u.leaves()
	require.Len(u, told, times)
	return told[times-1]
}

func leave(cases ...*sickleavev1.SickLeaveCaseSnapshot) *sickleavev1.SickLeaveSnapshot {
	return &sickleavev1.SickLeaveSnapshot{Cases: cases}
}

func oneCase(start, end string, periods ...*sickleavev1.CertificatePeriod) *sickleavev1.SickLeaveCaseSnapshot {
	return &sickleavev1.SickLeaveCaseSnapshot{StartDate: start, EndDate: end, Periods: periods}
}

func TestWhatCertificatesAddUpToIsTold(t *testing.T) {
	run(t, func(u *unit) {
		equal := func(want, got *sickleavev1.SickLeaveSnapshot) {
			u.Helper()
			require.Empty(u, cmp.Diff(want, got, protocmp.Transform()))
		}
		draft := u.create(u.gp, u.draft(period("2026-05-01", "2026-05-10", 100)))
		_, err := u.client.RegisterCertificateInError(u.gp, &sickleavev1.RegisterCertificateInErrorRequest{
			PatientId: u.patient, CertificateId: draft.GetCertificateId(), Reason: "wrong patient",
		})
		require.NoError(u, err)
		require.Empty(u, u.leaves(), "a draft counts for nothing")

		first := u.signed(period("2026-03-02", "2026-03-15", 100))
		equal(leave(oneCase("2026-03-02", "2026-03-15", period("2026-03-02", "2026-03-15", 100))), u.now(1))

		// The next goes on after four free days, and speaks for the days of both, since it is signed later.
		u.Clock.Advance(time.Hour)
		second := u.signed(period("2026-03-14", "2026-03-15", 50), period("2026-03-20", "2026-03-29", 50))
		long := oneCase("2026-03-02", "2026-03-29",
			period("2026-03-02", "2026-03-13", 100), period("2026-03-14", "2026-03-15", 50), period("2026-03-20", "2026-03-29", 50))
		equal(leave(long), u.now(2))

		other := u.signed(period("2026-06-01", "2026-06-07", 25))
		equal(leave(long, oneCase("2026-06-01", "2026-06-07", period("2026-06-01", "2026-06-07", 25))), u.now(3))

		// One that certifies what is certified already changes nothing, nor does taking it back.
		same := u.signed(period("2026-06-02", "2026-06-03", 25))
		revoke := &sickleavev1.RevokeCertificateRequest{PatientId: u.patient, CertificateId: same.GetCertificateId(), Reason: "twice"}
		_, err = u.client.RevokeCertificate(u.gp, revoke)
		require.NoError(u, err)
		require.Len(u, u.leaves(), 3)

		replacing := u.draft(period("2026-06-01", "2026-06-03", 25))
		replacing.ReplacesCertificateId = other.GetCertificateId()
		replacement := u.sign(u.create(u.gp, replacing))
		equal(leave(long, oneCase("2026-06-01", "2026-06-03", period("2026-06-01", "2026-06-03", 25))), u.now(4))

		// What is taken back gives the replaced one its say again.
		revoke = &sickleavev1.RevokeCertificateRequest{
			PatientId: u.patient, CertificateId: replacement.GetCertificateId(), Reason: "wrong", RequestId: uuid.NewString(),
		}
		_, err = u.client.RevokeCertificate(u.gp, revoke)
		require.NoError(u, err)
		_, err = u.client.RevokeCertificate(u.gp, revoke)
		require.NoError(u, err, "the same request again")
		equal(leave(long, oneCase("2026-06-01", "2026-06-07", period("2026-06-01", "2026-06-07", 25))), u.now(5))

		for _, c := range []*sickleavev1.Certificate{first, second, other} {
			_, err = u.client.RegisterCertificateInError(u.gp, &sickleavev1.RegisterCertificateInErrorRequest{
				PatientId: u.patient, CertificateId: c.GetCertificateId(), Reason: "wrong patient",
			})
			require.NoError(u, err)
		}
		equal(leave(), u.now(8))

		_, err = u.client.SignCertificate(u.gp, &sickleavev1.SignCertificateRequest{PatientId: u.patient, CertificateId: uuid.NewString()})
		requireFault(u, err, codes.NotFound, "CERTIFICATE_NOT_FOUND")
	})
}

// Two who sign at once both count: the second adds up what the first has signed.
func TestTwoSignersOfOnePatientTellInTurn(t *testing.T) {
	run(t, func(u *unit) {
		drafts := []*sickleavev1.Certificate{
			u.create(u.gp, u.draft(period("2026-03-02", "2026-03-15", 100))), u.create(u.gp, u.draft(period("2026-06-01", "2026-06-07", 50))),
		}
		var group errgroup.Group
		for _, draft := range drafts {
			group.Go(func() error {
				_, err := u.client.SignCertificate(u.gp, &sickleavev1.SignCertificateRequest{PatientId: u.patient, CertificateId: draft.GetCertificateId()})
				return err
			})
		}
		require.NoError(u, group.Wait())
		require.Empty(u, cmp.Diff(leave(
			oneCase("2026-03-02", "2026-03-15", period("2026-03-02", "2026-03-15", 100)),
			oneCase("2026-06-01", "2026-06-07", period("2026-06-01", "2026-06-07", 50)),
		), u.now(2), protocmp.Transform()))
	})
}
