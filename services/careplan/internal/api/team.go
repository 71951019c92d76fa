package api

import (
	"context"
	"fmt"
	"slices"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// coordination is what the patient service says of a patient's consent to coordination, asked before a transaction. The zero value
// is for work that does not rest on it.
type coordination struct {
	patientID string
	said      careplan.Coordination
	err       error // why it could not be asked
}

// askCoordination asks the patient service whether the patient consents to coordination (act 2019:1297). It stands before any
// transaction; mustBeCoordinated judges within, so that a retry of what was done before a withdrawal still gets its first answer.
func (s *Server) askCoordination(ctx context.Context, patientID string) coordination {
	answer, err := s.Patients.CheckConsent(ctx, &patientv1.CheckConsentRequest{PatientId: patientID, Kind: patientv1.Consent_COORDINATION})
	if err != nil {
		return coordination{patientID: patientID, err: fmt.Errorf("ask about the consent to coordination: %w", err)}
	}
	return coordination{patientID: patientID, said: careplan.Coordination{
		Revision: int64(answer.GetConsentsRevision()), Consented: answer.GetConsented(),
	}}
}

// mustBeCoordinated refuses a coordinator's work where the patient does not consent to coordination: what has been heard since the
// patient service was asked wins.
func (s *Server) mustBeCoordinated(tx *act.Tx, asked coordination) error {
	if asked.patientID == "" || asked.err != nil {
		return asked.err
	}
	heard, err := s.Store.Coordination(tx, asked.patientID)
	if err != nil {
		return err
	}
	if !asked.said.Or(heard).Covers(tx.Today()) {
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
