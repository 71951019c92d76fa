package api

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// What happens to a plan for return to work, as the event log tells it.
const (
	planProposed    = "return_to_work_plan.proposed"
	planRevised     = "return_to_work_plan.revised"
	planAnswered    = "return_to_work_plan.answered"
	planAgreed      = "return_to_work_plan.agreed"
	planCheckedIn   = "return_to_work_plan.checked_in"
	planHeld        = "return_to_work_plan.held"
	planSteppedBack = "return_to_work_plan.stepped_back"
	planCompleted   = "return_to_work_plan.completed"
	planWithdrawn   = "return_to_work_plan.withdrawn"
)

// CreateReturnToWorkPlan proposes a plan.
func (s *Server) CreateReturnToWorkPlan(ctx context.Context, request *sickleavev1.CreateReturnToWorkPlanRequest) (*sickleavev1.ReturnToWorkPlan, error) {
	r := request.GetReturnToWorkPlan()
	asked := s.askCoordination(ctx, r.GetPatientId())
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*sickleavev1.ReturnToWorkPlan, error) {
		if err := s.mustBeCoordinated(tx, asked); err != nil {
			return nil, err
		}
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		plan, err := sickleave.Propose(tx.Now, sickleave.Plan{
			ID: tx.NewID(), PatientID: r.GetPatientId(), CareUnitID: tx.Place.UnitID, EpisodeID: r.GetCareEpisodeId(),
		}, tx.Caller.PractitionerID, planContentOf(r), tx.NewID)
		if err != nil {
			return nil, planRefusal(err, "return_to_work_plan.")
		}
		record, err := s.store.InsertPlan(tx.Tx, store.PlanRecord{Plan: plan, CareProviderID: tx.Place.ProviderID, UpdateTime: tx.Now})
		if errors.Is(err, store.ErrPlanOpen) {
			return nil, fault.Exists(reason(sickleavev1.Reason_RETURN_TO_WORK_PLAN_OPEN),
				"the episode has an open plan for return to work: revise or withdraw that one")
		}
		if err != nil {
			return nil, err
		}
		return toldPlan(tx, planProposed, record)
	})
}

// GetReturnToWorkPlan reads a plan.
func (s *Server) GetReturnToWorkPlan(ctx context.Context, request *sickleavev1.GetReturnToWorkPlanRequest) (*sickleavev1.ReturnToWorkPlan, error) {
	record, err := s.store.Plan(s.read(ctx), access.PlaceFrom(ctx).ProviderID, request.GetPatientId(), request.GetReturnToWorkPlanId())
	if err != nil {
		return nil, planRefusal(err, "")
	}
	return planTo(record), nil
}

// ListReturnToWorkPlans lists a patient's plans.
func (s *Server) ListReturnToWorkPlans(ctx context.Context, request *sickleavev1.ListReturnToWorkPlansRequest) (*sickleavev1.ListReturnToWorkPlansResponse, error) {
	var states []sickleave.PlanState
	for number, name := range sickleavev1.ReturnToWorkPlan_State_name {
		if number != 0 && (len(request.GetStates()) == 0 || slices.Contains(request.GetStates(), sickleavev1.ReturnToWorkPlan_State(number))) {
			states = append(states, sickleave.PlanState(name))
		}
	}
	slices.Sort(states)
	query := "ListReturnToWorkPlans " + request.GetPatientId()
	for _, state := range states {
		query += " " + string(state)
	}
	at, err := s.pageAt(query, request.GetPageSize(), request.GetPageToken())
	if err != nil {
		return nil, err
	}
	records, err := s.store.Plans(s.read(ctx), access.PlaceFrom(ctx).ProviderID, request.GetPatientId(), states, at.after, at.size+1)
	if err != nil {
		return nil, err
	}
	records, next := cut(at, records, func(r store.PlanRecord) store.Place { return store.Place{CreateTime: r.CreateTime, ID: r.ID} })
	response := &sickleavev1.ListReturnToWorkPlansResponse{NextPageToken: next}
	for _, record := range records {
		response.ReturnToWorkPlans = append(response.ReturnToWorkPlans, planTo(record))
	}
	return response, nil
}

