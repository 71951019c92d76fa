package demo

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/coworkcare/coworkcare/platform/date"
)

// askedOn is the day on which the end of a certificate that was signed on a day asks for a decision.
func askedOn(ending leave, signed date.Day) date.Day {
	return max(askedFor(ending), date.AddWorkingDays(signed, 1))
}

// asked is the end of a certificate coming near.
func (w *walk) asked(ending leave, signed date.Day) date.Day {
	day := askedOn(ending, signed)
	w.on(day.At(8, 30), fmt.Sprintf("The certificate of %d %% is about to end: the coordinator is asked, with a copy to the GP", ending.degree), func(ctx context.Context, c *check) error {
		return w.aboutToEnd(ctx, c, w.lastLeave, day)
	})
	return day
}

// firstExtended is the first extension, before there is a plan: its draft says what comes from the coordinator's assessment.
func (w *walk) firstExtended(ending, next leave) date.Day {
	day := w.asked(ending, ending.from)
	var draft draftAnswer
	w.on(day.At(9, 30), "The GP opens the prefilled extension: each field names its source, what says something new is marked", func(ctx context.Context, c *check) error {
		var err error
		draft, err = w.draft(ctx, c, false, next)
		w.say("changed: %s", strings.Join(draft.ChangedFields, ", "))
		return err
	})
	w.on(day.At(9, 40), "The GP adds period and basis, and signs; nothing was signed before", func(ctx context.Context, c *check) error {
		certificateID := w.lastLeave
		if err := w.signOff(ctx, c, draft, next, day); err != nil {
			return err
		}
		return w.settledEnd(ctx, c, certificateID)
	})
	return day
}

// extended is the end of one certificate coming near, and the next one, filled in from the plan.
func (w *walk) extended(ending, next leave, signed date.Day) date.Day {
	day := askedOn(ending, signed)
	w.on(day.At(9, 30), fmt.Sprintf("The certificate of %d %% is about to end: the coordinator prepares the next step, the GP signs it, filled in from the plan", ending.degree), func(ctx context.Context, c *check) error {
		certificateID := w.lastLeave
		if err := w.aboutToEnd(ctx, c, certificateID, day); err != nil {
			return err
		}
		if err := w.stepPrepared(ctx, c, next.degree); err != nil {
			return err
		}
		draft, err := w.draft(ctx, c, true, next)
		if err != nil {
			return err
		}
		if err := w.signOff(ctx, c, draft, next, day); err != nil {
			return err
		}
		return w.settledEnd(ctx, c, certificateID)
	})
	return day
}

// stepPrepared checks that the coordinator is asked to prepare a step of the return that is about to begin, and ticks it off.
func (w *walk) stepPrepared(ctx context.Context, c *check, degree int) error {
	list, err := w.ownList(ctx, w.team.coordinator)
	if err != nil {
		return err
	}
	step := w.step(degree)
	f, ok := find(list, "RETURN_STEP", step.StepID)
	c.that(ok, "expected RETURN_STEP of %d %% in the coordinator's list, got %d other items", degree, len(list))
	if !ok {
		return nil
	}
	equal(c, "step to be prepared by", f.DueDate, date.PreviousWorkingDay(step.StartDate.AddDays(-1)))
	done, err := w.completeFollowUp(ctx, w.team.coordinator, f.FollowUpID, "Synthetic: tasks and hours are arranged with the supervisor.")
	equal(c, "state", done.State, "COMPLETED")
	return err
}

// settledEnd checks that nobody is asked any more about the end of a certificate that another extends.
func (w *walk) settledEnd(ctx context.Context, c *check, certificateID string) error {
	if err := w.clock.settle(ctx); err != nil {
		return err
	}
	return w.ended(ctx, c, w.team.gp, "CERTIFICATE_ENDING", certificateID, "COMPLETED", "CERTIFICATE_EXTENDED")
}

