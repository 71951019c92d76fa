package ops_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/net/html"

	"github.com/coworkcare/coworkcare/platform/ops"
	"github.com/coworkcare/coworkcare/platform/telemetry"
)

// desk is an operations port that shows traces.
type desk struct {
	t      *testing.T
	web    *httptest.Server
	tracer trace.Tracer
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	recent := telemetry.NewRecent()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recent))
	port := ops.New(prometheus.NewRegistry(), func(context.Context) error { return nil })
	port.ShowTraces(recent)
	d := &desk{t: t, web: httptest.NewServer(port.Mux), tracer: provider.Tracer("test")}
	t.Cleanup(d.web.Close)
	return d
}

func (d *desk) get(path string, status int) (string, http.Header) {
	d.t.Helper()
	response, err := http.Get(d.web.URL + path)
	require.NoError(d.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(d.t, err)
	require.Equal(d.t, status, response.StatusCode, "%s: %s", path, body)
	return string(body), response.Header
}

// links are the targets of a page's links, by their text.
func (d *desk) links(page string) map[string]string {
	d.t.Helper()
	found := map[string]string{}
	root, err := html.Parse(strings.NewReader(page))
	require.NoError(d.t, err)
	for node := range root.Descendants() {
		if node.Type != html.ElementNode || node.Data != "a" {
			continue
		}
		for _, a := range node.Attr {
			if a.Key == "href" && node.FirstChild != nil {
				found[node.FirstChild.Data] = a.Val
			}
		}
	}
	return found
}

// From the list to a reminder, from there to the write that it follows from, and back.
func TestTracePages(t *testing.T) {
	d := newDesk(t)
	page, _ := d.get("/debug/traces", http.StatusOK)
	require.Contains(t, page, "None yet")

	ctx, write := d.tracer.Start(t.Context(), "POST /v1/followUps", trace.WithSpanKind(trace.SpanKindServer))
	_, statement := d.tracer.Start(ctx, "INSERT followup", trace.WithAttributes(attribute.String("db.query.text", "INSERT INTO x VALUES ($1) <script>")))
	statement.SetStatus(codes.Error, "")
	statement.End()
	write.End()
	ctx, fired := d.tracer.Start(t.Context(), "fire follow_up", trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(trace.Link{SpanContext: write.SpanContext()}),
		trace.WithAttributes(attribute.String("coworkcare.service", "followup")))
	_, update := d.tracer.Start(ctx, "UPDATE followup")
	update.End()
	fired.End()

	page, header := d.get("/debug/traces", http.StatusOK)
	policy := header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, "style=")
	require.Contains(t, page, "fire follow_up</a> by followup")
	reminder := d.links(page)["fire follow_up"]
	require.Equal(t, "/debug/traces/"+fired.SpanContext().TraceID().String(), reminder)

	page, _ = d.get(reminder, http.StatusOK)
	cause := d.links(page)["POST /v1/followUps"]
	require.Equal(t, "/debug/traces/"+write.SpanContext().TraceID().String()+"#"+write.SpanContext().SpanID().String(), cause)

	path, fragment, _ := strings.Cut(cause, "#")
	page, header = d.get(path, http.StatusOK)
	require.Contains(t, page, `id="`+fragment+`"`, "the link's target")
	require.Equal(t, reminder, d.links(page)["fire follow_up"], "and back")
	require.Contains(t, page, "Later traces that follow from this one: 1")
	require.Contains(t, page, "INSERT INTO x VALUES ($1) &lt;script&gt;")
	require.NotContains(t, page, "<script")
	require.NotContains(t, page, "style=")
	require.Contains(t, page, "failed")
	require.Equal(t, policy, header.Get("Content-Security-Policy"))
	_, header = d.get("/debug/traces/style.css", http.StatusOK)
	require.Contains(t, header.Get("Content-Type"), "text/css")

	// Each call of a trace of several is drawn to its own scale.
	caller := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{7}, SpanID: trace.SpanID{7}, Remote: true, TraceFlags: trace.FlagsSampled})
	for i := range 3 {
		began := time.Date(2026, 3, 2, 12, i, 0, 0, time.UTC)
		_, step := d.tracer.Start(trace.ContextWithRemoteSpanContext(t.Context(), caller), fmt.Sprint("step ", i), trace.WithTimestamp(began), trace.WithSpanKind(trace.SpanKindServer))
		step.End(trace.WithTimestamp(began.Add(time.Millisecond)))
	}
	page, _ = d.get("/debug/traces/"+caller.TraceID().String(), http.StatusOK)
	require.Contains(t, page, "<h1>step 0, and 2 more in one trace</h1>")
	require.Equal(t, 3, strings.Count(page, `<rect x="0" y="2" width="1000"`), page)

	var list struct{ Traces []telemetry.Summary }
	text, _ := d.get("/debug/traces?format=json&name=insert&limit=5", http.StatusOK)
	require.NoError(t, json.Unmarshal([]byte(text), &list))
	require.Len(t, list.Traces, 1)
	require.Equal(t, "POST /v1/followUps", list.Traces[0].Name)
	var one telemetry.Trace
	text, _ = d.get(path+"?format=json", http.StatusOK)
	require.NoError(t, json.Unmarshal([]byte(text), &one))
	require.Len(t, one.All, 2)
	require.Len(t, one.All[0].FollowedUpBy, 1)

	for path, status := range map[string]int{
		"/debug/traces/00000000000000000000000000000001": http.StatusNotFound, "/debug/traces/x": http.StatusNotFound,
		"/debug/traces?atLeast=soon": http.StatusBadRequest, "/debug/traces?limit=0": http.StatusBadRequest,
	} {
		d.get(path, status)
	}
}

// A port shows traces only where it is told to: not in production.
func TestNoTracesUnlessToldTo(t *testing.T) {
	port := ops.New(prometheus.NewRegistry(), func(context.Context) error { return nil })
	web := httptest.NewServer(port.Mux)
	defer web.Close()
	response, err := http.Get(web.URL + "/debug/traces")
	require.NoError(t, err)
	_ = response.Body.Close()
	require.Equal(t, http.StatusNotFound, response.StatusCode)
}
