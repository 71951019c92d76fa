package bench

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/throwaway"
)

const (
	yardRounds = 7
	yardTurn   = 2 * time.Second
)

// yards are the ratios that the yardstick has given so far, by what they compare.
var yards []yard

type yard struct {
	what    string
	callers int
	ratios  []float64
	unit    string // of the ratios, when they are none
}

func (y yard) String() string {
	sorted := slices.Clone(y.ratios)
	slices.Sort(sorted)
	return fmt.Sprintf("| %s | %d | %s (%s–%s)%s |", y.what, y.callers, short(median(sorted)), short(sorted[len(sorted)/4]), short(sorted[len(sorted)-1-len(sorted)/4]), y.unit)
}

func yardstick() string {
	if len(yards) == 0 {
		return ""
	}
	lines := []string{"\n| what | callers | share: median (quartiles) |", "|---|---|---|"}
	for _, y := range yards {
		lines = append(lines, y.String())
	}
	return strings.Join(lines, "\n") + "\n"
}

// BenchmarkBesidePgbench gives what REST does in a second, with everything that the product does, as a share of what pgbench does on
// the same PostgreSQL with nothing but a row and its event in one transaction, or one row read by its key. Turns follow each
// other in every round; the share is the median over the rounds.
func BenchmarkBesidePgbench(b *testing.B) {
	pgbench, err := throwaway.Find("pgbench", "/usr/lib/postgresql/*/bin")
	throwaway.Require(b, err)
	program, err := os.Executable()
	require.NoError(b, err)
	w := newWorld(b, "postgres", program)
	p := newPgbench(b, pgbench, w)
	for _, op := range operations() {
		script, known := map[string]string{"create": "create.sql", "get": "read.sql"}[op.name]
		if !known {
			continue
		}
		for _, callers := range []int{16, 32} {
			y := yard{what: op.name + " by REST, of pgbench", callers: callers}
			rest := restWay(b, op, w)
			for range yardRounds {
				bare := p.run(script, callers)
				y.ratios = append(y.ratios, perSecond(b, rest, callers)/bare)
				w.settle()
			}
			yards = append(yards, y)
			b.ReportMetric(median(y.ratios), fmt.Sprintf("%s_of_pgbench_%d", op.name, callers))
		}
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkEngines gives creates by REST on SQLite as a share of those on PostgreSQL, both durable, on the same machine.
func BenchmarkEngines(b *testing.B) {
	program, err := os.Executable()
	require.NoError(b, err)
	worlds := []*world{newWorld(b, "sqlite", program), newWorld(b, "postgres", program)}
	op := operations()[0]
	y := yard{what: "create by REST on SQLite, of PostgreSQL", callers: 32}
	for range yardRounds {
		var each [2]float64
		for i, w := range worlds {
			each[i] = perSecond(b, restWay(b, op, w), 32)
			w.settle()
		}
		y.ratios = append(y.ratios, each[0]/each[1])
	}
	yards = append(yards, y)
	b.ReportMetric(median(y.ratios), "sqlite_of_postgres")
	b.ReportMetric(0, "ns/op")
}

func restWay(tb testing.TB, op *operation, w *world) way {
	tb.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	tb.Cleanup(transport.CloseIdleConnections)
	web := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	return way{name: "rest", w: w, call: func(n int64) error { return op.rest(w, web, n) }}
}

func perSecond(tb testing.TB, w way, callers int) float64 {
	tb.Helper()
	calls, taken := run(tb, w, callers, yardTurn)
	return float64(calls) / taken.Seconds()
}

// pgbenchRuns runs pgbench's own loop of a script.
type pgbenchRuns struct {
	tb      testing.TB
	program string
	url     string
	dir     string
}

// newPgbench makes tables with rows of the size of the product's, and the scripts.
func newPgbench(tb testing.TB, program string, w *world) *pgbenchRuns {
	tb.Helper()
	p := &pgbenchRuns{tb: tb, program: program, url: durable(tb).database(tb), dir: tb.TempDir()}
	at := place{engine: "postgres", url: p.url}
	db := at.open(tb, "public", true)
	for _, statement := range []string{
		`CREATE TABLE bare (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body BYTEA NOT NULL)`,
		`CREATE TABLE bare_event (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body BYTEA NOT NULL)`,
		fmt.Sprintf(`INSERT INTO bare (body) SELECT decode(repeat('ab', 700), 'hex') FROM generate_series(1, %d)`, patients),
		`ANALYZE bare`,
	} {
		_, err := db.Exec(statement)
		require.NoError(tb, err)
	}
	for name, text := range map[string]string{
		"create.sql": "BEGIN;\nINSERT INTO bare (body) VALUES (decode(repeat('ab', 700), 'hex'));\nINSERT INTO bare_event (body) VALUES (decode(repeat('cd', 500), 'hex'));\nCOMMIT;\n",
		"read.sql":   fmt.Sprintf("\\set id random(1, %d)\nSELECT id, body FROM bare WHERE id = :id;\n", patients),
	} {
		require.NoError(tb, os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o644))
	}
	return p
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// run gives the transactions per second of a script.
func (p *pgbenchRuns) run(script string, clients int) float64 {
	p.tb.Helper()
	said, err := exec.CommandContext(p.tb.Context(), p.program, "--no-vacuum", "--protocol=prepared", "--jobs=2",
		fmt.Sprintf("--client=%d", clients), fmt.Sprintf("--time=%d", int(yardTurn/time.Second)), "--file="+filepath.Join(p.dir, script), p.url).CombinedOutput()
	require.NoErrorf(p.tb, err, "%s", said)
	found := tps.FindSubmatch(said)
	require.NotNilf(p.tb, found, "%s", said)
	n, err := strconv.ParseFloat(string(found[1]), 64)
	require.NoError(p.tb, err)
	return n
}
