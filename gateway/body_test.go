package gateway_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/gateway"
)

const violationless = "-"

func TestHostileBodies(t *testing.T) {
	const patients, advance = "/v1/patients", "/v1/clock:advance"
	cases := []struct {
		name, path, body string
		field, reason    string // of the one violation; violationless for none
		detail           string // contained in the detail
	}{
		{"empty", advance, "", violationless, "", "the body is empty"},
		{"white space", advance, " \r\n\t", violationless, "", "the body is empty"},
		{"null", advance, "null", "", "INVALID_TYPE", ""},
		{"a string", advance, `"x"`, "", "INVALID_TYPE", ""},
		{"a list", patients, `[]`, "patient", "INVALID_TYPE", ""},
		{"not JSON", advance, `{duration: 1}`, violationless, "", "not valid JSON at line 1, column 2"},
		{"breaks off", advance, "{\"duration\":\n \"1s\"", violationless, "", "ends too early"},
		{"a comma too many", advance, "{\n  \"duration\": \"1s\",\n}", violationless, "", "line 3, column 1"},
		{"goes on", advance, "{\"duration\":\"1s\"}\n{}", violationless, "", "goes on after its JSON value at line 2, column 1"},
		{"goes on with rubbish", advance, `{"duration":"1s"}xxx`, violationless, "", "goes on after its JSON value"},
		{"byte order mark", advance, "\ufeff{}", violationless, "", "not valid JSON at line 1, column 1"},
		{"bad UTF-8", patients, "{\"givenName\":\"a\xffb\"}", violationless, "", "not valid UTF-8 at line 1, column 16"},
		{"half a surrogate", patients, `{"givenName":"\ud800"}`, "patient.givenName", "INVALID_TYPE", ""},
		{"NUL", patients, `{"givenName":"a\u0000b","familyName":"x","identityNumber":{"value":"1"}}`, "patient.givenName", "string.nul", ""},
		{"a raw control character", patients, "{\"givenName\":\"a\x00b\"}", violationless, "", "not valid JSON"},
		{"unknown field", patients, `{"givenName":"a","doze":1}`, "patient.doze", "UNKNOWN_FIELD", ""},
		{"unknown field deep down", patients, `{"employments":[{},{"unitt":{"a":[1]}}]}`, "patient.employments[1].unitt", "UNKNOWN_FIELD", ""},
		{"unknown field of the request", advance, `{"duration":"1s","force":true}`, "force", "UNKNOWN_FIELD", ""},
		{"a long unknown field", advance, `{"` + strings.Repeat("a", 1000) + `":1}`, strings.Repeat("a", 64) + "…", "UNKNOWN_FIELD", ""},
		{"doubled field", patients, `{"givenName":"a","givenName":"b"}`, "patient.givenName", "DUPLICATE_FIELD", ""},
		{"doubled under both names", patients, `{"givenName":"a","given_name":"b"}`, "patient.givenName", "DUPLICATE_FIELD", ""},
		{"both of one", advance, `{"duration":"1s","untilTime":"2026-01-01T00:00:00Z"}`, "untilTime", "DUPLICATE_FIELD", ""},
		{"number for a string", patients, `{"givenName":5}`, "patient.givenName", "INVALID_TYPE", ""},
		{"object for a string", patients, `{"givenName":{"a":1}}`, "patient.givenName", "INVALID_TYPE", ""},
		{"string for a boolean", patients, `{"protectedIdentity":"yes"}`, "patient.protectedIdentity", "INVALID_TYPE", ""},
		{"object for a list", patients, `{"employments":{}}`, "patient.employments", "INVALID_TYPE", ""},
		{"null in a list", patients, `{"employments":[null]}`, "patient.employments[0]", "INVALID_TYPE", ""},
		{"list for an object", patients, `{"identityNumber":[]}`, "patient.identityNumber", "INVALID_TYPE", ""},
		{"fraction for a whole number", patients, `{"employments":[{"extentPercent":50.5}]}`, "patient.employments[0].extentPercent", "INVALID_TYPE", ""},
		{"1e400", patients, `{"employments":[{"extentPercent":1e400}]}`, "patient.employments[0].extentPercent", "INVALID_TYPE", ""},
		{"out of 32 bits", patients, `{"employments":[{"extentPercent":2147483648}]}`, "patient.employments[0].extentPercent", "INVALID_TYPE", ""},
		{"unknown enum", patients, `{"identityNumber":{"kind":"PASSPORT"}}`, "patient.identityNumber.kind", "INVALID_VALUE", ""},
		{"enum in lower case", patients, `{"identityNumber":{"kind":"personnummer"}}`, "patient.identityNumber.kind", "INVALID_VALUE", ""},
		{"enum in a list", "/v1/practitioners", `{"employments":[{"roles":["ROLE_GP","ROLE_KING"]}]}`, "practitioner.employments[0].roles[1]", "INVALID_VALUE", ""},
		{"no duration", advance, `{"duration":"14d"}`, "duration", "INVALID_VALUE", ""},
		{"no instant", advance, `{"untilTime":"tomorrow"}`, "untilTime", "INVALID_VALUE", ""},
		{"100,000 lists", patients, strings.Repeat("[", 100_000), violationless, "", "nests deeper than 64 levels"},
		{"100,000 objects", patients, strings.Repeat(`{"a":`, 40_000), violationless, "", "nests deeper than 64 levels"},
	}
	b := &backend{}
	server := serve(t, b)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := do(t, server, http.MethodPost, c.path, c.body, "Content-Type: application/json")
			p := a.problem(t)
			require.Equal(t, 400, p.Status, "%s", a.body)
			require.Contains(t, p.Detail, c.detail)
			if c.field == violationless {
				require.Equal(t, "MALFORMED_BODY", p.Reason)
				require.Empty(t, p.Violations)
				return
			}
			require.Len(t, p.Violations, 1, "%s", a.body)
			require.Equal(t, c.field, p.Violations[0].Field)
			require.Equal(t, c.reason, p.Violations[0].Reason)
			require.NotContains(t, string(a.body), "proto:", "no library's words")
		})
	}
	require.Zero(t, b.calls(), "nothing refused reached the service")

	t.Run("all at once", func(t *testing.T) {
		p := do(t, server, http.MethodPost, patients, `{"givenName":1,"x":2,"identityNumber":{"kind":"A","y":0},"employments":[{"locum":1}]}`).problem(t)
		require.Len(t, p.Violations, 5)
		require.Contains(t, p.Violations[2].Message, "PERSONNUMMER, SAMORDNINGSNUMMER, RESERVE_NUMBER")
	})
	t.Run("at most fifty", func(t *testing.T) {
		p := do(t, server, http.MethodPost, patients, `{"employments":[`+strings.Repeat(`1,`, 200)+`1]}`).problem(t)
		require.Len(t, p.Violations, 50)
	})
	t.Run("both spellings are taken", func(t *testing.T) {
		require.Equal(t, 200, do(t, server, http.MethodPost, advance, ` {"until_time":"2026-01-01T00:00:00Z"} `).StatusCode)
	})
}

