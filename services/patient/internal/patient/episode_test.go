package patient

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

const (
	unit  = "unit-1"
	doc   = "doctor"
	anna  = "anna" // care manager and rehabilitation coordinator
	bo    = "bo"   // care manager
	other = "elsewhere"
)

var monday = at("2026-03-02")

func staff() map[string]Practitioner {
	from := date.MustParse("2020-01-01")
	return map[string]Practitioner{
		anna:  {ID: anna, Employments: []Employment{{UnitID: unit, Roles: []Role{CareManager, RehabilitationCoordinator}, Start: from}}},
		bo:    {ID: bo, Employments: []Employment{{UnitID: unit, Roles: []Role{CareManager}, Start: from, End: date.MustParse("2026-03-31")}}},
		other: {ID: other, Employments: []Employment{{UnitID: "unit-2", Roles: []Role{CareManager}, Start: from}}},
	}
}

func counter() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("r%d", n) }
}

func assessment() Assessment {
	return Assessment{
		EpisodeID: "e", PatientID: "p", ProviderID: "v", UnitID: unit, Diagnosis: "f321", Severity: "MODERATE",
		SickLeaveNeeded: true, GP: doc, Staff: staff(), NewID: counter(),
	}
}

func start(t *testing.T, change func(*Assessment)) Episode {
	t.Helper()
	a := assessment()
	if change != nil {
		change(&a)
	}
	e, err := StartEpisode(a, monday)
	require.NoError(t, err)
	return e
}

func reasons(t *testing.T, err error) map[string]string {
	t.Helper()
	var invalid *InvalidError
	require.ErrorAs(t, err, &invalid)
	got := map[string]string{}
	for _, v := range invalid.Violations {
		got[v.Field] = v.Reason
	}
	return got
}

func requireState(t *testing.T, err error, reason string) *StateError {
	t.Helper()
	var state *StateError
	require.ErrorAs(t, err, &state)
	require.Equal(t, reason, state.Reason)
	return state
}

func TestStartRefersToBothInOneOrder(t *testing.T) {
	e := start(t, nil)
	require.Equal(t, Diagnosis("F32.1"), e.Diagnosis)
	require.Equal(t, EpisodeOpen, e.State)
	require.Equal(t, date.MustParse("2026-03-02"), e.Start)
	require.Len(t, e.Referrals, 2)
	require.Equal(t, Referral{ID: "r1", Role: CareManager, Due: date.MustParse("2026-03-04"), State: ReferralPending}, e.Referrals[0])
	require.Equal(t, Referral{ID: "r2", Role: RehabilitationCoordinator, Due: date.MustParse("2026-03-04"), State: ReferralAwaitingConsent}, e.Referrals[1])
	require.Equal(t, []Member{{PractitionerID: doc, Role: GP, Start: date.MustParse("2026-03-02")}}, e.Team)
}

func TestStartWithConsentAndOthers(t *testing.T) {
	e := start(t, func(a *Assessment) {
		a.Consented, a.GP, a.Start = true, "", date.MustParse("2026-02-01")
		a.Refer = []ReferralOrder{
			{Role: Psychologist, Note: "CBT"},
			{Role: CareManager, PractitionerID: anna, Due: date.MustParse("2026-03-02")},
		}
	})
	require.Equal(t, []Role{CareManager, RehabilitationCoordinator, Psychologist}, []Role{e.Referrals[0].Role, e.Referrals[1].Role, e.Referrals[2].Role})
	require.Equal(t, anna, e.Referrals[0].PractitionerID)
	require.Equal(t, date.MustParse("2026-03-02"), e.Referrals[0].Due)
	require.Equal(t, ReferralPending, e.Referrals[1].State)
	require.Empty(t, e.Team)
}

func TestStartOnAFridayWaitsForWorkingDays(t *testing.T) {
	e, err := StartEpisode(assessment(), at("2026-04-02")) // Maundy Thursday: Good Friday and Easter Monday are free
	require.NoError(t, err)
	require.Equal(t, date.MustParse("2026-04-08"), e.Referrals[0].Due)
}

