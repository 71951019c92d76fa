package sickleave

import (
	"fmt"
	"strings"
	"time"
)

// RefusedError says that a resource other than a certificate is not in a state that allows what was asked.
type RefusedError struct {
	Reason  string
	Text    string   // what is wrong and what to do
	State   string   // the state it is in
	Allowed []string // verbs of the contract that the state allows
}

// Error says what is wrong and what may be done instead.
func (e *RefusedError) Error() string {
	if len(e.Allowed) == 0 {
		return fmt.Sprintf("%s (state %s; nothing more can be done)", e.Text, e.State)
	}
	return fmt.Sprintf("%s (state %s; what can be done: %s)", e.Text, e.State, strings.Join(e.Allowed, ", "))
}

// Withdrawal says who took something out of use, or closed it, when and why.
type Withdrawal struct {
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by,omitempty"` // practitioner
	Time   time.Time `json:"time,omitzero"`
}

// IsZero tells whether nobody has.
func (w Withdrawal) IsZero() bool { return w.Time.IsZero() }

// withdraw checks and makes a withdrawal.
func withdraw(now time.Time, by, reason string) (Withdrawal, error) {
	if err := checkWithdrawal("practitioner_id", by, reason); err != nil {
		return Withdrawal{}, err
	}
	return Withdrawal{Reason: reason, By: by, Time: stored(now)}, nil
}
