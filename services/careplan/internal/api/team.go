package api

import (
	"context"
	"fmt"
	"slices"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// mustBeCoordinated refuses a coordinator's work where the patient does not consent to coordination (act 2019:1297). It asks
// the patient service, and so stands before any transaction; what it says counts within, so that a retry of what was done
// before a withdrawal still gets its first answer.
func (s *Server) mustBeCoordinated(ctx context.Context, patientID string) error {
	answer, err := s.Patients.CheckConsent(ctx, &patientv1.CheckConsentRequest{PatientId: patientID, Kind: patientv1.Consent_COORDINATION})
	if err != nil {
		return fmt.Errorf("ask about the consent to coordination: %w", err)
	}
	if !answer.GetConsented() {
		return fault.State(careplanv1.Reason_COORDINATION_CONSENT_MISSING.String(),
			"the patient has not consented to coordination; ask for and record the consent first", "NOT_CONSENTED")
	}
	return nil
}

// callerAt is who calls, with the roles held at a place.
func callerAt(caller identity.Caller, place access.Place) careplan.Person {
	p := careplan.Person{Practitioner: caller.PractitionerID}
	for _, role := range caller.RolesAt(place.ProviderID, place.UnitID) {
		p.Roles = append(p.Roles, access.ProtoRole(role).String())
	}
	return p
}

// reader is who reads, at the patient's unit.
func reader(ctx context.Context) careplan.Person {
	caller, _ := identity.FromContext(ctx)
	return callerAt(caller, access.PlaceFrom(ctx))
}

// coordinates tells whether somebody acts as a coordinator: one who is the care manager as well acts as that.
func coordinates(p careplan.Person) bool {
	return slices.Contains(p.Roles, accessv1.Role_ROLE_REHABILITATION_COORDINATOR.String()) &&
		!slices.Contains(p.Roles, accessv1.Role_ROLE_CARE_MANAGER.String())
}
