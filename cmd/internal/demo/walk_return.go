package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/coworkcare/coworkcare/platform/date"
)

// returned is the way back to work as it is planned, held up once, and walked to its end.
type returned struct {
	first   []leave // as proposed after the meeting
	revised []leave // after the hold
}

// certified counts the days with sick leave of some steps, and weighs them.
func certified(steps []leave) (gross int, net float64) {
	var off []leave
	for _, s := range steps {
		if s.degree > 0 {
			off = append(off, s)
		}
	}
	return days(off, steps[0].from, steps[len(steps)-1].to)
}

// proposed is the plan of the return: looked at beforehand, proposed by the coordinator, answered by the GP, agreed to by all.
func (w *walk) proposed(meet date.Day, r returned) {
	gross, net := certified(r.first)
	w.on(meet.At(14, 50), "What the steps would mean is looked at first; nothing is stored", func(ctx context.Context, c *check) error {
		var preview struct {
			GrossDays        int     `json:"grossDays"`
			NetDays          float64 `json:"netDays"`
			PeriodsToCertify []any   `json:"periodsToCertify"`
		}
		if err := w.client.ask(ctx, w.team.coordinator, "/v1/returnToWorkPlans:preview", object{{"steps", stepsOf(r.first)}}, &preview); err != nil {
			return err
		}
		equal(c, "gross days", preview.GrossDays, gross)
		equal(c, "net days", preview.NetDays, net)
		equal(c, "periods to certify", len(preview.PeriodsToCertify), len(r.first)-1)
		var stored struct {
			Plans []any `json:"returnToWorkPlans"`
		}
		err := w.client.get(ctx, w.team.coordinator, w.path("/returnToWorkPlans"), nil, &stored)
		equal(c, "plans stored", len(stored.Plans), 0)
		w.say("%d days, %.2f net", preview.GrossDays, preview.NetDays)
		return err
	})
	w.on(meet.At(15, 0), "The coordinator proposes the return: 75, 50, 25, 0 %", func(ctx context.Context, c *check) error {
		plan, err := w.proposeReturn(ctx, r.first)
		equal(c, "state", plan.State, "PROPOSED")
		equal(c, "version", plan.Version, 1)
		equal(c, "gross days", plan.GrossDays, gross)
		equal(c, "net days", plan.NetDays, net)
		if err != nil {
			return err
		}
		return w.waits(ctx, c, w.team.gp, "ANSWER_RETURN_PLAN", "")
	})
	next := date.AddWorkingDays(meet, 1)
	w.on(next.At(9, 30), "It is a proposal until the GP answers, who accepts", func(ctx context.Context, c *check) error {
		plan, err := w.onReturn(ctx, w.team.gp, "answer", object{{"kind", "ACCEPTED"}, {"version", 1}})
		equal(c, "state", plan.State, "ACCEPTED")
		if err != nil {
			return err
		}
		return w.finds(ctx, c, w.team.gp, "ANSWER_RETURN_PLAN", "", "ANSWERED")
	})
	w.on(next.At(9, 40), "Patient, employer and centre agree to this version", func(ctx context.Context, c *check) error {
		var plan returnPlanAnswer
		for _, party := range []string{thePatient, theEmployer, "CARE"} {
			var err error
			if plan, err = w.onReturn(ctx, w.team.coordinator, "agree", object{{"party", party}, {"version", 1}}); err != nil {
				return err
			}
		}
		equal(c, "agreed", fmt.Sprint(plan.AgreedParties), "[PATIENT EMPLOYER CARE]")
		return nil
	})
	w.on(next.At(9, 50), "The time plan is known well before the sick leave ends; the deadlines say so", func(ctx context.Context, c *check) error {
		return w.timePlanKnown(ctx, c)
	})
}

func (w *walk) timePlanKnown(ctx context.Context, c *check) error {
	var answer struct {
		Deadlines []struct {
			Code    string `json:"code"`
			Flagged bool   `json:"flagged"`
		} `json:"deadlines"`
	}
	err := w.client.get(ctx, w.team.coordinator, w.path("/deadlines"), url.Values{}, &answer)
	found := false
	for _, d := range answer.Deadlines {
		found = found || d.Code == "TIME_PLAN"
		c.that(!d.Flagged, "deadline %s: expected it not to be flagged", d.Code)
	}
	c.that(found, "expected the deadline TIME_PLAN, got %d others", len(answer.Deadlines))
	return err
}

// goesWell is a check-in on a step that goes as it should.
func (w *walk) goesWell(day date.Day, degree int, name string) {
	w.on(day.At(14, 30), name, func(ctx context.Context, c *check) error {
		plan, err := w.checkIn(ctx, w.team.coordinator, degree, "WENT_WELL", false)
		equal(c, "state", plan.State, "ACCEPTED")
		c.that(plan.NextMeasure == "" || plan.NextMeasure == "MEASURE_UNSPECIFIED", "to try next: expected nothing, got %s", plan.NextMeasure)
		if err != nil || degree == 0 {
			return err
		}
		return w.finds(ctx, c, w.team.coordinator, "CHECK_IN", w.step(degree).StepID, "CHECKED_IN")
	})
}

