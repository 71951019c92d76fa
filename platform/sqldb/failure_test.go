package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// A connection that the server ends in the middle of a transaction is no fault of the statement, and the next one works.
func TestAConnectionThatEndsIsAway(t *testing.T) {
	db := sqldbtest.Postgres(t)("away")
	for range 2 {
		err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(`SELECT pg_terminate_backend(pg_backend_pid())`); err != nil {
				return err
			}
			_, err := tx.Exec(`SELECT 1`)
			return err
		})
		require.Error(t, err)
		require.Truef(t, sqldb.IsAway(err), "%T %v", err, err)
	}
	require.NoError(t, db.Ping(t.Context()))
}

func TestADatabaseThatNobodyServesIsAway(t *testing.T) {
	_, err := sqldb.Open(t.Context(), sqldb.Config{URL: "postgres://coworkcare@127.0.0.1:9/none?sslmode=disable"}, "away")
	require.Error(t, err)
	require.Truef(t, sqldb.IsAway(err), "%T %v", err, err)
}

func TestFaultsOfStatementsAreNotAway(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("faults")
		for _, statement := range []string{`SELEKT`, `SELECT * FROM nowhere`} {
			_, err := db.Read(t.Context()).Query(statement)
			require.Error(t, err)
			require.Falsef(t, sqldb.IsAway(err), "%s: %v", statement, err)
		}
	})
	for _, err := range []error{nil, errors.New("other"), context.Canceled, context.DeadlineExceeded,
		&pgconn.PgError{Code: "23505"}, &pgconn.PgError{Code: "22001"}, &pgconn.PgError{Code: "42601"}} {
		require.Falsef(t, sqldb.IsAway(err), "%v", err)
	}
	for _, code := range []string{"08006", "53100", "53300", "57P01", "57P03", "25006", "40001", "58030"} {
		require.Truef(t, sqldb.IsAway(fmt.Errorf("reading: %w", &pgconn.PgError{Code: code})), "%s", code)
	}
}
