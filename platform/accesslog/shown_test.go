package accesslog_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/accesslog"
)

func TestPatients(t *testing.T) {
	var finder accesslog.Finder
	for name, test := range map[string]struct {
		shown proto.Message
		want  []accesslog.Patient
	}{
		"nothing":       {nil, nil},
		"nil message":   {(*patientv1.Patient)(nil), nil},
		"empty":         {&patientv1.Patient{}, nil},
		"none in it":    {&patientv1.CareUnit{CareUnitId: "u"}, nil},
		"a patient":     {&patientv1.Patient{PatientId: "p", CareUnitId: "u"}, []accesslog.Patient{{"p", "u"}}},
		"without unit":  {&patientv1.CareEpisode{PatientId: "p"}, []accesslog.Patient{{"p", ""}}},
		"in a request":  {&patientv1.UpdatePatientRequest{Patient: &patientv1.Patient{PatientId: "p", CareUnitId: "u"}}, []accesslog.Patient{{"p", "u"}}},
		"empty request": {&patientv1.UpdatePatientRequest{}, nil},
		"a list, each once": {&followupv1.ListCareUnitFollowUpsResponse{FollowUps: []*followupv1.FollowUp{
			{PatientId: "p1", CareUnitId: "u"}, {PatientId: "p2", CareUnitId: "u"}, {PatientId: "p1", CareUnitId: "u"}, {PatientId: "p1", CareUnitId: "u2"}, {CareUnitId: "u"},
		}}, []accesslog.Patient{{"p1", "u"}, {"p2", "u"}, {"p1", "u2"}}},
		"events": {&eventv1.ListEventsResponse{Events: []*eventv1.Event{{PatientId: "p", CareUnitId: "u"}, {CareUnitId: "u"}}}, []accesslog.Patient{{"p", "u"}}},
	} {
		for range 2 { // the second time from memory
			require.Equal(t, test.want, finder.Patients(test.shown), name)
		}
	}
}

// Messages that no service has yet: a tree of itself, a map, and a patient_id that is no text.
func TestPatientsInOddMessages(t *testing.T) {
	label := func(l descriptorpb.FieldDescriptorProto_Label) *descriptorpb.FieldDescriptorProto_Label { return &l }
	field := func(name string, number int32, kind descriptorpb.FieldDescriptorProto_Type, of string, several bool) *descriptorpb.FieldDescriptorProto {
		f := &descriptorpb.FieldDescriptorProto{Name: &name, Number: &number, Type: &kind, Label: label(descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL)}
		if of != "" {
			f.TypeName = &of
		}
		if several {
			f.Label = label(descriptorpb.FieldDescriptorProto_LABEL_REPEATED)
		}
		return f
	}
	const text, message, number = descriptorpb.FieldDescriptorProto_TYPE_STRING, descriptorpb.FieldDescriptorProto_TYPE_MESSAGE, descriptorpb.FieldDescriptorProto_TYPE_INT64
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("odd.proto"), Package: proto.String("odd"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{
			{Name: proto.String("Tree"), Field: []*descriptorpb.FieldDescriptorProto{
				field("branches", 1, message, ".odd.Tree", true), field("leaf", 2, message, ".odd.Leaf", false), field("by_name", 3, message, ".odd.Tree.ByNameEntry", true)},
				NestedType: []*descriptorpb.DescriptorProto{{Name: proto.String("ByNameEntry"), Options: &descriptorpb.MessageOptions{MapEntry: proto.Bool(true)},
					Field: []*descriptorpb.FieldDescriptorProto{field("key", 1, text, "", false), field("value", 2, message, ".odd.Leaf", false)}}}},
			{Name: proto.String("Leaf"), Field: []*descriptorpb.FieldDescriptorProto{field("patient_id", 1, text, "", false)}},
			{Name: proto.String("Loop"), Field: []*descriptorpb.FieldDescriptorProto{field("loop", 1, message, ".odd.Loop", false), field("patient_id", 2, number, "", false), field("care_unit_id", 3, text, "", true)}},
		},
	}, protoregistry.GlobalFiles)
	require.NoError(t, err)
	tree, leaf, loop := file.Messages().ByName("Tree"), file.Messages().ByName("Leaf"), file.Messages().ByName("Loop")
	newLeaf := func(id string) protoreflect.Value {
		m := dynamicpb.NewMessage(leaf)
		m.Set(leaf.Fields().ByName("patient_id"), protoreflect.ValueOfString(id))
		return protoreflect.ValueOfMessage(m)
	}
	root, branch := dynamicpb.NewMessage(tree), dynamicpb.NewMessage(tree)
	branch.Set(tree.Fields().ByName("leaf"), newLeaf("deep"))
	root.Mutable(tree.Fields().ByName("branches")).List().Append(protoreflect.ValueOfMessage(branch))
	root.Mutable(tree.Fields().ByName("by_name")).Map().Set(protoreflect.ValueOfString("k").MapKey(), newLeaf("in a map"))
	var finder accesslog.Finder
	require.ElementsMatch(t, []accesslog.Patient{{PatientID: "deep"}, {PatientID: "in a map"}}, finder.Patients(root))

	odd := dynamicpb.NewMessage(loop)
	odd.Set(loop.Fields().ByName("patient_id"), protoreflect.ValueOfInt64(7))
	require.Empty(t, finder.Patients(odd))
}
