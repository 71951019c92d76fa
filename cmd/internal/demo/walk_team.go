package demo

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/coworkcare/coworkcare/platform/date"
)

// briefed is the care manager's brief to the coordinator: asked for, written, read.
func (w *walk) briefed(day0, first date.Day) {
	w.on(day0.At(11, 0), "The coordinator asks the care manager for a brief before any employer is met", func(ctx context.Context, c *check) error {
		brief, err := w.requestBrief(ctx)
		equal(c, "state", brief.State, "REQUESTED")
		equal(c, "asked for by", brief.RequestedByPractitoner, w.team.coordinator.PractitionerID)
		if err != nil {
			return err
		}
		return w.waits(ctx, c, w.team.careManager, "WRITE_BRIEF", brief.BriefID)
	})
	w.on(first.At(13, 0), "The care manager writes it: the situation, what helps, what is better avoided", func(ctx context.Context, c *check) error {
		brief, err := w.writeBrief(ctx)
		equal(c, "state", brief.State, "WRITTEN")
		if err != nil {
			return err
		}
		return errors.Join(w.finds(ctx, c, w.team.careManager, "WRITE_BRIEF", brief.BriefID, "BRIEF_WRITTEN"),
			w.waits(ctx, c, w.team.coordinator, "READ_BRIEF", brief.BriefID))
	})
	w.on(first.At(13, 15), "The coordinator says \"I have read\"", func(ctx context.Context, c *check) error {
		brief, err := w.readBrief(ctx)
		equal(c, "state", brief.State, "ACKNOWLEDGED")
		equal(c, "read by", brief.AcknowledgedBy, w.team.coordinator.PractitionerID)
		if err != nil {
			return err
		}
		return w.finds(ctx, c, w.team.coordinator, "READ_BRIEF", brief.BriefID, "READ")
	})
}

// screened is the coordinator's screening, its offer, and the assessment of work ability.
func (w *walk) screened(first date.Day) {
	w.on(first.At(14, 0), "The coordinator screens the need of coordination and offers it; the patient accepts", func(ctx context.Context, c *check) error {
		screening, err := w.screen(ctx, w.team.coordinator, "COORDINATED", "ACCEPTED")
		equal(c, "need", screening.Need, "COORDINATED")
		equal(c, "offer", screening.Offer, "ACCEPTED")
		if err != nil {
			return err
		}
		return w.finds(ctx, c, w.team.coordinator, "SCREEN", "", "SCREENED")
	})
	w.on(first.At(14, 20), "The coordinator assesses work ability: function, activity, the demands of the work, what helps", func(ctx context.Context, c *check) error {
		made, err := w.assessWorkAbility(ctx, first)
		w.workAbilityID = made.WorkAbilityAssessmentID
		equal(c, "made by", made.PractitionerID, w.team.coordinator.PractitionerID)
		return err
	})
}

