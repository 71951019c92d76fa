package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	clockv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/gateway"
)

func TestJSONForm(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	fields := do(t, server, http.MethodGet, "/v1/clock", "").json(t)
	require.Equal(t, map[string]any{"todayDate": "2026-03-02", "firedTimers": 0.0}, fields, "zero is present, what is not set is absent")
	fields = do(t, server, http.MethodGet, "/v1/careProviders", "").json(t)
	require.Equal(t, map[string]any{"careProviders": []any{}, "nextPageToken": ""}, fields)
	fields = do(t, server, http.MethodPost, "/v1/clock:advance", `{"duration":"3600s"}`).json(t)
	require.Equal(t, "1970-01-01T00:00:00Z", fields["nowTime"])
}

func TestCreateAnswers201WithLocation(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	a := do(t, server, http.MethodPost, "/v1/careProviders?requestId="+providerID, `{"displayName":"Region Test","hsaId":"SE2321000016-A1"}`)
	require.Equal(t, 201, a.StatusCode, "%s", a.body)
	require.Equal(t, "/v1/careProviders/"+providerID, a.Header.Get("Location"))
	require.Equal(t, `"r12"`, a.Header.Get("ETag"))
	require.Equal(t, providerID, a.json(t)["careProviderId"])
	require.Equal(t, providerID, b.last().(*patientv1.CreateCareProviderRequest).GetRequestId())

	a = do(t, server, http.MethodPost, "/v1/patients/"+providerID+"/careEpisodes:start", `{}`)
	require.NotEqual(t, 201, a.StatusCode, "a verb is no plain create")
	a = do(t, server, http.MethodPost, "/v1/clock:advance", `{"duration":"1s"}`)
	require.Equal(t, 200, a.StatusCode)
	require.Empty(t, a.Header.Get("Location"))
}

func TestConditionalReads(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	path := "/v1/careProviders/" + providerID
	for _, c := range []struct {
		ifNoneMatch string
		status      int
	}{
		{`"r12"`, 304}, {`W/"r12"`, 304}, {`"r1", "r12"`, 304}, {"*", 304}, {`"r11"`, 200}, {`r12`, 200},
	} {
		a := do(t, server, http.MethodGet, path, "", "If-None-Match: "+c.ifNoneMatch)
		require.Equal(t, c.status, a.StatusCode, c.ifNoneMatch)
		require.Equal(t, `"r12"`, a.Header.Get("ETag"))
		require.Equal(t, c.status == 304, len(a.body) == 0)
	}
	a := do(t, server, http.MethodPatch, path, `{"displayName":"x"}`, `If-None-Match: "r12"`)
	require.Equal(t, 200, a.StatusCode, "of reads alone")
}

func TestUpdateMask(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	path := "/v1/careProviders/" + providerID
	for _, c := range []struct {
		query, body string
		mask        []string
	}{
		{"", `{"displayName":"x"}`, []string{"display_name"}},
		{"", `{"display_name":"x","etag":"\"r1\"","careProviderId":"` + providerID + `","createTime":null}`, []string{"display_name"}},
		{"", `{"displayName":"x","hsaId":"SE2321000016-A1"}`, []string{"display_name", "hsa_id"}},
		{"?updateMask=displayName", `{}`, []string{"display_name"}},
		{"?update_mask=display_name,hsaId", `{"displayName":"x"}`, []string{"display_name", "hsa_id"}},
	} {
		a := do(t, server, http.MethodPatch, path+c.query, c.body)
		require.Equal(t, 200, a.StatusCode, "%s", a.body)
		request := b.last().(*patientv1.UpdateCareProviderRequest)
		require.Equal(t, c.mask, request.GetUpdateMask().GetPaths(), "%s %s", c.query, c.body)
		require.Equal(t, providerID, request.GetCareProvider().GetCareProviderId())
	}
}

