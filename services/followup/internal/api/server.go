// Package api answers the calls of FollowUpService: a request in, a call of the domain, an answer out.
package api

import (
	"context"
	"errors"
	"time"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
	"github.com/coworkcare/coworkcare/services/followup/internal/store"
)

// Server answers FollowUpService. Access has been decided, and requests are well-formed, before a call reaches it.
type Server struct {
	followupv1.UnimplementedFollowUpServiceServer

	store     *store.Store
	db        *sqldb.DB
	acts      *act.Acts
	pages     *page.Tokens
	clock     clock.Clock
	log       Log
	elsewhere Elsewhere
}

// NewServer returns a server on a store.
func NewServer(s *store.Store, db *sqldb.DB, acts *act.Acts, pages *page.Tokens, c clock.Clock, log Log, elsewhere Elsewhere) *Server {
	return &Server{store: s, db: db, acts: acts, pages: pages, clock: c, log: log, elsewhere: elsewhere}
}

// now is the moment of a reading, by the clock that decides care.
func (s *Server) now() time.Time { return s.clock.Now() }

// callerAt is who acts, with the roles held at a unit. An act must be somebody's.
func callerAt(caller identity.Caller, place followup.Place) (followup.Caller, error) {
	if caller.PractitionerID == "" {
		return followup.Caller{}, fault.Denied("PRACTITIONER_REQUIRED", "the token names no practitioner, and a follow-up is changed by somebody")
	}
	c := followup.Caller{PractitionerID: caller.PractitionerID}
	for _, role := range caller.RolesAt(place.ProviderID, place.UnitID) {
		c.Roles = append(c.Roles, followup.Role(role))
	}
	return c, nil
}

func placeOf(p access.Place) followup.Place {
	return followup.Place{ProviderID: p.ProviderID, UnitID: p.UnitID}
}

// refusal turns an error of the domain or the store into the fault that the caller sees. prefix stands before the names of
// fields, with its point.
func refusal(err error, prefix string) error {
	var refused *followup.Refusal
	var forbidden *followup.Forbidden
	var violation *followup.Violation
	switch {
	case errors.Is(err, store.ErrNotFound):
		return notFound()
	case errors.Is(err, store.ErrStale):
		return fault.Stale("the follow-up has changed meanwhile; read it again and retry")
	case errors.As(err, &refused):
		return fault.State(refused.Reason, refused.Text, string(refused.State), refused.Allowed...)
	case errors.As(err, &forbidden):
		return fault.Denied(followupv1.Reason_OWNER_ROLE_REQUIRED.String(), forbidden.Error())
	case errors.As(err, &violation):
		return fault.Invalid(fault.Violation{Field: prefix + violation.Field, Reason: violation.Reason, Message: violation.Text})
	default:
		return err
	}
}

func notFound() error {
	return fault.NotFound(followupv1.Reason_FOLLOW_UP_NOT_FOUND.String(), "there is no such follow-up at your units")
}

// Locate tells where a follow-up stands.
func (s *Server) Locate(ctx context.Context, id string) (access.Place, bool, error) {
	place, _, found, err := s.store.Place(s.db.Read(ctx), id)
	return access.Place{ProviderID: place.ProviderID, UnitID: place.UnitID}, found, err
}
