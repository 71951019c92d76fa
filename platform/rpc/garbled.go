package rpc

import (
	"bytes"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// A request that is no message (cut off, bad UTF-8) is the caller's mistake. gRPC itself answers it with INTERNAL before any
// interceptor has seen the call, to callers without a token too. Here it goes on as an empty message that bears a mark, and is
// refused in its turn.

// tolerant reads what cannot be read as a marked message.
type tolerant struct{ encoding.CodecV2 }

func tolerantCodec() grpc.ServerOption {
	return grpc.ForceServerCodecV2(tolerant{encoding.GetCodecV2(grpcproto.Name)})
}

// Unmarshal reads a message.
func (c tolerant) Unmarshal(data mem.BufferSlice, v any) error {
	err := c.CodecV2.Unmarshal(data, v)
	message, ok := v.(proto.Message)
	if err == nil || !ok {
		return err
	}
	proto.Reset(message)
	message.ProtoReflect().SetUnknown(garbledMark())
	return nil
}

// garbledMark is an unknown field that no client has a reason to send; whoever does is refused alike.
func garbledMark() []byte {
	return protowire.AppendString(protowire.AppendTag(nil, protowire.MaxValidNumber, protowire.BytesType), "coworkcare: not a message")
}

// refuseGarbled refuses a request that could not be read.
func refuseGarbled(message proto.Message) error {
	unknown := message.ProtoReflect().GetUnknown()
	if len(unknown) == 0 || !bytes.Equal(unknown, garbledMark()) {
		return nil
	}
	return fault.Newf(codes.InvalidArgument, "MALFORMED_BODY", "the request is not a well-formed message with UTF-8 text")
}
