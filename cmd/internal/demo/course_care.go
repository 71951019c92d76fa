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
	w.treatmentAnswer(next)
	if w.declinedRC == "" && w.noTreatment == "" {
		return
	}
	w.on(date.AddWorkingDays(next, 1), afternoon, "refusal read by the GP", func(ctx context.Context) error {
		return w.tick(ctx, "REFERRAL_DECLINED_NOTICE", "Synthetic: read; the care manager goes on alone.")
	})
}

// treatmentAnswer is the answer to the referral for treatment, and the first session.
func (w *writer) treatmentAnswer(day date.Day) {
	if w.treating == "" {
		return
	}
	k, contactID := w.chart, ""
	if w.noTreatment != "" {
		w.on(day, afternoon, "treatment turned down", func(ctx context.Context) error {
			return k.decline(ctx, k.team.therapist, w.treatment, w.noTreatment)
		})
		return
	}
	session := date.AddWorkingDays(day, 6)
	w.on(day, afternoon, "treatment accepted", func(ctx context.Context) error {
		if _, err := k.accept(ctx, k.team.therapist, w.treatment); err != nil {
			return err
		}
		booked, err := k.book(ctx, k.team.therapist, "EXTRA", "", "VISIT", afternoon.on(session))
		contactID = booked.ContactID
		return err
	})
	w.on(session, late, "session held", func(ctx context.Context) error {
		_, err := k.record(ctx, k.team.therapist, contactID, 45, "Synthetic: first session; what keeps the strain going.")
		return err
	})
}

// tick completes the GP's or, where the GP may, somebody else's open follow-up of a kind; nothing when there is none.
func (w *writer) tick(ctx context.Context, kind, note string) error {
	open, err := w.chart.followUps(ctx, w.chart.team.gp, kind, "OPEN")
	if err != nil || len(open) == 0 {
		return err
	}
	_, err = w.chart.completeFollowUp(ctx, w.chart.team.gp, open[0].FollowUpID, note)
	return err
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
	day := max(askedFor(last), date.AddWorkingDays(w.begin, 3))
	w.on(day, afternoon, "copy read by the GP", func(ctx context.Context) error {
		return w.tick(ctx, "CERTIFICATE_ENDING_NOTICE", "Synthetic: read.")
	})
	switch {
	case w.snooze:
		w.on(day, late, "decision put off to the visit", func(ctx context.Context) error {
			open, err := k.followUps(ctx, k.team.gp, "CERTIFICATE_ENDING", "OPEN")
			if err != nil || len(open) == 0 {
				return err
			}
			return k.snooze(ctx, k.team.gp, open[0].FollowUpID, last.to.AddDays(-1), "Synthetic: the patient sees the GP the day before the certificate ends.")
		})
	case !w.close.IsZero():
		w.on(day, late, "no more sick leave", func(ctx context.Context) error {
			return w.tick(ctx, "CERTIFICATE_ENDING", "Synthetic: no more sick leave after this.")
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
	if w.flagToday > 0 {
		w.on(w.today, morning, "form with a pressing answer", func(ctx context.Context) error {
			_, err := w.chart.assess(ctx, w.chart.team.careManager, "PHQ-9", []int{2, 2, 1, 2, 1, 2, 1, 1, w.flagToday}, "")
			return err
		})
	}
	if w.ask != "" {
		w.on(date.AddWorkingDays(w.today, -1), afternoon, "question to the GP", func(ctx context.Context) error {
			return w.chart.ask(ctx, w.chart.team.careManager, w.ask, roleGP, date.NextWorkingDay(w.today))
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
