package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/config"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/installation"
	"github.com/coworkcare/coworkcare/platform/ops"
	"github.com/coworkcare/coworkcare/platform/redisdb"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/telemetry"
)

func serveCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "serve [service …]",
		Short: "Serve a region: all services, those named, or as `serve gateway` only REST before them. Needs an issuer of tokens and a file of keys",
		RunE: func(cmd *cobra.Command, names []string) error {
			c, err := config.Load(cmd.Flags(), os.Environ)
			if err != nil {
				return usageError{err}
			}
			some, others, err := chosen(names)
			if err != nil {
				return err
			}
			if err := c.Production(); err != nil {
				return usageError{err}
			}
			return serve(cmd.Context(), c, some, others)
		},
	}
}

func serve(ctx context.Context, c config.Config, some, others []app.Module) (err error) {
	level, err := c.Level()
	if err != nil {
		return err
	}
	log := telemetry.NewLog(os.Stderr, level)
	signals, err := telemetry.Start(ctx, version(), telemetry.SlowerThan(c.TraceSlow))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopTelemetry(ctx, signals)) }()
	keys, err := crypt.Open(c.KeysFile)
	if err != nil {
		return fmt.Errorf("opening the keys (%s): %w", config.Variable("keys_file"), err)
	}
	callers, err := identity.NewVerifier(context.WithoutCancel(ctx), identity.Config{Issuer: c.OIDCIssuer, JWKSURL: c.OIDCJWKSURL, Audience: c.Audience})
	if err != nil {
		return fmt.Errorf("preparing to verify tokens (%s): %w", config.Variable("oidc_issuer"), err)
	}
	ports, err := listen(c)
	if err != nil {
		return err
	}
	defer ports.close()
	folder, database, err := stores(c)
	if err != nil {
		return err
	}
	if folder != nil {
		defer func() { err = errors.Join(err, folder.Close()) }()
	}
	facts, err := claim(ctx, database, installation.Production)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, facts.Close()) }()
	redis, err := openRedis(ctx, c)
	if err != nil {
		return err
	}
	if redis != nil {
		defer func() { err = errors.Join(err, redis.Close()) }()
	}
	remote, err := c.RemoteServices()
	if err != nil {
		return err
	}
	if err := onThisMachine(remote); err != nil {
		return err
	}
	system, err := app.Build(ctx, app.Parts{
		Log: log, Clock: clock.Wall(), Keys: keys, Database: database, Redis: redis, Callers: callers, Modules: some, Elsewhere: others, Remote: remote, Metrics: signals.Registry})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, system.Close()) }()
	log.InfoContext(ctx, "serving", "version", version(), "config", c)
	check := func(ctx context.Context) error { return errors.Join(system.Ready(ctx), callers.Ready(ctx)) }
	port := ops.New(signals.Registry, check)
	port.ShowChecks(examined{system: system, modules: some, redis: redis, callers: callers, issuer: c.OIDCIssuer}.looks()...)
	p := &process{config: c, log: log, system: system, ops: port, giveUp: exit}
	return p.run(ctx, ports)
}

// onThisMachine refuses services on other machines: what they say to each other is not encrypted.
func onThisMachine(remote map[string]string) error {
	for name, address := range remote {
		host, _, err := net.SplitHostPort(address)
		if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return usageError{fmt.Errorf("%s places %s at %s: calls between services are not encrypted, so they stay on one machine; run the whole in each replica instead",
				config.Variable("services"), name, address)}
		}
	}
	return nil
}

// openRedis connects to the Redis that is configured. Without one, a process on SQLite is alone and needs none.
func openRedis(ctx context.Context, c config.Config) (*redisdb.DB, error) {
	if c.RedisURL == "" {
		return nil, nil
	}
	redis, err := redisdb.Open(ctx, c.RedisURL)
	if err != nil {
		return nil, fmt.Errorf("opening Redis (%s): %w", config.Variable("redis_url"), err)
	}
	return redis, nil
}

// stores says where the stores are. Without a database URL they are files, and their folder is this process's alone.
func stores(c config.Config) (*installation.Folder, sqldb.Config, error) {
	database := sqldb.Config{URL: c.DatabaseURL, Dir: c.DataDir, MaxConns: c.DatabaseMax}
	if c.DatabaseURL != "" {
		return nil, database, nil
	}
	folder, err := openFolder(c.DataDir)
	return folder, database, err
}

// claim opens the stores for the first time, as those of a command.
func claim(ctx context.Context, database sqldb.Config, command string) (*installation.Installation, error) {
	facts, err := installation.Open(ctx, database, command)
	if err != nil && database.URL != "" {
		return nil, fmt.Errorf("the database (%s): %w", config.Variable("database_url"), err)
	}
	return facts, err
}

func openFolder(path string) (*installation.Folder, error) {
	folder, err := installation.OpenFolder(path)
	if err != nil {
		return nil, err
	}
	fingerprint, err := migrationsFingerprint()
	if err == nil {
		_, err = folder.CopyBefore(fingerprint)
	}
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return folder, nil
}

func stopTelemetry(ctx context.Context, signals *telemetry.Telemetry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	return signals.Stop(ctx)
}
