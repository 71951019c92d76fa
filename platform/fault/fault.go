// Package fault holds the errors that leave the product. A fault carries a gRPC code, a reason that programs can rely on,
// and a sentence for people that names what is wrong, where, and what to do. It never holds a name, a number of identity,
// a diagnosis, free text, or anything of the inside.
package fault

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Domain is the ErrorInfo domain of every fault.
const Domain = "coworkcare"

// Fault is an error that may be shown to the caller.
type Fault struct {
	Code       codes.Code
	Reason     string // UPPER_SNAKE, declared in a reason.proto
	Text       string
	Violations []Violation
	// State and Allowed say, for a refused transition, where the resource stands and which verbs it bears now.
	State   string
	Allowed []string
}

// Violation is one field that breaks a rule.
type Violation struct {
	Field   string // proto path, for example certificate.periods[0].end_date
	Reason  string // UPPER_SNAKE or a rule id such as string.max_len
	Message string
}

// Error is the sentence for people, with each violation.
func (f *Fault) Error() string {
	if len(f.Violations) == 0 {
		return f.Text
	}
	parts := make([]string, len(f.Violations))
	for i, v := range f.Violations {
		parts[i] = v.Field + ": " + v.Message
	}
	return f.Text + ": " + strings.Join(parts, "; ")
}

// GRPCStatus renders the fault with ErrorInfo, BadRequest and PreconditionFailure details.
func (f *Fault) GRPCStatus() *status.Status {
	st := status.New(f.Code, f.Text)
	info := &errdetails.ErrorInfo{Reason: f.Reason, Domain: Domain}
	if f.State != "" {
		info.Metadata = map[string]string{"state": f.State, "allowed": strings.Join(f.Allowed, ",")}
	}
	if withInfo, err := st.WithDetails(info); err == nil {
		st = withInfo
	}
	if len(f.Violations) > 0 {
		bad := &errdetails.BadRequest{}
		for _, v := range f.Violations {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field: v.Field, Description: v.Message, Reason: v.Reason})
		}
		if withBad, err := st.WithDetails(bad); err == nil {
			st = withBad
		}
	}
	if f.Code == codes.FailedPrecondition {
		failure := &errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{
			{Type: f.Reason, Subject: f.State, Description: f.Text}}}
		if withFailure, err := st.WithDetails(failure); err == nil {
			st = withFailure
		}
	}
	return st
}

// As finds the fault in an error.
func As(err error) (*Fault, bool) {
	var f *Fault
	ok := errors.As(err, &f)
	return f, ok
}

// Invalid refuses a request for its fields. One reason shared by all violations becomes the fault's own.
func Invalid(violations ...Violation) error {
	reason := "INVALID_FIELD"
	if len(violations) > 0 && isReason(violations[0].Reason) {
		reason = violations[0].Reason
		for _, v := range violations[1:] {
			if v.Reason != reason {
				reason = "INVALID_FIELD"
				break
			}
		}
	}
	return &Fault{Code: codes.InvalidArgument, Reason: reason, Text: "the request is not valid", Violations: violations}
}

func isReason(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r != '_' && (r < 'A' || r > 'Z') && (r < '0' || r > '9') }) < 0
}

// NotFound says that nothing is there, or nothing that the caller may know of.
func NotFound(reason, text string) error {
	return &Fault{Code: codes.NotFound, Reason: reason, Text: text}
}

// Exists refuses a second one of what may be there once.
func Exists(reason, text string) error {
	return &Fault{Code: codes.AlreadyExists, Reason: reason, Text: text}
}

// State refuses a transition from where the resource stands; allowed are the verbs that it bears now.
func State(reason, text, state string, allowed ...string) error {
	return &Fault{Code: codes.FailedPrecondition, Reason: reason, Text: text, State: state, Allowed: allowed}
}

// Denied refuses a caller for who they are.
func Denied(reason, text string) error {
	return &Fault{Code: codes.PermissionDenied, Reason: reason, Text: text}
}

// Unauthenticated refuses a call without an accepted token.
func Unauthenticated(reason, text string) error {
	return &Fault{Code: codes.Unauthenticated, Reason: reason, Text: text}
}

// Stale refuses a write on an etag that is no longer current.
func Stale(text string) error {
	return &Fault{Code: codes.Aborted, Reason: "ETAG_MISMATCH", Text: text}
}

// Unavailable says that a needed part cannot be reached.
func Unavailable(reason, text string) error {
	return &Fault{Code: codes.Unavailable, Reason: reason, Text: text}
}

// Newf makes a fault of any code.
func Newf(code codes.Code, reason, format string, args ...any) error {
	return &Fault{Code: code, Reason: reason, Text: fmt.Sprintf(format, args...)}
}

// FromStatus makes a fault again of one that was kept or sent as a status; false for a status that was none.
func FromStatus(st *status.Status) (*Fault, bool) {
	f := &Fault{Code: st.Code(), Text: st.Message()}
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() != Domain {
				return nil, false
			}
			f.Reason, f.State = d.GetReason(), d.GetMetadata()["state"]
			if allowed := d.GetMetadata()["allowed"]; allowed != "" {
				f.Allowed = strings.Split(allowed, ",")
			}
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				f.Violations = append(f.Violations, Violation{Field: v.GetField(), Reason: v.GetReason(), Message: v.GetDescription()})
			}
		}
	}
	return f, f.Reason != ""
}
