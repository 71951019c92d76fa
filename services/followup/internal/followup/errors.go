package followup

import "fmt"

// Refusal says that an act on a follow-up is not possible as things stand. Reason is a value of the contract's Reason.
type Refusal struct {
	Reason  string
	State   State
	Allowed []string // the verbs that are possible
	Text    string
}

func (r *Refusal) Error() string { return r.Text }

// Forbidden says that the caller may not do this with this follow-up.
type Forbidden struct {
	Roles []Role // any of these could
}

func (f *Forbidden) Error() string {
	return fmt.Sprintf("this takes one of the roles %v at the follow-up's unit", f.Roles)
}

// Violation says that a value is not possible. Reason is a value of the contract's Reason.
type Violation struct {
	Field  string // as in the contract, for example until_date
	Reason string
	Text   string
}

func (v *Violation) Error() string { return v.Field + " " + v.Text }

func notOpen(f *FollowUp) error {
	return &Refusal{Reason: "FOLLOW_UP_NOT_OPEN", State: f.State, Text: "the follow-up has ended; it can only be read"}
}

func riskRequired(f *FollowUp) error {
	return &Refusal{Reason: "RISK_ASSESSMENT_REQUIRED", State: f.State, Allowed: []string{"claim", "reassign"},
		Text: "a risk assessment ends when it is documented with the safety flag, and cannot be ended or put off by hand"}
}
