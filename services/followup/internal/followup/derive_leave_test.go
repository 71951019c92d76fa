package followup

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

func TestR23ScreenEveryoneOnSickLeave(t *testing.T) {
	open := []string{"SCREEN rehabilitation_coordinator coordinator due 2026-03-16"}
	check(t, []rule{
		{"R23: a spell that has begun is to be screened within two weeks, by the team's coordinator", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
		}, "2026-03-02", open},
		{"R23: without consent to coordination the care manager screens", func(h *record) {
			h.team()
			h.consent("2026-03-03 10:00", false)
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
		}, "2026-03-03", []string{"SCREEN care_manager manager due 2026-03-16"}},
		{"R23: with no team, anyone in the role of care manager does", func(h *record) {
			h.episode("2026-03-02 09:00", EpisodeOpen, "gp:doctor")
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
		}, "2026-03-03", []string{"SCREEN care_manager  due 2026-03-16"}},
		{"R23: a spell that has not begun needs none yet", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-09", "2026-03-29")
		}, "2026-03-08", nil},
		{"R23: without an episode nobody screens", func(h *record) {
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
		}, "2026-03-03", nil},
		{"R23: a spell that began long ago is not overdue on the day it is heard of", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-01-12", "2026-03-29")
		}, "2026-03-02", []string{"SCREEN rehabilitation_coordinator coordinator due 2026-03-03"}},
		{"R23: a screening ends it", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
			h.screened("2026-03-05 10:00", "2026-03-05", false)
		}, "2026-03-05", []string{"SCREEN COMPLETED SCREENED"}},
		{"R23: one registered in error does not", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
			h.screened("2026-03-05 10:00", "2026-03-05", false)
			h.screened("2026-03-06 10:00", "2026-03-05", true)
		}, "2026-03-06", open},
		{"R23: one of an earlier spell does not", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
			h.screened("2026-02-05 10:00", "2026-02-05", false)
		}, "2026-03-06", open},
		{"R23: the end of the sick leave ends it", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-08")
		}, "2026-03-09", []string{"SCREEN CANCELLED SICK_LEAVE_ENDED"}},
		{"R23: the end of the episode ends it", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
			h.episode("2026-03-04 09:00", "CLOSED", "gp:doctor")
		}, "2026-03-04", []string{"SCREEN CANCELLED EPISODE_ENDED"}},
	}, Screen)
}

