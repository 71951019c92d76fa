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
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/app/apptest"
)

func TestACoordinatorPreparesWhatOnlyAGPSigns(t *testing.T) {
	run(t, func(u *unit) {
		episode := uuid.NewString()
		created := u.create(u.rc, &sickleavev1.Certificate{
			PatientId: u.patient, CareEpisodeId: episode, Periods: []*sickleavev1.CertificatePeriod{period("2026-03-02", "2026-03-15", 100)},
			ActivityLimitation: "canary-activity", FunctionLimitation: "canary-function", DiagnosisCodes: []string{"f321"},
		})
		want := &sickleavev1.Certificate{
			CertificateId: created.GetCertificateId(), PatientId: u.patient, CareEpisodeId: episode, State: sickleavev1.Certificate_DRAFT,
			CareUnitId: u.place.UnitID, Periods: []*sickleavev1.CertificatePeriod{period("2026-03-02", "2026-03-15", 100)},
			ActivityLimitation: "canary-activity", FunctionLimitation: "canary-function", DiagnosisCodes: []string{"F32.1"},
			CreatedByPractitionerId: created.GetCreatedByPractitionerId(), Etag: `"r1"`,
			CreateTime: timestamppb.New(apptest.Start), UpdateTime: timestamppb.New(apptest.Start),
		}
		require.NotEmpty(u, created.GetCreatedByPractitionerId())
		require.Empty(u, cmp.Diff(want, created, protocmp.Transform()))
		require.Empty(u, u.cases(u.rc, "").GetCases(), "a draft counts for nothing")

		signing := &sickleavev1.SignCertificateRequest{PatientId: u.patient, CertificateId: created.GetCertificateId(), RequestId: uuid.NewString()}
		_, err := u.client.SignCertificate(u.rc, signing)
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = u.client.SignCertificate(u.cm, signing)
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = u.client.SignCertificate(u.nobody("gp"), signing)
		requireFault(u, err, codes.PermissionDenied, "PRACTITIONER_REQUIRED")
		_, err = u.client.SignCertificate(u.gp, signing)
		requireFault(u, err, codes.FailedPrecondition, "CERTIFICATE_INCOMPLETE")
		require.Equal(u, []string{"certificate.bases BASIS_MISSING"}, violations(err))

		updated, err := u.client.UpdateCertificate(u.gp, &sickleavev1.UpdateCertificateRequest{
			Certificate: &sickleavev1.Certificate{
				PatientId: u.patient, CertificateId: created.GetCertificateId(), Etag: created.GetEtag(),
				Bases: []*sickleavev1.CertificateBasis{{Kind: sickleavev1.CertificateBasis_VIDEO, BasisDate: "2026-03-02"}},
			},
		})
		require.NoError(u, err)
		require.Equal(u, `"r2"`, updated.GetEtag())
		require.Equal(u, "canary-activity", updated.GetActivityLimitation())

		u.Clock.Advance(time.Hour)
		signed, err := u.client.SignCertificate(u.gp, signing)
		require.NoError(u, err)
		require.Equal(u, sickleavev1.Certificate_SIGNED, signed.GetState())
		require.Equal(u, u.gpID, signed.GetSignedByPractitionerId())
		require.True(u, signed.GetSignTime().AsTime().Equal(apptest.Start.Add(time.Hour)))
		read, err := u.client.GetCertificate(u.nurse, &sickleavev1.GetCertificateRequest{PatientId: u.patient, CertificateId: created.GetCertificateId()})
		require.NoError(u, err)
		require.Empty(u, cmp.Diff(signed, read, protocmp.Transform()))

		// The same request again is the first answer; another one comes too late.
		again, err := u.client.SignCertificate(u.gp, signing)
		require.NoError(u, err)
		require.Empty(u, cmp.Diff(signed, again, protocmp.Transform()))
		signing.RequestId = uuid.NewString()
		_, err = u.client.SignCertificate(u.gp, signing)
		requireFault(u, err, codes.FailedPrecondition, "CERTIFICATE_NOT_DRAFT")

		revoke := &sickleavev1.RevokeCertificateRequest{PatientId: u.patient, CertificateId: created.GetCertificateId(), Reason: "canary-reason"}
		_, err = u.client.RevokeCertificate(u.rc, revoke)
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		revoked, err := u.client.RevokeCertificate(u.gp, revoke)
		require.NoError(u, err)
		require.Equal(u, sickleavev1.Certificate_REVOKED, revoked.GetState())
		require.Equal(u, "canary-reason", revoked.GetRevocation().GetReason())
		require.Equal(u, u.gpID, revoked.GetRevocation().GetPractitionerId())
		_, err = u.client.RevokeCertificate(u.gp, revoke)
		requireFault(u, err, codes.FailedPrecondition, "CERTIFICATE_NOT_SIGNED")

		failed := &sickleavev1.RegisterCertificateInErrorRequest{PatientId: u.patient, CertificateId: created.GetCertificateId(), Reason: "canary-error"}
		_, err = u.client.RegisterCertificateInError(u.rc, failed)
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		inError, err := u.client.RegisterCertificateInError(u.gp, failed)
		require.NoError(u, err)
		require.Equal(u, sickleavev1.Certificate_REGISTERED_IN_ERROR, inError.GetState())
		require.Equal(u, "canary-reason", inError.GetRevocation().GetReason())
		require.Equal(u, "canary-error", inError.GetErrorRegistration().GetReason())
		_, err = u.client.RegisterCertificateInError(u.gp, failed)
		requireFault(u, err, codes.FailedPrecondition, "CERTIFICATE_REGISTERED_IN_ERROR")

		events := u.told("certificate.")
		var types []string
		for i, e := range events {
			types = append(types, e.GetType())
			require.Equal(u, created.GetCertificateId(), e.GetResourceId())
			require.EqualValues(u, i+1, e.GetRevision())
			require.Equal(u, u.patient, e.GetPatientId())
			require.Equal(u, u.place.UnitID, e.GetCareUnitId())
			require.NotContains(u, e.String(), "canary")
			require.NotContains(u, e.String(), "F32")
		}
		require.Equal(u, []string{
			"certificate.drafted", "certificate.updated", "certificate.signed", "certificate.revoked", "certificate.registered_in_error",
		}, types)
		snapshot := &sickleavev1.CertificateSnapshot{}
		require.NoError(u, events[2].GetSnapshot().UnmarshalTo(snapshot))
		require.Empty(u, cmp.Diff(&sickleavev1.CertificateSnapshot{
			CertificateId: created.GetCertificateId(), CareEpisodeId: episode, State: sickleavev1.Certificate_SIGNED,
			SignTime: signed.GetSignTime(), SignedByPractitionerId: u.gpID, Periods: signed.GetPeriods(),
		}, snapshot, protocmp.Transform()))
		require.Equal(u, u.gpID, events[2].GetActor().GetPractitionerId())
	})
}

