package client

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBaseURL(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:8080":             "http://127.0.0.1:8080",
		":8080":                      "http://127.0.0.1:8080",
		"0.0.0.0:8080":               "http://127.0.0.1:8080",
		"[::]:8080":                  "http://127.0.0.1:8080",
		"[::1]:8080":                 "http://[::1]:8080",
		"localhost:8080":             "http://localhost:8080",
		"http://127.0.0.1:9100/":     "http://127.0.0.1:9100",
		"https://api.example.se/cwc": "https://api.example.se/cwc",
	} {
		got, err := BaseURL(address)
		require.NoError(t, err, address)
		require.Equal(t, want, got.String(), address)
	}
	for _, address := range []string{"", "localhost", "8080", "ftp://a", "http://", "https://user:pass@a", "http://a?b=c", "http://%zz"} {
		_, err := BaseURL(address)
		require.Error(t, err, address)
	}
}

func TestProblemsReadAsSentences(t *testing.T) {
	for _, c := range []struct {
		status            int
		contentType, body string
		want              string
	}{
		{400, "application/problem+json", `{"status":400,"detail":"the request is not valid","reason":"INVALID_FIELD","violations":[{"field":"a.b","message":"must be a number"}]}`,
			"the request is not valid (400 INVALID_FIELD)\n  a.b must be a number"},
		{409, "application/problem+json; charset=utf-8", `{"detail":"it is signed","reason":"NOT_DRAFT","state":"SIGNED","allowed":["revoke","replace"]}`,
			"it is signed (409 NOT_DRAFT)\n  it is SIGNED; possible now: revoke, replace"},
		{500, "application/problem+json", `{"detail":"something broke","reason":"INTERNAL","traceId":"abc"}`, "something broke (500 INTERNAL)\n  trace abc"},
		{502, "text/html", "<html>", "the server answered 502 Bad Gateway (502)"},
		{404, "text/plain", "404 page not found\n", "404 page not found (404)"},
		{403, "application/json", `{"error":"access_denied","error_description":"not here"}`, "not here (403)"},
		{400, "application/problem+json", `[`, "[ (400)"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.contentType)
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		}))
		api, err := New(server.URL, nil)
		require.NoError(t, err)
		err = api.Get(t.Context(), "/x", nil, nil)
		server.Close()
		require.EqualError(t, err, c.want)
		var problem *Problem
		require.ErrorAs(t, err, &problem)
		require.Equal(t, c.status, problem.Status)
	}
}

func TestATokenDoesNotFollowARedirect(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	api, err := New(server.URL, func(context.Context, bool) (string, error) { return "secret", nil })
	require.NoError(t, err)
	require.Error(t, api.Post(t.Context(), "/x", map[string]string{}, nil))
}

func TestAnAnswerOfAnotherKind(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }))
	defer server.Close()
	api, err := New(server.URL, nil)
	require.NoError(t, err)
	var result map[string]any
	require.ErrorContains(t, api.Get(t.Context(), "/x", nil, &result), "is this the REST API")
	_, err = DevToken(t.Context(), server.URL, TokenRequest{Role: "gp"})
	require.ErrorContains(t, err, "is this the operations port")
}

func TestClaims(t *testing.T) {
	for _, token := range []string{"", "a.b", "a.!.c", "a.e30.c.d", "a.W10.c"} {
		_, err := ReadClaims(token)
		require.Error(t, err, token)
	}
	claims, err := ReadClaims("e30.eyJzdWIiOiJ4IiwiZXhwIjoxMDB9.x")
	require.NoError(t, err)
	require.Equal(t, "x", claims.Subject)
	require.EqualValues(t, 100, claims.Expires().Unix())
}
