package requirements_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// The coordinator talks with the employer first, and only with consent.
func TestR63_AFirstTalkWithTheEmployerTakesConsent(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a patient who consents to coordination, and says nothing of the employer
		p := c.coordinated()
		p.briefed()

		// when the coordinator records the talk, then that is refused, and nothing is kept
		p.refuse(http.StatusConflict, "EMPLOYER_CONSENT_MISSING", c.coordinator, "/employerContacts", p.earlyTalk())
		p.tells("SICK_LEAVE") // another item is no yes to being contacted
		p.refuse(http.StatusConflict, "EMPLOYER_CONSENT_MISSING", c.coordinator, "/employerContacts", p.earlyTalk())
		require.Empty(c, p.read(c.coordinator, "/employerContacts").list("employerContacts"))

		// when the patient consents to it, then the employer's view, easier tasks and the contact person are kept
		p.tells("CONTACT")
		id := p.do(c.coordinator, "/employerContacts", p.earlyTalk()).text("employerContactId")
		talk := p.read(c.careManager, "/employerContacts/"+id)
		require.Equal(c, "EARLY_TALK", talk.text("kind"))
		require.Equal(c, "Saknar sin medarbetare.", talk.text("employerView"))
		require.Equal(c, "Arkivet, en sak i taget.", talk.text("possibleTasks"))
		require.Equal(c, []string{"SIMPLER_TASKS", "FEWER_PARALLEL_TASKS"}, talk.texts("possibleAdaptations"))
		require.Equal(c, c.contactPerson, talk.text("contactPersonId"))
		require.Equal(c, c.in(0), talk.text("contactDate"))
		require.Equal(c, c.coordinator.id, talk.text("practitionerId"))

		// and a talk without the employer's view or a contact person is none, and it is the coordinator's
		wrong := p.refuse(http.StatusBadRequest, "MISSING", c.coordinator, "/employerContacts", object{
			"careEpisodeId": p.episode, "employerId": c.employer, "kind": "EARLY_TALK",
		})
		require.ElementsMatch(c, []string{"employerContact.contactPersonId", "employerContact.employerView"}, wrong.texts("violations", "field"))
		p.refuse(http.StatusForbidden, "ROLE_REQUIRED", c.careManager, "/employerContacts", p.earlyTalk())
	})
}

// It is known what may be shared, with whom and until when.
func TestR66_AnEmployerSeesPermittedItemsOnly(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a case of which much is known, and no consent to tell the employer of anything
		p := c.coordinated()
		first := p.certified(42, 100)
		p.proposed().prepared()

		// when the view for the employer is built, then it holds nothing
		view := p.employerSees()
		require.Empty(c, view.list("items"))
		require.Empty(c, view.text("document"))
		require.Len(c, view.texts("withheldItemTypes"), 9, "everything there is")

		// and the denial is audited: who asked, about what, and the answer
		checks := p.read(c.careManager, "/consentChecks?kind=INFORMATION&receiverId="+c.employer).list("consentChecks")
		require.Equal(c, c.coordinator.id, checks[0].text("practitionerId"))
		require.Equal(c, "employerdialogue", checks[0].text("service"))
		require.False(c, checks[0].flag("consented"))
		require.Len(c, checks[0].list("items"), 9)

		// when the patient consents to two items until Friday, then these are shown and no others
		p.do(c.coordinator, "/consents:grant", object{
			"kind": "INFORMATION", "form": "WRITTEN", "receiverKind": "EMPLOYER", "receiverId": c.employer,
			"itemTypes": list{"SICK_LEAVE", "CONTACT_WISH"}, "endDate": c.in(4),
		})
		view = p.employerSees()
		require.Equal(c, []string{"SICK_LEAVE", "CONTACT_WISH"}, view.texts("items", "itemType"))
		require.Contains(c, view.text("document"), "Sjukskriven 100 procent")
		require.Contains(c, view.text("document"), "Ring gärna en gång i veckan.")
		require.NotContains(c, view.String(), "Två timmar i taget.")
		require.Len(c, view.texts("withheldItemTypes"), 7)

		// and of a certificate that another has complemented, it holds nothing any longer: what counts is permitted
		complement := p.certificate(c.today(), c.today().AddDays(41), 50)
		complement["complementsCertificateId"] = first.text("certificateId")
		p.do(c.gp, "/certificates/"+p.do(c.gp, "/certificates", complement).text("certificateId")+":sign", object{})
		require.Contains(c, p.employerSees().text("document"), "Sjukskriven 50 procent")
		require.NotContains(c, p.employerSees().text("document"), "Sjukskriven 100 procent")

		// and another employer sees nothing, whatever this one may
		other := c.post(c.coordinator, "/v1/employers", object{"careProviderId": c.provider, "displayName": "Andra bolaget"}).text("employerId")
		require.Empty(c, p.do(c.coordinator, "/employers/"+other+":view", object{}).list("items"))

		// and when Friday has passed, nothing
		c.pass(4)
		require.NotEmpty(c, p.employerSees().list("items"))
		c.pass(1)
		require.Empty(c, p.employerSees().list("items"))
	})
}

