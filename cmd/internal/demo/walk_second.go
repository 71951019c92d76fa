package demo

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"

	"github.com/coworkcare/coworkcare/platform/date"
)

// withoutCoordination writes the path of a second patient, who declines coordination: care management runs on all the same, and
// nobody is nagged about it.
func (w *walk) withoutCoordination(day0 date.Day, dice *rand.Rand) {
	w.whose, w.minute, w.chapter = " (second patient)", 5, "A second patient: coordination declined"
	weeks := []int{1, 2, 4}
	next := date.AddWorkingDays(day0, 1)
	l := leave{day0, day0.AddDays(27), 50}
	w.on(day0.At(13, 0), "A second patient is registered and assessed (F43.8A), sick-listed at 50 % and referred", func(ctx context.Context, c *check) error {
		if err := w.enrol(ctx, c, dice, day0); err != nil {
			return err
		}
		episode, err := w.start(ctx, assessment{
			diagnosis: "F43.8A", severity: "MODERATE", sickLeave: true, note: "Synthetic: exhausted, long strain at work.",
			referrals: []object{referTo(roleCareManager, ""), referTo(roleCoordinator, "")},
		})
		if err != nil {
			return err
		}
		w.show()
		shown := w.shown
		equal(c, "state", episode.State, "OPEN")
		err = w.sign(ctx, c, l)
		w.shown, w.said = shown, ""
		return err
	})
	w.on(day0.At(13, 10), "The second patient declines coordination; the coordinator's referral stays out of every list", func(ctx context.Context, c *check) error {
		said, err := w.consent(ctx, w.team.gp, "decline")
		if err != nil {
			return err
		}
		equal(c, "state", said.State, "DECLINED")
		_, err = w.accept(ctx, w.team.coordinator, roleCoordinator)
		c.that(refused(err, http.StatusConflict, "COORDINATION_CONSENT_MISSING"), "coordinator accepts: expected 409 COORDINATION_CONSENT_MISSING, got %v", err)
		return nil
	})
	contactID := ""
	w.on(day0.At(13, 20), "The care manager accepts the second patient and books the first contact", func(ctx context.Context, c *check) error {
		episode, err := w.accept(ctx, w.team.careManager, roleCareManager)
		if err != nil {
			return err
		}
		equal(c, "referral to the coordinator", episode.referral(roleCoordinator).State, "AWAITING_CONSENT")
		booked, err := w.book(ctx, w.team.careManager, "FIRST", "", "PHONE", next.At(13, 30))
		contactID = booked.ContactID
		return err
	})
	w.on(next.At(13, 30), "First contact with the second patient, MADRS-S, and a plan in force", func(ctx context.Context, c *check) error {
		if _, err := w.record(ctx, w.team.careManager, contactID, 40, "Synthetic: wants peace and quiet, and to keep half of the work."); err != nil {
			return err
		}
		if err := w.form(ctx, c, contactID, form{total: 22, band: "moderate"}); err != nil {
			return err
		}
		if _, err := w.draftPlan(ctx, "Full time again after four weeks", weeks); err != nil {
			return err
		}
		plan, err := w.activatePlan(ctx, 0)
		if err != nil {
			return err
		}
		w.show()
		w.said = ""
		w.checkPlan(c, plan, next, weeks)
		return nil
	})
	w.on(next.At(13, 35), "Everybody on sick leave is screened: the care manager offers coordination once more, and the patient declines", func(ctx context.Context, c *check) error {
		screening, err := w.screen(ctx, w.team.careManager, "LIGHT", "DECLINED")
		if err != nil {
			return err
		}
		equal(c, "offer", screening.Offer, "DECLINED")
		if err := w.clock.settle(ctx); err != nil {
			return err
		}
		return w.ended(ctx, c, w.team.careManager, "SCREEN", "", "COMPLETED", "SCREENED")
	})
	w.on(next.At(13, 40), "The contacts with the second patient stand in the worklist", func(ctx context.Context, c *check) error {
		return w.contactsListed(ctx, c, next, weeks)
	})
	w.kept(next, 1, nil)
	w.kept(next, 2, nil)
	asked := askedFor(l)
	w.on(asked.At(9, 0), "The second patient's certificate is about to end: without a coordinator the GP is asked, once", func(ctx context.Context, c *check) error {
		return w.onlyTheGP(ctx, c)
	})
	w.kept(next, 4, nil)
	end := date.AddWorkingDays(plannedDay(next, 4), 1)
	w.on(end.At(9, 0), "In four weeks nobody was asked, reminded or called on to coordinate the second patient", func(ctx context.Context, c *check) error {
		return w.notNagged(ctx, c)
	})
	w.closed(end, "RETURNED_TO_WORK")
}

// onlyTheGP checks that the end of the certificate is the GP's to decide, without a copy to anybody, and ticks it off.
func (w *walk) onlyTheGP(ctx context.Context, c *check) error {
	list, err := w.ownList(ctx, w.team.gp)
	if err != nil {
		return err
	}
	f, ok := find(list, "CERTIFICATE_ENDING", w.lastLeave)
	c.that(ok, "expected CERTIFICATE_ENDING in the GP's list, got %d other items", len(list))
	equal(c, "role", f.OwnerRole, roleGP)
	copies, err := w.followUps(ctx, w.team.gp, "CERTIFICATE_ENDING_NOTICE", "OPEN")
	if err != nil || !ok {
		return err
	}
	equal(c, "open copies", len(copies), 0)
	done, err := w.completeFollowUp(ctx, w.team.gp, f.FollowUpID, "Synthetic: full time after this.")
	equal(c, "state", done.State, "COMPLETED")
	return err
}

// notNagged checks that no follow-up about the patient was ever the coordinators', and that the referral still waits for a consent.
func (w *walk) notNagged(ctx context.Context, c *check) error {
	list, err := w.unitList(ctx, w.team.coordinator, url.Values{"ownerRole": {roleCoordinator}})
	if err != nil {
		return err
	}
	equal(c, "items of the coordinators", len(list), 0)
	all, err := w.followUps(ctx, w.team.careManager, "", "")
	if err != nil {
		return err
	}
	for _, f := range all {
		c.that(f.OwnerRole != roleCoordinator, "follow-up %s: expected none of a coordinator's, got one, reminded of %d times", f.Kind, f.Reminders)
	}
	episode, err := w.episode(ctx, w.team.careManager)
	equal(c, "referral to the coordinator", episode.referral(roleCoordinator).State, "AWAITING_CONSENT")
	return err
}
