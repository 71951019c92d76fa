package followup

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

var (
	manager  = Caller{PractitionerID: "manager", Roles: []Role{CareManager}}
	another  = Caller{PractitionerID: "another", Roles: []Role{CareManager, RehabilitationCoordinator}}
	doctor   = Caller{PractitionerID: "doctor", Roles: []Role{GP}}
	boss     = Caller{PractitionerID: "boss", Roles: []Role{UnitManager}}
	stranger = Caller{PractitionerID: "stranger", Roles: []Role{Nurse}}
)

func manual(t require.TestingT, now time.Time) FollowUp {
	change, err := Make("id", NewFile("patient"), Place{"provider", "unit"}, doctor, Request{Title: "ring", Owner: Owner{Role: CareManager}}, Policy{}, now)
	require.NoError(t, err)
	return change.FollowUp
}

func risk(now time.Time) FollowUp {
	file := NewFile("patient")
	file.SeeFlag(Flag{Told: Told{ID: "flag", Revision: 1, Time: now}, Urgent: true, State: "OPEN", Raised: now})
	return Reconcile(file, nil, Derive(file, Policy{}, date.Of(now)), now, counter())[0].FollowUp
}

// flag is the third flag of a meeting that is missing, as it is made on the day of the second.
func flag(now time.Time) FollowUp {
	h := newRecord()
	h.team()
	h.sick("2026-03-02 10:00", "2025-12-27", "2026-12-31")
	for _, c := range Reconcile(h.file, nil, Derive(h.file, Policy{}, date.Of(now)), now, counter()) {
		if c.FollowUp.Kind == MeetingMissingThird {
			return c.FollowUp
		}
	}
	panic("no third flag")
}

func counter() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("%04d", n) }
}

// Whatever people, events and timers do to a follow-up: its stamp and revision grow by one with every change, it never opens
// again, it never fires before its time or for another stamp, and while it is open it has an owner and a due time.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := clock("2026-03-02 08:00")
		var f FollowUp
		switch rapid.IntRange(0, 2).Draw(t, "which") {
		case 0:
			f = manual(t, now)
		case 1:
			f = risk(now)
		default:
			f = flag(now)
		}
		step := func(c Change, err error) {
			if err != nil {
				return
			}
			require.Equal(t, f.Revision, c.From)
			require.Equal(t, f.Revision+1, c.FollowUp.Revision)
			require.Equal(t, f.Stamp+1, c.FollowUp.Stamp)
			require.False(t, f.State != Open && c.FollowUp.State == Open, "it opened again")
			require.False(t, f.Kind == AssessRisk && c.FollowUp.State != Open && c.FollowUp.End.Cause != RiskAssessed, "a risk ended by a click")
			if c.FollowUp.State == Open {
				require.NotEmpty(t, c.FollowUp.Owner.Role)
				require.False(t, c.FollowUp.DueTime.IsZero())
			} else {
				require.False(t, c.FollowUp.End.Time.IsZero())
				_, armed := c.FollowUp.Timer()
				require.False(t, armed, "it ended and still has a timer")
			}
			f = c.FollowUp
		}
		who := rapid.SampledFrom([]Caller{manager, another, doctor, boss, stranger})
		t.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 4000).Draw(t, "minutes")) * time.Minute)
			},
			"complete": func(t *rapid.T) { step(f.Complete(who.Draw(t, "who"), "", now)) },
			"cancel":   func(t *rapid.T) { step(f.Cancel(who.Draw(t, "who"), "no", now)) },
			"snooze": func(t *rapid.T) {
				until := date.Of(now).AddDays(rapid.IntRange(-1, 40).Draw(t, "days"))
				due := f.DueTime
				step(f.Snooze(who.Draw(t, "who"), until, "later", Policy{}, now))
				require.Equal(t, due, f.DueTime)
			},
			"claim": func(t *rapid.T) {
				c, changed, err := f.Claim(who.Draw(t, "who"), now)
				if changed {
					step(c, err)
				}
			},
			"reassign": func(t *rapid.T) {
				role := rapid.SampledFrom([]Role{GP, CareManager, UnitManager}).Draw(t, "role")
				step(f.Reassign(who.Draw(t, "who"), Reassignment{To: Owner{Role: role, PractitionerID: "x"}}, Policy{}, now))
			},
			"fire": func(t *rapid.T) {
				at, armed := f.Timer()
				_, stale := f.Fire(f.Stamp-1, now)
				require.False(t, stale, "a stale timer fired")
				c, fired := f.Fire(f.Stamp, now)
				require.Equal(t, armed && !at.After(now), fired)
				if fired {
					step(c, nil)
				}
			},
			"": func(t *rapid.T) {
				require.False(t, f.Overdue(f.DueTime), "overdue at the very due time")
				if f.Overdue(now) {
					require.False(t, f.Snoozed(now))
				}
			},
		})
	})
}

