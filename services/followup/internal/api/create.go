package api

import (
	"context"
	"strings"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// CreateFollowUp makes a follow-up by hand.
func (s *Server) CreateFollowUp(ctx context.Context, request *followupv1.CreateFollowUpRequest) (*followupv1.FollowUp, error) {
	asked := request.GetFollowUp()
	owner := followup.Owner{Role: roleOf(asked.GetOwnerRole()), PractitionerID: asked.GetOwnerPractitionerId()}
	title := strings.TrimSpace(asked.GetTitle())
	var missing []fault.Violation
	for _, field := range []struct {
		name string
		set  bool
	}{{"title", title != ""}, {"owner_role", owner.Role != ""}} {
		if !field.set {
			missing = append(missing, fault.Violation{Field: "follow_up." + field.name, Reason: followupv1.Reason_FIELD_REQUIRED.String(), Message: "is required"})
		}
	}
	if len(missing) > 0 {
		return nil, fault.Invalid(missing...)
	}
	place := placeOf(access.PlaceFrom(ctx))
	if err := s.checkOwner(ctx, owner, place, "follow_up.", "owner_practitioner_id"); err != nil {
		return nil, err
	}
	openElsewhere, err := s.openElsewhere(ctx, asked.GetPatientId(), asked.GetCareEpisodeId())
	if err != nil {
		return nil, err
	}
	return act.Do(ctx, s.acts, request, func(tx *act.Tx) (*followupv1.FollowUp, error) {
		caller, err := callerAt(tx.Caller, place)
		if err != nil {
			return nil, err
		}
		file, err := s.store.OpenFile(tx.Tx, asked.GetPatientId(), place)
		if err != nil {
			return nil, err
		}
		policy, err := s.store.Policy(tx, place.UnitID)
		if err != nil {
			return nil, err
		}
		change, err := followup.Make(tx.NewID(), file.File, place, caller, followup.Request{
			Title: title, EpisodeID: asked.GetCareEpisodeId(), EpisodeOpen: openElsewhere,
			Owner: owner, Pinned: owner.PractitionerID != "", Due: dayOf(asked.GetDueDate()),
		}, policy.Policy, tx.Now)
		if err != nil {
			return nil, refusal(err, "follow_up.")
		}
		if err := s.store.Write(tx, change); err != nil {
			return nil, err
		}
		return resource(change.FollowUp, tx.Now), nil
	})
}

// openElsewhere tells whether an episode that has not been heard of here is open all the same.
func (s *Server) openElsewhere(ctx context.Context, patientID, episodeID string) (bool, error) {
	if episodeID == "" {
		return false, nil
	}
	heard, err := s.store.HeardOfEpisode(s.db.Read(ctx), patientID, episodeID)
	if err != nil || heard {
		return false, err
	}
	return s.elsewhere.openEpisode(ctx, patientID, episodeID)
}
