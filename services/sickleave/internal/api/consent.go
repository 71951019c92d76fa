package api

import (
	"context"
	"fmt"
	"slices"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

// coordination is what the patient service says of a patient's consent to coordination, asked before a transaction.
type coordination struct {
	patientID string
	needless  bool // the caller's work does not rest on it
	said      sickleave.Coordination
	err       error // why it could not be asked
}

// askCoordination asks the patient service whether the patient consents to coordination (act 2019:1297). It stands before any
// transaction; mustBeCoordinated judges within, so that a retry of what was done before a withdrawal still gets its first answer.
func (s *Server) askCoordination(ctx context.Context, patientID string) coordination {
	answer, err := s.patients.CheckConsent(ctx, &patientv1.CheckConsentRequest{PatientId: patientID, Kind: patientv1.Consent_COORDINATION})
	if err != nil {
		return coordination{patientID: patientID, err: fmt.Errorf("ask about the consent to coordination: %w", err)}
	}
	return coordination{patientID: patientID, said: sickleave.Coordination{
		Revision: int64(answer.GetConsentsRevision()), Consented: answer.GetConsented(),
	}}
}

// askCoordinationFor is askCoordination for what others of the team may do as well: it matters for who is a coordinator alone.
func (s *Server) askCoordinationFor(ctx context.Context, patientID string) coordination {
	place := access.PlaceFrom(ctx)
	caller, _ := identity.FromContext(ctx)
	roles := caller.RolesAt(place.ProviderID, place.UnitID)
	if slices.Contains(roles, identity.RoleGP) || slices.Contains(roles, identity.RoleCareManager) {
		return coordination{patientID: patientID, needless: true}
	}
	return s.askCoordination(ctx, patientID)
}

// mustBeCoordinated refuses a coordinator's work where the patient does not consent to coordination: what has been heard since the
// patient service was asked wins.
func (s *Server) mustBeCoordinated(tx *act.Tx, asked coordination) error {
	if asked.needless || asked.err != nil {
		return asked.err
	}
	heard, err := s.store.Coordination(tx, asked.patientID)
	if err != nil {
		return err
	}
	if !asked.said.Or(heard).Covers(tx.Today()) {
		return fault.State(reason(sickleavev1.Reason_COORDINATION_CONSENT_MISSING),
			"the patient has not consented to coordination; ask for and record the consent first", "NOT_CONSENTED")
	}
	return nil
}
