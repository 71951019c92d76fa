package store_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

const provider = "provider"

var start = time.Date(2026, time.March, 2, 7, 0, 0, 0, time.UTC)

func day(text string) date.Day { return date.MustParse(text) }

type fixture struct {
	*testing.T
	db    *sqldb.DB
	store *store.Store
}

// run runs the test on both engines.
func run(t *testing.T, test func(f *fixture)) {
	keys, err := crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("sickleave")
		chassis, err := fs.Sub(act.Migrations, "migrations")
		require.NoError(t, err)
		require.NoError(t, db.Migrate(t.Context(), "chassis", chassis))
		require.NoError(t, db.Migrate(t.Context(), "sickleave", os.DirFS("../../migrations")))
		test(&fixture{T: t, db: db, store: store.New(keys)})
	})
}

func (f *fixture) tx(fn func(tx *sqldb.Tx) error) error {
	return f.db.Tx(f.Context(), fn)
}

func (f *fixture) insert(r store.Record) store.Record {
	f.Helper()
	var inserted store.Record
	require.NoError(f, f.tx(func(tx *sqldb.Tx) (err error) {
		inserted, err = f.store.Insert(tx, r)
		return err
	}))
	return inserted
}

// certificate is a signed certificate with text in every sealed field.
func certificate(patient, unit string, periods ...sickleave.Period) store.Record {
	return store.Record{
		CareProviderID: provider, UpdateTime: start.Add(time.Minute),
		Certificate: sickleave.Certificate{
			ID: uuid.NewString(), PatientID: patient, CareUnitID: unit, EpisodeID: uuid.NewString(), State: sickleave.Signed,
			CreateTime: start, CreatedBy: "author", SignTime: start.Add(time.Minute), SignedBy: "signer",
			RevokeTime: start.Add(time.Hour), RevokedBy: "revoker", RevokeReason: "canary-revoked",
			ErrorTime: start.Add(2 * time.Hour), ErrorBy: "finder", ErrorReason: "canary-error",
			RenewsID: uuid.NewString(),
			Content: sickleave.Content{
				Periods: periods, Diagnoses: []string{"F32.1", "F43.8A"},
				Bases: []sickleave.Basis{
					{Kind: sickleave.BasisExamination, Day: day("2026-03-02")},
					{Kind: sickleave.BasisOther, Day: day("2026-02-27"), Note: "canary-note <&>"},
				},
				Occupation: "canary-occupation åäö", FunctionLimitation: "canary-function", ActivityLimitation: "canary-activity",
				EarlyStartReason: "canary-early", OtherInformation: "canary-other",
				Prognosis: sickleave.Prognosis{Kind: sickleave.PrognosisInMonths, Months: 3, Explanation: "canary-prognosis"},
			},
		},
	}
}

func full(from, to string) sickleave.Period {
	return sickleave.Period{Start: day(from), End: day(to), Degree: 100}
}

func TestACertificateIsReadAsItWasWritten(t *testing.T) {
	run(t, func(f *fixture) {
		written := certificate("anna", "unit", full("2026-03-10", "2026-03-20"), full("2026-03-02", "2026-03-05"))
		written = f.insert(written)
		require.EqualValues(f, 1, written.Revision)
		read, err := f.store.Certificate(f.db.Read(f.Context()), provider, "anna", written.ID)
		require.NoError(f, err)
		require.Equal(f, written, read)

		empty := f.insert(store.Record{CareProviderID: provider, UpdateTime: start, Certificate: sickleave.Certificate{
			ID: uuid.NewString(), PatientID: "anna", CareUnitID: "unit", State: sickleave.Draft, CreateTime: start, CreatedBy: "author",
		}})
		read, err = f.store.Certificate(f.db.Read(f.Context()), provider, "anna", empty.ID)
		require.NoError(f, err)
		require.Equal(f, empty, read)
	})
}

func TestACertificateOfAnotherPatientOrProviderIsNotThere(t *testing.T) {
	run(t, func(f *fixture) {
		c := f.insert(certificate("anna", "unit", full("2026-03-02", "2026-03-05")))
		q := f.db.Read(f.Context())
		for _, other := range [][2]string{{provider, "bo"}, {"elsewhere", "anna"}} {
			_, err := f.store.Certificate(q, other[0], other[1], c.ID)
			require.ErrorIs(f, err, store.ErrNotFound)
			records, err := f.store.List(q, other[0], other[1], []sickleave.State{sickleave.Signed}, store.Place{}, 10)
			require.NoError(f, err)
			require.Empty(f, records)
			certificates, err := f.store.SignedOf(q, other[0], other[1])
			require.NoError(f, err)
			require.Empty(f, certificates)
		}
	})
}

