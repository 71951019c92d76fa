package gateway

import (
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxNamed is how many values of an enum are named in a message.
const maxNamed = 20

// wellKnown tells that a message has a JSON of its own.
func wellKnown(message protoreflect.MessageDescriptor) bool {
	return message.FullName().Parent() == "google.protobuf"
}

// expected says what a field takes.
func expected(field protoreflect.FieldDescriptor) string {
	switch field.Kind() {
	case protoreflect.StringKind:
		return "must be a string of valid Unicode"
	case protoreflect.BoolKind:
		return "must be true or false"
	case protoreflect.BytesKind:
		return "must be a string in base64"
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return "must be a number"
	case protoreflect.EnumKind:
		return expectedEnum(field.Enum())
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return expectedMessage(field.Message())
	case protoreflect.Uint32Kind, protoreflect.Fixed32Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return "must be a whole number, not negative"
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind:
		return "must be a whole number of 64 bits"
	default:
		return "must be a whole number from -2147483648 to 2147483647"
	}
}

// expectedEnum names the values, without the one that stands for none.
func expectedEnum(enum protoreflect.EnumDescriptor) string {
	var names []string
	for i := range enum.Values().Len() {
		value := enum.Values().Get(i)
		if value.Number() == 0 && strings.HasSuffix(string(value.Name()), "UNSPECIFIED") {
			continue
		}
		if len(names) == maxNamed {
			return "must be one of " + strings.Join(names, ", ") + " and others"
		}
		names = append(names, string(value.Name()))
	}
	return "must be one of " + strings.Join(names, ", ")
}

func expectedMessage(message protoreflect.MessageDescriptor) string {
	switch message.FullName() {
	case "google.protobuf.Timestamp":
		return "must be an instant as in RFC 3339, for example 2026-03-02T08:00:00Z"
	case "google.protobuf.Duration":
		return `must be a duration in seconds with an s, for example "3600s"`
	case maskName:
		return "must be field names joined by commas, for example displayName,phone"
	case "google.protobuf.Any":
		return `must be a JSON object with a known "@type"`
	case "google.protobuf.Struct":
		return "must be a JSON object"
	case "google.protobuf.ListValue":
		return "must be a JSON list"
	case "google.protobuf.StringValue":
		return "must be a string of valid Unicode"
	case "google.protobuf.BoolValue":
		return "must be true or false"
	default:
		return "must be a value of the right type"
	}
}
