package followup

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

func wantOf(t *testing.T, file *File, kind Kind, today string) Want {
	t.Helper()
	for _, w := range Derive(file, Policy{}, date.MustParse(today)) {
		if w.Kind == kind {
			return w
		}
	}
	t.Fatalf("no %s is wanted", kind)
	return Want{}
}

func TestCertificateEndingDue(t *testing.T) {
	for _, test := range []struct{ name, signed, last, due string }{
		{"seven days before the end", "2026-03-02 10:00", "2026-03-29", "2026-03-20"}, // the 22nd is a Sunday
		{"two weeks", "2026-03-02 10:00", "2026-03-15", "2026-03-06"},                 // the 8th is a Sunday
		{"the first working day after signing at the soonest", "2026-03-02 10:00", "2026-03-08", "2026-03-03"},
		{"three days, signed on a Friday", "2026-03-06 10:00", "2026-03-08", "2026-03-09"},
		{"one day", "2026-03-02 10:00", "2026-03-02", "2026-03-03"},
		{"signed after its end", "2026-03-10 10:00", "2026-03-06", "2026-03-11"},
		{"Easter before", "2026-03-16 10:00", "2026-04-12", "2026-04-02"}, // the 5th is Easter Sunday
	} {
		t.Run(test.name, func(t *testing.T) {
			file := NewFile("patient")
			file.SeeCertificate(Certificate{Told: Told{ID: "c", Revision: 1, Time: clock(test.signed), By: "doctor"}, State: CertificateSigned, Last: date.MustParse(test.last)})
			w := wantOf(t, file, CertificateEnding, test.signed[:10])
			require.Equal(t, test.due, w.Due.Day.String())
			require.Equal(t, Owner{Role: GP, PractitionerID: "doctor"}, w.Owner)
			require.Equal(t, date.MustParse(test.last).AddDays(15).String()+" 00:00", wall(w.Lapse), "14 days after the end have passed")
			require.Nil(t, w.End)
		})
	}
	file := NewFile("patient")
	file.SeeCertificate(Certificate{Told: Told{ID: "c", Revision: 1, Time: clock("2026-03-30 10:00")}, State: CertificateSigned, Last: date.MustParse("2026-03-06")})
	require.Empty(t, Derive(file, Policy{}, date.MustParse("2026-03-30")), "signed for a time long past")
}

func TestCertificateEndingEnds(t *testing.T) {
	signed := func(file *File, id, at, last, replaces string) {
		file.SeeCertificate(Certificate{Told: Told{ID: id, Revision: 1, Time: clock(at)}, State: CertificateSigned, Last: date.MustParse(last), Replaces: replaces})
	}
	end := func(file *File, id string) *End {
		for _, w := range Derive(file, Policy{}, date.MustParse("2026-03-10")) {
			if w.Kind == CertificateEnding && w.SubjectID == id {
				return w.End
			}
		}
		return nil
	}
	file := NewFile("patient")
	signed(file, "a", "2026-03-02 10:00", "2026-03-15", "")
	signed(file, "b", "2026-03-09 10:00", "2026-03-10", "")
	require.Nil(t, end(file, "a"), "one that ends sooner changes nothing")
	require.Equal(t, CertificateExtended, end(file, "b").Cause)
	signed(file, "c", "2026-03-10 10:00", "2026-03-29", "")
	require.Equal(t, CertificateExtended, end(file, "a").Cause)
	require.Nil(t, end(file, "c"))
	file.SeeCertificate(Certificate{Told: Told{ID: "c", Revision: 2, Time: clock("2026-03-10 11:00")}, State: "REVOKED", Last: date.MustParse("2026-03-29")})
	require.Nil(t, end(file, "a"), "the extension was revoked")
	require.Equal(t, CertificateRevoked, end(file, "c").Cause)
	signed(file, "d", "2026-03-10 12:00", "2026-03-12", "a")
	require.Equal(t, CertificateReplaced, end(file, "a").Cause)
}

func TestCertificateEndingOwner(t *testing.T) {
	file := NewFile("patient")
	file.SeeEpisode(Episode{Told: Told{ID: "e", Revision: 1, Time: clock("2026-03-02 09:00")}, State: EpisodeOpen, Team: []Member{
		{PractitionerID: "doctor", Role: GP}, {PractitionerID: "rc", Role: RehabilitationCoordinator}}})
	file.SeeCertificate(Certificate{Told: Told{ID: "c", Revision: 1, Time: clock("2026-03-02 10:00"), By: "locum"}, EpisodeID: "e",
		State: CertificateSigned, Last: date.MustParse("2026-03-29")})
	require.Equal(t, Owner{Role: GP, PractitionerID: "doctor"}, wantOf(t, file, CertificateEnding, "2026-03-02").Owner, "without consent nobody coordinates")
	require.Equal(t, CopyNotNeeded, wantOf(t, file, CertificateEndingNotice, "2026-03-02").End.Cause)

	file.SeeConsent(Consent{Told: Told{ID: "k", Revision: 1}, Granted: true, Start: date.MustParse("2026-03-02"), End: date.MustParse("2026-03-10")})
	require.Equal(t, "rc", wantOf(t, file, CertificateEnding, "2026-03-10").Owner.PractitionerID)
	notice := wantOf(t, file, CertificateEndingNotice, "2026-03-10")
	require.Nil(t, notice.End)
	require.Equal(t, Owner{Role: GP, PractitionerID: "doctor"}, notice.Owner)
	require.Equal(t, "doctor", wantOf(t, file, CertificateEnding, "2026-03-11").Owner.PractitionerID, "the consent has run out")

	// R04: one person with both roles gets no copy of what she owns herself.
	file.SeeEpisode(Episode{Told: Told{ID: "e", Revision: 2, Time: clock("2026-03-03 09:00")}, State: EpisodeOpen, Team: []Member{
		{PractitionerID: "both", Role: GP}, {PractitionerID: "both", Role: RehabilitationCoordinator}}})
	require.NotNil(t, wantOf(t, file, CertificateEndingNotice, "2026-03-10").End)
}

