package gateway

import (
	"cmp"
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// statusClientGone is what a client that has gone away would be told; it stands in logs and metrics.
const statusClientGone = 499

// own is what a gRPC code says when its status is not one of the product's: the text of a library stays inside.
type own struct {
	status       int
	reason, text string
}

var unsaid = map[codes.Code]own{
	codes.Canceled:           {statusClientGone, "CANCELLED", "the call was given up by the caller"},
	codes.Unknown:            {http.StatusInternalServerError, reasonInternal, ""},
	codes.InvalidArgument:    {http.StatusBadRequest, reasonField, "the path or the query does not fit the method"},
	codes.DeadlineExceeded:   {http.StatusGatewayTimeout, "DEADLINE_EXCEEDED", "the call took longer than its deadline; a write may or may not have happened: send it again with the same request id"},
	codes.NotFound:           {http.StatusNotFound, "RESOURCE_NOT_FOUND", "nothing is there"},
	codes.AlreadyExists:      {http.StatusConflict, "ALREADY_EXISTS", "it is there already"},
	codes.PermissionDenied:   {http.StatusForbidden, "PERMISSION_DENIED", "the caller may not do this"},
	codes.ResourceExhausted:  {http.StatusTooManyRequests, "RATE_LIMITED", "too many requests; wait for the time in Retry-After"},
	codes.FailedPrecondition: {http.StatusConflict, "FAILED_PRECONDITION", "the resource is not in a state for this"},
	codes.Aborted:            {http.StatusConflict, "ABORTED", "another write came between; read the resource again and retry"},
	codes.OutOfRange:         {http.StatusBadRequest, reasonField, "a value is out of its range"},
	codes.Unimplemented:      {http.StatusNotImplemented, "UNIMPLEMENTED", "this installation does not serve the method"},
	codes.Internal:           {http.StatusInternalServerError, reasonInternal, ""},
	codes.Unavailable:        {http.StatusServiceUnavailable, "UNAVAILABLE", "a part that is needed cannot be reached; send the request again after the time in Retry-After"},
	codes.DataLoss:           {http.StatusInternalServerError, reasonInternal, ""},
	codes.Unauthenticated:    {http.StatusUnauthorized, "TOKEN_INVALID", "the call needs a valid bearer token"},
}

const internalText = "something broke on our side; the trace id finds it"

// byReason are the statuses that follow from the reason and not from the code.
var byReason = map[string]int{
	reasonReused:    http.StatusUnprocessableEntity,
	reasonTooLarge:  http.StatusRequestEntityTooLarge,
	reasonMediaType: http.StatusUnsupportedMediaType,
	reasonMethod:    http.StatusMethodNotAllowed,
	reasonSlow:      http.StatusRequestTimeout,
}

// translate renders an error as a problem and the seconds for Retry-After, 0 for none. Only what the product itself said to the
// caller (ErrorInfo of its domain) is passed on in words; a text from elsewhere, and every text of a server error, is replaced.
func translate(err error, ifMatch bool) (problem Problem, retryAfter int) {
	st := status.Convert(err)
	code := st.Code()
	plain, known := unsaid[code]
	if !known {
		code, plain = codes.Unknown, unsaid[codes.Unknown]
	}
	if code == codes.ResourceExhausted && strings.Contains(st.Message(), "larger than max") && len(st.Details()) == 0 {
		// The library's word for an answer too large to receive. Waiting does not help.
		code, plain = codes.Internal, unsaid[codes.Internal]
	}
	problem = Problem{Status: plain.status, Reason: plain.reason, Detail: plain.text}
	if plain.status >= http.StatusInternalServerError && plain.text == "" {
		problem.Detail = internalText
	} else {
		retryAfter = problem.say(st)
	}
	if override, ok := byReason[problem.Reason]; ok {
		problem.Status = override
	}
	if ifMatch && code == codes.Aborted && (problem.Reason == reasonStale || problem.Reason == plain.reason) {
		problem.Status = http.StatusPreconditionFailed
	}
	problem.Type = problemType + problem.Reason
	problem.Title = title(problem.Reason)
	if problem.Status == http.StatusTooManyRequests || problem.Status == http.StatusServiceUnavailable {
		retryAfter = max(retryAfter, 1)
	} else {
		retryAfter = 0
	}
	return problem, retryAfter
}

// say takes over what the product said in a status, and returns the seconds after which a retry makes sense.
func (p *Problem) say(st *status.Status) (retryAfter int) {
	details := st.Details()
	said := false
	for _, detail := range details {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == fault.Domain {
			said = true
			p.Reason = cmp.Or(info.GetReason(), p.Reason)
			p.Detail = cmp.Or(st.Message(), p.Detail)
			p.State = info.GetMetadata()["state"]
			if allowed := info.GetMetadata()["allowed"]; allowed != "" {
				p.Allowed = strings.Split(allowed, ",")
			}
		}
	}
	if !said {
		return 0
	}
	for _, detail := range details {
		switch detail := detail.(type) {
		case *errdetails.BadRequest:
			for _, violation := range detail.GetFieldViolations() {
				p.Violations = append(p.Violations, Violation{
					Field: jsonPath(violation.GetField()), Reason: violation.GetReason(), Message: violation.GetDescription()})
			}
		case *errdetails.PreconditionFailure:
			for _, violation := range detail.GetViolations() {
				p.State = cmp.Or(p.State, violation.GetSubject())
			}
		case *errdetails.RetryInfo:
			if seconds := math.Ceil(detail.GetRetryDelay().AsDuration().Seconds()); seconds > 0 {
				retryAfter = int(min(seconds, 3600))
			}
		}
	}
	return retryAfter
}

// title writes ETAG_MISMATCH as "Etag mismatch".
func title(reason string) string {
	words := strings.ToLower(strings.ReplaceAll(reason, "_", " "))
	if words == "" {
		return words
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// fail answers with the problem of an error.
func (g *gateway) fail(w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(r.Context())
	problem, retryAfter := translate(err, x.ifMatch)
	switch {
	case problem.Status == http.StatusUnauthorized:
		challenge := `Bearer realm="coworkcare"`
		if r.Header.Get("Authorization") != "" {
			challenge += `, error="invalid_token"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	case retryAfter > 0:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	if problem.Status >= http.StatusInternalServerError {
		method := ""
		if x.route != nil {
			method = x.route.name()
		}
		g.options.Log.ErrorContext(r.Context(), "gateway: call failed", "method", method, "status", problem.Status,
			"code", status.Code(err).String(), "reason", problem.Reason, "request_id", x.id)
	}
	problem.write(w, r)
}

// callFailed answers what came of a routed call, or of reading it.
func (g *gateway) callFailed(ctx context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	x := exchangeOf(ctx)
	if x.probe != nil {
		return
	}
	var routing *runtime.HTTPStatusError
	switch {
	case errors.Is(err, errNotModified):
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	case errors.As(err, &routing):
		err = errPath
	case status.Code(err) == codes.InvalidArgument && status.Convert(err).Message() == errBody.Error() && x.route != nil:
		if err = explain(x.body, x.route.bodyType, x.route.bodyPrefix()); err == nil {
			err = malformed("the body does not fit the request")
		}
	}
	g.fail(w, r, err)
}

// streamFailed is the last message of a stream that breaks: the same words as a problem would have.
func streamFailed(_ context.Context, err error) *status.Status {
	problem, _ := translate(err, false)
	st := status.New(status.Code(err), problem.Detail)
	if detailed, err := st.WithDetails(&errdetails.ErrorInfo{Reason: problem.Reason, Domain: fault.Domain}); err == nil {
		return detailed
	}
	return st
}

func methodNotAllowed(allow []string) error {
	return &fault.Fault{Code: codes.Unimplemented, Reason: reasonMethod, Text: "this path takes " + strings.Join(allow, ", ")}
}
