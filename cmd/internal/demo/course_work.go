package demo

import (
	"context"

	"github.com/coworkcare/coworkcare/platform/date"
)

// reach is how far the coordinator's work with a patient of the layout gets; it goes no further, however long ago it was.
type reach int

const (
	unscreened     reach = iota
	screenedOnly         // screened, with the offer of coordination
	briefAsked           // the care manager has been asked for a brief
	briefWritten         // and has written it; the coordinator has not read it
	talkedEarly          // the early talk has been held
	meetingTold          // a meeting is proposed
	meetingSet           // and scheduled
	meetingHeld          // and held; the employer has not acknowledged the agreement
	returnAsked          // a plan for return to work awaits the GP's answer
	returnUnderWay       // it is answered and walked
	wholeWay             // and the agreed actions are followed up
	selfReliant          // screened; the patient wants no meeting, and has a plan for return to work
)

// does tells whether the work gets to a point of the way with a meeting.
func (r reach) does(point reach) bool { return r != selfReliant && r >= point }

// days of the coordinator's work, in working days after the first visit.
const (
	screenAfter   = 4
	askAfter      = 5
	writeAfter    = 6
	readAfter     = 7
	talkAfter     = 8
	proposeAfter  = 9
	scheduleAfter = 10
	meetAfter     = 13
)

func (w *writer) after(n int) date.Day { return date.AddWorkingDays(w.begin, n) }

// work is the coordinator's work: screening, the employer's half and the return.
func (w *writer) work() {
	if len(w.leaves) == 0 || w.reach == unscreened {
		return
	}
	w.on(w.after(screenAfter), noon, "screened", func(ctx context.Context) error {
		need, offer := "COORDINATED", "ACCEPTED"
		switch {
		case w.consent != consents:
			need, offer = "LIGHT", "DECLINED"
		case w.reach == selfReliant:
			need = "LIGHT"
		}
		_, err := w.chart.screen(ctx, w.chart.team.coordinator, need, offer)
		return err
	})
	if w.consent != consents || w.declinedRC != "" {
		return
	}
	w.brief()
	w.employer()
	w.meeting()
	w.selfReliance()
	w.wayBack()
}

func (w *writer) brief() {
	if !w.reach.does(briefAsked) {
		return
	}
	w.on(w.after(askAfter), noon, "brief asked for", func(ctx context.Context) error {
		_, err := w.chart.requestBrief(ctx)
		return err
	})
	if !w.reach.does(briefWritten) {
		return
	}
	w.on(w.after(writeAfter), noon, "brief written", func(ctx context.Context) error {
		_, err := w.chart.writeBrief(ctx)
		return err
	})
	if !w.reach.does(talkedEarly) {
		return
	}
	w.on(w.after(readAfter), morning, "brief read", func(ctx context.Context) error {
		_, err := w.chart.readBrief(ctx)
		return err
	})
}

// employer is the consent item by item and the early talk.
func (w *writer) employer() {
	if !w.reach.does(talkedEarly) {
		return
	}
	w.on(w.after(talkAfter), noon, "early talk", func(ctx context.Context) error {
		if _, err := w.chart.tell(ctx, told()...); err != nil {
			return err
		}
		_, err := w.chart.earlyTalk(ctx)
		return err
	})
}

// meetDay is when the meeting is held.
func (p *course) meetDay() date.Day {
	if !p.meetOn.IsZero() {
		return p.meetOn
	}
	return date.AddWorkingDays(p.begin, meetAfter)
}

