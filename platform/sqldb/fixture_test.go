package sqldb_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// items is a table with each type that the services use.
var items = fstest.MapFS{"0001_items.sql": {Data: []byte(`-- +goose Up
CREATE TABLE items (
	id         TEXT    NOT NULL PRIMARY KEY,
	label      TEXT    NOT NULL UNIQUE,
	amount     BIGINT  NOT NULL DEFAULT 0,
	done       BOOLEAN NOT NULL DEFAULT FALSE,
	created    BIGINT  NOT NULL DEFAULT 0,
	day        TEXT,
	sealed     BYTEA
);
CREATE INDEX items_open ON items (created, id) WHERE NOT done;
`)}}

// openItems is a database with the table, empty.
func openItems(t *testing.T, open sqldbtest.Opener) *sqldb.DB {
	t.Helper()
	db := open("shop")
	require.NoError(t, db.Migrate(t.Context(), "items", items))
	return db
}

func insert(t *testing.T, db *sqldb.DB, ids ...string) {
	t.Helper()
	require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		for _, id := range ids {
			if _, err := tx.Exec("INSERT INTO items (id, label) VALUES ($1, $2)", id, "label of "+id); err != nil {
				return err
			}
		}
		return nil
	}))
}

// ids are those of the table, sorted, as seen by q.
func ids(t *testing.T, q sqldb.Querier) []string {
	t.Helper()
	rows, err := q.Query("SELECT id FROM items ORDER BY id")
	require.NoError(t, err)
	defer rows.Close()
	var out []string
	for rows.Next() {
		var id string
		require.NoError(t, rows.Scan(&id))
		out = append(out, id)
	}
	require.NoError(t, rows.Err())
	return out
}
