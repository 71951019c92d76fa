package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	"github.com/google/uuid"

	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/page"
)

// catchUpPoll is how long who watches waits at a time while the building catches up, which rings no bell.
const catchUpPoll = 2 * time.Second

// watched is a cursor: how far a building's changes have been told.
type watched struct {
	epoch    string
	sequence int64
}

func (w watched) String() string { return w.epoch + "." + strconv.FormatInt(w.sequence, 10) }

// parseWatched reads a cursor; false for a text that is none.
func parseWatched(text string) (watched, bool) {
	epoch, number, ok := strings.Cut(text, ".")
	sequence, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || sequence < 0 || strconv.FormatInt(sequence, 10) != number || uuid.Validate(epoch) != nil {
		return watched{}, false
	}
	return watched{epoch: epoch, sequence: sequence}, true
}

// WatchCaseload tells the changes of a unit's caseload since a cursor.
func (s *Server) WatchCaseload(ctx context.Context, request *caseloadv1.WatchCaseloadRequest) (*caseloadv1.WatchCaseloadResponse, error) {
	limit, err := page.Size(request.GetPageSize(), pageDefault, pageLimit)
	if err != nil {
		return nil, badPageToken()
	}
	// What is told from here on belongs to this building, or to a later one: then its cursor is refused next time.
	build, err := s.fresh.caughtUp(ctx)
	if err != nil {
		return nil, err
	}
	last, err := s.host.LastSequence(ctx)
	if err != nil {
		return nil, err
	}
	from := watched{epoch: build.Epoch, sequence: last}
	if text := request.GetCursor(); text != "" {
		given, ok := parseWatched(text)
		if !ok || given.epoch == build.Epoch && given.sequence > last {
			return nil, fault.Invalid(fault.Violation{Field: "cursor", Reason: "BAD_CURSOR", Message: "is not a cursor of this API; leave it out to begin now"})
		}
		if given.epoch != build.Epoch {
			return &caseloadv1.WatchCaseloadResponse{NextCursor: from.String(), Rebuilt: true}, nil
		}
		from = given
	}
	query := event.Query{After: from.sequence, UnitIDs: []string{request.GetCareUnitId()}, Limit: limit}
	wait := time.Duration(request.GetWaitSeconds()) * time.Second
	if !build.Built {
		wait = min(wait, catchUpPoll)
	}
	events, next, err := s.host.ListOwnEvents(ctx, query, wait)
	if err != nil {
		return nil, err
	}
	changes, err := s.changes(ctx, build.Epoch, request.GetCareUnitId(), events)
	if err != nil {
		return nil, err
	}
	return &caseloadv1.WatchCaseloadResponse{Changes: changes, NextCursor: watched{epoch: build.Epoch, sequence: next}.String()}, nil
}

// changes are what events of a unit tell, each with the row as it is now.
func (s *Server) changes(ctx context.Context, epoch, unitID string, events []*eventv1.Event) ([]*caseloadv1.CaseloadChange, error) {
	ids := make([]string, 0, len(events))
	for _, e := range events {
		ids = append(ids, e.GetPatientId())
	}
	pictures, err := s.store.Pictures(s.host.DB.Read(ctx), ids...)
	if err != nil {
		return nil, err
	}
	now := s.now()
	rows := map[string]*caseloadv1.CaseloadRow{}
	var named []*caseloadv1.CaseloadRow
	for id, p := range pictures {
		if p.Listed && p.Place.UnitID == unitID {
			rows[id] = row(p, now)
			named = append(named, rows[id])
		}
	}
	s.named(ctx, unitID, named)
	changes := make([]*caseloadv1.CaseloadChange, len(events))
	for i, e := range events {
		one, listed := rows[e.GetPatientId()]
		if !listed {
			one = &caseloadv1.CaseloadRow{PatientId: e.GetPatientId()}
		}
		changes[i] = &caseloadv1.CaseloadChange{Cursor: watched{epoch: epoch, sequence: e.GetSequence()}.String(), Type: e.GetType(), Row: one, Listed: listed}
	}
	return changes, nil
}
