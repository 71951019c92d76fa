package sqldb_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

type state string

// day stands for the types that write themselves.
type day struct{ text string }

func (d day) Value() (driver.Value, error) {
	if d.text == "" {
		return nil, nil
	}
	return d.text, nil
}

func TestValuesComeBackAsWritten(t *testing.T) {
	type row struct {
		id, label string
		amount    int64
		done      bool
		created   time.Time
		day       sql.NullString
		sealed    []byte
	}
	instant := time.Date(2026, 3, 29, 1, 59, 59, 123456789, time.FixedZone("CET", 3600))
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		write := func(id any, label any, amount any, done any, created any, day any, sealed any) row {
			t.Helper()
			require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec("INSERT INTO items (id, label, amount, done, created, day, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)",
					id, label, amount, done, created, day, sealed)
				return err
			}))
			var r row
			var us int64
			require.NoError(t, db.Read(t.Context()).QueryRow("SELECT id, label, amount, done, created, day, sealed FROM items WHERE id = $1", id).
				Scan(&r.id, &r.label, &r.amount, &r.done, &us, &r.day, &r.sealed))
			r.created = sqldb.FromMicros(us)
			return r
		}
		require.Equal(t,
			row{id: "a", label: `Åsa's "$1" ? 😀`, amount: 1 << 62, done: true, created: instant.Truncate(time.Microsecond).UTC(),
				day: sql.NullString{String: "2026-01-31", Valid: true}, sealed: []byte{0, 1, 0xff}},
			write("a", `Åsa's "$1" ? 😀`, int64(1<<62), true, sqldb.Micros(instant), day{"2026-01-31"}, []byte{0, 1, 0xff}))
		require.Equal(t, row{id: "b", label: "SIGNED", amount: -7, sealed: nil},
			write("b", state("SIGNED"), int32(-7), false, sqldb.Micros(time.Time{}), day{}, []byte(nil)))
		require.Equal(t, row{id: "c", label: "", sealed: []byte("{}")},
			write("c", "", uint8(0), false, 0, (*string)(nil), json.RawMessage("{}")))
		last := write("d", "d", 0, false, 0, nil, []byte{})
		require.Empty(t, last.sealed)
		for id, want := range map[string]bool{"a": false, "b": true, "d": false} {
			var null bool
			require.NoError(t, db.Read(t.Context()).QueryRow("SELECT sealed IS NULL FROM items WHERE id = $1", id).Scan(&null))
			require.Equal(t, want, null, "nil is NULL, empty bytes are not: %s", id)
		}
	})
}

func TestPlaceholdersRepeatAndRowsCompare(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		insert(t, db, "a", "b", "c")
		rows, err := db.Read(t.Context()).Query("SELECT id FROM items WHERE (created, id) > ($2, $3) AND id IN ("+sqldb.In(3, 2)+") ORDER BY created, id LIMIT $1", 5, 0, "a", "c")
		require.NoError(t, err)
		defer rows.Close()
		require.True(t, rows.Next())
		var id string
		require.NoError(t, rows.Scan(&id))
		require.Equal(t, "c", id)
		require.False(t, rows.Next())
		require.NoError(t, rows.Close())

		var none int
		require.NoError(t, db.Read(t.Context()).QueryRow("SELECT COUNT(*) FROM items WHERE id IN ("+sqldb.In(1, 0)+")").Scan(&none))
		require.Zero(t, none, "an empty list holds nothing")
	})
}

// Both engines refuse what only one of them could store, before they are asked.
func TestArgumentsThatEnginesTreatDifferentlyAreRefused(t *testing.T) {
	for _, tc := range []struct {
		name string
		arg  any
		want error
	}{
		{"nul", "a\x00b", sqldb.ErrText},
		{"nul in named type", state("\x00"), sqldb.ErrText},
		{"nul from a valuer", day{"\x00"}, sqldb.ErrText},
		{"utf-8", "a\xffb", sqldb.ErrText},
		{"half a rune", "Å"[:1], sqldb.ErrText},
		{"time", time.Unix(0, 0), sqldb.ErrTime},
		{"structure", struct{}{}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
				db := openItems(t, open)
				check := func(err error) {
					t.Helper()
					require.ErrorContains(t, err, "argument $1")
					if tc.want != nil {
						require.ErrorIs(t, err, tc.want)
					}
				}
				check(db.Tx(t.Context(), func(tx *sqldb.Tx) error {
					_, err := tx.Exec(addItem, tc.arg)
					check(err)
					return nil // ignored, and lost all the same
				}))
				_, err := db.Read(t.Context()).Query("SELECT id FROM items WHERE id = $1", tc.arg)
				check(err)
				var id string
				check(db.Read(t.Context()).QueryRow("SELECT id FROM items WHERE id = $1", tc.arg).Scan(&id))
			})
		})
	}
}

func TestIsUnique(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		insert(t, db, "a")
		exec := func(statement string, args ...any) error {
			return db.Tx(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(statement, args...); return err })
		}
		require.True(t, sqldb.IsUnique(exec(addItem, "a")), "primary key")
		require.True(t, sqldb.IsUnique(exec("INSERT INTO items (id, label) VALUES ($1, $2)", "b", "label of a")), "unique column")
		require.False(t, sqldb.IsUnique(exec("INSERT INTO items (id) VALUES ($1)", "c")), "NOT NULL")
		require.False(t, sqldb.IsUnique(nil))
		require.NoError(t, exec(addItem+" ON CONFLICT (id) DO NOTHING", "a"))
	})
}

// What a patient's row holds must not reach a log by way of an error.
func TestErrorsDoNotQuoteValues(t *testing.T) {
	const canary = "canary191212121212"
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		insert(t, db, canary)
		for name, statement := range map[string]string{
			"duplicate":       "INSERT INTO items (id, label) VALUES ($1, 'other')",
			"not null":        "INSERT INTO items (id) VALUES ($1)",
			"other type":      "INSERT INTO items (id, label, amount) VALUES ('n', 'n', $1)",
			"cast":            "INSERT INTO items (id, label, amount) VALUES ('m', 'm', CAST(CAST($1 AS TEXT) AS BIGINT) / 0)",
			"no such column":  "INSERT INTO items (id, absent) VALUES ($1, 1)",
			"no such table":   "INSERT INTO absent (id) VALUES ($1)",
			"too many values": "INSERT INTO items (id) VALUES ($1, 2)",
		} {
			err := db.Tx(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(statement, canary); return err })
			if db.Engine() == sqldb.Postgres {
				require.Error(t, err, name)
			}
			if err != nil {
				require.NotContains(t, err.Error(), canary, name)
			}
		}
	})
}

func TestReaderCannotWriteSQLite(t *testing.T) {
	db := openItems(t, sqldbtest.SQLite(t))
	var id string
	require.Error(t, db.Read(t.Context()).QueryRow(addItem+" RETURNING id", "a").Scan(&id))
	require.Empty(t, ids(t, db.Read(t.Context())))
}

func TestMicros(t *testing.T) {
	require.Zero(t, sqldb.Micros(time.Time{}))
	require.True(t, sqldb.FromMicros(0).IsZero())
	at := time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)
	require.Equal(t, at, sqldb.FromMicros(sqldb.Micros(at)))
}

func TestIn(t *testing.T) {
	require.Equal(t, "$3,$4,$5", sqldb.In(3, 3))
	require.Equal(t, "$1", sqldb.In(1, 1))
	require.Equal(t, "NULL", sqldb.In(7, 0))
}
