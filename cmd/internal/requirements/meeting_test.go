package requirements_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// With patient, employer and moderator it is a dialogue meeting; with fewer it is named what it was.
func TestR51_WhoTookPartDecidesWhatItIsRecordedAs(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		for kind, there := range map[string]list{
			"DIALOGUE_MEETING": {"PATIENT", "EMPLOYER", "MODERATOR"},
			"EMPLOYER_TALK":    {"EMPLOYER", "MODERATOR"},
			"PATIENT_TALK":     {"PATIENT", "MODERATOR"},
			"UNMODERATED_TALK": {"PATIENT", "EMPLOYER"},
		} {
			// given a meeting that was to be a dialogue meeting
			m := c.coordinated("CONTACT").ready()
			require.Equal(c, c.coordinator.id, m.now().text("moderatorPractitionerId"))
			require.Equal(c, "KIND_UNSPECIFIED", m.now().text("kind"), "nobody has taken part yet")

			// when these took part
			m.to("begin", object{"participants": there})
			ending := m.conclusion()
			ending["deviationReason"] = "det blev ett kort samtal" // no perspectives were recorded
			concluded := m.to("conclude", ending)

			// then it is recorded as what it was, and not refused
			require.Equal(c, kind, concluded.text("kind"))
			require.Equal(c, "CONCLUDED", m.now().text("state"))
			require.Len(c, concluded.texts("participants"), len(there))
		}

		// but with neither patient nor employer it was no meeting at all
		m := c.coordinated("CONTACT").ready()
		m.refuse(http.StatusBadRequest, "PARTICIPANTS_MISSING", c.coordinator, "/dialogueMeetings/"+m.id+":begin", object{"participants": list{"MODERATOR"}})
		require.Equal(c, "SCHEDULED", m.now().text("state"))
	})
}

// The patient's own description and needs come first in the agenda.
func TestR52_ThePatientsViewIsFirstInTheAgenda(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a proposed meeting
		m := c.coordinated("CONTACT").proposed()

		// when the coordinator has put a point on the agenda, and only then the patient's own words
		m.to("prepare", object{"agendaPoints": list{object{"topic": "TASKS", "text": "Arkivet"}}})
		m.prepared()

		// then the patient's description and needs stand before it, the employer's view after them
		guide := m.to("guide", object{})
		require.Equal(c, []string{"Jag blir trött av många saker samtidigt.", "En sak i taget."}, guide.texts("agenda", "text")[:2])
		require.Equal(c, "Patientens egen beskrivning", guide.text("agenda.0.heading"))
		require.Equal(c, "Patientens behov", guide.text("agenda.1.heading"))
		require.Equal(c, "Arkivet", guide.text("agenda.3.text"), "the point put there before")
		require.True(c, m.now().has("preparation.prepareTime"))

		// and what the patient does not want said is in no guide and no view of the employer's
		require.NotContains(c, guide.String(), secret)
		m.tells("CONTACT", "PATIENT_PERSPECTIVE", "WORK_ABILITY", "CONTACT_WISH")
		require.Contains(c, m.employerSees().String(), "En sak i taget.")
		require.NotContains(c, m.employerSees().String(), secret)
	})
}

// It is no negotiation: the ground rules say so, and pay, contract and dispute are no points.
func TestR53_NothingIsNegotiated(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a proposed meeting
		m := c.coordinated().proposed()

		// when the guide is rendered, then its first ground rule says so
		require.Contains(c, m.to("guide", object{}).text("groundRules.0"), "ingen förhandling")

		// when pay, the contract and a dispute are put on the agenda, then each is refused by name, and nothing is kept
		wrong := m.refuse(http.StatusBadRequest, "AGENDA_TOPIC_REFUSED", c.coordinator, "/dialogueMeetings/"+m.id+":prepare", object{
			"agendaPoints": list{object{"topic": "TASKS"}, object{"topic": "PAY"}, object{"topic": "CONTRACT"}, object{"topic": "DISPUTE"}},
		})
		require.Equal(c, []string{"agendaPoints[1].topic", "agendaPoints[2].topic", "agendaPoints[3].topic"}, wrong.texts("violations", "field"))
		require.Empty(c, m.now().list("agendaPoints"))

		// and what is about work is taken
		m.to("prepare", object{"agendaPoints": list{object{"topic": "ADAPTATIONS"}, object{"topic": "RETURN_STEPS"}}})
		require.Equal(c, []string{"ADAPTATIONS", "RETURN_STEPS"}, m.now().texts("agendaPoints", "topic"))
	})
}