func TestHeaderAllowList(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	a := do(t, server, http.MethodPatch, "/v1/careProviders/"+providerID, `{"displayName":"x"}`,
		"Authorization: Bearer abc", `Idempotency-Key: "key-1"`, `If-Match: "r12"`, "X-Request-Id: abc",
		"X-Coworkcare-Service-Token: forged", "Grpc-Metadata-X-Coworkcare-Service-Token: forged", "Grpc-Metadata-Authorization: forged",
		"X-Forwarded-For: 203.0.113.9", "X-Forwarded-Host: evil.example", "Cookie: a=b", "Grpc-Metadata-Idempotency-Key: forged")
	require.Equal(t, 200, a.StatusCode, "%s", a.body)
	require.Equal(t, []string{"Bearer abc"}, b.metadata.Get("authorization"))
	require.Equal(t, []string{"key-1"}, b.metadata.Get("idempotency-key"))
	require.Equal(t, []string{`"r12"`}, b.metadata.Get("if-match"))
	require.Equal(t, []string{"abc"}, b.metadata.Get("x-request-id"))
	for name, values := range b.metadata {
		require.NotContains(t, values, "forged", name)
		require.NotContains(t, values, "evil.example", name)
		switch name {
		case "authorization", "idempotency-key", "if-match", "x-request-id", "x-forwarded-for", "x-forwarded-host",
			":authority", "content-type", "user-agent", "grpc-accept-encoding":
		default:
			t.Errorf("metadata %s came through", name)
		}
	}
	require.NotContains(t, b.metadata.Get("x-forwarded-for")[0], "203.0.113.9")
}

func TestHeadersThatSteerAreRefusedRatherThanDropped(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	for _, header := range []string{"Idempotency-Key: nyckel-å", "If-Match: \"å\"", `Idempotency-Key: ""`, "Grpc-Timeout: soon", "Grpc-Timeout: 5", "Grpc-Timeout: -5S"} {
		a := do(t, server, http.MethodPatch, "/v1/careProviders/"+providerID, `{"displayName":"x"}`, header)
		require.Equal(t, 400, a.StatusCode, header)
		require.Len(t, a.problem(t).Violations, 1, header)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/v1/clock", nil)
	require.NoError(t, err)
	request.Header["Authorization"] = []string{"Bearer a", "Bearer b"}
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, 400, response.StatusCode)
	require.Zero(t, b.calls())
}

func TestDeadlines(t *testing.T) {
	b := &backend{}
	server := serve(t, b, func(o *gateway.Options) { o.Timeout = 20 * time.Second })
	for _, c := range []struct {
		method, path, body, header string
		most                       time.Duration
	}{
		{"GET", "/v1/clock", "", "", 20 * time.Second},
		{"GET", "/v1/events", "", "", 20 * time.Second},
		{"GET", "/v1/events?waitSeconds=20", "", "", 40 * time.Second},
		{"GET", "/v1/events?wait_seconds=30", "", "", 50 * time.Second},
		{"POST", "/v1/clock:advance", `{"duration":"1s"}`, "", gateway.MaxTimeout},
		{"GET", "/v1/clock", "", "Grpc-Timeout: 30S", 30 * time.Second},
		{"GET", "/v1/clock", "", "Grpc-Timeout: 99999999H", gateway.MaxTimeout},
	} {
		var headers []string
		if c.header != "" {
			headers = []string{c.header}
		}
		a := do(t, server, c.method, c.path, c.body, headers...)
		require.Equal(t, 200, a.StatusCode, "%s", a.body)
		require.True(t, b.bounded)
		require.LessOrEqual(t, b.left, c.most, c.path)
		require.Greater(t, b.left, c.most-5*time.Second, c.path)
	}
}

