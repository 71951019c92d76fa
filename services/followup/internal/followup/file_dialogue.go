package followup

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// MeetingState is the contract's DialogueMeeting.State.
type MeetingState string

// The states of a dialogue meeting.
const (
	MeetingProposed  MeetingState = "PROPOSED"
	MeetingDeferred  MeetingState = "DEFERRED"
	MeetingDeclined  MeetingState = "DECLINED"
	MeetingScheduled MeetingState = "SCHEDULED"
	MeetingOngoing   MeetingState = "ONGOING"
	MeetingPaused    MeetingState = "PAUSED"
	MeetingEnded     MeetingState = "ENDED"
	MeetingConcluded MeetingState = "CONCLUDED"
	MeetingCancelled MeetingState = "CANCELLED"
	MeetingNotHeld   MeetingState = "NOT_HELD"
)

func (s MeetingState) begun() bool {
	return s == MeetingOngoing || s == MeetingPaused || s == MeetingEnded || s == MeetingConcluded
}

// Meeting is a dialogue meeting.
type Meeting struct {
	Told
	EpisodeID  string       `json:"episode"`
	State      MeetingState `json:"state"`
	Scheduled  time.Time    `json:"scheduled,omitzero"`
	Recheck    date.Day     `json:"recheck"` // of the latest deferral, also when it is over
	Held       date.Day     `json:"held"`
	Moderator  string       `json:"moderator,omitempty"`
	Uninformed bool         `json:"uninformed,omitempty"` // somebody has yet to be informed in some form
	Unprepared bool         `json:"unprepared,omitempty"` // the patient's own description and needs are missing
	Since      time.Time    `json:"since"`                // of the event that brought it into its state, or moved its time
	SinceBy    string       `json:"since_by,omitempty"`
	Proposed   time.Time    `json:"proposed,omitzero"` // of the event that proposed it, at first or anew
	Booked     time.Time    `json:"booked,omitzero"`   // of the event that scheduled it since
	Informed   time.Time    `json:"informed,omitzero"` // of the event since which everybody has been informed about the time it is scheduled for
	InformedBy string       `json:"informed_by,omitempty"`
	Prepared   time.Time    `json:"prepared,omitzero"` // of the event since which it has been both scheduled and prepared
	PreparedBy string       `json:"prepared_by,omitempty"`
	CalledOff  time.Time    `json:"called_off,omitzero"` // the time it was scheduled for when it was cancelled
	Begun      time.Time    `json:"begun,omitzero"`      // of the event by which it began
	BegunBy    string       `json:"begun_by,omitempty"`
	Deferred   time.Time    `json:"deferred,omitzero"` // of the event that deferred it last
	Left       time.Time    `json:"left,omitzero"`     // of the event that ended that deferral; zero while it stands
	LeftBy     string       `json:"left_by,omitempty"`
	LeftFor    MeetingState `json:"left_for,omitempty"`
	Void       bool         `json:"void,omitempty"`  // registered in error: whatever its state, it counts for nothing
	Voided     time.Time    `json:"voided,omitzero"` // of the event that said so
	VoidedBy   string       `json:"voided_by,omitempty"`
}

// Agreement is what a meeting ended in, as far as there is something to do.
type Agreement struct {
	Told
	EpisodeID string   `json:"episode"`
	MeetingID string   `json:"meeting,omitempty"`
	Actions   []Action `json:"actions"`
	// Registered in error: nothing in it is to be done any more.
	Void     bool      `json:"void,omitempty"`
	Voided   time.Time `json:"voided,omitzero"` // of the event that said so
	VoidedBy string    `json:"voided_by,omitempty"`
}

// ActionState is the contract's AgreedAction.State.
type ActionState string

// The states of an agreed action.
const (
	ActionIsOpen    ActionState = "OPEN"
	ActionIsDone    ActionState = "DONE"
	ActionIsDropped ActionState = "DROPPED"
)

// Party is the contract's Agreement.Party.
type Party string

// PartyEmployer is the party whose actions are what changes at work.
const PartyEmployer Party = "EMPLOYER"

// Action is one agreed action.
type Action struct {
	ID    string      `json:"id"`
	Party Party       `json:"party,omitempty"` // whose it is
	Due   date.Day    `json:"due"`
	State ActionState `json:"state"`
	Known time.Time   `json:"known"` // of the first event about it
	Since time.Time   `json:"since"` // of the event that brought it into its state
	By    string      `json:"by,omitempty"`
}

