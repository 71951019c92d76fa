package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// maxTries is the first try and three more.
const maxTries = 4

// Tx is a transaction as its closure sees it. It is not safe for concurrent
// use and ends with the closure.
type Tx struct {
	statements
	failed error
	hooks  []func()
}

// Tx runs fn in a transaction: commit when fn returns nil, else roll back and
// return fn's error. A nil answer means that the commit was acknowledged; an
// error of the commit is returned, and after a connection cut in the middle of
// it only the database knows what became of it.
//
// After a serialization failure, a deadlock or a busy SQLite file the whole is
// tried again, at most three times, after a random pause of milliseconds. A
// panic in fn rolls back and goes on.
func (db *DB) Tx(ctx context.Context, fn func(tx *Tx) error) error {
	pause := &backoff.ExponentialBackOff{
		InitialInterval: 20 * time.Millisecond, Multiplier: 3, RandomizationFactor: 0.7, MaxInterval: 500 * time.Millisecond,
	}
	hooks, err := backoff.Retry(ctx, func() ([]func(), error) { return db.try(ctx, fn) },
		backoff.WithBackOff(pause), backoff.WithMaxTries(maxTries), backoff.WithMaxElapsedTime(0))
	if err != nil {
		// The last try may still bear the mark of an error that is not retried.
		if final, ok := err.(*backoff.PermanentError); ok {
			return final.Unwrap()
		}
		return err
	}
	for _, hook := range hooks {
		hook()
	}
	return nil
}

// try runs one transaction. Errors that another try cannot mend are marked.
func (db *DB) try(ctx context.Context, fn func(tx *Tx) error) ([]func(), error) {
	// PostgreSQL's level is set on the connection, see open.
	begun, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, retryable(fmt.Errorf("sqldb: begin: %w", discreet(err)))
	}
	ended := false
	defer func() {
		if !ended { // fn failed, panicked or left by runtime.Goexit
			_ = begun.Rollback()
		}
	}()
	tx := &Tx{statements: statements{ctx: ctx, runner: begun, dialect: db.Dialect()}}
	if err := fn(tx); err != nil {
		if tx.failed != nil && isTransient(tx.failed) {
			return nil, err // fn may have put its own words in the place of the cause
		}
		return nil, retryable(err)
	}
	if tx.failed != nil {
		return nil, retryable(tx.failed)
	}
	ended = true
	if err := begun.Commit(); err != nil {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
			err = ctx.Err() // rolled back because the caller went away
		}
		return nil, retryable(fmt.Errorf("sqldb: commit: %w", discreet(err)))
	}
	return tx.hooks, nil
}

func retryable(err error) error {
	if isTransient(err) {
		return err
	}
	return backoff.Permanent(err)
}

// Exec runs a statement that returns no rows.
func (tx *Tx) Exec(query string, args ...any) (sql.Result, error) {
	if tx.failed != nil {
		return nil, tx.lost()
	}
	res, err := tx.statements.exec(query, args...)
	tx.note(err)
	return res, err
}

// Query runs a statement that returns rows; close them before the next
// statement.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	if tx.failed != nil {
		return nil, tx.lost()
	}
	rows, err := tx.statements.Query(query, args...)
	tx.note(err)
	return rows, err
}

// QueryRow runs a statement that returns one row, RETURNING among them.
func (tx *Tx) QueryRow(query string, args ...any) *sql.Row {
	if tx.failed != nil {
		return tx.failedRow(tx.lost())
	}
	row := tx.statements.QueryRow(query, args...)
	tx.note(row.Err())
	return row
}

// AfterCommit has hook called once the transaction is committed, in the order
// of the calls, before DB.Tx returns. The hooks of a try that was rolled back
// are dropped. A hook is a bell (wake a worker), never a promise: the process
// may end between commit and hook.
func (tx *Tx) AfterCommit(hook func()) { tx.hooks = append(tx.hooks, hook) }

// note remembers the first failure. PostgreSQL gives up a transaction after
// any failed statement; SQLite would take further statements, and after some
// failures (disk full) even outside of any transaction.
func (tx *Tx) note(err error) {
	if tx.failed == nil && err != nil {
		tx.failed = err
	}
}

func (tx *Tx) lost() error {
	return fmt.Errorf("sqldb: the transaction is lost since an earlier statement failed: %w", tx.failed)
}
