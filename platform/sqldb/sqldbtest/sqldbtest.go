// Package sqldbtest runs store tests on every engine that sqldb knows.
//
//	func TestStore(t *testing.T) {
//		sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
//			db := open("careplan")
//			…
//		})
//	}
package sqldbtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// Opener opens the database called name among those of the test, empty at
// first and closed when the test ends. The same name again is the same
// database through a handle of its own, as a second process would have.
type Opener func(name string) *sqldb.DB

// Run runs test once for each engine, as subtests "sqlite" and "postgres",
// each with databases of its own. They may call t.Parallel.
func Run(t *testing.T, test func(t *testing.T, open Opener)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, Postgres(t)) })
}

// SQLite opens SQLite files in a folder of the test's own.
func SQLite(tb testing.TB) Opener {
	return opener(tb, sqldb.Config{Dir: tb.TempDir()})
}

// Postgres opens schemas in a PostgreSQL database of the test's own, see
// PostgresURL.
func Postgres(tb testing.TB) Opener {
	tb.Helper()
	return opener(tb, sqldb.Config{URL: PostgresURL(tb)})
}

func opener(tb testing.TB, cfg sqldb.Config) Opener {
	return func(name string) *sqldb.DB {
		tb.Helper()
		db, err := sqldb.Open(tb.Context(), cfg, name)
		require.NoError(tb, err)
		tb.Cleanup(func() { require.NoError(tb, db.Close()) })
		return db
	}
}
