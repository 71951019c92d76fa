package whole_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	prometheusclient "github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/telemetry"
)

// inTheClear are the texts that a database may hold as they are: names of organisations, and of staff at work.
var inTheClear = []string{
	"coworkcare.patient.v1.CareProvider.display_name",
	"coworkcare.patient.v1.CareUnit.display_name",
	"coworkcare.patient.v1.Practitioner.given_name",
	"coworkcare.patient.v1.Practitioner.family_name",
	"coworkcare.patient.v1.Practitioner.phone_number",
}

// sightings is where everything that leaves or stays is looked through.
type sightings struct {
	spans   *tracetest.SpanRecorder
	sent    *tracetest.InMemoryExporter // of the spans, by the processors that a process has
	recent  *telemetry.Recent           // what a laptop shows of them
	flush   func(context.Context) error
	metrics *prometheusclient.Registry
	stderr  *os.File
	refused bytes.Buffer // bodies and headers of refusals
	shown   bytes.Buffer // bodies of answers
	urls    bytes.Buffer
}

// watch catches traces, metrics and whatever is written to standard error and output until the test ends.
func watch(t *testing.T) *sightings {
	t.Helper()
	seen := &sightings{spans: tracetest.NewSpanRecorder(), sent: tracetest.NewInMemoryExporter(), recent: telemetry.NewRecent(), metrics: prometheusclient.NewRegistry()}
	traces := telemetry.Tracing{Exporter: seen.sent, Sampler: sdktrace.NeverSample(), Slow: time.Second, Recent: seen.recent}.Provider()
	traces.RegisterSpanProcessor(seen.spans)
	seen.flush = traces.ForceFlush
	reader, err := prometheus.New(prometheus.WithRegisterer(seen.metrics))
	require.NoError(t, err)
	meters := metric.NewMeterProvider(metric.WithReader(reader))
	seen.stderr, err = os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	oldTraces, oldMeters, oldLog, oldOut, oldErr := otel.GetTracerProvider(), otel.GetMeterProvider(), slog.Default(), os.Stdout, os.Stderr
	otel.SetTracerProvider(traces)
	otel.SetMeterProvider(meters)
	otel.SetTextMapPropagator(propagation.TraceContext{})
	os.Stdout, os.Stderr = seen.stderr, seen.stderr
	slog.SetDefault(slog.New(slog.NewTextHandler(seen.stderr, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() {
		os.Stdout, os.Stderr = oldOut, oldErr
		slog.SetDefault(oldLog)
		otel.SetTracerProvider(oldTraces)
		otel.SetMeterProvider(oldMeters)
		_ = seen.stderr.Close()
	})
	return seen
}

// note keeps what a request showed.
func (seen *sightings) note(r *rest, got answer) {
	_, _ = fmt.Fprintln(&seen.urls, r.verb, r.target())
	if got.status < 300 {
		seen.shown.Write(got.body)
		return
	}
	_, _ = fmt.Fprintln(&seen.refused, r.verb, r.path, got.status, got.header, string(got.body))
}

// No number of identity, name, diagnosis or free text stands anywhere but in the answers to those who may see it: every method is
// called with a word of its own in every text, is refused in several ways, time goes by, and then everything that the product
// keeps or tells is looked through.
func TestCanaries(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			seen := watch(t)
			w := newWorld(t, start(t, engine))
			var stages []*stage
			for _, m := range w.byPeople() {
				if m.verb == "" {
					continue
				}
				st := w.prepared(t, m)
				stages = append(stages, st)
				w.drive(t, m, st, seen)
			}
			w.letTimePass(t)
			needles := w.needles(stages)
			require.Greater(t, len(needles), 60)
			for needle, what := range needles {
				if strings.Contains(seen.shown.String(), needle) {
					delete(w.unseen, what)
				}
			}
			require.Less(t, len(w.unseen), len(w.canaries)/3, "most of what is planted is never shown to anybody: the test looks for nothing: %v", w.unseen)
			w.search(t, needles, seen)
		})
	}
}

