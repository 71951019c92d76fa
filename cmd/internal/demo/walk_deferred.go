package demo

import (
	"context"
	"math/rand/v2"
	"net/http"

	"github.com/coworkcare/coworkcare/platform/date"
)

// begun is the first visit of a patient whose start is not what the walk is about: registered, assessed, on sick leave, consenting to
// coordination, taken on by care manager and coordinator.
func (w *walk) begun(ctx context.Context, c *check, dice *rand.Rand, day0 date.Day, a assessment, l leave) error {
	if err := w.enrol(ctx, c, dice, day0); err != nil {
		return err
	}
	a.sickLeave, a.referrals = true, []object{referTo(roleCareManager, ""), referTo(roleCoordinator, "")}
	if _, err := w.start(ctx, a); err != nil {
		return err
	}
	w.show()
	shown := w.shown
	if err := w.sign(ctx, c, l); err != nil {
		return err
	}
	w.shown, w.said = shown, ""
	if _, err := w.consent(ctx, w.team.gp, "grant"); err != nil {
		return err
	}
	if _, err := w.accept(ctx, w.team.careManager, roleCareManager); err != nil {
		return err
	}
	episode, err := w.accept(ctx, w.team.coordinator, roleCoordinator)
	equal(c, "in the team as coordinator", episode.member(roleCoordinator), w.team.coordinator.PractitionerID)
	return err
}

// called is the care manager's first contact, with a form, and a plan with contacts in some weeks.
func (w *walk) called(ctx context.Context, c *check, f form, weeks []int) error {
	now, err := w.clock.now(ctx)
	if err != nil {
		return err
	}
	booked, err := w.book(ctx, w.team.careManager, "FIRST", "", "PHONE", now)
	if err != nil {
		return err
	}
	held, err := w.record(ctx, w.team.careManager, booked.ContactID, 40, "Synthetic: told about the weeks before.")
	if err != nil {
		return err
	}
	w.show()
	shown := w.shown
	if err := w.form(ctx, c, held.ContactID, f); err != nil {
		return err
	}
	if _, err := w.draftPlan(ctx, "Back at work step by step", weeks); err != nil {
		return err
	}
	_, err = w.activatePlan(ctx, 0)
	w.shown = shown
	return err
}

// deferred writes the path of a third patient, too ill for a meeting at first: it waits for a day that is agreed on, nobody is nagged
// meanwhile, and it is held later.
func (w *walk) deferred(day0 date.Day, dice *rand.Rand) {
	w.whose, w.minute, w.chapter = " (third patient)", 8, "A third patient: the meeting deferred"
	day, next := day0.AddDays, date.AddWorkingDays(day0, 1)
	l, more := leave{day0, day(27), 100}, leave{day(28), day(69), 100}
	recheck := date.NextWorkingDay(day(42))
	w.on(day0.At(14, 0), "A third patient, severely ill (F32.2), is sick-listed at 100 %, consents to coordination, and is taken on by both", func(ctx context.Context, c *check) error {
		return w.begun(ctx, c, dice, day0, assessment{diagnosis: "F32.2", severity: "SEVERE", note: "Synthetic: cannot get up before noon."}, l)
	})
	w.on(next.At(15, 0), "First contact with the third patient, MADRS-S, and a plan in force", func(ctx context.Context, c *check) error {
		return w.called(ctx, c, form{total: 36, ninth: 1, band: "severe"}, []int{2, 4, 7})
	})
	w.employerOfThird(date.NextWorkingDay(day(7)))
	w.putOff(date.AddWorkingDays(date.NextWorkingDay(day(7)), 2), recheck)
	w.kept(next, 2, nil)
	asked := askedOn(l, day0)
	w.on(asked.At(9, 10), "The third patient's sick leave is extended at 100 %", func(ctx context.Context, c *check) error {
		return w.sign(ctx, c, more)
	})
	w.kept(next, 4, &form{total: 30, band: "moderate", change: -6})
	w.quiet(date.NextWorkingDay(day(33)), recheck)
	w.resumed(recheck)
	w.kept(next, 7, &form{total: 22, band: "moderate", change: -14})
	w.partly(date.AddWorkingDays(recheck, 7), day)
	end := date.NextWorkingDay(day(63))
	w.on(end.At(10, 0), "The third patient moves to another town; the plan for return to work is withdrawn with it", func(ctx context.Context, c *check) error {
		plan, err := w.onReturn(ctx, w.team.coordinator, "withdraw", object{{"reason", "Synthetic: followed by another centre from now on."}})
		equal(c, "state", plan.State, "WITHDRAWN")
		return err
	})
	w.closed(end, "REFERRED_ELSEWHERE")
}

