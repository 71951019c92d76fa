// Package rpc is the way of every call: one chain of interceptors before every handler, the same whether the call comes over
// TCP or over the in-memory listener of its own process.
//
//	trace (stats handler) → faults → recovery → deadline → authentication → access → request id and etag → validation → access log → handler
//
// Authorisation comes before validation (AIP-211): who may not call learns nothing of the method's rules. The access log
// stands next to the handler, so that no answer passes it unrecorded.
package rpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/accesslog"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// longestCall bounds a call that came without a deadline of its own; moving the test clock takes longest, then the long poll of the event log.
const longestCall = time.Minute

// Chain holds what the interceptors need.
type Chain struct {
	Log       *slog.Logger
	Callers   *identity.Verifier
	Services  *identity.ServiceVerifier
	Guard     *access.Guard
	Validator *Validator
	AccessLog *accesslog.Log
}

// Interceptors gives the chain in its order.
func (c *Chain) Interceptors() []grpc.UnaryServerInterceptor {
	return []grpc.UnaryServerInterceptor{c.faults, c.recovery, c.deadline, c.authentication, c.access, c.headers, c.validation, c.accessLog}
}

// streams refuses every stream but those of health and reflection: nothing here guards them.
func (c *Chain) streams(service any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if !open(info.FullMethod) {
		c.Log.ErrorContext(stream.Context(), "a stream was refused, since nothing guards it", "method", info.FullMethod)
		return plain(codes.Unimplemented, "ROUTE_NOT_FOUND", "this method is not served here")
	}
	return handler(service, stream)
}

// open says that a method is no business of the chain: health and reflection.
func open(method string) bool {
	return strings.HasPrefix(method, "/grpc.health.") || strings.HasPrefix(method, "/grpc.reflection.")
}

// faults lets only faults out; anything else is logged here and answered without text.
func (c *Chain) faults(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	answer, err := handler(ctx, request)
	if err == nil {
		return answer, nil
	}
	return nil, c.outward(ctx, info.FullMethod, err)
}

func (c *Chain) outward(ctx context.Context, method string, err error) error {
	if f, ok := fault.As(err); ok {
		return f.GRPCStatus().Err()
	}
	switch {
	case ctx.Err() == context.Canceled:
		return plain(codes.Canceled, "CANCELLED", "the caller went away")
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() == context.DeadlineExceeded:
		return c.late(ctx, method)
	}
	// A status that another service answered keeps its reason over the hop; a bare one has nothing to say to the caller.
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(err, &carrier) {
		st := carrier.GRPCStatus()
		switch {
		case st.Code() == codes.Internal || st.Code() == codes.Unknown:
		case len(st.Details()) > 0:
			return st.Err()
		case st.Code() == codes.Unavailable:
			c.Log.ErrorContext(ctx, "a needed part could not be reached", "method", method, "error", err)
			return plain(codes.Unavailable, "UNAVAILABLE", "a part that is needed cannot be reached; retry")
		case st.Code() == codes.DeadlineExceeded:
			return c.late(ctx, method)
		case st.Code() == codes.Unimplemented:
			c.Log.ErrorContext(ctx, "a method of the contract is not implemented", "method", method, "error", err)
			return plain(codes.Unimplemented, "ROUTE_NOT_FOUND", "this method is not served here")
		}
	}
	if sqldb.IsAway(err) {
		c.Log.ErrorContext(ctx, "a store cannot be reached", "method", method, "error", err)
		return plain(codes.Unavailable, "UNAVAILABLE", "a store cannot be reached just now; a write may or may not have happened: retry with the same request id")
	}
	c.Log.ErrorContext(ctx, "a call failed", "method", method, "error", err)
	return plain(codes.Internal, "INTERNAL", "something broke on our side; the trace id finds it")
}

func (c *Chain) late(ctx context.Context, method string) error {
	c.Log.WarnContext(ctx, "a call took longer than its deadline", "method", method)
	return plain(codes.DeadlineExceeded, "DEADLINE_EXCEEDED", "the call took too long; a write may or may not have happened: retry with the same request id")
}

// plain is an answer of the chain's own.
func plain(code codes.Code, reason, text string) error {
	return (&fault.Fault{Code: code, Reason: reason, Text: text}).GRPCStatus().Err()
}

func (c *Chain) recovery(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (answer any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			c.Log.ErrorContext(ctx, "a handler panicked", "method", info.FullMethod, "panic", fmt.Sprintf("%T", cause), "stack", string(debug.Stack()))
			answer, err = nil, fmt.Errorf("panic in %s", info.FullMethod)
		}
	}()
	return handler(ctx, request)
}

func (c *Chain) deadline(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if at, ok := ctx.Deadline(); !ok || time.Until(at) > longestCall {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, longestCall)
		defer cancel()
	}
	answer, err := handler(ctx, request)
	if err != nil && ctx.Err() != nil {
		err = errors.Join(err, ctx.Err()) // not every part says why it gave up
	}
	return answer, err
}

// authentication finds out who calls: a person or a record system by the caller's token, a service by its own, or a service
// on somebody's behalf by both. Every token that comes is verified.
func (c *Chain) authentication(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if open(info.FullMethod) {
		return handler(ctx, request)
	}
	md, _ := metadata.FromIncomingContext(ctx)
	caller, raw, err := c.caller(ctx, md)
	if err != nil {
		return nil, c.unauthenticated(ctx, info.FullMethod, err)
	}
	ctx = identity.NewContext(ctx, caller)
	if raw != "" {
		ctx = identity.WithRawToken(ctx, raw)
	}
	return handler(ctx, request)
}

