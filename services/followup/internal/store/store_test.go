package store

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

func onBothEngines(t *testing.T, test func(t *testing.T, db *sqldb.DB, s *Store)) {
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		db := open("followup")
		require.NoError(t, db.Migrate(t.Context(), "followup", os.DirFS("../../migrations")))
		keys, err := crypt.OpenDev(t.TempDir())
		require.NoError(t, err)
		test(t, db, New(keys))
	})
}

func write(t *testing.T, db *sqldb.DB, fn func(tx *sqldb.Tx) error) {
	t.Helper()
	require.NoError(t, db.Tx(t.Context(), fn))
}

func at(hour int) time.Time { return date.MustParse("2026-03-02").At(hour, 0).UTC() }

func whole(id string) followup.FollowUp {
	return followup.FollowUp{
		ID: id, PatientID: "patient", EpisodeID: "episode", Place: followup.Place{ProviderID: "provider", UnitID: "unit"},
		Kind: followup.Manual, SubjectID: id, Aspect: "reader", Round: 2, Basis: "basis", Title: "Ring om sömnen", CreatedBy: "doctor",
		Owner: followup.Owner{Role: followup.CareManager, PractitionerID: "manager"}, OwnerFrom: followup.Owner{Role: followup.CareManager},
		Pinned: true, DueDate: date.MustParse("2026-03-03"), DueTime: at(17), Lapse: at(23), State: followup.Open, SnoozedUntil: at(12),
		SnoozeReason: "sjuk", Reminders: 3, EscalationLevel: 1, EscalationRole: followup.GP, Policy: "policy",
		Ladder: followup.Ladder{Repeat: time.Hour, Steps: []followup.Step{{At: at(9), Do: followup.Escalate, Level: 2}, {At: at(23), Do: followup.Expire}}},
		Stamp:  7, Revision: 5, Created: at(8), Updated: at(10),
	}
}

func TestRoundTrip(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		f := whole("one")
		write(t, db, func(tx *sqldb.Tx) error { return s.insert(tx, f) })
		read, err := s.FollowUp(db.Read(t.Context()), "one")
		require.NoError(t, err)
		require.Equal(t, f, read)

		f.Revision, f.Stamp, f.State, f.SnoozedUntil, f.SnoozeReason, f.Ladder = 6, 8, followup.Completed, time.Time{}, "", followup.Ladder{}
		f.End = followup.End{State: followup.Completed, Cause: followup.ByHand, Time: at(11), By: "manager", Note: "klart"}
		f.Owner, f.Place.UnitID, f.Pinned = followup.Owner{Role: followup.GP}, "other", false
		write(t, db, func(tx *sqldb.Tx) error { return s.update(tx, 5, f) })
		read, err = s.FollowUp(db.Read(t.Context()), "one")
		require.NoError(t, err)
		require.Equal(t, f, read)

		require.ErrorIs(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error { return s.update(tx, 5, f) }), ErrStale)
		_, err = s.FollowUp(db.Read(t.Context()), "two")
		require.ErrorIs(t, err, ErrNotFound)

		var title []byte
		require.NoError(t, db.Read(t.Context()).QueryRow(`SELECT title FROM follow_up WHERE follow_up_id = 'one'`).Scan(&title))
		require.NotContains(t, string(title), "Ring", "what people write is sealed")
		write(t, db, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(`UPDATE follow_up SET end_note = title WHERE follow_up_id = 'one'`)
			return err
		})
		_, err = s.FollowUp(db.Read(t.Context()), "one")
		require.ErrorIs(t, err, crypt.ErrUnseal, "what was moved to another column does not open")
	})
}

func TestOncePerRound(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		first, second := whole("one"), whole("two")
		second.SubjectID = first.SubjectID
		write(t, db, func(tx *sqldb.Tx) error { return s.insert(tx, first) })
		require.True(t, sqldb.IsUnique(db.Tx(t.Context(), func(tx *sqldb.Tx) error { return s.insert(tx, second) })))
		second.Round++
		write(t, db, func(tx *sqldb.Tx) error { return s.insert(tx, second) })
		another := whole("another")
		another.SubjectID, another.Aspect = first.SubjectID, "another reader"
		write(t, db, func(tx *sqldb.Tx) error { return s.insert(tx, another) })
		nobody := whole("three")
		nobody.Owner.Role = ""
		require.Error(t, db.Tx(t.Context(), func(tx *sqldb.Tx) error { return s.insert(tx, nobody) }), "R22: what nobody owns cannot be stored")
	})
}