// heldUp is the step of 50 % that goes badly: changed tasks first, then a hold, then new steps that the GP answers.
func (w *walk) heldUp(asked date.Day, r returned, next leave) date.Day {
	w.on(asked.At(9, 30), "At 50 % it goes worse: changed tasks are to be offered before anything else; to hold at once would take a reason (409)", func(ctx context.Context, c *check) error {
		plan, err := w.checkIn(ctx, w.team.coordinator, 50, "WORSE", false)
		if err != nil {
			return err
		}
		equal(c, "to try next", plan.NextMeasure, "CHANGED_TASKS")
		_, err = w.onReturn(ctx, w.team.coordinator, "hold", object{{"reason", "Synthetic: too fast."}})
		c.that(refused(err, http.StatusConflict, "DEVIATION_REASON_REQUIRED"), "hold: expected 409 DEVIATION_REASON_REQUIRED, got %v", err)
		return nil
	})
	day := date.AddWorkingDays(asked, 2)
	w.on(day.At(9, 0), "Changed tasks were offered and do not do; the plan is held on its step", func(ctx context.Context, c *check) error {
		plan, err := w.checkIn(ctx, w.team.coordinator, 50, "TROUBLE_AT_WORK", true)
		if err != nil {
			return err
		}
		equal(c, "to try next", plan.NextMeasure, "HOLD")
		plan, err = w.onReturn(ctx, w.team.coordinator, "hold", object{{"reason", "Synthetic: another week at 50 %, with the new tasks."}})
		w.show()
		equal(c, "state", plan.State, "HELD")
		return err
	})
	w.on(day.At(11, 0), "The coordinator writes the steps anew, a week longer at 50 %; a new version is a proposal again", func(ctx context.Context, c *check) error {
		plan, err := w.reviseReturn(ctx, r.revised)
		equal(c, "state", plan.State, "PROPOSED")
		equal(c, "version", plan.Version, 2)
		equal(c, "versions kept", len(plan.EarlierVersions), 1)
		equal(c, "agreed", len(plan.AgreedParties), 0)
		return err
	})
	w.on(day.At(13, 0), "The GP accepts it and signs another week at 50 %, filled in from the plan", func(ctx context.Context, c *check) error {
		plan, err := w.onReturn(ctx, w.team.gp, "answer", object{{"kind", "ACCEPTED"}, {"version", 2}})
		if err != nil {
			return err
		}
		equal(c, "state", plan.State, "ACCEPTED")
		shown := len(w.calls) - 1
		draft, err := w.draft(ctx, c, true, next)
		if err != nil {
			return err
		}
		err = w.signOff(ctx, c, draft, next, day)
		w.shown = shown
		return err
	})
	return day
}

// followedUp are the agreed actions as the coordinator asks the employer about them: one done in time, one late.
func (w *walk) followedUp(inTime, late action) {
	done := date.PreviousWorkingDay(inTime.due)
	w.on(done.At(11, 0), "The coordinator, not the patient, asks the employer about the first action: done", func(ctx context.Context, c *check) error {
		return errors.Join(w.waits(ctx, c, w.team.coordinator, "AGREED_ACTION", w.actions[0]), w.carriedOut(ctx, c, 0))
	})
	day := date.AddWorkingDays(date.NextWorkingDay(late.due), 1)
	w.on(day.At(11, 15), "The second one is late and stands overdue with the coordinator; asked again, the employer does it", func(ctx context.Context, c *check) error {
		list, err := w.ownList(ctx, w.team.coordinator)
		if err != nil {
			return err
		}
		f, ok := find(list, "AGREED_ACTION", w.actions[1])
		c.that(ok && f.Overdue, "expected AGREED_ACTION overdue in the coordinator's list, got %d items of the patient", len(list))
		return w.carriedOut(ctx, c, 1)
	})
}

func (w *walk) carriedOut(ctx context.Context, c *check, n int) error {
	if n >= len(w.actions) {
		return fmt.Errorf("the agreement has no action %d", n+1)
	}
	agreement, err := w.actionDone(ctx, w.actions[n])
	w.show()
	for _, a := range agreement.Actions {
		if a.ActionID == w.actions[n] {
			equal(c, "action's state", a.State, "DONE")
		}
	}
	if err != nil {
		return err
	}
	return w.finds(ctx, c, w.team.coordinator, "AGREED_ACTION", w.actions[n], "ACTION_DONE")
}

// back is the full return: the plan of the return is completed.
func (w *walk) back(day date.Day) {
	w.goesWell(day, 0, "Full time: the coordinator asks how it goes")
	w.on(day.At(14, 45), "The plan for return to work is completed", func(ctx context.Context, c *check) error {
		plan, err := w.onReturn(ctx, w.team.coordinator, "complete", object{{"reason", "Synthetic: back full time."}})
		equal(c, "state", plan.State, "COMPLETED")
		equal(c, "check-ins kept", len(plan.CheckIns), 5)
		return err
	})
}