// employerOfThird is what the first patient's walk shows step by step, in one: screening, brief, consent, early talk.
func (w *walk) employerOfThird(at date.Day) {
	w.on(at.At(14, 0), "Screening, brief and early talk with the third patient's employer, on a consent to contact and agreement alone", func(ctx context.Context, c *check) error {
		if _, err := w.screen(ctx, w.team.coordinator, "COORDINATED", "ACCEPTED"); err != nil {
			return err
		}
		if _, err := w.renewBrief(ctx); err != nil {
			return err
		}
		if _, err := w.readBrief(ctx); err != nil {
			return err
		}
		if err := w.clock.settle(ctx); err != nil {
			return err
		}
		var err error
		if w.firm, err = newFirm(ctx, w.client, w.team.coordinator, w.team.providerID, "Testkommunen (synthetic)"); err != nil {
			return err
		}
		if _, err := w.tell(ctx, itemContact, itemAgreement); err != nil {
			return err
		}
		talk, err := w.earlyTalk(ctx)
		w.show()
		equal(c, "warnings", len(talk.Warnings), 0)
		return err
	})
}

// putOff is the deferral: it names a day, and nobody defers in another's name.
func (w *walk) putOff(at, recheck date.Day) {
	w.on(at.At(10, 0), "A meeting is proposed; the GP finds the condition too poor and defers it to a day, and only the GP can in the GP's name (403)", func(ctx context.Context, c *check) error {
		if _, err := w.proposeMeeting(ctx); err != nil {
			return err
		}
		reason := object{{"by", "GENERAL_PRACTITIONER"}, {"reason", "CONDITION_TOO_POOR"}, {"recheckDate", recheck}}
		_, err := w.meet(ctx, w.team.coordinator, "defer", reason)
		c.that(refused(err, http.StatusForbidden, "ROLE_REQUIRED"), "deferred by the coordinator for the GP: expected 403 ROLE_REQUIRED, got %v", err)
		meeting, err := w.meet(ctx, w.team.gp, "defer", reason)
		w.show()
		equal(c, "state", meeting.State, "DEFERRED")
		equal(c, "looked at again", meeting.Deferral.RecheckDate, recheck.String())
		w.say("%s", recheck)
		return err
	})
}

// quiet checks, after thirty days of sick leave, that the flags of a late meeting and a late time plan pause.
func (w *walk) quiet(at, recheck date.Day) {
	w.on(at.At(9, 0), "After thirty days of sick leave no early flag is raised for the third patient: the deferral pauses them", func(ctx context.Context, c *check) error {
		all, err := w.followUps(ctx, w.team.coordinator, "", "OPEN")
		for _, f := range all {
			switch f.Kind {
			case "MEETING_MISSING_FIRST", "MEETING_MISSING_SECOND", "MEETING_MISSING_THIRD", "TIME_PLAN_MISSING", "PREPARE_MEETING":
				c.that(false, "follow-up %s: expected none before %s, got one due %s", f.Kind, recheck, f.DueDate)
			}
		}
		return err
	})
}

