package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"

	"github.com/spf13/cobra"
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
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/telemetry"
)

func devCommand() *cobra.Command {
	var withDemo bool
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run everything in this process, on loopback, with an issuer of tokens and a clock of its own",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := config.Load(cmd.Flags(), os.Environ)
			if err != nil {
				return usageError{err}
			}
			return dev(cmd.Context(), c, withDemo, cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&withDemo, "demo", false, "on first start, lay out synthetic people and walk one through sixteen weeks of care")
	return cmd
}

// onLoopback refuses an address that others can reach: development trusts whoever comes.
func onLoopback(c config.Config) error {
	for key, address := range map[string]string{"http_addr": c.HTTPAddr, "grpc_addr": c.GRPCAddr, "ops_addr": c.OpsAddr} {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return err
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return usageError{fmt.Errorf("%s is %s: `coworkcare dev` listens on loopback only; name 127.0.0.1", config.Variable(key), address)}
		}
	}
	return nil
}

// laptop is what `dev` has beside the system: its own issuer, clock and demo.
type laptop struct {
	config config.Config
	out    io.Writer
	facts  *installation.Installation
	issuer *devissuer.Issuer
	desk   *tokenDesk
	demo   bool
}

func dev(ctx context.Context, c config.Config, withDemo bool, out io.Writer) (err error) {
	if err := onLoopback(c); err != nil {
		return err
	}
	level, err := c.Level()
	if err != nil {
		return err
	}
	if level == slog.LevelInfo {
		level = slog.LevelWarn // the terminal belongs to the walk and to what goes wrong
	}
	log := telemetry.NewLog(os.Stderr, level)
	signals, err := telemetry.Start(ctx, version(), telemetry.KeepRecent(), telemetry.SlowerThan(c.TraceSlow))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopTelemetry(ctx, signals)) }()
	ports, err := listen(c)
	if err != nil {
		return err
	}
	defer ports.close()
	folder, err := openFolder(c.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	database := sqldb.Config{URL: c.DatabaseURL, Dir: c.DataDir, MaxConns: c.DatabaseMax}
	facts, err := claim(ctx, database, installation.Development)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, facts.Close()) }()
	l := &laptop{config: c, out: out, facts: facts, demo: withDemo}
	moved, err := l.clock(ctx)
	if err != nil {
		return err
	}
	keys, err := crypt.OpenDev(c.DataDir)
	if err != nil {
		return err
	}
	l.issuer, err = devissuer.New(devissuer.Config{URL: "http://" + c.OpsAddr + "/dev/issuer", Dir: c.DataDir, Audience: c.Audience})
	if err != nil {
		return err
	}
	callers, err := identity.NewVerifier(context.WithoutCancel(ctx), identity.Config{Issuer: l.issuer.URL(), KeySet: l.issuer.KeySet(), Audience: c.Audience})
	if err != nil {
		return err
	}
	redis, err := redisdb.Open(ctx, c.RedisURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, redis.Close()) }()
	system, err := app.Build(ctx, app.Parts{
		Log: log, Clock: moved, Keys: keys, Database: database, Redis: redis, Callers: callers, Modules: modules, Metrics: signals.Registry})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, system.Close()) }()
	test := &testClock{clock: moved, facts: facts, fleet: app.Fleet{system}}
	if err := system.Register(func(r grpc.ServiceRegistrar) { clockv1.RegisterClockServiceServer(r, test) }, clockv1.ClockService_ServiceDesc.ServiceName); err != nil {
		return err
	}
	port := ops.New(signals.Registry, system.Ready)
	port.ShowTraces(signals.Recent)
	port.ShowChecks(examined{system: system, modules: modules, redis: redis, callers: callers, issuer: l.issuer.URL()}.looks()...)
	inside, err := system.Gateway()
	if err != nil {
		return err
	}
	defer func() { _ = inside.Close() }()
	l.desk = newTokenDesk(l.issuer, inside, moved)
	port.Mux.Handle("POST /dev/token", l.desk)
	port.Mux.Handle("/dev/issuer/", http.StripPrefix("/dev/issuer", l.issuer))
	p := &process{config: c, log: log, system: system, ops: port, routes: []app.RegisterRoutes{clockv1.RegisterClockServiceHandler}, started: l.started, giveUp: exit, before: l.desk.before}
	return p.run(ctx, ports)
}

// clock is the test clock where it was left; a first demo starts sixteen weeks before today, in the morning.
func (l *laptop) clock(ctx context.Context) (*clock.Shifted, error) {
	offset, moved, err := l.facts.ClockOffset(ctx)
	if err != nil {
		return nil, err
	}
	if l.demo && !moved {
		now := clock.Wall().Now()
		offset = date.Of(now).AddDays(-7*demo.Weeks).At(6, 30).Sub(now)
		if err := l.facts.SetClockOffset(ctx, offset); err != nil {
			return nil, err
		}
	}
	return clock.NewShifted(offset), nil
}

const demoFact = "demo"

// layingOut marks a demo whose layout has begun.
const layingOut = "laying out"

// started runs once everything serves: lays out the demo on first start, and says what can be done now.
func (l *laptop) started(ctx context.Context) error {
	if !l.demo {
		if err := l.desk.furnish(ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintf(l.out, "coworkcare dev is ready\n  REST        http://%s\n  gRPC        %s\n  operations  http://%s\n  a token     coworkctl token --role gp\n  people      start with --demo on an empty data folder (%s has none)\n",
			l.config.HTTPAddr, l.config.GRPCAddr, l.config.OpsAddr, l.config.DataDir)
		return err
	}
	options := demo.Options{BaseURL: "http://" + l.config.HTTPAddr, OpsURL: "http://" + l.config.OpsAddr, GRPCAddr: l.config.GRPCAddr, Out: l.out}
	kept, err := l.facts.Get(ctx, demoFact)
	if err != nil {
		return err
	}
	var summary demo.Summary
	switch kept {
	case layingOut:
		return fmt.Errorf("laying out the demo was interrupted, so its people are half there; remove the data folder %s (`make reset`) and start again", l.config.DataDir)
	case "":
		if err := l.facts.Set(ctx, demoFact, layingOut); err != nil {
			return err
		}
		summary, err = demo.LayOut(ctx, options)
		if ctx.Err() != nil {
			return fmt.Errorf("stopped while the demo was laid out, so its people are half there; remove the data folder %s (`make reset`) before the next start", l.config.DataDir)
		}
		if err != nil {
			return err
		}
		text, err := json.Marshal(summary)
		if err != nil {
			return fmt.Errorf("keeping the demo's summary: %w", err)
		}
		if err := l.facts.Set(ctx, demoFact, string(text)); err != nil {
			return err
		}
	default:
		if err := json.Unmarshal([]byte(kept), &summary); err != nil {
			return fmt.Errorf("reading the demo's summary: %w", err)
		}
	}
	return demo.Banner(ctx, options, summary)
}
