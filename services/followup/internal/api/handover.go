package api

import (
	"context"
	"slices"
	"strings"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// ReassignAllFollowUps hands over everything that one practitioner owns at a unit, all or nothing.
func (s *Server) ReassignAllFollowUps(ctx context.Context, request *followupv1.ReassignAllFollowUpsRequest) (*followupv1.ReassignAllFollowUpsResponse, error) {
	from, to := request.GetFromPractitionerId(), request.GetToPractitionerId()
	if from == to {
		return nil, fault.Invalid(fault.Violation{Field: "to_practitioner_id", Reason: followupv1.Reason_OWNER_UNCHANGED.String(), Message: "must be another practitioner"})
	}
	place := placeOf(access.PlaceFrom(ctx))
	able, err := s.rolesOf(ctx, to, place)
	if err != nil {
		return nil, err
	}
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*followupv1.ReassignAllFollowUpsResponse, error) {
		caller, err := callerAt(tx.Caller, place)
		if err != nil {
			return nil, err
		}
		owned, err := s.lockOwned(tx, place.UnitID, from, roleOf(request.GetOwnerRole()))
		if err != nil {
			return nil, err
		}
		policy, err := s.store.Policy(tx, place.UnitID)
		if err != nil {
			return nil, err
		}
		changes, err := handOver(owned, caller, to, able, request.GetReason(), policy.Policy, tx)
		if err != nil {
			return nil, err
		}
		for _, f := range owned {
			access.Touch(ctx, f.PatientID) // the answer holds counts alone
		}
		if !request.GetValidateOnly() {
			if err := s.store.Write(tx, changes...); err != nil {
				return nil, err
			}
		}
		left, err := s.store.OwnedBy(tx, place.UnitID, from, "")
		if err != nil {
			return nil, err
		}
		answer := &followupv1.ReassignAllFollowUpsResponse{ReassignedCount: int32(len(changes)), RemainingCount: int32(len(left))}
		if request.GetValidateOnly() {
			answer.RemainingCount -= answer.GetReassignedCount()
		}
		return answer, nil
	})
}

// rolesOf are the owning roles that a practitioner holds at a unit today; nil asks for none.
func (s *Server) rolesOf(ctx context.Context, practitionerID string, place followup.Place) ([]followup.Role, error) {
	if practitionerID == "" {
		return nil, nil
	}
	var held []followup.Role
	for _, role := range followup.OwningRoles() {
		works, err := s.worksAs(ctx, practitionerID, place, role, date.Of(s.now()))
		if err != nil {
			return nil, err
		}
		if works {
			held = append(held, role)
		}
	}
	return held, nil
}

// lockOwned locks the files of everybody for whom the practitioner owns something open, in the order of their ids, and reads
// what is owned then. Something that came to be owned meanwhile is locked in a second round.
func (s *Server) lockOwned(tx *act.Tx, unitID, practitionerID string, role followup.Role) ([]followup.FollowUp, error) {
	locked := map[string]bool{}
	for {
		owned, err := s.store.OwnedBy(tx, unitID, practitionerID, role)
		if err != nil {
			return nil, err
		}
		complete := true
		for _, f := range owned {
			if locked[f.PatientID] {
				continue
			}
			if _, err := s.store.Lock(tx.Tx, f.PatientID, f.Place); err != nil {
				return nil, err
			}
			locked[f.PatientID], complete = true, false
		}
		if complete {
			return owned, nil
		}
	}
}

// handOver gives each follow-up to another person in the same role, or to anyone with the role.
func handOver(owned []followup.FollowUp, caller followup.Caller, to string, able []followup.Role, reason string, policy followup.Policy, tx *act.Tx) ([]followup.Change, error) {
	var lacking []string
	changes := make([]followup.Change, 0, len(owned))
	for _, f := range owned {
		if to != "" && !slices.Contains(able, f.Owner.Role) {
			if name := string(f.Owner.Role); !slices.Contains(lacking, name) {
				lacking = append(lacking, name)
			}
			continue
		}
		change, err := f.Reassign(caller, followup.Reassignment{
			To: followup.Owner{Role: f.Owner.Role, PractitionerID: to}, Reason: reason,
		}, policy, tx.Now)
		if err != nil {
			return nil, refusal(err, "")
		}
		changes = append(changes, change)
	}
	if len(lacking) > 0 {
		slices.Sort(lacking)
		return nil, fault.Invalid(fault.Violation{Field: "to_practitioner_id", Reason: followupv1.Reason_OWNER_NOT_AT_UNIT.String(),
			Message: "does not hold, at the unit today, the roles " + strings.Join(lacking, ", ") + " in which there is something to hand over"})
	}
	return changes, nil
}
