package store

import (
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

// AssessmentRecord is a work-ability assessment as it is stored.
type AssessmentRecord struct {
	sickleave.WorkAbilityAssessment
	CareProviderID string
	UpdateTime     time.Time
}

// sealedAssessment is what stands encrypted in a row. Keys are never renamed.
type sealedAssessment struct {
	FunctionLimitation string `json:"function_limitation,omitempty"`
	ActivityLimitation string `json:"activity_limitation,omitempty"`
	WorkDemands        string `json:"work_demands,omitempty"`
	Resources          string `json:"resources,omitempty"`
	ErrorReason        string `json:"error_reason,omitempty"`
}

func assessmentBound(id string) []byte { return []byte("work_ability_assessment.sealed:" + id) }

func (s *Store) sealAssessment(r AssessmentRecord) ([]byte, error) {
	return s.sealJSON(sealedAssessment{
		FunctionLimitation: r.FunctionLimitation, ActivityLimitation: r.ActivityLimitation, WorkDemands: r.WorkDemands,
		Resources: r.Resources, ErrorReason: r.InError.Reason,
	}, assessmentBound(r.ID))
}

const insertAssessment = `
INSERT INTO work_ability_assessment (work_ability_assessment_id, revision, patient_id, care_provider_id, care_unit_id,
  care_episode_id, assess_day, practitioner_id, create_time, update_time, error_by, error_time, sealed)
VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

// InsertAssessment stores a new assessment as revision 1 and returns it so.
func (s *Store) InsertAssessment(tx *sqldb.Tx, r AssessmentRecord) (AssessmentRecord, error) {
	sealed, err := s.sealAssessment(r)
	if err != nil {
		return AssessmentRecord{}, err
	}
	_, err = tx.Exec(insertAssessment, r.ID, r.PatientID, r.CareProviderID, r.CareUnitID, r.EpisodeID, r.Day, r.By,
		sqldb.Micros(r.CreateTime), sqldb.Micros(r.UpdateTime), r.InError.By, sqldb.Micros(r.InError.Time), sealed)
	if err != nil {
		return AssessmentRecord{}, fmt.Errorf("insert work-ability assessment: %w", err)
	}
	r.Revision = 1
	return r, nil
}

const updateAssessment = `
UPDATE work_ability_assessment SET revision = revision + 1, update_time = $3, error_by = $4, error_time = $5, sealed = $6
WHERE work_ability_assessment_id = $1 AND revision = $2`

// UpdateAssessment stores what became of an assessment. Errors: ErrStale.
func (s *Store) UpdateAssessment(tx *sqldb.Tx, r AssessmentRecord) (AssessmentRecord, error) {
	sealed, err := s.sealAssessment(r)
	if err != nil {
		return AssessmentRecord{}, err
	}
	result, err := tx.Exec(updateAssessment, r.ID, r.Revision, sqldb.Micros(r.UpdateTime), r.InError.By, sqldb.Micros(r.InError.Time), sealed)
	if err != nil {
		return AssessmentRecord{}, fmt.Errorf("update work-ability assessment: %w", err)
	}
	r.Revision++
	return r, mustChange(result)
}

const assessmentColumns = `work_ability_assessment_id, revision, patient_id, care_provider_id, care_unit_id, care_episode_id,
  assess_day, practitioner_id, create_time, update_time, error_by, error_time, sealed`

const selectAssessment = `SELECT ` + assessmentColumns + `
FROM work_ability_assessment WHERE work_ability_assessment_id = $1 AND patient_id = $2 AND care_provider_id = $3`

// Assessment reads one assessment of a patient of the care provider. Errors: ErrNotFound.
func (s *Store) Assessment(q sqldb.Querier, careProviderID, patientID, id string) (AssessmentRecord, error) {
	return s.oneAssessment(q, selectAssessment, id, patientID, careProviderID)
}

// ClaimAssessment is Assessment for a write.
func (s *Store) ClaimAssessment(tx *sqldb.Tx, careProviderID, patientID, id string) (AssessmentRecord, error) {
	return s.oneAssessment(tx, selectAssessment+tx.Dialect().ForUpdate(), id, patientID, careProviderID)
}

const latestAssessment = `SELECT ` + assessmentColumns + `
FROM work_ability_assessment WHERE patient_id = $1 AND care_provider_id = $2 AND error_time = 0
ORDER BY assess_day DESC, create_time DESC, work_ability_assessment_id DESC LIMIT 1`

// LatestAssessment reads the assessment of a patient made last, without what is registered in error. Errors: ErrNotFound.
func (s *Store) LatestAssessment(q sqldb.Querier, careProviderID, patientID string) (AssessmentRecord, error) {
	return s.oneAssessment(q, latestAssessment, patientID, careProviderID)
}

func (s *Store) oneAssessment(q sqldb.Querier, query string, args ...any) (AssessmentRecord, error) {
	rows, err := q.Query(query, args...)
	if err != nil {
		return AssessmentRecord{}, fmt.Errorf("read work-ability assessment: %w", err)
	}
	return first(collect(rows, s.scanAssessment))
}

const listAssessments = `SELECT ` + assessmentColumns + `
FROM work_ability_assessment WHERE patient_id = $1 AND care_provider_id = $2 AND (error_time = 0 OR $3)
  AND (create_time, work_ability_assessment_id) < ($4, $5)
ORDER BY create_time DESC, work_ability_assessment_id DESC LIMIT $6`

// Assessments reads a patient's assessments, newest first, at most limit, those after the place when one is given.
func (s *Store) Assessments(q sqldb.Querier, careProviderID, patientID string, inError bool, after Place, limit int) ([]AssessmentRecord, error) {
	time, id := after.bound()
	rows, err := q.Query(listAssessments, patientID, careProviderID, inError, time, id, limit)
	if err != nil {
		return nil, fmt.Errorf("list work-ability assessments: %w", err)
	}
	return collect(rows, s.scanAssessment)
}

func (s *Store) scanAssessment(row scanner) (AssessmentRecord, error) {
	var r AssessmentRecord
	var sealed []byte
	var created, updated, failed int64
	err := row.Scan(&r.ID, &r.Revision, &r.PatientID, &r.CareProviderID, &r.CareUnitID, &r.EpisodeID, &r.Day, &r.By, &created,
		&updated, &r.InError.By, &failed, &sealed)
	if err != nil {
		return r, err
	}
	r.CreateTime, r.UpdateTime, r.InError.Time = sqldb.FromMicros(created), sqldb.FromMicros(updated), sqldb.FromMicros(failed)
	var part sealedAssessment
	err = s.unsealJSON(sealed, assessmentBound(r.ID), &part)
	r.FunctionLimitation, r.ActivityLimitation = part.FunctionLimitation, part.ActivityLimitation
	r.WorkDemands, r.Resources, r.InError.Reason = part.WorkDemands, part.Resources, part.ErrorReason
	return r, err
}
