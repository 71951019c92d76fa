package demo

import (
	"context"
	"slices"

	"github.com/coworkcare/coworkcare/platform/date"
)

// answers are the answers to the referrals, the day after at the latest.
func (w *writer) answers() {
	if w.cm != "" {
		w.on(w.begin, afternoon, "referral accepted", func(ctx context.Context) error {
			_, err := w.chart.accept(ctx, w.chart.team.careManager, roleCareManager)
			return err
		})
	}
	next := date.AddWorkingDays(w.begin, 1)
	switch {
	case w.consent != consents && w.consent != withdraws || w.rc == "":
	case w.declinedRC != "":
		w.on(next, noon, "coordination turned down", func(ctx context.Context) error {
			return w.chart.decline(ctx, w.chart.team.coordinator, roleCoordinator, w.declinedRC)
		})
	default:
		w.on(next, morning, "coordination accepted", func(ctx context.Context) error {
			_, err := w.chart.accept(ctx, w.chart.team.coordinator, roleCoordinator)
			return err
		})
	}
	if w.treating == "" {
		return
	}
	w.on(next, afternoon, "treatment answered", func(ctx context.Context) error {
		if w.noTreatment != "" {
			return w.chart.decline(ctx, w.chart.team.therapist, w.treatment, w.noTreatment)
		}
		if _, err := w.chart.accept(ctx, w.chart.team.therapist, w.treatment); err != nil {
			return err
		}
		session := date.AddWorkingDays(next, 6)
		_, err := w.chart.book(ctx, w.chart.team.therapist, "EXTRA", "", "VISIT", afternoon.on(session))
		return err
	})
}

// leave is the certificates after the first: each signed on the day when the end of the one before asks for it. What is done about
// the end of the last one: it is put off to the visit, or, by those who are back at work, ticked off.
func (w *writer) leave() {
	for i, l := range w.leaves {
		if i == 0 {
			continue
		}
		day := max(askedFor(w.leaves[i-1]), date.AddWorkingDays(w.begin, 2))
		w.on(day, noon, "certificate extended", func(ctx context.Context) error {
			_, err := w.chart.certify(ctx, l, day)
			return err
		})
	}
	if len(w.leaves) == 0 {
		return
	}
	k, last := w.chart, w.leaves[len(w.leaves)-1]
	ending := func(ctx context.Context, then func(id string) error) error {
		open, err := k.followUps(ctx, k.team.gp, "CERTIFICATE_ENDING", "OPEN")
		if err != nil || len(open) == 0 {
			return err
		}
		return then(open[0].FollowUpID)
	}
	switch {
	case w.snooze:
		w.on(askedFor(last), afternoon, "decision put off to the visit", func(ctx context.Context) error {
			return ending(ctx, func(id string) error {
				return k.snooze(ctx, k.team.gp, id, last.to.AddDays(-1), "Synthetic: the patient sees the GP the day before the certificate ends.")
			})
		})
	case !w.close.IsZero():
		w.on(max(askedFor(last), date.AddWorkingDays(w.begin, 3)), afternoon, "no more sick leave", func(ctx context.Context) error {
			return ending(ctx, func(id string) error {
				_, err := k.completeFollowUp(ctx, k.team.gp, id, "Synthetic: no more sick leave after this.")
				return err
			})
		})
	}
}

// askedFor is the working day on which the follow-up of a certificate's end falls due: seven days before it.
func askedFor(l leave) date.Day { return date.PreviousWorkingDay(l.to.AddDays(-7)) }