func TestQuery(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	a := do(t, server, http.MethodGet, "/v1/events?sources=patient&sources=sickleave&pageSize=5&types=certificate.signed", "")
	require.Equal(t, 200, a.StatusCode, "%s", a.body)
	require.True(t, proto.Equal(&eventv1.ListEventsRequest{Sources: []string{"patient", "sickleave"}, PageSize: 5, Types: []string{"certificate.signed"}}, b.last()))
	made := b.calls()

	for _, c := range []struct{ path, field, reason string }{
		{"/v1/events?waitt=5", "waitt", "UNKNOWN_PARAMETER"},
		{"/v1/events?page_size=5&pageSize=6", "pageSize", "DUPLICATE_FIELD"},
		{"/v1/events?pageSize=5&pageSize=6", "pageSize", "DUPLICATE_FIELD"},
		{"/v1/events?pageSize=many", "pageSize", "INVALID_VALUE"},
		{"/v1/events?pageSize=1e400", "pageSize", "INVALID_VALUE"},
		{"/v1/events?pageSize=", "pageSize", "INVALID_VALUE"},
		{"/v1/events?pageSize=99999", "pageSize", "int32.gte_lte"},
		{"/v1/events?cursor=%00", "cursor", "INVALID_VALUE"},
		{"/v1/events?cursor=%ff", "cursor", "INVALID_VALUE"},
		{"/v1/events?sources[x]=patient", "sources[x]", "UNKNOWN_PARAMETER"},
		{"/v1/events?sources.x=patient", "sources.x", "UNKNOWN_PARAMETER"},
		{"/v1/clock?now=1", "now", "UNKNOWN_PARAMETER"},
		{"/v1/careProviders/" + providerID + "?careProviderId=other", "careProviderId", "UNKNOWN_PARAMETER"},
	} {
		t.Run(c.path, func(t *testing.T) {
			p := do(t, server, http.MethodGet, c.path, "").problem(t)
			require.Equal(t, 400, p.Status)
			require.Len(t, p.Violations, 1)
			require.Equal(t, c.field, p.Violations[0].Field)
			require.Equal(t, c.reason, p.Violations[0].Reason)
		})
	}
	for _, query := range []string{"?a;b", "?%zz=1"} {
		require.Equal(t, 400, do(t, server, http.MethodGet, "/v1/clock"+query, "").problem(t).Status)
	}
	p := do(t, server, http.MethodPost, "/v1/clock:advance?duration=5s", `{}`).problem(t)
	require.Equal(t, 400, p.Status)
	require.Equal(t, "duration", p.Violations[0].Field)
	p = do(t, server, http.MethodPost, "/v1/careProviders?care_provider.display_name=x", `{}`).problem(t)
	require.Equal(t, 400, p.Status)
	require.Equal(t, made, b.calls(), "nothing refused reached the service")
}

func TestCrossOriginIsDeniedUnlessNamed(t *testing.T) {
	preflight := []string{"Origin: https://journal.example.se", "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization"}
	closed := serve(t, &backend{})
	a := do(t, closed, http.MethodOptions, "/v1/clock", "", preflight...)
	require.Equal(t, 405, a.StatusCode)
	require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"))

	open := serve(t, &backend{}, func(o *gateway.Options) { o.AllowedOrigins = []string{"https://journal.example.se"} })
	a = do(t, open, http.MethodOptions, "/v1/clock", "", preflight...)
	require.Equal(t, 204, a.StatusCode)
	require.Equal(t, "https://journal.example.se", a.Header.Get("Access-Control-Allow-Origin"))
	a = do(t, open, http.MethodGet, "/v1/clock", "", "Origin: https://evil.example")
	require.Empty(t, a.Header.Get("Access-Control-Allow-Origin"))

	for _, origin := range []string{"*", "https://*.example.se", "journal.example.se"} {
		_, err := gateway.New(t.Context(), gateway.Options{AllowedOrigins: []string{origin}, Register: []gateway.Register{clockv1.RegisterClockServiceHandler}})
		require.Error(t, err, origin)
	}
}