func TestStartSaysEverythingThatIsWrong(t *testing.T) {
	a := assessment()
	a.Diagnosis, a.Preventive, a.Start = "F4", true, date.MustParse("2026-03-03")
	a.Refer = []ReferralOrder{
		{Role: CareManager, PractitionerID: other},
		{Role: Nurse, Due: date.MustParse("2026-03-01")},
		{Role: Nurse},
		{Role: GP},
		{Role: RehabilitationCoordinator, PractitionerID: bo},
	}
	_, err := StartEpisode(a, monday)
	require.Equal(t, map[string]string{
		"diagnosis_code":               "DIAGNOSIS_CODE_FORM",
		"start_date":                   "DATE_IN_FUTURE",
		"preventive":                   "PREVENTIVE_WITH_SICK_LEAVE",
		"referrals[0].practitioner_id": "NOT_EMPLOYED_IN_ROLE",
		"referrals[1].due_date":        "DATE_IN_PAST",
		"referrals[2].role":            "ROLE_REPEATED",
		"referrals[3].role":            "FIELD_REQUIRED",
		"referrals[4].practitioner_id": "NOT_EMPLOYED_IN_ROLE",
	}, reasons(t, err))

	a = assessment()
	a.Start = date.MustParse("2026-01-30")
	_, err = StartEpisode(a, monday)
	require.Equal(t, map[string]string{"start_date": "DATE_TOO_EARLY"}, reasons(t, err))
}

func TestADiagnosisOutsideTheModelNeedsAReason(t *testing.T) {
	a := assessment()
	a.Diagnosis, a.DiagnosisReason = "F31.6", " "
	_, err := StartEpisode(a, monday)
	require.Equal(t, map[string]string{"diagnosis_reason": "DIAGNOSIS_NEEDS_REASON"}, reasons(t, err))
	a.DiagnosisReason = "stable for years; back to work is the aim"
	e, err := StartEpisode(a, monday)
	require.NoError(t, err)
	require.Equal(t, a.DiagnosisReason, e.DiagnosisReason)
	require.Empty(t, start(t, func(a *Assessment) { a.DiagnosisReason = "not needed" }).DiagnosisReason)
}

func TestOnePersonAnswersBothRoles(t *testing.T) {
	e := start(t, func(a *Assessment) { a.Consented = true })
	both := []Role{CareManager, RehabilitationCoordinator}
	_, err := e.Accept(Answer{By: anna, Held: both}, true, monday)
	require.Equal(t, map[string]string{"referral_id": "REFERRAL_AMBIGUOUS"}, reasons(t, err))

	one, err := e.Accept(Answer{Role: CareManager, By: anna, Held: both}, true, monday)
	require.NoError(t, err)
	require.Equal(t, ReferralPending, one.Referrals[1].State, "accepting as care manager does not accept as coordinator")
	two, err := one.Accept(Answer{By: anna, Held: both}, true, monday)
	require.NoError(t, err)
	require.Equal(t, ReferralAccepted, two.Referrals[1].State)
	require.Equal(t, anna, two.Referrals[1].AnsweredBy)
	require.Equal(t, []Member{
		{PractitionerID: doc, Role: GP, Start: today},
		{PractitionerID: anna, Role: CareManager, Start: today},
		{PractitionerID: anna, Role: RehabilitationCoordinator, Start: today},
	}, two.Team)
	require.Equal(t, int64(3), two.Revision)
	require.Equal(t, ReferralPending, e.Referrals[0].State, "the state before is untouched")
}

func TestAcceptRefuses(t *testing.T) {
	e := start(t, nil)
	cm := []Role{CareManager}
	rc := []Role{RehabilitationCoordinator}

	_, err := e.Accept(Answer{Role: RehabilitationCoordinator, By: anna, Held: rc}, false, monday)
	require.Equal(t, string(ReferralAwaitingConsent), requireState(t, err, "COORDINATION_CONSENT_MISSING").State)

	pending := start(t, func(a *Assessment) { a.Consented = true })
	_, err = pending.Accept(Answer{Role: RehabilitationCoordinator, By: anna, Held: rc}, false, monday)
	requireState(t, err, "COORDINATION_CONSENT_MISSING")

	var role *RoleError
	_, err = e.Accept(Answer{ReferralID: "r2", By: bo, Held: cm}, true, monday)
	require.ErrorAs(t, err, &role)
	require.Equal(t, RehabilitationCoordinator, role.Role)

	var missing *NotFoundError
	for _, answer := range []Answer{{ReferralID: "r9"}, {Role: Nurse}, {ReferralID: "r1", Role: RehabilitationCoordinator}, {Held: []Role{Nurse}}} {
		_, err = e.Accept(answer, true, monday)
		require.ErrorAs(t, err, &missing)
	}

	done, err := e.Accept(Answer{Role: CareManager, By: bo, Held: cm}, false, monday)
	require.NoError(t, err)
	_, err = done.Accept(Answer{Role: CareManager, By: bo, Held: cm}, false, monday)
	require.Equal(t, string(ReferralAccepted), requireState(t, err, "REFERRAL_NOT_PENDING").State)
	_, err = done.Decline(Answer{Role: CareManager, By: bo, Held: cm}, "no time", monday)
	requireState(t, err, "REFERRAL_NOT_PENDING")
}

