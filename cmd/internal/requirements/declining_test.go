package requirements_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Declining is possible everywhere; care goes on, and nobody is nagged.
func TestR92_DecliningIsPossibleEverywhere(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a patient whom the GP has referred to both, on sick leave for eight weeks
		p := c.followed()
		p.certified(56, 100)
		plan := p.planned()

		// when the patient declines coordination
		p.do(c.careManager, "/consents:decline", object{"kind": "COORDINATION", "form": "ORAL"})
		require.Equal(c, "AWAITING_CONSENT", p.referredTo("ROLE_REHABILITATION_COORDINATOR").text("state"))

		// then care management, plan and follow-ups run on
		require.Equal(c, "ACTIVE", p.read(c.careManager, plan).text("state"))
		require.Equal(c, "OPEN", p.read(c.gp, "/careEpisodes/"+p.episode).text("state"))
		require.NotEmpty(c, p.owned("ROLE_CARE_MANAGER"))

		// and nobody is nagged about coordination, however long the sick leave: nothing falls to the coordinator, nor to anybody
		// about a meeting, and what would have been hers falls to the GP
		for range 7 {
			c.pass(7)
			require.Empty(c, p.owned("ROLE_REHABILITATION_COORDINATOR"))
			require.Empty(c, p.about("MEETING"))
		}
		require.Empty(c, p.mine(c.coordinator))
		require.Equal(c, "ROLE_GP", p.open("CERTIFICATE_ENDING")[0].text("ownerRole"))

		// when the choice is changed, then her work is open
		p.consents()
		require.Equal(c, "PENDING", p.referredTo("ROLE_REHABILITATION_COORDINATOR").text("state"))
		require.Equal(c, "ROLE_REHABILITATION_COORDINATOR", p.open("ANSWER_REFERRAL")[0].text("ownerRole"))
		p.do(c.coordinator, "/careEpisodes/"+p.episode+":acceptReferral", object{"role": "ROLE_REHABILITATION_COORDINATOR"})

		// when contact with the employer is declined, then the rest of coordination goes on
		p.do(c.coordinator, "/consents:decline", object{"kind": "INFORMATION", "form": "ORAL", "receiverKind": "EMPLOYER", "receiverId": c.employer})
		p.refuse(http.StatusConflict, "EMPLOYER_CONSENT_MISSING", c.coordinator, "/employerContacts", p.earlyTalk())
		require.Equal(c, "PROPOSED", p.do(c.coordinator, "/returnToWorkPlans", p.stairs()).text("state"))

		// when the meeting is deferred or declined, by whom it may be and without a consent, then the plan runs on all the same
		p.tells("CONTACT")
		m := p.proposed()
		m.scheduled()
		p.do(c.coordinator, "/consents:decline", object{"kind": "INFORMATION", "form": "ORAL", "receiverKind": "EMPLOYER", "receiverId": c.employer})
		p.do(c.gp, "/dialogueMeetings/"+m.id+":defer", object{"by": "GENERAL_PRACTITIONER", "reason": "CONDITION_TOO_POOR", "recheckDate": c.in(14)})
		p.do(c.careManager, "/dialogueMeetings/"+m.id+":decline", object{})
		require.Equal(c, "DECLINED", m.now().text("state"))
		require.Empty(c, p.open("GIVE_INFORMATION"))
		c.pass(30)
		require.Empty(c, p.about("MEETING"))
		require.Equal(c, "ACTIVE", p.read(c.careManager, plan).text("state"))

		// and that choice can be changed too
		p.tells("CONTACT")
		require.Equal(c, "PROPOSED", m.to("resume", object{}).text("state"))
	})
}
