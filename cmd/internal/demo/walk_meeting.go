package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/coworkcare/coworkcare/platform/date"
)

// What must be known of a meeting before it should begin, as the API spells it.
const (
	missingEarlyTalk   = "EARLY_TALK"
	missingBrief       = "BRIEF"
	missingPreparation = "PREPARATION"
	missingSchedule    = "SCHEDULE"
)

func missingInformation() []string {
	return []string{"PATIENT_ORAL_INFORMATION", "PATIENT_WRITTEN_INFORMATION", "EMPLOYER_ORAL_INFORMATION", "EMPLOYER_WRITTEN_INFORMATION"}
}

// unsaid checks that a text for the employer holds nothing of the diagnosis and nothing that the patient does not want said.
func (w *walk) unsaid(c *check, what, text string) {
	for _, word := range []string{w.diagnosis, "MADRS", "at home"} {
		c.that(!strings.Contains(text, word), "%s: expected nothing of %q in it", what, word)
	}
}

// missing checks what a meeting's readiness names.
func (w *walk) missing(ctx context.Context, c *check, want ...string) error {
	readiness, err := w.readiness(ctx, w.team.coordinator)
	if err != nil {
		return err
	}
	equal(c, "missing", fmt.Sprint(readiness.Missing), fmt.Sprint(want))
	equal(c, "ready", readiness.Ready, len(want) == 0)
	if len(want) > 0 {
		w.say("%s", strings.Join(readiness.Missing, ", "))
	}
	return nil
}

// meetingDay is when the walked patient meets the employer.
func meetingDay(day0 date.Day) date.Day { return date.NextWorkingDay(day0.AddDays(17)) }

// prepared is all that goes before the meeting.
func (w *walk) prepared(day0, briefed date.Day) {
	day := date.AddWorkingDays(date.NextWorkingDay(day0.AddDays(7)), 1)
	w.on(day.At(9, 30), "The coordinator proposes a dialogue meeting; its readiness names what is missing", func(ctx context.Context, c *check) error {
		meeting, err := w.proposeMeeting(ctx)
		if err != nil {
			return err
		}
		equal(c, "state", meeting.State, "PROPOSED")
		want := []string{missingPreparation}
		if day.Sub(briefed) > 5 {
			want = []string{missingBrief, missingPreparation} // what the care manager wrote has grown old
		}
		err = w.missing(ctx, c, append(append(want, missingInformation()...), missingSchedule)...)
		w.show()
		return errors.Join(err, w.waits(ctx, c, w.team.coordinator, "PREPARE_MEETING", w.meetingID))
	})
	w.on(day.At(14, 0), "The patient prepares: own description, needs, and what is not to be said", func(ctx context.Context, c *check) error {
		meeting, err := w.prepareMeeting(ctx)
		equal(c, "state", meeting.State, "PROPOSED")
		return err
	})
	meet := meetingDay(day0)
	next := date.AddWorkingDays(day, 1)
	w.on(next.At(13, 0), "The workplace as the place takes the patient's agreement (409); it is held at the health centre, for 60 minutes", func(ctx context.Context, c *check) error {
		_, err := w.schedule(ctx, meet.At(13, 0), "WORKPLACE", false)
		c.that(refused(err, http.StatusConflict, "PLACE_AGREEMENT_MISSING"), "at the workplace: expected 409 PLACE_AGREEMENT_MISSING, got %v", err)
		meeting, err := w.schedule(ctx, meet.At(13, 0), "", false)
		w.show()
		equal(c, "state", meeting.State, "SCHEDULED")
		equal(c, "place", meeting.Place, "CENTRE")
		equal(c, "minutes", meeting.LengthMinutes, 60)
		w.say("%s 13:00", meet)
		return err
	})
	w.on(next.At(13, 10), "The invitation as a calendar file for the employer: when and where, no name of the patient, nothing of health", func(ctx context.Context, c *check) error {
		return w.invited(ctx, c)
	})
	w.on(next.At(13, 30), "Patient and employer are informed, each by word of mouth and in writing: four marks", func(ctx context.Context, c *check) error {
		meeting, err := w.inform(ctx)
		equal(c, "marks", len(meeting.InformationMarks), 4)
		if err != nil {
			return err
		}
		return w.finds(ctx, c, w.team.coordinator, "GIVE_INFORMATION", w.meetingID, "INFORMED")
	})
	renewed := date.AddWorkingDays(meet, -1)
	if meet.Sub(renewed) > 5 {
		renewed = meet
	}
	w.on(renewed.At(8, 40), "The care manager's brief is renewed and read within five days before the meeting", func(ctx context.Context, c *check) error {
		if _, err := w.renewBrief(ctx); err != nil {
			return err
		}
		brief, err := w.readBrief(ctx)
		equal(c, "state", brief.State, "ACKNOWLEDGED")
		return err
	})
	w.on(renewed.At(9, 10), "What the employer would see, before anything is sent: only what the patient consents to", func(ctx context.Context, c *check) error {
		return w.looks(ctx, c, itemContact, itemSickLeave, itemPerspective, itemContactWish)
	})
	w.on(renewed.At(9, 15), "The patient takes one item back, the wish for contact; it is gone at once", func(ctx context.Context, c *check) error {
		if _, err := w.tell(ctx, itemContact, itemSickLeave, itemReturnPlan, itemPerspective, itemAgreement); err != nil {
			return err
		}
		return w.looks(ctx, c, itemContact, itemSickLeave, itemPerspective)
	})
}

