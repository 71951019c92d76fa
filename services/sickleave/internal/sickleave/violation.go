package sickleave

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Reasons why input is refused, as they reach the caller.
const (
	ReasonMissing             = "MISSING"
	ReasonOutOfRange          = "OUT_OF_RANGE"
	ReasonDateMissing         = "DATE_MISSING"
	ReasonDateOutOfRange      = "DATE_OUT_OF_RANGE"
	ReasonDateInFuture        = "DATE_IN_FUTURE"
	ReasonWindowEmpty         = "WINDOW_EMPTY"
	ReasonEndBeforeStart      = "PERIOD_END_BEFORE_START"
	ReasonPeriodTooLong       = "PERIOD_TOO_LONG"
	ReasonPeriodsOverlap      = "PERIODS_OVERLAP"
	ReasonNoPeriod            = "PERIOD_MISSING"
	ReasonTooManyPeriods      = "TOO_MANY_PERIODS"
	ReasonDegreeNotAllowed    = "DEGREE_NOT_ALLOWED"
	ReasonTooManyCertificates = "TOO_MANY_CERTIFICATES"
	ReasonIDMissing           = "CERTIFICATE_ID_MISSING"
	ReasonIDDuplicate         = "CERTIFICATE_ID_DUPLICATE"
	ReasonStateUnknown        = "CERTIFICATE_STATUS_UNKNOWN"
	ReasonRelationToItself    = "RELATION_TO_ITSELF"
	ReasonSeveralRelations    = "SEVERAL_RELATIONS"
	ReasonNoDiagnosis         = "DIAGNOSIS_MISSING"
	ReasonTooManyDiagnoses    = "TOO_MANY_DIAGNOSES"
	ReasonDiagnosisTooCoarse  = "DIAGNOSIS_TOO_COARSE"
	ReasonDiagnosisFormat     = "DIAGNOSIS_NOT_ICD10SE"
	ReasonDiagnosisDuplicate  = "DIAGNOSIS_DUPLICATE"
	ReasonNoBasis             = "BASIS_MISSING"
	ReasonTooManyBases        = "TOO_MANY_BASES"
	ReasonBasisUnknown        = "BASIS_UNKNOWN"
	ReasonPrognosisUnknown    = "PROGNOSIS_UNKNOWN"
	ReasonTextTooLong         = "TEXT_TOO_LONG"
	ReasonTextInvalid         = "TEXT_INVALID"
	ReasonValueUnknown        = "VALUE_UNKNOWN"
	ReasonStepMissing         = "STEP_MISSING"
	ReasonTooManySteps        = "TOO_MANY_STEPS"
	ReasonStepNotAdjacent     = "STEP_NOT_ADJACENT"
	ReasonPlanTooLong         = "PLAN_TOO_LONG"
	ReasonStepNotFound        = "STEP_NOT_FOUND"
	ReasonStepNotBegun        = "STEP_NOT_BEGUN"
	ReasonDegreeUnchanged     = "DEGREE_UNCHANGED"
	ReasonDegreeNotHigher     = "DEGREE_NOT_HIGHER"
	ReasonDegreesNotAllowed   = "DEGREES_NOT_ALLOWED"
	ReasonDateOutsidePlan     = "DATE_OUTSIDE_PLAN"
)

// Violation is one rule that the input breaks.
type Violation struct {
	Field   string // path in the request, as certificates[2].periods[0].end_date
	Reason  string // one of the Reason constants
	Message string // what the rule is; never repeats the input
}

// Violations is every rule that the input breaks, in the order of the input.
// As an error it is never empty.
type Violations []Violation

// Error names each field with its rule.
func (v Violations) Error() string {
	texts := make([]string, len(v))
	for i, violation := range v {
		texts[i] = violation.Field + ": " + violation.Message
	}
	return strings.Join(texts, "; ")
}

// maxViolations bounds the answer to absurd input: nobody reads more, and errors
// travel in headers, which proxies limit to some tens of kilobytes.
const maxViolations = 100

func (v *Violations) add(field, reason, message string) {
	if len(*v) < maxViolations {
		*v = append(*v, Violation{Field: field, Reason: reason, Message: message})
	}
}

func (v Violations) err() error {
	if len(v) == 0 {
		return nil
	}
	return v
}

// day checks a day that must be given; it tells whether it is sound.
func (v *Violations) day(field string, d date.Day) bool {
	switch {
	case d.IsZero():
		v.add(field, ReasonDateMissing, "a date is needed")
		return false
	case !d.InRange():
		v.add(field, ReasonDateOutOfRange, "the year must be between 1900 and 2200")
		return false
	default:
		return true
	}
}

func (v *Violations) between(field string, value, low, high int) {
	if value < low || value > high {
		v.add(field, ReasonOutOfRange, fmt.Sprintf("must be between %d and %d", low, high))
	}
}

// text checks a text that the user wrote: at most limit characters, storable
// on every database engine.
func (v *Violations) text(field, text string, limit int) {
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		v.add(field, ReasonTextInvalid, "must be valid UTF-8 without NUL characters")
		return
	}
	if utf8.RuneCountInString(text) > limit {
		v.add(field, ReasonTextTooLong, fmt.Sprintf("must be at most %d characters", limit))
	}
}

// required is text that must not be blank.
func (v *Violations) required(field, text string, limit int) {
	if strings.TrimSpace(text) == "" {
		v.add(field, ReasonMissing, "must be given")
		return
	}
	v.text(field, text, limit)
}
