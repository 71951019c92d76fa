package whole_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/coworkcare/coworkcare/gateway"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
	"github.com/coworkcare/coworkcare/platform/redisdb"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// monday is when the test clock starts, eight in the morning in Stockholm, an ordinary working week ahead.
var monday = date.MustParse("2026-03-02")

// sources are the logs that there are.
var sources = []string{"patient", "careplan", "sickleave", "employerdialogue", "followup", "caseload"}

// system is the product in one process, with REST in front.
type system struct {
	*app.System
	t        testing.TB
	clock    *clock.Test
	keys     *crypt.Keys
	issuer   *devissuer.Issuer
	conn     *grpc.ClientConn
	web      *httptest.Server
	redis    *redisdb.DB
	database sqldb.Config
	metrics  *prometheus.Registry
	log      *output
	minting  sync.Mutex
	tokens   map[string]string
	all      []*method
}

// output keeps what is written to it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// engines are the databases that everything runs on.
var engines = []string{"sqlite", "postgres"}

// onBothEngines runs a test on one engine after the other, beside other tests.
func onBothEngines(t *testing.T, test func(t *testing.T, s *system)) {
	t.Helper()
	t.Parallel()
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) { test(t, start(t, engine)) })
	}
}

// start starts the product on an engine; it stops when the test ends.
func start(t testing.TB, engine string) *system {
	t.Helper()
	s := &system{t: t, clock: clock.NewTest(monday.At(8, 0)), metrics: prometheus.NewRegistry(), log: &output{}, tokens: map[string]string{}}
	if engine == "postgres" {
		s.database = sqldb.Config{URL: sqldbtest.PostgresURL(t), MaxConns: 4}
	} else {
		s.database = sqldb.Config{Dir: t.TempDir()}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var err error
	s.keys, err = crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	s.issuer, err = devissuer.New(devissuer.Config{URL: "http://127.0.0.1/issuer"})
	require.NoError(t, err)
	callers, err := identity.NewVerifier(ctx, identity.Config{Issuer: s.issuer.URL(), KeySet: s.issuer.KeySet()})
	require.NoError(t, err)
	s.redis, err = redisdb.Open(ctx, "")
	require.NoError(t, err)
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	started := slices.Clone(modules)
	for _, source := range sources {
		if !slices.ContainsFunc(started, func(m app.Module) bool { return m.Name == source }) {
			started = append(started, app.Module{Name: source, Start: func(context.Context, *app.Host) error { return nil }})
		}
	}
	s.System, err = app.Build(ctx, app.Parts{
		Log: log, Clock: s.clock, Keys: s.keys, Database: s.database, Redis: s.redis, Callers: callers, Modules: started, Metrics: s.metrics})
	require.NoError(t, err)
	var done sync.WaitGroup
	logCtx, stopLog := context.WithCancel(ctx)
	done.Go(func() { _ = s.RunLog(logCtx) })
	done.Go(func() { _ = s.Serve() })
	s.conn, err = s.Gateway()
	require.NoError(t, err)
	var register []gateway.Register
	for _, routes := range s.Routes() {
		register = append(register, gateway.Register(routes))
	}
	handler, err := gateway.New(ctx, gateway.Options{Log: log, Conn: s.conn, Register: register, Timeout: time.Minute})
	require.NoError(t, err)
	s.web = httptest.NewUnstartedServer(handler)
	limits := gateway.Server("", handler)
	limits.Addr = ""
	s.web.Config = limits
	s.web.Start()
	t.Cleanup(func() {
		s.web.Close()
		_ = s.conn.Close()
		s.Server.Stop()
		stopLog()
		done.Wait()
		require.NoError(t, s.Close())
		require.NoError(t, s.redis.Close())
		cancel()
		if t.Failed() && testing.Verbose() {
			_, _ = fmt.Fprintln(os.Stderr, s.log.String())
		}
	})
	return s
}

// settle does everything that is due now.
func (s *system) settle() {
	s.t.Helper()
	_, err := s.Settle(context.WithoutCancel(s.t.Context()))
	require.NoError(s.t, err)
}
