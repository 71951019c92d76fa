package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	clockv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"

	"github.com/coworkcare/coworkcare/cmd/internal/demo"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/config"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
	"github.com/coworkcare/coworkcare/platform/installation"
	"github.com/coworkcare/coworkcare/platform/ops"
	"github.com/coworkcare/coworkcare/platform/redisdb"
	"github.com/coworkcare/coworkcare/platform/redisdb/redistest"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// The same walk, checked step by step, on each form in which the product runs. The processes share a clock that moves them all,
// which those of `serve` do not have; all else of them is what serve starts: three ports each, workers, drain.
func TestTheWalkOnEveryForm(t *testing.T) {
	t.Run("all in one process", func(t *testing.T) {
		f := newForm(t, sqldb.Config{Dir: t.TempDir()}, "")
		f.start(modules, nil, nil)
		f.walk()
	})
	t.Run("three replicas", func(t *testing.T) {
		f := newForm(t, sqldb.Config{URL: sqldbtest.PostgresURL(t), MaxConns: 4}, redistest.Start(t).URL())
		for range 3 {
			f.start(modules, nil, nil)
		}
		f.walk()
	})
	t.Run("each service by itself", func(t *testing.T) {
		f := newForm(t, sqldb.Config{URL: sqldbtest.PostgresURL(t), MaxConns: 4}, redistest.Start(t).URL())
		remote := map[string]string{}
		ports := map[string]listeners{}
		for _, module := range modules {
			ports[module.Name] = f.ports()
			remote[module.Name] = ports[module.Name].grpc.Addr().String()
		}
		for _, module := range modules {
			some, others, err := chosen([]string{module.Name})
			require.NoError(t, err)
			f.serve(some, others, remote, ports[module.Name])
		}
		f.fronts = nil // nobody calls them but the gateway
		some, others, err := chosen([]string{gatewayOnly})
		require.NoError(t, err)
		f.start(some, others, remote)
		f.walk()
		f.tellsAllLogs()
	})
}

// form is an installation in one of its forms.
type form struct {
	t        *testing.T
	ctx      context.Context
	database sqldb.Config
	redis    string
	keys     *crypt.Keys
	callers  *identity.Verifier
	desk     *httptest.Server // of tokens
	issuer   *devissuer.Issuer
	clock    *testClock
	fronts   []*url.URL // where REST is served
	running  sync.WaitGroup
}

func newForm(t *testing.T, database sqldb.Config, redis string) *form {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	f := &form{t: t, ctx: ctx, database: database, redis: redis}
	t.Cleanup(func() {
		stop()
		f.running.Wait()
	})
	var err error
	f.keys, err = crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	f.issuer, err = devissuer.New(devissuer.Config{URL: "http://127.0.0.1/dev/issuer"})
	require.NoError(t, err)
	f.callers, err = identity.NewVerifier(ctx, identity.Config{Issuer: f.issuer.URL(), KeySet: f.issuer.KeySet()})
	require.NoError(t, err)
	facts, err := installation.Open(ctx, database, installation.Development)
	require.NoError(t, err)
	t.Cleanup(func() { _ = facts.Close() })
	now := clock.Wall().Now()
	f.clock = &testClock{clock: clock.NewShifted(date.MustParse("2026-03-02").At(6, 30).Sub(now)), facts: facts}
	return f
}

func (f *form) ports() listeners {
	f.t.Helper()
	ports, err := listen(f.config())
	require.NoError(f.t, err)
	return ports
}

func (f *form) config() config.Config {
	c := config.Defaults()
	c.HTTPAddr, c.GRPCAddr, c.OpsAddr = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.DrainGrace = time.Second
	return c
}

func (f *form) start(some, others []app.Module, remote map[string]string) {
	f.t.Helper()
	f.serve(some, others, remote, f.ports())
}

// serve starts one process of the installation; it stops with the test.
func (f *form) serve(some, others []app.Module, remote map[string]string, ports listeners) {
	t := f.t
	t.Helper()
	redis, err := redisdb.Open(f.ctx, f.redis)
	require.NoError(t, err)
	registry := prometheus.NewRegistry()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	system, err := app.Build(f.ctx, app.Parts{
		Log: log, Clock: f.clock.clock, Keys: f.keys, Database: f.database, Redis: redis, Callers: f.callers,
		Modules: some, Elsewhere: others, Remote: remote, Metrics: registry})
	require.NoError(t, err)
	require.NoError(t, system.Register(func(r grpc.ServiceRegistrar) { clockv1.RegisterClockServiceServer(r, f.clock) }, clockv1.ClockService_ServiceDesc.ServiceName))
	p := &process{config: f.config(), log: log, system: system, ops: ops.New(registry, system.Ready), routes: []app.RegisterRoutes{clockv1.RegisterClockServiceHandler}}
	f.clock.fleet = append(f.clock.fleet, system)
	f.fronts = append(f.fronts, &url.URL{Scheme: "http", Host: ports.http.Addr().String()})
	f.running.Go(func() {
		require.NoError(t, p.run(f.ctx, ports))
		require.NoError(t, system.Close())
		require.NoError(t, redis.Close())
	})
}

// front is one address before all processes that serve REST; each call goes to the next.
func (f *form) front() string {
	var turn atomic.Uint64
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(f.fronts[turn.Add(1)%uint64(len(f.fronts))])
	}}
	server := httptest.NewServer(proxy)
	f.t.Cleanup(server.Close)
	return server.URL
}

// walk walks the whole path through the front.
func (f *form) walk() {
	t := f.t
	t.Helper()
	front := f.front()
	inside, err := f.clock.fleet[0].Gateway()
	require.NoError(t, err)
	t.Cleanup(func() { _ = inside.Close() })
	f.desk = httptest.NewServer(http.HandlerFunc(newTokenDesk(f.issuer, inside, f.clock.clock).ServeHTTP))
	t.Cleanup(f.desk.Close)
	var said strings.Builder
	err = demo.Walk(t.Context(), demo.Options{BaseURL: front, OpsURL: f.desk.URL, Out: &said})
	require.NoError(t, err, "%s", said.String())
}

// tellsAllLogs reads the logs of all services at the gateway, to their end: each whole and in its order, and none that concerns
// nobody outside.
func (f *form) tellsAllLogs() {
	t := f.t
	t.Helper()
	asked, err := http.Post(f.desk.URL+"/dev/token", "application/json", strings.NewReader(`{"role": "integration", "unit": "*"}`))
	require.NoError(t, err)
	var granted tokenAnswer
	require.NoError(t, json.NewDecoder(asked.Body).Decode(&granted))
	require.NoError(t, asked.Body.Close())
	last, cursor := map[string]int64{}, ""
	for page := 0; ; page++ {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.fronts[0].String()+"/v1/events?pageSize=100&cursor="+url.QueryEscape(cursor), nil)
		require.NoError(t, err)
		request.Header.Set("Authorization", "Bearer "+granted.Token)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode, "%s", body)
		var answer struct {
			Events []struct {
				Source   string
				Sequence int64 `json:",string"`
			}
			NextCursor string
		}
		require.NoError(t, json.Unmarshal(body, &answer))
		if len(answer.Events) == 0 {
			require.NotZero(t, page)
			break
		}
		for _, e := range answer.Events {
			require.Greater(t, e.Sequence, last[e.Source], "the order of %s", e.Source)
			last[e.Source] = e.Sequence
		}
		cursor = answer.NextCursor
	}
	for _, module := range modules {
		if module.Private {
			require.NotContains(t, last, module.Name)
		} else {
			require.NotZero(t, last[module.Name], "the log of %s", module.Name)
		}
	}
}
