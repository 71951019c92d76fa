package demo

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/coworkcare/coworkcare/platform/date"
)

// told are the items that the walked patient lets the employer know; of work ability, diagnosis and scores it is told nothing.
func told() []string {
	return []string{itemContact, itemSickLeave, itemReturnPlan, itemPerspective, itemAgreement, itemContactWish}
}

// employerMet is the consent item by item, the duty information and the early talk.
func (w *walk) employerMet(day0 date.Day) {
	day := date.NextWorkingDay(day0.AddDays(7))
	w.on(day.At(13, 0), "The coordinator enters the employer, its workplace and the person to talk with", func(ctx context.Context, c *check) error {
		var err error
		w.firm, err = newFirm(ctx, w.client, w.team.coordinator, w.team.providerID, "Provbolaget AB (synthetic)")
		c.that(w.firm.employerID != "" && w.firm.personID != "", "expected the ids of an employer and a person, got %+v", w.firm)
		return err
	})
	w.on(day.At(13, 5), "Without the patient's consent for this employer there is no talk (409)", func(ctx context.Context, c *check) error {
		_, err := w.earlyTalk(ctx)
		c.that(refused(err, http.StatusConflict, "EMPLOYER_CONSENT_MISSING"), "early talk: expected 409 EMPLOYER_CONSENT_MISSING, got %v", err)
		return nil
	})
	w.on(day.At(13, 20), "The patient consents item by item: the employer may know of the plan, and not of diagnosis, scores and work ability", func(ctx context.Context, c *check) error {
		said, err := w.tell(ctx, told()...)
		if err != nil {
			return err
		}
		equal(c, "state", said.State, "GRANTED")
		var answer consentCheckAnswer
		err = w.client.ask(ctx, w.team.coordinator, w.path("/consents:check"),
			object{{"kind", "INFORMATION"}, {"receiverKind", "EMPLOYER"}, {"receiverId", w.firm.employerID}}, &answer)
		equal(c, "items asked about", len(answer.Items), 9)
		for _, item := range answer.Items {
			equal(c, "consents to "+item.ItemType, item.Consented, slices.Contains(told(), item.ItemType))
		}
		w.say("%d of %d items", len(told()), len(answer.Items))
		return err
	})
	contactID := ""
	w.on(day.At(13, 30), "What employers must know of their duties is sent, with its version", func(ctx context.Context, c *check) error {
		sent, err := w.dutyInformation(ctx)
		contactID = sent.EmployerContactID
		equal(c, "received", sent.AcknowledgeTime, "")
		return err
	})
	next := date.AddWorkingDays(day, 1)
	w.on(next.At(9, 0), "The employer confirms having received it", func(ctx context.Context, c *check) error {
		received, err := w.dutyReceived(ctx, contactID)
		c.that(received.AcknowledgeTime != "", "expected the time of the receipt, got none")
		return err
	})
	w.on(next.At(9, 20), "Early talk with the employer: how it sees the situation, which easier tasks there are", func(ctx context.Context, c *check) error {
		talk, err := w.earlyTalk(ctx)
		equal(c, "warnings, the brief having been read", len(talk.Warnings), 0)
		return err
	})
}

// looks checks what the employer would see now: these items and nothing else, and no word of what it is not to know.
func (w *walk) looks(ctx context.Context, c *check, shown ...string) error {
	view, err := w.view(ctx, w.team.coordinator)
	if err != nil {
		return err
	}
	got := view.shown()
	slices.Sort(got)
	slices.Sort(shown)
	equal(c, "items that the employer sees", fmt.Sprint(got), fmt.Sprint(shown))
	for _, item := range []string{itemDiagnosis, itemScores, itemWorkAbility} {
		c.that(slices.Contains(view.Withheld, item), "withheld items: expected %s among them, got %v", item, view.Withheld)
	}
	w.unsaid(c, "the employer's document", view.Document)
	w.say("%d items", len(got))
	return nil
}