func TestTries(t *testing.T) {
	file := NewFile("patient")
	told := func(revision int64, at string, state ContactState, tries int) {
		file.SeeContact(Contact{Told: Told{ID: "c", Revision: revision, Time: clock(at)}, EpisodeID: "e", State: state, Tries: tries,
			Scheduled: clock("2026-03-05 10:00"), PractitionerID: "cm"})
	}
	told(1, "2026-03-02 10:00", ContactIsBooked, 0)
	require.Equal(t, "2026-03-05", wantOf(t, file, HoldBookedContact, "2026-03-02").Due.Day.String())
	told(2, "2026-03-05 10:10", ContactNotAnswered, 1)
	try := wantOf(t, file, TryAgain, "2026-03-05")
	require.Equal(t, "2026-03-06", try.Due.Day.String())
	require.Equal(t, "2026-03-06 08:00 REMIND", steps(try.ladder(clock("2026-03-05 10:10")))[0])
	require.Equal(t, "2026-03-06", wantOf(t, file, HoldBookedContact, "2026-03-05").Due.Day.String(), "it is to be held when it is tried again")
	told(3, "2026-03-06 10:00", ContactNotAnswered, 2)
	told(4, "2026-03-09 10:00", ContactNotAnswered, 3)
	try = wantOf(t, file, TryAgain, "2026-03-09")
	require.Equal(t, GP, try.EscalationRole)
	require.Equal(t, "2026-03-09 10:00 ESCALATE 1", steps(try.ladder(clock("2026-03-09 10:00")))[0], "the third try calls on a GP at once")
	file.SeeContact(Contact{Told: Told{ID: "other", Revision: 1, Time: clock("2026-03-09 15:00")}, EpisodeID: "e", State: ContactIsHeld})
	require.Equal(t, ContactHeld, wantOf(t, file, TryAgain, "2026-03-09").End.Cause, "the patient was reached by another contact")
}

// What a person has ended stays ended until what it is about moves.
func TestEndedByHand(t *testing.T) {
	now := clock("2026-03-02 10:00")
	file := NewFile("patient")
	see := func(revision int64, day string) {
		file.SeePlan(Plan{Told: Told{ID: "plan", Revision: revision, Time: now}, EpisodeID: "e", State: PlanActive,
			Contacts: map[string]Planned{"p": {Day: date.MustParse(day), State: PlannedPlanned}}})
	}
	settle := func(existing []FollowUp) []Change {
		return Reconcile(file, existing, Derive(file, Policy{}, date.Of(now)), now, counter())
	}
	see(1, "2026-03-10")
	made := settle(nil)
	require.Len(t, made, 1)
	ended, err := made[0].FollowUp.Cancel(manager, "not needed", now)
	require.NoError(t, err)
	see(2, "2026-03-10")
	require.Empty(t, settle([]FollowUp{ended.FollowUp}))
	see(3, "2026-03-12")
	again := settle([]FollowUp{ended.FollowUp})
	require.Len(t, again, 1)
	require.Equal(t, 1, again[0].FollowUp.Round)
	require.Equal(t, "2026-03-12", again[0].FollowUp.DueDate.String())
}

// Owners move with the team, but not away from whom a person has chosen.
func TestOwnersFollowTheTeam(t *testing.T) {
	now := clock("2026-03-02 10:00")
	file := NewFile("patient")
	team := func(revision int64, members ...string) {
		e := Episode{Told: Told{ID: "e", Revision: revision, Time: now}, State: EpisodeOpen, Referrals: []Referral{{ID: "r", Role: CareManager, State: ReferralAccepted}}}
		for _, m := range members {
			e.Team = append(e.Team, Member{PractitionerID: m, Role: CareManager})
		}
		file.SeeEpisode(e)
	}
	all := map[string]FollowUp{}
	settle := func() FollowUp {
		var existing []FollowUp
		for _, f := range all {
			existing = append(existing, f)
		}
		for _, c := range Reconcile(file, existing, Derive(file, Policy{}, date.Of(now)), now, func() string { return string(rune('a' + len(all))) }) {
			all[c.FollowUp.ID] = c.FollowUp
		}
		for _, f := range all {
			if f.Kind == HoldFirstContact {
				return f
			}
		}
		t.Fatal("no follow-up")
		return FollowUp{}
	}
	team(1)
	f := settle()
	require.Empty(t, f.Owner.PractitionerID)
	claimed, _, err := f.Claim(Caller{PractitionerID: "ann", Roles: []Role{CareManager}}, now)
	require.NoError(t, err)
	all[f.ID] = claimed.FollowUp
	require.Equal(t, "ann", settle().Owner.PractitionerID, "nothing has changed in the team: who claimed it keeps it")
	team(2, "ann")
	require.Equal(t, "ann", settle().Owner.PractitionerID)
	team(3)
	require.Empty(t, settle().Owner.PractitionerID, "she left the team")
	team(4, "bo")
	f = settle()
	require.Equal(t, "bo", f.Owner.PractitionerID)
	pinned, err := f.Reassign(boss, Reassignment{To: Owner{Role: CareManager, PractitionerID: "cy"}}, Policy{}, now)
	require.NoError(t, err)
	all[f.ID] = pinned.FollowUp
	team(5, "ann")
	require.Equal(t, "cy", settle().Owner.PractitionerID, "a person decided")
}
