package careplan

import "strings"

// Violation is one field that breaks a rule. The message never repeats what was sent.
type Violation struct {
	Field   string // path in the resource, for example answers[8]
	Reason  Reason
	Message string
}

// InvalidError refuses input for its fields, all at once.
type InvalidError struct {
	Violations []Violation
}

// Error lists the violations.
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		parts[i] = v.Field + " " + v.Message
	}
	return strings.Join(parts, "; ")
}

// invalid is nil when nothing is wrong.
func invalid(violations []Violation) error {
	if len(violations) == 0 {
		return nil
	}
	return &InvalidError{Violations: violations}
}

// StateError refuses a transition from where the resource stands.
type StateError struct {
	Reason  Reason
	Text    string
	State   string
	Allowed []string // the verbs that the resource bears now
}

// Error says what is refused and what to do.
func (e *StateError) Error() string { return e.Text }

// ExistsError refuses a second one of what may be there once.
type ExistsError struct {
	Reason Reason
	Text   string
}

// Error says what is there already.
func (e *ExistsError) Error() string { return e.Text }

// NotFoundError says that something named in the input is not there.
type NotFoundError struct {
	Reason Reason
	Text   string
}

// Error says what is not there.
func (e *NotFoundError) Error() string { return e.Text }

// DeniedError refuses somebody for who it is.
type DeniedError struct {
	Reason Reason
	Text   string
}

// Error says who may.
func (e *DeniedError) Error() string { return e.Text }
