package requirements_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The coordinator's assessment of work ability feeds the certificate, and a GP signs.
func TestR39_TheCoordinatorsAssessmentFeedsTheCertificate(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a signed certificate, and after it a coordinator's assessment
		p := c.coordinated("CONTACT", "SICK_LEAVE")
		first := p.certified(28, 100)
		p.pass(14)
		assessed := p.do(c.coordinator, "/workAbilityAssessments", object{
			"careEpisodeId": p.episode, "functionLimitation": "Svårt att hålla uppmärksamheten.", "activityLimitation": "Klarar en sak i taget i två timmar.",
		})

		// when the draft of the next certificate is opened
		draft := p.do(c.coordinator, "/certificates:draftExtension", object{})
		path := "/certificates/" + draft.text("certificateId")
		draft = p.read(c.gp, path)

		// then diagnosis, function and activity are filled in, each with its source
		require.Equal(c, []string{diagnosis}, draft.texts("diagnosisCodes"))
		require.Equal(c, "Svårt att hålla uppmärksamheten.", draft.text("functionLimitation"))
		require.Equal(c, "Klarar en sak i taget i två timmar.", draft.text("activityLimitation"))
		sources := map[string]string{}
		for _, filled := range draft.list("prefills") {
			sources[filled.text("field")] = filled.text("sourceKind") + " " + filled.text("sourceId")
			require.False(c, filled.flag("edited"))
		}
		require.Equal(c, "CERTIFICATE "+first.text("certificateId"), sources["diagnosis_codes"])
		fromAssessment := "WORK_ABILITY_ASSESSMENT " + assessed.text("workAbilityAssessmentId")
		require.Equal(c, fromAssessment, sources["function_limitation"])
		require.Equal(c, fromAssessment, sources["activity_limitation"])

		// and it waits for a GP, who must sign it, once what it rests on is said
		require.Contains(c, p.read(c.gp, "/brief").texts("row.openDecisions", "kind"), "CERTIFICATE_DRAFT")
		p.refuse(http.StatusForbidden, "ROLE_REQUIRED", c.coordinator, path+":sign", object{})
		p.refuse(http.StatusForbidden, "ROLE_REQUIRED", c.careManager, path+":sign", object{})
		wrong := p.refuse(http.StatusConflict, "CERTIFICATE_INCOMPLETE", c.gp, path+":sign", object{})
		require.ElementsMatch(c, []string{"certificate.periods", "certificate.bases"}, wrong.texts("violations", "field"))

		// and unsigned it is nothing: it counts in no case, is in no timeline of the employer's and moves no follow-up
		require.Equal(c, c.in(13), p.read(c.gp, "/sickLeaveCases").text("cases.0.endDate"))
		require.NotContains(c, p.employerSees().String(), c.in(14))
		require.Len(c, p.open("CERTIFICATE_ENDING"), 1)

		// when a GP completes and signs it, then it counts, and still says where its words come from
		c.patch(c.gp, "/v1/patients/"+p.id+path, object{
			"periods": list{object{"startDate": c.in(14), "endDate": c.in(41), "degree": 50}},
			"bases":   list{object{"kind": "PHONE", "basisDate": c.in(0)}}, "functionLimitation": "Uppmärksamheten sviktar.",
		})
		signed := p.do(c.gp, path+":sign", object{})
		require.Equal(c, c.gp.id, signed.text("signedByPractitionerId"))
		require.NotContains(c, p.read(c.gp, "/brief").texts("row.openDecisions", "kind"), "CERTIFICATE_DRAFT")
		require.Equal(c, c.in(41), p.read(c.gp, "/sickLeaveCases").text("cases.0.endDate"))
		require.Contains(c, p.employerSees().String(), c.in(41))
		for _, filled := range signed.list("prefills") {
			require.Equal(c, filled.text("field") == "function_limitation", filled.flag("edited"), "what the GP rewrote is the GP's")
		}
	})
}
