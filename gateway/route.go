package gateway

import (
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// route is one HTTP binding of a method, read from its descriptor.
type route struct {
	method  protoreflect.MethodDescriptor
	verb    string // GET, POST, …
	pattern string // /v1/patients/{patient_id}/carePlans/{care_plan_id}:activate
	// body is "*" when the body is the whole request, the name of one request field, or empty when there is none.
	body string
	// bodyType is the message that the body holds; nil when there is no body.
	bodyType protoreflect.MessageDescriptor
	// inPath are the request fields that the path binds, as proto paths.
	inPath map[string]bool
	// createdID is the response field with the id of what a create made; nil for every other method.
	createdID protoreflect.FieldDescriptor
	// mask is the request's update mask; nil when it has none.
	mask protoreflect.FieldDescriptor
	// waits tells that the method is a long poll.
	waits bool
	// watches tells that it can be answered as a stream of changes.
	watches bool
}

func (r *route) name() string { return string(r.method.FullName()) }

// bodyPrefix is where the body stands in the request, for field paths.
func (r *route) bodyPrefix() string {
	if r.body == "*" || r.bodyType == nil {
		return ""
	}
	return jsonPath(r.body)
}

// routes reads the HTTP bindings of every method linked into the program, by method and pattern.
func routes() (map[string]*route, error) {
	found := map[string]*route{}
	var failed error
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				method := methods.Get(j)
				rule, ok := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
				if !ok || rule == nil {
					continue
				}
				for _, binding := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
					r, err := newRoute(method, binding)
					if err != nil {
						failed = fmt.Errorf("gateway: %s: %w", method.FullName(), err)
						return false
					}
					found[r.verb+" "+r.pattern] = r
				}
			}
		}
		return true
	})
	return found, failed
}

func newRoute(method protoreflect.MethodDescriptor, rule *annotations.HttpRule) (*route, error) {
	r := &route{method: method, body: rule.GetBody(), inPath: map[string]bool{}}
	switch pattern := rule.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		r.verb, r.pattern = http.MethodGet, pattern.Get
	case *annotations.HttpRule_Post:
		r.verb, r.pattern = http.MethodPost, pattern.Post
	case *annotations.HttpRule_Put:
		r.verb, r.pattern = http.MethodPut, pattern.Put
	case *annotations.HttpRule_Patch:
		r.verb, r.pattern = http.MethodPatch, pattern.Patch
	case *annotations.HttpRule_Delete:
		r.verb, r.pattern = http.MethodDelete, pattern.Delete
	default:
		return nil, fmt.Errorf("its HTTP annotation has no known method")
	}
	r.pattern = plainPattern(r.pattern)
	for rest := r.pattern; ; {
		_, after, more := strings.Cut(rest, "{")
		if !more {
			break
		}
		field, next, _ := strings.Cut(after, "}")
		r.inPath[field] = true
		rest = next
	}
	fields := method.Input().Fields()
	switch r.body {
	case "":
	case "*":
		r.bodyType = method.Input()
	default:
		field := fields.ByName(protoreflect.Name(r.body))
		if field == nil || field.Message() == nil || field.IsList() || field.IsMap() {
			return nil, fmt.Errorf("its body %q is not a message field", r.body)
		}
		r.bodyType = field.Message()
	}
	if field := fields.ByName("update_mask"); field != nil && field.Message() != nil && field.Message().FullName() == maskName {
		r.mask = field
	}
	r.waits = fields.ByName("wait_seconds") != nil
	r.watches = r.waits && strings.HasSuffix(r.pattern, ":watch")
	last := r.pattern[strings.LastIndex(r.pattern, "/")+1:]
	if r.verb == http.MethodPost && !strings.ContainsAny(last, ":{") {
		r.createdID = ownID(method.Output())
	}
	return r, nil
}

const maskName = "google.protobuf.FieldMask"

// ownID is the field of a resource that holds its id: care_plan_id of CarePlan.
func ownID(resource protoreflect.MessageDescriptor) protoreflect.FieldDescriptor {
	field := resource.Fields().ByName(protoreflect.Name(snakeCase(string(resource.Name())) + "_id"))
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
		return nil
	}
	return field
}

// plainPattern writes {patient_id=*} as {patient_id}.
func plainPattern(pattern string) string { return strings.ReplaceAll(pattern, "=*}", "}") }

// snakeCase writes CarePlan and carePlan as care_plan.
func snakeCase(name string) string {
	var b strings.Builder
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			if i > 0 && name[i-1] != '.' {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// jsonPath writes a proto field path as it reads in JSON: certificate.periods[0].end_date as
// certificate.periods[0].endDate. What stands in brackets (an index, a map key) stays.
func jsonPath(path string) string {
	var b strings.Builder
	depth, upper := 0, false
	for _, c := range path {
		switch {
		case c == '[':
			depth++
		case c == ']' && depth > 0:
			depth--
		}
		if depth == 0 && c == '_' {
			upper = true
			continue
		}
		if upper {
			upper = false
			if c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
		}
		b.WriteRune(c)
	}
	return b.String()
}
