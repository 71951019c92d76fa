package gateway

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// explainer walks a body, known to be valid JSON, beside the message that it should fill, and keeps every fault it finds.
type explainer struct {
	violations []fault.Violation
}

func (e *explainer) refuse(path, reason, message string) {
	if len(e.violations) < maxViolations {
		e.violations = append(e.violations, fault.Violation{Field: path, Reason: reason, Message: message})
	}
}

// message judges a value that should be a message.
func (e *explainer) message(raw json.RawMessage, message protoreflect.MessageDescriptor, path string) {
	if wellKnown(message) {
		if protojson.Unmarshal(raw, dynamicpb.NewMessage(message)) != nil {
			e.refuse(path, "INVALID_VALUE", expectedMessage(message))
		}
		return
	}
	seen := map[protoreflect.FieldNumber]bool{}
	chosen := map[protoreflect.FullName]bool{}
	ok := members(raw, func(name string, value json.RawMessage) {
		field := message.Fields().ByJSONName(name)
		if field == nil {
			field = message.Fields().ByTextName(name)
		}
		if field == nil {
			e.refuse(join(path, shown(name)), "UNKNOWN_FIELD", "is not a field of this request")
			return
		}
		at := join(path, field.JSONName())
		if seen[field.Number()] {
			e.refuse(at, "DUPLICATE_FIELD", "stands more than once")
			return
		}
		seen[field.Number()] = true
		if null(value) && !takesNull(field) {
			return // not set
		}
		if oneof := field.ContainingOneof(); oneof != nil && !oneof.IsSynthetic() {
			if chosen[oneof.FullName()] {
				e.refuse(at, "DUPLICATE_FIELD", "stands beside another of which only one may be given")
				return
			}
			chosen[oneof.FullName()] = true
		}
		e.field(value, field, at)
	})
	if !ok {
		e.refuse(path, "INVALID_TYPE", "must be a JSON object")
	}
}

func (e *explainer) field(raw json.RawMessage, field protoreflect.FieldDescriptor, path string) {
	switch {
	case field.IsMap():
		e.entries(raw, field, path)
	case field.IsList():
		if !elements(raw, func(i int, value json.RawMessage) { e.single(value, field, path+"["+strconv.Itoa(i)+"]") }) {
			e.refuse(path, "INVALID_TYPE", "must be a JSON list")
		}
	default:
		e.single(raw, field, path)
	}
}

func (e *explainer) entries(raw json.RawMessage, field protoreflect.FieldDescriptor, path string) {
	seen := map[string]bool{}
	ok := members(raw, func(key string, value json.RawMessage) {
		at := path + "[" + strconv.Quote(shown(key)) + "]"
		if seen[key] {
			e.refuse(at, "DUPLICATE_FIELD", "stands more than once")
			return
		}
		seen[key] = true
		e.single(value, field.MapValue(), at)
	})
	if !ok {
		e.refuse(path, "INVALID_TYPE", "must be a JSON object")
	}
}

// single judges one value, of a field, a list or a map.
func (e *explainer) single(raw json.RawMessage, field protoreflect.FieldDescriptor, path string) {
	switch {
	case field.Message() != nil:
		e.message(raw, field.Message(), path)
	case !fits(raw, field):
		reason := "INVALID_TYPE"
		if field.Kind() == protoreflect.EnumKind {
			reason = "INVALID_VALUE"
		}
		e.refuse(path, reason, expected(field))
	}
}

// fits asks the decoder that counts: the value alone, as a list of one when the field is a list.
func fits(raw json.RawMessage, field protoreflect.FieldDescriptor) bool {
	owner := field.ContainingMessage()
	if owner.IsMapEntry() {
		return scalarFits(raw, field)
	}
	value := string(raw)
	if field.IsList() {
		value = "[" + value + "]"
	}
	name, err := json.Marshal(field.JSONName())
	return err == nil && protojson.Unmarshal([]byte("{"+string(name)+":"+value+"}"), dynamicpb.NewMessage(owner)) == nil
}

// scalarFits judges the value of a map entry, whose message has no JSON of its own.
func scalarFits(raw json.RawMessage, field protoreflect.FieldDescriptor) bool {
	switch field.Kind() {
	case protoreflect.StringKind, protoreflect.BytesKind, protoreflect.EnumKind:
		return len(raw) > 0 && raw[0] == '"'
	case protoreflect.BoolKind:
		return string(raw) == "true" || string(raw) == "false"
	default:
		_, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
		return err == nil
	}
}

// members calls visit with every member of an object, in order and doubles included; false when raw is no object.
func members(raw json.RawMessage, visit func(name string, value json.RawMessage)) bool {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return false
	}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		var value json.RawMessage
		if err != nil || !ok || decoder.Decode(&value) != nil {
			return true
		}
		visit(name, value)
	}
	return true
}

// elements calls visit with every element of a list; false when raw is no list.
func elements(raw json.RawMessage, visit func(i int, value json.RawMessage)) bool {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
		return false
	}
	for i := 0; decoder.More(); i++ {
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return true
		}
		visit(i, value)
	}
	return true
}

func null(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

// takesNull tells that null is a value of the field's type and not its absence.
func takesNull(field protoreflect.FieldDescriptor) bool {
	return field.Message() != nil && field.Message().FullName() == "google.protobuf.Value" && !field.IsList()
}

// join adds a name to a field path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
