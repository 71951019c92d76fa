package followup

import (
	"slices"
	"strconv"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// returnPlan asks for the GP's answer to a plan for return to work, and for what goes with each of its steps.
func (d *derivation) returnPlan(p *ReturnPlan) {
	episode := d.Episodes[p.EpisodeID]
	if p.EpisodeID == "" {
		episode = d.openEpisode() // whose team sees to it, though it does not end with it
	}
	d.answerReturnPlan(p, episode)
	owner := episode.owned(RehabilitationCoordinator)
	for i, step := range p.Steps {
		w := Want{SubjectID: step.ID, EpisodeID: p.EpisodeID, Owner: owner, Since: p.Known, Basis: step.Start.String()}
		checked := p.checkedIn(i)
		d.returnStep(w, p, step, checked)
		d.checkIn(w, p, step, checked)
	}
	if episode != nil && !episode.Ended.IsZero() {
		owner.PractitionerID = episode.lastMember(RehabilitationCoordinator)
	}
	d.postReturnCheck(p, owner)
}

// lastMember is the person who came last into a team in a role, also when she has left it: a closed episode has nobody in its team.
func (e *Episode) lastMember(role Role) string {
	person := ""
	for _, m := range e.Team {
		if m.Role == role {
			person = m.PractitionerID
		}
	}
	return person
}

// answerReturnPlan asks the GP for an answer: until then the steps are a proposal, whoever has agreed to them (R10, R93).
func (d *derivation) answerReturnPlan(p *ReturnPlan, episode *Episode) {
	w := Want{
		Kind: AnswerReturnPlan, SubjectID: p.ID, EpisodeID: p.EpisodeID, Policy: "return_plan_answered", Owner: episode.owned(GP),
		Due: after(p.Proposed, d.policy.Answer), Basis: "version/" + strconv.Itoa(p.Version), Since: p.Proposed,
	}
	switch {
	case p.State == ReturnProposed:
		d.want(w)
	case !p.Answered.IsZero():
		d.want(w, completed(Answered, p.Answered, p.AnsweredBy))
	default:
		d.want(w, cancelled(ReturnPlanChanged, p.Since, p.SinceBy))
	}
}

// checkedIn is the first check-in on a step or on a later one. What was said of an earlier version counts as long as the step
// had begun.
func (p *ReturnPlan) checkedIn(step int) *End {
	var first *End
	for _, c := range p.CheckIns {
		at := slices.IndexFunc(p.Steps, func(s ReturnStep) bool { return s.ID == c.StepID })
		if at >= step && (c.Version == p.Version || c.Day >= p.Steps[at].Start) {
			first = earlier(first, completed(CheckedIn, c.Time, c.By))
		}
	}
	return first
}

// changed is that a plan no longer stands as it was accepted; nil while it does.
func (p *ReturnPlan) changed() *End {
	if p.State == ReturnAccepted {
		return nil
	}
	return cancelled(ReturnPlanChanged, p.Since, p.SinceBy)
}

// past tells whether a step was over before the plan was accepted, and nobody had been asked about it by then.
func (p *ReturnPlan) past(step ReturnStep, checked *End) bool {
	return !p.Answered.IsZero() && step.Last < date.Of(p.Answered) && (checked == nil || checked.Time.After(p.Answered))
}

// returnStep has the coordinator prepare each step of an accepted plan on the working day before it begins (R44, R45).
func (d *derivation) returnStep(w Want, p *ReturnPlan, step ReturnStep, checked *End) {
	if p.past(step, checked) {
		return
	}
	accepted := date.Of(p.Since)
	w.Kind, w.Policy = ReturnStepBegins, "return_step"
	day, soonest := date.PreviousWorkingDay(step.Start.AddDays(-1)), min(accepted, step.Last)
	if soonest > day {
		day, w.Basis = soonest, w.Basis+"/"+soonest.String()
	}
	w.Due = on(day)
	d.coordinated(w, checked, p.changed())
}

// checkIn has the coordinator ask how a step with sick leave goes (R45), also while the plan is held on it, and not before the
// working day after the plan was accepted.
func (d *derivation) checkIn(w Want, p *ReturnPlan, step ReturnStep, checked *End) {
	if step.Degree == 0 || p.past(step, checked) {
		return
	}
	w.Kind, w.Policy, w.Due = CheckInOnStep, "check_in", on(step.Start.AddDays(d.policy.CheckIn))
	if !p.Answered.IsZero() {
		if soonest := after(p.Answered, 1); w.Due.Day < soonest.Day {
			w.Due, w.Basis = soonest, w.Basis+"/"+soonest.Day.String()
		}
	}
	changed := p.changed()
	if p.State == ReturnHeld && step.Start <= date.Of(p.Since) {
		changed = nil
	}
	d.coordinated(w, checked, changed)
}

// postReturnCheck has the coordinator ask how it goes some weeks after the full return: if nothing has changed at work, a
// relapse is near (R49). It outlives the plan's completion.
func (d *derivation) postReturnCheck(p *ReturnPlan, owner Owner) {
	at := slices.IndexFunc(p.Steps, func(s ReturnStep) bool { return s.Degree == 0 })
	if at < 0 {
		return
	}
	step, changed := p.Steps[at], p.changed()
	if p.State == ReturnCompleted {
		changed = nil
	}
	d.coordinated(Want{
		Kind: PostReturnCheck, SubjectID: step.ID, EpisodeID: p.EpisodeID, Policy: "post_return_check", Owner: owner, Since: p.Known,
		Due: on(step.Start.AddDays(d.policy.PostReturnCheck)), Basis: step.Start.String(),
	}, changed)
}

// unmetCheck is after how many civil days one asks about an episode that ended before the employer had done what was agreed.
const unmetCheck = 90

// unmetActions has the coordinator ask how it goes three months after an episode that was closed while something that the employer
// had agreed to was still to be done: if nothing changes at work, a relapse is near (R49). Once all of it has been done or dropped
// there is nothing left to ask.
func (d *derivation) unmetActions(e *Episode) {
	if e.State != EpisodeClosed || e.Ended.IsZero() {
		return
	}
	unmet, open, done := false, false, false
	var last End
	for _, a := range d.Agreements {
		if a.EpisodeID != e.ID {
			continue
		}
		for _, action := range a.Actions {
			over, by := time.Time{}, ""
			if action.State != ActionIsOpen {
				over, by = action.Since, action.By
			}
			if a.Void && (over.IsZero() || a.Voided.Before(over)) {
				over, by = a.Voided, a.VoidedBy
			}
			if action.Party != PartyEmployer || !over.IsZero() && !over.After(e.Ended) {
				continue
			}
			unmet, open, done = true, open || over.IsZero(), done || !a.Void && action.State == ActionIsDone
			if over.After(last.Time) {
				last.Time, last.By = over, by
			}
		}
	}
	if !unmet {
		return
	}
	w := Want{
		Kind: PostReturnCheck, SubjectID: e.ID, EpisodeID: e.ID, Policy: "unmet_action_check", Since: e.Ended,
		Owner: Owner{Role: RehabilitationCoordinator, PractitionerID: e.lastMember(RehabilitationCoordinator)},
		Due:   on(date.Of(e.Ended).AddDays(unmetCheck)), Basis: date.Of(e.Ended).String(),
	}
	switch {
	case open:
		d.coordinated(w)
	case done:
		d.coordinated(w, completed(ActionDone, last.Time, last.By))
	default:
		d.coordinated(w, cancelled(ActionDropped, last.Time, last.By))
	}
}
