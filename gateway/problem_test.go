package gateway_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/coworkcare/coworkcare/gateway"
	"github.com/coworkcare/coworkcare/platform/fault"
)

const anEtag = `If-Match: "r11"`

func TestEveryErrorHasItsStatusAndProblem(t *testing.T) {
	retryIn := func(d time.Duration) error {
		st, err := fault.Newf(codes.ResourceExhausted, "RATE_LIMITED", "slow down").(*fault.Fault).GRPCStatus().
			WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(d)})
		require.NoError(t, err)
		return st.Err()
	}
	cases := []struct {
		name   string
		fail   error
		header string
		status int
		reason string
		detail string
		answer map[string]string // headers
	}{
		{"invalid field", fault.Invalid(fault.Violation{Field: "a_b.c_d[0].end_date", Reason: "date", Message: "is no day"}), "", 400, "INVALID_FIELD", "the request is not valid", nil},
		{"no token", fault.Unauthenticated("TOKEN_MISSING", "send a token"), "", 401, "TOKEN_MISSING", "send a token", map[string]string{"WWW-Authenticate": `Bearer realm="coworkcare"`}},
		{"bad token", fault.Unauthenticated("TOKEN_INVALID", "expired"), "Authorization: Bearer x", 401, "TOKEN_INVALID", "expired", map[string]string{"WWW-Authenticate": `Bearer realm="coworkcare", error="invalid_token"`}},
		{"role", fault.Denied("ROLE_REQUIRED", "needs gp"), "", 403, "ROLE_REQUIRED", "needs gp", nil},
		{"absent", fault.NotFound("CARE_PROVIDER_NOT_FOUND", "no such provider"), "", 404, "CARE_PROVIDER_NOT_FOUND", "no such provider", nil},
		{"wrong state", fault.State("CERTIFICATE_NOT_DRAFT", "is signed", "SIGNED", "revoke", "replace"), "", 409, "CERTIFICATE_NOT_DRAFT", "is signed", nil},
		{"wrong state with If-Match", fault.State("CERTIFICATE_NOT_DRAFT", "is signed", "SIGNED"), anEtag, 409, "CERTIFICATE_NOT_DRAFT", "is signed", nil},
		{"stale etag", fault.Stale("read again"), "", 409, "ETAG_MISMATCH", "read again", nil},
		{"stale If-Match", fault.Stale("read again"), anEtag, 412, "ETAG_MISMATCH", "read again", nil},
		{"other abort with If-Match", fault.Newf(codes.Aborted, "REQUEST_ID_CONFLICT", "busy"), anEtag, 409, "REQUEST_ID_CONFLICT", "busy", nil},
		{"exists", fault.Exists("PATIENT_EXISTS", "is there"), "", 409, "PATIENT_EXISTS", "is there", nil},
		{"reused id", fault.Newf(codes.FailedPrecondition, "REQUEST_ID_REUSED", "another body"), "", 422, "REQUEST_ID_REUSED", "another body", nil},
		{"rate", fault.Newf(codes.ResourceExhausted, "RATE_LIMITED", "slow down"), "", 429, "RATE_LIMITED", "slow down", map[string]string{"Retry-After": "1"}},
		{"rate with delay", retryIn(2500 * time.Millisecond), "", 429, "RATE_LIMITED", "slow down", map[string]string{"Retry-After": "3"}},
		{"unavailable", fault.Unavailable("UNAVAILABLE", "retry"), "", 503, "UNAVAILABLE", "retry", map[string]string{"Retry-After": "1"}},
		{"too late", fault.Newf(codes.DeadlineExceeded, "DEADLINE_EXCEEDED", "too long"), "", 504, "DEADLINE_EXCEEDED", "too long", nil},
		{"out of range", fault.Newf(codes.OutOfRange, "INVALID_FIELD", "too far"), "", 400, "INVALID_FIELD", "too far", nil},
		{"cancelled", fault.Newf(codes.Canceled, "CANCELLED", "gone"), "", 499, "CANCELLED", "gone", nil},
		{"internal says nothing", fault.Newf(codes.Internal, "SECRET", "canary"), "", 500, "INTERNAL", "something broke on our side; the trace id finds it", nil},
		{"data loss says nothing", fault.Newf(codes.DataLoss, "SECRET", "canary"), "", 500, "INTERNAL", "something broke on our side; the trace id finds it", nil},
		{"a bare error says nothing", errors.New("canary"), "", 500, "INTERNAL", "something broke on our side; the trace id finds it", nil},
		{"unimplemented", status.Error(codes.Unimplemented, "canary"), "", 501, "UNIMPLEMENTED", "", nil},
		{"a library's words stay inside", status.Error(codes.Unavailable, "dial tcp 10.0.0.1: canary"), "", 503, "UNAVAILABLE", "", map[string]string{"Retry-After": "1"}},
		{"a library's refusal", status.Error(codes.PermissionDenied, "canary"), "", 403, "PERMISSION_DENIED", "", nil},
		{"a code nobody knows", status.Error(codes.Code(77), "canary"), "", 500, "INTERNAL", "", nil},
		{"an answer too large is no rate limit", status.Error(codes.ResourceExhausted, "grpc: received message larger than max (5 vs. 4)"), "", 500, "INTERNAL", "", nil},
		{"words of another domain", func() error {
			st, err := status.New(codes.NotFound, "canary").WithDetails(&errdetails.ErrorInfo{Reason: "OTHER", Domain: "example.com"})
			require.NoError(t, err)
			return st.Err()
		}(), "", 404, "RESOURCE_NOT_FOUND", "nothing is there", nil},
	}
	b := &backend{}
	server := serve(t, b)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b.failWith(c.fail)
			var headers []string
			if c.header != "" {
				headers = append(headers, c.header)
			}
			a := do(t, server, http.MethodPatch, "/v1/careProviders/"+providerID, `{"displayName":"x"}`, headers...)
			p := a.problem(t)
			require.Equal(t, c.status, a.StatusCode)
			require.Equal(t, c.reason, p.Reason)
			if c.detail != "" {
				require.Equal(t, c.detail, p.Detail)
			}
			for _, name := range []string{"WWW-Authenticate", "Retry-After"} {
				require.Equal(t, c.answer[name], a.Header.Get(name), name)
			}
			require.NotContains(t, string(a.body), "canary")
			require.Empty(t, a.Header.Get("ETag"))
		})
	}
}

