package rpc

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// Metadata keys by which REST headers reach a request's fields.
const (
	IdempotencyKey = "idempotency-key" // → request_id
	IfMatch        = "if-match"        // → etag
)

// idempotencyKeys is the name space in which an Idempotency-Key that is no UUID becomes one.
var idempotencyKeys = uuid.MustParse("6f9a3c52-63a5-5f0e-9d0a-2f1b6c1e7a44")

// headers puts an Idempotency-Key into `request_id` and an If-Match into `etag`, so that handlers know one place for each.
func (c *Chain) headers(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	message, ok := request.(proto.Message)
	if !ok {
		return handler(ctx, request)
	}
	if err := setRequestID(message.ProtoReflect(), first(ctx, IdempotencyKey)); err != nil {
		return nil, err
	}
	if etag := first(ctx, IfMatch); etag != "" {
		if err := setEtag(message.ProtoReflect(), etag); err != nil {
			return nil, err
		}
	}
	return handler(ctx, request)
}

func first(ctx context.Context, key string) string {
	if values := metadata.ValueFromIncomingContext(ctx, key); len(values) > 0 {
		return strings.TrimSpace(values[0])
	}
	return ""
}

// setRequestID fills the request id from an Idempotency-Key. A UUID counts by its value, not by its spelling: the same one in
// capitals is the same request.
func setRequestID(message protoreflect.Message, key string) error {
	field := message.Descriptor().Fields().ByName("request_id")
	if field == nil || field.Kind() != protoreflect.StringKind {
		return nil // a read: repeating it is harmless
	}
	if len(key) > 255 {
		return fault.Invalid(fault.Violation{Field: "Idempotency-Key", Reason: "string.max_len", Message: "is longer than 255 characters"})
	}
	given := message.Get(field).String()
	if len(given) == len(uuid.Nil.String()) {
		if parsed, err := uuid.Parse(given); err == nil {
			given = parsed.String()
		}
	}
	id := given
	if key != "" {
		if parsed, err := uuid.Parse(key); err == nil {
			id = parsed.String()
		} else {
			id = uuid.NewSHA1(idempotencyKeys, []byte(key)).String()
		}
	}
	if given != "" && given != id {
		return fault.Newf(codes.InvalidArgument, "REQUEST_ID_CONFLICT", "the Idempotency-Key and the request_id differ; send one of them")
	}
	if id != "" {
		message.Set(field, protoreflect.ValueOfString(id))
	}
	return nil
}

// setEtag fills the request's own etag, or that of the resource it carries.
func setEtag(message protoreflect.Message, etag string) error {
	fields := message.Descriptor().Fields()
	target, field := message, fields.ByName("etag")
	for i := 0; field == nil && i < fields.Len(); i++ {
		candidate := fields.Get(i)
		if candidate.Kind() != protoreflect.MessageKind || candidate.IsList() || candidate.IsMap() || !message.Has(candidate) {
			continue
		}
		if inner := candidate.Message().Fields().ByName("etag"); inner != nil {
			target, field = message.Mutable(candidate).Message(), inner
		}
	}
	if field == nil || field.Kind() != protoreflect.StringKind {
		return nil
	}
	if given := target.Get(field).String(); given != "" && strings.Trim(given, `"`) != strings.Trim(etag, `"`) {
		return fault.Invalid(fault.Violation{Field: "etag", Reason: "ETAG_MALFORMED", Message: "differs from the If-Match header; send one of them"})
	}
	target.Set(field, protoreflect.ValueOfString(etag))
	return nil
}
