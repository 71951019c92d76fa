package whole_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// answer is what REST answers.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request over REST with a bearer token; an empty one sends none.
func (s *system) send(r *rest, token string) answer {
	s.t.Helper()
	request, err := http.NewRequest(r.verb, s.web.URL+r.target(), nil)
	require.NoError(s.t, err)
	if payload := r.payload(); payload != nil {
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(payload)), int64(len(payload))
		request.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	for name, values := range r.header {
		request.Header[name] = values
	}
	response, err := s.web.Client().Do(request)
	require.NoError(s.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	return answer{response.StatusCode, response.Header, body}
}

// byPeople are the methods that people and record systems may call, without those that are only promised.
func (s *system) byPeople() []*method {
	var some []*method
	for _, m := range s.methods() {
		if len(m.rule.GetRoles()) > 0 && !slices.Contains(promised, m.short()) {
			some = append(some, m)
		}
	}
	return some
}

// Every method accepts the sample that the other tests alter, over gRPC and over REST. A new method that fails here needs a word
// in samples_test.go.
func TestSamplesAreAccepted(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		for _, m := range s.byPeople() {
			t.Run(m.short(), func(t *testing.T) {
				st := w.prepared(t, m)
				_, err := w.call(st.asCaller(m), m, st.sample(m))
				require.NoErrorf(t, err, "%s as %s", m.short(), m.caller())
				if m.verb == "" {
					t.Skip("not over REST")
				}
				st = w.prepared(t, m)
				request := m.overREST(t, st.sample(m))
				got := w.send(request, st.token(m.caller(), st.place))
				require.Lessf(t, got.status, 300, "%s %s\n%s\n%s", request.verb, request.target(), request.payload(), got.body)
			})
		}
	})
}

// What is promised is not served yet: whoever serves a method takes it off the list, so that all tests take it on.
func TestPromised(t *testing.T) {
	s := start(t, "sqlite")
	for _, m := range s.methods() {
		if slices.Contains(promised, m.short()) && m.served() {
			t.Errorf("%s is served: take it off `promised` in samples_test.go", m.short())
		}
	}
	for _, short := range promised {
		require.NotNil(t, s.method(short), "%s is promised, and the contract does not have it", short)
	}
}

// served tells that a service has code for the method.
func (m *method) served() bool {
	pattern := regexp.MustCompile(`(?m)^func \(\w+ \*?\w+\) ` + string(m.Name()) + `\(ctx context\.Context`)
	files, _ := filepath.Glob("../../../services/*/internal/api/*.go")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil && pattern.Match(text) {
			return true
		}
	}
	return false
}
