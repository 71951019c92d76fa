package api

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// RequestBrief asks the care manager for a brief.
func (s *Server) RequestBrief(ctx context.Context, request *careplanv1.RequestBriefRequest) (*careplanv1.Brief, error) {
	asked := careplan.Brief{PatientID: request.GetPatientId(), EpisodeID: request.GetCareEpisodeId()}
	return s.newBrief(ctx, request, asked, "brief.requested", func(tx *act.Tx, b careplan.Brief) (careplan.Brief, error) {
		return careplan.RequestBrief(b, tx.Caller.PractitionerID, tx.Now), nil
	})
}

// CreateBrief writes a brief that nobody has asked for.
func (s *Server) CreateBrief(ctx context.Context, request *careplanv1.CreateBriefRequest) (*careplanv1.Brief, error) {
	told := request.GetBrief()
	asked := careplan.Brief{PatientID: told.GetPatientId(), EpisodeID: told.GetCareEpisodeId(), Content: briefContent(told)}
	return s.newBrief(ctx, request, asked, "brief.written", func(tx *act.Tx, b careplan.Brief) (careplan.Brief, error) {
		return careplan.NewBrief(b, tx.Caller.PractitionerID, tx.Now)
	})
}

func (s *Server) newBrief(ctx context.Context, request proto.Message, asked careplan.Brief, event string,
	begin func(*act.Tx, careplan.Brief) (careplan.Brief, error),
) (*careplanv1.Brief, error) {
	coordinated := s.askCoordination(ctx, asked.PatientID)
	learnt, err := s.learnEpisode(ctx, asked.PatientID, asked.EpisodeID)
	if err != nil {
		return nil, err
	}
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Brief, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		if err := s.mustBeCoordinated(tx, coordinated); err != nil {
			return nil, err
		}
		b := asked
		b.ID = tx.NewID()
		b, err := begin(tx, b)
		if err != nil {
			return nil, refusal(err, "brief.")
		}
		episode, err := s.episode(tx, b.PatientID, b.EpisodeID, learnt)
		if err != nil {
			return nil, err
		}
		if err := mustBeOpen(episode); err != nil {
			return nil, err
		}
		requested, err := s.Store.BriefRequested(tx, b.EpisodeID)
		if err != nil {
			return nil, err
		}
		if requested {
			return nil, briefRefusal(store.ErrTaken)
		}
		if err := s.Store.InsertBrief(tx.Tx, tx.Place, b); err != nil {
			return nil, briefRefusal(err)
		}
		return toldBrief(tx, event, b)
	})
}

// WriteBrief writes the brief that was asked for.
func (s *Server) WriteBrief(ctx context.Context, request *careplanv1.WriteBriefRequest) (*careplanv1.Brief, error) {
	coordinated := s.askCoordination(ctx, request.GetPatientId())
	return s.changeBrief(ctx, request, request, "brief.written", func(tx *act.Tx, b careplan.Brief) (careplan.Brief, error) {
		if err := s.mustBeCoordinated(tx, coordinated); err != nil {
			return b, err
		}
		written, err := b.Write(briefContent(request), tx.Caller.PractitionerID, tx.Now)
		if err != nil {
			return b, err
		}
		episode, err := s.Store.Episode(tx, b.PatientID, b.EpisodeID)
		if err != nil {
			return b, err
		}
		return written, mustBeOpen(episode)
	})
}

// AcknowledgeBrief keeps that the coordinator has read a brief.
func (s *Server) AcknowledgeBrief(ctx context.Context, request *careplanv1.AcknowledgeBriefRequest) (*careplanv1.Brief, error) {
	return s.changeBrief(ctx, request, request, "brief.acknowledged", func(tx *act.Tx, b careplan.Brief) (careplan.Brief, error) {
		return b.Acknowledge(tx.Caller.PractitionerID, tx.Now)
	})
}

// namedBrief is a request that names a brief.
type namedBrief interface {
	GetPatientId() string
	GetBriefId() string
	GetEtag() string
}

