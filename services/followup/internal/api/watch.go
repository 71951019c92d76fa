package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
	"github.com/coworkcare/coworkcare/services/followup/internal/store"
)

// Log is the service's own log, which tells of every change.
type Log interface {
	ListOwnEvents(ctx context.Context, query event.Query, wait time.Duration) (events []*eventv1.Event, next int64, err error)
	LastSequence(ctx context.Context) (int64, error)
}

// grace lets a wait end by itself, which tells how far the log has been read; only a wait that others' changes have interrupted is
// cut off.
const grace = time.Second

// source names the log in cursors.
const source = "followup"

func cursorAt(sequence int64) string { return event.Cursor{source: sequence}.String() }

// WatchFollowUps tells the changes of the caller's own worklist since a cursor.
func (s *Server) WatchFollowUps(ctx context.Context, request *followupv1.WatchFollowUpsRequest) (*followupv1.WatchFollowUpsResponse, error) {
	limit, err := page.Size(request.GetPageSize(), pageDefault, pageLimit)
	if err != nil {
		return nil, fault.Invalid(fault.Violation{Field: "page_size", Reason: followupv1.Reason_NUMBER_OUT_OF_RANGE.String(), Message: "must not be negative"})
	}
	after, err := s.watchedUpTo(ctx, request.GetCursor())
	if err != nil {
		return nil, err
	}
	w := s.watcher(ctx)
	wait := time.Duration(request.GetWaitSeconds()) * time.Second
	waiting, stop := ctx, func() {}
	if wait > 0 {
		waiting, stop = context.WithTimeout(ctx, wait+grace)
	}
	defer stop()
	for {
		events, next, err := s.look(waiting, w, after, wait)
		if err != nil && waiting.Err() != nil && ctx.Err() == nil { // the time to wait was over, whatever that cut off
			return &followupv1.WatchFollowUpsResponse{NextCursor: cursorAt(after)}, nil
		}
		if err != nil {
			return nil, err
		}
		changes, err := s.changes(ctx, w, events)
		if err != nil {
			return nil, err
		}
		if len(changes) > limit {
			changes = changes[:limit]
			return &followupv1.WatchFollowUpsResponse{Changes: changes, NextCursor: changes[limit-1].GetCursor()}, nil
		}
		after = next
		if len(changes) > 0 || len(events) == 0 || wait <= 0 {
			return &followupv1.WatchFollowUpsResponse{Changes: changes, NextCursor: cursorAt(after)}, nil
		}
	}
}

// watchedUpTo reads a request's cursor; without one it is where the log ends now.
func (s *Server) watchedUpTo(ctx context.Context, text string) (int64, error) {
	last, err := s.log.LastSequence(ctx)
	if err != nil || text == "" {
		return last, err
	}
	cursor, err := event.ParseCursor(text)
	after, ours := cursor[source]
	if err != nil || !ours || len(cursor) != 1 || after > last {
		return 0, fault.Invalid(fault.Violation{Field: "cursor", Reason: "BAD_CURSOR", Message: "is not a cursor of this method; leave it out to begin now"})
	}
	return after, nil
}

// watcher is who watches: a person with what she has to see to at each of her units.
type watcher struct {
	practitionerID string
	reaches        []store.Reach
	units          []string
}

func (s *Server) watcher(ctx context.Context) watcher {
	caller, _ := identity.FromContext(ctx)
	w := watcher{practitionerID: caller.PractitionerID, units: []string{}}
	for _, unit := range access.UnitsFrom(ctx) {
		w.units = append(w.units, unit)
		w.reaches = append(w.reaches, store.Reach{UnitID: unit, Roles: rolesAt(caller, unit)})
	}
	return w
}

func (w watcher) sees(a followup.Audience) bool {
	return slices.ContainsFunc(w.reaches, func(r store.Reach) bool { return a.Concerns(w.practitionerID, r.UnitID, r.Roles) })
}

// look reads the log of the watcher's units, and of those to which follow-ups of hers have moved: what has left her list that
// way is told where it is now. A move that was not known before the look is known after it, since every number was given after
// its commit: then it looks again.
func (s *Server) look(ctx context.Context, w watcher, after int64, wait time.Duration) ([]*eventv1.Event, int64, error) {
	units, err := s.unitsOf(ctx, w)
	if err != nil {
		return nil, 0, err
	}
	for {
		query := event.Query{After: after, UnitIDs: units, Limit: pageLimit}
		events, next, err := s.log.ListOwnEvents(ctx, query, wait)
		if err != nil {
			return nil, 0, err
		}
		known := units
		if units, err = s.unitsOf(ctx, w); err != nil {
			return nil, 0, err
		}
		if len(units) == len(known) {
			return events, next, nil
		}
		wait = 0
	}
}

func (s *Server) unitsOf(ctx context.Context, w watcher) ([]string, error) {
	moved, err := s.store.MovedFrom(s.db.Read(ctx), w.units)
	if err != nil {
		return nil, err
	}
	units := append(slices.Clone(w.units), moved...)
	slices.Sort(units)
	return slices.Compact(units), nil
}

// changes are those of the events that concern the watcher: the follow-up stood in her list before the change or after it.
func (s *Server) changes(ctx context.Context, w watcher, events []*eventv1.Event) ([]*followupv1.FollowUpChange, error) {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.GetResourceId()
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	q := s.db.Read(ctx)
	rows, err := s.store.ByID(q, ids)
	if err != nil {
		return nil, err
	}
	before, err := s.store.Audiences(q, ids)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var changes []*followupv1.FollowUpChange
	for _, e := range events {
		f, ok := rows[e.GetResourceId()]
		if !ok {
			continue
		}
		concerned, err := w.concerned(e, f, before[f.ID])
		if err != nil {
			return nil, err
		}
		if !concerned {
			continue
		}
		change := &followupv1.FollowUpChange{Cursor: cursorAt(e.GetSequence()), Type: e.GetType(), Listed: f.State == followup.Open && w.sees(f.Audience())}
		if slices.Contains(w.units, f.Place.UnitID) {
			change.FollowUp = resource(f, now)
		} else {
			change.FollowUp = &followupv1.FollowUp{FollowUpId: f.ID, PatientId: f.PatientID} // it is no longer at her units
		}
		changes = append(changes, change)
	}
	return changes, nil
}

// concerned tells whether a follow-up stood in the watcher's list before the change that an event tells of, or after it.
func (w watcher) concerned(e *eventv1.Event, f followup.FollowUp, before []store.AudienceBefore) (bool, error) {
	snapshot := &followupv1.FollowUpSnapshot{}
	if err := e.GetSnapshot().UnmarshalTo(snapshot); err != nil {
		return false, fmt.Errorf("reading the snapshot of %s: %w", e.GetType(), err)
	}
	revision := int64(e.GetRevision())
	after := followup.Audience{
		UnitID: e.GetCareUnitId(), Owner: followup.Owner{Role: roleOf(snapshot.GetOwnerRole()), PractitionerID: snapshot.GetOwnerPractitionerId()},
		EscalationLevel: int(snapshot.GetEscalationLevel()), EscalationRole: f.EscalationRole,
	}
	for _, a := range slices.Backward(before) {
		switch {
		case a.Revision > revision:
			after.EscalationRole = a.EscalationRole // as it was before the next change of it
		case a.Revision == revision && w.sees(a.Audience):
			return true, nil
		}
	}
	return w.sees(after), nil
}
