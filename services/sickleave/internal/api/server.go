// Package api answers the calls of SickLeaveService: a request in, a call of the domain, an answer out.
package api

import (
	"context"
	"errors"
	"fmt"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

// Server answers SickLeaveService. Access has been decided, and requests are well-formed, before a call reaches it.
type Server struct {
	sickleavev1.UnimplementedSickLeaveServiceServer

	store *store.Store
	db    *sqldb.DB
	acts  *act.Acts
	pages *page.Tokens
	clock clock.Clock
	// patients is asked whether a patient consents to coordination.
	patients patientv1.PatientServiceClient
}

// NewServer returns a server that keeps what it is told in db and asks patients about consents.
func NewServer(s *store.Store, db *sqldb.DB, acts *act.Acts, pages *page.Tokens, c clock.Clock, patients patientv1.PatientServiceClient) *Server {
	return &Server{store: s, db: db, acts: acts, pages: pages, clock: c, patients: patients}
}

// Pages have 50 rows unless asked for otherwise, and 200 at most.
const (
	pageDefault = 50
	pageLimit   = 200
)

func pageSize(requested int32) (int, error) {
	size, err := page.Size(requested, pageDefault, pageLimit)
	if err != nil {
		return 0, fault.Invalid(fault.Violation{Field: "page_size", Reason: sickleave.ReasonOutOfRange, Message: "must not be negative"})
	}
	return size, nil
}

// after reads a page token: the keys of the last row shown, nil for the first page.
func (s *Server) after(query, token string, keys int) ([]string, error) {
	found, err := s.pages.Decode(query, token)
	if err != nil || found != nil && len(found) != keys {
		return nil, fault.Invalid(fault.Violation{Field: "page_token", Reason: "BAD_PAGE_TOKEN", Message: page.ErrBadToken.Error()})
	}
	return found, nil
}

// read gives a querier outside of any transaction.
func (s *Server) read(ctx context.Context) sqldb.Querier { return s.db.Read(ctx) }

// verbs are the names of the domain's verbs in the contract.
var verbs = map[sickleave.Verb]string{
	sickleave.VerbEdit:            "update",
	sickleave.VerbSign:            "sign",
	sickleave.VerbRevoke:          "revoke",
	sickleave.VerbRegisterInError: "registerInError",
	sickleave.VerbExtend:          "draftExtension",
}

func verbsOf(allowed []sickleave.Verb) []string {
	names := make([]string, len(allowed))
	for i, verb := range allowed {
		names[i] = verbs[verb]
	}
	return names
}

// refusal turns an error of the domain or the store into the fault that the caller sees. Prefix is the path of the message
// that the domain's field paths start from, with its point.
func refusal(err error, prefix string) error {
	var state *sickleave.StateError
	var incomplete *sickleave.IncompleteError
	var violations sickleave.Violations
	switch {
	case errors.Is(err, store.ErrNotFound):
		return fault.NotFound(reason(sickleavev1.Reason_CERTIFICATE_NOT_FOUND), "the patient has no such certificate")
	case errors.Is(err, store.ErrStale):
		return fault.Stale("the certificate has changed since it was read; read it again and retry")
	case errors.As(err, &state):
		allowed := verbsOf(state.Allowed)
		return fault.State(state.Reason, fmt.Sprintf("the certificate is in state %s, which does not allow %s", state.State, verbs[state.Verb]),
			string(state.State), allowed...)
	case errors.As(err, &incomplete):
		return incompleteFault(incomplete, prefix)
	case errors.As(err, &violations):
		return fault.Invalid(violationsOf(violations, prefix)...)
	default:
		return err
	}
}

func reason(r sickleavev1.Reason) string { return r.String() }
