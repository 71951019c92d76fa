package sickleave_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
)

func (f *fixture) assessed() *sickleavev1.WorkAbilityAssessment {
	f.Helper()
	a, err := f.client.CreateWorkAbilityAssessment(f.rc, &sickleavev1.CreateWorkAbilityAssessmentRequest{WorkAbilityAssessment: &sickleavev1.WorkAbilityAssessment{
		PatientId: f.patient, FunctionLimitation: "canary-new-function", ActivityLimitation: "canary-new-activity", WorkDemands: "canary-demands",
		Resources: "canary-resources",
	}})
	require.NoError(f, err)
	return a
}

func prefill(field string, kind sickleavev1.CertificatePrefill_SourceKind, id, day string) *sickleavev1.CertificatePrefill {
	return &sickleavev1.CertificatePrefill{Field: field, SourceKind: kind, SourceId: id, SourceDate: day}
}

// R39: the coordinator's assessment fills in function and activity with its source; a GP must sign.
// R40: only what changes needs typing; the differences to the last certificate are marked.
func TestR39R40DraftedExtension(t *testing.T) {
	run(t, func(f *fixture) {
		_, err := f.client.DraftCertificateExtension(f.rc, &sickleavev1.DraftCertificateExtensionRequest{PatientId: f.patient})
		requireFault(f, err, codes.FailedPrecondition, "NO_CERTIFICATE_TO_EXTEND")
		last := f.signed("2026-03-02", "2026-03-15", 100)
		f.Advance(7 * 24 * time.Hour)
		a, p := f.assessed(), f.proposed()
		draft, err := f.client.DraftCertificateExtension(f.rc, &sickleavev1.DraftCertificateExtensionRequest{PatientId: f.patient})
		require.NoError(f, err)
		require.Equal(f, sickleavev1.Certificate_DRAFT, draft.GetState())
		require.Equal(f, last.GetCertificateId(), draft.GetRenewsCertificateId())
		require.Empty(f, draft.GetBases(), "what it rests on is new every time")
		require.Equal(f, "canary-new-activity", draft.GetActivityLimitation())
		certificate, assessment, plan := sickleavev1.CertificatePrefill_CERTIFICATE, sickleavev1.CertificatePrefill_WORK_ABILITY_ASSESSMENT, sickleavev1.CertificatePrefill_RETURN_TO_WORK_PLAN
		require.Empty(f, cmp.Diff([]*sickleavev1.CertificatePeriod{{StartDate: "2026-03-16", EndDate: "2026-03-29", Degree: 75}}, draft.GetPeriods(), protocmp.Transform()))
		require.Empty(f, cmp.Diff([]*sickleavev1.CertificatePrefill{
			prefill("periods", plan, p.GetReturnToWorkPlanId(), "2026-03-09"),
			prefill("diagnosis_codes", certificate, last.GetCertificateId(), "2026-03-02"),
			prefill("occupation", certificate, last.GetCertificateId(), "2026-03-02"),
			prefill("function_limitation", assessment, a.GetWorkAbilityAssessmentId(), "2026-03-09"),
			prefill("activity_limitation", assessment, a.GetWorkAbilityAssessmentId(), "2026-03-09"),
		}, draft.GetPrefills(), protocmp.Transform()))
		require.Equal(f, []string{"periods", "bases", "function_limitation", "activity_limitation"}, draft.GetChangedFields())

		_, err = f.client.SignCertificate(f.gp, &sickleavev1.SignCertificateRequest{PatientId: f.patient, CertificateId: draft.GetCertificateId()})
		requireFault(f, err, codes.FailedPrecondition, "CERTIFICATE_INCOMPLETE")
		edited, err := f.client.UpdateCertificate(f.gp, &sickleavev1.UpdateCertificateRequest{
			Certificate: &sickleavev1.Certificate{
				PatientId: f.patient, CertificateId: draft.GetCertificateId(), ActivityLimitation: "canary-activity",
				Bases: []*sickleavev1.CertificateBasis{{Kind: sickleavev1.CertificateBasis_PHONE, BasisDate: "2026-03-09"}},
			},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"bases", "activity_limitation"}},
		})
		require.NoError(f, err)
		require.Equal(f, []string{"periods", "bases", "function_limitation"}, edited.GetChangedFields())
		require.True(f, edited.GetPrefills()[4].GetEdited())
		require.False(f, edited.GetPrefills()[3].GetEdited())
		read, err := f.client.GetCertificate(f.cm, &sickleavev1.GetCertificateRequest{PatientId: f.patient, CertificateId: draft.GetCertificateId()})
		require.NoError(f, err)
		require.Empty(f, cmp.Diff(edited, read, protocmp.Transform()))

		_, err = f.client.SignCertificate(f.rc, &sickleavev1.SignCertificateRequest{PatientId: f.patient, CertificateId: draft.GetCertificateId()})
		requireFault(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		signed, err := f.client.SignCertificate(f.gp, &sickleavev1.SignCertificateRequest{PatientId: f.patient, CertificateId: draft.GetCertificateId()})
		require.NoError(f, err)
		require.Len(f, signed.GetPrefills(), 5)

		// The next one is a difference to the second; the assessment is older than what the GP has signed since.
		f.Advance(14 * 24 * time.Hour)
		next, err := f.client.DraftCertificateExtension(f.gp, &sickleavev1.DraftCertificateExtensionRequest{PatientId: f.patient})
		require.NoError(f, err)
		require.Equal(f, signed.GetCertificateId(), next.GetRenewsCertificateId())
		require.Equal(f, "2026-03-30", next.GetPeriods()[0].GetStartDate())
		require.EqualValues(f, 50, next.GetPeriods()[0].GetDegree())
		require.Equal(f, []string{"certificate.drafted", "certificate.signed", "certificate.drafted", "certificate.updated", "certificate.signed", "certificate.drafted"}, certificates(f.told()))
	})
}

