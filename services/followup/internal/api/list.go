package api

import (
	"context"
	"fmt"
	"strconv"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	"google.golang.org/protobuf/proto"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
	"github.com/coworkcare/coworkcare/services/followup/internal/store"
)

// Pages have 50 rows unless asked for otherwise, and 200 at most.
const (
	pageDefault = 50
	pageLimit   = 200
)

// GetFollowUp reads a follow-up with its changes of owner.
func (s *Server) GetFollowUp(ctx context.Context, request *followupv1.GetFollowUpRequest) (*followupv1.FollowUp, error) {
	q := s.db.Read(ctx)
	f, err := s.store.FollowUp(q, request.GetFollowUpId())
	if err != nil {
		return nil, refusal(err, "")
	}
	handovers, err := s.store.Handovers(q, f.ID)
	if err != nil {
		return nil, err
	}
	answer := resource(f, s.now())
	answer.OwnerChanges = ownerChanges(handovers)
	return answer, nil
}

// ListCareUnitFollowUps lists the follow-ups of a unit.
func (s *Server) ListCareUnitFollowUps(ctx context.Context, request *followupv1.ListCareUnitFollowUpsRequest) (*followupv1.ListCareUnitFollowUpsResponse, error) {
	filter := store.Filter{
		State: stateOf(request.GetState()), Kind: kindOf(request.GetKind()), OwnerRole: roleOf(request.GetOwnerRole()),
		OwnerID: request.GetOwnerPractitionerId(), DueBefore: dayOf(request.GetDueBeforeDate()), Overdue: request.GetOverdueOnly(), Now: s.now(),
	}
	if filter.State == "" {
		filter.State = followup.Open
	}
	found, next, err := s.page(ctx, request, request.GetPageSize(), request.GetPageToken(), "", func(p store.Page) ([]followup.FollowUp, error) {
		return s.store.AtUnit(s.db.Read(ctx), request.GetCareUnitId(), filter, p)
	})
	if err != nil {
		return nil, err
	}
	return &followupv1.ListCareUnitFollowUpsResponse{FollowUps: resources(found, filter.Now), NextPageToken: next}, nil
}

// ListPatientFollowUps lists the follow-ups of a patient.
func (s *Server) ListPatientFollowUps(ctx context.Context, request *followupv1.ListPatientFollowUpsRequest) (*followupv1.ListPatientFollowUpsResponse, error) {
	filter := store.Filter{State: stateOf(request.GetState()), Kind: kindOf(request.GetKind()), EpisodeID: request.GetCareEpisodeId()}
	found, next, err := s.page(ctx, request, request.GetPageSize(), request.GetPageToken(), "", func(p store.Page) ([]followup.FollowUp, error) {
		return s.store.PatientPage(s.db.Read(ctx), request.GetPatientId(), filter, p)
	})
	if err != nil {
		return nil, err
	}
	return &followupv1.ListPatientFollowUpsResponse{FollowUps: resources(found, s.now()), NextPageToken: next}, nil
}

// ListMyFollowUps lists what the caller has to see to, over all roles and units.
func (s *Server) ListMyFollowUps(ctx context.Context, request *followupv1.ListMyFollowUpsRequest) (*followupv1.ListMyFollowUpsResponse, error) {
	caller, _ := identity.FromContext(ctx)
	var reaches []store.Reach
	for _, unit := range access.UnitsFrom(ctx) {
		reaches = append(reaches, store.Reach{UnitID: unit, Roles: rolesAt(caller, unit)})
	}
	filter := store.Filter{Kind: kindOf(request.GetKind()), DueBefore: dayOf(request.GetDueBeforeDate()), Overdue: request.GetOverdueOnly(), Now: s.now()}
	found, next, err := s.page(ctx, request, request.GetPageSize(), request.GetPageToken(), caller.Subject, func(p store.Page) ([]followup.FollowUp, error) {
		return s.store.Mine(s.db.Read(ctx), caller.PractitionerID, reaches, filter, p)
	})
	if err != nil {
		return nil, err
	}
	return &followupv1.ListMyFollowUpsResponse{FollowUps: resources(found, filter.Now), NextPageToken: next}, nil
}

// rolesAt are the roles held at a unit itself, those that see or own follow-ups.
func rolesAt(caller identity.Caller, unitID string) []followup.Role {
	var roles []followup.Role
	for _, assignment := range caller.Assignments {
		if assignment.UnitID != unitID {
			continue
		}
		for _, held := range assignment.Roles {
			if role := followup.Role(held); role.CanOwn() || role == followup.UnitManager {
				roles = append(roles, role)
			}
		}
	}
	return roles
}

// page reads a page with the list given, and makes the token of the next one. The token is bound to the request without its
// page fields, and to who asks where the answer depends on that.
func (s *Server) page(ctx context.Context, request proto.Message, size int32, token, who string, list func(store.Page) ([]followup.FollowUp, error)) ([]followup.FollowUp, string, error) {
	limit, err := page.Size(size, pageDefault, pageLimit)
	if err != nil {
		return nil, "", fault.Invalid(fault.Violation{Field: "page_size", Reason: followupv1.Reason_NUMBER_OUT_OF_RANGE.String(), Message: "must not be negative"})
	}
	query, err := queryOf(request, who)
	if err != nil {
		return nil, "", err
	}
	p := store.Page{Limit: limit}
	keys, err := s.pages.Decode(query, token)
	if err == nil && keys != nil {
		p, err = pageAfter(keys, limit)
	}
	if err != nil {
		return nil, "", fault.Invalid(fault.Violation{Field: "page_token", Reason: "BAD_PAGE_TOKEN", Message: page.ErrBadToken.Error()})
	}
	found, err := list(p)
	if err != nil || len(found) <= limit {
		return found, "", err
	}
	found = found[:limit]
	last := found[limit-1]
	return found, s.pages.Encode(query, strconv.FormatInt(sqldb.Micros(last.DueTime), 10), last.ID), nil
}

func pageAfter(keys []string, limit int) (store.Page, error) {
	if len(keys) != 2 {
		return store.Page{}, page.ErrBadToken
	}
	micros, err := strconv.ParseInt(keys[0], 10, 64)
	if err != nil {
		return store.Page{}, page.ErrBadToken
	}
	return store.Page{AfterDue: sqldb.FromMicros(micros), AfterID: keys[1], Limit: limit}, nil
}

// queryOf is the text that pages of one list share.
func queryOf(request proto.Message, who string) (string, error) {
	bare := proto.Clone(request)
	fields := bare.ProtoReflect().Descriptor().Fields()
	bare.ProtoReflect().Clear(fields.ByName("page_token"))
	bare.ProtoReflect().Clear(fields.ByName("page_size"))
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(bare)
	if err != nil {
		return "", fmt.Errorf("encoding a list's query: %w", err)
	}
	return string(bare.ProtoReflect().Descriptor().FullName()) + "\x00" + who + "\x00" + string(body), nil
}
