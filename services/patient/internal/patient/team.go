package patient

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Member is someone in a team, in one role, for a period. On the day of a handover both have the role.
type Member struct {
	PractitionerID string
	Role           Role
	Start, End     date.Day // inclusive; no End while in the team
}

// Assign puts a practitioner in the team in a role, from today. Whoever held a role of one holder leaves it, and an unanswered
// referral to the role asks the new one. False when the practitioner was in the team in that role already.
//
// Reasons: CARE_EPISODE_CLOSED; NOT_EMPLOYED_IN_ROLE when the practitioner (nil when unknown) has not the role at the unit
// today; COORDINATION_CONSENT_MISSING for a coordinator while the patient does not consent.
func (e Episode) Assign(p *Practitioner, role Role, consented bool, now time.Time) (Episode, bool, error) {
	today := date.Of(now)
	if err := e.checkOpen(); err != nil {
		return Episode{}, false, err
	}
	if !role.inTeam() {
		return Episode{}, false, &InvalidError{[]Violation{{"role", "FIELD_REQUIRED", "must be a role that stands in a team"}}}
	}
	if p == nil || !p.Holds(role, e.UnitID, today) {
		return Episode{}, false, &InvalidError{[]Violation{notEmployed("practitioner_id")}}
	}
	if role == RehabilitationCoordinator && !consented {
		return Episode{}, false, consentMissing(string(e.State), e.Verbs()...)
	}
	next := e.next(now)
	changed := next.join(p.ID, role, today)
	for i := range next.Referrals {
		if r := &next.Referrals[i]; r.Role == role && r.State.unanswered() && r.PractitionerID != p.ID {
			r.PractitionerID = p.ID
			changed = true
		}
	}
	return next, changed, nil
}

func notEmployed(field string) Violation {
	return Violation{field, "NOT_EMPLOYED_IN_ROLE", "must be someone employed in that role at the patient's care unit"}
}

// join puts somebody in the team; false when there already in that role.
func (e *Episode) join(practitionerID string, role Role, today date.Day) bool {
	if slices.ContainsFunc(e.Team, func(m Member) bool { return m.PractitionerID == practitionerID && m.Role == role && m.End.IsZero() }) {
		return false
	}
	for i := range e.Team {
		if m := &e.Team[i]; role.oneHolder() && m.Role == role && m.End.IsZero() {
			m.End = today
		}
	}
	e.Team = append(e.Team, Member{PractitionerID: practitionerID, Role: role, Start: today})
	return true
}
