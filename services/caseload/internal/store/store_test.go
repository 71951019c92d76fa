package store

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/services/caseload/internal/caseload"
)

func onBothEngines(t *testing.T, test func(t *testing.T, db *sqldb.DB, s *Store)) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("caseload")
		require.NoError(t, db.Migrate(t.Context(), "caseload", os.DirFS("../../migrations")))
		test(t, db, New())
	})
}

func write(t *testing.T, db *sqldb.DB, fn func(tx *sqldb.Tx) error) {
	t.Helper()
	require.NoError(t, db.Tx(t.Context(), fn))
}

var today = date.MustParse("2026-03-02")

func at(hour int) time.Time { return today.At(hour, 0).UTC() }

func heard(kind, id string, revision int64, hour int) Heard {
	return Heard{EventID: fmt.Sprint(kind, id, revision), PatientID: "patient", Kind: kind, ResourceID: id, Revision: revision,
		Place: caseload.Place{ProviderID: "provider", UnitID: fmt.Sprint("unit at ", hour)}, Time: at(hour)}
}

// facts are one of every kind that is kept, with all that each can hold.
func facts() []caseload.Fact {
	standing := func(id, state string) caseload.Standing {
		return caseload.Standing{ID: id, EpisodeID: "episode", State: state, Since: at(8)}
	}
	return []caseload.Fact{
		caseload.Patient{ID: "patient", Place: caseload.Place{ProviderID: "provider", UnitID: "home"}, Protected: true},
		caseload.Episode{Standing: standing("episode", "OPEN"), Start: today, Referrals: []caseload.Referral{{ID: "r", Role: caseload.GP, State: "PENDING", Since: at(9)}},
			Team: []caseload.Member{{PractitionerID: "gp", Role: caseload.GP, Start: today, End: today.AddDays(9)}}},
		caseload.Consent{Standing: standing("consent", "GRANTED"), Start: today, End: today.AddDays(9), Order: 3},
		caseload.Plan{Standing: standing("plan", "ACTIVE"), Planned: []caseload.Planned{{ID: "p", Day: today}}},
		caseload.Contact{Standing: standing("contact", "HELD"), PlannedID: "p", Scheduled: at(10), Result: at(11)},
		caseload.Assessment{Standing: standing("assessment", ""), Instrument: "MADRS-S", Day: today, Score: 3.5, Scored: true, Band: "mild", Response: true, Remission: true},
		caseload.Flag{Standing: standing("flag", "OPEN"), Urgent: true, Raised: at(8)},
		caseload.Recommendation{Standing: standing("advice", "OPEN")},
		caseload.Certificate{Standing: standing("certificate", "DRAFT")},
		caseload.SickLeave{PatientID: "patient", Cases: []caseload.Case{{Start: today, End: today.AddDays(9), Periods: []caseload.Period{{Start: today, End: today.AddDays(9), Degree: 50}}}}},
		caseload.ReturnPlan{Standing: standing("return", "PROPOSED")},
		caseload.Meeting{Standing: standing("meeting", "DEFERRED"), Scheduled: at(12), Recheck: today, Missing: []string{"BRIEF"}},
		caseload.Agreement{Standing: standing("agreement", "")},
		caseload.FollowUp{Standing: standing("due", "OPEN"), Day: today, Due: at(17), MeetingFlag: 60},
		caseload.Reading{ID: "reading", PractitionerID: "gp"},
	}
}

