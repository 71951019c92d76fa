// Package api answers the calls of CaseloadService: pictures from the store, texts and names from the services that own them.
package api

import (
	"context"
	"time"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	"google.golang.org/grpc"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/caseload/internal/caseload"
	"github.com/coworkcare/coworkcare/services/caseload/internal/store"
)

// Server answers CaseloadService. Access has been decided, and requests are well-formed, before a call reaches it.
type Server struct {
	caseloadv1.UnimplementedCaseloadServiceServer

	host      *app.Host
	store     *store.Store
	fresh     *freshness
	readers   readers
	elsewhere elsewhere
}

// elsewhere are the services that own the texts and the names.
type elsewhere struct {
	patient, carePlan, sickLeave, employerDialogue grpc.ClientConnInterface
}

// NewServer returns a server on a store.
func NewServer(host *app.Host, s *store.Store) (*Server, error) {
	readers, err := readersOf(readBy)
	if err != nil {
		return nil, err
	}
	return &Server{
		host: host, store: s, fresh: newFreshness(host, s), readers: readers,
		elsewhere: elsewhere{
			patient: host.Conn("patient"), carePlan: host.Conn("careplan"), sickLeave: host.Conn("sickleave"), employerDialogue: host.Conn("employerdialogue"),
		},
	}, nil
}

// Heard tells the server that something has been heard: what it knows of how far the picture has got is out of date.
func (s *Server) Heard() { s.fresh.hear() }

// now is the moment of a reading, by the clock that decides care.
func (s *Server) now() time.Time { return s.host.Clock.Now() }

// picture reads a patient's picture; an empty one of a patient of whom nothing has been heard yet.
func (s *Server) picture(ctx context.Context, patientID string) (caseload.Picture, error) {
	found, err := s.store.Pictures(s.host.DB.Read(ctx), patientID)
	if err != nil {
		return caseload.Picture{}, err
	}
	if p, ok := found[patientID]; ok {
		return p, nil
	}
	place := access.PlaceFrom(ctx)
	return caseload.Picture{PatientID: patientID, Place: caseload.Place{ProviderID: place.ProviderID, UnitID: place.UnitID}}, nil
}

func badPageToken() error {
	return fault.Invalid(fault.Violation{Field: "page_token", Reason: "BAD_PAGE_TOKEN", Message: "does not belong to this query; leave it out to start from the first page"})
}