func TestADraftIsAnyonesToTakeBack(t *testing.T) {
	run(t, func(u *unit) {
		c := u.create(u.rc, &sickleavev1.Certificate{PatientId: u.patient})
		inError, err := u.client.RegisterCertificateInError(u.cm, &sickleavev1.RegisterCertificateInErrorRequest{
			PatientId: u.patient, CertificateId: c.GetCertificateId(), Reason: "another patient's",
		})
		require.NoError(u, err)
		require.Equal(u, sickleavev1.Certificate_REGISTERED_IN_ERROR, inError.GetState())
	})
}

func TestEveryFaultOfADraftIsToldAtOnce(t *testing.T) {
	run(t, func(u *unit) {
		_, err := u.client.CreateCertificate(u.gp, &sickleavev1.CreateCertificateRequest{Certificate: &sickleavev1.Certificate{
			PatientId: u.patient,
			Periods: []*sickleavev1.CertificatePeriod{
				period("2026-03-02", "2026-03-15", 100), period("2026-03-15", "2026-03-20", 80), period("2026-04-02", "2026-04-01", 50),
			},
			Bases:                 []*sickleavev1.CertificateBasis{{}},
			DiagnosisCodes:        []string{"F32", "canary"},
			Prognosis:             &sickleavev1.CertificatePrognosis{Kind: sickleavev1.CertificatePrognosis_RETURN_IN_MONTHS},
			ReplacesCertificateId: uuid.NewString(),
		}})
		requireFault(u, err, codes.InvalidArgument, "INVALID_FIELD")
		require.Equal(u, []string{
			"certificate.bases[0].basis_date DATE_MISSING",
			"certificate.bases[0].kind BASIS_UNKNOWN",
			"certificate.diagnosis_codes[0] DIAGNOSIS_TOO_COARSE",
			"certificate.diagnosis_codes[1] DIAGNOSIS_NOT_ICD10SE",
			"certificate.periods[1] PERIODS_OVERLAP",
			"certificate.periods[1].degree DEGREE_NOT_ALLOWED",
			"certificate.periods[2].end_date PERIOD_END_BEFORE_START",
			"certificate.prognosis.months OUT_OF_RANGE",
			"certificate.replaces_certificate_id RELATED_CERTIFICATE_NOT_SIGNED",
		}, violations(err))
		require.NotContains(u, err.Error(), "canary")
		require.Empty(u, u.Events("sickleave"))
		listed, err := u.client.ListCertificates(u.gp, &sickleavev1.ListCertificatesRequest{PatientId: u.patient})
		require.NoError(u, err)
		require.Empty(u, listed.GetCertificates())
	})
}

