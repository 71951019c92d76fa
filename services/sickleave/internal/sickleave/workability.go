package sickleave

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// WorkAbilityAssessment is a coordinator's view along the chain from function to activity: what is impaired, what the patient
// cannot do because of it, what the work demands and what helps. It diagnoses nothing and certifies nothing.
type WorkAbilityAssessment struct {
	ID                 string
	PatientID          string
	CareUnitID         string
	EpisodeID          string // may be ""
	Day                date.Day
	FunctionLimitation string // required, at most MaxText characters like the others
	ActivityLimitation string // required
	WorkDemands        string
	Resources          string
	By                 string // the coordinator
	CreateTime         time.Time
	InError            Withdrawal
	Revision           int64
}

// NewWorkAbilityAssessment records an assessment made on the day given, today when there is none. Errors: Violations.
func NewWorkAbilityAssessment(now time.Time, a WorkAbilityAssessment) (WorkAbilityAssessment, error) {
	var v Violations
	a.Day = v.past("assess_date", a.Day, date.Of(now))
	v.required("function_limitation", a.FunctionLimitation, MaxText)
	v.required("activity_limitation", a.ActivityLimitation, MaxText)
	v.text("work_demands", a.WorkDemands, MaxText)
	v.text("resources", a.Resources, MaxText)
	v.required("practitioner_id", a.By, MaxNote)
	if err := v.err(); err != nil {
		return WorkAbilityAssessment{}, err
	}
	a.CreateTime = stored(now)
	return a, nil
}

// ReasonAssessmentInError says that an assessment registered in error stays as it is.
const ReasonAssessmentInError = "WORK_ABILITY_ASSESSMENT_REGISTERED_IN_ERROR"

// RegisterInError marks an assessment as one that should never have been made. Errors: *RefusedError, Violations.
func (a WorkAbilityAssessment) RegisterInError(now time.Time, by, reason string) (WorkAbilityAssessment, error) {
	if !a.InError.IsZero() {
		return WorkAbilityAssessment{}, &RefusedError{
			Reason: ReasonAssessmentInError, Text: "the assessment is registered in error", State: string(RegisteredInError),
		}
	}
	w, err := withdraw(now, by, reason)
	a.InError = w
	return a, err
}