// aboutToEnd checks that the end of a certificate stands in the coordinator's list, due today and reminded of, and in the GP's.
func (w *walk) aboutToEnd(ctx context.Context, c *check, certificateID string, day date.Day) error {
	list, err := w.ownList(ctx, w.team.coordinator)
	if err != nil {
		return err
	}
	main, ok := find(list, "CERTIFICATE_ENDING", certificateID)
	c.that(ok, "expected CERTIFICATE_ENDING in the coordinator's list, got %d other items", len(list))
	equal(c, "due", main.DueDate, day)
	equal(c, "owner", main.OwnerPractitionerID, w.team.coordinator.PractitionerID)
	c.that(main.Reminders > 0, "expected a reminder on the morning of the due day, got none")
	copies, err := w.ownList(ctx, w.team.gp)
	if err != nil {
		return err
	}
	_, ok = find(copies, "CERTIFICATE_ENDING_NOTICE", certificateID)
	c.that(ok, "expected CERTIFICATE_ENDING_NOTICE in the GP's list, got %d other items", len(copies))
	w.say("due %s", main.DueDate)
	return nil
}

// followed are the contacts of the plan: that of the third week is missed, and held late.
func (w *walk) followed(start date.Day) {
	w.kept(start, 1, nil)
	w.kept(start, 2, nil)
	w.missed(start, 3)
	w.kept(start, 4, &form{total: 20, band: "moderate", change: -6})
	w.kept(start, 6, nil)
	w.kept(start, 8, &form{total: 13, band: "mild", change: -13, response: true})
	w.kept(start, 10, nil)
}

// kept is a contact held on its day, perhaps with a form.
func (w *walk) kept(start date.Day, week int, want *form) {
	day, contactID := plannedDay(start, week), ""
	w.on(day.At(10, w.minute), fmt.Sprintf("The contact of week %d falls due and is held%s", week, w.whose), func(ctx context.Context, c *check) error {
		var err error
		contactID, err = w.holdDue(ctx, c, week, day)
		return err
	})
	if want != nil {
		w.on(day.At(10, 20), fmt.Sprintf("MADRS-S in week %d", week), func(ctx context.Context, c *check) error {
			return w.form(ctx, c, contactID, *want)
		})
	}
}

// holdDue checks that the contact of a week stands in the care manager's list for its day, holds it, and checks that it is done.
func (w *walk) holdDue(ctx context.Context, c *check, week int, day date.Day) (string, error) {
	plannedID, err := w.plannedID(week)
	if err != nil {
		return "", err
	}
	list, err := w.unitList(ctx, w.team.careManager, url.Values{"ownerRole": {roleCareManager}, "dueBeforeDate": {day.AddDays(1).String()}})
	if err != nil {
		return "", err
	}
	due, ok := find(list, "HOLD_PLANNED_CONTACT", plannedID)
	c.that(ok, "expected HOLD_PLANNED_CONTACT in the care manager's list of the day, got %d other items", len(list))
	equal(c, "due", due.DueDate, day)
	held, err := w.hold(ctx, plannedID, 20, "Synthetic: how the weeks went, sleep, medication, next steps.")
	if err != nil {
		return "", err
	}
	w.show()
	equal(c, "state", held.State, "HELD")
	if err := w.clock.settle(ctx); err != nil {
		return "", err
	}
	return held.ContactID, w.ended(ctx, c, w.team.careManager, "HOLD_PLANNED_CONTACT", plannedID, "COMPLETED", "CONTACT_HELD")
}

