package gateway

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// readQuery checks every query parameter against the request's fields and returns them under their proto names. The runtime
// drops a parameter that it does not know; here it is refused, for a filter that does not filter shows too much.
func readQuery(r *route, raw string) (url.Values, error) {
	given, err := url.ParseQuery(raw)
	if err != nil {
		return nil, &fault.Fault{Code: codes.InvalidArgument, Reason: reasonField,
			Text: "the query is not well formed: write name=value pairs joined by &, percent-encoded"}
	}
	names := make([]string, 0, len(given))
	for name := range given {
		names = append(names, name)
	}
	slices.Sort(names)
	taken := url.Values{}
	var violations []fault.Violation
	refuse := func(field, reason, message string) {
		violations = append(violations, fault.Violation{Field: field, Reason: reason, Message: message})
	}
	for _, name := range names {
		path, field := queryField(r, name)
		switch values := given[name]; {
		case field == nil && r.body == "*":
			refuse(shown(name), "UNKNOWN_PARAMETER", "is not a query parameter of this method; its fields belong in the body")
		case field == nil:
			refuse(shown(name), "UNKNOWN_PARAMETER", "is not a query parameter of this method")
		case taken.Has(path):
			refuse(jsonPath(path), "DUPLICATE_FIELD", "stands under both of its names")
		case len(values) > 1 && !field.IsList():
			refuse(jsonPath(path), "DUPLICATE_FIELD", "stands more than once")
		default:
			for i, value := range values {
				if field.Message() != nil && field.Message().FullName() == maskName {
					value = snakeCase(value)
					values[i] = value
				}
				if message := badParameter(r, path, field, value); message != "" {
					refuse(jsonPath(path), "INVALID_VALUE", message)
					break
				}
			}
			taken[path] = values
		}
	}
	if violations != nil {
		return nil, fault.Invalid(violations...)
	}
	return taken, nil
}

// queryField finds the request field that a query parameter names, by its JSON or its proto name, and its proto path; nil when
// there is none or it comes by the path or the body.
func queryField(r *route, name string) (string, protoreflect.FieldDescriptor) {
	if r.body == "*" {
		return "", nil
	}
	message := r.method.Input()
	var path []string
	var field protoreflect.FieldDescriptor
	for part := range strings.SplitSeq(name, ".") {
		if message == nil {
			return "", nil
		}
		if field = message.Fields().ByJSONName(part); field == nil {
			field = message.Fields().ByTextName(part)
		}
		if field == nil || field.IsMap() {
			return "", nil
		}
		path = append(path, string(field.Name()))
		if message = field.Message(); field.IsList() {
			message = nil
		}
	}
	joined := strings.Join(path, ".")
	if r.inPath[joined] || r.body != "" && path[0] == r.body {
		return "", nil
	}
	if field.Message() != nil && !strings.HasPrefix(string(field.Message().FullName()), "google.protobuf.") {
		return "", nil
	}
	return joined, field
}

// badParameter says what is wrong with a value, or nothing.
func badParameter(r *route, path string, field protoreflect.FieldDescriptor, value string) string {
	if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return "must be valid UTF-8 without the character U+0000"
	}
	if runtime.PopulateFieldFromPath(dynamicpb.NewMessage(r.method.Input()), path, value) != nil {
		return expected(field)
	}
	return ""
}

// shown is a name that the caller made up, shortened for an answer.
func shown(name string) string {
	name = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == utf8.RuneError {
			return '?'
		}
		return c
	}, name)
	if runes := []rune(name); len(runes) > 64 {
		return string(runes[:64]) + "…"
	}
	return name
}