func TestARelatedCertificateIsASignedOneOfThePatient(t *testing.T) {
	run(t, func(u *unit) {
		signed := u.signed(period("2026-03-02", "2026-03-15", 100))
		draft := u.create(u.gp, u.draft(period("2026-03-02", "2026-03-15", 100)))
		first := u.patient
		u.patient = u.newPatient()
		other := u.signed(period("2026-03-02", "2026-03-15", 100))
		u.patient = first
		for _, id := range []string{draft.GetCertificateId(), other.GetCertificateId(), uuid.NewString()} {
			c := u.draft()
			c.RenewsCertificateId = id
			_, err := u.client.CreateCertificate(u.gp, &sickleavev1.CreateCertificateRequest{Certificate: c})
			requireFault(u, err, codes.InvalidArgument, "RELATED_CERTIFICATE_NOT_SIGNED")
			require.Equal(u, []string{"certificate.renews_certificate_id RELATED_CERTIFICATE_NOT_SIGNED"}, violations(err))
		}
		c := u.draft(period("2026-03-16", "2026-03-29", 50))
		c.RenewsCertificateId = signed.GetCertificateId()
		u.sign(u.create(u.cm, c))
		active := u.cases(u.gp, "").GetActiveCase()
		require.EqualValues(u, 28, active.GetCaseDays())
		require.InDelta(u, 21.0, active.GetNetDays(), 0)
	})
}

func TestAReplacementCountsUntilItIsRevoked(t *testing.T) {
	run(t, func(u *unit) {
		first := u.signed(period("2026-03-02", "2026-03-15", 100))
		c := u.draft(period("2026-03-02", "2026-03-08", 50))
		c.ReplacesCertificateId = first.GetCertificateId()
		second := u.create(u.gp, c)
		require.EqualValues(u, 100, u.cases(u.rc, "").GetActiveCase().GetCurrentDegree(), "an unsigned replacement replaces nothing")
		second = u.sign(second)
		require.EqualValues(u, 50, u.cases(u.rc, "").GetActiveCase().GetCurrentDegree())
		require.Equal(u, []string{second.GetCertificateId()}, u.cases(u.rc, "").GetCountedCertificateIds())
		_, err := u.client.RevokeCertificate(u.gp, &sickleavev1.RevokeCertificateRequest{
			PatientId: u.patient, CertificateId: second.GetCertificateId(), Reason: "wrong degree",
		})
		require.NoError(u, err)
		require.EqualValues(u, 100, u.cases(u.rc, "").GetActiveCase().GetCurrentDegree())
	})
}

