package followup

import (
	"strconv"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

const (
	// A screening made while the free days that may lie within a case had not passed yet belongs to the case after them.
	screeningSlack = 5
	// R43: a spell that is expected to last this long needs a time plan when a third of it has passed, but not within two weeks.
	plannedSpell    = 30
	soonestTimePlan = 14
)

// spell is the latest case of sick leave that has begun; nil when there is none.
func (d *derivation) spell() *Spell {
	if d.SickLeave == nil {
		return nil
	}
	var latest *Spell
	for i := range d.SickLeave.Spells {
		if s := &d.SickLeave.Spells[i]; s.Start <= d.today && (latest == nil || s.Start > latest.Start) {
			latest = s
		}
	}
	return latest
}

// sickLeave asks for what a case of sick leave needs while an episode is open.
func (d *derivation) sickLeave(e *Episode, s *Spell) {
	w := Want{SubjectID: e.ID, EpisodeID: e.ID, Since: later(s.Known, e.Started), about: s.Start.String()}
	if d.today > s.Last {
		w.Unless = cancelled(SickLeaveEnded, time.Time{}, "")
	}
	d.screening(w, e, s)
	d.timePlan(w, e, s)
	d.missingMeeting(w, e, s)
}

// screening asks that everyone on sick leave is screened (R23): by the coordinator of the team where the patient has consented
// to one, else by the care manager.
func (d *derivation) screening(w Want, e *Episode, s *Spell) {
	w.Kind, w.Policy, w.Owner = Screen, "screening", e.owned(CareManager)
	if coordinator := e.owned(RehabilitationCoordinator); coordinator.PractitionerID != "" && d.coordinationConsented() {
		w.Owner = coordinator
	}
	w.Due, w.Basis = notBefore(on(s.Start.AddDays(d.policy.Screening)), after(w.Since, 1), w.about)
	var screened *End
	for _, one := range d.Screenings {
		if !one.Void && one.Day >= s.Start.AddDays(-screeningSlack) {
			screened = earlier(screened, completed(Screened, one.Recorded, one.RecordedBy))
		}
	}
	d.want(w, screened)
}

// timePlan tells the coordinator when a third of a longer spell has passed with neither a plan for return to work nor a
// deferral (R43). Short first certificates flag nobody.
func (d *derivation) timePlan(w Want, e *Episode, s *Spell) {
	length := s.Last.Sub(s.Start) + 1
	if length < plannedSpell {
		return
	}
	var made *End
	for _, p := range d.ReturnPlans {
		counts := p.State != ReturnDeclined && p.State != ReturnWithdrawn
		if (p.EpisodeID == e.ID || p.EpisodeID == "") && counts && p.last() >= s.Start {
			made = earlier(made, completed(ReturnPlanMade, p.Known, p.KnownBy))
		}
	}
	third := (length + 2) / 3
	w.Kind, w.Policy, w.Owner = TimePlanMissing, "time_plan_missing", e.owned(RehabilitationCoordinator)
	w.about += "/" + strconv.Itoa(length)
	d.unlessPutOff(w, e, s, s.Start.AddDays(max(soonestTimePlan, third)), made)
}

// last is the last day of a plan; no day when it has no steps.
func (p *ReturnPlan) last() date.Day {
	var last date.Day
	for _, step := range p.Steps {
		last = max(last, step.Last)
	}
	return last
}

// missingMeeting raises a flag at each of three limits of days on sick leave without a dialogue meeting (R60). The first is the
// coordinator's alone; the second calls on a GP on its day, the third on the unit's manager. Each comes to be when the one before
// it is due, and only where the spell lasts that long.
func (d *derivation) missingMeeting(w Want, e *Episode, s *Spell) {
	w.Owner = e.owned(RehabilitationCoordinator)
	from := s.Start
	for _, flag := range []struct {
		kind   Kind
		policy string
		limit  int
		style  climb
		reach  Role
	}{
		{MeetingMissingFirst, "meeting_missing_first", d.policy.FirstMeetingFlag, ordinary, ""},
		{MeetingMissingSecond, "meeting_missing_second", d.policy.SecondMeetingFlag, onTheDay, GP},
		{MeetingMissingThird, "meeting_missing_third", d.policy.ThirdMeetingFlag, toManager, GP},
	} {
		day := s.Start.AddDays(flag.limit)
		if day < from {
			day = from // a limit is never before the one it follows
		}
		if s.Last < day {
			return
		}
		f := w
		f.dormant = d.today < from
		f.Kind, f.Policy, f.EscalationRole, f.style = flag.kind, flag.policy, flag.reach, flag.style
		d.unlessPutOff(f, e, s, day, d.arranged(e, s))
		from = day
	}
}

// arranged is how a spell came to have a meeting: the earliest that is scheduled, under way or held.
func (d *derivation) arranged(e *Episode, s *Spell) *End {
	var arranged *End
	for _, m := range d.Meetings {
		stale := m.State == MeetingConcluded && !m.Held.IsZero() && m.Held < s.Start // of an earlier spell
		if m.EpisodeID != e.ID || m.Void || stale || m.State != MeetingScheduled && !m.State.begun() {
			continue
		}
		at := m.Booked
		if at.IsZero() {
			at = m.Begun
		}
		arranged = earlier(arranged, completed(MeetingArranged, at, m.SinceBy))
	}
	return arranged
}

// unlessPutOff asks for what has been missing since a day, unless the patient has declined it or somebody has deferred it: then
// nobody is nagged (R62, R92). What a deferral has paused is due when it is looked at again at the soonest; what comes back
// because a meeting or a consent has changed is not overdue on the day it does.
func (d *derivation) unlessPutOff(w Want, e *Episode, s *Spell, day date.Day, done *End) {
	var putOff *End
	soonest, paused := w.Since, date.Day(0)
	for _, m := range d.Meetings {
		if m.EpisodeID != e.ID {
			continue
		}
		if m.Void {
			soonest = later(soonest, m.Voided)
			continue
		}
		switch m.State {
		case MeetingDeferred:
			if m.Recheck > d.today {
				putOff = earlier(putOff, cancelled(MeetingPutOff, m.Since, m.SinceBy))
			}
		case MeetingDeclined:
			if !d.proposedSince(e, m.Since) {
				putOff = earlier(putOff, cancelled(MeetingPutOff, m.Since, m.SinceBy))
			}
		case MeetingCancelled, MeetingNotHeld:
			soonest = later(soonest, m.Since)
		}
		if until := m.pausedUntil(); until >= s.Start {
			paused = max(paused, until)
		}
	}
	putOff = earlier(putOff, d.employerDeclined())
	for _, c := range d.Consents {
		if d.covers(c) {
			soonest = later(soonest, c.Time)
		}
	}
	w.Due, w.Basis = notBefore(on(max(day, paused)), after(soonest, 1), w.about)
	w.Basis += "/" + paused.String()
	if done != nil {
		putOff = nil // what was put off once has been done since
	}
	d.coordinated(w, done, putOff)
}

// proposedSince tells whether a meeting has been proposed since another was declined.
func (d *derivation) proposedSince(e *Episode, declined time.Time) bool {
	for _, m := range d.Meetings {
		if m.EpisodeID == e.ID && !m.Void && m.State == MeetingProposed && m.Proposed.After(declined) {
			return true
		}
	}
	return false
}

// pausedUntil is the day until which a meeting has been deferred; no day when it never was.
func (m *Meeting) pausedUntil() date.Day {
	if m.Deferred.IsZero() {
		return 0
	}
	if m.State == MeetingDeferred {
		return m.Recheck
	}
	return min(m.Recheck, date.Of(m.Left))
}

// employerDeclined is that the patient declines that an employer is contacted, and consents to none.
func (d *derivation) employerDeclined() *End {
	var declined *End
	for _, c := range d.EmployerConsents {
		if c.Granted {
			return nil
		}
		if c.Declined {
			declined = earlier(declined, cancelled(MeetingPutOff, c.Time, c.By))
		}
	}
	return declined
}

// notBefore moves a due day that would have passed when it came to be known. The basis tells of it.
func notBefore(due, soonest Due, basis string) (Due, string) {
	basis += "/" + soonest.Day.String()
	if due.Day < soonest.Day {
		return soonest, basis
	}
	return due, basis
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// earlier is the end that came first; either may be nil.
func earlier(a, b *End) *End {
	if a == nil || b != nil && b.Time.Before(a.Time) {
		return b
	}
	return a
}
