package sqldb_test

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// A statement runs again and again with other values, and nothing of the last time stays with it.
func TestStatementsRunAgain(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		for i := range 3 {
			insert(t, db, fmt.Sprintf("a%d", i))
			require.Error(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
				_, err := tx.Exec(addItem, fmt.Sprintf("a%d", i)) // refused
				return err
			}))
			var day *string
			require.NoError(t, db.Read(t.Context()).QueryRow("SELECT day FROM items WHERE id = $1", fmt.Sprintf("a%d", i)).Scan(&day))
			require.Nil(t, day)
		}
		require.Equal(t, []string{"a0", "a1", "a2"}, ids(t, db.Read(t.Context())))
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			require.Equal(t, []string{"a0", "a1", "a2"}, ids(t, tx))
			if _, err := tx.Exec(addItem, "a3"); err != nil {
				return err
			}
			require.Equal(t, []string{"a0", "a1", "a2", "a3"}, ids(t, tx), "what the transaction has written")
			return nil
		}))
	})
}

// A statement whose rows are still being read is not taken away by the same text run again: on the one connection of a
// transaction SQLite allows both at once.
func TestSameTextWhileItsRowsAreRead(t *testing.T) {
	const text = "SELECT id FROM items WHERE id >= $1 ORDER BY id"
	db := openItems(t, sqldbtest.SQLite(t))
	insert(t, db, "a", "b", "c")
	require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		outer, err := tx.Query(text, "a")
		require.NoError(t, err)
		var seen []string
		for outer.Next() {
			var id, last string
			require.NoError(t, outer.Scan(&id))
			require.NoError(t, tx.QueryRow("SELECT max(id) FROM items").Scan(&last))
			inner, err := tx.Query(text, id)
			require.NoError(t, err)
			for inner.Next() {
				var within string
				require.NoError(t, inner.Scan(&within))
				seen = append(seen, id+within)
			}
			require.NoError(t, inner.Close())
		}
		require.NoError(t, outer.Err())
		require.NoError(t, outer.Close())
		require.Equal(t, []string{"aa", "ab", "ac", "bb", "bc", "cc"}, seen)
		return nil
	}))
}

// More texts than are kept, among them one being read from while it is put out.
func TestManyTexts(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		insert(t, db, "a", "b")
		for range 2 {
			for i := range 250 {
				var n int
				require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
					return tx.QueryRow(fmt.Sprintf("SELECT count(*) + %d FROM items WHERE id <> $1", i), "b").Scan(&n)
				}))
				require.Equal(t, 1+i, n)
			}
		}
		if db.Engine() != sqldb.SQLite {
			return // one statement at a time on a connection
		}
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			rows, err := tx.Query("SELECT id FROM items ORDER BY id")
			require.NoError(t, err)
			require.True(t, rows.Next())
			for i := range 250 {
				var n int
				require.NoError(t, tx.QueryRow(fmt.Sprintf("SELECT %d", i)).Scan(&n))
			}
			require.True(t, rows.Next(), "still there after its text is no longer kept")
			var id string
			require.NoError(t, rows.Scan(&id))
			require.Equal(t, "b", id)
			return rows.Close()
		}))
		require.Equal(t, []string{"a", "b"}, ids(t, db.Read(t.Context())))
	})
}

// Tables change under statements that are kept.
func TestStatementsSeeNewTables(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		insert(t, db, "a")
		require.Equal(t, []string{"a"}, ids(t, db.Read(t.Context())))
		require.NoError(t, db.Migrate(t.Context(), "more", fstest.MapFS{"0001_more.sql": {Data: []byte(`-- +goose Up
ALTER TABLE items ADD COLUMN colour TEXT NOT NULL DEFAULT 'blue';
CREATE INDEX items_colour ON items (colour);
`)}}))
		insert(t, db, "b")
		require.Equal(t, []string{"a", "b"}, ids(t, db.Read(t.Context())))
		var colour string
		require.NoError(t, db.Read(t.Context()).QueryRow("SELECT colour FROM items WHERE id = $1", "a").Scan(&colour))
		require.Equal(t, "blue", colour)
	})
}

// A caller who goes away in the middle leaves nothing behind for the next one with the same statement.
func TestStatementsAfterACallerHasGone(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := openItems(t, open)
		insert(t, db, "a", "b", "c")
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			err := db.Tx(ctx, func(tx *sqldb.Tx) error {
				rows, err := tx.Query("SELECT id FROM items ORDER BY id")
				if err != nil {
					return err
				}
				defer rows.Close()
				rows.Next()
				cancel()
				for rows.Next() {
				}
				return rows.Err()
			})
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, []string{"a", "b", "c"}, ids(t, db.Read(t.Context())))
			require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
				require.Equal(t, []string{"a", "b", "c"}, ids(t, tx))
				return nil
			}))
		}
	})
}