// What is heard is kept whole, of every kind, and read back the same.
func TestFileRoundTrip(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		var kept caseload.Picture
		for _, fact := range facts() {
			write(t, db, func(tx *sqldb.Tx) error {
				f, err := s.Hear(tx, heard(fact.Kind(), fact.Subject(), 2, 8))
				if err != nil {
					return err
				}
				if err := s.Keep(tx, f, fact); err != nil {
					return err
				}
				kept = caseload.Derive(f.File)
				return nil
			})
		}
		whole := caseload.NewFile("patient")
		whole.Version, whole.Updated = int64(2*len(facts())), at(8)
		for _, fact := range facts() {
			whole.Enter(fact)
		}
		require.Equal(t, caseload.Derive(whole), kept)

		write(t, db, func(tx *sqldb.Tx) error {
			change, err := s.SavePicture(tx, kept)
			require.Equal(t, &Change{Revision: 1, UnitIDs: []string{"home"}}, change)
			return err
		})
		read, err := s.Pictures(db.Read(t.Context()), "patient", "nobody")
		require.NoError(t, err)
		require.Equal(t, map[string]caseload.Picture{"patient": kept}, read)
		write(t, db, func(tx *sqldb.Tx) error {
			change, err := s.SavePicture(tx, read["patient"])
			require.Nil(t, change, "nothing has changed")
			return err
		})
		moved := kept
		moved.Place.UnitID = "elsewhere"
		write(t, db, func(tx *sqldb.Tx) error {
			change, err := s.SavePicture(tx, moved)
			require.Equal(t, &Change{Revision: 2, UnitIDs: []string{"home", "elsewhere"}}, change)
			return err
		})
		moved.Listed = false
		write(t, db, func(tx *sqldb.Tx) error {
			change, err := s.SavePicture(tx, moved)
			require.Equal(t, &Change{Revision: 4, UnitIDs: []string{"elsewhere"}}, change)
			return err
		})
	})
}

// An older or equal revision tells nothing new; a later event of an earlier time does not move the patient.
func TestHear(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		hear := func(h Heard) (f *File) {
			write(t, db, func(tx *sqldb.Tx) (err error) {
				if f, err = s.Hear(tx, h); err != nil || f == nil {
					return err
				}
				return s.Keep(tx, f, nil)
			})
			return f
		}
		require.NotNil(t, hear(heard("note", "one", 2, 10)))
		require.Nil(t, hear(heard("note", "one", 2, 11)))
		require.Nil(t, hear(heard("note", "one", 1, 12)))
		f := hear(heard("note", "two", 3, 9))
		require.EqualValues(t, 5, f.Version)
		require.Equal(t, "unit at 10", f.Heard.UnitID)
		require.Equal(t, at(10), f.Updated)
		f = hear(heard("note", "one", 7, 13))
		require.EqualValues(t, 10, f.Version)
		require.Equal(t, "unit at 13", f.Heard.UnitID)
		before := files(t, db)
		write(t, db, func(tx *sqldb.Tx) error { return s.Forget(tx, Build{Epoch: "next", Begin: at(8)}) })
		require.Equal(t, db.Engine() == sqldb.Postgres, !slices.Equal(before, files(t, db)), "emptied at once, not row by row")
		require.EqualValues(t, 2, hear(heard("note", "one", 2, 10)).Version, "forgotten")
		b, begun, err := s.Build(db.Read(t.Context()))
		require.NoError(t, err)
		require.True(t, begun)
		require.Equal(t, Build{Epoch: "next", Begin: at(8)}, b)
		for _, next := range []string{"caught up", "too late"} {
			write(t, db, func(tx *sqldb.Tx) error { return s.CatchUp(tx, "next", next) })
			b, _, err = s.Build(db.Read(t.Context()))
			require.NoError(t, err)
			require.Equal(t, Build{Epoch: "caught up", Begin: at(8), Built: true}, b)
		}
	})
}

// files are where PostgreSQL keeps the tables: emptying one at once begins a new file.
func files(t *testing.T, db *sqldb.DB) (all []int64) {
	t.Helper()
	if db.Engine() != sqldb.Postgres {
		return nil
	}
	for _, table := range []string{"line", "line_team", "picture", "told", "patient_file", "timeline"} {
		var file int64
		require.NoError(t, db.Read(t.Context()).QueryRow(`SELECT pg_relation_filenode(CAST($1 AS regclass))`, table).Scan(&file))
		all = append(all, file)
	}
	return all
}

