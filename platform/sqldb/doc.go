// Package sqldb gives every service its database: a PostgreSQL schema, or an
// SQLite file on a laptop, behind the same few calls and one SQL text.
//
// # One text for both engines
//
// Statements use $1 placeholders (repeated and out of order as needed),
// RETURNING, ON CONFLICT and row-value keysets. Instants are BIGINT
// microseconds ([Micros]), days are TEXT, ids are TEXT, bytes are BYTEA,
// truth values are BOOLEAN. (Empty bytes that are not NULL may come back as nil
// from SQLite.) What cannot be one text stands in [Dialect].
// PostgreSQL has to know each parameter's type: write CAST($1 AS BIGINT) or
// CAST($1 AS TEXT) where it has no column to take it from, as in SELECT $1.
//
// To stay alike, the package is as strict as the stricter engine:
//
//   - Text with a NUL character or invalid UTF-8 is refused with [ErrText]
//     before it is sent. (PostgreSQL refuses it too; SQLite would store it.)
//   - A time.Time is refused with [ErrTime]. (SQLite would store its text.)
//   - A transaction in which a statement failed is lost, whatever the closure
//     does with the error. (PostgreSQL does so; SQLite would go on.) To live
//     with a duplicate key, say ON CONFLICT.
//
// # Transactions
//
// [DB.Tx] is the only BEGIN. A [Tx] carries no context that its closure could
// reach, so that nothing inside calls out. PostgreSQL runs READ COMMITTED;
// SQLite has one writer, which holds the file from the first statement on.
// Both decide races alike as long as every write first bumps the revision of
// its aggregate's root. A closure runs again after a serialization failure, a
// deadlock or a busy file, so it must not keep what a lost try computed. Do
// not call DB.Tx or DB.Read from within a closure: both wait for a connection
// which, with one writer or a full pool, is the caller's own.
//
// # Durability
//
// SQLite runs in WAL mode with synchronous FULL: an acknowledged commit
// survives the loss of power. On PostgreSQL the server's settings decide.
//
// # Privacy
//
// Spans carry statement texts with placeholders, never values. Errors of
// statements keep their cause (errors.As finds a *pgconn.PgError), but their
// text names only what the program wrote: codes, tables and constraints. The
// database URL appears in no error.
package sqldb