func (s *Server) changeBrief(ctx context.Context, request proto.Message, which namedBrief, event string,
	transition func(*act.Tx, careplan.Brief) (careplan.Brief, error),
) (*careplanv1.Brief, error) {
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Brief, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		b, err := s.Store.ClaimBrief(tx.Tx, which.GetPatientId(), which.GetBriefId())
		if err != nil {
			return nil, briefRefusal(err)
		}
		if err := tx.CheckEtag(which.GetEtag(), b.Revision); err != nil {
			return nil, err
		}
		if b, err = transition(tx, b); err != nil {
			return nil, refusal(err, "")
		}
		if err := s.Store.UpdateBrief(tx.Tx, b); err != nil {
			return nil, refusal(err, "")
		}
		return toldBrief(tx, event, b)
	})
}

// GetBrief reads a brief.
func (s *Server) GetBrief(ctx context.Context, request *careplanv1.GetBriefRequest) (*careplanv1.Brief, error) {
	b, err := s.Store.Brief(s.read(ctx), request.GetPatientId(), request.GetBriefId())
	if err != nil {
		return nil, briefRefusal(err)
	}
	return briefTo(b), nil
}

// ListBriefs lists the briefs about a patient.
func (s *Server) ListBriefs(ctx context.Context, request *careplanv1.ListBriefsRequest) (*careplanv1.ListBriefsResponse, error) {
	by := store.BriefFilter{EpisodeID: request.GetCareEpisodeId()}
	if request.GetState() != careplanv1.Brief_STATE_UNSPECIFIED {
		by.State = careplan.BriefState(request.GetState().String())
	}
	l, err := s.list(request.GetPageSize(), request.GetPageToken(), "ListBriefs", request.GetPatientId(), by.EpisodeID, string(by.State))
	if err != nil {
		return nil, err
	}
	briefs, err := s.Store.Briefs(s.read(ctx), request.GetPatientId(), by, l.after, l.size+1)
	if err != nil {
		return nil, err
	}
	briefs, next := cut(s, l, briefs, store.BriefCursor)
	response := &careplanv1.ListBriefsResponse{NextPageToken: next}
	for _, b := range briefs {
		response.Briefs = append(response.Briefs, briefTo(b))
	}
	return response, nil
}

func toldBrief(tx *act.Tx, event string, b careplan.Brief) (*careplanv1.Brief, error) {
	err := tx.Emit(act.Event{Type: event, ResourceID: b.ID, Revision: b.Revision, PatientID: b.PatientID, Snapshot: snapshot.Brief(b)})
	return briefTo(b), err
}

// briefText is what a request says in a brief.
type briefText interface {
	GetSituation() string
	GetWhatHelps() string
	GetWhatToAvoid() string
	GetContactWishes() string
}

func briefContent(told briefText) careplan.BriefContent {
	return careplan.BriefContent{
		Situation: told.GetSituation(), WhatHelps: told.GetWhatHelps(), WhatToAvoid: told.GetWhatToAvoid(), ContactWishes: told.GetContactWishes(),
	}
}

func briefTo(b careplan.Brief) *careplanv1.Brief {
	return &careplanv1.Brief{
		BriefId: b.ID, PatientId: b.PatientID, CareEpisodeId: b.EpisodeID,
		State:     careplanv1.Brief_State(careplanv1.Brief_State_value[string(b.State)]),
		Situation: b.Content.Situation, WhatHelps: b.Content.WhatHelps, WhatToAvoid: b.Content.WhatToAvoid, ContactWishes: b.Content.ContactWishes,
		RequestedByPractitionerId: b.RequestedBy, AskTime: timeTo(b.AskTime), WrittenByPractitionerId: b.WrittenBy, WriteTime: timeTo(b.WriteTime),
		AcknowledgedByPractitionerId: b.AcknowledgedBy, AcknowledgeTime: timeTo(b.AcknowledgeTime),
		Etag: page.Etag(b.Revision), CreateTime: timeTo(b.CreateTime), UpdateTime: timeTo(b.UpdateTime),
	}
}

func briefRefusal(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return absent(careplanv1.Reason_BRIEF_NOT_FOUND, "brief")
	case errors.Is(err, store.ErrTaken):
		return refusal(&careplan.ExistsError{
			Reason: careplan.BriefRequested, Text: "a brief has been asked for in the care episode; write that one",
		}, "")
	default:
		return refusal(err, "")
	}
}
