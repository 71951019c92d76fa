package sqldb_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

func TestNames(t *testing.T) {
	for name, good := range map[string]bool{
		"sickleave": true, "a": true, "user": true, "select": true, "x_2": true, strings.Repeat("a", 63): true,
		"": false, "Sickleave": false, "2x": false, "_x": false, "a-b": false, "../x": false, `a";`: false, "åsa": false,
		"a\n": false, "pg_temp": false, strings.Repeat("a", 64): false,
	} {
		db, err := sqldb.Open(t.Context(), sqldb.Config{Dir: t.TempDir()}, name)
		if !good {
			require.Error(t, err, name)
			continue
		}
		require.NoError(t, err, name)
		require.NoError(t, db.Close())
	}
}

func TestReservedWordIsAGoodName(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("user")
		require.NoError(t, db.Migrate(t.Context(), "order", items))
		insert(t, db, "a")
		require.NoError(t, db.Ping(t.Context()))
	})
}

func TestDatabasesAreApart(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		one, two := open("patient"), open("careplan")
		require.NoError(t, one.Migrate(t.Context(), "items", items))
		require.NoError(t, two.Migrate(t.Context(), "items", items))
		insert(t, one, "a")
		require.Empty(t, ids(t, two.Read(t.Context())))
	})
}

func TestSchemaMadeByManyReplicasAtOnce(t *testing.T) {
	cfg := sqldb.Config{URL: sqldbtest.PostgresURL(t), MaxConns: 1}
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			db, err := sqldb.Open(t.Context(), cfg, "shop")
			if err != nil {
				return err
			}
			return db.Close()
		})
	}
	require.NoError(t, group.Wait())
}

func TestPostgresSession(t *testing.T) {
	db := sqldbtest.Postgres(t)("shop")
	for setting, want := range map[string]string{
		"search_path":                         "shop",
		"statement_timeout":                   "15s",
		"idle_in_transaction_session_timeout": "30s",
		"transaction_isolation":               "read committed",
		"application_name":                    "coworkcare/shop",
	} {
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			var got string
			require.NoError(t, tx.QueryRow("SHOW "+setting).Scan(&got))
			require.Equal(t, want, strings.Trim(got, `"`), setting)
			return nil
		}))
	}
}

// synchronous 2 is FULL: a commit is on the disk before it is acknowledged.
func TestSQLiteSession(t *testing.T) {
	db := sqldbtest.SQLite(t)("shop")
	want := map[string]string{
		"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000", "query_only": "0", "temp_store": "2",
	}
	check := func(q sqldb.Querier) {
		t.Helper()
		for pragma, value := range want {
			var got string
			require.NoError(t, q.QueryRow("PRAGMA "+pragma).Scan(&got))
			require.Equal(t, value, got, pragma)
		}
	}
	require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error { check(tx); return nil }))
	want["query_only"] = "1"
	check(db.Read(t.Context()))
}

func TestSQLiteFilesAreTheOwnersAlone(t *testing.T) {
	// Characters that mean something in a URL are a plain part of a path.
	dir := filepath.Join(t.TempDir(), "50 % of? #1&x=y")
	db, err := sqldb.Open(t.Context(), sqldb.Config{Dir: dir}, "shop")
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "items", items))
	insert(t, db, "a")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(entries), 3, "the file, its log and its index")
	for _, entry := range entries {
		info, err := entry.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "%s is %v", entry.Name(), info.Mode())
	}
	require.NoError(t, db.Close())
	require.NoFileExists(t, filepath.Join(dir, "shop.db-wal"), "folded into the file at close")
}

func TestErrorsDoNotShowTheURL(t *testing.T) {
	const password = "hush-hush"
	for _, address := range []string{
		"postgres://care:" + password + "@127.0.0.1:1/care?sslmode=disable",
		"postgres://care:" + password + "@127.0.0.1:port/care",
		"postgres://care:" + password + "/x@127.0.0.1/care",
		"postgres://care:" + password + "%zz@127.0.0.1/care",
		"postgres://care:" + password + "@127.0.0.1/care?sslmode=perhaps",
		"postgresql://127.0.0.1/care?password=" + password + "&sslmode=perhaps",
		"mysql://care:" + password + "@127.0.0.1/care",
		"host=127.0.0.1 password=" + password,
	} {
		_, err := sqldb.Open(t.Context(), sqldb.Config{URL: address}, "shop")
		require.Error(t, err, address)
		require.NotContains(t, err.Error(), password)
	}
	_, err := sqldb.Open(t.Context(), sqldb.Config{}, "shop")
	require.ErrorContains(t, err, "neither")
}

func TestWrongPasswordIsToldWithoutIt(t *testing.T) {
	address, err := url.Parse(sqldbtest.PostgresURL(t))
	require.NoError(t, err)
	address.User = url.UserPassword("nobody_here", "hush-hush")
	_, err = sqldb.Open(t.Context(), sqldb.Config{URL: address.String()}, "shop")
	require.ErrorContains(t, err, "nobody_here")
	require.NotContains(t, err.Error(), "hush-hush")
}
