package bench

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"

	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// A worklist's page costs what the page has, not what the unit has: as many pages of the database among a hundred thousand
// follow-ups as among a thousand, but for the depth of the index.
const (
	few, many = 1000, 100_000
)

func TestWorklistPageStaysFlat(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		g := newGrowth(t, place{engine: "sqlite", dir: t.TempDir()})
		from := 1
		for _, size := range []int{few, many} {
			g.fill(from, size)
			from = size + 1
			for name, page := range g.pages(size) {
				plan := g.plan(page)
				require.Contains(t, plan, "USING INDEX follow_up_open_at_unit", "%s of %d", name, size)
				require.NotContains(t, plan, "TEMP B-TREE", "%s of %d is sorted", name, size)
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		measurePages(t, place{engine: "postgres", dir: t.TempDir(), url: sqldbtest.PostgresURL(t)})
	})
}

// BenchmarkWorklistPage reports how many of PostgreSQL's pages (buffers) a worklist's first and deep page touch as the number of
// follow-ups grows. It counts; nothing is timed.
func BenchmarkWorklistPage(b *testing.B) {
	for name, buffers := range measurePages(b, place{engine: "postgres", dir: b.TempDir(), url: sqldbtest.PostgresURL(b)}) {
		b.ReportMetric(float64(buffers), name)
	}
	b.ReportMetric(0, "ns/op")
}

// measurePages counts the buffers of pages among few follow-ups and among many, and refuses growth beyond the index's depth:
// three more levels, and a row of each page on a block of its own.
func measurePages(tb testing.TB, at place) map[string]int {
	tb.Helper()
	g := newGrowth(tb, at)
	counted := map[string]int{}
	from := 1
	for _, size := range []int{few, many} {
		g.fill(from, size)
		from = size + 1
		for name, page := range g.pages(size) {
			counted[fmt.Sprintf("%s_of_%d_buffers", name, size)] = g.buffers(page)
		}
	}
	require.LessOrEqual(tb, counted["first_of_100000_buffers"], pageSize+1+6)
	require.LessOrEqual(tb, counted["deep_of_100000_buffers"], pageSize+1+6)
	require.Less(tb, counted["deep_of_100000_buffers"]-counted["first_of_100000_buffers"], 4, "a deep page costs as a first one")
	return counted
}

// growth is a worklist that is made longer by SQL, and the product's own statements that read it.
type growth struct {
	*world
	db          *sql.DB
	first, next string
	columns     []string
	template    string
}

func newGrowth(tb testing.TB, at place) *growth {
	tb.Helper()
	program, err := os.Executable()
	require.NoError(tb, err)
	g := &growth{world: emptyWorld(tb, at, program)}
	g.populate(2, 2)
	g.tell(command{Do: "rest"})
	client := followupv1.NewFollowUpServiceClient(g.conn)
	ask := &followupv1.ListCareUnitFollowUpsRequest{CareUnitId: g.unit, PageSize: 1}
	list := func() {
		page, err := client.ListCareUnitFollowUps(g.bearing(g.tokens[0]), ask)
		require.NoError(tb, err)
		ask.PageToken = page.GetNextPageToken()
		g.template = page.GetFollowUps()[0].GetFollowUpId()
	}
	for _, text := range []*string{&g.first, &g.next} {
		op := operation{name: "list", statements: g.statements(list)}
		*text = op.statement(tb, "SELECT", "FROM follow_up")
	}
	g.db = at.open(tb, "followup", true)
	g.columns = readRow(tb, g.db, "follow_up", "follow_up_id = $1", g.template).columns
	return g
}

// fill adds follow-ups with the numbers from first to last, a tenth of them at the unit, three in five open, in no order of due time.
func (g *growth) fill(first, last int) {
	g.tb.Helper()
	as := map[string]string{
		"follow_up_id": `'bulk-' || CAST(n AS TEXT)`,
		"subject_id":   `'bulk-' || CAST(n AS TEXT)`,
		"patient_id":   `'patient-' || CAST(n / 7 AS TEXT)`,
		"care_unit_id": `CASE WHEN n % 10 = 0 THEN f.care_unit_id ELSE 'unit-' || CAST(n % 10 AS TEXT) END`,
		"state":        `CASE WHEN n / 10 % 5 < 3 THEN 'OPEN' ELSE 'COMPLETED' END`,
		"due_time":     `f.due_time + CAST(n AS BIGINT) * 7919 % 1000003 * 60000000`,
	}
	values := make([]string, len(g.columns))
	for i, column := range g.columns {
		values[i] = "f." + column
		if expression, ok := as[column]; ok {
			values[i] = expression
		}
	}
	_, err := g.db.Exec(fmt.Sprintf(`WITH RECURSIVE s (n) AS (SELECT %d UNION ALL SELECT n + 1 FROM s WHERE n < %d)
INSERT INTO follow_up (%s) SELECT %s FROM follow_up f, s WHERE f.follow_up_id = '%s'`,
		first, last, strings.Join(g.columns, ", "), strings.Join(values, ", "), g.template))
	require.NoError(g.tb, err)
	if g.place.engine == "postgres" {
		_, err = g.db.Exec("VACUUM ANALYZE follow_up")
		require.NoError(g.tb, err)
	}
}

// pageOf is a page to be read.
type pageOf struct {
	text string
	args []any
}

// pages are the first one and one after most of what is open.
func (g *growth) pages(size int) map[string]pageOf {
	g.tb.Helper()
	var due int64
	var id string
	err := g.db.QueryRow(`SELECT due_time, follow_up_id FROM follow_up WHERE care_unit_id = $1 AND state = 'OPEN'
ORDER BY due_time, follow_up_id LIMIT 1 OFFSET $2`, g.unit, size/10*3/5-pageSize-5).Scan(&due, &id)
	require.NoError(g.tb, err)
	return map[string]pageOf{
		"first": {g.first, []any{g.unit, pageSize + 1}},
		"deep":  {g.next, []any{g.unit, due, id, pageSize + 1}},
	}
}

// plan is how SQLite reads a page.
func (g *growth) plan(p pageOf) string {
	g.tb.Helper()
	rows, err := g.db.Query("EXPLAIN QUERY PLAN "+p.text, p.args...)
	require.NoError(g.tb, err)
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(g.tb, rows.Scan(&id, &parent, &unused, &detail))
		plan.WriteString(detail + "\n")
	}
	require.NoError(g.tb, rows.Err())
	return plan.String()
}

// buffers are the blocks that PostgreSQL looks at for a page.
func (g *growth) buffers(p pageOf) int {
	g.tb.Helper()
	var text string
	require.NoError(g.tb, g.db.QueryRow("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+p.text, p.args...).Scan(&text))
	var plans []struct {
		Plan struct {
			Rows int `json:"Actual Rows"`
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	require.NoError(g.tb, json.Unmarshal([]byte(text), &plans))
	require.Equal(g.tb, pageSize+1, plans[0].Plan.Rows, "a full page")
	return plans[0].Plan.Hit + plans[0].Plan.Read
}