func TestDecline(t *testing.T) {
	e := start(t, nil)
	declined, err := e.Decline(Answer{Role: RehabilitationCoordinator, By: anna, Held: []Role{RehabilitationCoordinator}}, "on leave", monday)
	require.NoError(t, err)
	require.Equal(t, ReferralDeclined, declined.Referrals[1].State)
	require.Equal(t, "on leave", declined.Referrals[1].AnswerReason)
	require.Len(t, declined.Team, 1)
	_, err = e.Decline(Answer{Role: CareManager, By: anna, Held: []Role{CareManager}}, " ", monday)
	require.Equal(t, map[string]string{"reason": "FIELD_REQUIRED"}, reasons(t, err))
	_, opened := declined.OpenCoordination(monday)
	require.False(t, opened, "a declined referral is not opened by a consent")
}

func TestConsentOpensAndSuspendsTheCoordinatorsReferral(t *testing.T) {
	e := start(t, nil)
	opened, changed := e.OpenCoordination(at("2026-03-09"))
	require.True(t, changed)
	require.Equal(t, ReferralPending, opened.Referrals[1].State)
	require.Equal(t, date.MustParse("2026-03-11"), opened.Referrals[1].Due, "the days until the consent are not the coordinator's")
	require.Equal(t, e.Referrals[0], opened.Referrals[0])
	_, changed = opened.OpenCoordination(monday)
	require.False(t, changed)

	suspended, changed := opened.SuspendCoordination(monday)
	require.True(t, changed)
	require.Equal(t, ReferralAwaitingConsent, suspended.Referrals[1].State)

	accepted, err := opened.Accept(Answer{Role: RehabilitationCoordinator, By: anna, Held: []Role{RehabilitationCoordinator}}, true, monday)
	require.NoError(t, err)
	kept, changed := accepted.SuspendCoordination(monday)
	require.False(t, changed)
	require.Len(t, kept.Team, 2, "who has joined the team stays")

	far := start(t, func(a *Assessment) {
		a.Refer = []ReferralOrder{{Role: RehabilitationCoordinator, Due: date.MustParse("2026-05-04")}}
	})
	later, _ := far.OpenCoordination(monday)
	require.Equal(t, date.MustParse("2026-05-04"), later.Referrals[1].Due)
}

func TestAssign(t *testing.T) {
	people := staff()
	e := start(t, nil)
	first, err := e.Accept(Answer{Role: CareManager, By: "carl", Held: []Role{CareManager}}, false, monday)
	require.NoError(t, err)
	a, b := people[anna], people[bo]
	next, changed, err := first.Assign(&b, CareManager, false, at("2026-03-16"))
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, date.MustParse("2026-03-16"), next.Team[1].End)
	require.Equal(t, Member{PractitionerID: bo, Role: CareManager, Start: date.MustParse("2026-03-16")}, next.Team[2])

	_, changed, err = next.Assign(&b, CareManager, false, at("2026-03-16"))
	require.NoError(t, err)
	require.False(t, changed)

	_, _, err = next.Assign(&b, CareManager, false, at("2026-04-01"))
	require.Equal(t, map[string]string{"practitioner_id": "NOT_EMPLOYED_IN_ROLE"}, reasons(t, err), "the employment has ended")
	_, _, err = next.Assign(nil, CareManager, false, monday)
	require.Equal(t, map[string]string{"practitioner_id": "NOT_EMPLOYED_IN_ROLE"}, reasons(t, err))
	_, _, err = next.Assign(&a, RehabilitationCoordinator, false, monday)
	requireState(t, err, "COORDINATION_CONSENT_MISSING")

	asked, changed, err := next.Assign(&a, RehabilitationCoordinator, true, monday)
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, anna, asked.Referrals[1].PractitionerID)
}