func TestAnUpdateChangesWhatItsMaskNames(t *testing.T) {
	run(t, func(u *unit) {
		c := u.draft(period("2026-03-02", "2026-03-15", 100))
		c.Occupation, c.OtherInformation = "welder", "other"
		c.Prognosis = &sickleavev1.CertificatePrognosis{Kind: sickleavev1.CertificatePrognosis_RETURN_IN_MONTHS, Months: 2}
		current := u.create(u.gp, c)
		update := func(changed *sickleavev1.Certificate, paths ...string) error {
			changed.PatientId, changed.CertificateId = u.patient, current.GetCertificateId()
			updated, err := u.client.UpdateCertificate(u.gp, &sickleavev1.UpdateCertificateRequest{
				Certificate: changed, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
			})
			if err == nil {
				current = updated
			}
			return err
		}
		require.NoError(u, update(&sickleavev1.Certificate{Occupation: "teacher", OtherInformation: "ignored"}, "occupation"))
		require.Equal(u, "teacher", current.GetOccupation())
		require.Equal(u, "other", current.GetOtherInformation())

		require.NoError(u, update(&sickleavev1.Certificate{}, "other_information", "diagnosis_codes"))
		require.Empty(u, current.GetOtherInformation())
		require.Empty(u, current.GetDiagnosisCodes())

		require.NoError(u, update(&sickleavev1.Certificate{Prognosis: &sickleavev1.CertificatePrognosis{Months: 6}}, "prognosis.months"))
		require.Equal(u, sickleavev1.CertificatePrognosis_RETURN_IN_MONTHS, current.GetPrognosis().GetKind())
		require.EqualValues(u, 6, current.GetPrognosis().GetMonths())

		require.NoError(u, update(&sickleavev1.Certificate{Occupation: "driver"}))
		require.Equal(u, "driver", current.GetOccupation())
		require.Len(u, current.GetPeriods(), 1)

		// What was read may come back: the server's own fields are passed over.
		require.NoError(u, update(&sickleavev1.Certificate{
			State: sickleavev1.Certificate_SIGNED, SignedByPractitionerId: uuid.NewString(), Occupation: "cook",
		}, "state", "signed_by_practitioner_id", "sign_time", "etag", "patient_id", "certificate_id", "care_episode_id", "occupation"))
		require.Equal(u, sickleavev1.Certificate_DRAFT, current.GetState())
		require.Equal(u, "cook", current.GetOccupation())

		require.NoError(u, update(&sickleavev1.Certificate{ActivityLimitation: "alone"}, "*"))
		require.Empty(u, current.GetPeriods())
		require.Empty(u, current.GetOccupation())
		require.Nil(u, current.GetPrognosis())
		require.Equal(u, "alone", current.GetActivityLimitation())

		for _, path := range []string{"nothing", "periods.degree", "occupation.x", "prognosis.nothing", "replaces_certificate_id", "care_episode_id"} {
			err := update(&sickleavev1.Certificate{
				ReplacesCertificateId: uuid.NewString(), CareEpisodeId: uuid.NewString(), Prognosis: &sickleavev1.CertificatePrognosis{},
			}, path)
			requireFault(u, err, codes.InvalidArgument, "FIELD_NOT_UPDATABLE")
		}
		err := update(&sickleavev1.Certificate{Periods: []*sickleavev1.CertificatePeriod{period("2026-03-02", "2026-03-01", 100)}}, "periods")
		require.Equal(u, []string{"certificate.periods[0].end_date PERIOD_END_BEFORE_START"}, violations(err))

		u.sign(u.create(u.gp, u.draft(period("2026-03-02", "2026-03-15", 100))))
		signed := u.signed(period("2026-03-02", "2026-03-15", 100))
		_, err = u.client.UpdateCertificate(u.gp, &sickleavev1.UpdateCertificateRequest{Certificate: &sickleavev1.Certificate{
			PatientId: u.patient, CertificateId: signed.GetCertificateId(), Occupation: "late",
		}})
		requireFault(u, err, codes.FailedPrecondition, "CERTIFICATE_NOT_DRAFT")
	})
}

func TestAStaleEtagChangesNothing(t *testing.T) {
	run(t, func(u *unit) {
		c := u.create(u.gp, u.draft(period("2026-03-02", "2026-03-15", 100)))
		update := &sickleavev1.UpdateCertificateRequest{Certificate: &sickleavev1.Certificate{
			PatientId: u.patient, CertificateId: c.GetCertificateId(), Etag: c.GetEtag(), Occupation: "first",
		}}
		_, err := u.client.UpdateCertificate(u.gp, update)
		require.NoError(u, err)
		update.Certificate.Occupation = "second"
		_, err = u.client.UpdateCertificate(u.gp, update)
		requireFault(u, err, codes.Aborted, "ETAG_MISMATCH")
		_, err = u.client.SignCertificate(u.gp, &sickleavev1.SignCertificateRequest{PatientId: u.patient, CertificateId: c.GetCertificateId(), Etag: c.GetEtag()})
		requireFault(u, err, codes.Aborted, "ETAG_MISMATCH")
		read, err := u.client.GetCertificate(u.gp, &sickleavev1.GetCertificateRequest{PatientId: u.patient, CertificateId: c.GetCertificateId()})
		require.NoError(u, err)
		require.Equal(u, "first", read.GetOccupation())
		require.Equal(u, sickleavev1.Certificate_DRAFT, read.GetState())
	})
}

func TestOfTwoSignersOneIsTold(t *testing.T) {
	run(t, func(u *unit) {
		c := u.create(u.gp, u.draft(period("2026-03-02", "2026-03-15", 100)))
		results := make([]error, 6)
		var group errgroup.Group
		for i := range results {
			group.Go(func() error {
				_, results[i] = u.client.SignCertificate(u.gp, &sickleavev1.SignCertificateRequest{PatientId: u.patient, CertificateId: c.GetCertificateId()})
				return nil
			})
		}
		require.NoError(u, group.Wait())
		signed := 0
		for _, err := range results {
			if err == nil {
				signed++
				continue
			}
			requireFault(u, err, codes.FailedPrecondition, "CERTIFICATE_NOT_DRAFT")
		}
		require.Equal(u, 1, signed)
		require.Len(u, u.told("certificate."), 2)
	})
}

