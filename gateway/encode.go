package gateway

import (
	"encoding/json"
	"math"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// encoder writes answers as JSON, byte for byte as protojson does but for its white space. It looks at a message's type once
// and not at every message: a page of a worklist is fifty messages of one type, and protojson sorts the fields of each.
// What it has no quick way for, it leaves to protojson.
type encoder struct {
	general protojson.MarshalOptions
	shapes  sync.Map // of *shape by protoreflect.MessageDescriptor
}

// shape is how a type of message is written.
type shape struct {
	fields []fieldShape // in the order of their declaration
	// general: by protojson, with all that the message holds.
	general bool
}

type fieldShape struct {
	field protoreflect.FieldDescriptor
	name  []byte // ,"name":
	// sometimes: only when it is set.
	sometimes bool
	list      bool
	kind      protoreflect.Kind
	values    map[protoreflect.EnumNumber]string // of an enum, quoted
}

func (e *encoder) encode(message proto.Message) ([]byte, error) {
	return e.message(make([]byte, 0, 64+4*proto.Size(message)), message.ProtoReflect())
}

func (e *encoder) shape(message protoreflect.MessageDescriptor) *shape {
	if known, ok := e.shapes.Load(message); ok {
		return known.(*shape)
	}
	s := &shape{general: wellKnown(message) || message.ExtensionRanges().Len() > 0}
	for i := 0; i < message.Fields().Len() && !s.general; i++ {
		field := message.Fields().Get(i)
		f := fieldShape{
			field: field, name: []byte(`,"` + field.JSONName() + `":`), kind: field.Kind(),
			sometimes: field.HasPresence(), list: field.IsList(),
		}
		switch {
		case field.IsMap(), f.kind == protoreflect.GroupKind, f.kind == protoreflect.BytesKind:
			s.general = true
		case field.Enum() != nil:
			f.values = map[protoreflect.EnumNumber]string{}
			values := field.Enum().Values()
			for j := range values.Len() {
				if number := values.Get(j).Number(); f.values[number] == "" { // of two names, the first
					f.values[number] = `"` + string(values.Get(j).Name()) + `"`
				}
			}
			s.general = field.Enum().FullName() == "google.protobuf.NullValue"
		}
		s.fields = append(s.fields, f)
	}
	known, _ := e.shapes.LoadOrStore(message, s)
	return known.(*shape)
}

func (e *encoder) message(b []byte, message protoreflect.Message) ([]byte, error) {
	if moment, ok := message.Interface().(*timestamppb.Timestamp); ok && moment.IsValid() {
		return appendMoment(b, moment.AsTime()), nil
	}
	s := e.shape(message.Descriptor())
	if s.general {
		return e.general.MarshalAppend(b, message.Interface())
	}
	b = append(b, '{')
	start := len(b)
	for i := range s.fields {
		f := &s.fields[i]
		if f.sometimes && !message.Has(f.field) {
			continue
		}
		name := f.name
		if len(b) == start {
			name = name[1:]
		}
		b = append(b, name...)
		var err error
		if b, err = e.field(b, f, message.Get(f.field)); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func (e *encoder) field(b []byte, f *fieldShape, value protoreflect.Value) ([]byte, error) {
	if !f.list {
		return e.single(b, f, value)
	}
	b = append(b, '[')
	items := value.List()
	for i := range items.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = e.single(b, f, items.Get(i)); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func (e *encoder) single(b []byte, f *fieldShape, value protoreflect.Value) ([]byte, error) {
	switch f.kind {
	case protoreflect.StringKind:
		return appendText(b, value.String())
	case protoreflect.MessageKind:
		return e.message(b, value.Message())
	case protoreflect.EnumKind:
		if name, ok := f.values[value.Enum()]; ok {
			return append(b, name...), nil
		}
		return strconv.AppendInt(b, int64(value.Enum()), 10), nil
	case protoreflect.BoolKind:
		return strconv.AppendBool(b, value.Bool()), nil
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind:
		return strconv.AppendInt(b, value.Int(), 10), nil
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return strconv.AppendUint(b, value.Uint(), 10), nil
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return append(strconv.AppendInt(append(b, '"'), value.Int(), 10), '"'), nil
	case protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return append(strconv.AppendUint(append(b, '"'), value.Uint(), 10), '"'), nil
	default: // float and double; a shape with any other kind is left to protojson
		return appendNumber(b, f.kind, value.Float())
	}
}

// appendNumber writes what JSON has no number for as a text.
func appendNumber(b []byte, kind protoreflect.Kind, number float64) ([]byte, error) {
	switch {
	case math.IsNaN(number):
		return append(b, `"NaN"`...), nil
	case math.IsInf(number, 1):
		return append(b, `"Infinity"`...), nil
	case math.IsInf(number, -1):
		return append(b, `"-Infinity"`...), nil
	}
	var text []byte
	var err error
	if kind == protoreflect.FloatKind {
		text, err = json.Marshal(float32(number))
	} else {
		text, err = json.Marshal(number)
	}
	return append(b, text...), err
}

// appendText writes a JSON string. Text that is not UTF-8 has no JSON.
func appendText(b []byte, text string) ([]byte, error) {
	if !utf8.ValidString(text) {
		return nil, errNotUTF8
	}
	b = append(b, '"')
	plain := 0 // from here on, nothing needs escaping so far
	for i := range len(text) {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, text[plain:i]...)
		plain = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			const digits = "0123456789abcdef"
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		}
	}
	return append(append(b, text[plain:]...), '"'), nil
}

// appendMoment writes an instant in UTC with no, three, six or nine decimals, as few as tell it.
func appendMoment(b []byte, moment time.Time) []byte {
	layout := `"2006-01-02T15:04:05.000000000Z"`
	switch ns := moment.Nanosecond(); {
	case ns == 0:
		layout = `"2006-01-02T15:04:05Z"`
	case ns%1_000_000 == 0:
		layout = `"2006-01-02T15:04:05.000Z"`
	case ns%1_000 == 0:
		layout = `"2006-01-02T15:04:05.000000Z"`
	}
	return moment.AppendFormat(b, layout)
}
