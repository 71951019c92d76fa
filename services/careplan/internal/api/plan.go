package api

import (
	"context"
	"errors"
	"math"
	"strconv"

	"google.golang.org/protobuf/proto"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// CreateCarePlan creates a draft.
func (s *Server) CreateCarePlan(ctx context.Context, request *careplanv1.CreateCarePlanRequest) (*careplanv1.CarePlan, error) {
	asked := request.GetCarePlan()
	learnt, err := s.learnEpisode(ctx, asked.GetPatientId(), asked.GetCareEpisodeId())
	if err != nil {
		return nil, err
	}
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.CarePlan, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		settings, err := s.Store.Settings(tx, tx.Place.UnitID)
		if err != nil {
			return nil, err
		}
		plan := careplan.Plan{ID: tx.NewID(), PatientID: asked.GetPatientId(), EpisodeID: asked.GetCareEpisodeId()}
		plan, err = careplan.NewPlan(plan, everything(asked), settings.Schedule, acting(tx))
		if err != nil {
			return nil, refusal(err, "care_plan.")
		}
		episode, err := s.episode(tx, plan.PatientID, plan.EpisodeID, learnt)
		if err != nil {
			return nil, err
		}
		if err := mustBeOpen(episode); err != nil {
			return nil, err
		}
		if plan.CareManager == "" {
			plan.CareManager = episode.CareManager
		}
		if err := s.Store.InsertPlan(tx.Tx, tx.Place, plan); err != nil {
			return nil, err
		}
		return s.toldPlan(tx, "care_plan.created", plan)
	})
}

// GetCarePlan reads a plan.
func (s *Server) GetCarePlan(ctx context.Context, request *careplanv1.GetCarePlanRequest) (*careplanv1.CarePlan, error) {
	q := s.read(ctx)
	plan, err := s.Store.Plan(q, request.GetPatientId(), request.GetCarePlanId())
	if err != nil {
		return nil, planRefusal(err, "")
	}
	return s.planTo(q, plan, date.Of(s.Clock.Now()))
}

// ListCarePlans lists a patient's plans.
func (s *Server) ListCarePlans(ctx context.Context, request *careplanv1.ListCarePlansRequest) (*careplanv1.ListCarePlansResponse, error) {
	by := store.PlanFilter{EpisodeID: request.GetCareEpisodeId()}
	if request.GetState() != careplanv1.CarePlan_STATE_UNSPECIFIED {
		by.State = careplan.PlanState(request.GetState().String())
	}
	l, err := s.list(request.GetPageSize(), request.GetPageToken(), "ListCarePlans", request.GetPatientId(), by.EpisodeID, string(by.State))
	if err != nil {
		return nil, err
	}
	q := s.read(ctx)
	plans, err := s.Store.Plans(q, request.GetPatientId(), by, l.after, l.size+1)
	if err != nil {
		return nil, err
	}
	plans, next := cut(s, l, plans, store.PlanCursor)
	response := &careplanv1.ListCarePlansResponse{NextPageToken: next}
	today := date.Of(s.Clock.Now())
	for _, plan := range plans {
		told, err := s.planTo(q, plan, today)
		if err != nil {
			return nil, err
		}
		response.CarePlans = append(response.CarePlans, told)
	}
	return response, nil
}

// UpdateCarePlan changes a draft.
func (s *Server) UpdateCarePlan(ctx context.Context, request *careplanv1.UpdateCarePlanRequest) (*careplanv1.CarePlan, error) {
	asked := request.GetCarePlan()
	change, wrong := masked(request.GetUpdateMask(), asked)
	return s.changePlan(ctx, request, asked, asked.GetEtag(), "care_plan.updated", "care_plan.", func(tx *act.Tx, p careplan.Plan) (careplan.Plan, error) {
		if wrong != nil {
			return p, wrong
		}
		return p.Update(change, acting(tx))
	})
}

// ActivateCarePlan puts a draft in force.
func (s *Server) ActivateCarePlan(ctx context.Context, request *careplanv1.ActivateCarePlanRequest) (*careplanv1.CarePlan, error) {
	return s.changePlan(ctx, request, request, request.GetEtag(), "care_plan.activated", "", func(tx *act.Tx, p careplan.Plan) (careplan.Plan, error) {
		// The plan's row is locked by now, and the end of the episode waits for it: reading is enough.
		episode, err := s.Store.Episode(tx, p.PatientID, p.EpisodeID)
		if err != nil {
			return p, err
		}
		if err := mustBeOpen(episode); err != nil {
			return p, err
		}
		start, err := dayFrom(request.GetStartDate())
		if err != nil {
			return p, err
		}
		active, err := p.Activate(start, acting(tx))
		if err != nil {
			return p, err
		}
		// Two drafts at once: this look lets the first pass, and the store's index stops the second.
		taken, err := s.Store.HasActivePlan(tx, p.EpisodeID)
		if err == nil && taken {
			err = activeExists()
		}
		if err != nil {
			return p, err
		}
		return active, nil
	})
}

func activeExists() error {
	return &careplan.ExistsError{Reason: careplan.CarePlanActiveExists, Text: "the care episode has an active plan; revise it, or complete it first"}
}

// ReviseCarePlan gives an active plan new content.
func (s *Server) ReviseCarePlan(ctx context.Context, request *careplanv1.ReviseCarePlanRequest) (*careplanv1.CarePlan, error) {
	change, wrong := masked(request.GetUpdateMask(), request.GetContent())
	return s.changePlan(ctx, request, request, request.GetEtag(), "care_plan.revised", "", func(tx *act.Tx, p careplan.Plan) (careplan.Plan, error) {
		if wrong != nil {
			return p, wrong
		}
		return p.Revise(change, request.GetReason(), acting(tx))
	})
}

