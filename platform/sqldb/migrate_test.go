package sqldb_test

import (
	"fmt"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// steps are n migrations, the first of which makes a table with one row and
// each further one adds a row: one that ran twice would fail or show.
func steps(n int) fstest.MapFS {
	files := fstest.MapFS{"0001_steps.sql": {Data: []byte("-- +goose Up\nCREATE TABLE steps (n BIGINT NOT NULL);\nINSERT INTO steps VALUES (1);\n")}}
	for i := 2; i <= n; i++ {
		files[fmt.Sprintf("%04d_step.sql", i)] = &fstest.MapFile{Data: []byte(fmt.Sprintf("-- +goose Up\nINSERT INTO steps VALUES (%d);\n", i))}
	}
	return files
}

func rowsOf(t *testing.T, db *sqldb.DB, table string) (n int64) {
	t.Helper()
	require.NoError(t, db.Read(t.Context()).QueryRow("SELECT COUNT(*) FROM "+table).Scan(&n))
	return n
}

func TestMigrateForward(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("shop")
		for _, n := range []int{1, 1, 3, 3} {
			require.NoError(t, db.Migrate(t.Context(), "steps", steps(n)))
			require.EqualValues(t, n, rowsOf(t, db, "steps"))
		}
		require.NoError(t, db.Migrate(t.Context(), "items", items), "another set in the same database")
		require.EqualValues(t, 4, rowsOf(t, db, "goose_steps"))
		require.EqualValues(t, 2, rowsOf(t, db, "goose_items"))
	})
}

func TestMigrateByManyReplicasAtOnce(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		var group errgroup.Group
		for range 4 {
			replica := open("shop")
			group.Go(func() error { return replica.Migrate(t.Context(), "steps", steps(5)) })
		}
		require.NoError(t, group.Wait())
		require.EqualValues(t, 5, rowsOf(t, open("shop"), "steps"))
	})
}

func TestMigrateRefusesNewerDatabase(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("shop")
		require.NoError(t, db.Migrate(t.Context(), "steps", steps(7)))
		err := db.Migrate(t.Context(), "steps", steps(5))
		var newer *sqldb.NewerError
		require.ErrorAs(t, err, &newer)
		require.Equal(t, sqldb.NewerError{Name: "shop", Set: "steps", Database: 7, Program: 5}, *newer)
		require.ErrorContains(t, err, "version 7")
		require.ErrorContains(t, err, "version 5")
		require.EqualValues(t, 7, rowsOf(t, db, "steps"))
	})
}

func TestMigrateFailsWhole(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("shop")
		broken := steps(2)
		broken["0002_step.sql"].Data = append(broken["0002_step.sql"].Data, "INSERT INTO absent VALUES (1);\n"...)
		require.ErrorContains(t, db.Migrate(t.Context(), "steps", broken), "0002_step.sql")
		require.EqualValues(t, 1, rowsOf(t, db, "steps"))
		require.NoError(t, db.Migrate(t.Context(), "steps", steps(2)), "mended")
		require.EqualValues(t, 2, rowsOf(t, db, "steps"))
		require.Error(t, db.Migrate(t.Context(), "Steps;", steps(2)))
		require.Error(t, db.Migrate(t.Context(), "none", fstest.MapFS{}))
	})
}

// A process that serves can tell that its database was changed under it.
func TestVersion(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("shop")
		require.NoError(t, db.Migrate(t.Context(), "steps", steps(3)))
		require.NoError(t, db.Version(t.Context(), "steps", steps(3)))
		var newer *sqldb.NewerError
		require.ErrorAs(t, db.Version(t.Context(), "steps", steps(2)), &newer)
		require.Equal(t, sqldb.NewerError{Name: "shop", Set: "steps", Database: 3, Program: 2}, *newer)
		var pending *sqldb.PendingError
		require.ErrorAs(t, db.Version(t.Context(), "steps", steps(5)), &pending)
		require.Equal(t, sqldb.PendingError{Name: "shop", Set: "steps", Database: 3, Program: 5}, *pending)
		require.EqualValues(t, 3, rowsOf(t, db, "steps"), "nothing was done")
		require.Error(t, db.Version(t.Context(), "none", steps(1)))
	})
}