// Both are informed beforehand, by word of mouth and in writing.
func TestR54_BeginningWithoutInformationNamesWhatIsMissing(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a scheduled meeting to which nothing is missing but three of the four marks
		p := c.coordinated("CONTACT")
		p.briefed()
		p.do(c.coordinator, "/employerContacts", p.earlyTalk())
		m := p.proposed()
		m.prepared()
		m.scheduled()
		m.to("inform", object{"party": "PATIENT", "form": "ORAL"})

		// when it is to begin, then the missing marks are named, and it does not begin
		missing := []string{"PATIENT_WRITTEN_INFORMATION", "EMPLOYER_ORAL_INFORMATION", "EMPLOYER_WRITTEN_INFORMATION"}
		require.Equal(c, missing, m.to("readiness", object{}).texts("missing"))
		todo := p.open("GIVE_INFORMATION")
		require.Len(c, todo, 1, "it is in the coordinator's list")
		require.Equal(c, c.coordinator.id, todo[0].text("ownerPractitionerId"))
		require.Equal(c, c.in(0), todo[0].text("dueDate"), "the working day before")
		c.pass(1)
		warned := m.refuses("DEVIATION_REASON_REQUIRED", "begin", object{})
		named := []string{missing[0] + "_MISSING", missing[1] + "_MISSING", missing[2] + "_MISSING"}
		require.ElementsMatch(c, named, warned.texts("violations", "reason"))
		require.Equal(c, "SCHEDULED", m.now().text("state"))
		require.Empty(c, m.now().list("deviations"))

		// when a reason is given, then it begins, and the reason is kept with the meeting
		m.to("begin", object{"deviationReason": "arbetsgivaren var på resa"})
		require.Equal(c, "ONGOING", m.now().text("state"))
		require.ElementsMatch(c, named, m.now().texts("deviations", "code"))
		for _, deviation := range m.now().list("deviations") {
			require.Equal(c, "arbetsgivaren var på resa", deviation.text("reason"))
			require.Equal(c, c.coordinator.id, deviation.text("practitionerId"))
		}

		// and with all four marks no reason is asked for
		complete := c.coordinated("CONTACT").ready()
		require.True(c, complete.to("readiness", object{}).flag("ready"))
		require.Empty(c, complete.to("begin", object{}).list("deviations"))
		require.Len(c, complete.now().list("informationMarks"), 4)
		require.Empty(c, complete.open("GIVE_INFORMATION"))
	})
}

