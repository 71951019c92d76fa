package employerdialogue

import (
	"slices"
	"time"
)

// Invitation is what a calendar file says. No patient, and nothing of health, stands in it.
type Invitation struct {
	UID         string
	Cancels     bool // the meeting is off
	Sequence    int
	Start, End  time.Time
	Summary     string
	Location    string
	Description string
}

// Invite makes the invitation to a meeting for one who takes part, from the same view that decides all that an employer sees:
// without consent to contact there is none for the employer. One thing passes: that a meeting to which the employer was invited is
// off, which says less than the invitation did. It holds no word.
func (m Meeting) Invite(consents Consents, recipient Party) (Invitation, error) {
	if recipient == Employer && slices.Contains(See(Case{Meeting: &m}, consents).Withheld, ItemContact) {
		if !m.OffFor() {
			return Invitation{}, consents.MustCover(ItemContact)
		}
		return Invitation{UID: m.uid(), Cancels: true, Sequence: m.Sequence, Start: m.Invited.Time, End: m.Invited.end()}, nil
	}
	slot, cancels := m.Slot, m.OffFor()
	if cancels {
		slot = m.Invited
	}
	if m.Error != nil && !cancels {
		return Invitation{}, inErrorMeeting(m.State) // nobody is invited to what should never have been there
	}
	if slot.Time.IsZero() {
		return Invitation{}, &Refusal{
			Reason: ReasonMeetingState, State: m.State, Allowed: m.State.Verbs(), Text: "the meeting has never been scheduled; nobody is invited",
		}
	}
	invitation := Invitation{
		UID: m.uid(), Cancels: cancels, Sequence: m.Sequence, Start: slot.Time, End: slot.end(), Summary: "Möte med rehabkoordinator",
		Location: locationOf(slot.Place),
	}
	if !cancels {
		invitation.Description = "Mötet är ett samtal och ingen förhandling. Den som bjuds in får skriftlig och muntlig information i förväg."
	}
	return invitation, nil
}

// uid is what all that follows an invitation has in common with it.
func (m Meeting) uid() string { return m.ID + "@coworkcare" }

func (s Slot) end() time.Time { return s.Time.Add(time.Duration(s.Length) * time.Minute) }

func locationOf(place Place) string {
	switch place {
	case AtWorkplace:
		return "Arbetsplatsen"
	case ByVideo:
		return "Video"
	default:
		return "Vårdcentralen"
	}
}
