package api

import (
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

// violationsOf gives the domain's violations the field paths of the contract.
func violationsOf(violations sickleave.Violations, prefix string) []fault.Violation {
	told := make([]fault.Violation, len(violations))
	for i, v := range violations {
		told[i] = fault.Violation{Field: prefix + protoPath(v.Field), Reason: v.Reason, Message: v.Message}
	}
	return told
}

// protoPath writes the path of a domain field as the contract spells it.
func protoPath(field string) string {
	switch {
	case strings.HasPrefix(field, "diagnoses"):
		return "diagnosis_codes" + strings.TrimPrefix(field, "diagnoses")
	case strings.HasPrefix(field, "bases["):
		if path, ok := strings.CutSuffix(field, ".date"); ok {
			return path + ".basis_date"
		}
	}
	return field
}

// incompleteFault tells a GP what a draft lacks. The request is in order, the draft is not: FAILED_PRECONDITION, and still
// every missing field with its path.
func incompleteFault(incomplete *sickleave.IncompleteError, prefix string) error {
	return &fault.Fault{
		Code:       codes.FailedPrecondition,
		Reason:     incomplete.Reason(),
		Text:       "the certificate cannot be signed yet",
		Violations: violationsOf(incomplete.Missing, prefix),
		State:      string(sickleave.Draft),
		Allowed:    verbsOf(sickleave.Draft.Verbs()),
	}
}