func TestAnUpdateReplacesWhatMayChangeAndCountsUp(t *testing.T) {
	run(t, func(f *fixture) {
		written := f.insert(certificate("anna", "unit", full("2026-03-02", "2026-03-05")))
		changed := written
		changed.State, changed.SignedBy, changed.UpdateTime = sickleave.Revoked, "other", start.Add(3*time.Hour)
		changed.Periods = []sickleave.Period{full("2026-04-01", "2026-04-02"), {Start: day("2026-04-03"), End: day("2026-04-09"), Degree: 50}}
		changed.Occupation, changed.RevokeReason = "", "another reason"
		require.NoError(f, f.tx(func(tx *sqldb.Tx) (err error) {
			claimed, err := f.store.Claim(tx, provider, "anna", written.ID)
			require.NoError(f, err)
			require.Equal(f, written, claimed)
			changed, err = f.store.Update(tx, changed)
			return err
		}))
		require.EqualValues(f, 2, changed.Revision)
		read, err := f.store.Certificate(f.db.Read(f.Context()), provider, "anna", written.ID)
		require.NoError(f, err)
		require.Equal(f, changed, read)

		err = f.tx(func(tx *sqldb.Tx) error {
			_, err := f.store.Update(tx, written)
			return err
		})
		require.ErrorIs(f, err, store.ErrStale)
		read, err = f.store.Certificate(f.db.Read(f.Context()), provider, "anna", written.ID)
		require.NoError(f, err)
		require.Equal(f, changed, read)
	})
}

func TestNoDiagnosisOrTextStandsReadableInARow(t *testing.T) {
	run(t, func(f *fixture) {
		c := f.insert(certificate("anna", "unit", full("2026-03-02", "2026-03-05")))
		other := f.insert(certificate("anna", "unit", full("2026-03-02", "2026-03-05")))
		rows, err := f.db.Read(f.Context()).Query(`SELECT * FROM certificate`)
		require.NoError(f, err)
		defer rows.Close()
		columns, err := rows.Columns()
		require.NoError(f, err)
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			require.NoError(f, rows.Scan(values...))
			for i, value := range values {
				text := fmt.Sprintf("%s", *(value.(*any)))
				require.NotContains(f, text, "canary", columns[i])
				require.NotContains(f, text, "F32", columns[i])
				require.NotContains(f, text, "F43", columns[i])
			}
		}
		require.NoError(f, rows.Err())
		require.NoError(f, rows.Close())

		// What is sealed for one certificate does not open as another's.
		require.NoError(f, f.tx(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE certificate SET sealed = (SELECT sealed FROM certificate WHERE certificate_id = $1) WHERE certificate_id = $2`,
				c.ID, other.ID)
			return err
		}))
		_, err = f.store.Certificate(f.db.Read(f.Context()), provider, "anna", other.ID)
		require.ErrorIs(f, err, crypt.ErrUnseal)
	})
}

func TestListIsNewestFirstPageByPage(t *testing.T) {
	run(t, func(f *fixture) {
		var want []string
		for i := range 7 {
			c := certificate("anna", "unit", full("2026-03-02", "2026-03-05"))
			c.CreateTime = start.Add(time.Duration(i/3) * time.Second) // several share an instant
			if i == 4 {
				c.State = sickleave.RegisteredInError
			}
			c = f.insert(c)
			if i != 4 {
				want = append(want, c.ID)
			}
		}
		states := []sickleave.State{sickleave.Draft, sickleave.Signed, sickleave.Revoked}
		var got []store.Record
		after := store.Place{}
		for {
			page, err := f.store.List(f.db.Read(f.Context()), provider, "anna", states, after, 2)
			require.NoError(f, err)
			got = append(got, page...)
			if len(page) < 2 {
				break
			}
			after = store.Place{CreateTime: page[1].CreateTime, ID: page[1].ID}
		}
		ids := make([]string, len(got))
		for i, r := range got {
			ids[i] = r.ID
			require.Len(f, r.Periods, 1)
			require.Equal(f, "canary-function", r.FunctionLimitation)
			if i > 0 {
				earlier := got[i-1]
				require.True(f, earlier.CreateTime.After(r.CreateTime) || earlier.CreateTime.Equal(r.CreateTime) && earlier.ID > r.ID)
			}
		}
		require.ElementsMatch(f, want, ids)
	})
}

func TestOnlySignedCertificatesAreGivenToCompute(t *testing.T) {
	run(t, func(f *fixture) {
		for _, state := range []sickleave.State{sickleave.Draft, sickleave.Revoked, sickleave.RegisteredInError} {
			c := certificate("anna", "unit", full("2026-03-02", "2026-03-05"))
			c.State = state
			f.insert(c)
		}
		second := certificate("anna", "other unit", full("2026-03-09", "2026-03-10"), full("2026-03-02", "2026-03-05"))
		second.CreateTime = start.Add(time.Second)
		f.insert(second)
		first := f.insert(certificate("anna", "unit", full("2026-01-02", "2026-01-05")))

		certificates, err := f.store.SignedOf(f.db.Read(f.Context()), provider, "anna")
		require.NoError(f, err)
		require.Len(f, certificates, 2)
		require.Equal(f, first.ID, certificates[0].ID)
		require.Equal(f, sickleave.Certificate{
			ID: second.ID, PatientID: "anna", CareUnitID: "other unit", State: sickleave.Signed, SignTime: second.SignTime,
			RenewsID: second.RenewsID, Content: sickleave.Content{Periods: second.Periods},
		}, certificates[1])

		byPatient, err := f.store.SignedByPatient(f.db.Read(f.Context()), provider, []string{"anna", "bo"})
		require.NoError(f, err)
		require.Equal(f, map[string][]sickleave.Certificate{"anna": certificates}, byPatient)
	})
}

func (f *fixture) place(patient, unit string) {
	f.Helper()
	require.NoError(f, f.tx(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO patient_place (patient_id, care_provider_id, care_unit_id, revision) VALUES ($1, $2, $3, 1)`,
			patient, provider, unit)
		return err
	}))
}