// SeeMeeting enters what was told about a dialogue meeting.
func (f *File) SeeMeeting(seen Meeting) {
	old := f.Meetings[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	recheck := seen.Recheck
	seen.Since, seen.SinceBy = seen.Time, seen.By
	was := Meeting{}
	if old != nil {
		was = *old
		seen.Proposed, seen.Booked, seen.Informed, seen.InformedBy = was.Proposed, was.Booked, was.Informed, was.InformedBy
		seen.Prepared, seen.PreparedBy, seen.CalledOff = was.Prepared, was.PreparedBy, was.CalledOff
		seen.Begun, seen.BegunBy = was.Begun, was.BegunBy
		seen.Recheck, seen.Deferred, seen.Left, seen.LeftBy, seen.LeftFor = was.Recheck, was.Deferred, was.Left, was.LeftBy, was.LeftFor
		if was.State == seen.State && was.Scheduled.Equal(seen.Scheduled) && (was.State != MeetingDeferred || was.Recheck == recheck) {
			seen.Since, seen.SinceBy = was.Since, was.SinceBy
		}
	}
	if seen.Void {
		seen.Voided, seen.VoidedBy = seen.Time, seen.By
		if was.Void {
			seen.Voided, seen.VoidedBy = was.Voided, was.VoidedBy
		}
	}
	changed := was.State != seen.State
	if changed && was.State == MeetingDeferred {
		seen.Left, seen.LeftBy, seen.LeftFor = seen.Time, seen.By, seen.State
	}
	switch {
	case seen.State == MeetingProposed && changed:
		seen.Proposed, seen.Booked, seen.Begun, seen.BegunBy = seen.Time, time.Time{}, time.Time{}, ""
		seen.Informed, seen.InformedBy = time.Time{}, ""
		seen.Prepared, seen.PreparedBy = time.Time{}, ""
	case seen.State == MeetingCancelled && changed && was.State == MeetingScheduled:
		seen.CalledOff = was.Scheduled
	case seen.State == MeetingDeferred:
		seen.Recheck = recheck
		if changed {
			seen.Deferred, seen.Left, seen.LeftBy, seen.LeftFor = seen.Time, time.Time{}, "", ""
		}
	case seen.State == MeetingScheduled:
		seen.inform(was)
		seen.prepare(was)
	case seen.State.begun() && seen.Begun.IsZero():
		seen.Begun, seen.BegunBy = seen.Time, seen.By
	}
	if seen.Proposed.IsZero() {
		seen.Proposed = seen.Time
	}
	f.Meetings[seen.ID] = &seen
}

// inform dates the scheduling of a meeting, and since when everybody knows of it.
func (m *Meeting) inform(was Meeting) {
	if m.Booked.IsZero() {
		m.Booked = m.Time
	}
	switch {
	case m.Uninformed:
		m.Informed, m.InformedBy = time.Time{}, ""
	case m.Informed.IsZero() || was.State != MeetingScheduled:
		m.Informed, m.InformedBy = m.Time, m.By
	}
}

// prepare dates since when a scheduled meeting has been prepared.
func (m *Meeting) prepare(was Meeting) {
	switch {
	case m.Unprepared:
		m.Prepared, m.PreparedBy = time.Time{}, ""
	case m.Prepared.IsZero() || was.State != MeetingScheduled:
		m.Prepared, m.PreparedBy = m.Time, m.By
	}
}

// SeeAgreement enters what was told about an agreement.
func (f *File) SeeAgreement(seen Agreement) {
	old := f.Agreements[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	if seen.Void {
		seen.Voided, seen.VoidedBy = seen.Time, seen.By
		if old != nil && old.Void {
			seen.Voided, seen.VoidedBy = old.Voided, old.VoidedBy
		}
	}
	seen.Actions = slices.Clone(seen.Actions)
	for i := range seen.Actions {
		a := &seen.Actions[i]
		a.Known, a.Since, a.By = seen.Time, seen.Time, seen.By
		if old == nil {
			continue
		}
		for _, before := range old.Actions {
			if before.ID != a.ID {
				continue
			}
			a.Known = before.Known
			if before.State == a.State {
				a.Since, a.By = before.Since, before.By
			}
		}
	}
	f.Agreements[seen.ID] = &seen
}
