package followup

import "slices"

// Caller is who acts on a follow-up: a practitioner with the roles held at the follow-up's unit.
type Caller struct {
	PractitionerID string
	Roles          []Role
}

func (c Caller) has(roles ...Role) bool {
	return slices.ContainsFunc(c.Roles, func(r Role) bool { return slices.Contains(roles, r) })
}

// reached are the roles that see to a follow-up: its owner's, a GP's, and the one it is escalated to.
func (f *FollowUp) reached() []Role {
	roles := []Role{f.Owner.Role}
	if f.Owner.Role != GP {
		roles = append(roles, GP)
	}
	if f.EscalationLevel > 0 && !slices.Contains(roles, f.EscalationRole) {
		roles = append(roles, f.EscalationRole)
	}
	return roles
}

// mayWork tells whether the caller may complete, cancel or snooze: the owner in person, whoever holds the owning role at the
// unit, any GP there, and those it is escalated to.
func (f *FollowUp) mayWork(c Caller) error {
	if c.has(f.reached()...) || c.PractitionerID != "" && c.PractitionerID == f.Owner.PractitionerID {
		return nil
	}
	return &Forbidden{Roles: f.reached()}
}

// mayReassign adds the unit's manager to those who may work on it.
func (f *FollowUp) mayReassign(c Caller) error {
	if c.has(UnitManager) || f.mayWork(c) == nil {
		return nil
	}
	return &Forbidden{Roles: append(f.reached(), UnitManager)}
}