// The place is neutral unless the patient agrees to another.
func TestR55_AnotherPlaceTakesThePatientsAgreement(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a meeting without a place, then it is at the health centre
		p := c.coordinated("CONTACT")
		m := p.proposed()

		// when the workplace is chosen without the patient's agreement, then that is refused, and nothing is scheduled
		m.refuses("PLACE_AGREEMENT_MISSING", "schedule", object{"scheduledTime": c.at(1, 9), "place": "WORKPLACE"})
		require.Equal(c, "PROPOSED", m.now().text("state"))
		require.Equal(c, "CENTRE", m.scheduled().text("place"))
		require.False(c, m.now().has("placeAgreement"), "none was needed")

		// when the patient agrees, then that is recorded: to what, how, by whom and when
		m.to("reschedule", object{"scheduledTime": c.at(2, 9), "place": "WORKPLACE", "placeAgreementForm": "ORAL"})
		agreed := m.now()
		require.Equal(c, "WORKPLACE", agreed.text("place"))
		require.Equal(c, "WORKPLACE", agreed.text("placeAgreement.place"))
		require.Equal(c, "ORAL", agreed.text("placeAgreement.form"))
		require.Equal(c, c.coordinator.id, agreed.text("placeAgreement.practitionerId"))
		require.Equal(c, c.Clock.Now().Format(time.RFC3339), agreed.text("placeAgreement.agreeTime"))

		// and a yes to the workplace is no yes to a video call
		m.refuses("PLACE_AGREEMENT_MISSING", "reschedule", object{"scheduledTime": c.at(2, 9), "place": "VIDEO"})
		require.Equal(c, "WORKPLACE", m.now().text("place"))
	})
}

// The patient is asked first.
func TestR56_ThePatientIsAskedFirst(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a meeting under way
		m := c.coordinated("CONTACT").ready()
		m.to("begin", object{})

		// when the record is opened, then the patient's perspective is asked for first
		guide := m.to("guide", object{})
		require.Contains(c, guide.text("openingQuestionPatient"), "Hur ser du på din situation")
		require.Contains(c, guide.text("openingQuestionEmployer"), "arbetsgivare")
		warned := m.refuses("DEVIATION_REASON_REQUIRED", "recordPerspective", object{"speaker": "EMPLOYER", "text": "Vi väntar."})
		require.Equal(c, []string{"EMPLOYER_SPOKE_FIRST"}, warned.texts("violations", "reason"))
		require.Empty(c, m.now().list("perspectives"))

		// when the employer speaks first all the same, with a reason, then the order is recorded
		m.to("recordPerspective", object{"speaker": "EMPLOYER", "text": "Vi väntar.", "confirmed": true, "deviationReason": "chefen måste gå"})
		require.Equal(c, "EMPLOYER_SPOKE_FIRST", m.now().text("deviations.0.code"))
		require.Equal(c, "chefen måste gå", m.now().text("deviations.0.reason"))

		// and the patient's perspective stands first none the less
		m.says("PATIENT", "Jag vill tillbaka.")
		require.Equal(c, []string{"PATIENT", "EMPLOYER"}, m.now().texts("perspectives", "speaker"))

		// and in the usual order nothing is asked
		usual := c.coordinated("CONTACT").ready().heard()
		require.Empty(c, usual.now().list("deviations"))
	})
}

// A meeting takes 45 to 60 minutes.
func TestR57_LengthOfAMeeting(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given no length, then it is 60 minutes
		m := c.coordinated("CONTACT").ready()
		require.EqualValues(c, 60, m.now().number("lengthMinutes"))

		// when 45 or 60 minutes are booked, then nothing is asked; when less or more, then there is a warning, which takes a reason
		later := c.at(1, 9)
		for _, within := range []int{45, 60} {
			require.EqualValues(c, within, m.to("reschedule", object{"scheduledTime": later, "lengthMinutes": within}).number("lengthMinutes"))
		}
		for _, outside := range []int{44, 61} {
			warned := m.refuses("DEVIATION_REASON_REQUIRED", "reschedule", object{"scheduledTime": later, "lengthMinutes": outside})
			require.Equal(c, []string{"LENGTH_OUTSIDE_FRAME"}, warned.texts("violations", "reason"))
		}
		require.EqualValues(c, 60, m.now().number("lengthMinutes"), "what was refused has changed nothing")
		m.to("reschedule", object{"scheduledTime": later, "lengthMinutes": 90, "deviationReason": "med tolk"})
		require.EqualValues(c, 90, m.now().number("lengthMinutes"))
		require.Equal(c, "med tolk", m.now().text("deviations.0.reason"))

		// when it is held, then its actual length is recorded
		c.pass(1)
		m.heard()
		require.Zero(c, m.now().number("actualLengthMinutes"))
		c.Advance(52 * time.Minute)
		require.EqualValues(c, 52, m.to("conclude", m.conclusion()).number("actualLengthMinutes"))
	})
}

