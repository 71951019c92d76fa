package api

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// resource is what a call is about, other than a certificate.
type resource struct {
	name    string
	missing sickleavev1.Reason
}

// refusalOf turns an error of the domain or the store about a resource into the fault that the caller sees.
func refusalOf(err error, prefix string, about resource) error {
	var refused *sickleave.RefusedError
	var deviation *sickleave.DeviationError
	var violations sickleave.Violations
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fault.NotFound(reason(about.missing), fmt.Sprintf("the patient has no such %s", about.name))
	case errors.Is(err, store.ErrStale):
		return fault.Stale(fmt.Sprintf("the %s has changed since it was read; read it again and retry", about.name))
	case errors.As(err, &refused):
		return fault.State(refused.Reason, refused.Text, refused.State, refused.Allowed...)
	case errors.As(err, &deviation):
		told := make([]fault.Violation, len(deviation.Codes))
		for i, code := range deviation.Codes {
			told[i] = fault.Violation{Field: "deviation_reason", Reason: string(code), Message: code.Message()}
		}
		return &fault.Fault{
			Code: codes.FailedPrecondition, Reason: sickleave.ReasonDeviationNeedsCause,
			Text: "the model is not followed; give a reason to go on", Violations: told,
		}
	case errors.As(err, &violations):
		return fault.Invalid(violationsOf(violations, prefix)...)
	default:
		return err
	}
}
