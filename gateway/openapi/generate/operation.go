package main

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
)

const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
	streamType  = "text/event-stream"
)

// binding is one HTTP route of a method.
type binding struct {
	method protoreflect.MethodDescriptor
	verb   string // GET
	path   string // /v1/patients/{patientId}/carePlans/{carePlanId}:activate
	bound  []string
	body   string
}

func bindings(method protoreflect.MethodDescriptor) []binding {
	rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return nil
	}
	var all []binding
	for _, one := range append([]*annotations.HttpRule{rule}, rule.GetAdditionalBindings()...) {
		b := binding{method: method, body: one.GetBody()}
		switch pattern := one.GetPattern().(type) {
		case *annotations.HttpRule_Get:
			b.verb, b.path = http.MethodGet, pattern.Get
		case *annotations.HttpRule_Post:
			b.verb, b.path = http.MethodPost, pattern.Post
		case *annotations.HttpRule_Put:
			b.verb, b.path = http.MethodPut, pattern.Put
		case *annotations.HttpRule_Patch:
			b.verb, b.path = http.MethodPatch, pattern.Patch
		case *annotations.HttpRule_Delete:
			b.verb, b.path = http.MethodDelete, pattern.Delete
		}
		b.path = strings.ReplaceAll(b.path, "=*}", "}")
		segments := strings.Split(b.path, "{")
		for i, segment := range segments[1:] {
			field, rest, _ := strings.Cut(segment, "}")
			b.bound = append(b.bound, field)
			segments[i+1] = pathName(field) + "}" + rest
		}
		b.path = strings.Join(segments, "{")
		all = append(all, b)
	}
	return all
}

// pathName is what a path calls a field: carePlanId for care_plan.care_plan_id, so that reads and writes share one path.
func pathName(field string) string { return lowerCamel(field[strings.LastIndex(field, ".")+1:]) }

// watches tells whether the route is a long poll that can also be had as a stream.
func (b binding) watches() bool {
	return b.verb == http.MethodGet && strings.HasSuffix(b.path, ":watch")
}

// creates tells whether the route makes a resource with an address: a POST to a collection that answers with what it made.
func (b binding) creates() bool {
	last := b.path[strings.LastIndex(b.path, "/")+1:]
	id := b.method.Output().Fields().ByName(ownID(b.method.Output()))
	return b.verb == http.MethodPost && !strings.ContainsAny(last, ":{") && id != nil
}

// boundIn are the path's fields that stand in the message at a field of the request; "" is the request itself.
func (b binding) boundIn(at string) []string {
	var names []string
	for _, field := range b.bound {
		if at == "" {
			names = append(names, field)
		} else if name, ok := strings.CutPrefix(field, at+"."); ok {
			names = append(names, name)
		}
	}
	return names
}

// operation describes a route. Routes are all those of the document, to tell whether what a create made can be read.
func (s *schemas) operation(b binding, routes map[string]bool, e *examples) *operation {
	method := b.method
	text := s.contract.comment(method)
	o := &operation{
		OperationID: lowerFirst(string(method.Name())), Tags: []string{service(method)},
		Summary: summary(text), Description: text + "\n\n" + whoMayCall(method), Responses: map[string]*response{},
	}
	if options, ok := method.Options().(*descriptorpb.MethodOptions); ok {
		o.Deprecated = options.GetDeprecated()
	}
	for _, field := range b.bound {
		described := fieldAt(method.Input(), field)
		one := s.field(described, called)
		o.Parameters = append(o.Parameters, &parameter{Name: pathName(field), In: "path", Required: true,
			Description: cmp.Or(one.Description, "The "+string(described.Name())+"."), Schema: bare(one)})
	}
	if b.body != "*" {
		o.Parameters = append(o.Parameters, s.query(b, method.Input(), "", "")...)
	}
	o.Parameters = append(o.Parameters, b.headers()...)
	o.RequestBody = s.body(b, e)
	s.respond(o, b, routes, e)
	return o
}

func whoMayCall(method protoreflect.MethodDescriptor) string {
	rule, _ := proto.GetExtension(method.Options(), accessv1.E_Access).(*accessv1.AccessRule)
	var roles []string
	for _, role := range rule.GetRoles() {
		roles = append(roles, "`"+role.String()+"`")
	}
	place := map[accessv1.Scope]string{
		accessv1.Scope_SCOPE_CALLER:        "anywhere: nothing that belongs to a patient or a unit is kept or read",
		accessv1.Scope_SCOPE_INSTALLATION:  "of the installation",
		accessv1.Scope_SCOPE_CARE_PROVIDER: "at the care provider named",
		accessv1.Scope_SCOPE_CARE_UNIT:     "at the care unit named",
		accessv1.Scope_SCOPE_PATIENT:       "at a unit of the patient",
		accessv1.Scope_SCOPE_RESOURCE:      "at the unit where the resource stands",
		accessv1.Scope_SCOPE_OWN_UNITS:     "at any unit; only what stands at the caller's own units is answered",
	}[rule.GetScope()]
	return fmt.Sprintf("**Who may call:** %s, %s.", strings.Join(roles, ", "), place)
}

