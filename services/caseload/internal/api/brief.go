package api

import (
	"context"
	"errors"
	"slices"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/caseload/internal/caseload"
)

// errNoName is that the patient service gave no name: the patient is just moving, or the record has ended.
var errNoName = errors.New("the patient service gave no name")

// mostListed is how many recommendations, readings and agreements one page shows.
const mostListed = 20

// GetPatientBrief reads the one-page brief: the line from the picture, the texts from their owners.
func (s *Server) GetPatientBrief(ctx context.Context, request *caseloadv1.GetPatientBriefRequest) (*caseloadv1.PatientBrief, error) {
	fresh, err := s.fresh.at(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.picture(ctx, request.GetPatientId())
	if err != nil {
		return nil, err
	}
	caller, _ := identity.FromContext(ctx)
	brief := &caseloadv1.PatientBrief{
		PatientId: p.PatientID, PictureVersion: int32(p.Version), Row: row(p, s.now()), HowTheModelWorks: caseload.HowTheModelWorks(), Freshness: fresh,
		ReadByCaller: caller.PractitionerID != "" && slices.Contains(p.Readers, caller.PractitionerID),
	}
	var page parts
	page.ask(ctx, caseloadv1.MissingPart_NAMES, func(ctx context.Context) error {
		// The picture may not know yet that the patient has moved; who let the caller in does.
		names, err := s.names(ctx, access.PlaceFrom(ctx).UnitID, []string{p.PatientID})
		name, found := names[p.PatientID]
		call(brief.GetRow(), name)
		if err == nil && !found {
			return errNoName
		}
		return err
	})
	if p.EpisodeID != "" {
		page.ask(ctx, caseloadv1.MissingPart_CARE_EPISODE, func(ctx context.Context) (err error) {
			brief.CareEpisode, err = patientv1.NewPatientServiceClient(s.elsewhere.patient).GetCareEpisode(ctx,
				&patientv1.GetCareEpisodeRequest{PatientId: p.PatientID, CareEpisodeId: p.EpisodeID})
			return err
		})
	}
	if p.CarePlanID != "" {
		page.ask(ctx, caseloadv1.MissingPart_CARE_PLAN, s.carePlan(p, &brief.CarePlan))
	}
	plans := careplanv1.NewCarePlanServiceClient(s.elsewhere.carePlan)
	page.ask(ctx, caseloadv1.MissingPart_RECOMMENDATIONS, func(ctx context.Context) error {
		answer, err := plans.ListRecommendations(ctx,
			&careplanv1.ListRecommendationsRequest{PatientId: p.PatientID, State: careplanv1.Recommendation_OPEN, PageSize: mostListed})
		brief.OpenRecommendations = answer.GetRecommendations()
		return err
	})
	read := false
	page.ask(ctx, caseloadv1.MissingPart_READINGS, func(ctx context.Context) error {
		answer, err := plans.ListReadings(ctx, &careplanv1.ListReadingsRequest{PatientId: p.PatientID, PageSize: mostListed})
		brief.Readings = answer.GetReadings()
		read = slices.ContainsFunc(answer.GetReadings(), func(r *careplanv1.Reading) bool {
			return caller.PractitionerID != "" && r.GetPractitionerId() == caller.PractitionerID
		})
		return err
	})
	if p.ReturnPlanID != "" {
		page.ask(ctx, caseloadv1.MissingPart_RETURN_TO_WORK_PLAN, s.returnPlan(p, &brief.ReturnToWorkPlan))
	}
	brief.MissingParts, err = page.wait()
	brief.ReadByCaller = brief.GetReadByCaller() || read
	return brief, err
}

// GetCommonPlan reads the plan that everybody shares, each part from its owner.
func (s *Server) GetCommonPlan(ctx context.Context, request *caseloadv1.GetCommonPlanRequest) (*caseloadv1.CommonPlan, error) {
	fresh, err := s.fresh.at(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.picture(ctx, request.GetPatientId())
	if err != nil {
		return nil, err
	}
	plan := &caseloadv1.CommonPlan{PatientId: p.PatientID, PictureVersion: int32(p.Version), Freshness: fresh}
	var page parts
	if p.CarePlanActive {
		page.ask(ctx, caseloadv1.MissingPart_CARE_PLAN, s.carePlan(p, &plan.CarePlan))
	}
	if p.ReturnPlanOpen {
		page.ask(ctx, caseloadv1.MissingPart_RETURN_TO_WORK_PLAN, s.returnPlan(p, &plan.ReturnToWorkPlan))
	}
	if len(p.AgreementIDs) > 0 {
		page.ask(ctx, caseloadv1.MissingPart_AGREEMENTS, func(ctx context.Context) (err error) {
			plan.Agreements, err = s.agreements(ctx, p)
			return err
		})
	}
	plan.MissingParts, err = page.wait()
	return plan, err
}

func (s *Server) carePlan(p caseload.Picture, into **careplanv1.CarePlan) func(ctx context.Context) error {
	return func(ctx context.Context) (err error) {
		*into, err = careplanv1.NewCarePlanServiceClient(s.elsewhere.carePlan).GetCarePlan(ctx,
			&careplanv1.GetCarePlanRequest{PatientId: p.PatientID, CarePlanId: p.CarePlanID})
		return err
	}
}

func (s *Server) returnPlan(p caseload.Picture, into **sickleavev1.ReturnToWorkPlan) func(ctx context.Context) error {
	return func(ctx context.Context) (err error) {
		*into, err = sickleavev1.NewSickLeaveServiceClient(s.elsewhere.sickLeave).GetReturnToWorkPlan(ctx,
			&sickleavev1.GetReturnToWorkPlanRequest{PatientId: p.PatientID, ReturnToWorkPlanId: p.ReturnPlanID})
		return err
	}
}

// agreements reads the agreements of the open episode, newest first. A patient has few, and the newest are on the first page.
func (s *Server) agreements(ctx context.Context, p caseload.Picture) ([]*employerdialoguev1.Agreement, error) {
	answer, err := employerdialoguev1.NewEmployerDialogueServiceClient(s.elsewhere.employerDialogue).ListAgreements(ctx,
		&employerdialoguev1.ListAgreementsRequest{PatientId: p.PatientID, PageSize: pageLimit})
	if err != nil {
		return nil, err
	}
	var found []*employerdialoguev1.Agreement
	for _, a := range answer.GetAgreements() {
		if slices.Contains(p.AgreementIDs, a.GetAgreementId()) && len(found) < mostListed {
			found = append(found, a)
		}
	}
	return found, nil
}
