package store

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// What was told and asked for before the employer's half came is there afterwards.
func TestMigrationKeepsWhatThereIs(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("followup")
		first, err := os.ReadFile("../../migrations/0001_follow_up.sql")
		require.NoError(t, err)
		require.NoError(t, db.Migrate(t.Context(), "followup", fstest.MapFS{"0001_follow_up.sql": {Data: first}}))
		write(t, db, func(tx *sqldb.Tx) error {
			for _, statement := range []string{
				`INSERT INTO patient_file (patient_id, revision, care_provider_id, care_unit_id) VALUES ('patient', 3, 'provider', 'unit')`,
				`INSERT INTO told (patient_id, topic, subject_id, body) VALUES ('patient', 'episode', 'e',
					'{"id":"e","revision":1,"time":"2026-03-02T08:00:00Z","state":"OPEN","started":"2026-03-02T08:00:00Z","referrals":null,"team":[{"practitioner":"doctor","role":"gp","end":""}]}')`,
				`INSERT INTO follow_up (follow_up_id, revision, stamp, patient_id, care_episode_id, care_provider_id, care_unit_id, kind,
					subject_id, round, basis, owner_role, owner_practitioner_id, from_role, from_practitioner_id, pinned, due_date, due_time,
					lapse_time, state, end_cause, end_time, end_practitioner_id, snoozed_until, reminders, escalation_level,
					escalation_role, ladder, policy, created_by, create_time, update_time)
					VALUES ('f', 1, 1, 'patient', 'e', 'provider', 'unit', 'BOOK_FIRST_CONTACT', 'e', 0, 'b', 'gp', '', 'gp', '', false,
					'2026-03-03', 1, 0, 'OPEN', '', 0, '', 0, 0, 0, 'gp', '{}', 'p', '', 1, 1)`,
			} {
				if _, err := tx.Exec(statement); err != nil {
					return err
				}
			}
			return nil
		})
		require.NoError(t, db.Migrate(t.Context(), "followup", os.DirFS("../../migrations")))
		keys, err := crypt.OpenDev(t.TempDir())
		require.NoError(t, err)
		s := New(keys)
		write(t, db, func(tx *sqldb.Tx) error {
			opened, err := s.OpenFile(tx, "patient", followup.Place{})
			require.NoError(t, err)
			require.Equal(t, followup.Place{ProviderID: "provider", UnitID: "unit"}, opened.Heard)
			require.Equal(t, "doctor", opened.Episodes["e"].Team[0].PractitionerID)
			require.True(t, opened.turn.IsZero())
			f, err := s.FollowUp(tx, "f")
			require.NoError(t, err)
			require.Empty(t, f.Aspect)
			return nil
		})
	})
}
