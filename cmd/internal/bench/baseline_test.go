package bench

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/accesslog"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient"
)

// sqlGet is the product's own statement, prepared, on the product's own rows.
func sqlGet(tb testing.TB, w *world, op *operation) []way {
	statement := prepared(tb, w.place.open(tb, "patient", false), op.statement(tb, "SELECT", "FROM patient", "sealed"))
	return []way{{name: "sql", usage: used, call: func(n int64) error {
		return readAll(1, statement, w.patient(n), w.provider)
	}}}
}

func sqlList(tb testing.TB, w *world, op *operation) []way {
	statement := prepared(tb, w.place.open(tb, "followup", false), op.statement(tb, "SELECT", "FROM follow_up"))
	return []way{{name: "sql", usage: used, call: func(int64) error {
		return readAll(pageSize+1, statement, w.unit, pageSize+1)
	}}}
}

// statement is the one of a call that holds the parts.
func (op *operation) statement(tb testing.TB, parts ...string) string {
	tb.Helper()
	for _, text := range op.statements {
		all := true
		for _, part := range parts {
			all = all && strings.Contains(text, part)
		}
		if all {
			return text
		}
	}
	require.Failf(tb, "no such statement", "%s makes no statement with %q", op.name, parts)
	return ""
}

func prepared(tb testing.TB, db *sql.DB, text string) *sql.Stmt {
	tb.Helper()
	statement, err := db.PrepareContext(context.WithoutCancel(tb.Context()), text)
	require.NoError(tb, err, text)
	return statement
}

// readAll reads every column of every row.
func readAll(want int, statement *sql.Stmt, args ...any) error {
	rows, err := statement.Query(args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	got := 0
	for ; rows.Next(); got++ {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	if got != want {
		return fmt.Errorf("%d rows, want %d", got, want)
	}
	return rows.Err()
}

// row is a row as it stands in a table, to be written again under other keys.
type row struct {
	table   string
	columns []string
	values  []any
}

func readRow(tb testing.TB, db *sql.DB, table, where string, args ...any) row {
	tb.Helper()
	rows, err := db.Query(`SELECT * FROM `+table+` WHERE `+where, args...)
	require.NoError(tb, err)
	defer rows.Close()
	r := row{table: table}
	r.columns, err = rows.Columns()
	require.NoError(tb, err)
	require.True(tb, rows.Next(), "a row of %s", table)
	r.values = make([]any, len(r.columns))
	into := make([]any, len(r.columns))
	for i := range into {
		into[i] = &r.values[i]
	}
	require.NoError(tb, rows.Scan(into...))
	return r
}

func (r row) insert() string {
	marks := make([]string, len(r.columns))
	for i := range marks {
		marks[i] = fmt.Sprintf("$%d", i+1)
	}
	return `INSERT INTO ` + r.table + ` (` + strings.Join(r.columns, ", ") + `) VALUES (` + strings.Join(marks, ", ") + `)`
}

// with are the values of the row with some columns changed.
func (r row) with(changes map[string]any) []any {
	values := make([]any, len(r.values))
	for i, column := range r.columns {
		values[i] = r.values[i]
		if v, ok := changes[column]; ok {
			values[i] = v
		}
	}
	return values
}

// sqlCreate writes the rows that a create writes, of the same columns and sizes, into tables of the same migrations where nobody
// else is at work: patient, event and request id in one transaction. The second way writes the access record too, in a
// transaction of its own after it, as the product must: what it shows is written before, so there are two durable commits.
func sqlCreate(tb testing.TB, w *world, _ *operation) []way {
	tb.Helper()
	origin := w.place.open(tb, "patient", false)
	id := w.patients[0]
	person := readRow(tb, origin, "patient", "patient_id = $1", id)
	told := readRow(tb, origin, "event_log", "resource_id = $1", id)
	asked := readRow(tb, origin, "request", "method LIKE '%/CreatePatient' LIMIT 1")
	shown := readRow(tb, w.place.open(tb, "accesslog", false), "access_record", "patient_id = $1 LIMIT 1", id)

	at := newPlace(tb, w.place.engine)
	migrate(tb, at, "patient", map[string]fs.FS{"chassis": act.Migrations, "patient": patient.Module.Migrations})
	migrate(tb, at, "accesslog", map[string]fs.FS{"accesslog": accesslog.Migrations})
	db, log := at.open(tb, "patient", true), at.open(tb, "accesslog", true)
	for _, r := range []row{readRow(tb, origin, "care_provider", "care_provider_id = $1", w.provider), readRow(tb, origin, "care_unit", "care_unit_id = $1", w.unit)} {
		_, err := db.Exec(r.insert(), r.values...)
		require.NoError(tb, err)
	}
	insertPatient, insertEvent, insertRequest := prepared(tb, db, person.insert()), prepared(tb, db, told.insert()), prepared(tb, db, asked.insert())
	insertRecord := prepared(tb, log, shown.insert())

	create := func() (string, error) {
		key := uuid.Must(uuid.NewV7()).String()
		hash := make([]byte, 32)
		_, _ = rand.Read(hash)
		tx, err := db.Begin()
		if err != nil {
			return "", err
		}
		defer func() { _ = tx.Rollback() }()
		for _, step := range []struct {
			statement *sql.Stmt
			values    []any
		}{
			{insertRequest, asked.with(map[string]any{"request_id": uuid.NewString(), "created": time.Now().UnixMicro()})},
			{insertPatient, person.with(map[string]any{"patient_id": key, "identity_hash": hash})},
			{insertEvent, told.with(map[string]any{"event_id": uuid.Must(uuid.NewV7()).String(), "resource_id": key, "sequence": nil})},
		} {
			if _, err := tx.Stmt(step.statement).Exec(step.values...); err != nil {
				return "", err
			}
		}
		return key, tx.Commit()
	}
	record := func(id string) error {
		tx, err := log.Begin()
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		if _, err := tx.Stmt(insertRecord).Exec(shown.with(map[string]any{"patient_id": id})...); err != nil {
			return err
		}
		return tx.Commit()
	}
	return []way{
		{name: "sql", usage: used, call: func(int64) error { _, err := create(); return err }},
		{name: "sql_record", usage: used, call: func(int64) error {
			id, err := create()
			if err != nil {
				return err
			}
			return record(id)
		}},
	}
}

// migrate makes the tables of a database.
func migrate(tb testing.TB, at place, name string, sets map[string]fs.FS) {
	tb.Helper()
	db, err := sqldb.Open(tb.Context(), sqldb.Config{URL: at.url, Dir: at.dir}, name)
	require.NoError(tb, err)
	for set, files := range sets {
		folder, err := fs.Sub(files, "migrations")
		require.NoError(tb, err)
		require.NoError(tb, db.Migrate(tb.Context(), set, folder))
	}
	require.NoError(tb, db.Close())
}
