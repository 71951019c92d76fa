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

// length is the number of days it is expected to last.
func (s *Spell) length() int { return s.Last.Sub(s.Start) + 1 }

// timePlan tells the coordinator when a third of a longer spell has passed with neither a plan for return to work nor a
// deferral (R43). Short first certificates flag nobody, and it is not due before the working day after the spell was known to be a
// long one. Who declines the meeting, or that the employer is contacted, still needs a plan (R92).
func (d *derivation) timePlan(w Want, e *Episode, s *Spell) {
	length := s.length()
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
	at := d.pause(e, s)
	at.soonest = later(at.soonest, later(w.Since, s.reached(s.Start.AddDays(plannedSpell-1))))
	d.coordinated(at.dated(w, s.Start.AddDays(max(soonestTimePlan, third))), at.ends(made)...)
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
// it is due, and only where the spell lasts that long; and each takes the place of the one before it when it is due itself.
func (d *derivation) missingMeeting(w Want, e *Episode, s *Spell) {
	w.Owner = e.owned(RehabilitationCoordinator)
	at, done := d.refusal(e, d.pause(e, s)), d.arranged(e, s)
	var raised []Want
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
			break
		}
		f := w
		f.dormant = d.today < from
		f.Kind, f.Policy, f.EscalationRole, f.style = flag.kind, flag.policy, flag.reach, flag.style
		known := at
		known.soonest = later(at.soonest, later(w.Since, s.reached(day)))
		raised = append(raised, known.dated(f, day))
		from = day
	}
	for i, f := range raised {
		if i+1 < len(raised) && f.Unless == nil {
			next := raised[i+1]
			if !next.dormant && (next.Due.Day <= d.today || next.Due.Day <= f.Due.Day) {
				f.Unless = cancelled(CopyNotNeeded, time.Time{}, "")
			}
		}
		d.coordinated(f, at.ends(done)...)
	}
}

// flags are the flags that a file raises on a day.
func flags(file *File, policy Policy, today date.Day) []Want {
	d := &derivation{File: file, policy: policy, today: today}
	spell := d.spell()
	if spell == nil {
		return nil
	}
	for _, e := range d.Episodes {
		if !e.Ended.IsZero() {
			continue
		}
		d.missingMeeting(Want{SubjectID: e.ID, EpisodeID: e.ID, Since: later(spell.Known, e.Started), about: spell.Start.String()}, e, spell)
	}
	return d.wants
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

// standstill is why what is missing need not be done for now, and from when on it is to be done after all.
type standstill struct {
	putOff  *End
	soonest time.Time // due the working day after it at the soonest: what comes back is not overdue on the day it does
	paused  date.Day  // the day until which a deferral has paused it
}

// pause is what deferrals of a meeting and consents to coordination mean for what a spell still lacks (R62).
func (d *derivation) pause(e *Episode, s *Spell) standstill {
	var at standstill
	for _, m := range d.Meetings {
		if m.EpisodeID != e.ID {
			continue
		}
		if m.Void {
			at.soonest = later(at.soonest, m.Voided)
			continue
		}
		if m.State == MeetingDeferred && m.Recheck > d.today {
			at.putOff = earlier(at.putOff, cancelled(MeetingPutOff, m.Since, m.SinceBy))
		}
		if until := m.pausedUntil(); until >= s.Start {
			at.paused = max(at.paused, until)
		}
	}
	for _, c := range d.Consents {
		if d.covers(c) {
			at.soonest = later(at.soonest, c.Time)
		}
	}
	return at
}

// refusal adds what the patient declines: then nobody is nagged about the meeting (R92). It adds, too, that a meeting has fallen
// through.
func (d *derivation) refusal(e *Episode, at standstill) standstill {
	for _, m := range d.Meetings {
		if m.EpisodeID != e.ID || m.Void {
			continue
		}
		switch m.State {
		case MeetingDeclined:
			if !d.proposedSince(e, m.Since) {
				at.putOff = earlier(at.putOff, cancelled(MeetingPutOff, m.Since, m.SinceBy))
			}
		case MeetingCancelled, MeetingNotHeld:
			at.soonest = later(at.soonest, m.Since)
		}
	}
	declined, consented := d.employerDeclined(e)
	at.putOff, at.soonest = earlier(at.putOff, declined), later(at.soonest, consented)
	return at
}

// dated gives what has been missing since a day its due day.
func (at standstill) dated(w Want, day date.Day) Want {
	w.Due, w.Basis = notBefore(on(max(day, at.paused)), after(at.soonest, 1), w.about)
	w.Basis += "/" + at.paused.String()
	return w
}

// ends are how what is missing has ended: what was put off once may have been done since.
func (at standstill) ends(done *End) []*End {
	if done != nil {
		return []*End{done}
	}
	return []*End{at.putOff}
}

// proposedSince tells whether a meeting has been proposed since another was declined, and not been declined itself: whatever came
// of it, the patient has changed her mind.
func (d *derivation) proposedSince(e *Episode, declined time.Time) bool {
	for _, m := range d.Meetings {
		if m.EpisodeID == e.ID && !m.Void && m.State != MeetingDeclined && m.Proposed.After(declined) {
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

// employerDeclined is that the patient has declined since an episode began that an employer is contacted, and consents to no
// contact today. A consent from before the episode may be to a former employer, and does not speak against it. consented: when she
// changed her mind.
func (d *derivation) employerDeclined(e *Episode) (declined *End, consented time.Time) {
	var refused time.Time
	for _, c := range d.EmployerConsents {
		no := c.refused()
		if no.IsZero() || no.Before(e.Started) {
			continue
		}
		if refused.IsZero() || no.Before(refused) {
			refused = no
		}
		if c.Declined {
			declined = earlier(declined, cancelled(MeetingPutOff, no, c.By))
		}
	}
	for _, c := range d.EmployerConsents {
		if refused.IsZero() || !c.covers(d.today) || c.Time.Before(e.Started) {
			continue
		}
		declined = nil
		if since := later(c.Time, c.Start.At(0, 0).UTC()); since.After(refused) {
			consented = later(consented, since)
		}
	}
	return declined, consented
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
