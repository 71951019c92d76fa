package employerdialogue

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// The states of an action.
const (
	ActionOpen    = "OPEN"
	ActionDone    = "DONE"
	ActionDropped = "DROPPED"
)

// Agreement is what a meeting ended in: three lists apart.
type Agreement struct {
	ID, PatientID, EpisodeID, MeetingID, EmployerID, PractitionerID string

	Facts, Agreements []Point
	Actions           []Action
	Acknowledgements  []Acknowledgement
	CreateTime        time.Time
	Error             *ErrorMark // nil unless it is registered in error
}

// Point is one fact or one thing agreed. Withheld is never for the employer, whatever is consented to.
type Point struct {
	Text     string
	By       Party
	Withheld bool
}

// Action is something to be done by a party. StartBy is zero when the lead time is 0; Step is zero when it serves none.
type Action struct {
	ID, Text       string
	Owner          Party
	Horizon        string // SHORT or LONG
	Adaptation     string // as in the contract; empty when none
	LeadDays       int
	PlanID         string
	Step           date.Day
	StartBy, Due   date.Day
	State          string
	DropReason     string
	EndTime        time.Time
	Withheld       bool
	PractitionerID string // who said that it ended
}

// Acknowledgement says that a party has acknowledged an agreement.
type Acknowledgement struct {
	Party          Party
	PractitionerID string
	Time           time.Time
}

// Step is one step of a return-to-work plan: Degree is that of the sick leave, 0–100 percent.
type Step struct {
	Start, End date.Day
	Degree     int
}

// NewAction is an action as the meeting agrees on it.
type NewAction struct {
	Text                        string
	Owner                       Party
	Horizon, Adaptation, PlanID string
	LeadDays                    int
	Step, Due                   date.Day
	Withheld                    bool
}

// plan dates an action: due the day before the step it serves unless said otherwise, begun by the lead time before that step,
// or before the due day when it serves none.
func (n NewAction) plan(wrong *violations, i int, id string, steps map[string][]Step, today date.Day) Action {
	field := func(name string) string { return fmt.Sprintf("actions[%d].%s", i, name) }
	wrong.required(field("text"), n.Text)
	if (n.PlanID == "") != n.Step.IsZero() || n.PlanID != "" && !slices.ContainsFunc(steps[n.PlanID], func(s Step) bool { return s.Start == n.Step }) {
		wrong.add(field("step_start_date"), ReasonReturnStep, "must be the first day of a step of the return-to-work plan, given together with the plan")
	}
	due := n.Due
	if due.IsZero() && !n.Step.IsZero() {
		due = max(n.Step.AddDays(-1), today)
	}
	switch {
	case due.IsZero():
		wrong.add(field("due_date"), ReasonDateMissing, "a day by which it must be done is needed")
	case due < today:
		wrong.add(field("due_date"), ReasonDateOutOfRange, "must be today or later")
	}
	var startBy date.Day
	if n.LeadDays > 0 && !due.IsZero() {
		from := due
		if !n.Step.IsZero() {
			from = n.Step
		}
		startBy = from.AddDays(-n.LeadDays)
	}
	return Action{
		ID: id, Text: n.Text, Owner: n.Owner, Horizon: n.Horizon, Adaptation: n.Adaptation, LeadDays: n.LeadDays, PlanID: n.PlanID,
		Step: n.Step, StartBy: startBy, Due: due, State: ActionOpen, Withheld: n.Withheld,
	}
}

func points(wrong *violations, list string, points []Point) {
	for i, p := range points {
		wrong.required(fmt.Sprintf("%s[%d].text", list, i), p.Text)
	}
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }

// Acknowledge records that a party acknowledges the agreement, once. That of the employer, who must have seen it, takes the
// patient's consent to the item AGREEMENT.
func (a Agreement) Acknowledge(act Act, consents Consents, party Party) (Agreement, error) {
	if err := a.Sound(); err != nil {
		return a, err
	}
	if party == Employer {
		if err := consents.MustCover(ItemAgreement); err != nil {
			return a, err
		}
	}
	if slices.ContainsFunc(a.Acknowledgements, func(k Acknowledgement) bool { return k.Party == party }) {
		return a, refused(ReasonAcknowledged, "the party %s has acknowledged the agreement already", party)
	}
	a.Acknowledgements = append(slices.Clone(a.Acknowledgements), Acknowledgement{Party: party, PractitionerID: act.PractitionerID, Time: act.Now})
	return a, nil
}

// Complete records that an action is done.
func (a Agreement) Complete(act Act, actionID string) (Agreement, error) {
	return a.endAction(act, actionID, ActionDone, "")
}

// Drop records that an action is given up, and why.
func (a Agreement) Drop(act Act, actionID, reason string) (Agreement, error) {
	if blank(reason) {
		var wrong violations
		wrong.required("reason", "")
		return a, wrong.err()
	}
	return a.endAction(act, actionID, ActionDropped, reason)
}

func (a Agreement) endAction(act Act, actionID, state, reason string) (Agreement, error) {
	if err := a.Sound(); err != nil {
		return a, err
	}
	i := slices.IndexFunc(a.Actions, func(x Action) bool { return x.ID == actionID })
	if i < 0 {
		return a, &Refusal{Class: Absent, Reason: ReasonActionNotFound, Text: "the agreement has no such action"}
	}
	if a.Actions[i].State != ActionOpen {
		return a, refused(ReasonActionNotOpen, "the action is %s; nothing more is done to it", a.Actions[i].State)
	}
	a.Actions = slices.Clone(a.Actions)
	a.Actions[i].State, a.Actions[i].DropReason, a.Actions[i].EndTime = state, reason, act.Now
	a.Actions[i].PractitionerID = act.PractitionerID
	return a, nil
}