func TestFile(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		place := followup.Place{ProviderID: "provider", UnitID: "unit"}
		told := followup.Told{ID: "x", Revision: 1, Time: at(8), By: "doctor"}
		see := func(f *followup.File) {
			f.Heard = followup.Place{ProviderID: "provider", UnitID: "later"}
			f.SeePatient(followup.Patient{Told: told, Place: place, Ended: true})
			f.SeeEpisode(followup.Episode{Told: told, State: "CLOSED", Severe: true,
				Referrals: []followup.Referral{{ID: "r", Role: followup.GP, State: followup.ReferralPending, Due: date.MustParse("2026-03-04")}},
				Team:      []followup.Member{{PractitionerID: "doctor", Role: followup.GP, Start: date.MustParse("2026-03-02"), End: date.MustParse("2026-03-05")}}})
			f.SeeConsent(followup.Consent{Told: told, Granted: true, Start: date.MustParse("2026-03-01")})
			f.SeePlan(followup.Plan{Told: told, EpisodeID: "x", State: followup.PlanActive, CareManagerID: "m",
				Contacts: map[string]followup.Planned{"p": {Day: date.MustParse("2026-03-10"), State: followup.PlannedPlanned}}})
			f.SeeContact(followup.Contact{Told: told, EpisodeID: "x", PlannedID: "p", First: true, State: followup.ContactNotAnswered, Scheduled: at(9), Tries: 2})
			f.SeeCertificate(followup.Certificate{Told: told, State: followup.CertificateSigned, Last: date.MustParse("2026-03-15")})
			f.SeeFlag(followup.Flag{Told: told, Urgent: true, State: followup.FlagAssessed, Raised: at(8)})
			seeHalf(f, told)
		}
		want := followup.NewFile("patient")
		see(want)
		write(t, db, func(tx *sqldb.Tx) error {
			opened, err := s.OpenFile(tx, "patient", place)
			if err != nil {
				return err
			}
			see(opened.File)
			return s.SaveFile(tx, opened)
		})
		write(t, db, func(tx *sqldb.Tx) error {
			opened, err := s.OpenFile(tx, "patient", place)
			if err != nil {
				return err
			}
			require.Equal(t, want, opened.File)
			free, err := s.Free(tx, "patient")
			require.True(t, free)
			return err
		})
		heard, err := s.HeardOfEpisode(db.Read(t.Context()), "patient", "x")
		require.NoError(t, err)
		require.True(t, heard)
	})
}

// seeHalf tells of one thing of every topic of the employer's half, and of readings.
func seeHalf(f *followup.File, told followup.Told) {
	day := date.MustParse("2026-03-20")
	f.SeeSickLeave(followup.SickLeave{Told: told, Spells: []followup.Spell{{Start: day, Last: day.AddDays(30)}}})
	f.SeeScreening(followup.Screening{Told: told, Day: day, Void: true})
	f.SeeReturnPlan(followup.ReturnPlan{Told: told, EpisodeID: "x", State: followup.ReturnAccepted, Version: 2,
		Steps:    []followup.ReturnStep{{ID: "s", Start: day, Last: day.AddDays(7), Degree: 50}},
		CheckIns: []followup.CheckIn{{StepID: "s", Day: day}}})
	f.SeeRecommendation(followup.Recommendation{Told: told, EpisodeID: "x", State: "ACCEPTED", AnsweredBy: "doctor"})
	f.SeeBrief(followup.Brief{Told: told, EpisodeID: "x", State: followup.BriefAcknowledged, RequestedBy: "rc", WrittenBy: "m"})
	f.SeeNote(followup.Note{Told: told, EpisodeID: "x", Void: true, Readers: []followup.NoteReader{
		{PractitionerID: "doctor", Read: at(9), ReadBy: "doctor"}, {Role: followup.Nurse}}})
	f.SeeReading(followup.Reading{Told: told, PractitionerID: "doctor"})
	f.SeeMeeting(followup.Meeting{Told: told, EpisodeID: "x", State: followup.MeetingDeferred, Recheck: day, Moderator: "rc", Uninformed: true})
	f.SeeAgreement(followup.Agreement{Told: told, EpisodeID: "x", MeetingID: "x", Actions: []followup.Action{{ID: "a", Due: day, State: followup.ActionIsDone}}})
	f.SeeEmployerConsent(followup.EmployerConsent{Told: told, Declined: true})
}

