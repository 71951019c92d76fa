package api

import (
	"context"
	"fmt"
	"strconv"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	"google.golang.org/protobuf/proto"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/caseload/internal/store"
)

// Pages have 50 rows unless asked for otherwise, and 200 at most.
const (
	pageDefault = 50
	pageLimit   = 200
)

var orders = map[caseloadv1.ListCaseloadRequest_Order]store.Order{
	caseloadv1.ListCaseloadRequest_ORDER_UNSPECIFIED:  store.ByLeave,
	caseloadv1.ListCaseloadRequest_LONGEST_SICK_LEAVE: store.ByLeave,
	caseloadv1.ListCaseloadRequest_NEXT_DUE:           store.ByDue,
	caseloadv1.ListCaseloadRequest_LAST_CONTACT:       store.ByContact,
}

// ListCaseload lists the patients of a unit.
func (s *Server) ListCaseload(ctx context.Context, request *caseloadv1.ListCaseloadRequest) (*caseloadv1.ListCaseloadResponse, error) {
	limit, err := page.Size(request.GetPageSize(), pageDefault, pageLimit)
	if err != nil {
		return nil, badPageToken()
	}
	query, err := queryOf(request)
	if err != nil {
		return nil, err
	}
	order := orders[request.GetOrder()]
	p := store.Page{Limit: limit}
	keys, err := s.host.Pages.Decode(query, request.GetPageToken())
	if err == nil && keys != nil {
		p, err = pageAfter(keys, order, limit)
	}
	if err != nil {
		return nil, badPageToken()
	}
	fresh, err := s.fresh.at(ctx)
	if err != nil {
		return nil, err
	}
	now := s.now()
	filter := store.Filter{
		PractitionerID: request.GetPractitionerId(), OnSickLeave: request.GetOnSickLeaveOnly(), Waiting: request.GetOpenDecisionsOnly(),
		Unsafe: request.GetSafetyOnly(), Closed: request.GetIncludeClosed(),
	}
	if request.GetMeetingState() != 0 {
		filter.MeetingState = request.GetMeetingState().String()
	}
	found, err := s.store.List(s.host.DB.Read(ctx), request.GetCareUnitId(), date.Of(now), filter, order, p)
	if err != nil {
		return nil, err
	}
	answer := &caseloadv1.ListCaseloadResponse{Freshness: fresh}
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		answer.NextPageToken = s.host.Pages.Encode(query, last.Key, last.PatientID)
	}
	for _, one := range found {
		answer.Rows = append(answer.Rows, row(one.Picture, now))
	}
	s.named(ctx, request.GetCareUnitId(), answer.GetRows())
	return answer, nil
}

func pageAfter(keys []string, order store.Order, limit int) (store.Page, error) {
	if len(keys) != 2 {
		return store.Page{}, page.ErrBadToken
	}
	p := store.Page{AfterKey: keys[0], AfterPatient: keys[1], Limit: limit}
	if order == store.ByContact {
		micros, err := strconv.ParseInt(keys[0], 10, 64)
		if err != nil {
			return store.Page{}, page.ErrBadToken
		}
		p.AfterKey = micros
	}
	return p, nil
}

// queryOf is the text that pages of one list share.
func queryOf(request proto.Message) (string, error) {
	bare := proto.Clone(request)
	fields := bare.ProtoReflect().Descriptor().Fields()
	bare.ProtoReflect().Clear(fields.ByName("page_token"))
	bare.ProtoReflect().Clear(fields.ByName("page_size"))
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(bare)
	if err != nil {
		return "", fmt.Errorf("encoding a list's query: %w", err)
	}
	return string(bare.ProtoReflect().Descriptor().FullName()) + "\x00" + string(body), nil
}