func certificates(types []string) []string {
	var found []string
	for _, name := range last(types, "certificate.") {
		found = append(found, "certificate."+name)
	}
	return found
}

func TestR39AssessmentTakesConsentAndCanBeRegisteredInError(t *testing.T) {
	run(t, func(f *fixture) {
		f.signed("2026-03-02", "2026-03-15", 100)
		a := f.assessed()
		f.consent.declined.Store(true)
		_, err := f.client.CreateWorkAbilityAssessment(f.rc, &sickleavev1.CreateWorkAbilityAssessmentRequest{WorkAbilityAssessment: &sickleavev1.WorkAbilityAssessment{
			PatientId: f.patient, FunctionLimitation: "x", ActivityLimitation: "y",
		}})
		requireFault(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = f.client.CreateWorkAbilityAssessment(f.gp, &sickleavev1.CreateWorkAbilityAssessmentRequest{WorkAbilityAssessment: &sickleavev1.WorkAbilityAssessment{
			PatientId: f.patient, FunctionLimitation: "x", ActivityLimitation: "y",
		}})
		requireFault(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		read, err := f.client.GetWorkAbilityAssessment(f.gp, &sickleavev1.GetWorkAbilityAssessmentRequest{PatientId: f.patient, WorkAbilityAssessmentId: a.GetWorkAbilityAssessmentId()})
		require.NoError(f, err)
		require.Empty(f, cmp.Diff(a, read, protocmp.Transform()))
		_, err = f.client.RegisterWorkAbilityAssessmentInError(f.rc, &sickleavev1.RegisterWorkAbilityAssessmentInErrorRequest{
			PatientId: f.patient, WorkAbilityAssessmentId: a.GetWorkAbilityAssessmentId(), Reason: "canary-error", Etag: a.GetEtag(),
		})
		require.NoError(f, err)
		_, err = f.client.RegisterWorkAbilityAssessmentInError(f.rc, &sickleavev1.RegisterWorkAbilityAssessmentInErrorRequest{
			PatientId: f.patient, WorkAbilityAssessmentId: a.GetWorkAbilityAssessmentId(), Reason: "canary-error",
		})
		requireFault(f, err, codes.FailedPrecondition, "WORK_ABILITY_ASSESSMENT_REGISTERED_IN_ERROR")
		listed, err := f.client.ListWorkAbilityAssessments(f.gp, &sickleavev1.ListWorkAbilityAssessmentsRequest{PatientId: f.patient})
		require.NoError(f, err)
		require.Empty(f, listed.GetWorkAbilityAssessments())
		listed, err = f.client.ListWorkAbilityAssessments(f.gp, &sickleavev1.ListWorkAbilityAssessmentsRequest{PatientId: f.patient, IncludeRegisteredInError: true})
		require.NoError(f, err)
		require.Len(f, listed.GetWorkAbilityAssessments(), 1)
		draft, err := f.client.DraftCertificateExtension(f.gp, &sickleavev1.DraftCertificateExtensionRequest{PatientId: f.patient})
		require.NoError(f, err)
		require.Equal(f, "canary-function", draft.GetFunctionLimitation())
		require.Equal(f, []string{"recorded", "registered_in_error"}, last(f.told(), "work_ability_assessment."))
	})
}

func TestWarningsOfADraft(t *testing.T) {
	run(t, func(f *fixture) {
		draft := func(start string) *sickleavev1.Certificate {
			c, err := f.client.CreateCertificate(f.gp, &sickleavev1.CreateCertificateRequest{Certificate: &sickleavev1.Certificate{
				PatientId: f.patient, Periods: []*sickleavev1.CertificatePeriod{{StartDate: start, EndDate: "2026-03-15", Degree: 100}},
			}})
			require.NoError(f, err)
			return c
		}
		require.Empty(f, draft("2026-02-23").GetWarnings())
		early := draft("2026-02-22")
		require.Len(f, early.GetWarnings(), 1)
		require.Equal(f, "early_start_reason START_LONG_BEFORE_SIGNING", early.GetWarnings()[0].GetField()+" "+early.GetWarnings()[0].GetReason())
		explained, err := f.client.UpdateCertificate(f.gp, &sickleavev1.UpdateCertificateRequest{Certificate: &sickleavev1.Certificate{
			PatientId: f.patient, CertificateId: early.GetCertificateId(), EarlyStartReason: "canary-early",
		}})
		require.NoError(f, err)
		require.Empty(f, explained.GetWarnings())
	})
}
