package api

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// learnEpisode asks the patient service about an episode that has not been heard of here yet, before any transaction. It
// gives nil when it is known, or there is none of that id: the transaction looks again.
func (s *Server) learnEpisode(ctx context.Context, patientID, episodeID string) (*store.Episode, error) {
	if episodeID == "" {
		return nil, nil
	}
	_, err := s.Store.Episode(s.read(ctx), patientID, episodeID)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	answer, err := s.Patients.GetCareEpisode(ctx, &patientv1.GetCareEpisodeRequest{PatientId: patientID, CareEpisodeId: episodeID})
	switch status.Code(err) {
	case codes.OK:
	case codes.NotFound, codes.InvalidArgument, codes.PermissionDenied:
		return nil, nil
	default:
		return nil, fmt.Errorf("ask about a care episode: %w", err)
	}
	revision, err := page.ParseEtag(answer.GetEtag())
	if err != nil {
		return nil, fmt.Errorf("ask about a care episode: %w", err)
	}
	episode := &store.Episode{ID: episodeID, PatientID: patientID, State: answer.GetState().String(), Revision: revision}
	for _, member := range answer.GetTeam() {
		if member.GetRole() == accessv1.Role_ROLE_CARE_MANAGER && member.GetEndDate() == "" {
			episode.CareManager = member.GetPractitionerId()
		}
	}
	return episode, nil
}

// episode reads the patient's episode for a write; what was learnt before the transaction is kept.
func (s *Server) episode(tx *act.Tx, patientID, episodeID string, learnt *store.Episode) (store.Episode, error) {
	if learnt != nil {
		if _, err := s.Store.PutEpisode(tx.Tx, *learnt); err != nil {
			return store.Episode{}, err
		}
	}
	e, err := s.Store.ClaimEpisode(tx.Tx, patientID, episodeID)
	if errors.Is(err, store.ErrNotFound) {
		return e, absent(careplanv1.Reason_CARE_EPISODE_NOT_FOUND, "care episode")
	}
	return e, err
}

// mustBeOpen refuses what is new in an episode that has ended.
func mustBeOpen(e store.Episode) error {
	if e.State == store.EpisodeOpen {
		return nil
	}
	return refusal(&careplan.StateError{
		Reason: careplan.CareEpisodeClosed, Text: "the care episode has ended; nothing new is booked or planned in it", State: e.State,
	}, "")
}