func (w *writer) meeting() {
	if !w.reach.does(meetingTold) {
		return
	}
	k := w.chart
	w.on(w.after(proposeAfter), noon, "meeting proposed", func(ctx context.Context) error {
		_, err := k.proposeMeeting(ctx)
		return err
	})
	if !w.recheck.IsZero() {
		w.on(w.after(scheduleAfter), noon, "meeting deferred", func(ctx context.Context) error {
			_, err := k.meet(ctx, k.team.careManager, "defer", object{{"by", "CARE_MANAGER"}, {"reason", "CONDITION_TOO_POOR"}, {"recheckDate", w.recheck}})
			return err
		})
		return
	}
	if !w.reach.does(meetingSet) {
		return
	}
	w.on(w.after(scheduleAfter), noon, "meeting scheduled", func(ctx context.Context) error {
		if _, err := k.prepareMeeting(ctx); err != nil {
			return err
		}
		if _, err := k.schedule(ctx, afternoon.on(w.meetDay()), "", false); err != nil {
			return err
		}
		_, err := k.inform(ctx)
		return err
	})
	if !w.reach.does(meetingHeld) {
		return
	}
	w.on(w.meetDay(), afternoon, "meeting held", func(ctx context.Context) error { return w.meet(ctx) })
	w.on(w.meetDay(), late, "agreement acknowledged by the patient", func(ctx context.Context) error {
		_, err := k.acknowledge(ctx, thePatient)
		return err
	})
	w.agreement()
}

// meet is the meeting from its begin to its conclusion, with one action for the employer.
func (w *writer) meet(ctx context.Context) error {
	k := w.chart
	// The reason counts only where something is missing, as after holidays, when the brief has grown old.
	if _, err := k.meet(ctx, k.team.coordinator, "begin", object{{"deviationReason", "Synthetic: could not be prepared in time."}}); err != nil {
		return err
	}
	if _, err := k.perspective(ctx, thePatient, "Synthetic: one thing at a time."); err != nil {
		return err
	}
	if _, err := k.perspective(ctx, theEmployer, "Synthetic: mornings can be kept quiet."); err != nil {
		return err
	}
	held, err := k.meet(ctx, k.team.coordinator, "conclude", conclusion(action{
		words: "Synthetic: mornings without calls", owner: theEmployer, horizon: "SHORT", adaptation: "FEWER_PARALLEL_TASKS", due: w.actionDay(),
	}))
	k.agreementID = held.AgreementID
	return err
}

// actionDay is by when the employer does what was agreed.
func (w *writer) actionDay() date.Day { return date.AddWorkingDays(w.meetDay(), 5) }

// agreement is what becomes of the agreement: the employer acknowledges it, and does what was agreed.
func (w *writer) agreement() {
	if !w.reach.does(returnAsked) {
		return
	}
	k := w.chart
	w.on(date.AddWorkingDays(w.meetDay(), 1), noon, "agreement acknowledged by the employer", func(ctx context.Context) error {
		_, err := k.acknowledge(ctx, theEmployer)
		return err
	})
	if !w.reach.does(wholeWay) {
		return
	}
	w.on(date.AddWorkingDays(w.meetDay(), 4), noon, "action followed up", func(ctx context.Context) error {
		agreement, err := k.agreement(ctx, k.team.coordinator)
		if err != nil || len(agreement.Actions) == 0 {
			return err
		}
		_, err = k.actionDone(ctx, agreement.Actions[0].ActionID)
		return err
	})
}

// selfReliance is a patient who talks to the employer alone.
func (w *writer) selfReliance() {
	if w.reach != selfReliant {
		return
	}
	k := w.chart
	w.on(w.after(proposeAfter), noon, "meeting declined", func(ctx context.Context) error {
		if _, err := k.proposeMeeting(ctx); err != nil {
			return err
		}
		_, err := k.meet(ctx, k.team.coordinator, "decline", object{})
		return err
	})
}

// returnDays is how long a full return is followed as the plan's last step.
const returnDays = 28

