package followup

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// meeting asks for what goes before a dialogue meeting and what comes after it, of the coordinator who leads it.
func (d *derivation) meeting(m *Meeting) {
	owner := d.Episodes[m.EpisodeID].owned(RehabilitationCoordinator)
	if m.Moderator != "" {
		owner.PractitionerID = m.Moderator
	}
	w := Want{SubjectID: m.ID, EpisodeID: m.EpisodeID, Owner: owner}
	d.prepareMeeting(w, m)
	d.giveInformation(w, m)
	d.concludeMeeting(w, m)
	d.recheckMeeting(w, m)
	d.callOffMeeting(w, m)
}

// putOff is that a meeting will not be held as things stand; nil when it may be.
func (m *Meeting) putOff() *End {
	if m.Void {
		return m.voided()
	}
	switch m.State {
	case MeetingDeferred, MeetingDeclined, MeetingCancelled, MeetingNotHeld:
		return cancelled(MeetingPutOff, m.Since, m.SinceBy)
	default:
		return nil
	}
}

// voided is that a meeting was registered in error; nil when it was not.
func (m *Meeting) voided() *End {
	if !m.Void {
		return nil
	}
	return cancelled(RegisteredInError, m.Voided, m.VoidedBy)
}

// ahead is the working day before the one on which a meeting is to be held, but not before the day on which that was told.
func (m *Meeting) ahead() (Due, string) {
	day := date.Of(m.Scheduled)
	due, told, basis := date.PreviousWorkingDay(day.AddDays(-1)), date.Of(m.Since), "scheduled/"+day.String()
	if told > due {
		due, basis = told, basis+"/"+told.String()
	}
	return on(due), basis
}

// prepareMeeting asks that a proposed meeting is prepared and gets a time, and that a scheduled one is prepared before its day. Once
// it has both it is done; what else was missing when it began is no longer to be prepared.
func (d *derivation) prepareMeeting(w Want, m *Meeting) {
	w.Kind, w.Policy, w.Since = PrepareMeeting, "meeting_prepared", m.Proposed
	w.Due, w.Basis = after(m.Proposed, d.policy.Meeting), "proposed/"+date.Of(m.Proposed).String()
	if m.State == MeetingScheduled {
		w.Due, w.Basis = m.ahead()
	}
	var prepared, held *End
	if !m.Prepared.IsZero() {
		prepared = completed(MeetingArranged, m.Prepared, m.PreparedBy)
	}
	if m.State.begun() {
		held = completed(MeetingHeld, m.Begun, m.BegunBy)
	}
	d.coordinated(w, prepared, held, m.putOff())
}

// giveInformation asks that patient and employer are informed by word of mouth and in writing before a scheduled meeting (R54).
func (d *derivation) giveInformation(w Want, m *Meeting) {
	if m.Booked.IsZero() || m.State == MeetingProposed {
		return
	}
	w.Kind, w.Policy, w.Since = GiveInformation, "information_given", m.Booked
	w.Due, w.Basis = m.ahead()
	var informed, held *End
	if !m.Informed.IsZero() {
		informed = completed(Informed, m.Informed, m.InformedBy)
	}
	if m.State.begun() {
		held = cancelled(MeetingHeld, m.Begun, m.BegunBy)
	}
	d.coordinated(w, informed, held, m.putOff())
}

// concludeMeeting asks what came of a meeting once its day has come (R59).
func (d *derivation) concludeMeeting(w Want, m *Meeting) {
	day := date.Of(m.Scheduled)
	if day.IsZero() {
		day = date.Of(m.Begun)
	}
	if m.State == MeetingProposed || m.Booked.IsZero() && m.Begun.IsZero() || m.State == MeetingScheduled && d.today < day {
		return
	}
	w.Kind, w.Policy, w.Since = ConcludeMeeting, "meeting_concluded", m.Booked
	if w.Since.IsZero() {
		w.Since = m.Begun
	}
	w.Due, w.Basis = on(date.AddWorkingDays(day, 1)), day.String()
	var concluded *End
	if m.State == MeetingConcluded {
		concluded = completed(MeetingHeld, m.Since, m.SinceBy)
	}
	d.coordinated(w, concluded, m.putOff())
}

