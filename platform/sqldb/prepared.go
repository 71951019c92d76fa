package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

const (
	// mostPrepared is how many statements a connection to SQLite keeps compiled; a service has fewer texts than that.
	mostPrepared = 100
	// longestPrepared bounds the text of one, in bytes: what is longer is a batch, whose text depends on its size.
	longestPrepared = 4096
)

// preparing connects to SQLite in such a way that a statement is compiled once for each connection, as pgx does for PostgreSQL.
// Compiling takes longer than reading a row.
type preparing struct{ driver.Connector }

// sqliteConn is what the driver's connections can do.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

func (p preparing) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := conn.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("sqldb: the SQLite driver's connection is a %T, which cannot do all that is needed", conn), conn.Close())
	}
	c := &preparedConn{sqliteConn: able}
	c.kept, err = simplelru.NewLRU(mostPrepared, c.evicted)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: room for compiled statements: %w", err), conn.Close())
	}
	return c, nil
}

// preparedConn keeps compiled statements. Like every connection it is used by one goroutine at a time.
type preparedConn struct {
	sqliteConn
	kept *simplelru.LRU[string, *preparedStmt]
}

// preparedStmt is a statement that may be in use: its rows are being read.
type preparedStmt struct {
	driver.Stmt
	exec    driver.StmtExecContext
	query   driver.StmtQueryContext
	busy    bool
	evicted bool
}

// ExecContext implements driver.ExecerContext.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	result, err := s.exec.ExecContext(ctx, args)
	if closeErr := s.release(); closeErr != nil && err == nil {
		return nil, closeErr
	}
	return result, err
}

// QueryContext implements driver.QueryerContext.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.query.QueryContext(ctx, args)
	if err != nil {
		_ = s.release() // the query's own error says more
		return nil, err
	}
	return &preparedRows{Rows: rows, stmt: s}, nil
}

// Close closes the statements before the connection.
func (c *preparedConn) Close() error {
	c.kept.Purge()
	return c.sqliteConn.Close()
}

// take gives the compiled statement of a text, for the caller alone; nil for a text that is not kept, or whose statement is
// being read from: running it again would pull the rows away.
func (c *preparedConn) take(ctx context.Context, query string) (*preparedStmt, error) {
	if s, ok := c.kept.Get(query); ok {
		if s.busy {
			return nil, nil
		}
		s.busy = true
		return s, nil
	}
	if !keepable(query) {
		return nil, nil
	}
	stmt, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	exec, execs := stmt.(driver.StmtExecContext)
	rows, queries := stmt.(driver.StmtQueryContext)
	if !execs || !queries {
		return nil, stmt.Close()
	}
	s := &preparedStmt{Stmt: stmt, exec: exec, query: rows, busy: true}
	c.kept.Add(query, s)
	return s, nil
}

// keepable tells reading and writing from what is done once, such as making a table.
func keepable(query string) bool {
	if len(query) > longestPrepared {
		return false
	}
	word, _, _ := strings.Cut(strings.TrimLeft(query, " \t\r\n"), " ")
	switch strings.ToUpper(word) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH":
		return true
	default:
		return false
	}
}

// evicted is told of a statement for which there is no more room. One in use is closed when it is released.
func (c *preparedConn) evicted(_ string, s *preparedStmt) {
	s.evicted = true
	if !s.busy {
		_ = s.Close()
	}
}

func (s *preparedStmt) release() error {
	s.busy = false
	if s.evicted {
		return s.Close()
	}
	return nil
}

// preparedRows gives the statement back when they are closed.
type preparedRows struct {
	driver.Rows
	stmt *preparedStmt
}

// Close implements driver.Rows.
func (r *preparedRows) Close() error {
	err := r.Rows.Close()
	if r.stmt != nil {
		err = errors.Join(err, r.stmt.release())
		r.stmt = nil
	}
	return err
}
