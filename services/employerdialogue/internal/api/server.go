// Package api answers the calls of EmployerDialogueService: a request in, a call of the domain, an answer out. Consents are read
// from the patient service before a transaction, and compared in it with what that service has told since.
package api

import (
	"context"
	"errors"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

// Parts are what a server is made of.
type Parts struct {
	Store    *store.Store
	DB       *sqldb.DB
	Acts     *act.Acts
	Pages    *page.Tokens
	Clock    clock.Clock
	Patients patientv1.PatientServiceClient
}

// Server answers EmployerDialogueService. Access has been decided, and requests are well-formed, before a call reaches it.
type Server struct {
	employerdialoguev1.UnimplementedEmployerDialogueServiceServer
	Parts
}

// NewServer returns a server.
func NewServer(parts Parts) *Server { return &Server{Parts: parts} }

func (s *Server) read(ctx context.Context) sqldb.Querier { return s.DB.Read(ctx) }

func reason(r employerdialoguev1.Reason) string { return r.String() }

// refusal turns an error of the domain or the store into the fault that the caller sees.
func refusal(err error) error {
	var r *employerdialogue.Refusal
	switch {
	case errors.As(err, &r):
		f := &fault.Fault{Code: codeOf(r.Class), Reason: r.Reason, Text: r.Text, State: string(r.State)}
		for _, verb := range r.Allowed {
			f.Allowed = append(f.Allowed, string(verb))
		}
		for _, v := range r.Violations {
			f.Violations = append(f.Violations, fault.Violation{Field: v.Field, Reason: v.Reason, Message: v.Message})
		}
		return f
	case errors.Is(err, store.ErrStale):
		return fault.Stale("the resource has changed since it was read; read it again and retry")
	default:
		return err
	}
}

func codeOf(class employerdialogue.Class) codes.Code {
	switch class {
	case employerdialogue.Invalid:
		return codes.InvalidArgument
	case employerdialogue.Denied:
		return codes.PermissionDenied
	case employerdialogue.Exists:
		return codes.AlreadyExists
	case employerdialogue.Absent:
		return codes.NotFound
	default:
		return codes.FailedPrecondition
	}
}

// absent says which thing is not there; other errors pass.
func absent(err error, why employerdialoguev1.Reason, text string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fault.NotFound(reason(why), text)
	}
	return refusal(err)
}

// actor is who acts. Somebody answers for what is written: a token without a practitioner writes nothing.
func actor(tx *act.Tx) (employerdialogue.Act, error) {
	if tx.Caller.PractitionerID == "" {
		return employerdialogue.Act{}, fault.Denied("PRACTITIONER_REQUIRED", "the token names no practitioner, and this must be somebody's work")
	}
	return employerdialogue.Act{PractitionerID: tx.Caller.PractitionerID, Now: tx.Now}, nil
}

// Pages have 50 rows unless asked for otherwise, and 200 at most.
const (
	pageDefault = 50
	pageLimit   = 200
)

// window is the part of a list that a request asks for.
type window struct {
	query string
	size  int
	after []string // the keys of the last row shown; nil on the first page
}

func (s *Server) window(query string, requested int32, token string, keys int) (window, error) {
	size, err := page.Size(requested, pageDefault, pageLimit)
	if err != nil {
		return window{}, fault.Invalid(fault.Violation{Field: "page_size", Reason: "INVALID_FIELD", Message: "must not be negative"})
	}
	after, err := s.Pages.Decode(query, token)
	if err != nil || after != nil && len(after) != keys {
		return window{}, fault.Invalid(fault.Violation{Field: "page_token", Reason: "BAD_PAGE_TOKEN", Message: page.ErrBadToken.Error()})
	}
	return window{query: query, size: size, after: after}, nil
}

// afterID is the id to go on after in a list by id.
func (w window) afterID() string {
	if w.after == nil {
		return ""
	}
	return w.after[0]
}

// position is where to go on in a list by creation.
func (w window) position() (store.Position, error) {
	if w.after == nil {
		return store.Position{}, nil
	}
	created, err := strconv.ParseInt(w.after[0], 10, 64)
	return store.Position{Time: sqldb.FromMicros(created), ID: w.after[1]}, err
}

// cut takes the row too many off a page, and makes the token of the next.
func cut[T any](s *Server, w window, rows []T, keys func(T) []string) ([]T, string) {
	if len(rows) <= w.size {
		return rows, ""
	}
	rows = rows[:w.size]
	return rows, s.Pages.Encode(w.query, keys(rows[w.size-1])...)
}

// casePage reads a page of a patient's contacts, meetings or agreements.
func casePage[T any](ctx context.Context, s *Server, t store.Table[T], w window, careProviderID, patientID string, f store.Filter,
	key func(T) (time.Time, string),
) ([]store.Row[T], string, error) {
	after, err := w.position()
	if err != nil {
		return nil, "", err
	}
	rows, err := t.List(s.read(ctx), careProviderID, patientID, f, after, w.size+1)
	if err != nil {
		return nil, "", err
	}
	rows, next := cut(s, w, rows, func(r store.Row[T]) []string {
		created, id := key(r.Value)
		return []string{strconv.FormatInt(sqldb.Micros(created), 10), id}
	})
	return rows, next, nil
}

// dayOf reads a civil day of a request, which has been checked; an empty one is no day.
func dayOf(text string) date.Day {
	day, err := date.Parse(text)
	if err != nil {
		return 0
	}
	return day
}

// instant writes a point in time; the zero time is absent.
func instant(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// timeOf reads a point in time, in whole microseconds; absent is zero.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime().Truncate(time.Microsecond)
}

// nameOf is the domain's spelling of a value of the contract: its name, "" for unspecified.
func nameOf[E interface {
	~int32
	String() string
}](value E) string {
	if value == 0 {
		return ""
	}
	return value.String()
}

// named is the value of the contract of a name.
func named[E ~int32](values map[string]int32, name string) E { return E(values[name]) }
