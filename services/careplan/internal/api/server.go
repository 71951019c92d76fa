// Package api answers the calls of CarePlanService: a request in, a call of the domain, an answer out.
package api

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
)

// Server answers CarePlanService. Access has been decided, and requests are well-formed, before a call reaches it.
type Server struct {
	careplanv1.UnimplementedCarePlanServiceServer
	Parts
}

// Parts is what a server stands on.
type Parts struct {
	Store       *store.Store
	DB          *sqldb.DB
	Acts        *act.Acts
	Pages       *page.Tokens
	Clock       clock.Clock
	Instruments *careplan.Instruments
	// Patients is asked about care episodes that have not been heard of yet.
	Patients patientv1.PatientServiceClient
}

// NewServer returns a server.
func NewServer(parts Parts) *Server { return &Server{Parts: parts} }

func (s *Server) read(ctx context.Context) sqldb.Querier { return s.DB.Read(ctx) }

// Pages have 50 rows unless asked for otherwise, and 200 at most.
const (
	pageDefault = 50
	pageLimit   = 200
)

// listed is one page being read: its size, where it begins, and the query that its tokens are bound to.
type listed struct {
	size  int
	after store.Cursor
	query string
}

// list reads the size and the token of a page. The parts of the query are its method, patient and filters.
func (s *Server) list(size int32, token string, query ...string) (listed, error) {
	rows, err := page.Size(size, pageDefault, pageLimit)
	if err != nil {
		return listed{}, fault.Invalid(fault.Violation{Field: "page_size", Reason: "int32.gte", Message: "must not be negative"})
	}
	l := listed{size: rows, query: strings.Join(query, "\n")}
	keys, err := s.Pages.Decode(l.query, token)
	if err != nil || keys != nil && len(keys) != 2 {
		return listed{}, fault.Invalid(fault.Violation{Field: "page_token", Reason: "BAD_PAGE_TOKEN", Message: page.ErrBadToken.Error()})
	}
	if keys != nil {
		l.after = store.Cursor{Key: keys[0], ID: keys[1]}
	}
	return l, nil
}

// cut leaves one page of rows, of which one more than fits was read, and gives the token of the next.
func cut[T any](s *Server, l listed, rows []T, cursor func(T) store.Cursor) ([]T, string) {
	if len(rows) <= l.size {
		return rows, ""
	}
	rows = rows[:l.size]
	last := cursor(rows[l.size-1])
	return rows, s.Pages.Encode(l.query, last.Key, last.ID)
}

// absent says that the patient has no such thing.
func absent(reason careplanv1.Reason, what string) error {
	return fault.NotFound(reason.String(), "the patient has no such "+what)
}

// refusal turns an error of the domain or the store into the fault that the caller sees. Prefix is the path of the message
// that the domain's fields belong to, with its point.
func refusal(err error, prefix string) error {
	var invalid *careplan.InvalidError
	var state *careplan.StateError
	var exists *careplan.ExistsError
	var missing *careplan.NotFoundError
	var denied *careplan.DeniedError
	switch {
	case errors.As(err, &invalid):
		return fault.Invalid(violations(invalid.Violations, prefix)...)
	case errors.As(err, &state):
		return fault.State(string(state.Reason), state.Text, state.State, state.Allowed...)
	case errors.As(err, &exists):
		return fault.Exists(string(exists.Reason), exists.Text)
	case errors.As(err, &missing):
		return fault.NotFound(string(missing.Reason), missing.Text)
	case errors.As(err, &denied):
		return fault.Denied(string(denied.Reason), denied.Text)
	case errors.Is(err, store.ErrStale):
		return fault.Stale("it has changed since it was read; read it again and retry")
	default:
		return err
	}
}

func violations(found []careplan.Violation, prefix string) []fault.Violation {
	told := make([]fault.Violation, len(found))
	for n, v := range found {
		told[n] = fault.Violation{Field: prefix + v.Field, Reason: string(v.Reason), Message: v.Message}
	}
	return told
}

// notADay is what the door says of a `_date` that is no civil day; it is no reason of a whole refusal.
const notADay = "date"

// formRefusal refuses a form under the reason of its first fault, so that a program knows it from the reason alone.
func formRefusal(found []fault.Violation, text string) error {
	reason := "INVALID_FIELD"
	for _, v := range found {
		if v.Reason != notADay {
			reason = v.Reason
			break
		}
	}
	return &fault.Fault{Code: codes.InvalidArgument, Reason: reason, Text: text, Violations: found}
}

// practitionerRequired refuses a caller who is no person of the staff: somebody answers for all that is done here.
func practitionerRequired(tx *act.Tx) error {
	if tx.Caller.PractitionerID == "" {
		return fault.Denied("PRACTITIONER_REQUIRED", "the token names no practitioner, and the act must be somebody's")
	}
	return nil
}

// acting is who writes in a transaction, for the domain.
func acting(tx *act.Tx) careplan.Act {
	return careplan.Act{By: tx.Caller.PractitionerID, Now: tx.Now, NewID: tx.NewID}
}

// mistake is the mark of a record that the caller withdraws.
func mistake(tx *act.Tx, reason string) careplan.ErrorMark {
	return careplan.ErrorMark{Reason: reason, Practitioner: tx.Caller.PractitionerID, Time: tx.Now}
}
