// Package identity says who is calling: it verifies the tokens of people and of the system's own services, and carries the
// result through a request.
//
// A caller's token is the authority for what the caller may do where; it is a JWT of the region's OpenID Connect issuer:
//
//	{
//	  "iss": "https://login.example.se", "aud": "coworkcare", "sub": "c0ffee", "iat": …, "nbf": …, "exp": …, "jti": "…",
//	  "practitioner_id": "0190a…",
//	  "assignments": [{"care_provider_id": "0190b…", "care_unit_id": "0190c…", "roles": ["gp"]}]
//	}
//
// Whether a role is allowed to call a method is decided elsewhere, from the method's access option.
package identity

import (
	"fmt"
	"slices"
)

// Role is what a person, or an integration, does at a place. The values stand in tokens and never change.
type Role string

// The roles. All but the last three are held at one care unit.
const (
	RoleGP                        Role = "gp"
	RoleCareManager               Role = "care_manager"
	RoleRehabilitationCoordinator Role = "rehabilitation_coordinator"
	RoleTherapist                 Role = "therapist"
	RolePsychologist              Role = "psychologist"
	RolePhysiotherapist           Role = "physiotherapist"
	RoleOccupationalTherapist     Role = "occupational_therapist"
	RoleNurse                     Role = "nurse"
	RoleMedicalSecretary          Role = "medical_secretary" // registers patients
	RoleUnitManager               Role = "unit_manager"
	// RoleIntegration is a regional health record: it reads patients of its units and the event feed.
	RoleIntegration Role = "integration"
	// RoleProviderAdministrator administers units and staff of one care provider and is held for the whole provider.
	RoleProviderAdministrator Role = "provider_administrator"
	// RoleOperator administers the installation and never sees patient data; it is held for the whole installation.
	RoleOperator Role = "operator"
)

// AllRoles returns every role, in a fixed order.
func AllRoles() []Role {
	return []Role{
		RoleGP, RoleCareManager, RoleRehabilitationCoordinator, RoleTherapist, RolePsychologist, RolePhysiotherapist,
		RoleOccupationalTherapist, RoleNurse, RoleMedicalSecretary, RoleUnitManager, RoleIntegration,
		RoleProviderAdministrator, RoleOperator,
	}
}

// ParseRole returns the role named in a token or on a command line. Spelling and case are exact.
func ParseRole(text string) (Role, error) {
	if role := Role(text); role.Valid() {
		return role, nil
	}
	return "", fmt.Errorf("%.40q is not a role; the roles are %v", text, AllRoles())
}

// Valid reports whether the role is one of AllRoles.
func (r Role) Valid() bool { return slices.Contains(AllRoles(), r) }

// scope is how far an assignment reaches.
type scope int

const (
	scopeUnit scope = iota
	scopeProvider
	scopeInstallation
)

func (r Role) scope() scope {
	switch r {
	case RoleProviderAdministrator:
		return scopeProvider
	case RoleOperator:
		return scopeInstallation
	default:
		return scopeUnit
	}
}
