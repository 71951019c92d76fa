package api

import (
	"context"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// standing are the states of plans that are or were a time plan.
var standing = []sickleave.PlanState{sickleave.PlanProposed, sickleave.PlanAccepted, sickleave.PlanHeld, sickleave.PlanCompleted}

// ListDeadlines lists the deadlines of a patient's ongoing case.
func (s *Server) ListDeadlines(ctx context.Context, request *sickleavev1.ListDeadlinesRequest) (*sickleavev1.ListDeadlinesResponse, error) {
	rules := s.orToday(rulesOf(request.GetAsOfDate(), request.MaxGapDays, nil, nil))
	place := access.PlaceFrom(ctx)
	q := s.read(ctx)
	certificates, err := s.store.SignedOf(q, place.ProviderID, request.GetPatientId())
	if err != nil {
		return nil, err
	}
	plans, err := s.store.Plans(q, place.ProviderID, request.GetPatientId(), standing, store.Place{}, pageLimit)
	if err != nil {
		return nil, err
	}
	active, deadlines, err := sickleave.Deadlines(newest(certificates), rules, func(c sickleave.Case) bool {
		for _, plan := range plans {
			if plan.IsTimePlanOf(c) {
				return true
			}
		}
		return false
	})
	if err != nil {
		return nil, refusal(err, "")
	}
	response := &sickleavev1.ListDeadlinesResponse{
		PatientId: request.GetPatientId(), AsOfDate: rules.AsOf.String(), SickLeaveCase: activeCaseTo(active),
	}
	for _, d := range deadlines {
		response.Deadlines = append(response.Deadlines, &sickleavev1.Deadline{
			Code:    sickleavev1.Deadline_Code(sickleavev1.Deadline_Code_value[string(d.Code)]),
			DueDate: d.Day.String(), DayNumber: int32(d.Number), Passed: d.Passed, Source: d.Source, Certified: d.Certified, Flagged: d.Flagged,
		})
	}
	return response, nil
}
