package gateway_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDocumentIsWhatIsServed(t *testing.T) {
	b := &backend{}
	server := serve(t, b)
	a := do(t, server, http.MethodGet, "/openapi.json", "")
	require.Equal(t, 200, a.StatusCode)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	var document struct {
		OpenAPI string                    `json:"openapi"`
		Tags    []struct{ Name string }   `json:"tags"`
		Paths   map[string]map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(a.body, &document))
	require.Equal(t, "3.1.0", document.OpenAPI)
	require.Contains(t, document.Paths, "/v1/careProviders/{careProviderId}")
	require.Contains(t, document.Paths, "/v1/clock:advance")
	require.NotContains(t, document.Paths, "/v1/followUps:mine", "the fixture does not serve it")
	var tags []string
	for _, tag := range document.Tags {
		tags = append(tags, tag.Name)
	}
	require.ElementsMatch(t, []string{"patient", "clock", "event"}, tags)
	require.Zero(t, b.calls(), "no service is asked, and no token")
	require.Equal(t, 405, do(t, server, http.MethodPost, "/openapi.json", "{}").StatusCode)
}

// The page loads nothing from elsewhere, and everything that it names is there.
func TestPage(t *testing.T) {
	server := serve(t, &backend{})
	page := do(t, server, http.MethodGet, "/docs", "")
	require.Equal(t, 200, page.StatusCode)
	require.True(t, strings.HasPrefix(page.Header.Get("Content-Type"), "text/html"))
	policy := page.Header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'self'")
	require.NotContains(t, policy, "unsafe")
	named := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(string(page.body), -1)
	require.NotEmpty(t, named)
	for _, name := range named {
		require.NotContains(t, name[1], ":", "another host")
		file := do(t, server, http.MethodGet, "/"+name[1], "")
		require.Equal(t, 200, file.StatusCode, name[1])
		require.NotEmpty(t, file.body, name[1])
	}
	for _, missing := range []string{"/docs/nothing.js", "/docs/..%2f..%2fopenapi.go", "/docs/token"} {
		require.Equal(t, 404, do(t, server, http.MethodGet, missing, "").StatusCode, missing)
	}
	elsewhere := do(t, server, http.MethodGet, "/v1/clock", "").Header.Get("Content-Security-Policy")
	require.Equal(t, "default-src 'none'; frame-ancestors 'none'", elsewhere)
}