// advised is what the care manager tells the GP: a note that must be read, and a recommendation that is answered.
func (w *walk) advised(first date.Day) {
	noteID, recommendationID := "", ""
	w.on(first.At(14, 40), "The care manager writes a note that the GP must read; until then it is listed as unread", func(ctx context.Context, c *check) error {
		note, err := w.note(ctx, "Synthetic: sleeps four hours; please look at the evening dose.")
		if err != nil {
			return err
		}
		noteID = note.NoteID
		var unread struct {
			Notes []noteAnswer `json:"notes"`
		}
		err = w.client.get(ctx, w.team.gp, w.path("/notes"), url.Values{"unread": {"true"}}, &unread)
		equal(c, "unread notes", len(unread.Notes), 1)
		if err != nil {
			return err
		}
		return w.waits(ctx, c, w.team.gp, "READ_NOTE", noteID)
	})
	w.on(first.At(14, 50), "The care manager recommends a review of the medication", func(ctx context.Context, c *check) error {
		advice, err := w.recommend(ctx, "MEDICATION_REVIEW", "Synthetic: raise the dose after two weeks.", "Synthetic: little sleep, MADRS-S 26.")
		recommendationID = advice.RecommendationID
		equal(c, "state", advice.State, "OPEN")
		if err != nil {
			return err
		}
		return w.waits(ctx, c, w.team.gp, "ANSWER_RECOMMENDATION", recommendationID)
	})
	next := date.AddWorkingDays(first, 1)
	w.on(next.At(9, 0), "The GP says \"I have read\" of the note; having fetched it would not do", func(ctx context.Context, c *check) error {
		var fetched noteAnswer
		if err := w.client.get(ctx, w.team.gp, w.path("/notes/"+noteID), nil, &fetched); err != nil {
			return err
		}
		note, err := w.readNote(ctx, noteID)
		w.show()
		for read, n := range map[bool]noteAnswer{false: fetched, true: note} {
			if equal(c, "readers", len(n.MandatoryReaders), 1); len(n.MandatoryReaders) == 1 {
				equal(c, "read", n.MandatoryReaders[0].AcknowledgedBy != "", read)
			}
		}
		if err != nil {
			return err
		}
		return w.finds(ctx, c, w.team.gp, "READ_NOTE", noteID, "READ")
	})
	w.on(next.At(9, 10), "The GP answers the recommendation: changed, with a reason", func(ctx context.Context, c *check) error {
		var before recommendationAnswer
		if err := w.client.get(ctx, w.team.gp, w.path("/recommendations/"+recommendationID), nil, &before); err != nil {
			return err
		}
		equal(c, "age in days before the answer", before.AgeDays, next.Sub(first))
		answered, err := w.changeRecommendation(ctx, recommendationID, "Synthetic: same dose, taken in the evening; then we see.", "Synthetic: two weeks are too short to judge the effect.")
		w.show()
		equal(c, "state", answered.State, "CHANGED")
		equal(c, "answered by", answered.Answer.PractitionerID, w.team.gp.PractitionerID)
		c.that(answered.Answer.Reason != "" && answered.Answer.ChangedText != "", "answer: expected a reason and what is done instead, got %q and %q", answered.Answer.Reason, answered.Answer.ChangedText)
		w.say("after %d days", before.AgeDays)
		if err != nil {
			return err
		}
		return w.finds(ctx, c, w.team.gp, "ANSWER_RECOMMENDATION", recommendationID, "ANSWERED")
	})
}

// draft asks for the prefilled draft of an extension and checks that each field names its source and that what changes is marked.
func (w *walk) draft(ctx context.Context, c *check, planned bool, next leave) (draftAnswer, error) {
	draft, err := w.draftExtension(ctx)
	if err != nil {
		return draft, err
	}
	equal(c, "state", draft.State, "DRAFT")
	from, changed := "CERTIFICATE", "[periods bases]"
	if !planned {
		// The first extension comes after the coordinator's assessment, which is newer than the certificate.
		from, changed = "WORK_ABILITY_ASSESSMENT", "[periods bases function_limitation activity_limitation]"
		equal(c, "source of activity_limitation", draft.source("activity_limitation"), from)
	}
	equal(c, "source of function_limitation", draft.source("function_limitation"), from)
	equal(c, "source of diagnosis_codes", draft.source("diagnosis_codes"), "CERTIFICATE")
	equal(c, "source of occupation", draft.source("occupation"), "CERTIFICATE")
	equal(c, "changed since the last", fmt.Sprint(draft.ChangedFields), changed)
	if planned {
		equal(c, "source of periods", draft.source("periods"), "RETURN_TO_WORK_PLAN")
		if equal(c, "periods", len(draft.Periods), 1); len(draft.Periods) == 1 {
			p := draft.Periods[0]
			equal(c, "period from the plan", leave{p.StartDate, p.EndDate, p.Degree}, next)
		}
	}
	return draft, nil
}

// signOff completes a prefilled draft and signs it.
func (w *walk) signOff(ctx context.Context, c *check, draft draftAnswer, next leave, day date.Day) error {
	completed, err := w.completeDraft(ctx, draft, next, day)
	if err != nil {
		return err
	}
	equal(c, "fields typed anew are marked", fmt.Sprint(completed.ChangedFields), fmt.Sprint(draft.ChangedFields))
	signed, err := w.signDraft(ctx, completed)
	if err != nil {
		return err
	}
	w.show()
	equal(c, "state", signed.State, "SIGNED")
	w.signed = append(w.signed, next)
	w.say("%d %%, %s to %s", next.degree, next.from, next.to)
	return nil
}
