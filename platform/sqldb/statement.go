package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	// ErrText tells that a text argument holds a NUL character or is not valid
	// UTF-8. No engine is asked.
	ErrText = errors.New("text holds a NUL character or invalid UTF-8")
	// ErrTime tells that an argument is a time.Time; store [Micros] of it.
	ErrTime = errors.New("argument is a time.Time: store its microseconds")
)

// Querier reads. Rows must be closed before the next statement of the same
// transaction, and soon in any case: they hold a connection.
type Querier interface {
	// Query runs a statement that returns rows.
	Query(sql string, args ...any) (*sql.Rows, error)
	// QueryRow runs a statement that returns one row; Scan tells of
	// sql.ErrNoRows and of any other error.
	QueryRow(sql string, args ...any) *sql.Row
	// Dialect is the SQL in which the engines differ.
	Dialect() Dialect
}

// runner is what *sql.DB and *sql.Tx have in common.
type runner interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// statements runs statements under one context.
type statements struct {
	ctx     context.Context
	runner  runner
	dialect Dialect
}

func (s statements) Dialect() Dialect { return s.dialect }

func (s statements) Query(query string, args ...any) (*sql.Rows, error) {
	args, err := plain(args)
	if err != nil {
		return nil, err
	}
	rows, err := s.runner.QueryContext(s.ctx, query, args...)
	if err != nil {
		return nil, discreet(err)
	}
	return rows, nil
}

func (s statements) QueryRow(query string, args ...any) *sql.Row {
	args, err := plain(args)
	if err != nil {
		return s.failedRow(err)
	}
	row := s.runner.QueryRowContext(s.ctx, query, args...)
	if err := row.Err(); err != nil {
		return s.failedRow(discreet(err))
	}
	return row
}

func (s statements) exec(query string, args ...any) (sql.Result, error) {
	args, err := plain(args)
	if err != nil {
		return nil, err
	}
	res, err := s.runner.ExecContext(s.ctx, query, args...)
	if err != nil {
		return nil, discreet(err)
	}
	return res, nil
}

// failedRow is a row that says err. database/sql makes rows only by asking, so
// it is asked under a context that has already ended with err; it gives up
// before it takes a connection.
func (s statements) failedRow(err error) *sql.Row {
	return s.runner.QueryRowContext(ended{Context: s.ctx, err: err}, "")
}

type ended struct {
	context.Context
	err error
}

func (e ended) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func (e ended) Err() error { return e.err }

// plain turns arguments into the driver's basic types in the same way for both
// engines, and refuses what only one of them would take.
func plain(args []any) ([]any, error) {
	out := make([]any, len(args))
	for i, arg := range args {
		v, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return nil, fmt.Errorf("sqldb: argument $%d has type %T, which no column takes", i+1, arg)
		}
		switch x := v.(type) {
		case string:
			if strings.IndexByte(x, 0) >= 0 || !utf8.ValidString(x) {
				return nil, fmt.Errorf("sqldb: argument $%d: %w", i+1, ErrText)
			}
		case []byte:
			if x == nil {
				v = nil
			}
		case time.Time:
			return nil, fmt.Errorf("sqldb: argument $%d: %w", i+1, ErrTime)
		}
		out[i] = v
	}
	return out, nil
}

// In is a list of n placeholders from $start on, for IN (…): In(3, 3) is
// "$3,$4,$5". An empty list is NULL, which nothing is in.
func In(start, n int) string {
	if n <= 0 {
		return "NULL"
	}
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(start + i))
	}
	return b.String()
}

// Micros is an instant as it is stored: microseconds since 1970 in UTC, what
// is finer is cut off. The zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the instant that [Micros] stored, in UTC; 0 is the zero time.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