func TestPatientsOnLeave(t *testing.T) {
	run(t, func(f *fixture) {
		for _, patient := range []string{"anna", "cia", "dan", "eva", "fia"} { // nobody has told of bo yet
			f.place(patient, "unit")
		}
		f.place("moved", "other unit")
		f.insert(certificate("bo", "unit", full("2026-03-02", "2026-03-20")))
		f.insert(certificate("bo", "unit", full("2026-03-10", "2026-03-30")))
		f.insert(certificate("anna", "unit", full("2026-02-02", "2026-03-10"))) // ends on the day
		f.insert(certificate("cia", "unit", full("2026-02-02", "2026-03-09")))  // ended the day before
		f.insert(certificate("dan", "unit", full("2026-03-11", "2026-03-20")))  // begins the day after
		f.insert(certificate("moved", "unit", full("2026-03-02", "2026-03-20")))
		f.insert(certificate("fia", "other unit", full("2026-03-02", "2026-03-20")))
		draft := certificate("eva", "unit", full("2026-03-02", "2026-03-20"))
		draft.State = sickleave.Draft
		f.insert(draft)

		list := func(since, on, after string, limit int) []string {
			ids, err := f.store.PatientsOnLeave(f.db.Read(f.Context()), "unit", day(since), day(on), after, limit)
			require.NoError(f, err)
			return ids
		}
		require.Equal(f, []string{"anna", "bo"}, list("2026-03-10", "2026-03-10", "", 10))
		require.Equal(f, []string{"anna"}, list("2026-03-10", "2026-03-10", "", 1))
		require.Equal(f, []string{"bo"}, list("2026-03-10", "2026-03-10", "anna", 10))
		require.Equal(f, []string{"anna", "bo", "cia"}, list("2026-03-09", "2026-03-10", "", 10))
	})
}

// Years of certificates that have ended must cost nothing: the list seeks by unit and last day.
func TestPatientsOnLeaveAreFoundByUnitAndLastDay(t *testing.T) {
	run(t, func(f *fixture) {
		explain := "EXPLAIN "
		if f.db.Engine() == sqldb.SQLite {
			explain = "EXPLAIN QUERY PLAN "
		} else {
			require.NoError(f, f.tx(func(tx *sqldb.Tx) error {
				for patient := range 200 {
					for year := range 10 {
						c := certificate(fmt.Sprint(patient), fmt.Sprint("unit ", patient%10), full(fmt.Sprintf("%d-01-01", 2010+year), fmt.Sprintf("%d-01-20", 2010+year)))
						if _, err := f.store.Insert(tx, c); err != nil {
							return err
						}
					}
				}
				_, err := tx.Exec(`ANALYZE`)
				return err
			}))
		}
		var plan bytes.Buffer
		rows, err := f.db.Read(context.Background()).Query(explain+store.PatientsOnLeaveQuery, "unit 1", day("2026-03-10"), day("2026-03-10"), "", 50)
		require.NoError(f, err)
		defer rows.Close()
		columns, err := rows.Columns()
		require.NoError(f, err)
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			require.NoError(f, rows.Scan(values...))
			fmt.Fprintln(&plan, *(values[len(values)-1].(*any)))
		}
		require.NoError(f, rows.Err())
		require.Contains(f, plan.String(), "certificate_signed_at_unit")
		require.False(f, strings.Contains(plan.String(), "Seq Scan on certificate "), plan.String())
	})
}
