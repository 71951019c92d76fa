package api

import (
	"context"
	"fmt"
	"slices"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// mustBeCoordinated refuses a coordinator's work where the patient does not consent to coordination (act 2019:1297). It asks the
// patient service, and so stands before any transaction; what it says counts within, so that a retry of what was done before a
// withdrawal still gets its first answer.
func (s *Server) mustBeCoordinated(ctx context.Context, patientID string) error {
	answer, err := s.patients.CheckConsent(ctx, &patientv1.CheckConsentRequest{PatientId: patientID, Kind: patientv1.Consent_COORDINATION})
	if err != nil {
		return fmt.Errorf("ask about the consent to coordination: %w", err)
	}
	if !answer.GetConsented() {
		return fault.State(reason(sickleavev1.Reason_COORDINATION_CONSENT_MISSING),
			"the patient has not consented to coordination; ask for and record the consent first", "NOT_CONSENTED")
	}
	return nil
}

// mustBeCoordinatedFor is mustBeCoordinated for what others of the team may do as well: it holds for who is a coordinator alone.
func (s *Server) mustBeCoordinatedFor(ctx context.Context, patientID string) error {
	place := access.PlaceFrom(ctx)
	caller, _ := identity.FromContext(ctx)
	roles := caller.RolesAt(place.ProviderID, place.UnitID)
	if slices.Contains(roles, identity.RoleGP) || slices.Contains(roles, identity.RoleCareManager) {
		return nil
	}
	return s.mustBeCoordinated(ctx, patientID)
}
