package proto_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"google.golang.org/protobuf/reflect/protoreflect"
)

func TestFields(t *testing.T) { holds(t, fieldRules) }

var fieldRules = []rule{
	{name: "instants, days and ids are told by their names", message: namesTellTypes},
	{name: "numbers fit JSON", message: numbersFitJSON},
	{name: "an enum begins with nothing", enum: enumBeginsWithNothing},
}

const timestamp = "google.protobuf.Timestamp"

// eachField gathers what a check finds wrong with the fields of a message.
func eachField(message protoreflect.MessageDescriptor, check func(protoreflect.FieldDescriptor) string) []complaint {
	var wrong []complaint
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if text := check(field); text != "" {
			wrong = append(wrong, about(field, text)...)
		}
	}
	return wrong
}

func namesTellTypes(message protoreflect.MessageDescriptor) []complaint {
	return eachField(message, func(field protoreflect.FieldDescriptor) string {
		name := string(field.Name())
		instant := field.Message() != nil && field.Message().FullName() == timestamp
		text := field.Kind() == protoreflect.StringKind
		switch {
		case (strings.HasSuffix(name, "_time") || name == "time") != instant:
			return "an instant is a google.protobuf.Timestamp whose name ends in _time, and nothing else is"
		case strings.HasSuffix(name, "_date") && !text:
			return "a civil day is a string YYYY-MM-DD"
		case (strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_ids")) && !text:
			return "an id is a string"
		case field.Message() != nil && strings.HasPrefix(string(field.Message().FullName()), "google.type."):
			return "days, times and money are not google.type: a civil day is a string YYYY-MM-DD"
		default:
			return ""
		}
	})
}

// numbersFitJSON refuses 64 bits, which JSON bears as strings, and types that readers of other languages get wrong.
func numbersFitJSON(message protoreflect.MessageDescriptor) []complaint {
	return eachField(message, func(field protoreflect.FieldDescriptor) string {
		switch field.Kind() {
		case protoreflect.Int64Kind, protoreflect.Uint64Kind, protoreflect.Sint64Kind, protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
			return "turns into a string in JSON: use int32 for counts, degrees and sums"
		case protoreflect.FloatKind:
			return "is rounded in JSON: use double"
		case protoreflect.MessageKind:
			if name := string(field.Message().FullName()); strings.HasSuffix(name, "64Value") || name == "google.protobuf.FloatValue" {
				return "turns into a string in JSON, or is rounded: use optional int32 or double"
			}
		default:
		}
		return ""
	})
}

// enumBeginsWithNothing asks for <ENUM>_UNSPECIFIED = 0, so that "not given" never looks like an answer.
func enumBeginsWithNothing(enum protoreflect.EnumDescriptor) []complaint {
	want := strings.ToUpper(snake(string(enum.Name()))) + "_UNSPECIFIED"
	zero := enum.Values().ByNumber(0)
	if zero == nil || string(zero.Name()) != want {
		return about(enum, fmt.Sprintf("its value 0 must be %s", want))
	}
	for i := range enum.Values().Len() {
		name := string(enum.Values().Get(i).Name())
		if strings.IndexFunc(name, func(r rune) bool { return r != '_' && !unicode.IsUpper(r) && !unicode.IsDigit(r) }) >= 0 {
			return about(enum, fmt.Sprintf("its value %s must be UPPER_SNAKE", name))
		}
	}
	return nil
}
