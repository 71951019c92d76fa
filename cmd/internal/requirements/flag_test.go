package requirements_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// A time plan is known well before the sick leave ends.
func TestR43_AMissingTimePlanIsFlaggedWhenAThirdHasPassed(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given sick leaves of 60 days, with a plan, deferred, and with neither; and short ones
		planned, deferred, neither, short := c.coordinated(), c.coordinated(), c.coordinated(), c.coordinated()
		for p, days := range map[*patient]int{planned: 60, deferred: 60, neither: 60, short: 29} {
			p.certified(days, 100)
		}
		planned.do(c.coordinator, "/returnToWorkPlans", planned.stairs())
		m := deferred.proposed()
		m.to("defer", object{"by": "REHABILITATION_COORDINATOR", "reason": "CONDITION_TOO_POOR", "recheckDate": c.in(40)})
		flagged := func(p *patient) bool {
			c.Helper()
			return len(where(p.open("TIME_PLAN_MISSING"), func(f value) bool { return f.flag("overdue") })) > 0
		}

		// when a third of it has not passed, then nobody is flagged
		c.pass(20)
		for _, p := range []*patient{planned, deferred, neither, short} {
			require.False(c, flagged(p))
		}

		// when it has, then the one with neither is, to the coordinator; and no short certificate flags anybody
		c.pass(2)
		require.True(c, flagged(neither))
		flag := neither.open("TIME_PLAN_MISSING")[0]
		require.Equal(c, c.coordinator.id, flag.text("ownerPractitionerId"))
		require.Equal(c, "2026-03-23", flag.text("dueDate"), "the twentieth day is a Sunday")
		require.NotEmpty(c, where(neither.mine(c.coordinator), func(f value) bool { return f.text("kind") == "TIME_PLAN_MISSING" && f.flag("overdue") }))
		require.Empty(c, planned.open("TIME_PLAN_MISSING"))
		require.Empty(c, deferred.open("TIME_PLAN_MISSING"))
		require.Empty(c, short.read(c.gp, "/followUps?kind=TIME_PLAN_MISSING").list("followUps"))

		// when the short one is extended past 30 days, then it counts as one spell
		short.certified(20, 100)
		require.NotEmpty(c, short.open("TIME_PLAN_MISSING"))

		// when the plan is made, then the flag ends with it; when the deferral has run out, then the pause ends
		neither.do(c.coordinator, "/returnToWorkPlans", neither.stairs())
		ended := neither.read(c.gp, "/followUps?kind=TIME_PLAN_MISSING").list("followUps")[0]
		require.Equal(c, "COMPLETED", ended.text("state"))
		require.Equal(c, "RETURN_PLAN_MADE", ended.text("end.cause"))
		c.pass(20)
		require.NotEmpty(c, deferred.open("TIME_PLAN_MISSING"))
	})
}

// The meeting is held early: the trial says within three months.
func TestR60_FlagsRiseWhenThereIsNoMeeting(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a long sick leave with neither meeting nor deferral, and one whose meeting is scheduled
		p, met := c.coordinated(), c.coordinated("CONTACT")
		p.certified(150, 100)
		met.certified(150, 100)
		m := met.proposed()
		m.to("schedule", object{"scheduledTime": c.at(50, 9)})
		flagged := func(kind string) []value {
			c.Helper()
			return where(p.open(kind), func(f value) bool { return f.flag("overdue") })
		}
		calledOn := func(who colleague, kind string) bool {
			c.Helper()
			return len(where(p.mine(who), func(f value) bool { return f.text("kind") == kind })) > 0
		}

		// when 30 days pass, then the coordinator is told, and nobody above her
		c.pass(29)
		require.Empty(c, flagged("MEETING_MISSING_FIRST"))
		c.pass(2)
		require.Len(c, flagged("MEETING_MISSING_FIRST"), 1)
		require.True(c, calledOn(c.coordinator, "MEETING_MISSING_FIRST"))
		require.False(c, calledOn(c.gp, "MEETING_MISSING_FIRST"))
		require.False(c, calledOn(c.manager, "MEETING_MISSING_FIRST"))

		// when 60 days pass, and a holiday and its weekend, then a GP is called on at once; when 90 pass, then the unit's manager
		c.pass(31)
		require.False(c, calledOn(c.gp, "MEETING_MISSING_SECOND"))
		c.pass(1)
		require.True(c, calledOn(c.gp, "MEETING_MISSING_SECOND"))
		require.False(c, calledOn(c.manager, "MEETING_MISSING_SECOND"))
		c.pass(30)
		require.True(c, calledOn(c.manager, "MEETING_MISSING_THIRD"))
		require.Len(c, flagged("MEETING_MISSING_THIRD"), 1)

		// and where a meeting was arranged, no flag rose
		for _, kind := range []string{"MEETING_MISSING_SECOND", "MEETING_MISSING_THIRD"} {
			require.Empty(c, met.open(kind))
		}

		// when the meeting is arranged at last, then every flag ends
		p.tells("CONTACT")
		p.proposed().scheduled()
		require.Empty(c, p.about("MEETING_MISSING"))
	})
}