func TestR43TimePlan(t *testing.T) {
	check(t, []rule{
		{"R43: a third of a long spell", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-05-30") // 90 days
		}, "2026-03-02", []string{"TIME_PLAN_MISSING rehabilitation_coordinator coordinator due 2026-04-01"}},
		{"R43: at least fourteen days", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-31") // 30 days
		}, "2026-03-02", []string{"TIME_PLAN_MISSING rehabilitation_coordinator coordinator due 2026-03-16"}},
		{"R43: short first certificates flag nobody", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-30") // 29 days
		}, "2026-03-30", nil},
		{"R43: a plan for return to work is a time plan", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-05-30")
			h.plan("2026-03-05 10:00", ReturnProposed, 1)
		}, "2026-03-05", []string{"TIME_PLAN_MISSING COMPLETED RETURN_PLAN_MADE"}},
		{"R43: one that was withdrawn is none", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-05-30")
			h.plan("2026-03-05 10:00", ReturnProposed, 1)
			h.plan("2026-03-06 10:00", ReturnWithdrawn, 1)
		}, "2026-03-06", []string{"TIME_PLAN_MISSING rehabilitation_coordinator coordinator due 2026-04-01"}},
		{"R43, R62: a deferral pauses it", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-05-30")
			h.meeting("2026-03-05 10:00", Meeting{State: MeetingDeferred, Recheck: date.MustParse("2026-04-20")})
		}, "2026-04-19", []string{"TIME_PLAN_MISSING CANCELLED MEETING_PUT_OFF"}},
		{"R43, R62: until it is looked at again", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-05-30")
			h.meeting("2026-03-05 10:00", Meeting{State: MeetingDeferred, Recheck: date.MustParse("2026-04-20")})
		}, "2026-04-20", []string{"TIME_PLAN_MISSING rehabilitation_coordinator coordinator due 2026-04-20"}},
		{"R43, R92: who declines that the employer is contacted still needs a plan", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-05-30")
			h.employer("2026-03-05 10:00", EmployerConsent{Declined: true})
		}, "2026-03-05", []string{"TIME_PLAN_MISSING rehabilitation_coordinator coordinator due 2026-04-01"}},
		{"R43, R92: who declines the meeting, too", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-05-30")
			h.meeting("2026-03-05 10:00", Meeting{State: MeetingDeclined})
		}, "2026-03-05", []string{"TIME_PLAN_MISSING rehabilitation_coordinator coordinator due 2026-04-01"}},
		{"R43: three certificates of two weeks: due the working day after the third is signed at the soonest", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-15")
			h.sick("2026-03-16 10:00", "2026-03-02", "2026-03-29")
			h.sick("2026-03-30 10:00", "2026-03-02", "2026-04-12")
		}, "2026-03-30", []string{"TIME_PLAN_MISSING rehabilitation_coordinator coordinator due 2026-03-31"}},
		{"R43: a fourth does not put it off again", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-15")
			h.sick("2026-03-16 10:00", "2026-03-02", "2026-03-29")
			h.sick("2026-03-30 10:00", "2026-03-02", "2026-04-12")
			h.sick("2026-04-13 10:00", "2026-03-02", "2026-04-26")
		}, "2026-04-13", []string{"TIME_PLAN_MISSING rehabilitation_coordinator coordinator due 2026-03-31"}},
		{"R43: one that was shortened and is extended again is known since then", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-04-12")
			h.sick("2026-03-10 10:00", "2026-03-02", "2026-03-29")
			h.sick("2026-03-30 10:00", "2026-03-02", "2026-04-12")
		}, "2026-03-30", []string{"TIME_PLAN_MISSING rehabilitation_coordinator coordinator due 2026-03-31"}},
	}, TimePlanMissing)
}

