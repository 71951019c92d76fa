package api

import (
	"context"
	"fmt"
	"strconv"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload/internal/store"
)

// ListTimeline lists what has happened to a patient.
func (s *Server) ListTimeline(ctx context.Context, request *caseloadv1.ListTimelineRequest) (*caseloadv1.ListTimelineResponse, error) {
	limit, err := page.Size(request.GetPageSize(), pageDefault, pageLimit)
	if err != nil {
		return nil, badPageToken()
	}
	filter := store.TimelineFilter{PractitionerID: request.GetPractitionerId(), OldestFirst: request.GetOldestFirst(), Hidden: s.readers.hiddenFrom(ctx)}
	for _, track := range request.GetTracks() {
		filter.Tracks = append(filter.Tracks, track.String())
	}
	if request.GetFromDate() != "" {
		from, err := date.Parse(request.GetFromDate())
		if err != nil {
			return nil, fault.Invalid(fault.Violation{Field: "from_date", Reason: "INVALID_VALUE", Message: "is not a day, YYYY-MM-DD"})
		}
		filter.From = from.At(0, 0)
	}
	query, err := queryOf(request)
	if err != nil {
		return nil, err
	}
	p := store.TimelinePage{Limit: limit}
	keys, err := s.host.Pages.Decode(query, request.GetPageToken())
	if err == nil && keys != nil {
		p, err = entryAfter(keys, limit)
	}
	if err != nil {
		return nil, badPageToken()
	}
	fresh, err := s.fresh.at(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.store.Timeline(s.host.DB.Read(ctx), request.GetPatientId(), filter, p)
	if err != nil {
		return nil, err
	}
	answer := &caseloadv1.ListTimelineResponse{Freshness: fresh}
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		answer.NextPageToken = s.host.Pages.Encode(query, strconv.FormatInt(sqldb.Micros(last.Time), 10), last.EventID)
	}
	for _, one := range found {
		e, err := entry(one)
		if err != nil {
			return nil, err
		}
		answer.TimelineEntries = append(answer.TimelineEntries, e)
	}
	return answer, nil
}

func entryAfter(keys []string, limit int) (store.TimelinePage, error) {
	if len(keys) != 2 {
		return store.TimelinePage{}, page.ErrBadToken
	}
	micros, err := strconv.ParseInt(keys[0], 10, 64)
	if err != nil {
		return store.TimelinePage{}, page.ErrBadToken
	}
	return store.TimelinePage{AfterTime: sqldb.FromMicros(micros), AfterID: keys[1], Limit: limit}, nil
}

func entry(e store.Entry) (*caseloadv1.TimelineEntry, error) {
	snapshot := &anypb.Any{}
	if err := proto.Unmarshal(e.Snapshot, snapshot); err != nil {
		return nil, fmt.Errorf("decoding the snapshot of a timeline's entry: %w", err)
	}
	return &caseloadv1.TimelineEntry{
		TimelineEntryId: e.EventID, EventTime: instant(e.Time), Track: caseloadv1.TimelineEntry_Track(caseloadv1.TimelineEntry_Track_value[e.Track]),
		Type: e.Type, ResourceId: e.ResourceID, PractitionerId: e.PractitionerID, Service: e.Service, CareEpisodeId: e.EpisodeID, Snapshot: snapshot,
	}, nil
}
