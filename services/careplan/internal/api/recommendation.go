package api

import (
	"context"
	"errors"
	"slices"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// CreateRecommendation gives the GP a recommendation.
func (s *Server) CreateRecommendation(ctx context.Context, request *careplanv1.CreateRecommendationRequest) (*careplanv1.Recommendation, error) {
	asked := request.GetRecommendation()
	var coordinated coordination
	if coordinates(reader(ctx)) {
		coordinated = s.askCoordination(ctx, asked.GetPatientId())
	}
	learnt, err := s.learnEpisode(ctx, asked.GetPatientId(), asked.GetCareEpisodeId())
	if err != nil {
		return nil, err
	}
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Recommendation, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		if err := s.mustBeCoordinated(tx, coordinated); err != nil {
			return nil, err
		}
		r := careplan.Recommendation{
			ID: tx.NewID(), PatientID: asked.GetPatientId(), EpisodeID: asked.GetCareEpisodeId(), Text: asked.GetText(), Reason: asked.GetReason(),
			GivenBy: tx.Caller.PractitionerID,
		}
		if asked.GetTopic() != careplanv1.Recommendation_TOPIC_UNSPECIFIED {
			r.Topic = careplan.Topic(asked.GetTopic().String())
		}
		r, err := careplan.NewRecommendation(r, tx.Now)
		if err != nil {
			return nil, refusal(err, "recommendation.")
		}
		if r.EpisodeID != "" {
			episode, err := s.episode(tx, r.PatientID, r.EpisodeID, learnt)
			if err != nil {
				return nil, err
			}
			if err := mustBeOpen(episode); err != nil {
				return nil, err
			}
		}
		if err := s.Store.InsertRecommendation(tx.Tx, tx.Place, r); err != nil {
			return nil, err
		}
		if err := tellRecommendation(tx, "recommendation.given", r); err != nil {
			return nil, err
		}
		return s.recommendationTo(tx, r, tx.Today())
	})
}

// AnswerRecommendation answers a recommendation and, where it is chosen over others, those too.
func (s *Server) AnswerRecommendation(ctx context.Context, request *careplanv1.AnswerRecommendationRequest) (*careplanv1.Recommendation, error) {
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Recommendation, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		ids := append([]string{request.GetRecommendationId()}, request.GetSupersedesRecommendationIds()...)
		claimed, err := s.claimRecommendations(tx, request.GetPatientId(), ids)
		if err != nil {
			return nil, err
		}
		r := claimed[0]
		if err := tx.CheckEtag(request.GetEtag(), r.Revision); err != nil {
			return nil, err
		}
		answered, superseded, err := r.Decide(careplan.RecommendationState(request.GetOutcome().String()), careplan.Decision{
			Reason: request.GetReason(), ChangedText: request.GetChangedText(), Practitioner: tx.Caller.PractitionerID,
		}, claimed[1:], tx.Now)
		if err != nil {
			return nil, refusal(err, "")
		}
		for _, one := range append([]careplan.Recommendation{answered}, superseded...) {
			if err := s.updateRecommendation(tx, "recommendation.answered", one); err != nil {
				return nil, err
			}
		}
		return s.recommendationTo(tx, answered, tx.Today())
	})
}

// RegisterRecommendationInError marks a recommendation as one that should never have been there, and takes up again those
// that it was chosen over.
func (s *Server) RegisterRecommendationInError(ctx context.Context, request *careplanv1.RegisterRecommendationInErrorRequest) (*careplanv1.Recommendation, error) {
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.Recommendation, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		read, err := s.Store.Recommendation(tx, request.GetPatientId(), request.GetRecommendationId())
		if err != nil {
			return nil, recommendationRefusal(err)
		}
		ids := []string{read.ID}
		if read.Decision != nil {
			ids = append(ids, read.Decision.Superseded...)
		}
		claimed, err := s.claimRecommendations(tx, read.PatientID, ids)
		if err != nil {
			return nil, err
		}
		r := claimed[0]
		if err := tx.CheckEtag(request.GetEtag(), r.Revision); err != nil {
			return nil, err
		}
		if r.Revision != read.Revision {
			return nil, refusal(store.ErrStale, "") // answered meanwhile: it may stand over others than those claimed
		}
		if r, err = r.RegisterInError(mistake(tx, request.GetReason()), tx.Now); err != nil {
			return nil, refusal(err, "")
		}
		if err := s.updateRecommendation(tx, "recommendation.registered_in_error", r); err != nil {
			return nil, err
		}
		for _, other := range claimed[1:] {
			if reopened, ok := other.Reopen(r.ID, tx.Now); ok {
				if err := s.updateRecommendation(tx, "recommendation.reopened", reopened); err != nil {
					return nil, err
				}
			}
		}
		return s.recommendationTo(tx, r, tx.Today())
	})
}

