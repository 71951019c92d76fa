package whole_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/coworkcare/coworkcare/gateway"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

var (
	upperSnake = regexp.MustCompile(`^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$`)
	// A path in lowerCamelCase, with indices and map keys, or a header's name.
	camelPath = regexp.MustCompile(`^([a-z][A-Za-z0-9]*(\[("[^"]*"|[0-9]+)\])*)(\.[a-z][A-Za-z0-9]*(\[("[^"]*"|[0-9]+)\])*)*$|^[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)+$`)
)

// checkProblem checks that an answer is a problem of a status, well formed, and gives it. It reports and goes on.
func checkProblem(t *testing.T, what string, got answer, status ...int) gateway.Problem {
	t.Helper()
	var p gateway.Problem
	if len(status) > 0 && !containsInt(status, got.status) {
		t.Errorf("%s: status %d, want %v: %.600s", what, got.status, status, got.body)
		return p
	}
	if kind := got.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("%s: content type %q: %.300s", what, kind, got.body)
		return p
	}
	if err := json.Unmarshal(got.body, &p); err != nil {
		t.Errorf("%s: %v: %.300s", what, err, got.body)
		return p
	}
	if p.Status != got.status || p.Title == "" || p.Detail == "" || p.Instance == "" || !upperSnake.MatchString(p.Reason) || p.Type != "urn:coworkcare:problem:"+p.Reason {
		t.Errorf("%s: not a whole problem: %s", what, got.body)
	}
	for _, v := range p.Violations {
		if v.Reason == "" || v.Message == "" {
			t.Errorf("%s: a violation without reason or message: %s", what, got.body)
		}
	}
	return p
}

func containsInt(all []int, one int) bool {
	for _, n := range all {
		if n == one {
			return true
		}
	}
	return false
}

// everything counts the rows of every table of every service and of the access log, after all that follows has been done.
func (w *world) everything(t *testing.T) map[string]int {
	t.Helper()
	w.settle()
	counts := map[string]int{}
	for _, name := range append([]string{"accesslog"}, sources...) {
		db := w.opened(name)
		for _, table := range tables(t, db) {
			var n int
			require.NoError(t, db.Read(t.Context()).QueryRow("SELECT COUNT(*) FROM "+table).Scan(&n))
			counts[name+"."+table] = n
		}
	}
	for _, source := range sources {
		var head int
		require.NoError(t, w.opened(source).Read(t.Context()).QueryRow("SELECT last_sequence FROM event_head").Scan(&head))
		counts[source+" event head"] = head
	}
	return counts
}

// careData is everything but the access log, which tells of refusals too.
func (w *world) careData(t *testing.T) map[string]int {
	t.Helper()
	counts := w.everything(t)
	delete(counts, "accesslog.access_record")
	delete(counts, "patient.consent_check") // that it was asked about, each time
	return counts
}

// opened is a handle of the test's own on a database of the system.
func (w *world) opened(name string) *sqldb.DB {
	if w.handles[name] == nil {
		config := w.database
		config.MaxConns = 1
		db, err := sqldb.Open(w.t.Context(), config, name)
		require.NoError(w.t, err)
		w.t.Cleanup(func() { _ = db.Close() })
		w.handles[name] = db
	}
	return w.handles[name]
}

// tables are the tables of a database.
func tables(t *testing.T, db *sqldb.DB) []string {
	t.Helper()
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%' ORDER BY name"
	if db.Engine() == sqldb.Postgres {
		query = fmt.Sprintf("SELECT table_name FROM information_schema.tables WHERE table_schema = '%s' AND table_name NOT LIKE 'goose_%%' ORDER BY table_name", db.Name())
	}
	rows, err := db.Read(t.Context()).Query(query)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	require.NotEmpty(t, names)
	return names
}

// namesOf are the fields that violations name.
func namesOf(violations []gateway.Violation) []string {
	names := make([]string, len(violations))
	for i, v := range violations {
		names[i] = v.Field
	}
	return names
}

type violation = gateway.Violation

func unmarshal(t testing.TB, body []byte, message proto.Message) {
	t.Helper()
	require.NoError(t, protojson.Unmarshal(body, message), "%s", body)
}
