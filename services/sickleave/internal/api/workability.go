package api

import (
	"context"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// What happens to a work-ability assessment, as the event log tells it.
const (
	assessmentRecorded = "work_ability_assessment.recorded"
	assessmentInError  = "work_ability_assessment.registered_in_error"
)

// CreateWorkAbilityAssessment records a coordinator's assessment.
func (s *Server) CreateWorkAbilityAssessment(ctx context.Context, request *sickleavev1.CreateWorkAbilityAssessmentRequest) (*sickleavev1.WorkAbilityAssessment, error) {
	r := request.GetWorkAbilityAssessment()
	asked := s.askCoordination(ctx, r.GetPatientId())
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*sickleavev1.WorkAbilityAssessment, error) {
		if err := s.mustBeCoordinated(tx, asked); err != nil {
			return nil, err
		}
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		assessment, err := sickleave.NewWorkAbilityAssessment(tx.Now, sickleave.WorkAbilityAssessment{
			ID: tx.NewID(), PatientID: r.GetPatientId(), CareUnitID: tx.Place.UnitID, EpisodeID: r.GetCareEpisodeId(),
			Day: dayOf(r.GetAssessDate()), FunctionLimitation: r.GetFunctionLimitation(), ActivityLimitation: r.GetActivityLimitation(),
			WorkDemands: r.GetWorkDemands(), Resources: r.GetResources(), By: tx.Caller.PractitionerID,
		})
		if err != nil {
			return nil, assessmentRefusal(err, "work_ability_assessment.")
		}
		record, err := s.store.InsertAssessment(tx.Tx, store.AssessmentRecord{
			WorkAbilityAssessment: assessment, CareProviderID: tx.Place.ProviderID, UpdateTime: tx.Now,
		})
		if err != nil {
			return nil, err
		}
		return toldAssessment(tx, assessmentRecorded, record)
	})
}

// GetWorkAbilityAssessment reads an assessment.
func (s *Server) GetWorkAbilityAssessment(ctx context.Context, request *sickleavev1.GetWorkAbilityAssessmentRequest) (*sickleavev1.WorkAbilityAssessment, error) {
	record, err := s.store.Assessment(s.read(ctx), access.PlaceFrom(ctx).ProviderID, request.GetPatientId(), request.GetWorkAbilityAssessmentId())
	if err != nil {
		return nil, assessmentRefusal(err, "")
	}
	return assessmentTo(record), nil
}

// ListWorkAbilityAssessments lists a patient's assessments.
func (s *Server) ListWorkAbilityAssessments(ctx context.Context, request *sickleavev1.ListWorkAbilityAssessmentsRequest) (*sickleavev1.ListWorkAbilityAssessmentsResponse, error) {
	query := "ListWorkAbilityAssessments " + request.GetPatientId()
	if request.GetIncludeRegisteredInError() {
		query += " all"
	}
	at, err := s.pageAt(query, request.GetPageSize(), request.GetPageToken())
	if err != nil {
		return nil, err
	}
	records, err := s.store.Assessments(s.read(ctx), access.PlaceFrom(ctx).ProviderID, request.GetPatientId(),
		request.GetIncludeRegisteredInError(), at.after, at.size+1)
	if err != nil {
		return nil, err
	}
	records, next := cut(at, records, func(r store.AssessmentRecord) store.Place { return store.Place{CreateTime: r.CreateTime, ID: r.ID} })
	response := &sickleavev1.ListWorkAbilityAssessmentsResponse{NextPageToken: next}
	for _, record := range records {
		response.WorkAbilityAssessments = append(response.WorkAbilityAssessments, assessmentTo(record))
	}
	return response, nil
}

// RegisterWorkAbilityAssessmentInError marks an assessment as registered in error. It takes no consent: a mistake is put right
// whatever the patient consents to.
func (s *Server) RegisterWorkAbilityAssessmentInError(ctx context.Context, request *sickleavev1.RegisterWorkAbilityAssessmentInErrorRequest) (*sickleavev1.WorkAbilityAssessment, error) {
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*sickleavev1.WorkAbilityAssessment, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		record, err := s.store.ClaimAssessment(tx.Tx, tx.Place.ProviderID, request.GetPatientId(), request.GetWorkAbilityAssessmentId())
		if err != nil {
			return nil, assessmentRefusal(err, "")
		}
		if err := tx.CheckEtag(request.GetEtag(), record.Revision); err != nil {
			return nil, err
		}
		record.WorkAbilityAssessment, err = record.RegisterInError(tx.Now, tx.Caller.PractitionerID, request.GetReason())
		if err != nil {
			return nil, assessmentRefusal(err, "")
		}
		record.UpdateTime = tx.Now
		if record, err = s.store.UpdateAssessment(tx.Tx, record); err != nil {
			return nil, assessmentRefusal(err, "")
		}
		return toldAssessment(tx, assessmentInError, record)
	})
}

func toldAssessment(tx *act.Tx, event string, r store.AssessmentRecord) (*sickleavev1.WorkAbilityAssessment, error) {
	err := tx.Emit(act.Event{
		Type: event, ResourceID: r.ID, Revision: r.Revision, PatientID: r.PatientID,
		Snapshot: &sickleavev1.WorkAbilityAssessmentSnapshot{
			WorkAbilityAssessmentId: r.ID, CareEpisodeId: r.EpisodeID, AssessDate: r.Day.String(), RegisteredInError: !r.InError.IsZero(),
		},
	})
	return assessmentTo(r), err
}

func assessmentTo(r store.AssessmentRecord) *sickleavev1.WorkAbilityAssessment {
	return &sickleavev1.WorkAbilityAssessment{
		WorkAbilityAssessmentId: r.ID, PatientId: r.PatientID, CareEpisodeId: r.EpisodeID, AssessDate: r.Day.String(),
		FunctionLimitation: r.FunctionLimitation, ActivityLimitation: r.ActivityLimitation, WorkDemands: r.WorkDemands, Resources: r.Resources,
		CareUnitId: r.CareUnitID, PractitionerId: r.By, ErrorRegistration: withdrawalTo(r.InError.Time, r.InError.By, r.InError.Reason),
		Etag: page.Etag(r.Revision), CreateTime: instant(r.CreateTime), UpdateTime: instant(r.UpdateTime),
	}
}

func assessmentRefusal(err error, prefix string) error {
	return refusalOf(err, prefix, resource{name: "work-ability assessment", missing: sickleavev1.Reason_WORK_ABILITY_ASSESSMENT_NOT_FOUND})
}
