package act_test

import (
	"context"
	"io/fs"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/bell"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

var start = time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)

// newActs makes acts on a store with a table of notes, by which an act's effect is seen.
func newActs(t testing.TB, db *sqldb.DB) *act.Acts {
	t.Helper()
	folder, err := fs.Sub(act.Migrations, "migrations")
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context(), "chassis", folder))
	require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`CREATE TABLE note (text TEXT NOT NULL)`)
		return err
	}))
	keys, err := crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	return &act.Acts{Source: "care", DB: db, Keys: keys, Clock: clock.NewTest(start), Bell: bell.New(nil, log), Log: log}
}

// run runs a test on both engines.
func run(t *testing.T, test func(t *testing.T, acts *act.Acts)) {
	t.Helper()
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) { test(t, newActs(t, open("care"))) })
}

func as(t testing.TB, subject string) context.Context {
	return identity.NewContext(t.Context(), identity.Caller{Subject: subject, PractitionerID: subject})
}

func ask(requestID, name string) *patientv1.CreateCareProviderRequest {
	return &patientv1.CreateCareProviderRequest{RequestId: requestID, CareProvider: &patientv1.CareProvider{DisplayName: name}}
}

// note writes a line; it is the effect of the acts of these tests.
func note(tx *act.Tx, text string) error {
	_, err := tx.Exec(`INSERT INTO note (text) VALUES ($1)`, text)
	return err
}

func notes(t testing.TB, acts *act.Acts) []string {
	t.Helper()
	rows, err := acts.DB.Read(t.Context()).Query(`SELECT text FROM note ORDER BY text`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	texts := []string{}
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		texts = append(texts, text)
	}
	require.NoError(t, rows.Err())
	return texts
}

func count(t testing.TB, acts *act.Acts, query string) (n int) {
	t.Helper()
	require.NoError(t, acts.DB.Read(t.Context()).QueryRow(query).Scan(&n))
	return n
}
