package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/coworkcare/coworkcare/platform/fault"
)

func TestDetails(t *testing.T) {
	info := func(reason string, metadata map[string]string) any {
		return &errdetails.ErrorInfo{Reason: reason, Domain: "coworkcare", Metadata: metadata}
	}
	for name, test := range map[string]struct {
		err  error
		code codes.Code
		want []any
	}{
		"not found": {fault.NotFound("PATIENT_NOT_FOUND", "no such patient"), codes.NotFound, []any{info("PATIENT_NOT_FOUND", nil)}},
		"exists":    {fault.Exists("PATIENT_EXISTS", "there is one"), codes.AlreadyExists, []any{info("PATIENT_EXISTS", nil)}},
		"denied":    {fault.Denied("ROLE_REQUIRED", "no"), codes.PermissionDenied, []any{info("ROLE_REQUIRED", nil)}},
		"no token":  {fault.Unauthenticated("TOKEN_MISSING", "no"), codes.Unauthenticated, []any{info("TOKEN_MISSING", nil)}},
		"stale":     {fault.Stale("changed"), codes.Aborted, []any{info("ETAG_MISMATCH", nil)}},
		"away":      {fault.Unavailable("UNAVAILABLE", "away"), codes.Unavailable, []any{info("UNAVAILABLE", nil)}},
		"any":       {fault.Newf(codes.ResourceExhausted, "RATE_LIMITED", "%d calls", 7), codes.ResourceExhausted, []any{info("RATE_LIMITED", nil)}},
		"state": {fault.State("CERTIFICATE_NOT_DRAFT", "it is signed", "SIGNED", "revoke", "extend"), codes.FailedPrecondition, []any{
			info("CERTIFICATE_NOT_DRAFT", map[string]string{"state": "SIGNED", "allowed": "revoke,extend"}),
			&errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{{Type: "CERTIFICATE_NOT_DRAFT", Subject: "SIGNED", Description: "it is signed"}}},
		}},
		"fields": {fault.Invalid(fault.Violation{Field: "a.b[0]", Reason: "required", Message: "is required"}), codes.InvalidArgument, []any{
			info("INVALID_FIELD", nil),
			&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "a.b[0]", Description: "is required", Reason: "required"}}},
		}},
	} {
		for _, err := range []error{test.err, fmt.Errorf("doing: %w", test.err)} {
			f, ok := fault.As(err)
			require.True(t, ok, name)
			st := f.GRPCStatus()
			require.Equal(t, test.code, st.Code(), name)
			require.Empty(t, cmp.Diff(test.want, st.Details(), protocmp.Transform()), name)
			require.Equal(t, test.code, status.Code(err), "grpc finds it by itself")
		}
	}
	_, ok := fault.As(errors.New("other"))
	require.False(t, ok)
}

func TestReasonOfViolations(t *testing.T) {
	v := func(reason string) fault.Violation { return fault.Violation{Field: "f", Reason: reason, Message: "m"} }
	for want, violations := range map[string][]fault.Violation{
		"INVALID_FIELD":  nil,
		"DATE_TOO_EARLY": {v("DATE_TOO_EARLY"), v("DATE_TOO_EARLY")},
	} {
		f, _ := fault.As(fault.Invalid(violations...))
		require.Equal(t, want, f.Reason)
	}
	for _, mixed := range [][]fault.Violation{{v("DATE_TOO_EARLY"), v("DATE_TOO_LATE")}, {v("DATE_TOO_EARLY"), v("required")}, {v("string.max_len")}, {v("")}} {
		f, _ := fault.As(fault.Invalid(mixed...))
		require.Equal(t, "INVALID_FIELD", f.Reason)
	}
	require.Equal(t, "the request is not valid: f: m; f: m", fault.Invalid(v("a"), v("b")).Error())
}
