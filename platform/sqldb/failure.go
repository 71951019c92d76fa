package sqldb

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// SQLSTATE codes of PostgreSQL.
const (
	pgUniqueViolation      = "23505"
	pgDuplicateSchema      = "42P06"
	pgSerializationFailure = "40001"
	pgDeadlockDetected     = "40P01"
)

// IsUnique reports whether err comes from a duplicate key.
func IsUnique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == pgUniqueViolation
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() {
		case sqlitelib.SQLITE_CONSTRAINT_UNIQUE, sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY, sqlitelib.SQLITE_CONSTRAINT_ROWID:
			return true
		}
	}
	return false
}

// IsAway reports whether err says that the database cannot be reached or cannot
// work just now, so that the same may succeed later: the connection is cut, the
// server stops, starts or has become a copy that only reads, its room is used
// up, or others hold what is needed. Whether a commit that ended so has
// happened is not known.
func IsAway(err error) bool {
	if isTransient(err) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err) {
		return true
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "25006", "55P03", "57P01", "57P02", "57P03", "57P04": // reads only, lock not available, shutdowns, not yet started, dropped
			return true
		}
		class := pg.Code[:min(2, len(pg.Code))]
		return class == "08" || class == "53" || class == "58" // connection, room, system
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_CANTOPEN:
			return true
		}
		return false
	}
	var refused *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &refused) || errors.As(err, &network) && !network.Timeout()
}

// isTransient reports whether the transaction was rolled back for the sake of
// another one, so that the same may succeed now.
func isTransient(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == pgSerializationFailure || pg.Code == pgDeadlockDetected
	}
	var lite *sqlite.Error
	// The primary code is the low byte of an extended one.
	return errors.As(err, &lite) && lite.Code()&0xff == sqlitelib.SQLITE_BUSY
}

// code is the engine's own code of err, or "".
func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return fmt.Sprint(lite.Code())
	}
	return ""
}

// statementError is an error of a statement, told without values.
type statementError struct {
	text  string
	cause error
}

func (e *statementError) Error() string { return e.text }
func (e *statementError) Unwrap() error { return e.cause }

// discreet keeps values out of an error's text. PostgreSQL and pgx quote the
// offending value in some messages (invalid input syntax for type bigint:
// "…"), and error texts end in logs. SQLite quotes none.
func discreet(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return &statementError{text: pgText(pg), cause: err}
	}
	if strings.Contains(err.Error(), "failed to encode args[") {
		return &statementError{text: "sqldb: an argument has another type than its column", cause: err}
	}
	return err
}

func pgText(pg *pgconn.PgError) string {
	switch pg.Code[:min(2, len(pg.Code))] {
	case "22": // data exception: the message may quote the value
		return fmt.Sprintf("sqldb: PostgreSQL refuses a value (SQLSTATE %s)", pg.Code)
	case "23": // integrity constraint violation
		return fmt.Sprintf("sqldb: constraint %q of table %q is violated (SQLSTATE %s)", pg.ConstraintName, pg.TableName, pg.Code)
	default:
		return "sqldb: " + pg.Message + " (SQLSTATE " + pg.Code + ")"
	}
}
