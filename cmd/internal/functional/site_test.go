package functional_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/redisdb/redistest"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// site is an installation: its stores, its settings, and where one process of it stands.
type site struct {
	t        testing.TB
	settings map[string]string
	store    sqldb.Config
	redis    *redistest.Server // nil: the one inside the process

	rest, grpc, ops string // addresses

	patients *atomic.Int64 // made so far, for numbers that nobody has
}

// newSite makes an empty installation on SQLite, with the Redis inside the process.
func newSite(t testing.TB) *site {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	s := &site{t: t, settings: map[string]string{"COWORKCARE_DATA_DIR": dir}, store: sqldb.Config{Dir: dir}, patients: &atomic.Int64{}}
	s.move()
	return s
}

// onPostgres puts a new site on PostgreSQL.
func (s *site) onPostgres() *site {
	s.t.Helper()
	s.store = sqldb.Config{URL: sqldbtest.PostgresURL(s.t)}
	s.settings["COWORKCARE_DATABASE_URL"] = s.store.URL
	return s
}

// withRedis gives a site a Redis of its own.
func (s *site) withRedis() *site {
	s.t.Helper()
	s.redis = redistest.Start(s.t)
	s.settings["COWORKCARE_REDIS_URL"] = s.redis.URL()
	return s
}

// onEngines runs a test on both engines, each with a real Redis.
func onEngines(t *testing.T, test func(t *testing.T, s *site)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newSite(t).withRedis())
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newSite(t).onPostgres().withRedis())
	})
}

// move gives the site's process addresses that nobody has.
func (s *site) move() {
	s.rest, s.grpc, s.ops = freeAddress(s.t), freeAddress(s.t), freeAddress(s.t)
	s.settings["COWORKCARE_HTTP_ADDR"], s.settings["COWORKCARE_GRPC_ADDR"], s.settings["COWORKCARE_OPS_ADDR"] = s.rest, s.grpc, s.ops
}

// replica is another process of the same installation.
func (s *site) replica() *site {
	other := *s
	other.settings = maps.Clone(s.settings)
	other.move()
	return &other
}

// freeAddress is one that nobody listens on. It lies below the ports that connections go out from, so that none of these
// takes it while its process is down, and no client connects to itself there.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(10_000+rand.IntN(20_000)))
		listener, err := net.Listen("tcp", address)
		if err == nil {
			require.NoError(t, listener.Close())
			return address
		}
	}
	require.FailNow(t, "no free port")
	return ""
}

// begin starts a process of the site and does not wait for anything.
func (s *site) begin(args ...string) *process {
	s.t.Helper()
	return launch(s.t, "coworkcare", s.settings, args...)
}

// readyWithin is how long a process may take until it serves.
const readyWithin = 60 * time.Second

// start starts a process of the site and waits until it serves.
func (s *site) start(args ...string) *process {
	s.t.Helper()
	p := s.begin(args...)
	s.awaitReady(p)
	if args[0] == "dev" {
		// The first thing that it makes for itself comes after it serves.
		eventually(s.t, readyWithin, "dev says that it is ready", func() error {
			if p.ended() || !strings.Contains(p.out.String(), "is ready") {
				return errors.New("not said yet")
			}
			return nil
		})
	}
	return p
}

func (s *site) awaitReady(p *process) {
	s.t.Helper()
	eventually(s.t, readyWithin, "the process serves", func() error {
		if p.ended() {
			require.FailNowf(s.t, "the process has ended", "exit status %d\n%s", p.cmd.ProcessState.ExitCode(), tail(p.err.String()))
		}
		return s.ready()
	})
}

var errReady = errors.New("it is ready")

// ready asks whether the process serves.
func (s *site) ready() error {
	_, err := s.operations("/readyz")
	return err
}

var operator = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// operations reads a page of the operations port.
func (s *site) operations(path string) (string, error) {
	response, err := operator.Get("http://" + s.ops + path)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %d %s", path, response.StatusCode, strings.TrimSpace(string(body)))
	}
	return string(body), err
}

// open opens a store of the site beside its process, or without it.
func (s *site) open(name string) *sqldb.DB {
	s.t.Helper()
	db, err := sqldb.Open(context.WithoutCancel(s.t.Context()), s.store, name)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = db.Close() })
	return db
}

// folder tells every file of the data folder: its size, its time and what is in it.
func (s *site) folder() map[string]string {
	s.t.Helper()
	files := map[string]string{}
	root := s.settings["COWORKCARE_DATA_DIR"]
	require.NoError(s.t, filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = fmt.Sprint(info.Size(), info.ModTime(), info.Mode(), string(text))
		return err
	}))
	return files
}