// What a later release has told of is passed over, and kept.
func TestAnUnknownTopic(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		write(t, db, func(tx *sqldb.Tx) error {
			if _, err := s.Lock(tx, "patient", followup.Place{}); err != nil {
				return err
			}
			_, err := tx.Exec(`INSERT INTO told (patient_id, topic, subject_id, body) VALUES ('patient', 'weather', 'x', '{}')`)
			return err
		})
		write(t, db, func(tx *sqldb.Tx) error {
			opened, err := s.OpenFile(tx, "patient", followup.Place{})
			require.NoError(t, err)
			require.Equal(t, followup.NewFile("patient"), opened.File)
			return s.SaveFile(tx, opened)
		})
		var n int
		require.NoError(t, db.Read(t.Context()).QueryRow(`SELECT count(*) FROM told WHERE topic = 'weather'`).Scan(&n))
		require.Equal(t, 1, n)
	})
}

// A timer passes over a patient whose file somebody holds; with one writer (SQLite) there is nobody else.
func TestFree(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		if db.Engine() == sqldb.SQLite {
			return
		}
		write(t, db, func(tx *sqldb.Tx) error {
			_, err := s.Lock(tx, "patient", followup.Place{})
			return err
		})
		held, done := make(chan struct{}), make(chan struct{})
		failed := make(chan error, 1)
		go func() {
			failed <- db.Tx(t.Context(), func(tx *sqldb.Tx) error {
				_, err := s.Lock(tx, "patient", followup.Place{})
				close(held)
				<-done
				return err
			})
		}()
		<-held
		write(t, db, func(tx *sqldb.Tx) error {
			free, err := s.Free(tx, "patient")
			require.False(t, free)
			return err
		})
		close(done)
		require.NoError(t, <-failed)
	})
}

func TestStaff(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		works := func(role followup.Role, day string) (bool, bool) {
			works, known, err := s.WorksAs(db.Read(t.Context()), "p", "unit", role, date.MustParse(day))
			require.NoError(t, err)
			return works, known
		}
		see := func(revision int64, roles ...followup.Role) {
			write(t, db, func(tx *sqldb.Tx) error {
				return s.SeePractitioner(tx, "p", revision, []Employment{{UnitID: "unit", Roles: roles, Start: date.MustParse("2026-03-01"), End: date.MustParse("2026-03-31")}})
			})
		}
		_, known := works(followup.GP, "2026-03-10")
		require.False(t, known)
		see(2, followup.GP, followup.CareManager)
		see(1, followup.Nurse) // an older word changes nothing
		for day, want := range map[string]bool{"2026-02-28": false, "2026-03-01": true, "2026-03-31": true, "2026-04-01": false} {
			got, _ := works(followup.CareManager, day)
			require.Equal(t, want, got, day)
		}
		got, _ := works(followup.Nurse, "2026-03-10")
		require.False(t, got)

		roles := func(day string, people ...string) map[string]followup.Role {
			found, err := s.RolesOf(db.Read(t.Context()), "unit", people, date.MustParse(day))
			require.NoError(t, err)
			return found
		}
		require.Equal(t, map[string]followup.Role{"p": followup.CareManager}, roles("2026-03-10", "p", "q"))
		require.Empty(t, roles("2026-04-01", "p"))
		require.Empty(t, roles("2026-03-10"))
		see(3, followup.UnitManager)
		require.Empty(t, roles("2026-03-10", "p"), "who can own nothing")
	})
}
