package reflection

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/grpc"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/coworkcare/coworkcare/examples/internal/product"
)

func TestListDescribeAndCall(t *testing.T) {
	p := product.New(t)
	p.Start()
	nobody := p.Connect("none") // reflection asks for no token
	services := list(t, nobody)
	for _, want := range []string{"coworkcare.patient.v1.PatientService", "coworkcare.careplan.v1.CarePlanService", "coworkcare.sickleave.v1.SickLeaveService",
		"coworkcare.employerdialogue.v1.EmployerDialogueService", "coworkcare.followup.v1.FollowUpService", "coworkcare.event.v1.EventService"} {
		if !slices.Contains(services, want) {
			t.Errorf("%s is not listed in %v", want, services)
		}
	}

	method := describe(t, nobody, "coworkcare.careplan.v1.CarePlanService", "PreviewAssessment")
	request, response := dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output())
	if err := protojson.Unmarshal([]byte(`{"instrument": "MADRS-S", "answers": [2,2,2,2,1,1,1,1,0]}`), request); err != nil {
		t.Fatal(err)
	}
	token, _ := p.Token("care_manager", "")
	if err := p.Connect(token).Invoke(t.Context(), "/coworkcare.careplan.v1.CarePlanService/PreviewAssessment", request, response); err != nil {
		t.Fatal(err)
	}
	if score := response.Get(method.Output().Fields().ByName("total_score")).Int(); score != 12 {
		t.Errorf("total_score is %d", score)
	}
}

// ask sends one question to the server's reflection.
func ask(t *testing.T, conn *grpc.ClientConn, question *reflectionv1.ServerReflectionRequest) *reflectionv1.ServerReflectionResponse {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(question); err != nil {
		t.Fatal(err)
	}
	answer, err := stream.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if refused := answer.GetErrorResponse(); refused != nil {
		t.Fatalf("reflection: %s", refused.GetErrorMessage())
	}
	return answer
}

func list(t *testing.T, conn *grpc.ClientConn) []string {
	t.Helper()
	var names []string
	question := &reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_ListServices{}}
	for _, service := range ask(t, conn, question).GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	return names
}

// describe learns a method from the server alone: the file that holds its service, and what that file imports.
func describe(t *testing.T, conn *grpc.ClientConn, service, method string) protoreflect.MethodDescriptor {
	t.Helper()
	set, known := &descriptorpb.FileDescriptorSet{}, map[string]bool{}
	var add func(answer *reflectionv1.ServerReflectionResponse)
	add = func(answer *reflectionv1.ServerReflectionResponse) {
		for _, text := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
			file := &descriptorpb.FileDescriptorProto{}
			if err := proto.Unmarshal(text, file); err != nil {
				t.Fatal(err)
			}
			if known[file.GetName()] {
				continue
			}
			known[file.GetName()] = true
			set.File = append(set.File, file)
			for _, name := range file.GetDependency() {
				if !known[name] {
					add(ask(t, conn, &reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_FileByFilename{FileByFilename: name}}))
				}
			}
		}
	}
	add(ask(t, conn, &reflectionv1.ServerReflectionRequest{MessageRequest: &reflectionv1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service}}))
	files, err := protodesc.NewFiles(set)
	if err != nil {
		t.Fatal(err)
	}
	found, err := files.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		t.Fatal(err)
	}
	described := found.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(method))
	if described == nil {
		t.Fatalf("%s has no method %s", service, method)
	}
	return described
}
