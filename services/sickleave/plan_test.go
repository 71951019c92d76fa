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

// R44: a gradual plan is ordered, dated and without overlap; net and gross days are computed.
func TestR44GradualPlan(t *testing.T) {
	run(t, func(f *fixture) {
		p := f.proposed()
		require.Equal(f, sickleavev1.ReturnToWorkPlan_PROPOSED, p.GetState())
		require.EqualValues(f, 1, p.GetVersion())
		require.EqualValues(f, 56, p.GetGrossDays())
		require.InDelta(f, 35, p.GetNetDays(), 0)
		require.Equal(f, sickleavev1.ReturnToWorkPlan_OWN_WORK, p.GetTarget())
		read, err := f.client.GetReturnToWorkPlan(f.cm, &sickleavev1.GetReturnToWorkPlanRequest{PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId()})
		require.NoError(f, err)
		require.Empty(f, cmp.Diff(p, read, protocmp.Transform()))

		_, err = f.propose(stairs()...)
		requireFault(f, err, codes.AlreadyExists, "RETURN_TO_WORK_PLAN_OPEN")

		f.newPatient()
		_, err = f.propose(step("2026-03-02", "2026-03-15", 100), step("2026-03-15", "2026-03-01", 30), step("2026-03-20", "2026-03-30", 50))
		require.Error(f, err)
		_, err = f.propose(step("2026-03-02", "2026-03-15", 100), step("2026-03-15", "2026-03-20", 50), step("2026-03-22", "2026-03-30", 25))
		require.Equal(f, []string{
			"return_to_work_plan.steps[1].start_date STEP_NOT_ADJACENT", "return_to_work_plan.steps[2].start_date STEP_NOT_ADJACENT",
		}, violations(err))
		_, err = f.propose()
		requireFault(f, err, codes.InvalidArgument, "STEP_MISSING")
		_, err = f.propose(step("2026-03-02", "2030-03-15", 100))
		requireFault(f, err, codes.InvalidArgument, "PLAN_TOO_LONG")
	})
}