// UpdateReturnToWorkPlan revises a proposed or held plan.
func (s *Server) UpdateReturnToWorkPlan(ctx context.Context, request *sickleavev1.UpdateReturnToWorkPlanRequest) (*sickleavev1.ReturnToWorkPlan, error) {
	changed := request.GetReturnToWorkPlan()
	asked := s.askCoordination(ctx, changed.GetPatientId())
	return s.changePlan(ctx, request, changed, planRevised, func(tx *act.Tx, r store.PlanRecord) (sickleave.Plan, error) {
		if err := s.mustBeCoordinated(tx, asked); err != nil {
			return sickleave.Plan{}, err
		}
		next := planTo(r)
		var violations []fault.Violation
		for _, path := range pathsOf(request.GetUpdateMask(), changed) {
			if !putPath(next, changed, path) {
				violations = append(violations, notUpdatable("the plan"))
			}
		}
		if len(violations) > 0 {
			return sickleave.Plan{}, fault.Invalid(violations...)
		}
		return r.Revise(tx.Now, tx.Caller.PractitionerID, planContentOf(next), tx.NewID)
	})
}

// AnswerReturnToWorkPlan answers a proposal in the GP's name.
func (s *Server) AnswerReturnToWorkPlan(ctx context.Context, request *sickleavev1.AnswerReturnToWorkPlanRequest) (*sickleavev1.ReturnToWorkPlan, error) {
	return s.changePlan(ctx, request, request, planAnswered, func(tx *act.Tx, r store.PlanRecord) (sickleave.Plan, error) {
		reply := sickleave.Reply{
			Kind: sickleave.AnswerKind(request.GetKind().String()), Reason: request.GetReason(), Version: int(request.GetVersion()),
			Degrees: make(map[string]int),
		}
		for _, d := range request.GetDegrees() {
			reply.Degrees[d.GetStepId()] = int(d.GetDegree())
		}
		return r.AnswerBy(tx.Now, tx.Caller.PractitionerID, reply)
	})
}

// AgreeReturnToWorkPlan records that a party agrees.
func (s *Server) AgreeReturnToWorkPlan(ctx context.Context, request *sickleavev1.AgreeReturnToWorkPlanRequest) (*sickleavev1.ReturnToWorkPlan, error) {
	asked := s.askCoordinationFor(ctx, request.GetPatientId())
	return s.changePlan(ctx, request, request, planAgreed, func(tx *act.Tx, r store.PlanRecord) (sickleave.Plan, error) {
		if err := s.mustBeCoordinated(tx, asked); err != nil {
			return sickleave.Plan{}, err
		}
		return r.Agree(tx.Now, tx.Caller.PractitionerID, sickleave.Party(request.GetParty().String()), int(request.GetVersion()))
	})
}

// CheckInReturnToWorkPlan records how a step goes.
func (s *Server) CheckInReturnToWorkPlan(ctx context.Context, request *sickleavev1.CheckInReturnToWorkPlanRequest) (*sickleavev1.ReturnToWorkPlan, error) {
	asked := s.askCoordinationFor(ctx, request.GetPatientId())
	return s.changePlan(ctx, request, request, planCheckedIn, func(tx *act.Tx, r store.PlanRecord) (sickleave.Plan, error) {
		if err := s.mustBeCoordinated(tx, asked); err != nil {
			return sickleave.Plan{}, err
		}
		return r.Check(tx.Now, tx.Caller.PractitionerID, sickleave.CheckIn{
			StepID: request.GetStepId(), Day: dayOf(request.GetCheckInDate()), Outcome: sickleave.Outcome(request.GetOutcome().String()),
			ChangedTasksOffered: request.GetChangedTasksOffered(), Note: request.GetNote(),
		})
	})
}

// HoldReturnToWorkPlan holds a plan on its present step.
func (s *Server) HoldReturnToWorkPlan(ctx context.Context, request *sickleavev1.HoldReturnToWorkPlanRequest) (*sickleavev1.ReturnToWorkPlan, error) {
	return s.changePlan(ctx, request, request, planHeld, func(tx *act.Tx, r store.PlanRecord) (sickleave.Plan, error) {
		return r.HoldOn(tx.Now, tx.Caller.PractitionerID, request.GetReason(), request.GetDeviationReason())
	})
}

