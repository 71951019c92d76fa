package demo

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/url"

	"github.com/coworkcare/coworkcare/platform/date"
)

// wholePath writes the path of one patient from the GP's assessment on day0, a working day, to the closed episode fifteen weeks later.
func (w *walk) wholePath(day0 date.Day, dice *rand.Rand) {
	day, first := day0.AddDays, date.AddWorkingDays(day0, 1)
	// Three weeks at first, then as the GP decides, each one when the end of the one before asks for it; from the sixth week on by the
	// steps of the plan, of which that at 50 % takes a week longer than was meant.
	full, more := leave{day0, day(20), 100}, leave{day(21), day(34), 100}
	three, half, longer, quarter := leave{day(35), day(41), 75}, leave{day(42), day(55), 50}, leave{day(56), day(62), 50}, leave{day(63), day(69), 25}
	r := returned{
		first:   []leave{three, half, {day(56), day(62), 25}, {day(63), day(90), 0}},
		revised: []leave{three, {half.from, longer.to, 50}, quarter, {day(70), day(97), 0}},
	}
	w.chapter = "The start: assessment, referrals, consent, first contact, plan"
	w.assessed(day0, full, dice)
	w.consented(day0)
	w.firstContact(day0, first)
	w.planned(first)

	w.chapter = "The team: brief, screening, work ability, note and recommendation, the certificate extended"
	w.briefed(day0, first)
	w.screened(first)
	w.advised(first)
	signed := w.firstExtended(full, more)

	w.chapter = "The employer: consent item by item, duty information, early talk"
	w.employerMet(day0)
	w.chapter = "The dialogue meeting"
	w.prepared(day0, first)
	meet := meetingDay(day0)
	inTime := action{words: "Synthetic: mornings in the archive, no calls", owner: theEmployer, horizon: "SHORT", adaptation: "FEWER_PARALLEL_TASKS", lead: 7, due: day(34)}
	late := action{words: "Synthetic: a quiet room", owner: theEmployer, horizon: "LONG", adaptation: "QUIET_ROOM", due: day(48)}
	w.held(day0, inTime, late)

	w.chapter = "The return to work, one step at a time"
	w.proposed(meet, r)
	w.commonPlan(date.AddWorkingDays(meet, 1))
	signed = w.extended(more, three, signed)
	signed = w.extended(three, half, signed)
	w.goesWell(date.NextWorkingDay(day(39)), 75, "At 75 % the coordinator asks how it goes: well")
	asked := w.asked(half, signed)
	signed = w.heldUp(asked, r, longer)
	signed = w.extended(longer, quarter, signed)
	w.goesWell(date.NextWorkingDay(day(66)), 25, "At 25 % it goes well")
	w.followedUp(inTime, late)

	w.chapter = "The care manager's contacts"
	w.followed(first)
	w.chapter = "The common picture"
	w.onOneLine(day0, first, meet, date.NextWorkingDay(day(43)), []leave{full, more, three, half})
	w.chapter = "Back at work"
	w.finished(day0, quarter, w.asked(quarter, signed))
	w.locum(date.NextWorkingDay(day(73)))
	w.back(date.NextWorkingDay(day(77)))
	w.ended12(first)
	w.lastCheck(date.NextWorkingDay(day(98)))
	w.story(date.NextWorkingDay(day(98)))
}

// assessed is the first visit: registration, episode with referrals, certificate.
func (w *walk) assessed(day0 date.Day, l leave, dice *rand.Rand) {
	w.on(day0.At(9, 0), "The medical secretary registers the patient, under a test identity number", func(ctx context.Context, c *check) error {
		return w.enrol(ctx, c, dice, day0)
	})
	w.on(day0.At(9, 5), "The GP starts a care episode (F32.1) and refers to care manager and coordinator in one call; repeated with its key it adds nothing", func(ctx context.Context, c *check) error {
		call := w.startCall(assessment{
			diagnosis: "F32.1", severity: "MODERATE", sickLeave: true, note: "Synthetic: low mood for six weeks, sleeps badly, cannot work.",
			referrals: []object{referTo(roleCareManager, "Please follow with MADRS-S."), referTo(roleCoordinator, "Please contact the employer.")},
		})
		var made, again episodeAnswer
		if err := w.client.Do(ctx, call, &made); err != nil {
			return err
		}
		w.episodeID, w.diagnosis = made.CareEpisodeID, "F32.1"
		if err := w.client.Do(ctx, call, &again); err != nil {
			return err
		}
		equal(c, "episode of the repeated call", again.CareEpisodeID, made.CareEpisodeID)
		equal(c, "state", made.State, "OPEN")
		equal(c, "referrals", len(made.Referrals), 2)
		equal(c, "referral to the care manager", made.referral(roleCareManager).State, "PENDING")
		equal(c, "referral to the coordinator", made.referral(roleCoordinator).State, "AWAITING_CONSENT")
		equal(c, "day by which the care manager answers", made.referral(roleCareManager).DueDate, date.AddWorkingDays(day0, 2))
		var list struct {
			CareEpisodes []episodeAnswer `json:"careEpisodes"`
		}
		if err := w.client.get(ctx, w.team.gp, w.path("/careEpisodes"), nil, &list); err != nil {
			return err
		}
		equal(c, "episodes of the patient", len(list.CareEpisodes), 1)
		return nil
	})
	w.on(day0.At(9, 10), "The GP signs a certificate of 100 % for three weeks", func(ctx context.Context, c *check) error {
		return w.sign(ctx, c, l)
	})
}

