package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite"
)

// readers is the size of SQLite's pool of reading connections.
const readers = 4

func openSQLite(ctx context.Context, cfg Config, name string) (*DB, error) {
	if cfg.Dir == "" {
		return nil, errors.New("sqldb: neither a database URL nor a folder for SQLite files is given")
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("sqldb: folder for SQLite files: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("sqldb: make folder for SQLite files: %w", err)
	}
	file := filepath.Join(dir, name+".db")
	// SQLite gives its log files the mode of the database file, and would make
	// that readable for everyone.
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sqldb: open SQLite file: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("sqldb: open SQLite file: %w", err)
	}

	db := &DB{engine: SQLite, name: name}
	writer := url.Values{"_txlock": {"immediate"}, "_pragma": {"journal_mode(WAL)"}}
	if db.write, err = openPool(ctx, db, file, "write", 1, writer); err != nil {
		return nil, err
	}
	// After the writer, which made it a WAL database.
	if db.read, err = openPool(ctx, db, file, "read", readers, url.Values{"_query_only": {"1"}}); err != nil {
		return nil, errors.Join(err, db.write.Close())
	}
	db.lockedPool = func(ctx context.Context) (*sql.DB, func(), error) { return db.lockedSQLite(ctx, file) }
	return db, nil
}

func openPool(ctx context.Context, db *DB, file, use string, conns int, params url.Values) (*sql.DB, error) {
	params.Set("_busy_timeout", "5000")
	params.Set("_foreign_keys", "1")
	params.Set("_synchronous", "FULL")
	params.Set("_dqs", "0") // "x" is a column or an error, as in PostgreSQL
	params.Set("_defensive", "1")
	params.Add("_pragma", "temp_store(MEMORY)") // rows being sorted stay out of the temporary folder
	path := url.URL{Path: filepath.ToSlash(file)}
	connector, err := sqlite.NewConnector("file:" + path.EscapedPath() + "?" + params.Encode())
	if err != nil {
		return nil, fmt.Errorf("sqldb: SQLite file %s: %w", file, err)
	}
	pool, registration, err := observed(preparing{connector}, SQLite, db.name, use)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: open SQLite file %s: %w", file, err), pool.Close())
	}
	db.metrics = append(db.metrics, registration...)
	return pool, nil
}

// lockedSQLite locks a file beside the database: BEGIN IMMEDIATE would also
// lock out the migrations themselves.
func (db *DB) lockedSQLite(ctx context.Context, file string) (*sql.DB, func(), error) {
	lock := flock.New(file+".migrate", flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, 20*time.Millisecond); err != nil {
		return nil, nil, fmt.Errorf("wait for the migration lock: %w", err)
	}
	return db.write, func() { _ = lock.Close() }, nil
}
