package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

func openPostgres(ctx context.Context, cfg Config, name string) (*DB, error) {
	conf, err := pgx.ParseConfig(cfg.URL)
	if err != nil {
		// The cause may quote the URL, the password in it: not shown.
		return nil, errors.New("sqldb: database URL cannot be read: want postgres://user:password@host:port/database?sslmode=…, with special characters of the password written as %XX")
	}
	if conf.ConnectTimeout == 0 {
		conf.ConnectTimeout = 5 * time.Second
	}
	set := conf.RuntimeParams
	set["search_path"] = `"` + name + `"`
	set["statement_timeout"] = "15s"
	set["idle_in_transaction_session_timeout"] = "30s"
	set["default_transaction_isolation"] = "read committed"
	if set["application_name"] == "" {
		set["application_name"] = "coworkcare/" + name
	}

	pool, registration, err := observed(stdlib.GetConnector(*conf), Postgres, name, "all")
	if err != nil {
		return nil, err
	}
	conns := cfg.MaxConns
	if conns <= 0 {
		conns = defaultMaxConns
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(30 * time.Minute) // follow a database that moved
	db := &DB{engine: Postgres, name: name, write: pool, read: pool, metrics: registration}
	db.lockedPool = func(ctx context.Context) (*sql.DB, func(), error) { return lockedPostgres(ctx, conf, name) }
	if err := createSchema(ctx, pool, name); err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: open schema %q: %w", name, err), db.Close())
	}
	return db, nil
}

// createSchema makes the schema unless it is there. It looks first, since a
// role that may use a schema need not have the right to make one.
func createSchema(ctx context.Context, pool *sql.DB, name string) error {
	var found bool
	err := pool.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1)", name).Scan(&found)
	if err != nil || found {
		return err
	}
	_, err = pool.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS "`+name+`"`)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == pgDuplicateSchema || pg.Code == pgUniqueViolation) {
		return nil // another replica made it between the look and the making
	}
	return err
}

// lockedPostgres opens a pool without the time limits of ordinary work, since
// building an index may take longer, and waits for the schema's advisory lock.
func lockedPostgres(ctx context.Context, conf *pgx.ConnConfig, name string) (*sql.DB, func(), error) {
	conf = conf.Copy()
	conf.RuntimeParams["statement_timeout"] = "0"
	conf.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	pool := stdlib.OpenDB(*conf)
	pool.SetMaxOpenConns(2) // the lock's and the migrations'
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	// The lock ends with its connection.
	release := func() { _ = conn.Close(); _ = pool.Close() }
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", lockKey(name)); err != nil {
		release()
		return nil, nil, fmt.Errorf("wait for the migration lock: %w", err)
	}
	return pool, release, nil
}

// lockKey is the schema's own number among the advisory locks of its database.
func lockKey(name string) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte("coworkcare migrate " + name))
	return int64(h.Sum64())
}