// A meeting ends with a conclusion and an agreement, or with the reason why there is none.
func TestR58_AMeetingEndsWithAConclusionAndAnAgreement(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a meeting in which both have spoken
		m := c.coordinated("CONTACT").ready().heard()
		whole := m.conclusion()

		// when it is closed without a conclusion, without an agreement or without both, then they are asked for, and it goes on
		for _, part := range []object{{}, {"facts": whole["facts"]}, {"agreements": whole["agreements"]}} {
			m.refuses("CONCLUSION_REQUIRED", "conclude", part)
		}
		require.Equal(c, "ONGOING", m.now().text("state"))
		require.Empty(c, m.read(c.coordinator, "/agreements").list("agreements"))

		// when none was reached, and that is said with a reason, then that is an answer
		m.to("conclude", object{"noneReason": "de behöver tänka"})
		require.Equal(c, "CONCLUDED", m.now().text("state"))
		require.Equal(c, "de behöver tänka", m.now().text("noneReason"))
		require.Empty(c, m.now().text("agreementId"))

		// and with both it ends in an agreement that others read
		reached := c.coordinated("CONTACT").ready().heard()
		agreement := reached.to("conclude", reached.conclusion()).text("agreementId")
		require.Equal(c, "En sak i taget.", reached.read(c.gp, "/agreements/"+agreement).text("agreements.0.text"))
		require.Empty(c, reached.now().text("noneReason"))
	})
}

// Severity and the patient's expectations are before the coordinator in the meeting, and never before the employer.
func TestR89_SeverityAndExpectationAreBeforeTheCoordinator(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a patient whose scores have a course, and a meeting prepared with the patient's own expectation
		p := c.coordinated("CONTACT", "PATIENT_PERSPECTIVE", "WORK_ABILITY", "CONTACT_WISH")
		for _, answers := range []list{{4, 4, 4, 4, 4, 4, 4, 4, 0}, {2, 2, 2, 2, 2, 2, 2, 1, 0}} {
			p.do(c.careManager, "/assessments", object{"careEpisodeId": p.episode, "instrument": "MADRS-S", "answers": answers})
			c.pass(7)
		}
		m := p.ready()
		m.to("prepare", object{"preparation": object{"ownDescription": "Jag blir trött.", "needs": "En sak i taget.", "ownExpectation": "Halvtid till midsommar."}})

		// when the coordinator opens it, then the latest scores, their course and the expectation are there
		guide := m.to("guide", object{})
		require.Equal(c, "Halvtid till midsommar.", guide.text("ownExpectation"))
		madrs := guide.list("assessments")[0]
		require.Equal(c, "MADRS-S", madrs.text("instrument"))
		require.EqualValues(c, 15, madrs.number("totalScore"))
		require.EqualValues(c, -17, madrs.number("change"))
		require.True(c, madrs.flag("response"), "it has fallen by half")
		var course []float64
		for _, point := range madrs.list("course") {
			course = append(course, point.number("score"))
		}
		require.Equal(c, []float64{32, 15}, course)
		require.Equal(c, "Halvtid till midsommar.", m.to("readiness", object{}).text("ownExpectation"))

		// and the employer sees neither in anything, also when the meeting has been held
		m.heard().to("conclude", m.conclusion())
		invitation := m.to("invitation", object{"recipient": "EMPLOYER", "organizerEmail": "vc@example.se"})
		for _, shown := range []value{p.employerSees(), invitation} {
			require.NotContains(c, shown.String(), "midsommar")
			require.NotContains(c, shown.String(), "MADRS")
		}
		require.Contains(c, p.employerSees().String(), "En sak i taget.")
	})
}
