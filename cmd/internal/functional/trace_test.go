package functional_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	tracecollectorv1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector takes what processes send by OTLP.
type collector struct {
	mu    sync.Mutex
	names []string // of spans
}

// collects starts a collector and has a site send there.
func (s *site) collects() *collector {
	s.t.Helper()
	c := &collector{}
	web := httptest.NewServer(c)
	s.t.Cleanup(web.Close)
	s.settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = web.URL
	s.settings["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf"
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		var err error
		if body, err = gzip.NewReader(r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
	}
	var request tracecollectorv1.ExportTraceServiceRequest
	text, err := io.ReadAll(body)
	if err != nil || proto.Unmarshal(text, &request) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range request.GetResourceSpans() {
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.names = append(c.names, span.GetName())
			}
		}
	}
}

func (c *collector) taken() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.names
}

// With a share of nothing, calls that fail are sent all the same, before the process has ended; and so are slow ones, which with a
// threshold of nothing all are.
func TestTracesThatAreSent(t *testing.T) {
	t.Parallel()
	r := newRegion(t, newSite(t))
	sent := r.collects()
	r.settings["OTEL_TRACES_SAMPLER"] = "always_off"
	r.settings["COWORKCARE_TRACE_SLOW"] = "1m"
	nowhere := freeAddress(t)
	var others []string
	for _, name := range []string{"careplan", "sickleave", "employerdialogue", "followup", "caseload"} {
		others = append(others, name+"="+nowhere)
	}
	r.settings["COWORKCARE_SERVICES"] = strings.Join(others, ",")
	p := r.start("serve", "patient")
	clinic := r.found()
	clinic.do(t, read(careManager, "/v1/careUnits"))
	got, err := clinic.send(t.Context(), read(careManager, "/v1/followUps:mine"))
	require.NoError(t, err)
	require.Equal(t, http.StatusServiceUnavailable, got.status, "%s", got)
	_, err = r.operations("/debug/traces")
	require.ErrorContains(t, err, "404", "traces are shown in development alone")
	p.stop(syscall.SIGTERM)
	require.Contains(t, sent.taken(), "GET /v1/followUps:mine")
	require.NotContains(t, sent.taken(), "GET /v1/careUnits")

	r.settings["COWORKCARE_TRACE_SLOW"] = "1ns"
	p = r.start("serve", "patient")
	clinic.do(t, read(careManager, "/v1/careUnits"))
	p.stop(syscall.SIGTERM)
	require.Contains(t, sent.taken(), "GET /v1/careUnits")
	require.Contains(t, sent.taken(), "SELECT patient", "with all that stands below it")
}

// shown is a trace as the operations port of a laptop gives it.
type shown struct {
	Name     string `json:"name"`
	AllSpans []struct {
		Name         string `json:"name"`
		FollowedUpBy []struct {
			TraceID string `json:"traceId"`
			Name    string `json:"name"`
		} `json:"followedUpBy"`
	} `json:"allSpans"`
}

// walked reads the trace whose link the demo has printed, and requires that a reminder leads back to it.
func (s *site) walked(t *testing.T, printed string) {
	t.Helper()
	_, after, found := strings.Cut(printed, "/debug/traces/")
	require.True(t, found, "the walk's trace is named")
	id, _, _ := strings.Cut(after, " ")
	var walk shown
	eventually(t, 30*time.Second, "the walk's trace is kept", func() error {
		text, err := s.operations("/debug/traces/" + id + "?format=json")
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(text), &walk)
	})
	require.Greater(t, len(walk.AllSpans), 500)
	reminder := ""
	for _, span := range walk.AllSpans {
		for _, follower := range span.FollowedUpBy {
			if strings.HasPrefix(follower.Name, "fire ") {
				reminder = follower.TraceID
			}
		}
	}
	require.NotEmpty(t, reminder, "a reminder follows from the walk")
	page, err := s.operations("/debug/traces/" + reminder)
	require.NoError(t, err)
	require.Contains(t, page, "/debug/traces/"+id+"#", "and leads back to it")
}