// The private cause need not be told.
func TestR67_NoDiagnosisScoresOrPrivateFactsReachTheEmployer(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a meeting held about a patient of whom diagnosis, scores and private facts are known
		p := c.coordinated("CONTACT")
		p.certified(60, 100)
		p.do(c.careManager, "/assessments", object{"careEpisodeId": p.episode, "instrument": "MADRS-S", "answers": list{3, 3, 3, 3, 3, 3, 3, 3, 0}})
		m := p.ready().heard()
		agreement := m.to("conclude", m.conclusion()).text("agreementId")
		p.do(c.coordinator, "/returnToWorkPlans", p.stairs())

		private := []string{diagnosis, "MADRS", secret, "Saknar sin medarbetare."}
		documents := func() string {
			return p.employerSees().String() + p.do(c.careManager, "/agreements/"+agreement+":employerView", object{}).String() +
				m.to("invitation", object{"recipient": "EMPLOYER", "organizerEmail": "vc@example.se"}).String()
		}

		// when everything is consented to but diagnosis and scores, then no document holds them, nor what is private
		p.tells("CONTACT", "SICK_LEAVE", "RETURN_TO_WORK_PLAN", "WORK_ABILITY", "PATIENT_PERSPECTIVE", "AGREEMENT", "CONTACT_WISH")
		shown := documents()
		require.Contains(c, shown, "Ett tyst rum", "the agreement itself is shown")
		for _, word := range private {
			require.NotContains(c, shown, word)
		}

		// when that very item is consented to, then that item is shown, and what is private still is not
		p.tells("CONTACT", "DIAGNOSIS")
		shown = documents()
		require.Contains(c, shown, diagnosis)
		for _, word := range private[1:] {
			require.NotContains(c, shown, word)
		}
		require.NotContains(c, shown, "Ett tyst rum", "what the patient said last is the whole list")

		p.tells("CONTACT", "SCORES")
		require.Contains(c, documents(), "MADRS")
		require.NotContains(c, documents(), diagnosis)
	})
}

// The care manager passes the situation on before the coordinator meets the employer.
func TestR69_TheCareManagersBriefComesFirst(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given coordination accepted, and no brief
		p := c.coordinated("CONTACT")

		// when the coordinator contacts the employer all the same, then there is a warning, which stops nobody
		hasty := p.do(c.coordinator, "/employerContacts", p.earlyTalk())
		require.Equal(c, []string{"BRIEF_NOT_ACKNOWLEDGED"}, hasty.texts("warnings"))

		// when the coordinator asks for the brief, then the care manager writes it, and writing alone is not enough
		brief := p.do(c.coordinator, "/briefs:request", object{"careEpisodeId": p.episode}).text("briefId")
		require.Equal(c, c.careManager.id, p.open("WRITE_BRIEF")[0].text("ownerPractitionerId"), "the care manager is asked")
		p.refuse(http.StatusForbidden, "ROLE_REQUIRED", c.coordinator, "/briefs/"+brief+":write", object{"situation": "Det vet jag inte."})
		p.do(c.careManager, "/briefs/"+brief+":write", object{"situation": "Orkar två timmar i taget.", "whatToAvoid": "Öppet landskap."})
		m := p.proposed()
		require.Contains(c, m.to("readiness", object{}).texts("missing"), "BRIEF")
		require.Empty(c, p.open("WRITE_BRIEF"))
		require.Equal(c, c.coordinator.id, p.open("READ_BRIEF")[0].text("ownerPractitionerId"))

		// and once it is acknowledged, the contact bears no warning
		read := p.do(c.coordinator, "/briefs/"+brief+":acknowledge", object{})
		require.Equal(c, c.coordinator.id, read.text("acknowledgedByPractitionerId"))
		require.Empty(c, p.open("READ_BRIEF"))
		require.Empty(c, p.do(c.coordinator, "/employerContacts", p.earlyTalk()).texts("warnings"))
		require.NotContains(c, m.to("readiness", object{}).texts("missing"), "BRIEF")

		// when the meeting is more than five days later, then the brief is to be renewed
		m.prepared()
		m.informed()
		m.to("schedule", object{"scheduledTime": c.at(6, 9)})
		require.Equal(c, []string{"BRIEF"}, m.to("readiness", object{}).texts("missing"))
		c.pass(6)
		warned := m.refuses("DEVIATION_REASON_REQUIRED", "begin", object{})
		require.Equal(c, []string{"BRIEF_MISSING"}, warned.texts("violations", "reason"))

		// and renewed, it lets the meeting begin, without a word to the employer of what it says
		p.briefed()
		require.True(c, m.to("readiness", object{}).flag("ready"))
		require.Empty(c, m.to("begin", object{}).list("deviations"))
		p.tells("CONTACT", "WORK_ABILITY", "PATIENT_PERSPECTIVE")
		require.NotContains(c, p.employerSees().String(), "Öppet landskap.")
	})
}

