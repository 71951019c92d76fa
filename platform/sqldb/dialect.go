package sqldb

import "strings"

// Engine is a kind of database.
type Engine int

// The engines.
const (
	SQLite Engine = iota + 1
	Postgres
)

// String is the engine's name as OpenTelemetry spells it.
func (e Engine) String() string {
	switch e {
	case SQLite:
		return "sqlite"
	case Postgres:
		return "postgresql"
	default:
		return "unknown"
	}
}

// Dialect holds every piece of SQL in which the engines differ.
type Dialect struct{ engine Engine }

// Engine tells which engine the text is for.
func (d Dialect) Engine() Engine { return d.engine }

// ForUpdate goes to the end of a SELECT and locks its rows until the end of
// the transaction. SQLite needs none: its one writer holds the whole file.
func (d Dialect) ForUpdate() string {
	if d.engine == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// SkipLocked goes to the end of a SELECT and locks its rows, passing over
// those that another transaction holds. To claim a batch, put the SELECT into a
// WITH of its own, so that its LIMIT is taken once:
//
//	WITH due AS MATERIALIZED (SELECT id FROM timers WHERE … ORDER BY … LIMIT $1 <SkipLocked>)
//	UPDATE timers SET … WHERE id IN (SELECT id FROM due) RETURNING id
//
// SQLite needs none: claims come one after another.
func (d Dialect) SkipLocked() string {
	if d.engine == Postgres {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}

// Empty are the statements that empty tables at once, however much they hold. On PostgreSQL they wait for whoever uses the tables,
// and keep others out until the end of the transaction: it comes last there. SQLite empties a table at once when all of it is deleted.
func (d Dialect) Empty(tables ...string) []string {
	if d.engine == Postgres {
		return []string{"TRUNCATE " + strings.Join(tables, ", ")}
	}
	statements := make([]string, len(tables))
	for i, table := range tables {
		statements[i] = "DELETE FROM " + table
	}
	return statements
}