// One waits when the condition is too poor.
func TestR62_ADeferralHasAReasonAndADayAndPausesTheFlag(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a sick leave, and a meeting that is proposed
		p := c.coordinated("CONTACT")
		p.certified(120, 100)
		m := p.proposed()
		path := "/dialogueMeetings/" + m.id + ":defer"

		// when it is deferred without a reason, without a day, or in another's name, then that is refused
		p.refuse(http.StatusBadRequest, "INVALID_FIELD", c.careManager, path, object{"by": "CARE_MANAGER", "recheckDate": c.in(40)})
		p.refuse(http.StatusBadRequest, "DATE_MISSING", c.careManager, path, object{"by": "CARE_MANAGER", "reason": "CONDITION_TOO_POOR"})
		p.refuse(http.StatusForbidden, "ROLE_REQUIRED", c.careManager, path, object{"by": "GENERAL_PRACTITIONER", "reason": "CONDITION_TOO_POOR", "recheckDate": c.in(40)})
		require.Equal(c, "PROPOSED", m.now().text("state"))

		// when coordinator, care manager, GP or the patient defers, then reason and day are kept, and who recorded it
		for by, who := range map[string]colleague{
			"REHABILITATION_COORDINATOR": c.coordinator, "CARE_MANAGER": c.careManager, "GENERAL_PRACTITIONER": c.gp, "PATIENT": c.careManager,
		} {
			kept := p.do(who, path, object{"by": by, "reason": "CONDITION_TOO_POOR", "recheckDate": c.in(40)})
			require.Equal(c, "DEFERRED", kept.text("state"))
			require.Equal(c, by, kept.text("deferral.by"))
			require.Equal(c, "CONDITION_TOO_POOR", kept.text("deferral.reason"))
			require.Equal(c, c.in(40), kept.text("deferral.recheckDate"))
			require.Equal(c, who.id, kept.text("deferral.practitionerId"))
		}

		// then the early flag pauses until that day, and the day itself is in the coordinator's list
		recheck := p.open("RECHECK_MEETING")
		require.Len(c, recheck, 1)
		require.Equal(c, "2026-04-13", recheck[0].text("dueDate"), "the day agreed, a Saturday, moves to Monday")
		c.pass(39)
		require.Empty(c, p.about("MEETING_MISSING"))

		// when the day has come and nothing has happened, then both are due
		c.pass(4)
		require.NotEmpty(c, where(p.mine(c.coordinator), func(f value) bool { return f.text("kind") == "RECHECK_MEETING" && f.flag("overdue") }))
		require.NotEmpty(c, p.about("MEETING_MISSING"))

		// when it is taken up again, then the recheck has been done
		m.to("resume", object{})
		require.Empty(c, p.open("RECHECK_MEETING"))
		require.Equal(c, "MEETING_ARRANGED", p.read(c.gp, "/followUps?kind=RECHECK_MEETING").text("followUps.0.end.cause"))
	})
}