func TestTheEndOfAnEpisode(t *testing.T) {
	e := start(t, nil)
	_, err := e.CloseWith(OutcomeOther, "", monday)
	require.Equal(t, map[string]string{"outcome_note": "FIELD_REQUIRED"}, reasons(t, err))
	closed, err := e.CloseWith("RETURNED_TO_WORK", "", at("2026-06-01"))
	require.NoError(t, err)
	require.Equal(t, EpisodeClosed, closed.State)
	require.Equal(t, date.MustParse("2026-06-01"), closed.Close)
	for _, r := range closed.Referrals {
		require.Equal(t, ReferralWithdrawn, r.State)
	}
	require.Equal(t, date.MustParse("2026-06-01"), closed.Team[0].End)

	_, err = closed.CloseWith("MOVED", "", monday)
	require.Equal(t, []string{"registerInError"}, requireState(t, err, "CARE_EPISODE_CLOSED").Allowed)
	_, err = closed.Accept(Answer{Role: CareManager}, true, monday)
	requireState(t, err, "CARE_EPISODE_CLOSED")
	_, changed := closed.OpenCoordination(monday)
	require.False(t, changed)

	wrong, err := closed.RegisterInError(ErrorMark{Reason: "another patient's", PractitionerID: doc, Time: monday})
	require.NoError(t, err)
	require.Equal(t, EpisodeInError, wrong.State)
	_, err = wrong.RegisterInError(ErrorMark{Reason: "again", Time: monday})
	requireState(t, err, "CARE_EPISODE_CLOSED")
	_, err = wrong.CloseWith("MOVED", "", monday)
	requireState(t, err, "CARE_EPISODE_CLOSED")
}

// Whatever is done with an episode in whatever order: a coordinator never joins without consent, nobody is in a role of one
// holder beside another, revisions grow by one, and nothing is open in an episode that is not.
func TestNoPathLeadsPastTheConsent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		people := staff()
		consented := rapid.Bool().Draw(t, "consented at start")
		a := assessment()
		a.Consented = consented
		e, err := StartEpisode(a, monday)
		require.NoError(t, err)
		now := monday
		apply := func(next Episode, err error) {
			if err == nil {
				require.Equal(t, e.Revision+1, next.Revision)
				e = next
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"accept": func(t *rapid.T) {
				role := rapid.SampledFrom([]Role{CareManager, RehabilitationCoordinator}).Draw(t, "role")
				next, err := e.Accept(Answer{Role: role, By: anna, Held: people[anna].Employments[0].Roles}, consented, now)
				if err == nil && role == RehabilitationCoordinator {
					require.True(t, consented)
				}
				apply(next, err)
			},
			"decline": func(t *rapid.T) {
				apply(e.Decline(Answer{Role: RehabilitationCoordinator, By: anna, Held: []Role{RehabilitationCoordinator}}, "no", now))
			},
			"assign": func(t *rapid.T) {
				p := people[rapid.SampledFrom([]string{anna, bo, other}).Draw(t, "who")]
				role := rapid.SampledFrom([]Role{CareManager, RehabilitationCoordinator}).Draw(t, "role")
				next, changed, err := e.Assign(&p, role, consented, now)
				if err == nil {
					require.True(t, p.Holds(role, unit, date.Of(now)))
					require.True(t, role != RehabilitationCoordinator || consented)
				}
				if changed {
					apply(next, err)
				}
			},
			"grant": func(*rapid.T) {
				consented = true
				if next, changed := e.OpenCoordination(now); changed {
					apply(next, nil)
				}
			},
			"withdraw": func(*rapid.T) {
				consented = false
				if next, changed := e.SuspendCoordination(now); changed {
					apply(next, nil)
				}
			},
			"close": func(t *rapid.T) {
				if rapid.IntRange(0, 5).Draw(t, "rarely") == 0 {
					apply(e.CloseWith("MOVED", "", now))
				}
			},
			"pass a day": func(*rapid.T) { now = now.Add(24 * time.Hour) },
			"": func(t *rapid.T) {
				open := map[Role]int{}
				for _, m := range e.Team {
					require.True(t, m.End.IsZero() || !m.End.Before(m.Start))
					if m.End.IsZero() {
						open[m.Role]++
					}
				}
				for role, n := range open {
					require.LessOrEqual(t, n, 1, role)
				}
				unanswered := slices.ContainsFunc(e.Referrals, func(r Referral) bool { return r.State.unanswered() })
				if e.State != EpisodeOpen {
					require.Empty(t, open)
					require.False(t, unanswered)
				}
				for _, r := range e.Referrals {
					require.False(t, r.Due.IsZero(), "no referral without a day by which it is answered")
					if r.State == ReferralAwaitingConsent {
						require.Equal(t, RehabilitationCoordinator, r.Role)
						require.False(t, consented)
					}
					if r.State == ReferralPending && r.Role == RehabilitationCoordinator {
						require.True(t, consented)
					}
				}
			},
		})
	})
}