// Coordination is laid down by law, and takes consent.
func TestR85_WithoutConsentNoCoordinationAndWithdrawnItStopsAtOnce(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a patient who has not consented to coordination
		p := c.followed()
		none := "COORDINATION_CONSENT_MISSING"

		// when the coordinator's work is opened, then it is refused, piece by piece
		work := map[string]object{
			"/careEpisodes/" + p.episode + ":acceptReferral": {"role": "ROLE_REHABILITATION_COORDINATOR"},
			"/workAbilityAssessments":                        {"careEpisodeId": p.episode, "functionLimitation": "x", "activityLimitation": "y"},
			"/returnToWorkPlans":                             p.stairs(),
			"/employerContacts":                              p.earlyTalk(),
			"/dialogueMeetings:propose":                      {"careEpisodeId": p.episode, "employerId": c.employer},
		}
		for path, body := range work {
			p.refuse(http.StatusConflict, none, c.coordinator, path, body)
		}
		require.Empty(c, p.read(c.gp, "/returnToWorkPlans").list("returnToWorkPlans"))
		require.Empty(c, p.read(c.gp, "/dialogueMeetings").list("dialogueMeetings"))

		// when the patient consents, then it is open
		p.tells("CONTACT", "SICK_LEAVE")
		p.certified(28, 100)
		require.Empty(c, p.employerSees().list("items"), "consent to telling does not imply consent to coordination")
		consent := p.consents().text("consentId")
		for path, body := range work {
			p.do(c.coordinator, path, body)
		}
		require.Len(c, p.employerSees().list("items"), 2)
		scheduled := meeting{p, p.read(c.gp, "/dialogueMeetings").text("dialogueMeetings.0.dialogueMeetingId")}
		scheduled.scheduled()
		require.NotEmpty(c, p.owned("ROLE_REHABILITATION_COORDINATOR"))

		// when it is withdrawn, then nothing new is shared from that moment on, before anybody has heard of it
		c.good(c.careManager, http.MethodPost, "/v1/patients/"+p.id+"/consents/"+consent+":withdraw", object{})
		require.Empty(c, c.good(c.coordinator, http.MethodPost, "/v1/patients/"+p.id+"/employers/"+c.employer+":view", object{}).list("items"))
		delete(work, "/careEpisodes/"+p.episode+":acceptReferral")
		for path, body := range work {
			p.refuse(http.StatusConflict, none, c.coordinator, path, body)
		}

		for verb, body := range map[string]object{
			"invitation": {"recipient": "EMPLOYER", "organizerEmail": "vc@example.se"}, "inform": {"party": "EMPLOYER", "form": "ORAL"},
			"reschedule": {"scheduledTime": c.at(3, 9)}, "begin": {"deviationReason": "x"},
		} {
			scheduled.refuses(none, verb, body)
		}

		// and nothing waits for the coordinator any longer, while what was recorded before is still there to read
		c.Settle()
		require.Empty(c, p.owned("ROLE_REHABILITATION_COORDINATOR"))
		require.Len(c, p.read(c.gp, "/workAbilityAssessments").list("workAbilityAssessments"), 1)
	})
}
