package event_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

func TestReadFilters(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := opened(t, open)
		kinds, units := []string{"a.made", "a.ended", "b.made"}, []string{"u1", "u2", ""}
		for i := range 30 {
			appended(t, db, told(kinds[i%3], fmt.Sprint(i), 1, units[i/3%3]))
		}
		numbered(t, db)
		everything := all(t, db)
		for _, test := range []struct {
			name  string
			query event.Query
			keep  func(*eventv1.Event) bool
		}{
			{"everything", event.Query{}, func(*eventv1.Event) bool { return true }},
			{"one type", event.Query{Types: []string{"a.made"}}, func(e *eventv1.Event) bool { return e.GetType() == "a.made" }},
			{"two types", event.Query{Types: []string{"a.ended", "b.made"}}, func(e *eventv1.Event) bool { return e.GetType() != "a.made" }},
			{"unknown type", event.Query{Types: []string{"x.y"}}, func(*eventv1.Event) bool { return false }},
			{"one unit", event.Query{UnitIDs: []string{"u2"}}, func(e *eventv1.Event) bool { return e.GetCareUnitId() == "u2" }},
			{"two units", event.Query{UnitIDs: []string{"u1", "u2"}}, func(e *eventv1.Event) bool { return e.GetCareUnitId() != "" }},
			{"no unit at all", event.Query{UnitIDs: []string{}}, func(*eventv1.Event) bool { return false }},
			{"type and unit", event.Query{Types: []string{"a.made"}, UnitIDs: []string{"u1"}},
				func(e *eventv1.Event) bool { return e.GetType() == "a.made" && e.GetCareUnitId() == "u1" }},
			{"hostile text", event.Query{Types: []string{`a.made' OR '1'='1`}}, func(*eventv1.Event) bool { return false }},
		} {
			t.Run(test.name, func(t *testing.T) {
				var want []int64
				for _, e := range everything {
					if test.keep(e) {
						want = append(want, e.GetSequence())
					}
				}
				for _, limit := range []int{1, 2, 3, 100} {
					var got []int64
					cursor := int64(0)
					for {
						test.query.After, test.query.Limit = cursor, limit
						events, next, err := event.Read(db.Read(t.Context()), "log", test.query)
						require.NoError(t, err)
						require.LessOrEqual(t, len(events), limit)
						for _, e := range events {
							got = append(got, e.GetSequence())
						}
						require.GreaterOrEqual(t, next, cursor)
						if len(events) == 0 {
							require.EqualValues(t, 30, next, "a filtered reader comes to the head, so that it is not read again")
							break
						}
						cursor = next
					}
					require.Equal(t, want, got, "limit %d", limit)
				}
			})
		}
		_, next, err := event.Read(db.Read(t.Context()), "log", event.Query{After: 99, Limit: 1})
		require.NoError(t, err)
		require.EqualValues(t, 99, next, "a cursor never goes back")
	})
}

// A filtered reading looks at a bounded part of a long log, and gets to the end in steps.
func TestFilteredReadingGoesInSteps(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := opened(t, open)
		const long = 50_000
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`INSERT INTO event_log (event_id, sequence, type, resource_id, revision, care_unit_id, body)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
SELECT 'e' || i, i, 'a.b', 'r', i, CASE WHEN i = $1 THEN 'mine' ELSE 'other' END, $2 FROM n`, long, []byte{})
			if err != nil {
				return err
			}
			_, err = tx.Exec(`UPDATE event_head SET last_sequence = $1`, long)
			return err
		}))
		cursor, steps := int64(0), 0
		for {
			events, next, err := event.Read(db.Read(t.Context()), "log", event.Query{After: cursor, UnitIDs: []string{"mine"}, Limit: 10})
			require.NoError(t, err)
			steps++
			require.Greater(t, next, cursor)
			require.LessOrEqual(t, next-cursor, int64(20_000))
			cursor = next
			if len(events) > 0 {
				require.EqualValues(t, long, events[0].GetSequence())
				break
			}
		}
		require.Equal(t, 3, steps)
	})
}
