package demo

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/coworkcare/coworkcare/platform/date"
)

type rowAnswer struct {
	PatientID    string `json:"patientId"`
	Coordination string `json:"coordination"`
	SickLeave    struct {
		DayNumber int     `json:"dayNumber"`
		Degree    int     `json:"degree"`
		GrossDays int     `json:"grossDays"`
		NetDays   float64 `json:"netDays"`
		Ongoing   bool    `json:"ongoing"`
	} `json:"sickLeave"`
	LastScore struct {
		Score float64 `json:"score"`
		Trend string  `json:"trend"`
	} `json:"lastScore"`
	Meeting struct {
		State string `json:"state"`
	} `json:"meeting"`
	MeetingFlagDays int `json:"meetingFlagDays"`
	OpenDecisions   []struct {
		Kind      string `json:"kind"`
		OwnerRole string `json:"ownerRole"`
	} `json:"openDecisions"`
	OverdueFollowUpCount int `json:"overdueFollowUpCount"`
	PictureVersion       int `json:"pictureVersion"`
}

// row is the patient's line of the centre's caseload.
func (w *walk) row(ctx context.Context, as Actor) (rowAnswer, error) {
	if err := w.clock.settle(ctx); err != nil {
		return rowAnswer{}, err
	}
	query := url.Values{"pageSize": {"200"}}
	for {
		var page struct {
			Rows          []rowAnswer `json:"rows"`
			NextPageToken string      `json:"nextPageToken"`
		}
		if err := w.client.get(ctx, as, "/v1/careUnits/"+w.team.unitID+"/caseload", query, &page); err != nil {
			return rowAnswer{}, err
		}
		for _, r := range page.Rows {
			if r.PatientID == w.patientID {
				w.show()
				return r, nil
			}
		}
		if page.NextPageToken == "" {
			return rowAnswer{}, fmt.Errorf("the patient has no line in the caseload of the centre")
		}
		query = clone(query)
		query.Set("pageToken", page.NextPageToken)
	}
}

// decides checks that a decision of some kind waits for a role.
func (r rowAnswer) decides(c *check, kind, role string) {
	for _, d := range r.OpenDecisions {
		if d.Kind == kind {
			equal(c, "who decides", d.OwnerRole, role)
			return
		}
	}
	c.that(false, "open decisions: expected %s, got %v", kind, r.OpenDecisions)
}

// onOneLine is the caseload's line at three points of the path.
func (w *walk) onOneLine(day0, first, meet, later date.Day, leaves []leave) {
	w.on(first.At(15, 10), "One line of the centre's caseload says where it stands: sick leave, score, what waits for the GP's decision", func(ctx context.Context, c *check) error {
		r, err := w.row(ctx, w.team.gp)
		if err != nil {
			return err
		}
		equal(c, "coordination", r.Coordination, "GRANTED")
		equal(c, "degree", r.SickLeave.Degree, 100)
		equal(c, "day", r.SickLeave.DayNumber, first.Sub(day0)+1)
		equal(c, "score", r.LastScore.Score, 26)
		r.decides(c, "RECOMMENDATION", roleGP)
		return nil
	})
	w.on(meet.At(15, 10), "The line after the meeting: held, no flag of a late one, the plan of the return waiting for the GP", func(ctx context.Context, c *check) error {
		r, err := w.row(ctx, w.team.careManager)
		if err != nil {
			return err
		}
		equal(c, "meeting", r.Meeting.State, "CONCLUDED")
		equal(c, "flag of a late meeting", r.MeetingFlagDays, 0)
		r.decides(c, "RETURN_PLAN", roleGP)
		return nil
	})
	w.on(later.At(15, 10), "The line in the seventh week: half time, better scores, days counted gross and net", func(ctx context.Context, c *check) error {
		r, err := w.row(ctx, w.team.coordinator)
		if err != nil {
			return err
		}
		gross, net := days(leaves, day0, later)
		equal(c, "degree", r.SickLeave.Degree, 50)
		equal(c, "gross days so far", r.SickLeave.GrossDays, gross)
		equal(c, "net days so far", r.SickLeave.NetDays, net)
		equal(c, "trend", r.LastScore.Trend, "BETTER")
		w.say("%d gross, %.2f net", r.SickLeave.GrossDays, r.SickLeave.NetDays)
		return nil
	})
}

