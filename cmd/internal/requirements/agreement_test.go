package requirements_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Facts, agreements and possible actions are three lists, and each action is followed up.
func TestR59_TheRecordHoldsThreeListsAndEachActionIsFollowedUp(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a meeting in which an action is the employer's and another the centre's
		p := c.coordinated("CONTACT")
		m := p.ready().heard()
		ending := m.conclusion()
		ending["actions"] = append(ending["actions"].(list), object{
			"text": "Samtal om sömn", "ownerParty": "CENTRE", "horizon": "LONG", "leadTimeDays": 5, "dueDate": c.in(60),
		})

		// when one of its actions lacks an owner or a day to be done by, then it does not close
		for _, wrong := range []object{{"text": "x", "horizon": "SHORT", "dueDate": c.in(9)}, {"text": "x", "horizon": "SHORT", "ownerParty": "EMPLOYER"}} {
			status, _, _ := c.send(c.coordinator, http.MethodPost, "/v1/patients/"+p.id+"/dialogueMeetings/"+m.id+":conclude", object{
				"facts": ending["facts"], "agreements": ending["agreements"], "actions": list{wrong},
			})
			require.Equal(c, http.StatusBadRequest, status)
		}
		require.Empty(c, p.open("AGREED_ACTION"))

		// when it is closed, then the record has three lists, and each action an owner, a start and a day to be done by
		agreement := "/agreements/" + m.to("conclude", ending).text("agreementId")
		record := p.read(c.gp, agreement)
		require.Equal(c, []string{"Det tar tid.", secret}, record.texts("facts", "text"))
		require.Equal(c, []string{"En sak i taget."}, record.texts("agreements", "text"))
		actions := record.list("actions")
		require.Equal(c, []string{"EMPLOYER", "CENTRE"}, record.texts("actions", "ownerParty"))
		require.Equal(c, []string{c.in(20), c.in(55)}, record.texts("actions", "startByDate"))
		require.Equal(c, []string{c.in(30), c.in(60)}, record.texts("actions", "dueDate"))

		// and each becomes a follow-up, which the coordinator, not the patient, asks about
		followUps := p.open("AGREED_ACTION")
		require.Len(c, followUps, 2)
		for i, f := range followUps {
			require.Equal(c, actions[i].text("actionId"), f.text("subjectId"))
			require.Equal(c, c.coordinator.id, f.text("ownerPractitionerId"))
		}
		require.Equal(c, c.in(30), followUps[0].text("dueDate"))

		// when one is done and the other given up, then their follow-ups end
		p.do(c.coordinator, agreement+"/actions/"+actions[0].text("actionId")+":done", object{})
		p.do(c.coordinator, agreement+"/actions/"+actions[1].text("actionId")+":drop", object{"reason": "behövs inte"})
		require.Empty(c, p.open("AGREED_ACTION"))
		ends := p.read(c.gp, "/followUps?kind=AGREED_ACTION").texts("followUps", "end.cause")
		require.Equal(c, []string{"ACTION_DONE", "ACTION_DROPPED"}, ends)
	})
}

// Some changes take time at the workplace.
func TestR64_LeadTimeIsCountedBackFromTheStepItServes(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a meeting about a way back whose second step begins in two weeks
		p := c.coordinated("CONTACT", "AGREEMENT")
		m := p.ready().heard()
		plan := p.do(c.coordinator, "/returnToWorkPlans", p.stairs())
		second := plan.text("steps.1.startDate")
		require.Equal(c, c.in(14), second)

		// when actions that serve it take ten days at the workplace, and none
		ending := m.conclusion()
		serving := func(days int) object {
			return object{
				"text": "Ett tyst rum", "ownerParty": "EMPLOYER", "horizon": "SHORT", "leadTimeDays": days,
				"returnToWorkPlanId": plan.text("returnToWorkPlanId"), "stepStartDate": second,
			}
		}
		ending["actions"] = list{serving(10), serving(0)}
		agreement := m.to("conclude", ending).text("agreementId")

		// then the first must be begun ten days before the step, and both be done the day before it
		actions := p.read(c.careManager, "/agreements/"+agreement).list("actions")
		require.Equal(c, c.in(4), actions[0].text("startByDate"))
		require.Equal(c, c.in(13), actions[0].text("dueDate"))
		require.Equal(c, c.in(13), actions[1].text("dueDate"))
		require.Contains(c, p.employerSees().text("document"), "påbörjad senast "+c.in(4))

		// and a step that the plan has not is no step
		other := c.coordinated("CONTACT").ready().heard()
		ending = other.conclusion()
		stray := serving(10)
		stray["stepStartDate"] = c.in(3)
		ending["actions"] = list{stray}
		wrong := other.refuse(http.StatusBadRequest, "RETURN_STEP_NOT_FOUND", c.coordinator, "/dialogueMeetings/"+other.id+":conclude", ending)
		require.Equal(c, "actions[0].stepStartDate", wrong.text("violations.0.field"))
	})
}

// Both perspectives are confirmed by their speakers.
func TestR70_EachConfirmsTheirPerspective(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given perspectives written down, and the employer's not confirmed
		m := c.coordinated("CONTACT").ready()
		m.to("begin", object{})
		m.says("PATIENT", "Jag vill tillbaka.")
		m.to("recordPerspective", object{"speaker": "EMPLOYER", "text": "Vi väntar."})

		// when the meeting is closed, then the confirmation is asked for, and it takes a reason to go without
		warned := m.refuses("DEVIATION_REASON_REQUIRED", "conclude", m.conclusion())
		require.Equal(c, []string{"PERSPECTIVE_NOT_CONFIRMED"}, warned.texts("violations", "reason"))
		require.Equal(c, "ONGOING", m.now().text("state"))

		// when the employer has confirmed the words, then it closes, and each confirmation is on record
		m.says("EMPLOYER", "Vi väntar på dig.")
		m.to("conclude", m.conclusion())
		for _, perspective := range m.now().list("perspectives") {
			require.True(c, perspective.flag("confirmed"), perspective.text("speaker"))
		}
		require.Equal(c, []string{"Jag vill tillbaka.", "Vi väntar på dig."}, m.now().texts("perspectives", "text"))
		require.Empty(c, m.now().list("deviations"))
	})
}

// The patient may pause or end the meeting at any moment.
func TestR71_ThePatientPausesOrEndsAtOnce(t *testing.T) {
	onBothEngines(t, func(c *clinic) {
		// given a meeting under way
		m := c.coordinated("CONTACT").ready()
		m.to("begin", object{})

		// when the patient asks for a pause, then it is paused at once, no reason given, and nothing more is recorded meanwhile
		require.Equal(c, "PAUSED", m.to("pause", object{}).text("state"))
		stopped := m.refuses("DIALOGUE_MEETING_STATE", "recordPerspective", object{"speaker": "PATIENT", "text": "x"})
		require.Equal(c, "PAUSED", stopped.text("state"))
		require.Equal(c, "ONGOING", m.to("resume", object{}).text("state"))

		// when the patient asks to end it, then it is over at once, also when another of the team presses
		p := m.patient
		require.Equal(c, "ENDED", p.do(c.careManager, "/dialogueMeetings/"+m.id+":end", object{}).text("state"))
		m.refuses("DIALOGUE_MEETING_STATE", "resume", object{})

		// and it is closed without a reason for reaching nothing, nor for what was not said
		concluded := m.to("conclude", object{})
		require.Equal(c, "CONCLUDED", concluded.text("state"))
		require.Empty(c, concluded.text("noneReason"))
		require.Empty(c, concluded.list("deviations"))
	})
}
