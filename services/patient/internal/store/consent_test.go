package store_test

import (
	"io/fs"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
)

func TestConsents(t *testing.T) {
	run(t, func(t *testing.T, b bench) {
		p := b.patient("191212121212", b.unit)
		_, standing, err := b.Standing(b.read(), p.ID, patient.Matter{Kind: patient.Coordination})
		require.NoError(t, err)
		require.False(t, standing)
		c, err := patient.Grant(patient.Consent{ID: id(), PatientID: p.ID, Kind: patient.Coordination, Form: "ORAL", Note: "at the visit", PractitionerID: id(), End: date.MustParse("2026-12-31")}, now)
		require.NoError(t, err)
		b.write(func(tx *sqldb.Tx) error { return b.InsertConsent(tx, b.provider, c) })
		got, standing, err := b.Standing(b.read(), p.ID, patient.Matter{Kind: patient.Coordination})
		require.NoError(t, err)
		require.True(t, standing)
		require.Equal(t, c, got)

		no, err := patient.Decline(patient.Consent{ID: id(), PatientID: p.ID, Kind: patient.Coordination, Form: "ORAL"}, now.Add(time.Hour))
		require.NoError(t, err)
		err = b.try(func(tx *sqldb.Tx) error { return b.InsertConsent(tx, b.provider, no) })
		require.True(t, sqldb.IsUnique(err), "two cannot stand: %v", err)
		withdrawn, err := c.Withdraw("vera", "after all", now.Add(time.Minute))
		require.NoError(t, err)
		b.write(func(tx *sqldb.Tx) error {
			if err := b.UpdateConsent(tx, b.provider, withdrawn); err != nil {
				return err
			}
			return b.InsertConsent(tx, b.provider, no)
		})
		require.ErrorIs(t, b.try(func(tx *sqldb.Tx) error { return b.UpdateConsent(tx, b.provider, withdrawn) }), store.ErrStale)
		got, err = b.Consent(b.read(), p.ID, c.ID)
		require.NoError(t, err)
		require.Equal(t, withdrawn, got)
		_, err = b.Consent(b.read(), id(), c.ID)
		require.ErrorIs(t, err, store.ErrNotFound)

		page, err := b.Consents(b.read(), store.ConsentQuery{PatientID: p.ID, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, []patient.Consent{no}, page)
		page, err = b.Consents(b.read(), store.ConsentQuery{PatientID: p.ID, Matter: patient.Matter{Kind: patient.Coordination}, Limit: 1, AfterTime: no.Created, AfterID: no.ID})
		require.NoError(t, err)
		require.Equal(t, []patient.Consent{withdrawn}, page)
	})
}

// What was said before consents had receivers stands, and counts, afterwards.
func TestConsentsFromBeforeReceivers(t *testing.T) {
	keys, err := crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db, s := open("patient"), store.New(keys)
		files := os.DirFS("../../migrations")
		first, err := fs.ReadFile(files, "0001_init.sql")
		require.NoError(t, err)
		require.NoError(t, db.Migrate(t.Context(), "patient", fstest.MapFS{"0001_init.sql": {Data: first}}))
		patientID, consentID, provider := id(), id(), id()
		sealed, err := keys.Seal([]byte(`{"n":"at the visit"}`), []byte("patient.consent.sealed/"+provider+"/"+consentID))
		require.NoError(t, err)
		require.NoError(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error {
			for _, row := range []struct {
				text string
				args []any
			}{
				{`INSERT INTO care_provider VALUES ($1, 'SE1', 'Region', 1, 1, 1)`, []any{provider}},
				{`INSERT INTO care_unit VALUES ('unit', $1, 'SE2', 'Unit', '', 1, 1, 1)`, []any{provider}},
				{`INSERT INTO patient VALUES ($1, $2, 'unit', $3, 'ACTIVE', FALSE, '', $3, 1, 0, 1, 1)`, []any{patientID, provider, []byte{1}}},
				{
					`INSERT INTO consent VALUES ($1, $2, $3, 'COORDINATION', 'GRANTED', TRUE, '2026-03-02', NULL, 'ORAL', 'rc', 0, $4, 1, 5, 5)`,
					[]any{consentID, patientID, provider, sealed},
				},
			} {
				if _, err := tx.Exec(row.text, row.args...); err != nil {
					return err
				}
			}
			return nil
		}))
		require.NoError(t, db.Migrate(t.Context(), "patient", files))
		said, err := s.Said(db.Read(t.Context()), patientID)
		require.NoError(t, err)
		require.Len(t, said, 1)
		require.Equal(t, "at the visit", said[0].Note)
		answer := patient.Question{Matter: patient.Matter{Kind: patient.Coordination}, Day: date.Of(now)}.Answer(said)
		require.Equal(t, patient.ConsentAnswer{Consented: true, ConsentID: consentID, Asked: true, Revision: 1}, answer)
		_, stands, err := s.Standing(db.Read(t.Context()), patientID, patient.Matter{Kind: patient.Coordination})
		require.NoError(t, err)
		require.True(t, stands)
	})
}
