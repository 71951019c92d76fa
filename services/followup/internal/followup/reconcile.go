package followup

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Reconcile brings a patient's follow-ups in line with what the facts ask for, and gives the changes in the order in which
// they are to be written; one follow-up may change several times. It makes what is missing, ends what has ended, moves what has
// moved, and leaves the rest alone: run twice, it changes nothing the second time.
func Reconcile(file *File, existing []FollowUp, wants []Want, now time.Time, newID func() string) []Change {
	r := &reconciliation{file: file, now: now, newID: newID, latest: map[[3]string]*FollowUp{}}
	for i := range existing {
		f := existing[i]
		key := keyOf(f.Kind, f.SubjectID, f.Aspect)
		if at := r.latest[key]; at == nil || f.Round > at.Round {
			r.latest[key] = &f
		}
	}
	wanted := map[[3]string]bool{}
	for _, w := range wants {
		key := keyOf(w.Kind, w.SubjectID, w.Aspect)
		wanted[key] = true
		r.settle(r.latest[key], w)
	}
	for _, f := range existing {
		if f.State != Open {
			continue
		}
		if f.Kind == Manual {
			r.settleManual(f)
		} else if cause := f.Kind.vanished(); cause != "" && !wanted[keyOf(f.Kind, f.SubjectID, f.Aspect)] {
			r.add(f.ended(End{State: Cancelled, Cause: cause, Time: now}, now))
		}
	}
	return r.changes
}

func keyOf(kind Kind, subjectID, aspect string) [3]string {
	return [3]string{string(kind), subjectID, aspect}
}

// vanished is why a follow-up ends when what it is about is no longer told of at all: a step is no longer in its plan, a spell
// has gone with its only certificate. "" for kinds whose subjects never vanish.
func (k Kind) vanished() Cause {
	switch k {
	case Screen, TimePlanMissing, MeetingMissingFirst, MeetingMissingSecond, MeetingMissingThird:
		return SickLeaveEnded
	case PrepareMeeting, GiveInformation, ConcludeMeeting, RecheckMeeting, CallOffMeeting:
		return MeetingPutOff
	case ReturnStepBegins, CheckInOnStep, PostReturnCheck:
		return ReturnPlanChanged
	case AgreedAction:
		return ActionDropped
	case ReadNote, ReadPicture:
		return CopyNotNeeded // whoever had to read it no longer has to
	default:
		return ""
	}
}

type reconciliation struct {
	file    *File
	now     time.Time
	newID   func() string
	latest  map[[3]string]*FollowUp
	changes []Change
}

func (r *reconciliation) add(c Change) FollowUp {
	r.changes = append(r.changes, c)
	return c.FollowUp
}

// settle brings one follow-up in line with one want.
func (r *reconciliation) settle(at *FollowUp, w Want) {
	switch {
	case w.dormant && (at == nil || at.State != Open):
	case at == nil:
		if w.End == nil || w.record() {
			r.make(w, 0)
		}
	case at.State == Open:
		r.adjust(*at, w)
	case w.End != nil && w.about != "" && !strings.HasPrefix(at.Basis, w.about+"/"):
		if w.record() {
			r.make(w, at.Round+1)
		}
	case w.End != nil:
		r.correct(*at, w)
	case at.End.ByEvent() || at.Basis != w.Basis:
		// What an event had ended is to be done after all, or what a person had ended has moved since.
		r.make(w, at.Round+1)
	}
}

func (r *reconciliation) make(w Want, round int) {
	f := FollowUp{
		ID: r.newID(), PatientID: r.file.PatientID, EpisodeID: w.EpisodeID, Place: r.file.Place(), Kind: w.Kind, SubjectID: w.SubjectID,
		Aspect: w.Aspect, Round: round, Basis: w.Basis, Owner: w.Owner, OwnerFrom: w.Owner, DueDate: w.Due.Day, DueTime: w.Due.Time, Lapse: w.Lapse,
		State: Open, EscalationRole: cmp.Or(w.EscalationRole, w.Owner.Role), Ladder: w.ladder(r.now), Policy: w.Policy,
		Stamp: 1, Revision: 1, Created: r.now, Updated: r.now,
	}
	made := r.add(Change{FollowUp: f, Event: eventCreated})
	if w.End != nil {
		r.add(made.ended(r.ending(w), r.now))
	}
}

// ending dates an end that is no event's as from now.
func (r *reconciliation) ending(w Want) End {
	end := *w.End
	if end.Time.IsZero() {
		end.Time = r.now
	}
	return end
}

// adjust moves or ends an open follow-up.
func (r *reconciliation) adjust(f FollowUp, w Want) {
	if w.End != nil {
		r.add(f.ended(r.ending(w), r.now))
		return
	}
	if f.Basis != w.Basis {
		f = r.add(f.reschedule(w, r.now))
	}
	f = r.follow(f, w.Owner, cmp.Or(w.EscalationRole, w.Owner.Role))
	r.move(f)
}

// reschedule takes over a new due time; reminders and escalations start anew.
func (f FollowUp) reschedule(w Want, now time.Time) Change {
	f.Basis, f.DueDate, f.DueTime, f.Lapse, f.Policy = w.Basis, w.Due.Day, w.Due.Time, w.Lapse, w.Policy
	f.SnoozedUntil, f.SnoozeReason = time.Time{}, ""
	f.Reminders, f.EscalationLevel = 0, 0
	f.EscalationRole = cmp.Or(w.EscalationRole, f.Owner.Role)
	f.Ladder = w.ladder(now)
	return f.changed(eventRescheduled, now)
}

