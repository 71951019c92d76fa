package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/coworkcare/coworkcare/gateway"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/config"
	"github.com/coworkcare/coworkcare/platform/ops"
	"github.com/coworkcare/coworkcare/platform/rpc"
)

// process is a running server: three ports over one system.
type process struct {
	config  config.Config
	log     *slog.Logger
	system  *app.System
	ops     *ops.Port
	routes  []app.RegisterRoutes // beside those of the modules
	started func(context.Context) error
	giveUp  func()                          // ends the program when something does not let go; nil waits for it
	before  func(http.Handler) http.Handler // what stands in front of REST; nil for nothing
}

// exit ends the program at once.
func exit() { os.Exit(1) }

// listeners are the three ports, open.
type listeners struct {
	http, ops net.Listener
	grpc      *rpc.Listener
}

// listen opens the ports before anything else is done, so that a taken one costs nothing but a line.
func listen(c config.Config) (listeners, error) {
	var l listeners
	var err error
	if l.http, err = open("http_addr", c.HTTPAddr); err != nil {
		return l, err
	}
	calls, err := open("grpc_addr", c.GRPCAddr)
	if err != nil {
		return l, errors.Join(err, l.http.Close())
	}
	l.grpc = rpc.NewListener(calls)
	if l.ops, err = open("ops_addr", c.OpsAddr); err != nil {
		return l, errors.Join(err, l.http.Close(), l.grpc.Close())
	}
	return l, nil
}

func open(key, address string) (net.Listener, error) {
	listener, err := gateway.Listen(address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("the address %s is taken by another program; stop that one, or name another address by %s", address, config.Variable(key))
	}
	if err != nil {
		return nil, fmt.Errorf("%s: listening on %s: %w", config.Variable(key), address, err)
	}
	return listener, nil
}

func (l listeners) close() {
	for _, listener := range []net.Listener{l.http, l.grpc, l.ops} {
		_ = listener.Close()
	}
}

const (
	// leastGrace is what calls under way by gRPC have to finish when those by REST have used up the grace.
	leastGrace = 500 * time.Millisecond
	// lastResort is how long after the grace the process ends, whatever still hangs: a store that does not let go of a
	// statement must not keep it. Nothing is lost by it that a crash would not lose, which is nothing acknowledged.
	lastResort = 1500 * time.Millisecond
)

// run serves until the context ends, then drains: not ready at once, calls under way finish, workers give their leases
// back, the access log is written out, and only then the stores close.
func (p *process) run(ctx context.Context, l listeners) error {
	conn, err := p.system.Gateway()
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	background, stopBackground := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBackground()
	stopping := make(chan struct{})
	handler, err := p.handler(background, conn, stopping)
	if err != nil {
		return err
	}
	web, operations := gateway.Server(p.config.HTTPAddr, handler), gateway.Server(p.config.OpsAddr, p.ops.Mux)
	web.RegisterOnShutdown(func() { close(stopping) })
	operations.WriteTimeout = 2 * time.Minute // profiles take their time

	logCtx, stopLog := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLog()
	var logDone sync.WaitGroup
	logDone.Go(func() { _ = p.system.RunLog(logCtx) })

	group, groupCtx := errgroup.WithContext(ctx)
	serving := sync.WaitGroup{}
	serve := func(name string, run func() error) {
		serving.Add(1)
		group.Go(func() error {
			defer serving.Done()
			if err := run(); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, grpc.ErrServerStopped) {
				return fmt.Errorf("serving %s: %w", name, err)
			}
			return nil
		})
	}
	serve("operations", func() error { return operations.Serve(l.ops) })
	serve("calls within the process", p.system.Serve)
	serve("gRPC", func() error { return p.system.Server.Serve(l.grpc) })
	serve("REST", func() error { return web.Serve(l.http) })
	workCtx, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	workDone := make(chan struct{})
	group.Go(func() error {
		defer close(workDone)
		return p.system.Work(workCtx)
	})
	p.system.Health.SetServingStatus("", healthv1.HealthCheckResponse_SERVING)
	p.ops.Serving(true)
	if p.started != nil {
		group.Go(func() error { return p.started(groupCtx) })
	}
	<-groupCtx.Done()
	p.log.InfoContext(ctx, "stopping: no longer ready, calls under way finish")
	p.ops.Serving(false)
	p.system.Health.Shutdown()
	if p.config.DrainDelay > 0 && ctx.Err() != nil {
		time.Sleep(p.config.DrainDelay) // load balancers take notice
	}
	p.system.Stopping()
	until := time.Now().Add(p.config.DrainGrace)
	if p.giveUp != nil { // never stopped: what closes after this may hang too
		time.AfterFunc(p.config.DrainGrace+lastResort, func() {
			p.log.Error("something does not let go; ending without it")
			p.giveUp()
		})
	}
	grace, cancel := context.WithDeadline(context.WithoutCancel(ctx), until)
	defer cancel()
	if err := web.Shutdown(grace); err != nil {
		_ = web.Close()
	}
	stopWork()
	<-workDone
	l.grpc.DropHalfOpen()
	rpc.Stop(p.system.Server, max(time.Until(until), leastGrace))
	_ = operations.Close()
	serving.Wait()
	stopLog()
	logDone.Wait()
	return group.Wait()
}

func (p *process) handler(ctx context.Context, conn *grpc.ClientConn, stopping <-chan struct{}) (http.Handler, error) {
	var register []gateway.Register
	for _, routes := range append(p.system.Routes(), p.routes...) {
		register = append(register, gateway.Register(routes))
	}
	handler, err := gateway.New(ctx, gateway.Options{Log: p.log, Conn: conn, Register: register, AllowedOrigins: p.config.Origins(), Stopping: stopping})
	if err != nil || p.before == nil {
		return handler, err
	}
	return p.before(handler), nil
}
