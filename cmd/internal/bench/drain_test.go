package bench

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkDrain lets many reminders fall due at once, as at eight in the morning, each of another follow-up of another patient, and
// waits until all of them have had their effect: the follow-up reminded, the event told, the next timer armed, in one commit. It
// refuses one that is early, lost or doubled. COWORKCARE_BENCH_DUE says how many; 10,000 when it is not set.
func BenchmarkDrain(b *testing.B) {
	due := 10_000
	if text := os.Getenv("COWORKCARE_BENCH_DUE"); text != "" {
		_, err := fmt.Sscan(text, &due)
		require.NoError(b, err)
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			g := newGrowth(b, newPlace(b, engine))
			g.arm(due)
			before := g.usage()
			begun := time.Now()
			g.tell(command{Do: "work"})
			g.untilReminded(due)
			taken := time.Since(begun)
			used := g.usage().since(before)
			g.tell(command{Do: "rest"})
			g.remindedOnce(due)
			perSecond := float64(due) / taken.Seconds()
			yards = append(yards, yard{what: fmt.Sprintf("reminders of %d due at once, %s", due, engine), callers: 1, ratios: []float64{perSecond}, unit: " a second"})
			b.ReportMetric(perSecond, "effects/s")
			b.ReportMetric(micros(used.CPU)/float64(due), "cpu_us/effect")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// arm makes follow-ups whose first reminder is due now, and as many more whose first reminder is due in an hour.
func (g *growth) arm(due int) {
	g.tb.Helper()
	now, hour := time.Now().UnixMicro(), int64(time.Hour/time.Microsecond)
	at := fmt.Sprintf(`CAST(CASE WHEN n <= %d THEN %d ELSE %d END AS BIGINT)`, due, now, now+hour)
	var patient string
	require.NoError(g.tb, g.db.QueryRow(`SELECT patient_id FROM follow_up WHERE follow_up_id = $1`, g.template).Scan(&patient))
	file := readRow(g.tb, g.db, "patient_file", "patient_id = $1", patient)
	g.copies(file.columns, "patient_file", "patient_id", patient, 2*due, map[string]string{"patient_id": `'due-patient-' || CAST(n AS TEXT)`})
	g.copies(g.columns, "follow_up", "follow_up_id", g.template, 2*due, map[string]string{
		"follow_up_id": `'due-' || CAST(n AS TEXT)`,
		"subject_id":   `'due-' || CAST(n AS TEXT)`,
		"patient_id":   `'due-patient-' || CAST(n AS TEXT)`,
		"kind":         `'HOLD_PLANNED_CONTACT'`,
		"title":        `NULL`, // sealed with another id
		"reminders":    `0`,
		"ladder":       `'{"steps":[{"at":' || CAST(` + at + ` AS TEXT) || ',"do":"REMIND"},{"at":' || CAST(` + at + fmt.Sprintf(` + %d AS TEXT)`, 24*hour) + ` || ',"do":"REMIND"}]}'`,
	})
	timer := readRow(g.tb, g.db, "timer", "key = $1", g.template)
	g.copies(timer.columns, "timer", "key", g.template, 2*due, map[string]string{"key": `'due-' || CAST(n AS TEXT)`, "due": at})
}

// copies writes n copies of a row with some columns changed.
func (g *growth) copies(columns []string, table, key, of string, n int, as map[string]string) {
	g.tb.Helper()
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = "f." + column
		if expression, ok := as[column]; ok {
			values[i] = expression
		}
	}
	_, err := g.db.Exec(fmt.Sprintf(`WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d)
INSERT INTO %s (%s) SELECT %s FROM %s f, s WHERE f.%s = '%s'`, n, table, strings.Join(columns, ", "), strings.Join(values, ", "), table, key, of))
	require.NoError(g.tb, err)
	if g.place.engine == "postgres" {
		_, err = g.db.Exec("VACUUM ANALYZE " + table)
		require.NoError(g.tb, err)
	}
}

func (g *growth) count(query string, args ...any) int {
	g.tb.Helper()
	var n int
	require.NoError(g.tb, g.db.QueryRow(query, args...).Scan(&n))
	return n
}

// untilReminded waits until all that is due has been reminded of.
func (g *growth) untilReminded(due int) {
	g.tb.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	until := time.After(10 * time.Minute)
	for done := -1; done < due; {
		select {
		case <-tick.C:
			done = g.count(`SELECT count(*) FROM follow_up WHERE follow_up_id LIKE 'due-%' AND reminders > 0`)
		case <-until:
			require.FailNow(g.tb, "never done", "%d of %d", done, due)
		}
	}
}

// remindedOnce refuses what is doubled, early or not told.
func (g *growth) remindedOnce(due int) {
	g.tb.Helper()
	require.Equal(g.tb, due, g.count(`SELECT count(*) FROM follow_up WHERE follow_up_id LIKE 'due-%' AND reminders > 0`), "reminded")
	require.Zero(g.tb, g.count(`SELECT count(*) FROM follow_up WHERE follow_up_id LIKE 'due-%' AND reminders > 1`), "reminded twice")
	require.Equal(g.tb, due, g.count(`SELECT count(*) FROM event_log WHERE type = 'follow_up.reminded' AND resource_id LIKE 'due-%'`), "told")
	require.Equal(g.tb, due, g.count(`SELECT count(DISTINCT resource_id) FROM event_log WHERE type = 'follow_up.reminded' AND resource_id LIKE 'due-%'`), "told once")
	require.Equal(g.tb, 2*due, g.count(`SELECT count(*) FROM timer WHERE key LIKE 'due-%'`), "the next one armed")
}
