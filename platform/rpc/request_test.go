package rpc_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/rpc"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

func dropRecords(tx *sqldb.Tx) error {
	_, err := tx.Exec(`DROP TABLE access_record`)
	return err
}

// raw sends bytes as they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (raw) Unmarshal(data []byte, v any) error {
	return proto.Unmarshal(data, v.(proto.Message))
}
func (raw) Name() string { return "proto" }

const grantConsent = "/coworkcare.patient.v1.PatientService/GrantConsent"

func consent() *patientv1.GrantConsentRequest {
	return &patientv1.GrantConsentRequest{PatientId: ourOwn, Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_ORAL}
}

func TestValidation(t *testing.T) {
	s := newStation(t)
	gp := s.as(t, identity.RoleGP)
	for name, test := range map[string]struct {
		change func(*patientv1.GrantConsentRequest)
		want   map[string]string
	}{
		"good":                 {func(*patientv1.GrantConsentRequest) {}, nil},
		"good days":            {func(r *patientv1.GrantConsentRequest) { r.StartDate, r.EndDate = "1900-01-01", "2200-12-31" }, nil},
		"leap day":             {func(r *patientv1.GrantConsentRequest) { r.StartDate = "2024-02-29" }, nil},
		"NUL":                  {func(r *patientv1.GrantConsentRequest) { r.Note = "a\x00b" }, map[string]string{"note": "string.nul"}},
		"no leap day":          {func(r *patientv1.GrantConsentRequest) { r.StartDate = "2026-02-29" }, map[string]string{"start_date": "date"}},
		"no such month":        {func(r *patientv1.GrantConsentRequest) { r.EndDate = "2026-13-01" }, map[string]string{"end_date": "date"}},
		"long ago":             {func(r *patientv1.GrantConsentRequest) { r.EndDate = "1899-12-31" }, map[string]string{"end_date": "date"}},
		"far ahead":            {func(r *patientv1.GrantConsentRequest) { r.EndDate = "2201-01-01" }, map[string]string{"end_date": "date"}},
		"other form":           {func(r *patientv1.GrantConsentRequest) { r.EndDate = "20260101" }, map[string]string{"end_date": "date"}},
		"with a time":          {func(r *patientv1.GrantConsentRequest) { r.EndDate = "2026-01-01T00:00:00Z" }, map[string]string{"end_date": "date"}},
		"NUL in a day":         {func(r *patientv1.GrantConsentRequest) { r.EndDate = "2026-01-01\x00" }, map[string]string{"end_date": "string.nul"}},
		"enum of the future":   {func(r *patientv1.GrantConsentRequest) { r.ReceiverKind = 99 }, map[string]string{"receiver_kind": "enum.defined_only"}},
		"nothing chosen":       {func(r *patientv1.GrantConsentRequest) { r.Kind = 0 }, map[string]string{"kind": "enum.not_in"}},
		"rule of the contract": {func(r *patientv1.GrantConsentRequest) { r.Note = strings.Repeat("å", 1001) }, map[string]string{"note": "string.max_len"}},
		"request id":           {func(r *patientv1.GrantConsentRequest) { r.RequestId = "once" }, map[string]string{"request_id": "string.uuid"}},
		"several": {func(r *patientv1.GrantConsentRequest) { r.Note, r.StartDate, r.RequestId = "\x00", "yesterday", "once" },
			map[string]string{"note": "string.nul", "start_date": "date", "request_id": "string.uuid"}},
	} {
		s.doing(nil)
		request := consent()
		test.change(request)
		_, err := s.patients().GrantConsent(gp, request)
		if test.want == nil {
			require.NoError(t, err, name)
			continue
		}
		requireAnswer(t, err, "InvalidArgument", "INVALID_FIELD", name)
		got := violations(err)
		for field, rule := range test.want {
			require.Equal(t, rule, got[field], name)
		}
		require.Len(t, got, len(test.want), name)
		require.Empty(t, s.calls(), name)
	}
}

