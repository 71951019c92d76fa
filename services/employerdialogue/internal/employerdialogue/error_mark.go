package employerdialogue

import "time"

// ErrorMark says that something should never have been there.
type ErrorMark struct {
	Reason, PractitionerID string
	Time                   time.Time
}

// mark makes the mark of what is registered in error now; it takes a reason.
func mark(act Act, reason string) (*ErrorMark, error) {
	if blank(reason) {
		var wrong violations
		wrong.required("reason", "")
		return nil, wrong.err()
	}
	return &ErrorMark{Reason: reason, PractitionerID: act.PractitionerID, Time: act.Now}, nil
}

// RegisterInError marks a meeting that should never have been there. It stays in the state it was in; it counts for nothing, and
// nothing more is done to it. One still to come is cancelled first, so that those invited hear of it. It takes no consent.
func (m Meeting) RegisterInError(act Act, reason string) (Meeting, error) {
	if err := m.allows(VerbRegisterInError); err != nil {
		return m, err
	}
	wrong, err := mark(act, reason)
	if err != nil {
		return m, err
	}
	m = m.clone()
	m.Error = wrong
	return m, nil
}

func inErrorMeeting(state State) error {
	return &Refusal{Reason: ReasonMeetingInError, State: state, Text: "the meeting is registered in error; nothing more is done to it"}
}

// RegisterInError marks an agreement that should never have been there: it counts for nothing, and nothing more is done to it. It
// takes no consent.
func (a Agreement) RegisterInError(act Act, reason string) (Agreement, error) {
	if err := a.Sound(); err != nil {
		return a, err
	}
	wrong, err := mark(act, reason)
	if err != nil {
		return a, err
	}
	a.Error = wrong
	return a, nil
}

// Sound refuses to go on with an agreement that is registered in error.
func (a Agreement) Sound() error {
	if a.Error != nil {
		return refused(ReasonAgreementInError, "the agreement is registered in error; nothing more is done to it")
	}
	return nil
}
