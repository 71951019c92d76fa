package access

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// method makes a method `coworkcare.probe.v1.Probe/Call` whose request has the fields `patient_id`, `number`, `names` (several),
// `thing` {`thing_id`} and `things` (several).
func method(t *testing.T, rule *accessv1.AccessRule, change ...func(*descriptorpb.MethodDescriptorProto)) protoreflect.MethodDescriptor {
	t.Helper()
	field := func(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type, label descriptorpb.FieldDescriptorProto_Label) *descriptorpb.FieldDescriptorProto {
		f := &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Type: &kind, Label: &label}
		if kind == descriptorpb.FieldDescriptorProto_TYPE_MESSAGE {
			f.TypeName = proto.String(".coworkcare.probe.v1.Thing")
		}
		return f
	}
	const one, several = descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL, descriptorpb.FieldDescriptorProto_LABEL_REPEATED
	call := &descriptorpb.MethodDescriptorProto{Name: proto.String("Call"), InputType: proto.String(".coworkcare.probe.v1.Ask"), OutputType: proto.String(".coworkcare.probe.v1.Ask"),
		Options: &descriptorpb.MethodOptions{}}
	if rule != nil {
		proto.SetExtension(call.Options, accessv1.E_Access, rule)
	}
	for _, c := range change {
		c(call)
	}
	file := &descriptorpb.FileDescriptorProto{
		Name: proto.String("probe.proto"), Package: proto.String("coworkcare.probe.v1"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{
			{Name: proto.String("Thing"), Field: []*descriptorpb.FieldDescriptorProto{field("thing_id", 1, descriptorpb.FieldDescriptorProto_TYPE_STRING, one)}},
			{Name: proto.String("Ask"), Field: []*descriptorpb.FieldDescriptorProto{
				field("patient_id", 1, descriptorpb.FieldDescriptorProto_TYPE_STRING, one),
				field("number", 2, descriptorpb.FieldDescriptorProto_TYPE_INT64, one),
				field("names", 3, descriptorpb.FieldDescriptorProto_TYPE_STRING, several),
				field("thing", 4, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, one),
				field("things", 5, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, several),
			}},
		},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("Probe"), Method: []*descriptorpb.MethodDescriptorProto{call}}},
	}
	built, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	require.NoError(t, err)
	return built.Services().Get(0).Methods().Get(0)
}

func TestRuleOf(t *testing.T) {
	gp := []accessv1.Role{accessv1.Role_ROLE_GP}
	rule, err := ruleOf(method(t, &accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_PATIENT, Act: accessv1.Act_ACT_READ}))
	require.NoError(t, err)
	require.Equal(t, "/coworkcare.probe.v1.Probe/Call", rule.Method)
	require.Equal(t, "probe", rule.Service)
	require.Equal(t, []identity.Role{identity.RoleGP}, rule.Roles)
	require.Equal(t, "patient_id", rule.fieldText())
	rule, err = ruleOf(method(t, &accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_RESOURCE, Field: "thing.thing_id"}))
	require.NoError(t, err)
	require.Equal(t, "thing.thing_id", rule.fieldText())
	require.Equal(t, "thing_id", rule.lastField())
	_, err = ruleOf(method(t, &accessv1.AccessRule{Services: []string{"followup"}, Scope: accessv1.Scope_SCOPE_CALLER}))
	require.NoError(t, err)
	_, err = ruleOf(method(t, &accessv1.AccessRule{Roles: []accessv1.Role{accessv1.Role_ROLE_OPERATOR}, Scope: accessv1.Scope_SCOPE_INSTALLATION}))
	require.NoError(t, err)
}

// Rules that cannot be kept end the start, not a call.
func TestRulesThatAreRefused(t *testing.T) {
	gp := []accessv1.Role{accessv1.Role_ROLE_GP}
	for name, test := range map[string]struct {
		rule *accessv1.AccessRule
		want string
	}{
		"none":                     {nil, "no access rule"},
		"empty":                    {&accessv1.AccessRule{}, "names no scope"},
		"no scope":                 {&accessv1.AccessRule{Roles: gp}, "names no scope"},
		"nobody":                   {&accessv1.AccessRule{Scope: accessv1.Scope_SCOPE_CALLER}, "nobody who may call"},
		"no role":                  {&accessv1.AccessRule{Roles: []accessv1.Role{0}, Scope: accessv1.Scope_SCOPE_CALLER}, "ROLE_UNSPECIFIED"},
		"role of a later version":  {&accessv1.AccessRule{Roles: []accessv1.Role{99}, Scope: accessv1.Scope_SCOPE_CALLER}, "99"},
		"installation for all":     {&accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_INSTALLATION}, "whole installation"},
		"resource without field":   {&accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_RESOURCE}, "does not name the field"},
		"scope's field is missing": {&accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_CARE_UNIT}, "no field care_unit_id"},
		"unknown field":            {&accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_RESOURCE, Field: "thing.other"}, "no field other"},
		"number":                   {&accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_RESOURCE, Field: "number"}, "not one string"},
		"several":                  {&accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_RESOURCE, Field: "names"}, "not one string"},
		"message":                  {&accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_RESOURCE, Field: "thing"}, "not one string"},
		"through several":          {&accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_RESOURCE, Field: "things.thing_id"}, "not one message"},
		"through a string":         {&accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_RESOURCE, Field: "patient_id.x"}, "not one message"},
		"empty step":               {&accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_RESOURCE, Field: "thing."}, "no field"},
	} {
		_, err := ruleOf(method(t, test.rule))
		require.ErrorContains(t, err, test.want, name)
		require.ErrorContains(t, err, "coworkcare.probe.v1", name)
	}
	for name, change := range map[string]func(*descriptorpb.MethodDescriptorProto){
		"answers": func(m *descriptorpb.MethodDescriptorProto) { m.ServerStreaming = proto.Bool(true) },
		"asks":    func(m *descriptorpb.MethodDescriptorProto) { m.ClientStreaming = proto.Bool(true) },
	} {
		_, err := ruleOf(method(t, &accessv1.AccessRule{Roles: gp, Scope: accessv1.Scope_SCOPE_CALLER}, change))
		require.ErrorContains(t, err, "stream", name)
	}
}