func TestProblemCarriesViolationsAndState(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	b.failWith(fault.Invalid(
		fault.Violation{Field: "certificate.periods[0].end_date", Reason: "date", Message: "is no day"},
		fault.Violation{Field: `answers["item_9"].free_text`, Reason: "string.max_len", Message: "is too long"}))
	p := do(t, server, http.MethodGet, "/v1/clock", "").problem(t)
	require.Equal(t, []gateway.Violation{
		{Field: "certificate.periods[0].endDate", Reason: "date", Message: "is no day"},
		{Field: `answers["item_9"].freeText`, Reason: "string.max_len", Message: "is too long"},
	}, p.Violations)

	b.failWith(fault.State("CERTIFICATE_NOT_DRAFT", "is signed", "SIGNED", "revoke", "replace"))
	p = do(t, server, http.MethodGet, "/v1/clock", "").problem(t)
	require.Equal(t, "SIGNED", p.State)
	require.Equal(t, []string{"revoke", "replace"}, p.Allowed)
	require.Equal(t, "Certificate not draft", p.Title)
}

func TestEveryAnswerHasTheSafetyHeaders(t *testing.T) {
	server := serve(t, &backend{})
	for _, path := range []string{"/v1/clock", "/nowhere", "/v1/clock?x=1"} {
		a := do(t, server, http.MethodGet, path, "", "X-Request-Id: abc-1")
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"), path)
		require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "abc-1", a.Header.Get("X-Request-Id"), path)
	}
	for _, bad := range []string{strings.Repeat("a", 65), "a b", "åäö", "<script>"} {
		a := do(t, server, http.MethodGet, "/v1/clock", "", "X-Request-Id: "+bad)
		require.Len(t, a.Header.Get("X-Request-Id"), 36, "%q is replaced", bad)
	}
}

func TestRouting(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	cases := []struct {
		method, path string
		status       int
		reason       string
		allow        string
	}{
		{"GET", "/", 404, "ROUTE_NOT_FOUND", ""},
		{"GET", "/v1/nothing", 404, "ROUTE_NOT_FOUND", ""},
		{"GET", "/v1/clock/", 404, "ROUTE_NOT_FOUND", ""},
		{"POST", "/v1/clock/:advance", 404, "ROUTE_NOT_FOUND", ""},
		{"GET", "/v1/clock%2Fx", 404, "ROUTE_NOT_FOUND", ""},
		{"DELETE", "/v1/clock", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"},
		{"OPTIONS", "/v1/clock", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"},
		{"BREW", "/v1/clock", 405, "METHOD_NOT_ALLOWED", "GET, HEAD"},
		{"GET", "/v1/clock:advance", 405, "METHOD_NOT_ALLOWED", "POST"},
		{"PUT", "/v1/careProviders", 405, "METHOD_NOT_ALLOWED", "GET, HEAD, POST"},
		{"POST", "/v1/careProviders/" + providerID, 405, "METHOD_NOT_ALLOWED", "GET, HEAD, PATCH"},
		{"GET", "/v1/careProviders/%ff", 400, "INVALID_FIELD", ""},
		{"GET", "/v1/careProviders/a%00b", 400, "INVALID_FIELD", ""},
	}
	for _, c := range cases {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			a := do(t, server, c.method, c.path, "")
			require.Equal(t, c.status, a.StatusCode, "%s", a.body)
			require.Equal(t, c.reason, a.problem(t).Reason)
			require.Equal(t, c.allow, a.Header.Get("Allow"))
		})
	}
	require.Zero(t, b.calls())

	t.Run("the method cannot be overridden", func(t *testing.T) {
		a := do(t, server, http.MethodPost, "/v1/clock", "", "X-HTTP-Method-Override: GET", "Content-Type: application/x-www-form-urlencoded")
		require.Equal(t, 405, a.StatusCode)
		require.Zero(t, b.calls())
	})
	t.Run("HEAD is GET without a body", func(t *testing.T) {
		a := do(t, server, http.MethodHead, "/v1/careProviders/"+providerID, "")
		require.Equal(t, 200, a.StatusCode)
		require.Equal(t, `"r12"`, a.Header.Get("ETag"))
		require.Empty(t, a.body)
	})
}
