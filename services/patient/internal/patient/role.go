package patient

import "slices"

// Role is what a member of staff does at a unit, spelled as in tokens.
type Role string

// The roles that can be referred to or stand in a team.
const (
	GP                        Role = "gp"
	CareManager               Role = "care_manager"
	RehabilitationCoordinator Role = "rehabilitation_coordinator"
	Therapist                 Role = "therapist"
	Psychologist              Role = "psychologist"
	Physiotherapist           Role = "physiotherapist"
	OccupationalTherapist     Role = "occupational_therapist"
	Nurse                     Role = "nurse"
)

// oneHolder tells whether one person at a time has the role in a team, so that it is always clear who it is.
func (r Role) oneHolder() bool { return r == GP || r == CareManager || r == RehabilitationCoordinator }

// inTeam tells whether the role can stand in a team.
func (r Role) inTeam() bool {
	return r == GP || r.referable()
}

// referable tells whether a GP can refer to the role.
func (r Role) referable() bool {
	return slices.Contains([]Role{CareManager, RehabilitationCoordinator, Therapist, Psychologist, Physiotherapist, OccupationalTherapist, Nurse}, r)
}