// missed is a contact that nobody holds: overdue after its day, escalated two working days later, and done then.
func (w *walk) missed(start date.Day, week int) {
	day := plannedDay(start, week)
	overdue := func(ctx context.Context, as Actor) (string, []followUpAnswer, error) {
		plannedID, err := w.plannedID(week)
		if err != nil {
			return "", nil, err
		}
		list, err := w.unitList(ctx, as, url.Values{"overdueOnly": {"true"}})
		return plannedID, list, err
	}
	w.on(day.At(16, 45), fmt.Sprintf("The contact of week %d is not held; it is not overdue before the working day ends", week), func(ctx context.Context, c *check) error {
		_, list, err := overdue(ctx, w.team.careManager)
		equal(c, "overdue items", len(list), 0)
		return err
	})
	w.on(day.At(17, 10), "After 17:00 it is overdue", func(ctx context.Context, c *check) error {
		plannedID, list, err := overdue(ctx, w.team.careManager)
		f, ok := find(list, "HOLD_PLANNED_CONTACT", plannedID)
		c.that(ok && f.Overdue, "expected HOLD_PLANNED_CONTACT to be overdue, got %d overdue items", len(list))
		equal(c, "escalation level", f.EscalationLevel, 0)
		return err
	})
	called := date.AddWorkingDays(day, 2)
	w.on(called.At(8, 15), "Two working days later it escalates: every care manager of the centre has it in the list", func(ctx context.Context, c *check) error {
		list, err := w.ownList(ctx, w.colleague)
		if err != nil {
			return err
		}
		plannedID, err := w.plannedID(week)
		f, ok := find(list, "HOLD_PLANNED_CONTACT", plannedID)
		c.that(ok, "expected HOLD_PLANNED_CONTACT in the colleague's list, got %d other items", len(list))
		equal(c, "escalation level", f.EscalationLevel, 1)
		equal(c, "reminders", f.Reminders, 2)
		equal(c, "days overdue", f.DaysOverdue, called.Sub(day))
		w.say("%d days overdue, reminded %d times", f.DaysOverdue, f.Reminders)
		return err
	})
	w.on(called.At(9, 0), "It is held late, and leaves the list", func(ctx context.Context, c *check) error {
		if _, err := w.holdDue(ctx, c, week, day); err != nil {
			return err
		}
		_, list, err := overdue(ctx, w.team.careManager)
		equal(c, "overdue items", len(list), 0)
		return err
	})
}

// finished is the end of the sick leave: no extension after the last certificate, and the days counted.
func (w *walk) finished(day0 date.Day, last leave, asked date.Day) {
	w.on(asked.At(9, 30), "The coordinator prepares full time and ticks the certificate off; the GP's copy goes with it", func(ctx context.Context, c *check) error {
		if err := w.stepPrepared(ctx, c, 0); err != nil {
			return err
		}
		f, err := w.followUp(ctx, w.team.coordinator, "CERTIFICATE_ENDING", w.lastLeave)
		if err != nil {
			return err
		}
		done, err := w.completeFollowUp(ctx, w.team.coordinator, f.FollowUpID, "Synthetic: full time again after this; no extension.")
		if err != nil {
			return err
		}
		w.show()
		equal(c, "state", done.State, "COMPLETED")
		return w.ended(ctx, c, w.team.gp, "CERTIFICATE_ENDING_NOTICE", w.lastLeave, "COMPLETED", "BY_HAND")
	})
	day := date.NextWorkingDay(last.to.AddDays(1))
	w.on(day.At(9, 0), "The sick leave has ended; its days are counted", func(ctx context.Context, c *check) error {
		return w.counted(ctx, c, leave{day0, last.to, 0}, day)
	})
}

// ended12 is the last contact of the care plan, in the twelfth week, and the course of the scores.
func (w *walk) ended12(first date.Day) {
	w.kept(first, 12, &form{total: 8, band: "none-or-very-mild", change: -18, response: true, remission: true})
	day := plannedDay(first, 12)
	w.on(day.At(10, 30), "The course of the scores", func(ctx context.Context, c *check) error {
		return w.trend(ctx, c, []float64{26, 20, 13, 8})
	})
}