// firstContact is the booking, the call with the first form, and the plan that they make.
func (w *writer) firstContact() {
	if w.cm == "" || w.noBooking {
		return
	}
	k, contactID := w.chart, ""
	meant := w.held
	if meant.IsZero() {
		meant = date.AddWorkingDays(w.begin, 2)
	}
	w.on(w.begin, late, "first contact booked", func(ctx context.Context) error {
		booked, err := k.book(ctx, k.team.careManager, "FIRST", "", "PHONE", w.holdAt.on(meant))
		contactID = booked.ContactID
		return err
	})
	if w.held.IsZero() {
		return
	}
	w.on(w.held, w.holdAt, "first contact held", func(ctx context.Context) error {
		if _, err := k.record(ctx, k.team.careManager, contactID, 40, "Synthetic: told about the weeks before; wants to be back at work."); err != nil {
			return err
		}
		form, err := k.assess(ctx, k.team.careManager, "MADRS-S", madrs(w.baseline, w.flag), contactID)
		if err != nil || !form.SafetyFlag {
			return err
		}
		return k.assessRisk(ctx, k.team.careManager, form.SafetyFlagID, "NO_RAISED_RISK",
			"Synthetic: asked about thoughts, plans and protective factors; none now; knows whom to call.")
	})
	if w.plan.IsZero() {
		return
	}
	w.on(w.held, later(w.holdAt), "plan made", func(ctx context.Context) error {
		if _, err := k.draftPlan(ctx, "Back at work step by step", w.weeks); err != nil {
			return err
		}
		_, err := k.activatePlan(ctx, w.plan)
		return err
	})
}

func later(s slot) slot { return min(s+1, late) }

// contacts are those of the plan: held on their day, late, tried in vain, or missed.
func (w *writer) contacts() {
	if w.plan.IsZero() {
		return
	}
	weeks := w.weeks
	if len(weeks) == 0 {
		weeks = defaultWeeks()
	}
	for i, week := range weeks {
		day := plannedDay(w.plan, week)
		if slices.Contains(w.missed, week) || day <= w.held {
			continue
		}
		if tries := w.tries[week]; tries > 0 {
			w.inVain(week, tries, day)
			continue
		}
		day = date.AddWorkingDays(day, w.delayed[week])
		form := i%2 == 1 || i == len(weeks)-1
		score := max(4, w.baseline-w.fall*(i+1)/2)
		w.on(day, w.holdAt, "contact held", func(ctx context.Context) error {
			plannedID, err := w.chart.plannedID(week)
			if err != nil {
				return err
			}
			held, err := w.chart.hold(ctx, plannedID, 15+5*(week%3), "Synthetic: how the weeks went, sleep, medication, next steps.")
			if err != nil || !form {
				return err
			}
			_, err = w.chart.assess(ctx, w.chart.team.careManager, "MADRS-S", madrs(score, 0), held.ContactID)
			return err
		})
	}
}

// inVain books the contact of a week and tries it so many working days running, without an answer.
func (w *writer) inVain(week, tries int, day date.Day) {
	contactID := ""
	w.on(day, morning, "contact tried", func(ctx context.Context) error {
		plannedID, err := w.chart.plannedID(week)
		if err != nil {
			return err
		}
		booked, err := w.chart.book(ctx, w.chart.team.careManager, "SCHEDULED", plannedID, "PHONE", morning.on(day))
		if err != nil {
			return err
		}
		contactID = booked.ContactID
		_, err = w.chart.noAnswer(ctx, contactID)
		return err
	})
	for n := 1; n < tries; n++ {
		w.on(date.AddWorkingDays(day, n), morning, "contact tried again", func(ctx context.Context) error {
			_, err := w.chart.noAnswer(ctx, contactID)
			return err
		})
	}
}

// others are what else some patients bring: a form with a pressing answer today, a question to the GP.
func (w *writer) others() {
	last := date.PreviousWorkingDay(w.today)
	if w.flagToday > 0 {
		w.on(last, morning, "form with a pressing answer", func(ctx context.Context) error {
			_, err := w.chart.assess(ctx, w.chart.team.careManager, "PHQ-9", []int{2, 2, 1, 2, 1, 2, 1, 1, w.flagToday}, "")
			return err
		})
	}
	if w.ask != "" {
		w.on(date.AddWorkingDays(last, -1), afternoon, "question to the GP", func(ctx context.Context) error {
			return w.chart.ask(ctx, w.chart.team.careManager, w.ask, roleGP, last)
		})
	}
}

// closing ends plan and episode.
func (w *writer) closing() {
	if w.close.IsZero() {
		return
	}
	k := w.chart
	w.on(w.close, late, "plan completed and episode closed", func(ctx context.Context) error {
		if k.planID != "" {
			if _, err := k.completePlan(ctx, "GOALS_REACHED"); err != nil {
				return err
			}
		}
		_, err := k.close(ctx, k.team.gp, w.outcome, "Synthetic: as agreed with the patient.")
		return err
	})
}
