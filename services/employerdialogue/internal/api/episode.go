package api

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

// learnEpisode asks the patient service about an episode that has not been heard of here yet, before any transaction; nil when
// it is known here, or there is none.
func (s *Server) learnEpisode(ctx context.Context, patientID, episodeID string) (*patientv1.CareEpisode, error) {
	_, err := store.ToldOne(s.read(ctx), patientID, store.ToldEpisode, episodeID, newEpisode)
	if err == nil || !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	answer, err := s.Patients.GetCareEpisode(ctx, &patientv1.GetCareEpisodeRequest{PatientId: patientID, CareEpisodeId: episodeID})
	switch status.Code(err) {
	case codes.OK:
		return answer, nil
	case codes.NotFound, codes.InvalidArgument, codes.PermissionDenied, codes.Unimplemented:
		return nil, nil
	case codes.Canceled, codes.DeadlineExceeded:
		return nil, err
	default:
		return nil, fault.Unavailable("UNAVAILABLE", "the care episode cannot be read now; try again")
	}
}

// ongoing asks the patient service which of a patient's episodes is open; empty when none is. What has been heard here may lag.
func (s *Server) ongoing(ctx context.Context, patientID string) (string, error) {
	answer, err := s.Patients.ListCareEpisodes(ctx, &patientv1.ListCareEpisodesRequest{PatientId: patientID, State: patientv1.CareEpisode_OPEN, PageSize: 1})
	switch status.Code(err) {
	case codes.OK:
		if len(answer.GetCareEpisodes()) == 0 {
			return "", nil
		}
		return answer.GetCareEpisodes()[0].GetCareEpisodeId(), nil
	case codes.NotFound:
		return "", nil
	case codes.Canceled, codes.DeadlineExceeded:
		return "", err
	default:
		return "", fault.Unavailable("UNAVAILABLE", "the patient's care episodes cannot be read now; try again")
	}
}

func newEpisode() *patientv1.CareEpisodeSnapshot { return &patientv1.CareEpisodeSnapshot{} }

// openEpisode refuses what is new in an episode that is not there or has ended.
func (s *Server) openEpisode(tx *act.Tx, patientID, episodeID string, learnt *patientv1.CareEpisode) error {
	known, err := store.HoldTold(tx, patientID, store.ToldEpisode, episodeID, newEpisode)
	state := known.GetState()
	if errors.Is(err, store.ErrNotFound) && learnt != nil {
		state, err = learnt.GetState(), nil
	}
	if err != nil {
		return absent(err, employerdialoguev1.Reason_CARE_EPISODE_NOT_FOUND, "the patient has no such care episode")
	}
	switch state {
	case patientv1.CareEpisode_OPEN:
		return nil
	default:
		return fault.State(reason(employerdialoguev1.Reason_CARE_EPISODE_CLOSED), "the care episode has ended; nothing new begins in it", state.String())
	}
}