// bare is a schema without its description, which stands beside it.
func bare(s *schema) *schema {
	plain := *s
	plain.Description = ""
	return &plain
}

// fieldAt follows a path as patient.care_unit_id.
func fieldAt(message protoreflect.MessageDescriptor, at string) protoreflect.FieldDescriptor {
	var field protoreflect.FieldDescriptor
	for name := range strings.SplitSeq(at, ".") {
		field = message.Fields().ByName(protoreflect.Name(name))
		message = field.Message()
	}
	return field
}

// query lists the request's fields that come neither by the path nor by the body.
func (s *schemas) query(b binding, message protoreflect.MessageDescriptor, prefix, jsonPrefix string) []*parameter {
	var all []*parameter
	bound := map[string]bool{}
	for _, field := range b.bound {
		bound[field] = true
	}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		at, name := prefix+string(field.Name()), jsonPrefix+field.JSONName()
		inner := field.Message()
		switch {
		case bound[at] || prefix == "" && at == b.body || field.IsMap():
		case inner != nil && !wellKnown(inner):
			if !field.IsList() {
				all = append(all, s.query(b, inner, at+".", name+".")...)
			}
		default:
			one := s.field(field, called)
			all = append(all, &parameter{Name: name, In: "query", Required: required(field, called), Description: one.Description, Schema: bare(one)})
		}
	}
	return all
}

func component(kind, name string) string { return "#/components/" + kind + "/" + name }

// headers are those that a route listens to.
func (b binding) headers() []*parameter {
	take := func(name string) *parameter { return &parameter{Ref: component("parameters", name)} }
	all := []*parameter{take("XRequestId")}
	input := b.method.Input().Fields()
	if input.ByName("request_id") != nil {
		all = append(all, take("IdempotencyKey"))
	}
	carried := input.ByName("etag")
	if b.verb == http.MethodPatch && b.body != "*" {
		carried = fieldAt(b.method.Input(), b.body).Message().Fields().ByName("etag")
	}
	if b.verb != http.MethodGet && carried != nil {
		all = append(all, take("IfMatch"))
	}
	if b.conditional() {
		all = append(all, take("IfNoneMatch"))
	}
	if b.watches() {
		all = append(all, take("LastEventId"))
	}
	return all
}

func (b binding) tagged() bool {
	etag := b.method.Output().Fields().ByName("etag")
	return etag != nil && etag.Kind() == protoreflect.StringKind
}

// conditional tells whether a read can answer 304.
func (b binding) conditional() bool { return b.verb == http.MethodGet && b.tagged() }

func (s *schemas) body(b binding, e *examples) *requestBody {
	input := b.method.Input()
	var of *schema
	switch b.body {
	case "":
		return nil
	case "*":
		of = s.message(input, called, b.boundIn("")...)
	default:
		carries := created
		if b.verb == http.MethodPatch {
			carries = updated
		}
		of = s.message(fieldAt(input, b.body).Message(), carries, b.boundIn(b.body)...)
	}
	return &requestBody{Required: true, Content: map[string]*mediaType{jsonType: {Schema: of, Example: e.of(lowerFirst(string(b.method.Name()))).Request}}}
}

func (s *schemas) respond(o *operation, b binding, routes map[string]bool, e *examples) {
	output := b.method.Output()
	described, _, _ := strings.Cut(s.contract.comment(output), "\n")
	done := &response{Description: described, Headers: map[string]*header{"X-Request-Id": {Ref: component("headers", "XRequestId")}},
		Content: map[string]*mediaType{}}
	if output.FullName() == "google.api.HttpBody" {
		done.Description = "The document."
		done.Content["*/*"] = &mediaType{Schema: &schema{Type: "string", Format: "binary"}}
	} else {
		done.Content[jsonType] = &mediaType{Schema: s.message(output, answered), Example: e.of(lowerFirst(string(b.method.Name()))).Response}
	}
	if b.watches() {
		done.Content[streamType] = &mediaType{Schema: &schema{Type: "string", Description: stream}}
	}
	if b.tagged() {
		done.Headers["ETag"] = &header{Ref: component("headers", "ETag")}
	}
	status := "200"
	if b.creates() {
		status = "201"
		if routes["GET "+b.path+"/{"+lowerCamel(string(ownID(output)))+"}"] {
			done.Headers["Location"] = &header{Ref: component("headers", "Location")}
		}
	}
	o.Responses[status] = done
	if b.conditional() {
		o.Responses["304"] = &response{Ref: component("responses", "NotModified")}
	}
	o.Responses["4XX"] = &response{Ref: component("responses", "Refused")}
	o.Responses["5XX"] = &response{Ref: component("responses", "Failed")}
}