// commonPlan is the one plan of all, once everybody has agreed to it.
func (w *walk) commonPlan(day date.Day) {
	w.on(day.At(10, 15), "One common plan: goals, steps of the return, agreed actions, each part with its owner and who has agreed", func(ctx context.Context, c *check) error {
		var plan struct {
			CarePlan struct {
				Goals []any `json:"goals"`
			} `json:"carePlan"`
			ReturnToWorkPlan returnPlanAnswer  `json:"returnToWorkPlan"`
			Agreements       []agreementAnswer `json:"agreements"`
			MissingParts     []any             `json:"missingParts"`
		}
		if err := w.client.get(ctx, w.team.gp, w.path("/commonPlan"), nil, &plan); err != nil {
			return err
		}
		equal(c, "goals", len(plan.CarePlan.Goals), 2)
		equal(c, "steps", len(plan.ReturnToWorkPlan.Steps), 4)
		equal(c, "agreed", len(plan.ReturnToWorkPlan.AgreedParties), 3)
		equal(c, "parts missing", len(plan.MissingParts), 0)
		if equal(c, "agreements", len(plan.Agreements), 1); len(plan.Agreements) == 1 {
			equal(c, "actions", len(plan.Agreements[0].Actions), 2)
			equal(c, "acknowledged by", len(plan.Agreements[0].Acknowledgements), 2)
		}
		return nil
	})
}

// locum is a GP who has never met the patient: the one-page brief waits to be read, and is read.
func (w *walk) locum(day date.Day) {
	var locum Actor
	w.on(day.At(9, 20), "A locum, who has never met the patient, takes over as GP: the one-page brief waits to be read", func(ctx context.Context, c *check) error {
		var err error
		if locum, err = w.hireLocum(ctx, day); err != nil {
			return err
		}
		episode, err := w.join(ctx, w.team.gp, roleGP, locum)
		if err != nil {
			return err
		}
		w.show()
		c.that(slices.Contains(episode.Team, memberAnswer{locum.PractitionerID, roleGP}), "team: expected the locum in it as GP")
		w.team.gp = locum
		if err := w.clock.settle(ctx); err != nil {
			return err
		}
		return w.waits(ctx, c, locum, "READ_PICTURE", "")
	})
	w.on(day.At(9, 30), "The locum reads it, who, why, plan, decisions, how the model works, and says \"I have read\"", func(ctx context.Context, c *check) error {
		type page struct {
			PictureVersion   int       `json:"pictureVersion"`
			ReadByCaller     bool      `json:"readByCaller"`
			HowTheModelWorks []string  `json:"howTheModelWorks"`
			Row              rowAnswer `json:"row"`
			MissingParts     []any     `json:"missingParts"`
		}
		var before, after page
		if err := w.client.get(ctx, locum, w.path("/brief"), nil, &before); err != nil {
			return err
		}
		equal(c, "read before", before.ReadByCaller, false)
		equal(c, "parts missing", len(before.MissingParts), 0)
		c.that(len(before.HowTheModelWorks) > 0, "expected a few words on how the model works, got none")
		equal(c, "version on the line", before.Row.PictureVersion, before.PictureVersion)
		if err := w.client.post(ctx, locum, w.path("/brief:confirmRead"), object{{"pictureVersion", before.PictureVersion}}, nil); err != nil {
			return err
		}
		w.show()
		if err := w.finds(ctx, c, locum, "READ_PICTURE", "", "READ"); err != nil {
			return err
		}
		err := w.client.get(ctx, locum, w.path("/brief"), nil, &after)
		equal(c, "read after", after.ReadByCaller, true)
		return err
	})
}