func TestR60RisingFlags(t *testing.T) {
	long := func(h *record) {
		h.team()
		h.sick("2026-03-02 10:00", "2026-03-02", "2026-08-30")
	}
	first, second := "MEETING_MISSING_FIRST rehabilitation_coordinator coordinator due 2026-04-01", "MEETING_MISSING_SECOND rehabilitation_coordinator coordinator due 2026-05-04"
	third := "MEETING_MISSING_THIRD rehabilitation_coordinator coordinator due 2026-06-01"
	superseded := "MEETING_MISSING_FIRST CANCELLED COPY_NOT_NEEDED"
	check(t, []rule{
		{"R60: the first from the start", long, "2026-03-02", []string{first}},
		{"R60: the second from the first's day", long, "2026-04-01", []string{first, second}},
		{"R60: the third from the second's", long, "2026-05-01", []string{first, second, third}},
		{"R60: the second takes the first's place when it is due", long, "2026-05-04", []string{superseded, second, third}},
		{"R60: the third the second's", long, "2026-06-01", []string{superseded, "MEETING_MISSING_SECOND CANCELLED COPY_NOT_NEEDED", third}},
		{"R60: of several that are due at once only the last stands", func(h *record) {
			h.team()
			h.sick("2026-05-20 10:00", "2026-03-02", "2026-08-30")
		}, "2026-05-20", []string{superseded, "MEETING_MISSING_SECOND rehabilitation_coordinator coordinator due 2026-05-21", third}},
		{"R60: an extension that is signed late is not overdue on its day", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
			h.sick("2026-04-07 10:00", "2026-03-02", "2026-04-26")
		}, "2026-04-07", []string{"MEETING_MISSING_FIRST rehabilitation_coordinator coordinator due 2026-04-08"}},
		{"R60: and a later one does not put it off", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
			h.sick("2026-03-27 10:00", "2026-03-02", "2026-04-26")
			h.sick("2026-04-24 10:00", "2026-03-02", "2026-05-24")
		}, "2026-04-24", []string{first, second}},
		{"R60: a spell that is not to last that long has none", func(h *record) {
			h.team()
			h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-31")
		}, "2026-03-31", nil},
		{"R60: a scheduled meeting ends them", func(h *record) {
			long(h)
			h.meeting("2026-03-10 10:00", Meeting{State: MeetingProposed})
			h.meeting("2026-03-11 10:00", Meeting{State: MeetingScheduled, Scheduled: clock("2026-03-20 10:00")})
		}, "2026-04-01", []string{"MEETING_MISSING_FIRST COMPLETED MEETING_ARRANGED", "MEETING_MISSING_SECOND COMPLETED MEETING_ARRANGED"}},
		{"R60: a proposed one does not", func(h *record) {
			long(h)
			h.meeting("2026-03-10 10:00", Meeting{State: MeetingProposed})
		}, "2026-03-10", []string{first}},
		{"R60: one that was not held brings them back, due the next working day at the soonest", func(h *record) {
			long(h)
			h.meeting("2026-03-11 10:00", Meeting{State: MeetingScheduled, Scheduled: clock("2026-04-02 10:00")})
			h.meeting("2026-04-02 11:00", Meeting{State: MeetingNotHeld, Scheduled: clock("2026-04-02 10:00")})
		}, "2026-04-02", []string{"MEETING_MISSING_FIRST rehabilitation_coordinator coordinator due 2026-04-07", second}},
		{"R60: one registered in error does not count", func(h *record) {
			long(h)
			m := Meeting{State: MeetingScheduled, Scheduled: clock("2026-03-20 10:00")}
			h.meeting("2026-03-11 10:00", m)
			m.Void = true
			h.meeting("2026-03-12 10:00", m)
		}, "2026-03-12", []string{first}},
		{"R60: one held in an earlier spell does not count", func(h *record) {
			long(h)
			h.meeting("2026-01-11 10:00", Meeting{State: MeetingConcluded, Held: date.MustParse("2026-01-11")})
		}, "2026-03-10", []string{first}},
		{"R62: a deferral pauses them", func(h *record) {
			long(h)
			h.meeting("2026-03-11 10:00", Meeting{State: MeetingDeferred, Recheck: date.MustParse("2026-04-20")})
		}, "2026-04-19", []string{"MEETING_MISSING_FIRST CANCELLED MEETING_PUT_OFF", "MEETING_MISSING_SECOND CANCELLED MEETING_PUT_OFF"}},
		{"R62: what a deferral has paused is due on its day at the soonest", func(h *record) {
			long(h)
			h.meeting("2026-03-11 10:00", Meeting{State: MeetingDeferred, Recheck: date.MustParse("2026-04-20")})
		}, "2026-04-20", []string{"MEETING_MISSING_FIRST rehabilitation_coordinator coordinator due 2026-04-20", second}},
		{"R92: nobody is nagged when the patient declines the meeting", func(h *record) {
			long(h)
			h.meeting("2026-03-11 10:00", Meeting{State: MeetingDeclined})
		}, "2026-03-11", []string{"MEETING_MISSING_FIRST CANCELLED MEETING_PUT_OFF"}},
		{"R92: who changes her mind is asked again", func(h *record) {
			long(h)
			h.meeting("2026-03-11 10:00", Meeting{State: MeetingDeclined})
			h.meeting("2026-03-12 10:00", Meeting{State: MeetingProposed})
		}, "2026-03-12", []string{first}},
		{"R92: a later one that came to nothing has changed her mind, too", func(h *record) {
			long(h)
			h.meeting("2026-03-11 10:00", Meeting{State: MeetingDeclined})
			h.another("2026-03-12 10:00", Meeting{State: MeetingProposed})
			h.another("2026-03-13 10:00", Meeting{State: MeetingScheduled, Scheduled: clock("2026-03-20 10:00")})
			h.another("2026-03-20 11:00", Meeting{State: MeetingNotHeld, Scheduled: clock("2026-03-20 10:00")})
		}, "2026-03-20", []string{first}},
		{"R92: one that was deferred until today, too", func(h *record) {
			long(h)
			h.meeting("2026-03-11 10:00", Meeting{State: MeetingDeclined})
			h.another("2026-03-12 10:00", Meeting{State: MeetingProposed})
			h.another("2026-03-13 10:00", Meeting{State: MeetingDeferred, Recheck: date.MustParse("2026-03-27")})
		}, "2026-03-27", []string{first}},
		{"R92: but not one that she declines as well", func(h *record) {
			long(h)
			h.meeting("2026-03-11 10:00", Meeting{State: MeetingDeclined})
			h.another("2026-03-12 10:00", Meeting{State: MeetingProposed})
			h.another("2026-03-13 10:00", Meeting{State: MeetingDeclined})
		}, "2026-03-13", []string{"MEETING_MISSING_FIRST CANCELLED MEETING_PUT_OFF"}},
		{"R92: nobody is nagged when the patient declines coordination", func(h *record) {
			long(h)
			h.consent("2026-03-11 10:00", false)
		}, "2026-03-11", []string{"MEETING_MISSING_FIRST CANCELLED CONSENT_MISSING"}},
		{"R60: the end of the sick leave ends them", long, "2026-08-31", []string{
			"MEETING_MISSING_FIRST CANCELLED SICK_LEAVE_ENDED", "MEETING_MISSING_SECOND CANCELLED SICK_LEAVE_ENDED", "MEETING_MISSING_THIRD CANCELLED SICK_LEAVE_ENDED"}},
	}, MeetingMissingFirst, MeetingMissingSecond, MeetingMissingThird)
}