// follow moves the owner when the owner that the facts give has changed, and no person has decided otherwise.
func (r *reconciliation) follow(f FollowUp, owner Owner, escalation Role) FollowUp {
	if f.OwnerFrom == owner {
		return f
	}
	f.OwnerFrom = owner
	if f.Pinned {
		return f
	}
	if f.Owner == owner {
		return r.add(f.changed("", r.now)) // whoever had claimed it has joined the team: from now on it moves with her
	}
	handover := &Handover{From: f.Owner, To: owner, Time: r.now}
	f.Owner, f.EscalationRole = owner, escalation
	change := f.changed(eventReassigned, r.now)
	change.Handover = handover
	return r.add(change)
}

// move takes an open follow-up along to the patient's new unit, where nobody owns it in person yet.
func (r *reconciliation) move(f FollowUp) {
	place := r.file.Place()
	if f.Place == place || place == (Place{}) {
		return
	}
	from := f.Owner
	other := f.Place.UnitID != "" && f.Place.UnitID != place.UnitID
	f.Place = place
	var handover *Handover
	if other && f.Owner.PractitionerID != "" {
		f.Owner.PractitionerID = ""
		handover = &Handover{From: from, To: f.Owner, Time: r.now}
	}
	change := f.changed(eventReassigned, r.now)
	change.Handover = handover
	r.add(change)
}

// correct changes how a follow-up that events have ended did end, when the facts have come to say otherwise: the contact was
// held an hour before the episode was closed, but heard of after; or what it was cancelled for has been taken back since.
func (r *reconciliation) correct(f FollowUp, w Want) {
	if !f.End.ByEvent() || f.End.Cause == w.End.Cause || w.End.Time.IsZero() {
		return
	}
	if w.End.Time.Before(f.End.Time) || f.State == Cancelled && w.End.State == Completed {
		r.add(f.ended(*w.End, r.now))
	}
}

// settleManual ends what a person asked for with the episode or the patient record, and lets its owner move with the team.
func (r *reconciliation) settleManual(f FollowUp) {
	episode := r.file.Episodes[f.EpisodeID]
	switch {
	case r.file.Patient != nil && r.file.Patient.Ended:
		r.add(f.ended(End{State: Cancelled, Cause: PatientRecordEnded, Time: r.file.Patient.Time, By: r.file.Patient.By}, r.now))
		return
	case episode != nil && !episode.Ended.IsZero():
		r.add(f.ended(End{State: Cancelled, Cause: EpisodeEnded, Time: episode.Ended, By: episode.By}, r.now))
		return
	case episode != nil && !f.Pinned:
		f = r.follow(f, episode.owned(f.OwnerFrom.Role), f.OwnerFrom.Role)
	}
	r.move(f)
}

// Twin finds, among a patient's follow-ups, the copy that ends together with one that a person has ended: the GP's of a
// certificate about to end.
func Twin(f FollowUp, all []FollowUp) (FollowUp, bool) {
	if f.Kind != CertificateEnding {
		return FollowUp{}, false
	}
	at := slices.IndexFunc(all, func(o FollowUp) bool {
		return o.Kind == CertificateEndingNotice && o.SubjectID == f.SubjectID && o.State == Open
	})
	if at < 0 {
		return FollowUp{}, false
	}
	return all[at], true
}

// EndWith ends a copy with what it is a copy of.
func (f FollowUp) EndWith(other FollowUp, now time.Time) Change { return f.ended(other.End, now) }

// Request is what a person asks for in one line.
type Request struct {
	Title     string
	EpisodeID string
	// EpisodeOpen: the episode is known to be open although the file has not heard of it yet.
	EpisodeOpen bool
	Owner       Owner
	Pinned      bool // the person was named, not taken from the team
	Due         date.Day
}

// Make makes a follow-up that a person asks for, due the next working day unless said. With no episode named it belongs to the
// patient's open one, and with no person named to the member of that episode's team in the role.
func Make(id string, file *File, place Place, c Caller, r Request, policy Policy, now time.Time) (Change, error) {
	if !r.Owner.Role.CanOwn() {
		return Change{}, &Violation{Field: "owner_role", Reason: "ROLE_CANNOT_OWN", Text: "must be a clinical role"}
	}
	d := &derivation{File: file}
	episode := d.openEpisode()
	if r.EpisodeID != "" {
		episode = file.Episodes[r.EpisodeID]
		if episode == nil && !r.EpisodeOpen || episode != nil && episode.State != EpisodeOpen {
			return Change{}, &Violation{Field: "care_episode_id", Reason: "CARE_EPISODE_NOT_OPEN", Text: "must be an open episode of this patient"}
		}
	}
	due := after(now, 1)
	if !r.Due.IsZero() {
		var err error
		if due, err = dueByHand(r.Due, "due_date", now); err != nil {
			return Change{}, err
		}
	}
	policy = policy.Effective()
	derived := episode.owned(r.Owner.Role)
	f := FollowUp{
		ID: id, PatientID: file.PatientID, Place: place, Kind: Manual, SubjectID: id, Basis: due.Day.String(), Title: r.Title,
		CreatedBy: c.PractitionerID, EpisodeID: r.EpisodeID, Owner: r.Owner, OwnerFrom: derived, Pinned: r.Pinned, DueDate: due.Day, DueTime: due.Time,
		Lapse: due.Day.AddDays(policy.Lapse).At(24, 0).UTC(), State: Open, EscalationRole: r.Owner.Role,
		Stamp: 1, Revision: 1, Created: now, Updated: now,
	}
	if episode != nil {
		f.EpisodeID = episode.ID
	}
	if !r.Pinned {
		f.Owner = derived
	}
	f.Ladder = policy.ladder(due.Day, now, ordinary, f.Lapse)
	return Change{FollowUp: f, Event: eventCreated}, nil
}