// hireLocum registers a GP who is new at the centre.
func (w *walk) hireLocum(ctx context.Context, day date.Day) (Actor, error) {
	var made struct {
		PractitionerID string `json:"practitionerId"`
	}
	err := w.client.post(ctx, operator, "/v1/practitioners", object{
		{"careProviderId", w.team.providerID}, {"givenName", "Vera"}, {"familyName", "Rönn-Test"}, {"hsaId", hsaPrefix + "L" + uuid.NewString()[:8]},
		{"employments", []object{{
			{"careUnitId", w.team.unitID}, {"roles", []string{roleGP}}, {"startDate", day}, {"endDate", day.AddDays(60)}, {"locum", true},
		}}},
	}, &made)
	return Actor{Role: tokenRole[roleGP], UnitID: w.team.unitID, PractitionerID: made.PractitionerID, Variable: "TOKEN_GP_LOCUM"}, err
}

// story is what happened, over all services.
func (w *walk) story(day date.Day) {
	w.on(day.At(11, 0), "The whole course on one timeline over all services: in order, nothing twice", func(ctx context.Context, c *check) error {
		entries, err := w.timeline(ctx)
		if err != nil {
			return err
		}
		seen, last := map[string]bool{}, time.Time{}
		milestones := []string{
			"patient.registered", "care_episode.started", "certificate.signed", "brief.acknowledged", "screening.recorded", "employer_contact.recorded",
			"dialogue_meeting.proposed", "dialogue_meeting.begun", "agreement.made", "return_to_work_plan.answered", "return_to_work_plan.held",
			"return_to_work_plan.completed", "care_plan.completed", "care_episode.closed",
		}
		all := len(milestones)
		for _, e := range entries {
			c.that(!seen[e.ID], "entry %s (%s) stands twice", e.ID, e.Type)
			c.that(!e.Time.Before(last), "entry %s (%s) stands after a later one", e.ID, e.Type)
			seen[e.ID], last = true, e.Time
			if len(milestones) > 0 && e.Type == milestones[0] {
				milestones = milestones[1:]
			}
		}
		c.that(len(milestones) == 0, "expected in this order, and did not find: %v", milestones)
		w.say("%d entries, %d milestones", len(entries), all)
		return nil
	})
}

type entryAnswer struct {
	ID   string    `json:"timelineEntryId"`
	Type string    `json:"type"`
	Time time.Time `json:"eventTime"`
}

func (w *walk) timeline(ctx context.Context) ([]entryAnswer, error) {
	if err := w.clock.settle(ctx); err != nil {
		return nil, err
	}
	query := url.Values{"oldestFirst": {"true"}, "pageSize": {"100"}}
	var all []entryAnswer
	for {
		var page struct {
			Entries       []entryAnswer `json:"timelineEntries"`
			NextPageToken string        `json:"nextPageToken"`
		}
		if err := w.client.get(ctx, w.team.careManager, w.path("/timeline"), query, &page); err != nil {
			return nil, err
		}
		if len(all) == 0 {
			w.show()
		}
		all = append(all, page.Entries...)
		if page.NextPageToken == "" {
			return all, nil
		}
		query = clone(query)
		query.Set("pageToken", page.NextPageToken)
	}
}

// waits checks that a follow-up of a kind stands open in somebody's own list.
func (w *walk) waits(ctx context.Context, c *check, as Actor, kind, subjectID string) error {
	if err := w.clock.settle(ctx); err != nil {
		return err
	}
	list, err := w.ownList(ctx, as)
	_, ok := find(list, kind, subjectID)
	c.that(ok, "expected %s in the list of the %s, got %d other items", kind, as.Role, len(list))
	return err
}

// finds checks that a follow-up of a kind has been completed by what was done, and that none about it is open any more.
func (w *walk) finds(ctx context.Context, c *check, as Actor, kind, subjectID, cause string) error {
	if err := w.clock.settle(ctx); err != nil {
		return err
	}
	all, err := w.followUps(ctx, as, kind, "")
	done, got := false, []string{}
	for _, f := range all {
		if subjectID != "" && f.SubjectID != subjectID {
			continue
		}
		c.that(f.State != "OPEN", "follow-up %s, due %s: expected it to have ended, got it open", kind, f.DueDate)
		done = done || f.State == "COMPLETED" && f.End.Cause == cause
		got = append(got, f.State+" "+f.End.Cause)
	}
	c.that(done, "follow-up %s: expected one COMPLETED by %s, got %v", kind, cause, got)
	return err
}