func (c *Chain) caller(ctx context.Context, md metadata.MD) (identity.Caller, string, error) {
	var caller identity.Caller
	service := ""
	serviceToken, err := identity.ServiceToken(md)
	switch {
	case err == nil:
		own, err := c.Services.Verify(serviceToken)
		if err != nil {
			return caller, "", err
		}
		caller, service = own, own.Service
	case !errors.Is(err, identity.ErrNoToken):
		return caller, "", err
	}
	raw, err := identity.CallerToken(md)
	switch {
	case err == nil:
		person, err := c.Callers.Verify(ctx, raw)
		if err != nil {
			return caller, "", err
		}
		person.Service = service
		return person, raw, nil
	case !errors.Is(err, identity.ErrNoToken) || service == "":
		return caller, "", err
	}
	return caller, "", nil
}

func (c *Chain) unauthenticated(ctx context.Context, method string, err error) error {
	var refused *identity.InvalidTokenError
	switch {
	case errors.Is(err, identity.ErrNoToken):
		return fault.Unauthenticated("TOKEN_MISSING", "send a bearer token in the Authorization header")
	case errors.As(err, &refused):
		c.Log.InfoContext(ctx, "a token was refused", "method", method, "cause", string(refused.Cause), "detail", refused.Detail)
		return fault.Unauthenticated("TOKEN_INVALID", "the bearer token is not accepted ("+string(refused.Cause)+"); fetch a new one")
	case errors.Is(err, identity.ErrKeysUnavailable):
		c.Log.ErrorContext(ctx, "the issuer's keys cannot be fetched", "error", err)
		return fault.Unavailable("UNAVAILABLE", "tokens cannot be judged just now; retry")
	default:
		return err
	}
}

func (c *Chain) access(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if open(info.FullMethod) {
		return handler(ctx, request)
	}
	message, ok := request.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("%s takes a %T", info.FullMethod, request)
	}
	if err := refuseGarbled(message); err != nil {
		return nil, err
	}
	caller, _ := identity.FromContext(ctx)
	allowed, err := c.Guard.Authorize(ctx, info.FullMethod, caller, message)
	if err != nil {
		return nil, c.recordRefusal(ctx, info.FullMethod, caller, message, err)
	}
	return handler(allowed, request)
}

// recordRefusal writes a refused reach for a patient into the access log before it is answered.
func (c *Chain) recordRefusal(ctx context.Context, method string, caller identity.Caller, request proto.Message, refusal error) error {
	f, ok := fault.As(refusal)
	if !ok || f.Code != codes.PermissionDenied && f.Code != codes.NotFound || c.AccessLog == nil {
		return refusal
	}
	rule := c.Guard.Rule(method)
	if rule == nil || rule.Scope != accessv1.Scope_SCOPE_PATIENT {
		return refusal
	}
	var records []accesslog.Record
	for _, patient := range c.AccessLog.Patients(request) {
		// Only what the server can have made: anything else is nobody here, and may be a number of identity.
		if uuid.Validate(patient.PatientID) == nil && access.Plausible(patient.PatientID) {
			records = append(records, accesslog.Record{Person: person(caller), PatientID: patient.PatientID, Kind: accesslog.Refused, Method: method, TraceID: traceID(ctx)})
		}
	}
	if err := c.AccessLog.Write(ctx, records); err != nil && ctx.Err() == nil {
		c.Log.ErrorContext(ctx, "the access log cannot be written", "error", err)
	}
	return refusal
}

func (c *Chain) accessLog(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	ctx, touched := access.Collect(ctx)
	answer, err := handler(ctx, request)
	rule := c.Guard.Rule(info.FullMethod)
	caller, _ := identity.FromContext(ctx)
	if rule == nil || rule.Act == accessv1.Act_ACT_UNSPECIFIED || c.AccessLog == nil || access.IsWorker(caller) {
		return answer, err // a worker's own reading shows nobody anything
	}
	kind := kindOf(rule.Act)
	var patients []accesslog.Patient
	if err == nil {
		shown, _ := answer.(proto.Message)
		patients = c.AccessLog.Patients(shown)
		for _, id := range touched() {
			patients = append(patients, accesslog.Patient{PatientID: id})
		}
	} else if _, told := fault.As(err); !told {
		return nil, err // nothing of it will be shown
	}
	// An answer without rows is about the patient asked for; so is a refusal, which tells of the state and may have kept a part.
	if own := access.PatientFrom(ctx); own != "" && len(patients) == 0 {
		patients = []accesslog.Patient{{PatientID: own}}
	}
	records := make([]accesslog.Record, len(patients))
	place := access.PlaceFrom(ctx)
	for i, patient := range patients {
		unit := patient.UnitID
		if unit == "" {
			unit = place.UnitID
		}
		records[i] = accesslog.Record{Person: person(caller), UnitID: unit, PatientID: patient.PatientID, Kind: kind, Method: info.FullMethod, TraceID: traceID(ctx)}
	}
	if failed := c.AccessLog.Write(ctx, records); failed != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err() // the caller has gone, and gets nothing
		}
		c.Log.ErrorContext(ctx, "the access log cannot be written; the answer is withheld", "method", info.FullMethod, "error", failed)
		return nil, fault.Unavailable("UNAVAILABLE", "the access log cannot be written just now, so nothing can be shown; retry with the same request id")
	}
	return answer, err
}

func kindOf(act accessv1.Act) accesslog.Kind {
	switch act {
	case accessv1.Act_ACT_WRITE:
		return accesslog.Write
	case accessv1.Act_ACT_BREAK_GLASS:
		return accesslog.BreakGlass
	default:
		return accesslog.Read
	}
}

func person(caller identity.Caller) string {
	if caller.PractitionerID != "" {
		return caller.PractitionerID
	}
	return caller.Subject
}

func traceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		return span.TraceID().String()
	}
	return ""
}
