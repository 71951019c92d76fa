package employerdialogue

import (
	"fmt"
	"strings"
)

// Class says what sort of refusal it is.
type Class int

// The classes.
const (
	Precondition Class = iota // the state of things does not allow it
	Invalid                   // the request is wrong
	Denied                    // the caller may not
	Exists                    // there is one already
	Absent                    // there is none
)

// Refusal is why the domain refuses.
type Refusal struct {
	Class      Class
	Reason     string // as declared in the contract
	Text       string
	State      State  // where the meeting stands, for a verb that its state does not allow
	Allowed    []Verb // what it allows now
	Violations []Violation
}

func (r *Refusal) Error() string {
	if len(r.Violations) == 0 {
		return r.Text
	}
	parts := make([]string, len(r.Violations))
	for i, v := range r.Violations {
		parts[i] = v.Field + ": " + v.Message
	}
	return r.Text + ": " + strings.Join(parts, "; ")
}

// Violation is one thing that is wrong with a request: Field is spelled as in the contract.
type Violation struct{ Field, Reason, Message string }

// The reasons of the domain, as declared in the contract.
const (
	ReasonMeetingState        = "DIALOGUE_MEETING_STATE"
	ReasonMeetingInError      = "DIALOGUE_MEETING_REGISTERED_IN_ERROR"
	ReasonMeetingNotDue       = "DIALOGUE_MEETING_NOT_DUE"
	ReasonCoordinationConsent = "COORDINATION_CONSENT_MISSING"
	ReasonEmployerConsent     = "EMPLOYER_CONSENT_MISSING"
	ReasonPlaceAgreement      = "PLACE_AGREEMENT_MISSING"
	ReasonDeviation           = "DEVIATION_REASON_REQUIRED"
	ReasonConclusion          = "CONCLUSION_REQUIRED"
	ReasonSpeakerNotPresent   = "SPEAKER_NOT_PRESENT"
	ReasonParticipants        = "PARTICIPANTS_MISSING"
	ReasonAgendaTopic         = "AGENDA_TOPIC_REFUSED"
	ReasonMissing             = "MISSING"
	ReasonDateMissing         = "DATE_MISSING"
	ReasonDateInFuture        = "DATE_IN_FUTURE"
	ReasonDateOutOfRange      = "DATE_OUT_OF_RANGE"
	ReasonTimeOutOfRange      = "TIME_OUT_OF_RANGE"
	ReasonLengthOutOfRange    = "LENGTH_OUT_OF_RANGE"
	ReasonReturnStep          = "RETURN_STEP_NOT_FOUND"
	ReasonAttendeeAddress     = "ATTENDEE_ADDRESS_MISSING"
	ReasonAgreementInError    = "AGREEMENT_REGISTERED_IN_ERROR"
	ReasonAcknowledged        = "AGREEMENT_ACKNOWLEDGED"
	ReasonActionNotFound      = "ACTION_NOT_FOUND"
	ReasonActionNotOpen       = "ACTION_NOT_OPEN"
	ReasonOrganisationNumber  = "ORGANISATION_NUMBER_INVALID"
	ReasonWorkplaceNotFound   = "WORKPLACE_NOT_FOUND"
	ReasonNotDutyInformation  = "EMPLOYER_CONTACT_NOT_DUTY_INFORMATION"
	ReasonContactAcknowledged = "EMPLOYER_CONTACT_ACKNOWLEDGED"
	ReasonContactInError      = "EMPLOYER_CONTACT_REGISTERED_IN_ERROR"
	ReasonInvalid             = "INVALID_FIELD" // of any service: several things are wrong
	ReasonRoleRequired        = "ROLE_REQUIRED"
)

func refused(reason, format string, args ...any) error {
	return &Refusal{Reason: reason, Text: fmt.Sprintf(format, args...)}
}

// violations gathers what is wrong with a request.
type violations []Violation

func (v *violations) add(field, reason, message string) {
	*v = append(*v, Violation{Field: field, Reason: reason, Message: message})
}

func (v *violations) required(field, text string) {
	if strings.TrimSpace(text) == "" {
		v.add(field, ReasonMissing, "must be given")
	}
}

func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	reason := v[0].Reason
	for _, other := range v[1:] {
		if other.Reason != reason {
			reason = ReasonInvalid
		}
	}
	return &Refusal{Class: Invalid, Reason: reason, Text: "the request is not valid", Violations: v}
}