// recheckMeeting asks that a deferred meeting is looked at again on the day agreed (R62).
func (d *derivation) recheckMeeting(w Want, m *Meeting) {
	if m.Deferred.IsZero() {
		return
	}
	w.Kind, w.Policy, w.Since = RecheckMeeting, "meeting_rechecked", m.Deferred
	w.Due, w.Basis = on(m.Recheck), m.Recheck.String()
	var left *End
	switch {
	case m.Left.IsZero():
	case m.LeftFor == MeetingDeclined || m.LeftFor == MeetingCancelled:
		left = cancelled(MeetingPutOff, m.Left, m.LeftBy)
	default:
		left = completed(MeetingArranged, m.Left, m.LeftBy)
	}
	d.coordinated(w, left, m.voided())
}

// callOffMeeting has the care manager tell those who were invited that a meeting is off, when it was cancelled ahead of its time
// while nobody might coordinate: the coordinator may not act any more (R92), and somebody would come for nothing.
func (d *derivation) callOffMeeting(w Want, m *Meeting) {
	if m.State != MeetingCancelled || !m.CalledOff.After(m.Since) {
		return
	}
	for _, c := range d.Consents {
		if c.stoodAt(m.Since) {
			return
		}
	}
	w.Kind, w.Policy, w.Since, w.Owner = CallOffMeeting, "meeting_called_off", m.Since, d.Episodes[m.EpisodeID].owned(CareManager)
	w.Due, w.Basis = after(m.Since, 1), date.Of(m.Since).String()
	d.want(w, m.voided())
}

// agreedActions has the coordinator, not the patient, ask whether what was agreed has been carried out (R59, R72).
func (d *derivation) agreedActions(a *Agreement) {
	owner := d.Episodes[a.EpisodeID].owned(RehabilitationCoordinator)
	if meeting := d.Meetings[a.MeetingID]; owner.PractitionerID == "" && meeting != nil {
		owner.PractitionerID = meeting.Moderator
	}
	var voided *End
	if a.Void {
		voided = cancelled(RegisteredInError, a.Voided, a.VoidedBy)
	}
	for _, action := range a.Actions {
		var end *End
		switch action.State {
		case ActionIsDone:
			end = completed(ActionDone, action.Since, action.By)
		case ActionIsDropped:
			end = cancelled(ActionDropped, action.Since, action.By)
		}
		d.coordinated(Want{
			Kind: AgreedAction, SubjectID: action.ID, EpisodeID: a.EpisodeID, Policy: "agreed_action", Owner: owner,
			Due: on(action.Due), Basis: action.Due.String(), Since: action.Known,
		}, end, voided)
	}
}

// Turn is the next day on which the same file asks for something else than today, without anything being told: a consent
// begins or runs out, a spell begins or ends or reaches a limit, a later flag takes an earlier one's place, the day of a meeting or of its recheck comes. No day: none.
func Turn(file *File, policy Policy, today date.Day) date.Day {
	policy = policy.Effective()
	next := date.Day(0)
	see := func(day date.Day) {
		if day > today && (next.IsZero() || day < next) {
			next = day
		}
	}
	for _, c := range file.Consents {
		if c.Granted {
			see(c.Start)
			see(c.End.AddDays(1))
		}
	}
	for _, c := range file.EmployerConsents {
		if c.Granted {
			see(c.Start)
			see(c.End.AddDays(1))
		}
	}
	if file.SickLeave != nil {
		for _, s := range file.SickLeave.Spells {
			for _, day := range []date.Day{s.Start, s.Last.AddDays(1), s.Start.AddDays(policy.FirstMeetingFlag), s.Start.AddDays(policy.SecondMeetingFlag)} {
				see(day)
			}
		}
	}
	for _, flag := range flags(file, policy, today) {
		see(flag.Due.Day) // on which it takes the place of the one before it
	}
	for _, m := range file.Meetings {
		if m.Void {
			continue
		}
		switch m.State {
		case MeetingDeferred:
			see(m.Recheck)
		case MeetingScheduled:
			see(date.Of(m.Scheduled))
		}
	}
	return next
}

// TurnTime is when the day of a turn begins.
func TurnTime(day date.Day) time.Time { return day.At(0, 0).UTC() }
