package requirements_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Employers are told of their duties.
func TestR75_DutyInformationHasAVersionAndAReceipt(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given an employer who may be contacted
		p := c.coordinated("CONTACT")

		// when duty information is sent, then its version and the day are kept, and nobody has confirmed it
		duty := object{"careEpisodeId": p.episode, "employerId": c.employer, "kind": "DUTY_INFORMATION"}
		p.refuse(http.StatusBadRequest, "MISSING", c.coordinator, "/employerContacts", duty)
		duty["informationVersion"] = "2026:1"
		id := p.do(c.coordinator, "/employerContacts", duty).text("employerContactId")
		sent := p.read(c.gp, "/employerContacts/"+id)
		require.Equal(c, "2026:1", sent.text("informationVersion"))
		require.Equal(c, c.in(0), sent.text("contactDate"))
		require.False(c, sent.has("acknowledgeTime"))

		// when the employer confirms, then that has its time, once
		c.pass(2)
		p.do(c.coordinator, "/employerContacts/"+id+":acknowledge", object{})
		require.Equal(c, c.Clock.Now().Format(time.RFC3339), p.read(c.gp, "/employerContacts/"+id).text("acknowledgeTime"))
		p.refuse(http.StatusConflict, "EMPLOYER_CONTACT_ACKNOWLEDGED", c.coordinator, "/employerContacts/"+id+":acknowledge", object{})

		// and a talk is nothing to confirm
		talk := p.do(c.coordinator, "/employerContacts", p.earlyTalk()).text("employerContactId")
		p.refuse(http.StatusConflict, "EMPLOYER_CONTACT_NOT_DUTY_INFORMATION", c.coordinator, "/employerContacts/"+talk+":acknowledge", object{})
	})
}

// The employer's cooperation is crucial.
func TestR86_EachContactSaysHowFarTheEmployerCooperates(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given an employer who may be contacted
		p := c.coordinated("CONTACT")

		// when contacts are recorded, then each bears its own level and what hinders
		for cooperation, hindrance := range map[string]string{"FULL": "", "PARTIAL": "Brist på personal.", "NONE": "Vill vänta."} {
			id := p.do(c.coordinator, "/employerContacts", object{
				"careEpisodeId": p.episode, "employerId": c.employer, "kind": "OTHER", "cooperation": cooperation, "hindrance": hindrance,
			}).text("employerContactId")
			kept := p.read(c.careManager, "/employerContacts/"+id)
			require.Equal(c, cooperation, kept.text("cooperation"))
			require.Equal(c, hindrance, kept.text("hindrance"))
		}

		// and what the coordinator thinks of the employer is for no employer
		require.NotContains(c, p.employerSees().String(), "Vill vänta.")

		// and a level that is none is refused
		wrong := p.refuse(http.StatusBadRequest, "MALFORMED_BODY", c.coordinator, "/employerContacts", object{
			"careEpisodeId": p.episode, "employerId": c.employer, "kind": "OTHER", "cooperation": "SOMEWHAT",
		})
		require.Equal(c, "employerContact.cooperation", wrong.text("violations.0.field"))
	})
}
