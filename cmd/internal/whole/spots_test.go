package whole_test

import (
	"fmt"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// spot is a place in the JSON body of a method where a value can stand.
type spot struct {
	field   protoreflect.FieldDescriptor
	element bool   // one element of a list
	keys    []any  // the way from the body: names and indices
	path    string // as problems name it: certificate.periods[0].startDate
	output  bool   // only the server sets it, or what it stands in
}

// spots are all the places in a body of a type, beside a sample of it: every field of every message, whether the sample has it or
// not. Where the sample has no message or element, the body is given one.
func spots(message protoreflect.MessageDescriptor, prefix string) []spot {
	var found []spot
	var walk func(message protoreflect.MessageDescriptor, keys []any, path string, output bool, depth int)
	walk = func(message protoreflect.MessageDescriptor, keys []any, path string, output bool, depth int) {
		for i := range message.Fields().Len() {
			field := message.Fields().Get(i)
			s := spot{field: field, keys: with(keys, field.JSONName()), path: path + field.JSONName(),
				output: output || has(field, annotations.FieldBehavior_OUTPUT_ONLY)}
			found = append(found, s)
			if field.IsMap() {
				continue
			}
			if field.IsList() {
				s = spot{field: field, element: true, keys: with(s.keys, 0), path: s.path + "[0]", output: s.output}
				found = append(found, s)
			}
			if field.Message() != nil && field.Message().FullName().Parent() != "google.protobuf" && depth < 5 {
				walk(field.Message(), s.keys, s.path+".", s.output, depth+1)
			}
		}
	}
	walk(message, nil, prefix, false, 0)
	return found
}

func with(keys []any, key any) []any {
	return append(append([]any{}, keys...), key)
}

// set puts a value at a spot of a body, making objects and lists on the way.
func (s spot) set(body map[string]any, value any) {
	var holder any = body
	store := func(any) {}
	for i, key := range s.keys {
		last := i == len(s.keys)-1
		switch key := key.(type) {
		case string:
			object, ok := holder.(map[string]any)
			if !ok {
				object = map[string]any{}
				store(object)
			}
			if last {
				object[key] = value
				return
			}
			holder = object[key]
			store = func(v any) { object[key] = v }
		case int:
			list, ok := holder.([]any)
			if !ok || len(list) == 0 {
				list = []any{nil}
				store(list)
			}
			if last {
				list[key] = value
				return
			}
			holder = list[key]
			store = func(v any) { list[key] = v }
		default:
			panic(fmt.Sprintf("a key of type %T", key))
		}
	}
}

// isList tells that the spot takes a list.
func (s spot) isList() bool { return s.field.IsList() && !s.element }