// A refusal names what is wrong and repeats nothing of what was sent.
func TestViolationsDoNotRepeatTheValue(t *testing.T) {
	s := newStation(t)
	request := consent()
	request.StartDate, request.RequestId, request.Note = "191212121212", "Tolvan Tolvansson", strings.Repeat("secret", 400)
	_, err := s.patients().GrantConsent(s.as(t, identity.RoleGP), request)
	require.Len(t, violations(err), 3)
	for _, value := range []string{"191212121212", "Tolvansson", "secret"} {
		require.NotContains(t, err.Error(), value)
		require.NotContains(t, prototextOf(err), value)
		require.NotContains(t, s.out.String(), value)
	}
}

// Nested fields and lists are named by their path.
func TestViolationsInDepth(t *testing.T) {
	s := newStation(t)
	request := &patientv1.UpdatePatientRequest{Patient: &patientv1.Patient{PatientId: ourOwn, GivenName: "a\x00", Employments: []*patientv1.Patient_Employment{{}, {EmployerName: "b\x00"}}}}
	_, err := s.patients().UpdatePatient(s.as(t, identity.RoleGP), request)
	got := violations(err)
	require.Equal(t, "string.nul", got["patient.given_name"])
	require.Equal(t, "string.nul", got["patient.employments[1].employer_name"])
}

// Who may not call learns nothing of the method's rules.
func TestAccessBeforeValidation(t *testing.T) {
	s := newStation(t)
	request := consent()
	request.Note = "\x00"
	_, err := s.patients().GrantConsent(s.as(t, identity.RoleUnitManager), request)
	requireAnswer(t, err, "PermissionDenied", "ROLE_REQUIRED")
	request.PatientId = foreigner
	_, err = s.patients().GrantConsent(s.as(t, identity.RoleGP), request)
	requireAnswer(t, err, "NotFound", "PATIENT_NOT_FOUND")
}

// What is no message, or holds text that is no UTF-8, is the caller's mistake; who has no token is told that first.
func TestGarbledRequests(t *testing.T) {
	s := newStation(t)
	whole, err := proto.Marshal(consent())
	require.NoError(t, err)
	for name, body := range map[string][]byte{
		"cut off":   whole[:len(whole)-1],
		"noise":     []byte("\xff\xff\xff\xff\xff\xff"),
		"bad UTF-8": append(append([]byte{}, whole...), 0x32, 3, 'a', 0xff, 'b'), // note
	} {
		call := func(ctx context.Context) error {
			return s.conn.Invoke(ctx, grantConsent, body, &patientv1.Consent{}, grpc.ForceCodec(raw{}))
		}
		err := call(s.as(t, identity.RoleGP))
		requireAnswer(t, err, "InvalidArgument", "MALFORMED_BODY", name)
		requireAnswer(t, call(t.Context()), "Unauthenticated", "TOKEN_MISSING", name)
		require.Empty(t, s.calls(), name)
	}
	require.NoError(t, s.conn.Invoke(s.as(t, identity.RoleGP), grantConsent, whole, &patientv1.Consent{}, grpc.ForceCodec(raw{})))
	// Fields of a later version are passed over, as everywhere in gRPC.
	later := append(append([]byte{}, whole...), 0xca, 0x3e, 1, 'x')
	require.NoError(t, s.conn.Invoke(s.as(t, identity.RoleGP), grantConsent, later, &patientv1.Consent{}, grpc.ForceCodec(raw{})))
}

func TestTooLargeRequest(t *testing.T) {
	s := newStation(t)
	request := consent()
	request.Note = strings.Repeat("a", rpc.MaxMessage+1)
	_, err := s.patients().GrantConsent(s.as(t, identity.RoleGP), request)
	require.Error(t, err)
	require.Empty(t, s.calls())
}

