// Package api answers the calls of PatientService: a request in, a call of the domain, an answer out.
package api

import (
	"context"
	"errors"
	"strconv"
	"time"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
)

// Server answers PatientService. Access has been decided, and requests are well-formed, before a call reaches it.
type Server struct {
	patientv1.UnimplementedPatientServiceServer

	store *store.Store
	db    *sqldb.DB
	acts  *act.Acts
	pages *page.Tokens
	clock clock.Clock
}

// NewServer returns a server that keeps its records in db.
func NewServer(s *store.Store, db *sqldb.DB, acts *act.Acts, pages *page.Tokens, c clock.Clock) *Server {
	return &Server{store: s, db: db, acts: acts, pages: pages, clock: c}
}

func (s *Server) read(ctx context.Context) sqldb.Querier { return s.db.Read(ctx) }

func (s *Server) today() date.Day { return date.Of(s.clock.Now()) }

// Pages have 50 rows unless asked for otherwise, and 200 at most.
const (
	pageDefault = 50
	pageLimit   = 200
)

// window is a page of a list: what to read, and how to lead to the next.
type window struct {
	after []string // the keys of the last row shown; empty texts on the first page
	size  int
	next  func(keys ...string) string
}

// window reads what a list request says of its page. Query tells lists and their filters apart; keys is how many keys a row has.
func (s *Server) window(requested int32, token, query string, keys int) (window, error) {
	size, err := page.Size(requested, pageDefault, pageLimit)
	if err != nil {
		return window{}, fault.Invalid(fault.Violation{Field: "page_size", Reason: "int32.gte", Message: page.ErrNegativeSize.Error()})
	}
	after, err := s.pages.Decode(query, token)
	if err != nil || after != nil && len(after) != keys {
		return window{}, fault.Invalid(fault.Violation{Field: "page_token", Reason: "BAD_PAGE_TOKEN", Message: page.ErrBadToken.Error()})
	}
	if after == nil {
		after = make([]string, keys)
	}
	return window{after: after, size: size, next: func(keys ...string) string { return s.pages.Encode(query, keys...) }}, nil
}

// cut leaves the rows of the page out of one more than asked for, and gives the token of the next page when there is one.
func cut[T any](w window, rows []T, keys func(T) []string) ([]T, string) {
	if len(rows) <= w.size {
		return rows, ""
	}
	rows = rows[:w.size]
	return rows, w.next(keys(rows[len(rows)-1])...)
}

// instant and micros carry an instant in a page token.
func micros(t time.Time) string { return strconv.FormatInt(sqldb.Micros(t), 10) }

func instant(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{} // the first page; tokens are signed, so nothing else comes
	}
	return sqldb.FromMicros(n)
}

// refusal turns an error of the domain or the store into the fault that the caller sees. What it does not know is a failure.
func refusal(err error) error {
	var invalid *patient.InvalidError
	var state *patient.StateError
	var missing *patient.NotFoundError
	var role *patient.RoleError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid):
		violations := make([]fault.Violation, len(invalid.Violations))
		for i, v := range invalid.Violations {
			violations[i] = fault.Violation{Field: v.Field, Reason: v.Reason, Message: v.Text}
		}
		return fault.Invalid(violations...)
	case errors.As(err, &state):
		return fault.State(state.Reason, state.Text, state.State, state.Allowed...)
	case errors.As(err, &missing):
		return fault.NotFound(missing.Reason, missing.Text)
	case errors.As(err, &role):
		return fault.Denied("ROLE_REQUIRED", role.Error())
	case errors.Is(err, store.ErrStale):
		return fault.Stale("the resource has changed meanwhile; read it again and retry")
	default:
		return err
	}
}

// absent answers that nothing is there when the store says so, else what refusal answers.
func absent(err error, reason, text string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.NotFound(reason, text)
	}
	return refusal(err)
}

// exists answers that there is one already when the store says so, else what refusal answers.
func exists(err error, reason patientv1.Reason, text string) error {
	if errors.Is(err, store.ErrExists) {
		return fault.Exists(reason.String(), text)
	}
	return refusal(err)
}

func noPatient(err error) error {
	return absent(err, "PATIENT_NOT_FOUND", "there is no such patient at your units")
}

// actor is the practitioner who acts; an act of care must be somebody's.
func actor(tx *act.Tx) (string, error) {
	if tx.Caller.PractitionerID == "" {
		return "", fault.Denied("PRACTITIONER_REQUIRED", "the token names no practitioner, and this must be done by a person")
	}
	return tx.Caller.PractitionerID, nil
}

// held are the roles that the caller holds at the place of an act.
func held(tx *act.Tx) []patient.Role {
	var roles []patient.Role
	for _, role := range tx.Caller.RolesAt(tx.Place.ProviderID, tx.Place.UnitID) {
		roles = append(roles, patient.Role(role))
	}
	return roles
}

func caller(ctx context.Context) identity.Caller {
	found, _ := identity.FromContext(ctx)
	return found
}
