package bench

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/coworkcare/coworkcare/platform/throwaway"
)

// place is where the databases of one server stand, or those of the bare SQL.
type place struct {
	engine string
	url    string // PostgreSQL
	dir    string // keys, and SQLite
}

func newPlace(tb testing.TB, engine string) place {
	tb.Helper()
	p := place{engine: engine, dir: tb.TempDir()}
	if engine == "postgres" {
		p.url = durable(tb).database(tb)
	}
	return p
}

// readers is the size of the product's pool of readers on SQLite, and poolSize that of its pool on PostgreSQL.
const (
	readers  = 4
	poolSize = 8
)

// open opens a service's database as the product does, without the product: the same durability and the same number of connections.
func (p place) open(tb testing.TB, name string, write bool) *sql.DB {
	tb.Helper()
	var db *sql.DB
	var err error
	if p.engine == "postgres" {
		at, parseErr := url.Parse(p.url)
		require.NoError(tb, parseErr)
		query := at.Query()
		query.Set("search_path", name)
		at.RawQuery = query.Encode()
		db, err = sql.Open("pgx", at.String())
		db.SetMaxOpenConns(poolSize)
		db.SetMaxIdleConns(poolSize)
	} else {
		params := url.Values{"_busy_timeout": {"5000"}, "_foreign_keys": {"1"}, "_synchronous": {"FULL"}}
		conns := readers
		if write {
			conns = 1
			params.Set("_txlock", "immediate")
		} else {
			params.Set("_query_only", "1")
		}
		db, err = sql.Open("sqlite", "file:"+filepath.Join(p.dir, name+".db")+"?"+params.Encode())
		db.SetMaxOpenConns(conns)
		db.SetMaxIdleConns(conns)
	}
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	return db
}

// durable is a PostgreSQL that keeps what it acknowledges: its defaults, with fsync and synchronous commit. That of the
// tests has neither.
func durable(tb testing.TB) *cluster {
	tb.Helper()
	c, err := startDurable()
	throwaway.Require(tb, err)
	return c
}

type cluster struct {
	*throwaway.Server
	pid       int
	databases atomic.Int64
}

var startDurable = sync.OnceValues(func() (*cluster, error) {
	folders := []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin"}
	initdb, err := throwaway.Find("initdb", folders...)
	if err != nil {
		return nil, err
	}
	postgres, err := throwaway.Find("postgres", folders...)
	if err != nil {
		return nil, err
	}
	s, err := throwaway.New("bench-pg", syscall.SIGQUIT, "postgres")
	if err != nil {
		return nil, err
	}
	c := &cluster{Server: s}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	data := filepath.Join(s.Dir(), "data")
	if err := s.Run(ctx, initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"); err != nil {
		s.Close()
		return nil, err
	}
	ready := func(ctx context.Context, pid int) error {
		c.pid = pid
		return c.do(ctx, func(db *sql.DB) error { return db.PingContext(ctx) })
	}
	if err := s.Start(ctx, ready, postgres, "-D", data, "-k", s.Dir(), "-c", "listen_addresses=", "-c", "max_connections=200"); err != nil {
		s.Close()
		return nil, err
	}
	return c, nil
})

func (c *cluster) url(database string) string {
	return "postgres://postgres@/" + database + "?" + url.Values{"host": {c.Dir()}, "sslmode": {"disable"}}.Encode()
}

func (c *cluster) do(ctx context.Context, do func(*sql.DB) error) error {
	db, err := sql.Open("pgx", c.url("postgres"))
	if err != nil {
		return err
	}
	defer db.Close()
	return do(db)
}

// database is the URL of an empty database.
func (c *cluster) database(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("bench_%d", c.databases.Add(1))
	require.NoError(tb, c.do(tb.Context(), func(db *sql.DB) error {
		for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
			var value string
			if err := db.QueryRow("SELECT current_setting($1)", setting).Scan(&value); err != nil {
				return err
			}
			if value != "on" {
				return fmt.Errorf("%s is %s: commits would cost nothing", setting, value)
			}
		}
		_, err := db.Exec("CREATE DATABASE " + name + " TEMPLATE template0")
		return err
	}))
	return c.url(name)
}

// cpu is the processor time of PostgreSQL's own processes, in steps of 10 ms; 0 where the system does not tell.
func (c *cluster) cpu() time.Duration {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	var ticks int64
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// After the name in brackets: state, parent, …; user and system time are the 12th and 13th, those of children the next two.
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		own := pid == c.pid
		if len(fields) < 15 || !own && string(fields[1]) != strconv.Itoa(c.pid) {
			continue
		}
		for i, field := range fields[11:15] {
			if i < 2 || own {
				n, _ := strconv.ParseInt(string(field), 10, 64)
				ticks += n
			}
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

// syncTime is how long the machine takes to make 8 kB durable beside a file: the median of some.
func syncTime(tb testing.TB, dir string) time.Duration {
	f, err := os.Create(filepath.Join(dir, "sync"))
	require.NoError(tb, err)
	defer f.Close()
	var taken []float64
	for range 50 {
		_, err := f.WriteAt(make([]byte, 8192), 0)
		require.NoError(tb, err)
		begun := time.Now()
		require.NoError(tb, f.Sync())
		taken = append(taken, float64(time.Since(begun)))
	}
	return time.Duration(median(taken))
}
