// Package redisdb gives every process its Redis: a server by URL, or one inside
// the process on a laptop.
//
// Redis is a bell, not a memory: all it holds can be rebuilt from SQL, and its
// clock decides nothing about care. So a server that does not answer is no
// error at start; calls fail until it does. Keys hold ids, never anything of a
// patient's. Spans bear the names of commands, never their arguments, and exist
// only below another span.
package redisdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// greeting is how long Open waits for a first answer.
const greeting = 2 * time.Second

// DB is a Redis client, safe for concurrent use.
type DB struct {
	redis.UniversalClient
	embedded *miniredis.Miniredis
}

// Open makes a client for the server at address: redis://user:password@host:port/0,
// rediss:// for TLS, unix:// for a socket. An empty address starts a Redis
// inside the process, which forgets everything at Close. When the server does
// not answer yet, Open says so in the log and returns the client all the same;
// Ping tells how it stands. No error shows the address.
func Open(ctx context.Context, address string) (*DB, error) {
	if address == "" {
		return openEmbedded()
	}
	opts, err := redis.ParseURL(address)
	if err != nil {
		// The cause may quote the URL, the password in it: not shown.
		return nil, errors.New("redisdb: Redis URL cannot be read: want redis://user:password@host:port/0, or rediss:// for TLS, with special characters of the password written as %XX")
	}
	client, err := newClient(opts)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		slog.WarnContext(ctx, "Redis does not answer yet; timers are found by the slower sweep of the database until it does",
			"server", opts.Addr, "error", err)
	}
	return &DB{UniversalClient: client}, nil
}

// openEmbedded starts a server on a free loopback port. Its password keeps the
// machine's other users out.
func openEmbedded() (*DB, error) {
	server := miniredis.NewMiniRedis()
	password := rand.Text()
	server.RequireAuth(password)
	server.ClockTTL(true) // keys expire by the wall clock, as in any Redis
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("redisdb: start the Redis inside the process: %w", err)
	}
	client, err := newClient(&redis.Options{Addr: server.Addr(), Password: password})
	if err != nil {
		server.Close()
		return nil, err
	}
	return &DB{UniversalClient: client, embedded: server}, nil
}

func newClient(opts *redis.Options) (*redis.Client, error) {
	opts.ContextTimeoutEnabled = true // a call ends with its context, also while it waits for an answer
	// Nothing but what a plain Redis server understands is said at connect.
	opts.DisableIdentity = true
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	client := redis.NewClient(opts)
	if err := trace(client); err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("redisdb: trace the client: %w", err)
	}
	return client, nil
}

func trace(client redis.UniversalClient) error {
	return redisotel.InstrumentTracing(client,
		redisotel.WithTracerProvider(belowParent{}),
		redisotel.WithDBStatement(false),
		redisotel.WithCallerEnabled(false),
		redisotel.WithDialFilter(true),
		redisotel.WithCommandFilter(connects),
		redisotel.WithCommandsFilter(func(cmds []redis.Cmder) bool { return len(cmds) > 0 && connects(cmds[0]) }),
	)
}

// connects reports whether a command belongs to the making of a connection.
func connects(cmd redis.Cmder) bool {
	switch strings.ToLower(cmd.Name()) {
	case "hello", "auth", "client", "select":
		return true
	}
	return false
}

// Embedded reports whether the Redis runs inside this process and so forgets
// everything when it ends.
func (db *DB) Embedded() bool { return db.embedded != nil }

// Close closes the client, and ends a Redis inside the process.
func (db *DB) Close() error {
	err := db.UniversalClient.Close()
	if db.embedded != nil {
		db.embedded.Close()
	}
	if err != nil {
		return fmt.Errorf("redisdb: close: %w", err)
	}
	return nil
}