// R92: nobody is nagged while the patient says no to the employer being contacted, and as long as she does.
func TestR92EmployerContact(t *testing.T) {
	long := func(h *record) {
		h.team()
		h.sick("2026-03-02 10:00", "2026-03-02", "2026-08-30")
	}
	flagged := []string{"MEETING_MISSING_FIRST rehabilitation_coordinator coordinator due 2026-04-01"}
	nobody := []string{"MEETING_MISSING_FIRST CANCELLED MEETING_PUT_OFF"}
	yes := func(receiver, last string) EmployerConsent {
		return EmployerConsent{Told: Told{ID: receiver}, Receiver: receiver, Granted: true, Start: date.MustParse("2026-03-02"), End: date.MustParse(last)}
	}
	no := func(receiver string) EmployerConsent {
		return EmployerConsent{Told: Told{ID: receiver}, Receiver: receiver, Declined: true}
	}
	check(t, []rule{
		{"a no in this episode", func(h *record) {
			long(h)
			h.employer("2026-03-05 10:00", no("a"))
		}, "2026-03-05", nobody},
		{"one from before it counts no longer", func(h *record) {
			h.employer("2024-03-05 10:00", no("a"))
			long(h)
		}, "2026-03-05", flagged},
		{"a yes to another employer since the episode began", func(h *record) {
			long(h)
			h.employer("2026-03-05 10:00", no("a"))
			h.employer("2026-03-06 10:00", yes("b", "2026-12-31"))
		}, "2026-03-06", flagged},
		{"a yes that has run out does not defeat a no", func(h *record) {
			long(h)
			h.employer("2026-03-05 10:00", no("a"))
			h.employer("2026-03-06 10:00", yes("b", "2026-03-20"))
		}, "2026-03-21", nobody},
		{"nor does one to a former employer", func(h *record) {
			h.employer("2025-03-05 10:00", yes("former", "2026-12-31"))
			long(h)
			h.employer("2026-03-05 10:00", no("a"))
		}, "2026-03-06", nobody},
		{"to take back what a former employer was told does not defeat a yes to the present one", func(h *record) {
			long(h)
			h.employer("2026-03-05 10:00", yes("a", "2026-12-31"))
			h.employer("2026-03-06 10:00", no("former"))
		}, "2026-03-06", flagged},
		{"who says yes late is asked on the next working day at the soonest", func(h *record) {
			long(h)
			h.employer("2026-03-05 10:00", no("a"))
			h.employer("2026-04-14 10:00", EmployerConsent{Told: Told{ID: "a"}, Receiver: "a"}) // replaced
			h.employer("2026-04-14 10:00", yes("anew", "2026-12-31"))
		}, "2026-04-14", []string{"MEETING_MISSING_FIRST rehabilitation_coordinator coordinator due 2026-04-15"}},
	}, MeetingMissingFirst)

	h := newRecord()
	h.employer("2026-03-02 10:00", yes("a", "2026-03-20"))
	require.Equal(t, "2026-03-21", Turn(h.file, Policy{}, date.MustParse("2026-03-02")).String(), "a consent runs out")
}