func TestWhoMayDoWhat(t *testing.T) {
	now := clock("2026-03-02 08:00")
	f := manual(t, now)
	f.Owner.PractitionerID = "manager"
	for _, c := range []Caller{manager, another, doctor} {
		_, err := f.Complete(c, "", now)
		require.NoError(t, err, c.PractitionerID)
	}
	for _, c := range []Caller{boss, stranger} {
		_, err := f.Complete(c, "", now)
		require.ErrorAs(t, err, new(*Forbidden), c.PractitionerID)
	}
	_, err := f.Reassign(boss, Reassignment{To: Owner{Role: CareManager, PractitionerID: "another"}}, Policy{}, now)
	require.NoError(t, err)
	_, _, err = f.Claim(another, now)
	var refused *Refusal
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "FOLLOW_UP_OWNED", refused.Reason)
	f.EscalationLevel, f.EscalationRole = 1, CareManager
	c, changed, err := f.Claim(another, now)
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, "another", c.FollowUp.Owner.PractitionerID)
}

// What an escalated risk takes over is owned by the role it was escalated to.
func TestClaimOfAnEscalatedRisk(t *testing.T) {
	now := clock("2026-03-02 08:00")
	f := risk(now)
	_, _, err := f.Claim(doctor, now)
	require.ErrorAs(t, err, new(*Forbidden))
	now = now.Add(30 * time.Minute)
	c, fired := f.Fire(f.Stamp, now)
	require.True(t, fired)
	require.Equal(t, eventEscalated, c.Event)
	c, changed, err := c.FollowUp.Claim(doctor, now)
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, Owner{Role: GP, PractitionerID: "doctor"}, c.FollowUp.Owner)
}

// A risk assessment reminds until it is documented, however late the worker is.
func TestRiskNeverFades(t *testing.T) {
	now := clock("2026-03-07 22:00")
	f := risk(now)
	for _, want := range []string{"2026-03-07 22:30", "2026-03-07 23:00", "2026-03-08 00:00", "2026-03-08 01:00"} {
		at, armed := f.Timer()
		require.True(t, armed)
		require.Equal(t, want, wall(at))
		c, fired := f.Fire(f.Stamp, at)
		require.True(t, fired)
		f = c.FollowUp
	}
	require.Equal(t, 2, f.EscalationLevel)
	c, fired := f.Fire(f.Stamp, clock("2026-03-09 07:30")) // the worker was away for a day
	require.True(t, fired)
	at, armed := c.FollowUp.Timer()
	require.True(t, armed)
	require.Equal(t, "2026-03-09 08:00", wall(at))
}

func TestSnooze(t *testing.T) {
	now := clock("2026-03-02 09:00")
	f := manual(t, now)
	for days, reason := range map[int]string{0: "DATE_TOO_EARLY", 31: "DATE_TOO_LATE"} {
		_, err := f.Snooze(manager, date.Of(now).AddDays(days), "later", Policy{}, now)
		var violation *Violation
		require.ErrorAs(t, err, &violation)
		require.Equal(t, reason, violation.Reason)
	}
	c, err := f.Snooze(manager, date.MustParse("2026-03-10"), "later", Policy{}, now)
	require.NoError(t, err)
	f = c.FollowUp
	require.Equal(t, "2026-03-03", f.DueDate.String())
	require.False(t, f.Overdue(clock("2026-03-10 07:59")))
	require.True(t, f.Overdue(clock("2026-03-10 08:00")))
	require.Equal(t, "2026-03-10 08:00 REMIND", steps(f.Ladder)[0])
	c, fired := f.Fire(f.Stamp, clock("2026-03-10 08:00"))
	require.True(t, fired)
	require.Empty(t, c.FollowUp.SnoozeReason)
}

func TestWorklistOrderIsTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.Custom(func(t *rapid.T) *FollowUp {
			return &FollowUp{ID: rapid.StringMatching(`[ab]{1,2}`).Draw(t, "id"), DueTime: clock("2026-03-02 08:00").Add(time.Duration(rapid.IntRange(0, 2).Draw(t, "due")))}
		})
		a, b, c := one.Draw(t, "a"), one.Draw(t, "b"), one.Draw(t, "c")
		require.Equal(t, -a.Compare(b), b.Compare(a))
		require.Equal(t, a.Compare(b) == 0, a.ID == b.ID && a.DueTime.Equal(b.DueTime))
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 {
			require.LessOrEqual(t, a.Compare(c), 0)
		}
	})
}