// R93: steps agreed by all are a proposal until the GP has answered; degrees are the GP's.
func TestR93DegreesAreTheGPs(t *testing.T) {
	run(t, func(f *fixture) {
		p := f.proposed()
		for _, party := range []sickleavev1.ReturnToWorkPlan_Party{sickleavev1.ReturnToWorkPlan_PATIENT, sickleavev1.ReturnToWorkPlan_EMPLOYER, sickleavev1.ReturnToWorkPlan_CARE} {
			var err error
			p, err = f.client.AgreeReturnToWorkPlan(f.rc, &sickleavev1.AgreeReturnToWorkPlanRequest{
				PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Party: party, Version: 1,
			})
			require.NoError(f, err)
		}
		require.Equal(f, sickleavev1.ReturnToWorkPlan_PROPOSED, p.GetState(), "agreed by all, and still a proposal")
		require.Len(f, p.GetAgreedParties(), 3)

		answer := &sickleavev1.AnswerReturnToWorkPlanRequest{
			PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Kind: sickleavev1.ReturnToWorkAnswer_CHANGED,
			Degrees: []*sickleavev1.AnswerReturnToWorkPlanRequest_Degree{{StepId: p.GetSteps()[1].GetStepId(), Degree: 100}},
		}
		_, err := f.client.AnswerReturnToWorkPlan(f.rc, answer)
		requireFault(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = f.client.AnswerReturnToWorkPlan(f.cm, answer)
		requireFault(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		answer.Version = 2
		_, err = f.client.AnswerReturnToWorkPlan(f.gp, answer)
		requireFault(f, err, codes.FailedPrecondition, "RETURN_TO_WORK_PLAN_VERSION")
		answer.Version = 1
		changed, err := f.client.AnswerReturnToWorkPlan(f.gp, answer)
		require.NoError(f, err)
		require.Equal(f, sickleavev1.ReturnToWorkPlan_ACCEPTED, changed.GetState())
		require.EqualValues(f, 2, changed.GetVersion())
		require.EqualValues(f, 100, changed.GetSteps()[1].GetDegree())
		require.Equal(f, p.GetSteps()[1].GetStepId(), changed.GetSteps()[1].GetStepId())
		require.Empty(f, changed.GetAgreedParties(), "they had agreed to other degrees")
		require.Len(f, changed.GetAgreements(), 3)
		require.Equal(f, f.gpID, changed.GetAnswer().GetPractitionerId())
		require.EqualValues(f, 75, changed.GetEarlierVersions()[0].GetSteps()[1].GetDegree())
		require.Equal(f, sickleavev1.ReturnToWorkAnswer_CHANGED, changed.GetEarlierVersions()[0].GetAnswer().GetKind())

		_, err = f.client.UpdateReturnToWorkPlan(f.rc, &sickleavev1.UpdateReturnToWorkPlanRequest{ReturnToWorkPlan: &sickleavev1.ReturnToWorkPlan{
			PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Steps: stairs(),
		}})
		requireFault(f, err, codes.FailedPrecondition, "RETURN_TO_WORK_PLAN_STATE")
		require.Equal(f, []string{"proposed", "agreed", "agreed", "agreed", "answered"}, last(f.told(), "return_to_work_plan."))
	})
}

func TestR93DeclinedPlanAndRevision(t *testing.T) {
	run(t, func(f *fixture) {
		p := f.proposed()
		steps := p.GetSteps()
		steps[4].EndDate = "2026-05-10"
		revised, err := f.client.UpdateReturnToWorkPlan(f.rc, &sickleavev1.UpdateReturnToWorkPlanRequest{
			ReturnToWorkPlan: &sickleavev1.ReturnToWorkPlan{PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Steps: steps, Etag: p.GetEtag()},
			UpdateMask:       &fieldmaskpb.FieldMask{Paths: []string{"steps"}},
		})
		require.NoError(f, err)
		require.EqualValues(f, 2, revised.GetVersion())
		require.Equal(f, "canary-note", revised.GetNote())
		require.Equal(f, p.GetSteps()[0].GetStepId(), revised.GetSteps()[0].GetStepId())
		_, err = f.client.UpdateReturnToWorkPlan(f.rc, &sickleavev1.UpdateReturnToWorkPlanRequest{
			ReturnToWorkPlan: &sickleavev1.ReturnToWorkPlan{PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Note: "x", Etag: p.GetEtag()},
		})
		requireFault(f, err, codes.Aborted, "ETAG_MISMATCH")
		_, err = f.client.UpdateReturnToWorkPlan(f.rc, &sickleavev1.UpdateReturnToWorkPlanRequest{
			ReturnToWorkPlan: &sickleavev1.ReturnToWorkPlan{PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId()},
			UpdateMask:       &fieldmaskpb.FieldMask{Paths: []string{"care_episode"}},
		})
		requireFault(f, err, codes.InvalidArgument, "FIELD_NOT_UPDATABLE")

		_, err = f.client.AnswerReturnToWorkPlan(f.gp, &sickleavev1.AnswerReturnToWorkPlanRequest{
			PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Kind: sickleavev1.ReturnToWorkAnswer_DECLINED,
		})
		requireFault(f, err, codes.InvalidArgument, "MISSING")
		declined := f.answer(revised, sickleavev1.ReturnToWorkAnswer_DECLINED)
		require.Equal(f, sickleavev1.ReturnToWorkPlan_DECLINED, declined.GetState())
		second := f.proposed() // the episode is free for another
		withdrawn, err := f.client.WithdrawReturnToWorkPlan(f.rc, &sickleavev1.WithdrawReturnToWorkPlanRequest{
			PatientId: f.patient, ReturnToWorkPlanId: second.GetReturnToWorkPlanId(), Reason: "canary-reason",
		})
		require.NoError(f, err)
		require.Equal(f, "canary-reason", withdrawn.GetClosing().GetReason())
		listed, err := f.client.ListReturnToWorkPlans(f.cm, &sickleavev1.ListReturnToWorkPlansRequest{PatientId: f.patient, PageSize: 1})
		require.NoError(f, err)
		require.Equal(f, second.GetReturnToWorkPlanId(), listed.GetReturnToWorkPlans()[0].GetReturnToWorkPlanId())
		listed, err = f.client.ListReturnToWorkPlans(f.cm, &sickleavev1.ListReturnToWorkPlansRequest{PatientId: f.patient, PageSize: 1, PageToken: listed.GetNextPageToken()})
		require.NoError(f, err)
		require.Equal(f, p.GetReturnToWorkPlanId(), listed.GetReturnToWorkPlans()[0].GetReturnToWorkPlanId())
		require.Empty(f, listed.GetNextPageToken())
		f.told()
	})
}

// R45: when a step does not go well changed tasks are offered first, then a hold; a higher degree is proposed to the GP, who
// decides; the history is kept.
func TestR45TroubleOnAStep(t *testing.T) {
	run(t, func(f *fixture) {
		p := f.accepted()
		f.Advance(15 * 24 * time.Hour)
		check := &sickleavev1.CheckInReturnToWorkPlanRequest{
			PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), StepId: p.GetSteps()[1].GetStepId(),
			Outcome: sickleavev1.ReturnToWorkCheckIn_WORSE, Note: "canary-check",
		}
		checked, err := f.client.CheckInReturnToWorkPlan(f.rc, check)
		require.NoError(f, err)
		require.Equal(f, sickleavev1.ReturnToWorkPlan_CHANGED_TASKS, checked.GetNextMeasure())
		require.Equal(f, "2026-03-17", checked.GetCheckIns()[0].GetCheckInDate())

		hold := &sickleavev1.HoldReturnToWorkPlanRequest{PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Reason: "canary-hold"}
		_, err = f.client.HoldReturnToWorkPlan(f.rc, hold)
		requireFault(f, err, codes.FailedPrecondition, "DEVIATION_REASON_REQUIRED")
		require.Equal(f, []string{"deviation_reason CHANGED_TASKS_NOT_OFFERED"}, violations(err))

		check.Outcome, check.ChangedTasksOffered = sickleavev1.ReturnToWorkCheckIn_TROUBLE_AT_WORK, true
		checked, err = f.client.CheckInReturnToWorkPlan(f.rc, check)
		require.NoError(f, err)
		require.Equal(f, sickleavev1.ReturnToWorkPlan_HOLD, checked.GetNextMeasure())
		held, err := f.client.HoldReturnToWorkPlan(f.rc, hold)
		require.NoError(f, err)
		require.Equal(f, sickleavev1.ReturnToWorkPlan_HELD, held.GetState())
		require.Equal(f, sickleavev1.ReturnToWorkPlan_HIGHER_DEGREE, held.GetNextMeasure())
		require.Empty(f, held.GetDeviations())
		snapshot := f.lastPlan()
		require.Equal(f, sickleavev1.ReturnToWorkPlan_HIGHER_DEGREE, snapshot.GetNextMeasure())
		require.Len(f, snapshot.GetCheckIns(), 2)
		require.Equal(f, check.GetStepId(), snapshot.GetCheckIns()[1].GetStepId())
		require.Equal(f, "2026-03-17", snapshot.GetCheckIns()[1].GetCheckInDate())

		back := &sickleavev1.StepBackReturnToWorkPlanRequest{
			PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), StartDate: "2026-03-23", Degree: 75, Days: 14,
		}
		_, err = f.client.StepBackReturnToWorkPlan(f.rc, back)
		requireFault(f, err, codes.InvalidArgument, "DEGREE_NOT_HIGHER")
		back.Degree = 100
		stepped, err := f.client.StepBackReturnToWorkPlan(f.rc, back)
		require.NoError(f, err)
		require.Equal(f, sickleavev1.ReturnToWorkPlan_PROPOSED, stepped.GetState(), "the GP decides")
		require.EqualValues(f, 2, stepped.GetVersion())
		require.EqualValues(f, 70, stepped.GetGrossDays())
		require.InDelta(f, 35+14, stepped.GetNetDays(), 0)
		var seen []string
		for _, s := range stepped.GetSteps() {
			seen = append(seen, s.GetStartDate()+" "+s.GetEndDate())
		}
		require.Equal(f, []string{
			"2026-03-02 2026-03-15", "2026-03-16 2026-03-22", "2026-03-23 2026-04-05", "2026-04-06 2026-04-12", "2026-04-13 2026-04-26",
			"2026-04-27 2026-05-10", "2026-05-11 2026-05-17",
		}, seen)
		require.Len(f, stepped.GetEarlierVersions(), 1)
		require.Len(f, stepped.GetCheckIns(), 2, "history kept")
		require.Empty(f, f.lastPlan().GetCheckIns(), "of this version there is none")
		require.Equal(f, sickleavev1.ReturnToWorkAnswer_ACCEPTED, stepped.GetEarlierVersions()[0].GetAnswer().GetKind())

		again := f.answer(stepped, sickleavev1.ReturnToWorkAnswer_ACCEPTED)
		done := &sickleavev1.CompleteReturnToWorkPlanRequest{PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId()}
		_, err = f.client.CompleteReturnToWorkPlan(f.rc, done)
		require.Equal(f, []string{"deviation_reason COMPLETED_BEFORE_LAST_STEP"}, violations(err))
		back.StartDate, back.DeviationReason = "2026-04-06", "canary-deviation"
		stepped, err = f.client.StepBackReturnToWorkPlan(f.gp, back)
		require.NoError(f, err)
		require.Len(f, stepped.GetDeviations(), 2)
		require.Equal(f, sickleavev1.ReturnToWorkDeviation_HOLD_NOT_TRIED, stepped.GetDeviations()[1].GetCode())
		require.Equal(f, "canary-deviation", stepped.GetDeviations()[1].GetReason())
		require.EqualValues(f, again.GetVersion()+1, stepped.GetVersion())
		f.answer(stepped, sickleavev1.ReturnToWorkAnswer_ACCEPTED)
		f.Advance(80 * 24 * time.Hour)
		completed, err := f.client.CompleteReturnToWorkPlan(f.rc, done)
		require.NoError(f, err)
		require.Equal(f, sickleavev1.ReturnToWorkPlan_COMPLETED, completed.GetState())
		_, err = f.client.CheckInReturnToWorkPlan(f.rc, check)
		requireFault(f, err, codes.FailedPrecondition, "RETURN_TO_WORK_PLAN_STATE")
		require.Equal(f, []string{
			"proposed", "answered", "checked_in", "checked_in", "held", "stepped_back", "answered", "stepped_back", "answered", "completed",
		}, last(f.told(), "return_to_work_plan."))
	})
}