func TestContentType(t *testing.T) {
	server := serve(t, &backend{})
	for contentType, status := range map[string]int{
		"application/json":                     200,
		"Application/JSON":                     200,
		"application/json; charset=UTF-8":      200,
		"application/json; charset=iso-8859-1": 415,
		"application/x-www-form-urlencoded":    415,
		"text/plain":                           415,
		"application/xml":                      415,
		"application/grpc":                     415,
		"application/json, text/plain":         415,
		";":                                    415,
	} {
		a := do(t, server, http.MethodPost, "/v1/clock:advance", `{"duration":"1s"}`, "Content-Type: "+contentType)
		require.Equal(t, status, a.StatusCode, contentType)
		if status == 415 {
			require.Equal(t, "UNSUPPORTED_MEDIA_TYPE", a.problem(t).Reason)
		}
	}
	require.Equal(t, 415, do(t, server, http.MethodPost, "/v1/clock:advance", `{"duration":"1s"}`, "Content-Encoding: gzip").StatusCode)
	require.Equal(t, 400, do(t, server, http.MethodGet, "/v1/clock", `{}`).problem(t).Status, "a body where none is due")
}

// endless is a JSON string without end, and counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	if e.read == 0 {
		copy(p, `{"a":"`)
	}
	e.read += len(p)
	return len(p), nil
}

func TestTooLargeBodyIsNeitherReadNorKept(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	t.Run("by its announced length", func(t *testing.T) {
		a := do(t, server, http.MethodPost, "/v1/clock:advance", strings.Repeat("a", gateway.DefaultMaxBody+1))
		require.Equal(t, 413, a.StatusCode)
		require.Equal(t, "REQUEST_TOO_LARGE", a.problem(t).Reason)
		require.Empty(t, a.Header.Get("Retry-After"), "sending it again does not help")
	})
	t.Run("at the limit", func(t *testing.T) {
		a := do(t, server, http.MethodPost, "/v1/clock:advance", `{"duration":"1s"}`+strings.Repeat(" ", gateway.DefaultMaxBody-17))
		require.Equal(t, 200, a.StatusCode)
	})
	t.Run("endless", func(t *testing.T) {
		h := handler(t, b)
		body := &endless{}
		request := httptest.NewRequest(http.MethodPost, "/v1/clock:advance", io.NopCloser(body))
		request.ContentLength = -1
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, request)
		require.Equal(t, 413, recorder.Code)
		require.Equal(t, "close", recorder.Header().Get("Connection"))
		require.LessOrEqual(t, body.read, 2*gateway.DefaultMaxBody)
	})
	t.Run("64 MB over the wire", func(t *testing.T) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/clock:advance", io.LimitReader(&endless{}, 64<<20))
		require.NoError(t, err)
		request.Header.Set("Content-Type", "application/json")
		// The server closes while the client still writes: the client sees the answer or the cut, either is right.
		if response, err := server.Client().Do(request); err == nil {
			require.Equal(t, 413, response.StatusCode)
			response.Body.Close()
		}
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20), "bytes allocated on both sides")
	})
	require.Equal(t, 1, b.calls())
}

func TestBodyThatBreaksOff(t *testing.T) {
	h := handler(t, &backend{})
	request := httptest.NewRequest(http.MethodPost, "/v1/clock:advance", io.MultiReader(bytes.NewReader([]byte(`{"dur`)), failing{}))
	request.ContentLength = -1
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	require.Equal(t, 400, recorder.Code)
	require.Contains(t, recorder.Body.String(), "broke off")
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