// lastCheck is the coordinator's question some weeks after the full return, and the end.
func (w *walk) lastCheck(day date.Day) {
	w.on(day.At(9, 30), "Four weeks after the full return the coordinator is asked to see how it goes, and does", func(ctx context.Context, c *check) error {
		list, err := w.ownList(ctx, w.team.coordinator)
		if err != nil {
			return err
		}
		f, ok := find(list, "POST_RETURN_CHECK", "")
		c.that(ok, "expected POST_RETURN_CHECK in the coordinator's list, got %d other items", len(list))
		equal(c, "due", f.DueDate, day)
		if !ok {
			return nil
		}
		done, err := w.completeFollowUp(ctx, w.team.coordinator, f.FollowUpID, "Synthetic: works full time; the quiet room stays.")
		w.show()
		equal(c, "state", done.State, "COMPLETED")
		return err
	})
	w.closed(day, "RETURNED_TO_WORK")
}

// counted checks the case days, gross and net days of the case against those counted day by day here.
func (w *walk) counted(ctx context.Context, c *check, whole leave, day date.Day) error {
	window := leave{day.AddDays(-30), day.AddDays(-1), 0}
	for i, stretch := range []leave{whole, window} {
		query := url.Values{"recentlyEndedDays": {"30"}}
		if i == 1 {
			query.Set("window.startDate", stretch.from.String())
			query.Set("window.days", "30")
		}
		answer, err := w.cases(ctx, w.team.coordinator, query)
		if err != nil {
			return err
		}
		if answer.ActiveCase == nil || len(answer.Cases) != 1 {
			return fmt.Errorf("expected one case, recently ended; got %d, recently ended: %t", len(answer.Cases), answer.ActiveCase != nil)
		}
		at := *answer.ActiveCase
		gross, net := days(w.signed, stretch.from, stretch.to)
		all, _ := days(w.signed, whole.from, whole.to)
		equal(c, "first day", at.StartDate, whole.from.String())
		equal(c, "last day", at.EndDate, whole.to.String())
		equal(c, "case days", at.CaseDays, all)
		equal(c, "gross days", at.GrossDays, gross)
		equal(c, "net days", at.NetDays, net)
		equal(c, "ongoing", at.Ongoing, false)
		equal(c, "recently ended", at.RecentlyEnded, true)
		if i == 0 {
			w.say("%d case days, %d gross, %.2f net", at.CaseDays, at.GrossDays, at.NetDays)
		}
	}
	return nil
}

// trend checks the course of MADRS-S.
func (w *walk) trend(ctx context.Context, c *check, scores []float64) error {
	var answer trendsAnswer
	query := url.Values{"instrument": {"MADRS-S"}, "careEpisodeId": {w.episodeID}}
	if err := w.client.get(ctx, w.team.careManager, w.path("/assessments"), query, &answer); err != nil {
		return err
	}
	equal(c, "courses", len(answer.Trends), 1)
	for _, t := range answer.Trends {
		var got []float64
		for _, p := range t.Points {
			got = append(got, p.Score)
		}
		equal(c, "scores", fmt.Sprint(got), fmt.Sprint(scores))
		equal(c, "response", t.Response, true)
		equal(c, "remission", t.Remission, true)
		w.say("%v", got)
	}
	return nil
}

// closed completes the plan, closes the episode, and checks that nothing is left to do.
func (w *walk) closed(day date.Day, outcome string) {
	w.on(day.At(10, 30+w.minute), "The plan is completed"+w.whose, func(ctx context.Context, c *check) error {
		plan, err := w.completePlan(ctx, "GOALS_REACHED")
		equal(c, "state", plan.State, "COMPLETED")
		for _, p := range plan.PlannedContacts {
			c.that(p.State != "PLANNED", "planned contact of week %d: expected none to come, got %s", p.Week, p.State)
		}
		return err
	})
	w.on(day.At(10, 40+w.minute), "The GP closes the episode"+w.whose, func(ctx context.Context, c *check) error {
		episode, err := w.close(ctx, w.team.gp, outcome, "Synthetic: as agreed with the patient.")
		equal(c, "state", episode.State, "CLOSED")
		equal(c, "outcome", episode.Outcome, outcome)
		return err
	})
	w.on(day.At(10, 50+w.minute), "Nothing is left in anybody's list"+w.whose, func(ctx context.Context, c *check) error {
		return w.noneOpen(ctx, c, w.team.careManager)
	})
}
