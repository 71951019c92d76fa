package gateway

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	clockv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
)

// Whatever message of the contract with whatever in it: the quick encoder writes what protojson writes.
func TestEncodesAsProtojson(t *testing.T) {
	var types []protoreflect.MessageType
	protoregistry.GlobalTypes.RangeMessages(func(found protoreflect.MessageType) bool {
		if strings.HasPrefix(string(found.Descriptor().FullName()), "coworkcare.") {
			types = append(types, found)
		}
		return true
	})
	require.Greater(t, len(types), 100)
	for _, of := range types {
		t.Run(string(of.Descriptor().FullName()), func(t *testing.T) {
			sameJSON(t, of.Zero().Interface())
			sameJSON(t, of.New().Interface())
			rapid.Check(t, func(t *rapid.T) {
				message := of.New()
				fill(t, message, 3)
				sameJSON(t, message.Interface())
			})
		})
	}
}

type failer interface {
	require.TestingT
	Helper()
}

func sameJSON(t failer, message proto.Message) {
	t.Helper()
	c := newCodec()
	want, wantErr := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(message)
	got, err := c.Marshal(message)
	require.Equal(t, wantErr == nil, err == nil, "%v, protojson: %v", err, wantErr)
	if err == nil {
		require.Equal(t, compact(t, want), compact(t, got))
	}
}

func compact(t failer, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, json.Compact(&b, text))
	return b.String()
}

// fill sets some of the fields of a message.
func fill(t *rapid.T, message protoreflect.Message, depth int) {
	fields := message.Descriptor().Fields()
	if message.Descriptor().FullName() == "google.protobuf.Timestamp" {
		message.Set(fields.ByName("seconds"), protoreflect.ValueOfInt64(rapid.Int64Range(-62135596801, 253402300800).Draw(t, "seconds")))
		message.Set(fields.ByName("nanos"), protoreflect.ValueOfInt32(rapid.OneOf(
			rapid.SampledFrom([]int32{0, 1_000_000, 120_000_000, 123_456_000, 999_999_999, 1}), rapid.Int32Range(-1, 1_000_000_000)).Draw(t, "nanos")))
		return
	}
	if wellKnown(message.Descriptor()) && message.Descriptor().FullName() != "google.protobuf.Duration" {
		return // by protojson in either case
	}
	for i := range fields.Len() {
		field := fields.Get(i)
		switch {
		case !rapid.Bool().Draw(t, string(field.Name())), depth == 0 && field.Message() != nil:
		case field.IsMap():
		case field.IsList():
			list := message.Mutable(field).List()
			for range rapid.IntRange(0, 3).Draw(t, "items") {
				if field.Message() != nil {
					fill(t, list.AppendMutable().Message(), depth-1)
				} else {
					list.Append(scalar(t, field))
				}
			}
		case field.Message() != nil:
			fill(t, message.Mutable(field).Message(), depth-1)
		default:
			message.Set(field, scalar(t, field))
		}
	}
}

func scalar(t *rapid.T, field protoreflect.FieldDescriptor) protoreflect.Value {
	name := string(field.Name())
	switch field.Kind() {
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, name))
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(rapid.Int32Range(-1, 20).Draw(t, name)))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, name))
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(rapid.Int64().Draw(t, name))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(rapid.Uint32().Draw(t, name))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(rapid.Uint64().Draw(t, name))
	case protoreflect.FloatKind:
		return protoreflect.ValueOfFloat32(rapid.Float32().Draw(t, name))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(rapid.OneOf(rapid.Float64(),
			rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1), 1e21, 1e-7, 2.5})).Draw(t, name))
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(rapid.SliceOf(rapid.Byte()).Draw(t, name))
	default:
		return protoreflect.ValueOfString(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"", "Åkerby vårdcentral", "\x00\x01\x1f\x7f", "a\"b\\c/d", "\b\f\n\r\t", "<>&\u2028\u2029", "👩‍⚕️", "bad \xff", "\xed\xa0\x80",
		})).Draw(t, name))
	}
}

func TestEncodesWellKnownTypes(t *testing.T) {
	packed, err := anypb.New(&patientv1.PatientSnapshot{PatientId: "p1"})
	require.NoError(t, err)
	number, err := structpb.NewValue([]any{1.5, "x", nil, true, map[string]any{"a": 1}})
	require.NoError(t, err)
	for _, message := range []proto.Message{
		&eventv1.Event{EventId: "e1", Snapshot: packed, EventTime: timestamppb.Now()},
		&eventv1.Event{Snapshot: &anypb.Any{TypeUrl: "nowhere"}},
		&clockv1.AdvanceClockRequest{Target: &clockv1.AdvanceClockRequest_Duration{Duration: durationpb.New(90_500_000_000)}},
		&clockv1.AdvanceClockRequest{Target: &clockv1.AdvanceClockRequest_UntilTime{UntilTime: &timestamppb.Timestamp{Seconds: 1 << 60}}},
		number, packed, timestamppb.Now(), &timestamppb.Timestamp{Nanos: -1}, &structpb.ListValue{}, structpb.NewNullValue(),
		(*patientv1.Patient)(nil), &followupv1.ListCareUnitFollowUpsResponse{FollowUps: []*followupv1.FollowUp{nil, {}}},
	} {
		sameJSON(t, message)
	}
	text, err := newCodec().Marshal([]string{"not", "a message"})
	require.NoError(t, err)
	require.Equal(t, `["not","a message"]`, compact(t, text))
}

func BenchmarkEncodeWorklistPage(b *testing.B) {
	page := &followupv1.ListCareUnitFollowUpsResponse{NextPageToken: "t"}
	for range 50 {
		page.FollowUps = append(page.FollowUps, &followupv1.FollowUp{
			FollowUpId: "0190f3c2-5b1e-7c4a-9d0e-3a5b7c9d1e2f", PatientId: "0190f3c2-5b1e-7c4a-9d0e-3a5b7c9d1e2f", Title: "Ring about the sleep diary",
			Kind: followupv1.FollowUp_MANUAL, State: followupv1.FollowUp_OPEN, DueDate: "2026-03-02", DueTime: timestamppb.Now(), Etag: `"r1"`,
			CreateTime: timestamppb.Now(), UpdateTime: timestamppb.Now(),
		})
	}
	for name, marshal := range map[string]func(any) ([]byte, error){"here": newCodec().Marshal, "protojson": newCodec().JSONPb.Marshal} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := marshal(page); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