// R60: the second flag calls on a GP on its day, the third on the unit's manager.
func TestR60WhoIsCalledOn(t *testing.T) {
	h := newRecord()
	h.team()
	h.sick("2026-03-02 10:00", "2026-03-02", "2026-08-30")
	made := clock("2026-05-01 06:00")
	for kind, want := range map[Kind][]string{
		MeetingMissingSecond: {"2026-05-04 08:00 ESCALATE 1", "2026-05-04 08:00 REMIND", "2026-05-05 08:00 REMIND", "2026-05-11 08:00 ESCALATE 2"},
		MeetingMissingThird:  {"2026-06-01 08:00 ESCALATE 2", "2026-06-01 08:00 REMIND", "2026-06-02 08:00 REMIND"},
	} {
		w := wantOf(t, h.file, kind, "2026-05-01")
		require.Equal(t, want, steps(w.ladder(made)), kind)
		require.Equal(t, GP, w.EscalationRole)
		f := FollowUp{Kind: kind}
		require.Equal(t, w.style, f.climb(), "snoozed, it climbs as before")
	}
}

// R05: a flag that was raised under shorter limits stays until the spell is over, whatever the limits are now.
func TestFlagsKeepTheirLimits(t *testing.T) {
	h := newRecord()
	h.team()
	h.sick("2026-03-02 10:00", "2026-03-02", "2026-08-30")
	now := clock("2026-04-10 10:00")
	var made []FollowUp
	for _, c := range Reconcile(h.file, nil, Derive(h.file, Policy{}, date.Of(now)), now, counter()) {
		made = append(made, c.FollowUp)
	}
	longer := Policy{FirstMeetingFlag: 60, SecondMeetingFlag: 90, ThirdMeetingFlag: 120}
	require.Empty(t, Reconcile(h.file, made, Derive(h.file, longer, date.Of(now)), now, counter()))
}

// The day passing alone changes what is to be done: the file says which day that is.
func TestTurn(t *testing.T) {
	h := newRecord()
	turn := func(today string) string { return Turn(h.file, Policy{}, date.MustParse(today)).String() }
	require.Empty(t, turn("2026-03-02"))
	h.file.SeeConsent(Consent{Told: h.told("k", "2026-03-02 09:00"), Granted: true, Start: date.MustParse("2026-03-02"), End: date.MustParse("2026-03-10")})
	require.Equal(t, "2026-03-11", turn("2026-03-02"), "a consent runs out")
	h.sick("2026-03-02 10:00", "2026-03-05", "2026-08-30")
	require.Equal(t, "2026-03-05", turn("2026-03-02"), "a spell begins")
	require.Equal(t, "2026-04-04", turn("2026-03-11"), "the first flag's day")
	require.Equal(t, "2026-05-04", turn("2026-04-04"), "the second's")
	require.Equal(t, "2026-08-31", turn("2026-05-04"), "a spell ends")
	require.Empty(t, turn("2026-08-31"))
	h.meeting("2026-03-06 10:00", Meeting{State: MeetingDeferred, Recheck: date.MustParse("2026-03-20")})
	require.Equal(t, "2026-03-20", turn("2026-03-11"), "a deferral is over")
	h.meeting("2026-03-06 11:00", Meeting{State: MeetingScheduled, Scheduled: clock("2026-03-25 10:00")})
	require.Equal(t, "2026-03-25", turn("2026-03-11"), "the day of a meeting")
	h.episode("2026-03-02 09:00", EpisodeOpen, "gp:doctor")
	require.Equal(t, "2026-06-03", turn("2026-05-05"), "the third flag takes the second's place")
}
