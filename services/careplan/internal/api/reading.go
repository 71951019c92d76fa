package api

import (
	"context"
	"errors"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// ConfirmRead keeps that the caller has read a version of the patient's one-page brief. Which versions there are is not known here.
func (s *Server) ConfirmRead(ctx context.Context, request *careplanv1.ConfirmReadRequest) (*careplanv1.Reading, error) {
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Reading, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		episode, err := s.Store.OpenEpisode(tx, request.GetPatientId())
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		r, added, err := s.Store.AddReading(tx.Tx, tx.Place, careplan.Reading{
			ID: tx.NewID(), PatientID: request.GetPatientId(), Practitioner: tx.Caller.PractitionerID,
			PictureVersion: int(request.GetPictureVersion()), EpisodeID: episode.ID, Time: tx.Now,
		})
		if err != nil {
			return nil, err
		}
		if added {
			err = tx.Emit(act.Event{Type: "reading.confirmed", ResourceID: r.ID, Revision: 1, PatientID: r.PatientID, Snapshot: snapshot.Reading(r)})
		}
		return readingTo(r), err
	})
}

// ListReadings lists who has read the patient's one-page brief.
func (s *Server) ListReadings(ctx context.Context, request *careplanv1.ListReadingsRequest) (*careplanv1.ListReadingsResponse, error) {
	l, err := s.list(request.GetPageSize(), request.GetPageToken(), "ListReadings", request.GetPatientId())
	if err != nil {
		return nil, err
	}
	readings, err := s.Store.Readings(s.read(ctx), request.GetPatientId(), l.after, l.size+1)
	if err != nil {
		return nil, err
	}
	readings, next := cut(s, l, readings, store.ReadingCursor)
	response := &careplanv1.ListReadingsResponse{NextPageToken: next}
	for _, r := range readings {
		response.Readings = append(response.Readings, readingTo(r))
	}
	return response, nil
}

func readingTo(r careplan.Reading) *careplanv1.Reading {
	return &careplanv1.Reading{
		ReadingId: r.ID, PatientId: r.PatientID, PractitionerId: r.Practitioner, PictureVersion: int32(r.PictureVersion),
		ReadTime: timeTo(r.Time), CareEpisodeId: r.EpisodeID,
	}
}