// resumed takes the meeting up on the day agreed, by video as the patient wishes, and holds it with a pause.
func (w *walk) resumed(recheck date.Day) {
	meet := date.AddWorkingDays(recheck, 3)
	w.on(recheck.At(13, 0), "On that day it is taken up again, prepared, and scheduled by video with the patient's agreement", func(ctx context.Context, c *check) error {
		if err := w.waits(ctx, c, w.team.coordinator, "RECHECK_MEETING", w.meetingID); err != nil {
			return err
		}
		meeting, err := w.meet(ctx, w.team.coordinator, "resume", object{})
		if err != nil {
			return err
		}
		equal(c, "state", meeting.State, "PROPOSED")
		if _, err := w.prepareMeeting(ctx); err != nil {
			return err
		}
		if meeting, err = w.schedule(ctx, meet.At(10, 30), "VIDEO", true); err != nil {
			return err
		}
		w.show()
		equal(c, "state", meeting.State, "SCHEDULED")
		equal(c, "place", meeting.Place, "VIDEO")
		w.say("%s 10:30", meet)
		return w.finds(ctx, c, w.team.coordinator, "RECHECK_MEETING", w.meetingID, "MEETING_ARRANGED")
	})
	w.on(meet.At(10, 30), "Begun without the four marks it takes a reason, which is kept with the meeting", func(ctx context.Context, c *check) error {
		if _, err := w.renewBrief(ctx); err != nil {
			return err
		}
		if _, err := w.readBrief(ctx); err != nil {
			return err
		}
		if err := w.clock.settle(ctx); err != nil {
			return err
		}
		_, err := w.meet(ctx, w.team.coordinator, "begin", object{})
		c.that(refused(err, http.StatusConflict, "DEVIATION_REASON_REQUIRED"), "begun without information: expected 409 DEVIATION_REASON_REQUIRED, got %v", err)
		meeting, err := w.meet(ctx, w.team.coordinator, "begin", object{
			{"participants", []string{thePatient, theEmployer, "MODERATOR", "GENERAL_PRACTITIONER"}},
			{"deviationReason", "Synthetic: the letters came back; told by phone the same morning."},
		})
		w.show()
		equal(c, "state", meeting.State, "ONGOING")
		equal(c, "departures kept", len(meeting.Deviations), 4)
		return err
	})
	w.on(meet.At(10, 50), "The third patient asks for a pause and gets it at once, no reason asked; then it goes on", func(ctx context.Context, c *check) error {
		if _, err := w.perspective(ctx, thePatient, "Synthetic: I am ashamed of having been away."); err != nil {
			return err
		}
		meeting, err := w.meet(ctx, w.team.careManager, "pause", object{})
		if err != nil {
			return err
		}
		w.show()
		equal(c, "state", meeting.State, "PAUSED")
		meeting, err = w.meet(ctx, w.team.coordinator, "resume", object{})
		equal(c, "state", meeting.State, "ONGOING")
		return err
	})
	w.on(meet.At(11, 15), "The third patient's meeting is concluded", func(ctx context.Context, c *check) error {
		if _, err := w.perspective(ctx, theEmployer, "Synthetic: there is nothing to be ashamed of."); err != nil {
			return err
		}
		meeting, err := w.meet(ctx, w.team.coordinator, "conclude", conclusion())
		equal(c, "state", meeting.State, "CONCLUDED")
		equal(c, "recorded as", meeting.Kind, "DIALOGUE_MEETING")
		return err
	})
}

// partly is the plan of the third patient's return, in which the GP gives another degree.
func (w *walk) partly(at date.Day, day func(int) date.Day) {
	w.on(at.At(14, 0), "The third patient's return is proposed at 50 %; the GP answers with 75 %, which is a version of its own", func(ctx context.Context, c *check) error {
		plan, err := w.proposeReturn(ctx, []leave{{day(70), day(83), 50}, {day(84), day(97), 25}, {day(98), day(111), 0}})
		if err != nil {
			return err
		}
		equal(c, "state", plan.State, "PROPOSED")
		plan, err = w.onReturn(ctx, w.team.gp, "answer", object{
			{"kind", "CHANGED"}, {"degrees", []object{{{"stepId", w.step(50).StepID}, {"degree", 75}}}}, {"reason", "Synthetic: half time is too much to begin with."},
		})
		w.show()
		equal(c, "state", plan.State, "ACCEPTED")
		equal(c, "version", plan.Version, 2)
		equal(c, "first degree", w.step(75).StartDate, day(70))
		return err
	})
}