// CompleteCarePlan ends an active plan with its outcome.
func (s *Server) CompleteCarePlan(ctx context.Context, request *careplanv1.CompleteCarePlanRequest) (*careplanv1.CarePlan, error) {
	return s.changePlan(ctx, request, request, request.GetEtag(), "care_plan.completed", "", func(tx *act.Tx, p careplan.Plan) (careplan.Plan, error) {
		return p.Complete(careplan.Outcome(request.GetOutcome().String()), tx.Now)
	})
}

// RegisterCarePlanInError marks a plan as one that should never have been there.
func (s *Server) RegisterCarePlanInError(ctx context.Context, request *careplanv1.RegisterCarePlanInErrorRequest) (*careplanv1.CarePlan, error) {
	return s.changePlan(ctx, request, request, request.GetEtag(), "care_plan.registered_in_error", "", func(tx *act.Tx, p careplan.Plan) (careplan.Plan, error) {
		return p.RegisterInError(mistake(tx, request.GetReason()), tx.Now)
	})
}

// ListCarePlanRevisions lists what a plan has said.
func (s *Server) ListCarePlanRevisions(ctx context.Context, request *careplanv1.ListCarePlanRevisionsRequest) (*careplanv1.ListCarePlanRevisionsResponse, error) {
	l, err := s.list(request.GetPageSize(), request.GetPageToken(), "ListCarePlanRevisions", request.GetPatientId(), request.GetCarePlanId())
	if err != nil {
		return nil, err
	}
	before := math.MaxInt32
	if l.after.ID != "" {
		if before, err = strconv.Atoi(l.after.Key); err != nil {
			return nil, fault.Invalid(fault.Violation{Field: "page_token", Reason: "BAD_PAGE_TOKEN", Message: "does not belong to this list"})
		}
	}
	q := s.read(ctx)
	plan, err := s.Store.Plan(q, request.GetPatientId(), request.GetCarePlanId())
	if err != nil {
		return nil, planRefusal(err, "")
	}
	revisions, err := s.Store.PlanRevisions(q, plan.ID, before, l.size+1)
	if err != nil {
		return nil, err
	}
	revisions, next := cut(s, l, revisions, func(r store.PlanRevision) store.Cursor {
		return store.Cursor{Key: strconv.Itoa(r.Number), ID: plan.ID}
	})
	response := &careplanv1.ListCarePlanRevisionsResponse{NextPageToken: next}
	for _, r := range revisions {
		response.Revisions = append(response.Revisions, &careplanv1.CarePlanRevision{
			CarePlanId: plan.ID, PatientId: plan.PatientID, ContentRevision: int32(r.Number), Problems: r.Content.Problems,
			Strengths: r.Content.Strengths, Goals: goalsTo(r.Content.Goals), Activities: activitiesTo(r.Content.Activities),
			RelapsePrevention: r.Content.RelapsePrevention, Schedule: scheduleTo(r.Content.Schedule), Reason: r.Reason,
			AuthorPractitionerId: r.Author, CreateTime: timeTo(sqldb.FromMicros(r.Time)),
		})
	}
	return response, nil
}

// namedPlan is a request that names a plan.
type namedPlan interface {
	GetPatientId() string
	GetCarePlanId() string
}

// changePlan carries out one transition of a plan: reads it for the write, compares the etag, lets the domain decide, stores
// what came of it, and tells the event.
func (s *Server) changePlan(ctx context.Context, request proto.Message, which namedPlan, etag, event, prefix string,
	transition func(*act.Tx, careplan.Plan) (careplan.Plan, error),
) (*careplanv1.CarePlan, error) {
	return act.Do(ctx, s.Acts, request, func(tx *act.Tx) (*careplanv1.CarePlan, error) {
		if err := practitionerRequired(tx); err != nil {
			return nil, err
		}
		before, err := s.Store.ClaimPlan(tx.Tx, which.GetPatientId(), which.GetCarePlanId())
		if err != nil {
			return nil, planRefusal(err, "")
		}
		if err := tx.CheckEtag(etag, before.Revision); err != nil {
			return nil, err
		}
		after, err := transition(tx, before)
		if err != nil {
			return nil, planRefusal(err, prefix)
		}
		if err := s.Store.UpdatePlan(tx.Tx, before, after); err != nil {
			if errors.Is(err, store.ErrTaken) {
				err = activeExists()
			}
			return nil, planRefusal(err, "")
		}
		return s.toldPlan(tx, event, after)
	})
}

// toldPlan tells what happened to a plan and answers with it.
func (s *Server) toldPlan(tx *act.Tx, event string, p careplan.Plan) (*careplanv1.CarePlan, error) {
	if err := tellPlan(tx, event, p); err != nil {
		return nil, err
	}
	return s.planTo(tx, p, tx.Today())
}

func tellPlan(tx *act.Tx, event string, p careplan.Plan) error {
	return tx.Emit(act.Event{Type: event, ResourceID: p.ID, Revision: p.Revision, PatientID: p.PatientID, Snapshot: snapshot.CarePlan(p)})
}

func planRefusal(err error, prefix string) error {
	if errors.Is(err, store.ErrNotFound) {
		return absent(careplanv1.Reason_CARE_PLAN_NOT_FOUND, "care plan")
	}
	return refusal(err, prefix)
}