// invited checks the calendar file.
func (w *walk) invited(ctx context.Context, c *check) error {
	var answer invitationAnswer
	err := w.client.ask(ctx, w.team.coordinator, w.path("/dialogueMeetings/"+w.meetingID+":invitation"),
		object{{"recipient", theEmployer}, {"organizerEmail", "centre@example.org"}}, &answer)
	if err != nil {
		return err
	}
	equal(c, "method", answer.Method, "REQUEST")
	for _, line := range []string{"BEGIN:VCALENDAR", "BEGIN:VEVENT", "DTSTART", "supervisor@example.org"} {
		c.that(strings.Contains(answer.Icalendar, line), "the calendar file: expected %q in it", line)
	}
	w.unsaid(c, "the calendar file", answer.Icalendar)
	c.that(!strings.Contains(answer.Icalendar, "-Test"), "the calendar file: expected no name in it")
	return nil
}

// held is the meeting itself.
func (w *walk) held(day0 date.Day, actions ...action) {
	meet := meetingDay(day0)
	w.on(meet.At(12, 50), "The guide: no negotiation, the patient is asked first, the patient's own words first on the agenda; nothing is missing", func(ctx context.Context, c *check) error {
		if err := w.missing(ctx, c); err != nil {
			return err
		}
		var guide guideAnswer
		if err := w.client.ask(ctx, w.team.coordinator, w.path("/dialogueMeetings/"+w.meetingID+":guide"), object{}, &guide); err != nil {
			return err
		}
		w.show()
		equal(c, "minutes", guide.LengthMinutes, 60)
		c.that(len(guide.GroundRules) > 0 && guide.OpeningQuestionPatient != "", "expected ground rules and a question to the patient, got %d and %q", len(guide.GroundRules), guide.OpeningQuestionPatient)
		c.that(len(guide.Agenda) > 0 && strings.Contains(guide.Agenda[0].Text, "two teams"), "expected the patient's own words first on the agenda")
		return nil
	})
	w.on(meet.At(13, 0), "The meeting begins", func(ctx context.Context, c *check) error {
		meeting, err := w.meet(ctx, w.team.coordinator, "begin", object{})
		equal(c, "state", meeting.State, "ONGOING")
		equal(c, "departures from the model", len(meeting.Deviations), 0)
		if err != nil {
			return err
		}
		return w.finds(ctx, c, w.team.coordinator, "PREPARE_MEETING", w.meetingID, "MEETING_ARRANGED") // it was prepared when it got its time
	})
	w.on(meet.At(13, 10), "The patient is asked first: the employer's view before it would take a reason (409)", func(ctx context.Context, c *check) error {
		_, err := w.perspective(ctx, theEmployer, "Synthetic: we miss a good colleague.")
		c.that(refused(err, http.StatusConflict, "DEVIATION_REASON_REQUIRED"), "the employer first: expected 409 DEVIATION_REASON_REQUIRED, got %v", err)
		meeting, err := w.perspective(ctx, thePatient, "Synthetic: I want back, to one thing at a time.")
		w.show()
		equal(c, "perspectives", len(meeting.Perspectives), 1)
		return err
	})
	w.on(meet.At(13, 25), "Then the employer; each confirms what was written", func(ctx context.Context, c *check) error {
		meeting, err := w.perspective(ctx, theEmployer, "Synthetic: we miss a good colleague; mornings in the archive can be arranged.")
		if equal(c, "perspectives", len(meeting.Perspectives), 2); len(meeting.Perspectives) == 2 {
			equal(c, "first", meeting.Perspectives[0].Speaker, thePatient)
			equal(c, "both confirmed", meeting.Perspectives[0].Confirmed && meeting.Perspectives[1].Confirmed, true)
		}
		return err
	})
	w.on(meet.At(14, 0), "It ends with facts, agreements and actions, each with an owner and a day", func(ctx context.Context, c *check) error {
		_, err := w.meet(ctx, w.team.coordinator, "conclude", object{})
		c.that(refused(err, http.StatusConflict, "CONCLUSION_REQUIRED"), "without a conclusion: expected 409 CONCLUSION_REQUIRED, got %v", err)
		meeting, err := w.meet(ctx, w.team.coordinator, "conclude", conclusion(actions...))
		if err != nil {
			return err
		}
		w.show()
		w.agreementID = meeting.AgreementID
		equal(c, "state", meeting.State, "CONCLUDED")
		equal(c, "recorded as", meeting.Kind, "DIALOGUE_MEETING")
		equal(c, "departures from the model", len(meeting.Deviations), 0)
		return errors.Join(w.agreed(ctx, c, actions), w.finds(ctx, c, w.team.coordinator, "CONCLUDE_MEETING", w.meetingID, "MEETING_HELD"))
	})
	w.on(meet.At(14, 10), "The employer now sees the agreement too, and still nothing of diagnosis, scores and work ability", func(ctx context.Context, c *check) error {
		return w.looks(ctx, c, itemContact, itemSickLeave, itemPerspective, itemAgreement)
	})
	w.on(meet.At(14, 20), "The patient acknowledges the agreement", func(ctx context.Context, c *check) error {
		agreement, err := w.acknowledge(ctx, thePatient)
		equal(c, "acknowledged by", len(agreement.Acknowledgements), 1)
		return err
	})
	w.on(date.AddWorkingDays(meet, 1).At(9, 0), "The employer acknowledges it", func(ctx context.Context, c *check) error {
		agreement, err := w.acknowledge(ctx, theEmployer)
		equal(c, "acknowledged by", len(agreement.Acknowledgements), 2)
		return err
	})
}

// agreed checks the agreement's actions; a lead time is counted back from the due day.
func (w *walk) agreed(ctx context.Context, c *check, actions []action) error {
	agreement, err := w.agreement(ctx, w.team.gp)
	equal(c, "facts", len(agreement.Facts), 2)
	equal(c, "agreements", len(agreement.Agreements), 1)
	equal(c, "actions", len(agreement.Actions), len(actions))
	for i, a := range agreement.Actions[:min(len(actions), len(agreement.Actions))] {
		w.actions = append(w.actions, a.ActionID)
		equal(c, "action's state", a.State, "OPEN")
		equal(c, "action's day", a.DueDate, actions[i].due)
		if actions[i].lead > 0 {
			equal(c, "to be begun by", a.StartByDate, actions[i].due.AddDays(-actions[i].lead).String())
		}
	}
	w.say("%d facts, %d agreements, %d actions", len(agreement.Facts), len(agreement.Agreements), len(agreement.Actions))
	return err
}
