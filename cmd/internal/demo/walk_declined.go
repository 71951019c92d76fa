package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"

	"github.com/coworkcare/coworkcare/platform/date"
)

// withoutEmployer writes the path of a fourth patient, who has a coordinator but does not want the employer to be contacted: whatever
// would reach the employer is refused, care goes on, and nobody is nagged about it.
func (w *walk) withoutEmployer(day0 date.Day, dice *rand.Rand) {
	w.whose, w.minute, w.chapter = " (fourth patient)", 12, "A fourth patient: no contact with the employer"
	day, next := day0.AddDays, date.AddWorkingDays(day0, 1)
	l, more := leave{day0, day(20), 50}, leave{day(21), day(41), 50}
	at := date.NextWorkingDay(day(7))
	w.on(day0.At(15, 0), "A fourth patient (F43.2) is sick-listed at 50 %, consents to coordination, and is taken on by both", func(ctx context.Context, c *check) error {
		return w.begun(ctx, c, dice, day0, assessment{diagnosis: "F43.2", severity: "MILD", note: "Synthetic: strain at work; afraid of talk there."}, l)
	})
	w.on(next.At(15, 30), "First contact with the fourth patient, MADRS-S, and a plan in force", func(ctx context.Context, c *check) error {
		return w.called(ctx, c, form{total: 18, band: "mild"}, []int{2, 5})
	})
	w.on(at.At(14, 20), "The fourth patient is screened, and declines that the employer is contacted", func(ctx context.Context, c *check) error {
		if _, err := w.screen(ctx, w.team.coordinator, "LIGHT", "ACCEPTED"); err != nil {
			return err
		}
		var err error
		if w.firm, err = newFirm(ctx, w.client, w.team.coordinator, w.team.providerID, "Exempelskolan (synthetic)"); err != nil {
			return err
		}
		said, err := w.tellNothing(ctx)
		w.show()
		equal(c, "state", said.State, "DECLINED")
		return err
	})
	w.on(at.At(14, 30), "Whatever would reach the fourth patient's employer is refused: talk, duty information, meeting (409); the employer sees nothing", func(ctx context.Context, c *check) error {
		return w.walled(ctx, c, at)
	})
	w.kept(next, 2, nil)
	w.on(askedOn(l, day0).At(9, 20), "The fourth patient's sick leave is extended at 50 %", func(ctx context.Context, c *check) error {
		return w.sign(ctx, c, more)
	})
	w.on(askedOn(more, askedOn(l, day0)).At(9, 20), "The fourth patient needs no more; the coordinator ticks it off", func(ctx context.Context, c *check) error {
		f, err := w.followUp(ctx, w.team.coordinator, "CERTIFICATE_ENDING", w.lastLeave)
		if err != nil {
			return err
		}
		done, err := w.completeFollowUp(ctx, w.team.coordinator, f.FollowUpID, "Synthetic: full time after this.")
		equal(c, "state", done.State, "COMPLETED")
		return err
	})
	w.kept(next, 5, &form{total: 8, band: "none-or-very-mild", change: -10, response: true, remission: true})
	end := date.NextWorkingDay(day(42))
	w.on(end.At(9, 0), "In six weeks nobody was asked, reminded or called on about the fourth patient's employer", func(ctx context.Context, c *check) error {
		return w.leftInPeace(ctx, c)
	})
	w.closed(end, "RETURNED_TO_WORK")
}

// walled checks that consent is a wall wherever something would reach the employer.
func (w *walk) walled(ctx context.Context, c *check, at date.Day) error {
	wall := func(what string, err error) {
		c.that(refused(err, http.StatusConflict, "EMPLOYER_CONSENT_MISSING"), "%s: expected 409 EMPLOYER_CONSENT_MISSING, got %v", what, err)
	}
	_, err := w.earlyTalk(ctx)
	wall("early talk", err)
	_, err = w.dutyInformation(ctx)
	wall("duty information", err)
	// To propose a meeting tells the employer nothing yet.
	if _, err := w.proposeMeeting(ctx); err != nil {
		return err
	}
	_, err = w.schedule(ctx, date.AddWorkingDays(at, 3).At(13, 0), "", false)
	wall("meeting", err)
	view, err := w.view(ctx, w.team.coordinator)
	if err != nil {
		return err
	}
	equal(c, "items that the employer sees", fmt.Sprint(view.shown()), "[]")
	equal(c, "document for the employer", view.Document, "")
	meeting, err := w.meet(ctx, w.team.coordinator, "decline", object{})
	equal(c, "meeting", meeting.State, "DECLINED")
	return err
}

// leftInPeace checks that no follow-up about the employer's half is open, or was ever overdue.
func (w *walk) leftInPeace(ctx context.Context, c *check) error {
	all, err := w.followUps(ctx, w.team.coordinator, "", "")
	about := []string{
		"PREPARE_MEETING", "GIVE_INFORMATION", "CONCLUDE_MEETING", "RECHECK_MEETING", "AGREED_ACTION",
		"MEETING_MISSING_FIRST", "MEETING_MISSING_SECOND", "MEETING_MISSING_THIRD", "WRITE_BRIEF", "READ_BRIEF",
	}
	for _, f := range all {
		if slices.Contains(about, f.Kind) {
			c.that(f.State != "OPEN", "follow-up %s: expected none open, got one due %s", f.Kind, f.DueDate)
			equal(c, "reminders of "+f.Kind, f.Reminders, 0)
		}
	}
	return err
}