// sign drafts and signs a certificate and checks that it stands.
func (w *walk) sign(ctx context.Context, c *check, l leave) error {
	now, err := w.clock.now(ctx)
	if err != nil {
		return err
	}
	signed, err := w.certify(ctx, l, date.Of(now))
	if err != nil {
		return err
	}
	w.show()
	equal(c, "state", signed.State, "SIGNED")
	equal(c, "signed by", signed.SignedByPractitionerID, w.team.gp.PractitionerID)
	w.signed = append(w.signed, l)
	w.say("%s to %s", l.from, l.to)
	return nil
}

// consented is the patient's consent to coordination and what hangs on it.
func (w *walk) consented(day0 date.Day) {
	w.on(day0.At(9, 15), "The coordinator cannot take the referral on before the patient consents (409)", func(ctx context.Context, c *check) error {
		_, err := w.accept(ctx, w.team.coordinator, roleCoordinator)
		c.that(refused(err, http.StatusConflict, "COORDINATION_CONSENT_MISSING"), "expected 409 COORDINATION_CONSENT_MISSING, got %v", err)
		return nil
	})
	w.on(day0.At(9, 20), "The patient consents to coordination", func(ctx context.Context, c *check) error {
		said, err := w.consent(ctx, w.team.gp, "grant")
		if err != nil {
			return err
		}
		equal(c, "state", said.State, "GRANTED")
		var answer struct {
			Consented bool `json:"consented"`
		}
		if err := w.client.ask(ctx, w.team.coordinator, w.path("/consents:check"), object{{"kind", "COORDINATION"}}, &answer); err != nil {
			return err
		}
		c.that(answer.Consented, "consents:check: expected that the patient consents, got that not")
		return nil
	})
	w.on(day0.At(9, 30), "Care manager and coordinator accept", func(ctx context.Context, c *check) error {
		if _, err := w.accept(ctx, w.team.careManager, roleCareManager); err != nil {
			return err
		}
		episode, err := w.accept(ctx, w.team.coordinator, roleCoordinator)
		if err != nil {
			return err
		}
		for role, who := range map[string]Actor{roleGP: w.team.gp, roleCareManager: w.team.careManager, roleCoordinator: w.team.coordinator} {
			equal(c, "in the team as "+role, episode.member(role), who.PractitionerID)
		}
		for _, role := range []string{roleCareManager, roleCoordinator} {
			equal(c, "referral to "+role, episode.referral(role).State, "ACCEPTED")
		}
		return nil
	})
}

// firstContact is booked within a working day, and held with a form.
func (w *walk) firstContact(day0, first date.Day) {
	contactID := ""
	w.on(day0.At(9, 40), "The care manager's worklist asks for a first contact to be booked within a working day", func(ctx context.Context, c *check) error {
		list, err := w.unitList(ctx, w.team.careManager, url.Values{"ownerRole": {roleCareManager}})
		if err != nil {
			return err
		}
		book, ok := find(list, "BOOK_FIRST_CONTACT", "")
		c.that(ok, "expected BOOK_FIRST_CONTACT in the care manager's worklist, got %d other items", len(list))
		equal(c, "due", book.DueDate, first)
		equal(c, "owner", book.OwnerPractitionerID, w.team.careManager.PractitionerID)
		equal(c, "overdue", book.Overdue, false)
		hold, _ := find(list, "HOLD_FIRST_CONTACT", "")
		equal(c, "first contact held by", hold.DueDate, date.AddWorkingDays(day0, 5))
		w.say("due %s", book.DueDate)
		return w.ended(ctx, c, w.team.careManager, "ANSWER_REFERRAL", "", "COMPLETED", "REFERRAL_ANSWERED")
	})
	w.on(day0.At(9, 45), "The care manager books it for the next working day", func(ctx context.Context, c *check) error {
		booked, err := w.book(ctx, w.team.careManager, "FIRST", "", "PHONE", first.At(10, 30))
		if err != nil {
			return err
		}
		contactID = booked.ContactID
		equal(c, "state", booked.State, "BOOKED")
		if err := w.clock.settle(ctx); err != nil {
			return err
		}
		return w.ended(ctx, c, w.team.careManager, "BOOK_FIRST_CONTACT", w.episodeID, "COMPLETED", "CONTACT_BOOKED")
	})
	w.on(first.At(10, 25), "A form can be scored without keeping it (preview): a pressing answer to the safety item shows", func(ctx context.Context, c *check) error {
		var pressing, plain assessmentAnswer
		preview := func(ninth int, answer *assessmentAnswer) error {
			return w.client.ask(ctx, w.team.careManager, "/v1/assessments:preview",
				object{{"instrument", "MADRS-S"}, {"answers", madrs(26, ninth)}, {"previousScores", []int{}}}, answer)
		}
		if err := preview(3, &pressing); err != nil {
			return err
		}
		if err := preview(1, &plain); err != nil {
			return err
		}
		equal(c, "score", pressing.TotalScore, 26)
		equal(c, "safety flag at 3", pressing.SafetyFlag, true)
		equal(c, "safety level at 3", pressing.SafetyLevel, "review")
		equal(c, "safety flag at 1", plain.SafetyFlag, false)
		return nil
	})
	w.on(first.At(10, 30), "The care manager holds the first contact", func(ctx context.Context, c *check) error {
		held, err := w.record(ctx, w.team.careManager, contactID, 45, "Synthetic: told about the weeks before; wants to be back at work.")
		if err != nil {
			return err
		}
		equal(c, "state", held.State, "HELD")
		if err := w.clock.settle(ctx); err != nil {
			return err
		}
		return w.ended(ctx, c, w.team.careManager, "HOLD_FIRST_CONTACT", w.episodeID, "COMPLETED", "CONTACT_HELD")
	})
	w.on(first.At(10, 40), "MADRS-S, the safety item among its answers", func(ctx context.Context, c *check) error {
		return w.form(ctx, c, contactID, form{total: 26, ninth: 1, band: "moderate"})
	})
}

