package api

import (
	"context"
	"fmt"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
	"github.com/coworkcare/coworkcare/services/followup/internal/store"
)

// Elsewhere asks the patient service about what the copies here have not heard of yet: somebody of the staff, an episode just
// started. It is called on the caller's behalf and never inside a transaction.
type Elsewhere struct {
	Patient grpc.ClientConnInterface
}

// worksAs tells whether a practitioner holds a role at a unit on a day. Of the caller the token says it.
func (s *Server) worksAs(ctx context.Context, practitionerID string, place followup.Place, role followup.Role, day date.Day) (bool, error) {
	caller, _ := identity.FromContext(ctx)
	if caller.PractitionerID == practitionerID {
		for _, held := range caller.RolesAt(place.ProviderID, place.UnitID) {
			if followup.Role(held) == role {
				return true, nil
			}
		}
	}
	works, known, err := s.store.WorksAs(s.db.Read(ctx), practitionerID, place.UnitID, role, day)
	if err != nil || works || known {
		return works, err
	}
	return s.elsewhere.worksAs(ctx, practitionerID, place, role, day)
}

func (s Elsewhere) worksAs(ctx context.Context, practitionerID string, place followup.Place, role followup.Role, day date.Day) (bool, error) {
	answer, err := patientv1.NewPatientServiceClient(s.Patient).GetPractitioner(ctx, &patientv1.GetPractitionerRequest{PractitionerId: practitionerID})
	switch status.Code(err) {
	case codes.OK:
	case codes.NotFound, codes.PermissionDenied, codes.InvalidArgument, codes.Unimplemented:
		return false, nil
	default:
		return false, fmt.Errorf("asking where a practitioner works: %w", err)
	}
	for _, e := range answer.GetEmployments() {
		from, to := dayOf(e.GetStartDate()), dayOf(e.GetEndDate())
		if e.GetCareUnitId() != place.UnitID || day < from || !to.IsZero() && day > to {
			continue
		}
		for _, held := range e.GetRoles() {
			if held == store.Role(role) {
				return true, nil
			}
		}
	}
	return false, nil
}

// openEpisode tells whether a patient has an open episode.
func (s Elsewhere) openEpisode(ctx context.Context, patientID, episodeID string) (bool, error) {
	answer, err := patientv1.NewPatientServiceClient(s.Patient).GetCareEpisode(ctx, &patientv1.GetCareEpisodeRequest{PatientId: patientID, CareEpisodeId: episodeID})
	switch status.Code(err) {
	case codes.OK:
		return answer.GetState() == patientv1.CareEpisode_OPEN, nil
	case codes.NotFound, codes.PermissionDenied, codes.InvalidArgument, codes.Unimplemented:
		return false, nil
	default:
		return false, fmt.Errorf("asking for a care episode: %w", err)
	}
}

// checkOwner refuses an owner who cannot be one: a role that owns nothing, or a person without the role at the unit.
func (s *Server) checkOwner(ctx context.Context, owner followup.Owner, place followup.Place, prefix, personField string) error {
	if !owner.Role.CanOwn() {
		return fault.Invalid(fault.Violation{Field: prefix + "owner_role", Reason: followupv1.Reason_ROLE_CANNOT_OWN.String(),
			Message: "must be a clinical role"})
	}
	if owner.PractitionerID == "" {
		return nil
	}
	works, err := s.worksAs(ctx, owner.PractitionerID, place, owner.Role, date.Of(s.now()))
	if err != nil {
		return err
	}
	if !works {
		return fault.Invalid(fault.Violation{Field: prefix + personField, Reason: followupv1.Reason_OWNER_NOT_AT_UNIT.String(),
			Message: "does not hold the role " + string(owner.Role) + " at the unit today"})
	}
	return nil
}
