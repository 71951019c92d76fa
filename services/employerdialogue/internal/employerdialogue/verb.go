package employerdialogue

import (
	"fmt"
	"slices"
	"strings"
)

// The verbs of a meeting, as the contract's addresses spell them.
const (
	VerbPrepare     Verb = "prepare"
	VerbDefer       Verb = "defer"
	VerbDecline     Verb = "decline"
	VerbResume      Verb = "resume"
	VerbSchedule    Verb = "schedule"
	VerbReschedule  Verb = "reschedule"
	VerbInform      Verb = "inform"
	VerbBegin       Verb = "begin"
	VerbPerspective Verb = "recordPerspective"
	VerbPause       Verb = "pause"
	VerbEnd         Verb = "end"
	VerbConclude    Verb = "conclude"
	VerbCancel      Verb = "cancel"
	VerbNoShow      Verb = "noShow"

	VerbRegisterInError Verb = "registerInError"
)

// Verbs are what a state allows.
func (s State) Verbs() []Verb {
	switch s {
	case Proposed:
		return []Verb{VerbPrepare, VerbDefer, VerbDecline, VerbSchedule, VerbInform, VerbCancel}
	case Deferred:
		return []Verb{VerbPrepare, VerbDefer, VerbDecline, VerbResume, VerbCancel}
	case Declined:
		return []Verb{VerbResume, VerbCancel}
	case Scheduled:
		return []Verb{VerbPrepare, VerbDefer, VerbDecline, VerbReschedule, VerbInform, VerbBegin, VerbCancel, VerbNoShow}
	case Ongoing:
		return []Verb{VerbPerspective, VerbPause, VerbEnd, VerbConclude, VerbRegisterInError}
	case Paused:
		return []Verb{VerbResume, VerbEnd, VerbConclude, VerbRegisterInError}
	case Ended:
		return []Verb{VerbConclude, VerbRegisterInError}
	case NotHeld:
		return []Verb{VerbDecline, VerbResume, VerbCancel, VerbRegisterInError}
	case Concluded, Cancelled:
		return []Verb{VerbRegisterInError}
	default:
		return nil
	}
}

func (m Meeting) allows(verb Verb) error {
	if m.Error != nil {
		return inErrorMeeting(m.State)
	}
	allowed := m.State.Verbs()
	if slices.Contains(allowed, verb) {
		return nil
	}
	return &Refusal{
		Reason: ReasonMeetingState, State: m.State, Allowed: allowed,
		Text: fmt.Sprintf("the meeting is in state %s, which does not allow %s", m.State, verb),
	}
}

// depart keeps departures from the model with their reason, or refuses them when none is given.
func (m *Meeting) depart(codes []Code, reason string, act Act) error {
	if len(codes) == 0 {
		return nil
	}
	if strings.TrimSpace(reason) == "" {
		r := &Refusal{Reason: ReasonDeviation, Text: "this departs from the model; give a deviation_reason to go on, or do what is missing"}
		for _, code := range codes {
			r.Violations = append(r.Violations, Violation{Field: "deviation_reason", Reason: string(code), Message: "must be given for " + string(code)})
		}
		return r
	}
	for _, code := range codes {
		m.Deviations = append(m.Deviations, Deviation{Code: code, Reason: reason, PractitionerID: act.PractitionerID, Time: act.Now})
	}
	return nil
}
