package patient

import "strings"

// Violation is one field that breaks a rule. Text never repeats the value.
type Violation struct {
	Field  string // path in the request, for example patient.employments[0].end_date
	Reason string // a value of patient.v1.Reason
	Text   string
}

// InvalidError refuses an order for its fields, all of them at once.
type InvalidError struct{ Violations []Violation }

// Error lists the fields and what is wrong with each.
func (e *InvalidError) Error() string {
	parts := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		parts[i] = v.Field + ": " + v.Text
	}
	return strings.Join(parts, "; ")
}

// StateError refuses a transition from where something stands.
type StateError struct {
	Reason, Text string
	State        string
	Allowed      []string // the verbs that it bears now
}

// Error says what stands in the way.
func (e *StateError) Error() string { return e.Text }

// NotFoundError says that something named in an order is not there.
type NotFoundError struct{ Reason, Text string }

// Error says what is not there.
func (e *NotFoundError) Error() string { return e.Text }

// RoleError says that the one who acts lacks a role.
type RoleError struct{ Role Role }

// Error names the role.
func (e *RoleError) Error() string {
	return "this needs the role " + string(e.Role) + " at the patient's care unit"
}

// Problem is what is wrong with one value, before it is known which field it came in.
type Problem struct{ Reason, Text string }

// Error says what is wrong, without the value.
func (p *Problem) Error() string { return p.Text }

// violations gathers what is wrong with an order.
type violations []Violation

func (v *violations) add(field, reason, text string) {
	*v = append(*v, Violation{Field: field, Reason: reason, Text: text})
}

func (v *violations) problem(field string, problem *Problem) {
	if problem != nil {
		v.add(field, problem.Reason, problem.Text)
	}
}

func (v *violations) required(field, value string) {
	if strings.TrimSpace(value) == "" {
		v.add(field, "FIELD_REQUIRED", "must be set")
	}
}

func (v violations) err() error {
	if len(v) == 0 {
		return nil
	}
	return &InvalidError{Violations: v}
}