// StepBackReturnToWorkPlan proposes a higher degree to the GP.
func (s *Server) StepBackReturnToWorkPlan(ctx context.Context, request *sickleavev1.StepBackReturnToWorkPlanRequest) (*sickleavev1.ReturnToWorkPlan, error) {
	return s.changePlan(ctx, request, request, planSteppedBack, func(tx *act.Tx, r store.PlanRecord) (sickleave.Plan, error) {
		return r.ProposeHigher(tx.Now, tx.Caller.PractitionerID, sickleave.StepBack{
			Start: dayOf(request.GetStartDate()), Degree: int(request.GetDegree()), Days: int(request.GetDays()),
			Adaptations: request.GetAdaptations(), DeviationReason: request.GetDeviationReason(),
		}, tx.NewID)
	})
}

// CompleteReturnToWorkPlan completes a plan.
func (s *Server) CompleteReturnToWorkPlan(ctx context.Context, request *sickleavev1.CompleteReturnToWorkPlanRequest) (*sickleavev1.ReturnToWorkPlan, error) {
	return s.changePlan(ctx, request, request, planCompleted, func(tx *act.Tx, r store.PlanRecord) (sickleave.Plan, error) {
		return r.Complete(tx.Now, tx.Caller.PractitionerID, request.GetReason(), request.GetDeviationReason())
	})
}

// WithdrawReturnToWorkPlan takes a plan back.
func (s *Server) WithdrawReturnToWorkPlan(ctx context.Context, request *sickleavev1.WithdrawReturnToWorkPlanRequest) (*sickleavev1.ReturnToWorkPlan, error) {
	return s.changePlan(ctx, request, request, planWithdrawn, func(tx *act.Tx, r store.PlanRecord) (sickleave.Plan, error) {
		return r.Withdraw(tx.Now, tx.Caller.PractitionerID, request.GetReason())
	})
}

// PreviewReturnToWorkPlan computes what steps would mean.
func (s *Server) PreviewReturnToWorkPlan(_ context.Context, request *sickleavev1.PreviewReturnToWorkPlanRequest) (*sickleavev1.PreviewReturnToWorkPlanResponse, error) {
	preview, err := sickleave.PreviewSteps(stepsOf(request.GetSteps()), certificatesOf(request.GetCertificates()))
	if err != nil {
		return nil, refusal(err, "")
	}
	response := &sickleavev1.PreviewReturnToWorkPlanResponse{
		GrossDays: int32(preview.GrossDays), NetDays: preview.NetDays, PeriodsToCertify: periodsTo(preview.ToCertify),
	}
	for _, a := range preview.Affected {
		response.AffectedCertificates = append(response.AffectedCertificates, &sickleavev1.PreviewReturnToWorkPlanResponse_AffectedCertificate{
			CertificateId: a.ID, EndDate: a.End.String(), DifferDate: a.Differ.String(),
		})
	}
	return response, nil
}

// namesPlan is a request, or a part of one, that names a plan.
type namesPlan interface {
	GetPatientId() string
	GetReturnToWorkPlanId() string
	GetEtag() string
}

// changePlan carries out one transition of a plan: reads it for the write, compares the etag, lets the domain decide, stores what
// came of it and tells the event.
func (s *Server) changePlan(ctx context.Context, request proto.Message, which namesPlan, event string,
	transition func(*act.Tx, store.PlanRecord) (sickleave.Plan, error),
) (*sickleavev1.ReturnToWorkPlan, error) {
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*sickleavev1.ReturnToWorkPlan, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		record, err := s.store.ClaimPlan(tx.Tx, tx.Place.ProviderID, which.GetPatientId(), which.GetReturnToWorkPlanId())
		if err != nil {
			return nil, planRefusal(err, "")
		}
		if err := tx.CheckEtag(which.GetEtag(), record.Revision); err != nil {
			return nil, err
		}
		prefix := ""
		if event == planRevised {
			prefix = "return_to_work_plan."
		}
		if record.Plan, err = transition(tx, record); err != nil {
			return nil, planRefusal(err, prefix)
		}
		record.UpdateTime = tx.Now
		if record, err = s.store.UpdatePlan(tx.Tx, record); err != nil {
			return nil, planRefusal(err, "")
		}
		return toldPlan(tx, event, record)
	})
}

func planRefusal(err error, prefix string) error {
	return refusalOf(err, prefix, resource{name: "plan for return to work", missing: sickleavev1.Reason_RETURN_TO_WORK_PLAN_NOT_FOUND})
}
