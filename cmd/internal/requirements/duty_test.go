package requirements_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// One person may be care manager and coordinator.
func TestR04_OnePersonWithBothRolesHasOneList(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a patient whose care manager and coordinator are one person
		both := c.hire(identity.RoleCareManager, identity.RoleRehabilitationCoordinator)
		c.Settle()
		c.careManager, c.coordinator = both, both
		p := c.coordinated("CONTACT")
		p.certified(42, 100)
		p.do(both, "/briefs:request", object{"careEpisodeId": p.episode})

		// when she lists her work, then it is one list, each duty under its own role
		roles := map[string]bool{}
		seen := map[string]bool{}
		for _, f := range p.mine(both) {
			roles[f.text("ownerRole")] = true
			require.False(c, seen[f.text("followUpId")], "nothing stands there twice")
			seen[f.text("followUpId")] = true
		}
		require.Equal(c, map[string]bool{"ROLE_CARE_MANAGER": true, "ROLE_REHABILITATION_COORDINATOR": true}, roles)

		// and both duties are on record: she stands in the team twice, and has answered two referrals
		episode := p.read(c.gp, "/careEpisodes/"+p.episode)
		require.Len(c, where(episode.list("team"), func(m value) bool { return m.text("practitionerId") == both.id }), 2)
		require.Equal(c, []string{both.id, both.id}, episode.texts("referrals", "answerPractitionerId"))
	})
}

// Recommendations are answered, and visibly age until then.
func TestR10_ARecommendationIsAnswered(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given three recommendations to the GP
		p := c.followed()
		var paths []string
		for _, text := range []string{"Sänk till 75.", "Prova KBT.", "Sjukskriv längre."} {
			paths = append(paths, "/recommendations/"+p.do(c.careManager, "/recommendations", object{
				"careEpisodeId": p.episode, "topic": "OTHER", "text": text, "reason": "Patientens önskan.",
			}).text("recommendationId"))
		}

		// when they are not answered by the limit, then they stand overdue in the GP's list
		require.Len(c, p.open("ANSWER_RECOMMENDATION"), 3)
		c.pass(5)
		for _, f := range p.open("ANSWER_RECOMMENDATION") {
			require.True(c, f.flag("overdue"))
			require.Positive(c, f.number("daysOverdue"))
		}

		// when the GP answers, then that is accepted, changed, or declined with a reason, and by whom
		p.refuse(http.StatusForbidden, "ROLE_REQUIRED", c.careManager, paths[0]+":answer", object{"outcome": "ACCEPTED"})
		p.refuse(http.StatusBadRequest, "FIELD_REQUIRED", c.gp, paths[2]+":answer", object{"outcome": "DECLINED"})
		p.do(c.gp, paths[0]+":answer", object{"outcome": "ACCEPTED"})
		p.do(c.gp, paths[1]+":answer", object{"outcome": "CHANGED", "changedText": "Prova samtal först.", "reason": "Kö till KBT."})
		p.do(c.gp, paths[2]+":answer", object{"outcome": "DECLINED", "reason": "Inte till nytta."})
		for i, state := range []string{"ACCEPTED", "CHANGED", "DECLINED"} {
			require.Equal(c, state, p.read(c.careManager, paths[i]).text("state"))
			require.Contains(c, p.read(c.careManager, paths[i]).String(), c.gp.id)
		}
		require.Empty(c, p.open("ANSWER_RECOMMENDATION"))
	})
}

// A GP who leaves hands everything over in one call.
func TestR31_NothingIsLostWhenAGPLeaves(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a GP with open items about several patients
		successor := c.hire(identity.RoleGP)
		c.Settle()
		first, second := c.followed(), c.followed()
		for _, p := range []*patient{first, second} {
			p.certified(20, 100)
			p.do(c.careManager, "/recommendations", object{"careEpisodeId": p.episode, "topic": "OTHER", "text": "Prova KBT.", "reason": "Önskan."})
		}
		open := func(who colleague) int {
			c.Helper()
			return len(where(c.get(who, "/v1/followUps:mine?pageSize=200").list("followUps"), func(f value) bool { return f.text("ownerPractitionerId") == who.id }))
		}
		held := open(c.gp)
		require.Equal(c, 4, held)

		// when the GP's last day is set and has passed, then nothing of it is lost: it is still listed as the GP's
		c.good(c.operator, http.MethodPost, "/v1/practitioners/"+c.gp.id+":endEmployment", object{"careUnitId": c.unit, "endDate": c.in(0)})
		c.pass(1)
		listed := c.get(c.manager, "/v1/careUnits/"+c.unit+"/followUps?state=OPEN&pageSize=200").list("followUps")
		require.Len(c, where(listed, func(f value) bool { return f.text("ownerPractitionerId") == c.gp.id }), held)

		// when all is to be handed over, then first it is told how many, and nothing moves
		all := "/v1/careUnits/" + c.unit + "/followUps:reassignAll"
		handover := object{"fromPractitionerId": c.gp.id, "toPractitionerId": successor.id, "reason": "slutar", "validateOnly": true}
		require.EqualValues(c, held, c.post(c.manager, all, handover).number("reassignedCount"))
		require.Equal(c, held, open(c.gp))

		// when it is done, then every item has the new owner, none is left, and the due days stand
		due := first.open("CERTIFICATE_ENDING")[0].text("dueDate")
		handover["validateOnly"] = false
		told := c.post(c.manager, all, handover)
		require.EqualValues(c, held, told.number("reassignedCount"))
		require.Zero(c, told.number("remainingCount"))
		require.Zero(c, open(c.gp))
		require.Equal(c, held, open(successor))
		require.Equal(c, due, first.open("CERTIFICATE_ENDING")[0].text("dueDate"))

		// and who is not at the unit takes nothing over
		handover["fromPractitionerId"], handover["toPractitionerId"] = successor.id, c.stranger.id
		c.refused(http.StatusBadRequest, "OWNER_NOT_AT_UNIT", c.manager, all, handover)
		require.Equal(c, held, open(successor))
	})
}
