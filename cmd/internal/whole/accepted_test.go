package whole_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
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

// byPeople are the methods that people and record systems may call, and that have code.
func (s *system) byPeople() []*method {
	var some []*method
	for _, m := range s.methods() {
		if len(m.rule.GetRoles()) > 0 && m.served() {
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
				require.NoErrorf(t, err, "%s as %s: %s", m.short(), m.caller(), detail(err))
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

// The contract promises nothing that no service keeps.
func TestEveryMethodIsServed(t *testing.T) {
	var promised []string
	for _, m := range start(t, "sqlite").methods() {
		if !m.served() {
			promised = append(promised, m.short())
		}
	}
	if len(promised) > 0 {
		t.Errorf("%d methods of the contract have no code yet: %s", len(promised), strings.Join(promised, ", "))
	}
}

// served tells that the service has code for the method.
func (m *method) served() bool { return handlers()[m.service()+" "+string(m.Name())] }

// service is the short name of the method's service: patient.
func (m *method) service() string { return strings.Split(string(m.FullName()), ".")[1] }

var handler = regexp.MustCompile(`(?m)^func \(\w+ \*?\w+\) (\w+)\((?:ctx|_) context\.Context, `)

// handlers are the methods that the services' code has, as "patient GetPatient".
var handlers = sync.OnceValue(func() map[string]bool {
	found := map[string]bool{}
	read := func(service, pattern string) {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, _ := os.ReadFile(file)
			for _, match := range handler.FindAllStringSubmatch(string(text), -1) {
				found[service+" "+match[1]] = true
			}
		}
	}
	read("event", "../../../platform/app/*.go")
	for _, source := range sources {
		read(source, "../../../services/"+source+"/internal/api/*.go")
	}
	return found
})
