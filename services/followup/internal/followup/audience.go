package followup

import "slices"

// Audience is what decides in whose list an open follow-up stands.
type Audience struct {
	UnitID          string
	Owner           Owner
	EscalationLevel int
	EscalationRole  Role
}

// Audience is in whose list it stands while it is open.
func (f *FollowUp) Audience() Audience {
	return Audience{UnitID: f.Place.UnitID, Owner: f.Owner, EscalationLevel: f.EscalationLevel, EscalationRole: f.EscalationRole}
}

// Concerns tells whether it is for somebody who holds roles at a unit: what she owns in person, what nobody owns in person and one
// of the roles may take, what has been escalated to one of them, and for the unit's manager what was escalated in vain.
func (a Audience) Concerns(practitionerID, unitID string, roles []Role) bool {
	if a.UnitID != unitID || len(roles) == 0 {
		return false
	}
	switch {
	case practitionerID != "" && a.Owner.PractitionerID == practitionerID,
		a.Owner.PractitionerID == "" && slices.Contains(roles, a.Owner.Role),
		a.EscalationLevel >= 1 && slices.Contains(roles, a.EscalationRole),
		a.EscalationLevel >= 2 && slices.Contains(roles, UnitManager):
		return true
	default:
		return false
	}
}

// Narrows tells whether a change can take a follow-up out of somebody's list without ending it.
func (c Change) Narrows() bool {
	return c.From > 0 && (c.Event == eventReassigned || c.Event == eventClaimed || c.Event == eventRescheduled)
}