// claimRecommendations locks and reads recommendations, and gives them in the order asked for. It locks them in the order of
// their ids, so that two callers never wait for each other.
func (s *Server) claimRecommendations(tx *act.Tx, patientID string, ids []string) ([]careplan.Recommendation, error) {
	sorted := slices.Clone(ids)
	slices.Sort(sorted)
	found := map[string]careplan.Recommendation{}
	for _, id := range sorted {
		r, err := s.Store.ClaimRecommendation(tx.Tx, patientID, id)
		if err != nil {
			return nil, recommendationRefusal(err)
		}
		found[id] = r
	}
	claimed := make([]careplan.Recommendation, len(ids))
	for i, id := range ids {
		claimed[i] = found[id]
	}
	return claimed, nil
}

func (s *Server) updateRecommendation(tx *act.Tx, event string, r careplan.Recommendation) error {
	if err := s.Store.UpdateRecommendation(tx.Tx, r); err != nil {
		return refusal(err, "")
	}
	return tellRecommendation(tx, event, r)
}

// GetRecommendation reads a recommendation.
func (s *Server) GetRecommendation(ctx context.Context, request *careplanv1.GetRecommendationRequest) (*careplanv1.Recommendation, error) {
	q := s.read(ctx)
	r, err := s.Store.Recommendation(q, request.GetPatientId(), request.GetRecommendationId())
	if err != nil {
		return nil, recommendationRefusal(err)
	}
	return s.recommendationTo(q, r, date.Of(s.Clock.Now()))
}

// ListRecommendations lists the recommendations about a patient.
func (s *Server) ListRecommendations(ctx context.Context, request *careplanv1.ListRecommendationsRequest) (*careplanv1.ListRecommendationsResponse, error) {
	by := store.RecommendationFilter{EpisodeID: request.GetCareEpisodeId()}
	if request.GetState() != careplanv1.Recommendation_STATE_UNSPECIFIED {
		by.State = careplan.RecommendationState(request.GetState().String())
	}
	if request.GetTopic() != careplanv1.Recommendation_TOPIC_UNSPECIFIED {
		by.Topic = careplan.Topic(request.GetTopic().String())
	}
	l, err := s.list(request.GetPageSize(), request.GetPageToken(), "ListRecommendations", request.GetPatientId(), by.EpisodeID, string(by.State), string(by.Topic))
	if err != nil {
		return nil, err
	}
	q := s.read(ctx)
	found, err := s.Store.Recommendations(q, request.GetPatientId(), by, l.after, l.size+1)
	if err != nil {
		return nil, err
	}
	found, next := cut(s, l, found, store.RecommendationCursor)
	open, err := s.Store.OpenRecommendations(q, request.GetPatientId())
	if err != nil {
		return nil, err
	}
	response := &careplanv1.ListRecommendationsResponse{NextPageToken: next}
	for _, r := range found {
		response.Recommendations = append(response.Recommendations, recommendationBeside(r, open, date.Of(s.Clock.Now())))
	}
	return response, nil
}

func tellRecommendation(tx *act.Tx, event string, r careplan.Recommendation) error {
	return tx.Emit(act.Event{Type: event, ResourceID: r.ID, Revision: r.Revision, PatientID: r.PatientID, Snapshot: snapshot.Recommendation(r)})
}

func (s *Server) recommendationTo(q sqldb.Querier, r careplan.Recommendation, today date.Day) (*careplanv1.Recommendation, error) {
	if r.State != careplan.RecommendationOpen {
		return recommendationBeside(r, nil, today), nil
	}
	open, err := s.Store.OpenRecommendations(q, r.PatientID)
	if err != nil {
		return nil, err
	}
	return recommendationBeside(r, open, today), nil
}

// recommendationBeside is a recommendation beside the patient's open ones.
func recommendationBeside(r careplan.Recommendation, open []careplan.Recommendation, today date.Day) *careplanv1.Recommendation {
	told := &careplanv1.Recommendation{
		RecommendationId: r.ID, PatientId: r.PatientID, CareEpisodeId: r.EpisodeID, Text: r.Text, Reason: r.Reason,
		Topic:                 careplanv1.Recommendation_Topic(careplanv1.Recommendation_Topic_value[string(r.Topic)]),
		State:                 careplanv1.Recommendation_State(careplanv1.Recommendation_State_value[string(r.State)]),
		GivenByPractitionerId: r.GivenBy, AgeDays: int32(r.AgeDays(today)), ErrorMark: markTo(r.ErrorMark),
		Etag: page.Etag(r.Revision), CreateTime: timeTo(r.CreateTime), UpdateTime: timeTo(r.UpdateTime),
	}
	if d := r.Decision; d != nil {
		told.Answer = &careplanv1.RecommendationAnswer{
			Reason: d.Reason, ChangedText: d.ChangedText, PractitionerId: d.Practitioner, AnswerTime: timeTo(d.Time),
			ChosenRecommendationId: d.Chosen, SupersededRecommendationIds: d.Superseded,
		}
	}
	for _, other := range open {
		if r.Differs(other) {
			told.DifferingRecommendationIds = append(told.DifferingRecommendationIds, other.ID)
		}
	}
	return told
}

func recommendationRefusal(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return absent(careplanv1.Reason_RECOMMENDATION_NOT_FOUND, "recommendation")
	}
	return refusal(err, "")
}
