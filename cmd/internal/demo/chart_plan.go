package demo

import (
	"context"
	"fmt"
	"maps"
	"net/url"

	"github.com/coworkcare/coworkcare/platform/date"
)

// defaultWeeks are the weeks of contact of a plan that names none.
func defaultWeeks() []int { return []int{1, 2, 3, 4, 6, 8, 10, 12} }

// plannedDay is the working day on which a plan's contact of a week falls, as the contract promises it.
func plannedDay(start date.Day, week int) date.Day {
	return date.NextWorkingDay(start.AddDays(7 * week))
}

// draftPlan writes the plan that patient and care manager agree on. No weeks: the default schedule.
func (c *chart) draftPlan(ctx context.Context, goal string, weeks []int) (planAnswer, error) {
	body := object{
		{"careEpisodeId", c.episodeID},
		{"problems", "Synthetic: low mood, poor sleep, worry about work"},
		{"strengths", "Synthetic: a friend to walk with, likes the trade, has recovered before"},
		{"goals", []object{
			{{"kind", "RETURN_TO_WORK"}, {"target", goal}, {"owner", "PATIENT"}},
			{{"kind", "SLEEP"}, {"target", "Up at seven, also on days off"}, {"owner", "PATIENT"}},
		}},
		{"activities", []object{
			{{"kind", "BEHAVIOURAL_ACTIVATION"}, {"description", "A walk every day before noon"}, {"owner", "PATIENT"}},
			{{"kind", "MEDICATION"}, {"description", "Follow up effect and side effects at each contact"}, {"owner", "CARE_MANAGER"}},
			{{"kind", "KEEP_IN_TOUCH_WITH_WORK"}, {"description", "Coffee with a colleague once a week"}, {"owner", "PATIENT"}},
		}},
		{"relapsePrevention", "Synthetic: sleepless nights three in a row; call the care manager"},
	}
	if len(weeks) > 0 {
		body = append(body, field{"schedule", object{{"weeks", weeks}, {"channel", "PHONE"}}})
	}
	var answer planAnswer
	err := c.client.post(ctx, c.team.careManager, c.path("/carePlans"), body, &answer)
	c.planID = answer.CarePlanID
	return answer, err
}

// activatePlan puts the plan in force; its weeks are counted from a day (none: today).
func (c *chart) activatePlan(ctx context.Context, start date.Day) (planAnswer, error) {
	body := object{}
	if !start.IsZero() {
		body = append(body, field{"startDate", start})
	}
	var answer planAnswer
	err := c.client.post(ctx, c.team.careManager, c.path("/carePlans/"+c.planID+":activate"), body, &answer)
	c.planned = answer.PlannedContacts
	return answer, err
}

func (c *chart) completePlan(ctx context.Context, outcome string) (planAnswer, error) {
	var answer planAnswer
	err := c.client.post(ctx, c.team.careManager, c.path("/carePlans/"+c.planID+":complete"), object{{"outcome", outcome}}, &answer)
	return answer, err
}

// plannedID is the id of the plan's contact of a week.
func (c *chart) plannedID(week int) (string, error) {
	for _, p := range c.planned {
		if p.Week == week {
			return p.PlannedContactID, nil
		}
	}
	return "", fmt.Errorf("the plan has no contact in week %d", week)
}

// followUps lists the patient's follow-ups; kind and state "" take all.
func (c *chart) followUps(ctx context.Context, as Actor, kind, state string) ([]followUpAnswer, error) {
	query := url.Values{}
	if kind != "" {
		query.Set("kind", kind)
	}
	if state != "" {
		query.Set("state", state)
	}
	return listFollowUps(ctx, c.client, as, c.path("/followUps"), query)
}

// followUp is the patient's one follow-up of a kind about something; an error when there is none.
func (c *chart) followUp(ctx context.Context, as Actor, kind, subjectID string) (followUpAnswer, error) {
	all, err := c.followUps(ctx, as, kind, "")
	if err != nil {
		return followUpAnswer{}, err
	}
	for _, f := range all {
		if subjectID == "" || f.SubjectID == subjectID {
			return f, nil
		}
	}
	return followUpAnswer{}, fmt.Errorf("follow-up %s: expected one for the patient, got none", kind)
}

// listFollowUps reads every page of a list of follow-ups.
func listFollowUps(ctx context.Context, client *Client, as Actor, path string, query url.Values) ([]followUpAnswer, error) {
	query = clone(query)
	query.Set("pageSize", "200")
	var all []followUpAnswer
	for {
		var answer followUpsAnswer
		if err := client.get(ctx, as, path, query, &answer); err != nil {
			return nil, err
		}
		all = append(all, answer.FollowUps...)
		if answer.NextPageToken == "" {
			return all, nil
		}
		query = clone(query) // whoever watches the calls keeps the page before
		query.Set("pageToken", answer.NextPageToken)
	}
}

func clone(query url.Values) url.Values {
	copied := url.Values{}
	maps.Copy(copied, query)
	return copied
}

// completeFollowUp says that a follow-up was done.
func (c *chart) completeFollowUp(ctx context.Context, as Actor, id, note string) (followUpAnswer, error) {
	var answer followUpAnswer
	err := c.client.post(ctx, as, "/v1/followUps/"+id+":complete", object{{"note", note}}, &answer)
	return answer, err
}

func (c *chart) snooze(ctx context.Context, as Actor, id string, until date.Day, reason string) error {
	return c.client.post(ctx, as, "/v1/followUps/"+id+":snooze", object{{"untilDate", until}, {"reason", reason}}, nil)
}

// ask makes a one-line follow-up for a role.
func (c *chart) ask(ctx context.Context, as Actor, title, role string, due date.Day) error {
	return c.client.post(ctx, as, c.path("/followUps"), object{{"title", title}, {"ownerRole", role}, {"dueDate", due}}, nil)
}
