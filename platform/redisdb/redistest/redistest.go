// Package redistest runs tests on the Redis inside the process and on a real
// one.
package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/redisdb"
	"github.com/coworkcare/coworkcare/platform/throwaway"
)

// most is the number of numbered databases of a server, hence of tests that
// one process may run on it.
const most = 10_000

// Run runs test twice, as subtests "miniredis" and "redis", each on an empty
// Redis of its own. They may call t.Parallel, but FLUSHALL and the like reach
// the other tests' databases: use Start for those, or FLUSHDB.
func Run(t *testing.T, test func(t *testing.T, client *redisdb.DB)) {
	t.Helper()
	t.Run("miniredis", func(t *testing.T) { test(t, Open(t, "")) })
	t.Run("redis", func(t *testing.T) { test(t, Open(t, URL(t))) })
}

// Open opens a client that is closed when the test ends.
func Open(tb testing.TB, address string) *redisdb.DB {
	tb.Helper()
	db, err := redisdb.Open(tb.Context(), address)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	return db
}

var (
	// server is this process's Redis, started by the first test that needs it.
	server    = sync.OnceValues(start)
	databases atomic.Int64
)

// URL is the URL of an empty numbered database of the test's own, on a server
// that all tests of the process share. Without Redis on the machine the test
// is skipped, or fails where CI is set.
func URL(tb testing.TB) string {
	tb.Helper()
	s, err := server()
	throwaway.Require(tb, err)
	n := databases.Add(1) - 1
	require.Less(tb, n, int64(most), "too many tests for one Redis")
	return fmt.Sprintf("redis://%s/%d", s.addr, n)
}

// Server is a Redis of one test's own, which may be paused, killed and started
// again on the same port. It keeps nothing over a restart.
type Server struct {
	*throwaway.Server
	addr string
}

// URL is the server's URL.
func (s *Server) URL() string { return "redis://" + s.addr + "/0" }

// Start starts a Redis for this test alone and ends it with the test.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := start()
	throwaway.Require(tb, err)
	tb.Cleanup(s.Close)
	return s
}

func start() (*Server, error) {
	program, err := throwaway.Find("redis-server")
	if err != nil {
		return nil, err
	}
	// Another process may take the port between the look and the start.
	var errs error
	for range 5 {
		s, err := startOnce(program)
		if err == nil {
			return s, nil
		}
		errs = errors.Join(errs, err)
	}
	return nil, errs
}

func startOnce(program string) (*Server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s, err := throwaway.New("redis", syscall.SIGKILL, "")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	addr := net.JoinHostPort("127.0.0.1", port)
	ready := func(ctx context.Context, pid int) error { return answersAs(ctx, addr, pid) }
	err = s.Start(ctx, ready, program, "--bind", "127.0.0.1", "--port", port, "--dir", s.Dir(),
		"--save", "", "--appendonly", "no", "--databases", strconv.Itoa(most))
	if err != nil {
		s.Close()
		return nil, err
	}
	return &Server{Server: s, addr: addr}, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("redistest: find a free port: %w", err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// answersAs makes sure that who answers is the server that was started.
func answersAs(ctx context.Context, addr string, pid int) error {
	// A bare dial first: the client would log each try that fails.
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	conn.Close()
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	info, err := client.Info(ctx, "server").Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, fmt.Sprintf("process_id:%d\r\n", pid)) {
		return fmt.Errorf("redistest: another server answers at %s", addr)
	}
	return nil
}