func TestIdempotencyKey(t *testing.T) {
	s := newStation(t)
	const id = "6f9a3c52-63a5-4f0e-9d0a-2f1b6c1e7a44"
	call := func(header, field string) (string, error) {
		ctx := s.as(t, identity.RoleGP)
		if header != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, rpc.IdempotencyKey, header)
		}
		request := consent()
		request.RequestId = field
		s.doing(nil)
		_, err := s.patients().GrantConsent(ctx, request)
		if len(s.calls()) == 0 {
			return "", err
		}
		return s.calls()[0].(*patientv1.GrantConsentRequest).GetRequestId(), err
	}
	for name, test := range map[string]struct{ header, field, want string }{
		"none":                {"", "", ""},
		"field":               {"", id, id},
		"field in capitals":   {"", strings.ToUpper(id), id},
		"header":              {id, "", id},
		"header in capitals":  {strings.ToUpper(id), "", id},
		"both":                {id, id, id},
		"both, two spellings": {strings.ToUpper(id), id, id},
		"both, the other way": {id, strings.ToUpper(id), id},
		"blanks":              {"  " + id + " ", "", id},
	} {
		got, err := call(test.header, test.field)
		require.NoError(t, err, name)
		require.Equal(t, test.want, got, name)
	}
	free, err := call("order 17", "")
	require.NoError(t, err)
	_, err = uuid.Parse(free)
	require.NoError(t, err, "a free key becomes a UUID")
	again, err := call("order 17", "")
	require.NoError(t, err)
	require.Equal(t, free, again)
	other, err := call("order 18", "")
	require.NoError(t, err)
	require.NotEqual(t, free, other)

	_, err = call(id, uuid.NewString())
	requireAnswer(t, err, "InvalidArgument", "REQUEST_ID_CONFLICT")
	_, err = call(strings.Repeat("k", 256), "")
	requireAnswer(t, err, "InvalidArgument", "INVALID_FIELD")
	_, err = call("", "{"+id+"}")
	require.Equal(t, map[string]string{"request_id": "string.uuid"}, violations(err))

	// A read has no use for it.
	require.NoError(t, get(metadata.AppendToOutgoingContext(s.as(t, identity.RoleGP), rpc.IdempotencyKey, id), s, ourOwn))
}

func TestIfMatch(t *testing.T) {
	s := newStation(t)
	ctx := func(etag string) context.Context {
		return metadata.AppendToOutgoingContext(s.as(t, identity.RoleGP), rpc.IfMatch, etag)
	}
	update := func(etag, own string) (string, error) {
		s.doing(nil)
		_, err := s.patients().UpdatePatient(ctx(etag), &patientv1.UpdatePatientRequest{Patient: &patientv1.Patient{PatientId: ourOwn, Etag: own}})
		if len(s.calls()) == 0 {
			return "", err
		}
		return s.calls()[0].(*patientv1.UpdatePatientRequest).GetPatient().GetEtag(), err
	}
	got, err := update(`"r3"`, "")
	require.NoError(t, err)
	require.Equal(t, `"r3"`, got, "into the resource that the request carries")
	_, err = update(`"r3"`, `r3`)
	require.NoError(t, err, "the same etag")
	_, err = update(`"r3"`, `"r4"`)
	require.Equal(t, "ETAG_MALFORMED", violations(err)["etag"])
	_, err = update(`W/"r3"`, "")
	requireAnswer(t, err, "InvalidArgument", "ETAG_MALFORMED")

	s.doing(nil)
	_, err = s.followUps().SnoozeFollowUp(ctx(`"r9"`), &followupv1.SnoozeFollowUpRequest{FollowUpId: ourOwn, UntilDate: "2026-03-05", Reason: "on leave"})
	require.NoError(t, err)
	require.Equal(t, `"r9"`, s.calls()[0].(*followupv1.SnoozeFollowUpRequest).GetEtag(), "into the request's own field")
	require.NoError(t, get(ctx(`"r9"`), s, ourOwn), "a read has no use for it")
}