// drive calls a method so that it answers, and so that it refuses in every way that has a text of its own.
func (w *world) drive(t *testing.T, m *method, st *stage, seen *sightings) {
	t.Helper()
	token := st.token(m.caller(), st.place)
	good := m.overREST(t, st.sample(m))
	send := func(r *rest, token string) { seen.note(r, w.send(r, token)) }
	send(good, token)
	again := m.overREST(t, st.sample(m))
	send(again, token) // mostly the wrong state by now
	send(good, token)  // the first answer once more
	other := again.clone()
	if other.body != nil {
		id := uuid.NewString()
		other.header.Set("Idempotency-Key", id)
		delete(other.body, "requestId")
		other.query.Del("requestId")
		send(other, token)
		reused := m.overREST(t, st.sample(m))
		reused.header.Set("Idempotency-Key", id)
		delete(reused.body, "requestId")
		reused.query.Del("requestId")
		send(reused, token)
		unknown := again.clone()
		unknown.body["noSuchField"] = "x"
		send(unknown, token)
		typed := again.clone()
		for name, value := range typed.body {
			if _, ok := value.(string); !ok {
				typed.body[name] = "Kanariefågel " + canaryMark
			}
		}
		send(typed, token)
		broken := again.clone()
		broken.raw = append(again.payload(), '}')
		send(broken, token)
		stale := again.clone()
		stale.header.Set("If-Match", `"r900"`)
		send(stale, token)
	}
	if strings.Contains(again.path, st.things["patient_id"]) {
		// Somebody takes the number of identity for the patient's id. It is the caller's URL, but nothing of ours.
		mistaken := again.clone()
		mistaken.path = strings.Replace(again.path, st.things["patient_id"], st.identities[0], 1)
		w.send(mistaken, token)
	}
	send(again, st.token(identity.RoleUnitManager, st.place))
	send(again, st.token(m.caller(), w.foreign))
	send(again, "garbage")
	send(again, "")
}

// letTimePass lets two weeks go by: reminders, escalations, what falls due. The workers run for a moment as they do in a process,
// so that Redis holds what it holds.
func (w *world) letTimePass(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Work(ctx) }()
	require.Eventually(t, func() bool {
		keys, err := w.redis.Keys(ctx, "*").Result()
		for _, key := range keys {
			if w.redis.Type(ctx, key).Val() == "zset" {
				return true
			}
		}
		return err != nil
	}, time.Minute, 20*time.Millisecond, "no timer comes into Redis")
	stop()
	require.NoError(t, <-done)
	_, err := w.Advance(context.WithoutCancel(t.Context()), func(to time.Time) error { w.clock.Set(to); return nil }, w.clock.Now().AddDate(0, 0, 14))
	require.NoError(t, err)
}

// needles are what is looked for, and what each is.
func (w *world) needles(stages []*stage) map[string]string {
	needles := map[string]string{
		patientPhone: "a patient's telephone number", employerNumber: "an employer's number", strings.ReplaceAll(employerNumber, "-", ""): "an employer's number",
		diagnosis: "a diagnosis", strings.ReplaceAll(diagnosis, ".", ""): "a diagnosis",
	}
	w.unseen = map[string]bool{}
	for field, canary := range w.canaries {
		needles[canary[strings.Index(canary, canaryMark):]] = field
		w.unseen[field] = true
	}
	for _, st := range stages {
		for _, number := range st.identities {
			// Ten digits stand in every longer form.
			needles[number[2:8]+"-"+number[8:]] = "a number of identity"
			needles[number[2:]] = "a number of identity"
		}
	}
	return needles
}

// search looks through everything for the needles.
func (w *world) search(t *testing.T, needles map[string]string, seen *sightings) {
	t.Helper()
	look := func(where string, text []byte, least int, allowed ...string) {
		t.Helper()
		require.GreaterOrEqual(t, len(text), least, "%s: next to nothing to look through", where)
		t.Logf("%s: %d bytes", where, len(text))
		for needle, what := range needles {
			at := bytes.Index(text, []byte(needle))
			if at < 0 || containsText(allowed, what) {
				continue
			}
			t.Errorf("%s: %s stands there: …%s…", where, what, printable(text[max(0, at-80):min(len(text), at+80)]))
		}
	}
	require.NoError(t, seen.flush(t.Context()))
	look("the log", []byte(w.log.String()), 100)
	written, err := os.ReadFile(seen.stderr.Name())
	require.NoError(t, err)
	look("standard error", written, 0)
	look("URLs", seen.urls.Bytes(), 1000)
	look("refusals", seen.refused.Bytes(), 1000)
	look("spans", seen.spanText(), 10_000)
	look("the pages of traces", seen.tracePages(t), 100_000)
	look("metrics", metricText(t, seen.metrics, w.metrics), 1000)
	look("Redis", w.redisText(t), 100)
	look("events", w.eventText(t), 10_000)
	for _, name := range append([]string{"accesslog"}, sources...) {
		look("the tables of "+name, w.tableText(t, name), 1000, inTheClear...)
	}
	if w.database.Dir != "" {
		files, err := filepath.Glob(filepath.Join(w.database.Dir, "*"))
		require.NoError(t, err)
		for _, file := range files {
			content, err := os.ReadFile(file)
			require.NoError(t, err)
			look(filepath.Base(file), content, 0, inTheClear...)
		}
	}
}

