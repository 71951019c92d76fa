package gateway

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// FuzzExplain holds the explanation to the decoder: it finds nothing in what the decoder takes.
func FuzzExplain(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"givenName":"a","employments":[{"extentPercent":100}]}`, `{"identityNumber":{"kind":"PERSONNUMMER"}}`, `{"createTime":"2026-01-01T00:00:00Z"}`,
		`{"x":1}`, `[`, `{"givenName":"\ud800"}`, "\xff", `{"employments":[null]}`, `{"employments":null}`, `{"state":1}`, `{"state":null}`, `{} {}`,
		strings.Repeat(`[`, 100), `{"\u0000":1}`, `{"givenName":"a","given_name":null}`,
	} {
		f.Add([]byte(seed))
	}
	c := newCodec()
	f.Fuzz(func(t *testing.T, body []byte) {
		patient := &patientv1.Patient{}
		refused := c.decode(body, patient)
		why := explain(body, patient.ProtoReflect().Descriptor(), "patient")
		if refused == nil && why != nil {
			t.Errorf("the decoder takes %q, the explanation does not: %v", body, why)
		}
		if why == nil {
			return
		}
		found, ok := fault.As(why)
		if !ok || found.Code != codes.InvalidArgument || found.Text == "" || len(found.Violations) > maxViolations {
			t.Errorf("%q: %v", body, why)
		}
		for _, violation := range found.Violations {
			if violation.Reason == "" || violation.Message == "" || !utf8.ValidString(violation.Field) {
				t.Errorf("%q: %+v", body, violation)
			}
		}
	})
}

// FuzzTranslate holds every error to a well-formed problem that says nothing of the inside.
func FuzzTranslate(f *testing.F) {
	f.Add(uint32(codes.InvalidArgument), "text", "INVALID_FIELD", fault.Domain, "a_b[0].c_d", "SIGNED", "revoke,replace", false)
	f.Add(uint32(codes.Aborted), "stale", "ETAG_MISMATCH", fault.Domain, "", "", "", true)
	f.Add(uint32(codes.Internal), "secret", "X", fault.Domain, "", "", "", false)
	f.Add(uint32(99), "secret", "", "example.com", "\xff", "\xff", ",,", false)
	f.Fuzz(func(t *testing.T, code uint32, text, reason, domain, field, state, allowed string, ifMatch bool) {
		st := status.New(codes.Code(code), text)
		if st.Code() == codes.OK {
			return
		}
		if detailed, err := st.WithDetails(
			&errdetails.ErrorInfo{Reason: reason, Domain: domain, Metadata: map[string]string{"state": state, "allowed": allowed}},
			&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: field, Description: text, Reason: reason}}}); err == nil {
			st = detailed
		}
		problem, retryAfter := translate(st.Err(), ifMatch)
		if problem.Status < 400 || problem.Status > 599 || problem.Reason == "" || problem.Detail == "" || retryAfter < 0 {
			t.Errorf("%v: %+v", st, problem)
		}
		if (retryAfter > 0) != (problem.Status == 429 || problem.Status == 503) {
			t.Errorf("%v: Retry-After %d on %d", st, retryAfter, problem.Status)
		}
		if problem.Status == 500 && (problem.Detail != internalText || problem.Reason != reasonInternal || problem.Violations != nil) {
			t.Errorf("%v says too much: %+v", st, problem)
		}
		recorder := httptest.NewRecorder()
		problem.write(recorder, httptest.NewRequest("GET", "/", nil))
		if recorder.Code != problem.Status || !json.Valid(recorder.Body.Bytes()) {
			t.Errorf("%v: %d %q", st, recorder.Code, recorder.Body)
		}
	})
}