func TestCertificatesAreListedNewestFirst(t *testing.T) {
	run(t, func(u *unit) {
		var want []string
		for i := range 5 {
			u.Clock.Advance(time.Minute)
			c := u.create(u.gp, u.draft(period("2026-03-02", "2026-03-15", 100)))
			if i == 2 {
				_, err := u.client.RegisterCertificateInError(u.gp, &sickleavev1.RegisterCertificateInErrorRequest{PatientId: u.patient, CertificateId: c.GetCertificateId(), Reason: "wrong"})
				require.NoError(u, err)
				continue
			}
			want = append([]string{c.GetCertificateId()}, want...)
		}
		request := &sickleavev1.ListCertificatesRequest{PatientId: u.patient, PageSize: 3}
		var got []string
		for {
			page, err := u.client.ListCertificates(u.nurse, request)
			require.NoError(u, err)
			for _, c := range page.GetCertificates() {
				got = append(got, c.GetCertificateId())
			}
			if page.GetNextPageToken() == "" {
				break
			}
			request.PageToken = page.GetNextPageToken()
		}
		require.Equal(u, want, got)

		request.States = []sickleavev1.Certificate_State{sickleavev1.Certificate_REGISTERED_IN_ERROR}
		_, err := u.client.ListCertificates(u.nurse, request)
		requireFault(u, err, codes.InvalidArgument, "BAD_PAGE_TOKEN")
		request.PageToken = ""
		page, err := u.client.ListCertificates(u.nurse, request)
		require.NoError(u, err)
		require.Len(u, page.GetCertificates(), 1)
	})
}

// A patient of another unit or provider is not there, whatever is asked.
func TestAnotherUnitsPatientIsNotThere(t *testing.T) {
	run(t, func(u *unit) {
		signed := u.signed(period("2026-03-02", "2026-03-15", 100))
		id := signed.GetCertificateId()
		sibling := u.NewPlace()
		sibling.ProviderID = u.place.ProviderID
		for _, stranger := range []*unit{newUnit(u.T, u.Harness, sibling), newUnit(u.T, u.Harness, u.NewPlace())} {
			for _, patient := range []string{u.patient} {
				_, err := stranger.client.CreateCertificate(stranger.gp, &sickleavev1.CreateCertificateRequest{Certificate: &sickleavev1.Certificate{PatientId: patient}})
				requireFault(u, err, codes.NotFound, "PATIENT_NOT_FOUND")
				_, err = stranger.client.GetCertificate(stranger.gp, &sickleavev1.GetCertificateRequest{PatientId: patient, CertificateId: id})
				requireFault(u, err, codes.NotFound, "PATIENT_NOT_FOUND")
				_, err = stranger.client.ListCertificates(stranger.gp, &sickleavev1.ListCertificatesRequest{PatientId: patient})
				requireFault(u, err, codes.NotFound, "PATIENT_NOT_FOUND")
				_, err = stranger.client.SignCertificate(stranger.gp, &sickleavev1.SignCertificateRequest{PatientId: patient, CertificateId: id})
				requireFault(u, err, codes.NotFound, "PATIENT_NOT_FOUND")
				_, err = stranger.client.ListSickLeaveCases(stranger.gp, &sickleavev1.ListSickLeaveCasesRequest{PatientId: patient})
				requireFault(u, err, codes.NotFound, "PATIENT_NOT_FOUND")
			}
			// Nor does a certificate open under a patient whose it is not.
			_, err := stranger.client.GetCertificate(stranger.gp, &sickleavev1.GetCertificateRequest{PatientId: stranger.patient, CertificateId: id})
			requireFault(u, err, codes.NotFound, "CERTIFICATE_NOT_FOUND")
			_, err = stranger.client.RevokeCertificate(stranger.gp, &sickleavev1.RevokeCertificateRequest{PatientId: stranger.patient, CertificateId: id, Reason: "theirs"})
			requireFault(u, err, codes.NotFound, "CERTIFICATE_NOT_FOUND")
			_, err = stranger.client.ListCareUnitSickLeaveCases(stranger.gp, &sickleavev1.ListCareUnitSickLeaveCasesRequest{CareUnitId: u.place.UnitID})
			requireFault(u, err, codes.NotFound, "CARE_UNIT_NOT_FOUND")
		}
	})
}
