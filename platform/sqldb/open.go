package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.opentelemetry.io/otel/metric"
)

// defaultMaxConns is the size of a service's PostgreSQL pool.
const defaultMaxConns = 8

// Config says where the databases of all services stand.
type Config struct {
	// URL is a PostgreSQL URL (postgres://user:password@host:port/database);
	// empty means SQLite files.
	URL string
	// Dir is the folder of the SQLite files. Made when missing, for its owner alone.
	Dir string
	// MaxConns limits the PostgreSQL connections of each DB; 0 means 8.
	MaxConns int
}

// DB is one service's database. It is safe for concurrent use.
type DB struct {
	engine Engine
	name   string
	write  *sql.DB // SQLite: one connection
	read   *sql.DB // PostgreSQL: the same pool as write

	// lockedPool opens the pool in which migrations run and takes the lock
	// that lets one process at a time migrate. The function it returns gives
	// both back.
	lockedPool func(ctx context.Context) (*sql.DB, func(), error)
	metrics    []metric.Registration
}

// namePattern is what both a PostgreSQL schema and a file name bear unquoted.
// PostgreSQL cuts names at 63 bytes.
var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)

func checkName(what, name string) error {
	if !namePattern.MatchString(name) || strings.HasPrefix(name, "pg_") {
		return fmt.Errorf("sqldb: %s %q: want lower-case letters, digits and _, a letter first, at most 63 characters and no pg_ in front", what, name)
	}
	return nil
}

// Open opens the database called name: schema name of the PostgreSQL database
// at cfg.URL, made when missing, or the SQLite file name.db in cfg.Dir. It
// talks to the database, so that a wrong address is an error here. No error
// shows the URL.
func Open(ctx context.Context, cfg Config, name string) (*DB, error) {
	if err := checkName("database name", name); err != nil {
		return nil, err
	}
	switch {
	case cfg.URL == "":
		return openSQLite(ctx, cfg, name)
	case strings.HasPrefix(cfg.URL, "postgres://"), strings.HasPrefix(cfg.URL, "postgresql://"):
		return openPostgres(ctx, cfg, name)
	default:
		return nil, errors.New("sqldb: database URL: want postgres://user:password@host:port/database, or none for SQLite")
	}
}

// Engine tells what kind of database this is.
func (db *DB) Engine() Engine { return db.engine }

// Name is the schema's or the file's name.
func (db *DB) Name() string { return db.name }

// Dialect is the SQL in which the engines differ.
func (db *DB) Dialect() Dialect { return Dialect{engine: db.engine} }

// Ping asks the database for an answer.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.write.PingContext(ctx); err != nil {
		return fmt.Errorf("sqldb: %s %q does not answer: %w", db.engine, db.name, err)
	}
	return nil
}

// Read reads outside of any transaction: each statement sees what was committed
// when it began. Writing statements are refused by SQLite and must not be
// tried on PostgreSQL.
func (db *DB) Read(ctx context.Context) Querier {
	return statements{ctx: ctx, runner: db.read, dialect: db.Dialect()}
}

// Close closes all connections; it waits for statements under way.
func (db *DB) Close() error {
	var errs []error
	for _, m := range db.metrics {
		errs = append(errs, m.Unregister())
	}
	// Readers first: SQLite's last connection folds the log into the file,
	// which a reader may not.
	if db.read != db.write {
		errs = append(errs, db.read.Close())
	}
	errs = append(errs, db.write.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sqldb: close %s %q: %w", db.engine, db.name, err)
	}
	return nil
}