// Coordination takes the patient's consent; what protects the patient, and the GP's answer, does not.
func TestCoordinatorsWorkTakesConsent(t *testing.T) {
	run(t, func(f *fixture) {
		p := f.proposed()
		f.consent.declined.Store(true)
		agree := &sickleavev1.AgreeReturnToWorkPlanRequest{PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Party: sickleavev1.ReturnToWorkPlan_EMPLOYER}
		_, err := f.client.AgreeReturnToWorkPlan(f.rc, agree)
		requireFault(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = f.client.UpdateReturnToWorkPlan(f.rc, &sickleavev1.UpdateReturnToWorkPlanRequest{ReturnToWorkPlan: &sickleavev1.ReturnToWorkPlan{
			PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Note: "canary",
		}})
		requireFault(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = f.client.AgreeReturnToWorkPlan(f.cm, agree)
		require.NoError(f, err)
		f.answer(f.get(p), sickleavev1.ReturnToWorkAnswer_ACCEPTED)
		_, err = f.client.WithdrawReturnToWorkPlan(f.rc, &sickleavev1.WithdrawReturnToWorkPlanRequest{
			PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Reason: "canary",
		})
		require.NoError(f, err)
		f.newPatient()
		_, err = f.propose(stairs()...)
		requireFault(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
	})
}

func (f *fixture) get(p *sickleavev1.ReturnToWorkPlan) *sickleavev1.ReturnToWorkPlan {
	f.Helper()
	read, err := f.client.GetReturnToWorkPlan(f.gp, &sickleavev1.GetReturnToWorkPlanRequest{PatientId: p.GetPatientId(), ReturnToWorkPlanId: p.GetReturnToWorkPlanId()})
	require.NoError(f, err)
	return read
}

// What-if: nothing is saved.
func TestPreview(t *testing.T) {
	run(t, func(f *fixture) {
		preview, err := f.client.PreviewReturnToWorkPlan(f.rc, &sickleavev1.PreviewReturnToWorkPlanRequest{
			Steps: stairs(),
			Certificates: []*sickleavev1.ComputeSickLeaveCasesRequest_Certificate{
				{CertificateId: "first", Periods: []*sickleavev1.CertificatePeriod{{StartDate: "2026-02-23", EndDate: "2026-03-22", Degree: 100}}},
			},
		})
		require.NoError(f, err)
		require.Empty(f, cmp.Diff(&sickleavev1.PreviewReturnToWorkPlanResponse{
			GrossDays: 56, NetDays: 35,
			AffectedCertificates: []*sickleavev1.PreviewReturnToWorkPlanResponse_AffectedCertificate{
				{CertificateId: "first", EndDate: "2026-03-22", DifferDate: "2026-03-16"},
			},
			PeriodsToCertify: []*sickleavev1.CertificatePeriod{
				{StartDate: "2026-03-16", EndDate: "2026-03-29", Degree: 75}, {StartDate: "2026-03-30", EndDate: "2026-04-12", Degree: 50},
				{StartDate: "2026-04-13", EndDate: "2026-04-26", Degree: 25},
			},
		}, preview, protocmp.Transform()))
		listed, err := f.client.ListReturnToWorkPlans(f.rc, &sickleavev1.ListReturnToWorkPlansRequest{PatientId: f.patient})
		require.NoError(f, err)
		require.Empty(f, listed.GetReturnToWorkPlans())
		_, err = f.client.PreviewReturnToWorkPlan(f.rc, &sickleavev1.PreviewReturnToWorkPlanRequest{
			Steps:        []*sickleavev1.ReturnToWorkStep{step("2026-03-02", "2026-03-01", 100)},
			Certificates: []*sickleavev1.ComputeSickLeaveCasesRequest_Certificate{{CertificateId: "first"}},
		})
		require.Equal(f, []string{"certificates[0].periods PERIOD_MISSING", "steps[0].end_date PERIOD_END_BEFORE_START"}, violations(err))
	})
}