// fill adds patients with the numbers from first to last, one in ten of them at the unit, three in four with an open episode.
func fill(t *testing.T, db *sqldb.DB, first, last int) {
	t.Helper()
	body, err := json.Marshal(caseload.Picture{PatientID: "somebody"})
	require.NoError(t, err)
	numbers := fmt.Sprintf(`WITH RECURSIVE s (n) AS (SELECT %d UNION ALL SELECT n + 1 FROM s WHERE n < %d)
`, first, last)
	write(t, db, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO picture (patient_id, revision, care_unit_id, body) `+numbers+`SELECT 'p' || CAST(n AS TEXT), 1, 'unit', CAST($1 AS TEXT) FROM s`, string(body))
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO line (patient_id, shown_from, shown_until, care_unit_id, episode_open, leave_start, leave_end, next_due, last_contact, safety, waits_from, meeting_state)
` + numbers + `SELECT 'p' || CAST(n AS TEXT), '', '9999-12-31', 'unit' || CAST(n % 10 AS TEXT), n / 10 % 4 > 0, '2026-' || CAST(n * 7919 % 100003 AS TEXT), '2027',
  '2026-' || CAST(n * 7907 % 100003 AS TEXT), CAST(n AS BIGINT) * 7901 % 100003, n % 997 = 1, '9999-12-31', '' FROM s`)
		return err
	})
	if db.Engine() == sqldb.Postgres {
		write(t, db, func(tx *sqldb.Tx) error { _, err := tx.Exec(`ANALYZE`); return err })
	}
}

// explained is how a page is read: on PostgreSQL the blocks that it looks at, on SQLite the plan.
func explained(t *testing.T, db *sqldb.DB, f Filter, order Order, p Page) (blocks int, plan string) {
	t.Helper()
	text, args := listQuery("unit1", today, f, order, p)
	if db.Engine() == sqldb.Postgres {
		var answer string
		require.NoError(t, db.Read(t.Context()).QueryRow("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+text, args...).Scan(&answer))
		var plans []struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
			}
		}
		require.NoError(t, json.Unmarshal([]byte(answer), &plans))
		return plans[0].Plan.Hit + plans[0].Plan.Read, ""
	}
	rows, err := db.Read(t.Context()).Query("EXPLAIN QUERY PLAN "+text, args...)
	require.NoError(t, err)
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		lines = append(lines, detail)
	}
	return 0, strings.Join(lines, "\n")
}

// A page costs the same among few patients and among many, also deep in the list and with the closed ones.
func TestPageDoesNotGrow(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		const few, many, limit = 2_000, 40_000, 20
		counted := map[string]int{}
		from := 1
		for _, size := range []int{few, many} {
			fill(t, db, from, size)
			from = size + 1
			for _, order := range []Order{ByLeave, ByDue, ByContact} {
				var deep any = "2026-9"
				if order == ByContact {
					deep = int64(90_000)
				}
				for name, page := range map[string]Page{"first": {Limit: limit}, "deep": {AfterKey: deep, AfterPatient: "p", Limit: limit}} {
					for _, f := range []Filter{{}, {Closed: true}} {
						found, err := s.List(db.Read(t.Context()), "unit1", today, f, order, page)
						require.NoError(t, err)
						if size == many {
							require.Len(t, found, limit+1)
						}
						key := fmt.Sprint(order, " ", name, " ", f.Closed)
						blocks, plan := explained(t, db, f, order, page)
						if db.Engine() == sqldb.SQLite {
							require.Contains(t, plan, "USING INDEX line_by_", key)
							require.NotContains(t, plan, "SCAN line", key)
							continue
						}
						if size == few {
							counted[key] = blocks
						} else {
							// A row is a line and a picture, each with the way to it.
							require.LessOrEqualf(t, blocks, 5*(limit+1), "%s: %d blocks among few", key, counted[key])
						}
					}
				}
			}
		}
		unsafe, err := s.List(db.Read(t.Context()), "unit1", today, Filter{Unsafe: true}, ByLeave, Page{Limit: 100})
		require.NoError(t, err)
		require.NotEmpty(t, unsafe)
	})
}