func containsText(all []string, one string) bool {
	for _, text := range all {
		if text == one {
			return true
		}
	}
	return false
}

func printable(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0xfffd {
			return '.'
		}
		return r
	}, string(text))
}

// spanText is all that spans say.
func (seen *sightings) spanText() []byte {
	var text bytes.Buffer
	for _, span := range append(seen.spans.Ended(), seen.sent.GetSpans().Snapshots()...) {
		_, _ = fmt.Fprintln(&text, span.Name(), span.Status().Description, span.Resource().String())
		for _, attribute := range span.Attributes() {
			_, _ = fmt.Fprintln(&text, attribute.Key, attribute.Value.String())
		}
		for _, e := range span.Events() {
			_, _ = fmt.Fprintln(&text, e.Name)
			for _, attribute := range e.Attributes {
				_, _ = fmt.Fprintln(&text, attribute.Key, attribute.Value.String())
			}
		}
	}
	return text.Bytes()
}

func metricText(t *testing.T, registries ...*prometheusclient.Registry) []byte {
	t.Helper()
	var text bytes.Buffer
	for _, registry := range registries {
		families, err := registry.Gather()
		require.NoError(t, err)
		for _, family := range families {
			_, _ = fmt.Fprintln(&text, family.String())
		}
	}
	return text.Bytes()
}

// redisText is every key of Redis with all that it holds.
func (w *world) redisText(t *testing.T) []byte {
	t.Helper()
	ctx := t.Context()
	var text bytes.Buffer
	keys, err := w.redis.Keys(ctx, "*").Result()
	require.NoError(t, err)
	for _, key := range keys {
		kind, err := w.redis.Type(ctx, key).Result()
		require.NoError(t, err)
		var held any
		switch kind {
		case "string":
			held = w.redis.Get(ctx, key).Val()
		case "zset":
			held = w.redis.ZRangeWithScores(ctx, key, 0, -1).Val()
		case "set":
			held = w.redis.SMembers(ctx, key).Val()
		case "hash":
			held = w.redis.HGetAll(ctx, key).Val()
		case "list":
			held = w.redis.LRange(ctx, key, 0, -1).Val()
		case "stream":
			held = w.redis.XRange(ctx, key, "-", "+").Val()
		default:
			t.Errorf("Redis holds a %s, which nobody looks through", kind)
		}
		_, _ = fmt.Fprintln(&text, key, held)
	}
	return text.Bytes()
}

// eventText is everything that the services have told.
func (w *world) eventText(t *testing.T) []byte {
	t.Helper()
	var text bytes.Buffer
	for _, source := range sources {
		events, _, err := event.Read(w.Log(source).DB.Read(t.Context()), source, event.Query{Limit: 1_000_000})
		require.NoError(t, err)
		for _, e := range events {
			_, _ = fmt.Fprintln(&text, e.String())
			text.Write(e.GetSnapshot().GetValue())
		}
	}
	return text.Bytes()
}

// tableText is every row of every table, bytes both as they are and as text of them would be.
func (w *world) tableText(t *testing.T, name string) []byte {
	t.Helper()
	var text bytes.Buffer
	db := w.opened(name)
	for _, table := range tables(t, db) {
		rows, err := db.Read(t.Context()).Query("SELECT * FROM " + table)
		require.NoError(t, err)
		columns, err := rows.Columns()
		require.NoError(t, err)
		for rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			require.NoError(t, rows.Scan(into...))
			for i, value := range values {
				_, _ = fmt.Fprintf(&text, "%s.%s=", table, columns[i])
				if held, ok := value.([]byte); ok {
					text.Write(held)
					if decoded, err := base64.StdEncoding.DecodeString(string(held)); err == nil {
						text.Write(decoded)
					}
					if decoded, err := hex.DecodeString(string(held)); err == nil {
						text.Write(decoded)
					}
				} else {
					_, _ = fmt.Fprint(&text, value)
				}
				text.WriteByte('\n')
			}
		}
		require.NoError(t, rows.Err())
		require.NoError(t, rows.Close())
	}
	return text.Bytes()
}

// The test of the tests: what is planted in the clear is found.
func TestCanariesAreFound(t *testing.T) {
	s := start(t, "sqlite")
	w := newWorld(t, s)
	st := w.newStage(w.own)
	m := w.method("PatientService.UpdateCareUnit")
	require.Equal(t, http.StatusOK, w.send(m.overREST(t, st.sample(m)), st.token(m.caller(), st.place)).status)
	require.Contains(t, string(w.tableText(t, "patient")), canaryMark, "the name of a unit is kept in the clear")
}
