package whole_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
)

// method is one method of the product, as its descriptor tells it.
type method struct {
	protoreflect.MethodDescriptor
	rule   *accessv1.AccessRule
	verb   string // empty: not over REST
	path   string // /v1/patients/{patient_id}/certificates
	body   string // "*", a field, or empty
	inPath []string
}

// short is Service.Method.
func (m *method) short() string { return string(m.Parent().Name()) + "." + string(m.Name()) }

// full is the method as gRPC calls it.
func (m *method) full() string { return "/" + string(m.Parent().FullName()) + "/" + string(m.Name()) }

// writes tells that the method changes something.
func (m *method) writes() bool { return m.Input().Fields().ByName("request_id") != nil }

// scopeField is the path of the field that the rule measures; empty when it measures none.
func (m *method) scopeField() string {
	if m.rule.GetField() != "" {
		return m.rule.GetField()
	}
	return map[accessv1.Scope]string{
		accessv1.Scope_SCOPE_PATIENT:       "patient_id",
		accessv1.Scope_SCOPE_CARE_UNIT:     "care_unit_id",
		accessv1.Scope_SCOPE_CARE_PROVIDER: "care_provider_id",
	}[m.rule.GetScope()]
}

// methods are all methods that the system serves, in order of name.
func (s *system) methods() []*method {
	s.t.Helper()
	if s.all != nil {
		return s.all
	}
	var found []*method
	for name := range s.Server.GetServiceInfo() {
		if !strings.HasPrefix(name, "coworkcare.") {
			continue
		}
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		require.NoError(s.t, err)
		described, ok := descriptor.(protoreflect.ServiceDescriptor)
		require.True(s.t, ok)
		for i := range described.Methods().Len() {
			found = append(found, newMethod(s.t, described.Methods().Get(i)))
		}
	}
	slices.SortFunc(found, func(a, b *method) int { return strings.Compare(a.full(), b.full()) })
	s.all = found
	return found
}

func newMethod(t testing.TB, descriptor protoreflect.MethodDescriptor) *method {
	t.Helper()
	m := &method{MethodDescriptor: descriptor}
	m.rule, _ = proto.GetExtension(descriptor.Options(), accessv1.E_Access).(*accessv1.AccessRule)
	require.NotNil(t, m.rule, "%s has no access rule", m.short())
	rule, _ := proto.GetExtension(descriptor.Options(), annotations.E_Http).(*annotations.HttpRule)
	if rule == nil {
		return m
	}
	switch {
	case rule.GetGet() != "":
		m.verb, m.path = http.MethodGet, rule.GetGet()
	case rule.GetPost() != "":
		m.verb, m.path = http.MethodPost, rule.GetPost()
	case rule.GetPatch() != "":
		m.verb, m.path = http.MethodPatch, rule.GetPatch()
	case rule.GetDelete() != "":
		m.verb, m.path = http.MethodDelete, rule.GetDelete()
	default:
		t.Fatalf("%s: an HTTP verb that these tests do not know", m.short())
	}
	m.body = rule.GetBody()
	for rest := m.path; ; {
		_, after, more := strings.Cut(rest, "{")
		if !more {
			return m
		}
		field, next, _ := strings.Cut(after, "}")
		m.inPath = append(m.inPath, field)
		rest = next
	}
}

// newMessage makes an empty message of a type.
func newMessage(t testing.TB, descriptor protoreflect.MessageDescriptor) proto.Message {
	t.Helper()
	kind, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.FullName())
	require.NoError(t, err)
	return kind.New().Interface()
}

// call calls a method over gRPC.
func (s *system) call(ctx context.Context, m *method, request proto.Message, options ...grpc.CallOption) (proto.Message, error) {
	s.t.Helper()
	answer := newMessage(s.t, m.Output())
	return answer, s.conn.Invoke(ctx, m.full(), request, answer, options...)
}

// at is the value at a path of a message; the zero Value when nothing is there.
func at(message proto.Message, path string) string {
	m := message.ProtoReflect()
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		m = m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(name))).Message()
	}
	return m.Get(m.Descriptor().Fields().ByName(protoreflect.Name(names[len(names)-1]))).String()
}

// put sets the string at a path of a message.
func put(message proto.Message, path, value string) {
	m := message.ProtoReflect()
	names := strings.Split(path, ".")
	for _, name := range names[:len(names)-1] {
		m = m.Mutable(m.Descriptor().Fields().ByName(protoreflect.Name(name))).Message()
	}
	m.Set(m.Descriptor().Fields().ByName(protoreflect.Name(names[len(names)-1])), protoreflect.ValueOfString(value))
}

// rest is a request over REST.
type rest struct {
	verb, path string
	query      url.Values
	body       map[string]any // nil: no body
	header     http.Header
	// raw is sent in place of body when not nil.
	raw []byte
}

func (r *rest) clone() *rest {
	c := *r
	c.query, c.header = url.Values{}, r.header.Clone()
	for name, values := range r.query {
		c.query[name] = slices.Clone(values)
	}
	if r.body != nil {
		text, _ := json.Marshal(r.body)
		c.body = map[string]any{}
		_ = json.Unmarshal(text, &c.body)
	}
	return &c
}

// target is path and query as they stand in a URL.
func (r *rest) target() string {
	if len(r.query) == 0 {
		return r.path
	}
	return r.path + "?" + r.query.Encode()
}

func (r *rest) payload() []byte {
	switch {
	case r.raw != nil:
		return r.raw
	case r.body == nil:
		return nil
	}
	text, _ := json.Marshal(r.body)
	return text
}

// overREST writes a request as REST carries it: what the path binds in the path, the body in the body, the rest in the query.
func (m *method) overREST(t testing.TB, request proto.Message) *rest {
	t.Helper()
	r := &rest{verb: m.verb, path: m.path, query: url.Values{}, header: http.Header{}}
	for _, field := range m.inPath {
		r.path = strings.ReplaceAll(r.path, "{"+field+"}", url.PathEscape(at(request, field)))
	}
	text, err := protojson.Marshal(request)
	require.NoError(t, err)
	var whole map[string]any
	require.NoError(t, json.Unmarshal(text, &whole))
	for _, field := range m.inPath {
		drop(whole, strings.Split(field, "."), m.Input())
	}
	switch m.body {
	case "*":
		r.body = whole
		return r
	case "":
	default:
		name := m.Input().Fields().ByName(protoreflect.Name(m.body)).JSONName()
		r.body, _ = whole[name].(map[string]any)
		if r.body == nil {
			r.body = map[string]any{}
		}
		delete(whole, name)
	}
	addQuery(r.query, "", whole)
	return r
}

// addQuery writes JSON as query parameters: what lies deeper bears its whole path.
func addQuery(query url.Values, prefix string, object map[string]any) {
	for name, value := range object {
		switch value := value.(type) {
		case []any:
			for _, one := range value {
				query.Add(prefix+name, plain(one))
			}
		case map[string]any:
			addQuery(query, prefix+name+".", value)
		default:
			query.Set(prefix+name, plain(value))
		}
	}
}

func plain(value any) string {
	if text, ok := value.(string); ok {
		return text
	}
	text, _ := json.Marshal(value)
	return string(text)
}

// drop removes a field, by its proto path, from JSON.
func drop(object map[string]any, path []string, message protoreflect.MessageDescriptor) {
	field := message.Fields().ByName(protoreflect.Name(path[0]))
	if len(path) == 1 {
		delete(object, field.JSONName())
		return
	}
	if inner, ok := object[field.JSONName()].(map[string]any); ok {
		drop(inner, path[1:], field.Message())
	}
}
