package act

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	statuspb "google.golang.org/genproto/googleapis/rpc/status"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// RequestsKept is how long a request id gives its first answer.
const RequestsKept = 24 * time.Hour

// Do carries out the act that a request asks for. Under a request id it happens once: a repeat gets the first answer and fn
// does not run; the id with another body is refused. fn must bear running again after a rollback.
func Do[R proto.Message](ctx context.Context, a *Acts, request proto.Message, fn func(tx *Tx) (R, error)) (R, error) {
	var answer R
	var kept *keptError
	key := a.requestKey(ctx, request)
	err := a.transact(ctx, func(tx *Tx) error {
		kept = nil
		if key == nil {
			var err error
			answer, err = fn(tx)
			if errors.As(err, &kept) {
				return nil
			}
			return err
		}
		first, err := key.claim(tx, a)
		if err != nil {
			return err
		}
		if first != nil {
			answer, kept, err = replay[R](first)
			return err
		}
		answer, err = fn(tx)
		if err != nil && !errors.As(err, &kept) {
			return err
		}
		return key.store(tx, a, answer, kept)
	})
	var none R
	switch {
	case err != nil:
		return none, err
	case kept != nil:
		return none, kept.cause
	default:
		return answer, nil
	}
}

// Keep answers an error although what fn wrote is committed: for what must not be lost when the rest is refused.
func Keep(cause error) error { return &keptError{cause: cause} }

type keptError struct{ cause error }

func (e *keptError) Error() string { return e.cause.Error() }
func (e *keptError) Unwrap() error { return e.cause }

// requestKey is who asked for what under which id.
type requestKey struct {
	subject, method, id string
	digest              []byte
}

// requestKey reads the request's id; nil when it bears none.
func (a *Acts) requestKey(ctx context.Context, request proto.Message) *requestKey {
	message := request.ProtoReflect()
	field := message.Descriptor().Fields().ByName("request_id")
	if field == nil || message.Get(field).String() == "" {
		return nil
	}
	caller, _ := identity.FromContext(ctx)
	method, _ := grpc.Method(ctx)
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
	if err != nil {
		body = nil // an unreadable request would have been refused before; its id alone then decides
	}
	return &requestKey{
		subject: caller.Subject + "/" + caller.Service, method: method, id: message.Get(field).String(),
		digest: a.Keys.Hash("request", []byte(method), body),
	}
}

func (k *requestKey) associated() []byte {
	return []byte("request/" + k.subject + "/" + k.method + "/" + k.id)
}

const (
	claimRequest = `INSERT INTO request (subject, method, request_id, digest, response, created) VALUES ($1, $2, $3, $4, NULL, $5)
ON CONFLICT (subject, method, request_id) DO NOTHING`
	firstAnswer = `SELECT digest, response FROM request WHERE subject = $1 AND method = $2 AND request_id = $3`
	keepAnswer  = `UPDATE request SET response = $4 WHERE subject = $1 AND method = $2 AND request_id = $3`
)

// claim takes the request id for this transaction; another one with the same id waits here until this one has ended. It
// gives the first answer when there is one.
func (k *requestKey) claim(tx *Tx, a *Acts) (*anypb.Any, error) {
	result, err := tx.Exec(claimRequest, k.subject, k.method, k.id, k.digest, sqldb.Micros(time.Now()))
	if err != nil {
		return nil, fmt.Errorf("claiming a request id: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n == 1 {
		return nil, err
	}
	var digest, sealed []byte
	err = tx.QueryRow(firstAnswer, k.subject, k.method, k.id).Scan(&digest, &sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fault.Newf(codes.Aborted, "REQUEST_ID_CONFLICT", "the request id is being worked on; retry")
	}
	if err != nil {
		return nil, fmt.Errorf("reading a request's first answer: %w", err)
	}
	if string(digest) != string(k.digest) {
		return nil, fault.Newf(codes.FailedPrecondition, "REQUEST_ID_REUSED", "the request id was used for another request; use a new one for a new act")
	}
	body, err := a.Keys.Unseal(sealed, k.associated())
	if err != nil {
		return nil, fmt.Errorf("opening a request's first answer: %w", err)
	}
	first := &anypb.Any{}
	if err := proto.Unmarshal(body, first); err != nil {
		return nil, fmt.Errorf("decoding a request's first answer: %w", err)
	}
	return first, nil
}

func (k *requestKey) store(tx *Tx, a *Acts, answer proto.Message, kept *keptError) error {
	if kept != nil {
		answer = status.Convert(kept.cause).Proto()
		if f, ok := fault.As(kept.cause); ok {
			answer = f.GRPCStatus().Proto()
		}
	}
	packed, err := anypb.New(answer)
	if err != nil {
		return fmt.Errorf("packing an answer: %w", err)
	}
	body, err := proto.Marshal(packed)
	if err != nil {
		return fmt.Errorf("encoding an answer: %w", err)
	}
	sealed, err := a.Keys.Seal(body, k.associated())
	if err != nil {
		return fmt.Errorf("sealing an answer: %w", err)
	}
	if _, err := tx.Exec(keepAnswer, k.subject, k.method, k.id, sealed); err != nil {
		return fmt.Errorf("keeping an answer: %w", err)
	}
	return nil
}

func replay[R proto.Message](first *anypb.Any) (R, *keptError, error) {
	var none R
	message, err := first.UnmarshalNew()
	if err != nil {
		return none, nil, fmt.Errorf("decoding a request's first answer: %w", err)
	}
	if refused, ok := message.(*statuspb.Status); ok {
		if told, ok := fault.FromStatus(status.FromProto(refused)); ok {
			return none, &keptError{cause: told}, nil // a fault again, so that the access log sees what it tells
		}
		return none, &keptError{cause: status.ErrorProto(refused)}, nil
	}
	answer, ok := message.(R)
	if !ok {
		return none, nil, fmt.Errorf("a request's first answer is a %T", message)
	}
	return answer, nil, nil
}

// forgetAtOnce bounds one removal, so that no writer waits for long.
const forgetAtOnce = 1000

const forgetRequests = `DELETE FROM request WHERE (subject, method, request_id) IN
(SELECT subject, method, request_id FROM request WHERE created < $1 ORDER BY created LIMIT $2)`

// ForgetRequests removes request ids older than they are kept, at most a thousand, and says how many.
func ForgetRequests(tx *sqldb.Tx, now time.Time) (int64, error) {
	result, err := tx.Exec(forgetRequests, sqldb.Micros(now.Add(-RequestsKept)), forgetAtOnce)
	if err != nil {
		return 0, fmt.Errorf("forgetting old request ids: %w", err)
	}
	return result.RowsAffected()
}