// form is a MADRS-S with what it should mean.
type form struct {
	total, ninth int
	band         string
	change       float64 // 0 for the first
	response     bool
	remission    bool
}

func (w *walk) form(ctx context.Context, c *check, contactID string, want form) error {
	got, err := w.assess(ctx, w.team.careManager, "MADRS-S", madrs(want.total, want.ninth), contactID)
	if err != nil {
		return err
	}
	equal(c, "score", got.TotalScore, want.total)
	equal(c, "band", got.Band, want.band)
	equal(c, "safety flag", got.SafetyFlag, false)
	equal(c, "response", got.Response, want.response)
	equal(c, "remission", got.Remission, want.remission)
	change := 0.0
	if got.Change != nil {
		change = *got.Change
	}
	equal(c, "change", change, want.change)
	said := map[bool]string{true: ", response (fallen by half)"}[got.Response] + map[bool]string{true: ", remission"}[got.Remission]
	w.say("%d, %s%s, no safety flag", got.TotalScore, got.Band, said)
	return nil
}

// planned is the plan and its contacts in the worklist.
func (w *walk) planned(first date.Day) {
	w.on(first.At(10, 50), "Patient and care manager write a plan: goals, activities, eight contacts over twelve weeks", func(ctx context.Context, c *check) error {
		draft, err := w.draftPlan(ctx, "Half time by week 8, full time by week 11", nil)
		equal(c, "state", draft.State, "DRAFT")
		return err
	})
	w.on(first.At(11, 0), "The plan is put in force; its contacts are planned on working days", func(ctx context.Context, c *check) error {
		plan, err := w.activatePlan(ctx, 0)
		if err != nil {
			return err
		}
		w.checkPlan(c, plan, first, defaultWeeks())
		return nil
	})
	w.on(first.At(11, 10), "All of them stand in the care manager's worklist", func(ctx context.Context, c *check) error {
		return w.contactsListed(ctx, c, first, defaultWeeks())
	})
}

func (w *walk) checkPlan(c *check, plan planAnswer, start date.Day, weeks []int) {
	equal(c, "state", plan.State, "ACTIVE")
	equal(c, "planned contacts", len(plan.PlannedContacts), len(weeks))
	for i, p := range plan.PlannedContacts[:min(len(weeks), len(plan.PlannedContacts))] {
		equal(c, "week", p.Week, weeks[i])
		equal(c, "planned day", p.PlannedDate, plannedDay(start, weeks[i]))
		c.that(date.IsWorkingDay(p.PlannedDate), "planned day %s: expected a working day", p.PlannedDate)
	}
}

func (w *walk) contactsListed(ctx context.Context, c *check, start date.Day, weeks []int) error {
	list, err := w.unitList(ctx, w.team.careManager, url.Values{"ownerRole": {roleCareManager}, "kind": {"HOLD_PLANNED_CONTACT"}})
	if err != nil {
		return err
	}
	equal(c, "contacts in the worklist", len(list), len(weeks))
	for i, f := range list[:min(len(weeks), len(list))] {
		equal(c, "due", f.DueDate, plannedDay(start, weeks[i]))
		equal(c, "owner", f.OwnerPractitionerID, w.team.careManager.PractitionerID)
	}
	if len(list) > 0 {
		w.say("%d, from %s to %s", len(list), list[0].DueDate, list[len(list)-1].DueDate)
	}
	return nil
}