// returnSteps are the plan's steps: what is certified from a day on, and full return.
func (w *writer) returnSteps(from date.Day) []leave {
	var steps []leave
	for _, l := range w.leaves {
		if l.to >= from {
			steps = append(steps, l)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	last := steps[len(steps)-1].to
	return append(steps, leave{last.AddDays(1), last.AddDays(returnDays), 0})
}

// wayBack is the plan for return to work and what is heard of its steps.
func (w *writer) wayBack() {
	if w.reach < returnAsked {
		return
	}
	k, day := w.chart, date.AddWorkingDays(w.meetDay(), 1)
	if w.reach == selfReliant {
		day = w.after(proposeAfter)
	}
	steps := w.returnSteps(day)
	if len(steps) == 0 {
		return
	}
	w.on(day, afternoon, "return proposed", func(ctx context.Context) error {
		_, err := k.proposeReturn(ctx, steps)
		return err
	})
	if w.reach == returnAsked {
		return
	}
	answered := date.AddWorkingDays(day, 1)
	w.on(answered, afternoon, "return answered", func(ctx context.Context) error {
		_, err := k.onReturn(ctx, k.team.gp, "answer", object{{"kind", "ACCEPTED"}})
		return err
	})
	w.heard(steps, answered)
	w.laterOn(steps[len(steps)-1].from.AddDays(returnDays))
}

// laterOn is the coordinator's question some weeks after the full return, also when the episode has been closed.
func (w *writer) laterOn(asked date.Day) {
	day := date.NextWorkingDay(asked)
	if day >= w.due || afternoon.on(day).After(w.end) {
		return
	}
	w.script.on(afternoon.on(day), w.script.Name+", asked how it goes after the return", func(ctx context.Context) error {
		open, err := w.chart.followUps(ctx, w.chart.team.coordinator, "POST_RETURN_CHECK", "OPEN")
		if err != nil || len(open) == 0 {
			return err
		}
		_, err = w.chart.completeFollowUp(ctx, w.chart.team.coordinator, open[0].FollowUpID, "Synthetic: works full time.")
		return err
	})
}

// heard are the check-ins: on the first working day of each step; the step that goes badly is held.
func (w *writer) heard(steps []leave, answered date.Day) {
	k := w.chart
	for i, s := range steps {
		day := max(date.NextWorkingDay(s.from), date.AddWorkingDays(answered, 1))
		if day > w.due || !w.heldOn.IsZero() && day >= w.heldOn {
			return
		}
		w.on(day, noon, "asked how it goes", func(ctx context.Context) error {
			_, err := k.onReturn(ctx, k.team.coordinator, "checkIn", object{{"stepId", k.steps[i].StepID}, {"outcome", "WENT_WELL"}})
			if err != nil || s.degree > 0 {
				return err
			}
			_, err = k.onReturn(ctx, k.team.coordinator, "complete", object{})
			return err
		})
		if next := i + 1; !w.heldOn.IsZero() && next < len(steps) && steps[next].from > w.heldOn {
			w.on(w.heldOn, afternoon, "return held", func(ctx context.Context) error {
				_, err := k.onReturn(ctx, k.team.coordinator, "checkIn", object{
					{"stepId", k.steps[i].StepID}, {"outcome", "TROUBLE_AT_WORK"}, {"changedTasksOffered", true},
				})
				if err != nil {
					return err
				}
				_, err = k.onReturn(ctx, k.team.coordinator, "hold", object{{"reason", "Synthetic: a while longer on this step."}})
				return err
			})
			return
		}
	}
}

// words are what is said in the team the day before: a note that the GP has not read, advice that is not answered, a locum who has not
// read who the patient is.
func (w *writer) words() {
	k, day := w.chart, date.AddWorkingDays(w.today, -1)
	if w.unread {
		w.on(day, late, "note for the GP", func(ctx context.Context) error {
			_, err := k.note(ctx, "Synthetic: sleeps worse since the dose was raised.")
			return err
		})
	}
	if w.advice {
		w.on(day, late, "advice to the GP", func(ctx context.Context) error {
			_, err := k.recommend(ctx, "SICK_LEAVE_DEGREE", "Synthetic: stay at this degree for two more weeks.", "Synthetic: the last step was hard.")
			return err
		})
	}
	if w.newGP.PractitionerID != "" {
		w.on(day, late, "a locum takes over", func(ctx context.Context) error {
			_, err := k.join(ctx, k.team.gp, roleGP, w.newGP)
			k.team.gp = w.newGP
			return err
		})
	}
}
