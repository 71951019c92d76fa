package sqldbtest

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/throwaway"
)

// serverUser is who PostgreSQL runs as when the tests run as root, which it
// refuses to be. The packages of PostgreSQL make this system user.
const serverUser = "postgres"

// programFolders are where the server's programs stand outside of PATH.
var programFolders = []string{
	"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
	"/usr/pgsql-*/bin",                  // Red Hat
	"/opt/homebrew/opt/postgresql*/bin", // macOS
}

// server is this process's PostgreSQL, started by the first test that needs it.
var server = sync.OnceValues(startPostgres)

var databases atomic.Int64

func startPostgres() (*throwaway.Server, error) {
	initdb, err := throwaway.Find("initdb", programFolders...)
	if err != nil {
		return nil, err
	}
	postgres, err := throwaway.Find("postgres", programFolders...)
	if err != nil {
		return nil, err
	}
	s, err := throwaway.New("pg", syscall.SIGQUIT, serverUser)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	data := filepath.Join(s.Dir(), "data")
	// The bytewise order of locale C shows whoever relies on another one.
	err = s.Run(ctx, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
		"--wal-segsize=1", "--no-sync", "--no-instructions")
	if err != nil {
		s.Close()
		return nil, err
	}
	ready := func(ctx context.Context, _ int) error {
		return admin(ctx, s, func(*pgx.Conn) error { return nil })
	}
	// A socket in its own folder: no port to collide on.
	err = s.Start(ctx, ready, postgres, "-D", data, "-k", s.Dir(),
		"-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=32MB", "-c", "autovacuum=off", "-c", "jit=off",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func databaseURL(s *throwaway.Server, database string) string {
	params := url.Values{"host": {s.Dir()}, "sslmode": {"disable"}}
	return "postgres://postgres@/" + database + "?" + params.Encode()
}

func admin(ctx context.Context, s *throwaway.Server, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, databaseURL(s, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return do(conn)
}

// PostgresURL is the URL of an empty database of the test's own, dropped when
// the test ends, with whoever is still connected. The server stands on a Unix
// socket and is the same for all tests of the process. Without PostgreSQL on
// the machine the test is skipped, or fails where CI is set.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	s, err := server()
	throwaway.Require(tb, err)
	database := fmt.Sprintf("test_%d", databases.Add(1))
	exec := func(statement string) error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		return admin(ctx, s, func(conn *pgx.Conn) error { _, err := conn.Exec(ctx, statement); return err })
	}
	require.NoError(tb, exec("CREATE DATABASE "+database+" TEMPLATE template0"))
	tb.Cleanup(func() { require.NoError(tb, exec("DROP DATABASE "+database+" WITH (FORCE)")) })
	return databaseURL(s, database)
}
