package access_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	clockv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// Two care providers: p1 with the units u1 and u2, p2 with u3.
var (
	u1 = access.Place{ProviderID: "p1", UnitID: "u1"}
	u2 = access.Place{ProviderID: "p1", UnitID: "u2"}
	u3 = access.Place{ProviderID: "p2", UnitID: "u3"}
)

var services = []string{
	patientv1.PatientService_ServiceDesc.ServiceName, followupv1.FollowUpService_ServiceDesc.ServiceName,
	sickleavev1.SickLeaveService_ServiceDesc.ServiceName, careplanv1.CarePlanService_ServiceDesc.ServiceName,
	eventv1.EventService_ServiceDesc.ServiceName, clockv1.ClockService_ServiceDesc.ServiceName,
}

// Ids of patients and resources say where they stand.
var places = map[string]access.Place{"at-u1": u1, "at-u2": u2, "at-u3": u3, "in-p1": {ProviderID: "p1"}, "in-p2": {ProviderID: "p2"}}

func locate(_ context.Context, id string) (access.Place, bool, error) {
	place, ok := places[id]
	return place, ok, nil
}

func newGuard(t testing.TB) *access.Guard {
	t.Helper()
	guard := access.NewGuard()
	require.NoError(t, guard.Add(services...))
	for _, method := range methods(t) {
		rule := guard.Rule(method)
		if n := len(rule.Field); n > 0 {
			guard.Locate(rule.Service, string(rule.Field[n-1].Name()), locate)
		}
		guard.Locate(rule.Service, "patient_id", locate)
	}
	require.NoError(t, guard.Complete())
	return guard
}

// methods are all methods of all services, by full name.
func methods(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, service := range services {
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
		require.NoError(t, err)
		list := descriptor.(protoreflect.ServiceDescriptor).Methods()
		for i := range list.Len() {
			all = append(all, fmt.Sprintf("/%s/%s", service, list.Get(i).Name()))
		}
	}
	return all
}

// pointing makes a method's request that points to an id.
func pointing(t testing.TB, guard *access.Guard, method, id string) proto.Message {
	t.Helper()
	service, name, _ := strings.Cut(method[1:], "/")
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	require.NoError(t, err)
	kind, err := protoregistry.GlobalTypes.FindMessageByName(descriptor.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(name)).Input().FullName())
	require.NoError(t, err)
	request := kind.New()
	field := guard.Rule(method).Field
	if len(field) == 0 {
		return request.Interface()
	}
	at := request
	for _, step := range field[:len(field)-1] {
		at = at.Mutable(step).Message()
	}
	at.Set(field[len(field)-1], protoreflect.ValueOfString(id))
	return request.Interface()
}

// person holds roles at places: "gp@u1", "provider_administrator@p1", "operator".
func person(holds ...string) identity.Caller {
	caller := identity.Caller{Subject: "somebody", PractitionerID: "somebody"}
	for _, hold := range holds {
		role, place, _ := strings.Cut(hold, "@")
		a := identity.Assignment{Roles: []identity.Role{identity.Role(role)}}
		switch place {
		case "u1", "u2":
			a.ProviderID, a.UnitID = "p1", place
		case "u3":
			a.ProviderID, a.UnitID = "p2", place
		default:
			a.ProviderID = place
		}
		caller.Assignments = append(caller.Assignments, a)
	}
	return caller
}

func worker(service string) identity.Caller {
	return identity.Caller{Subject: "service:" + service, Service: service}
}

func onBehalf(service string, caller identity.Caller) identity.Caller {
	caller.Service = service
	return caller
}

// answer is what the guard says, in a word.
func answer(err error) string {
	if err == nil {
		return "ok"
	}
	f, ok := fault.As(err)
	if !ok {
		return "broken: " + err.Error()
	}
	switch f.Code {
	case codes.PermissionDenied:
		return "403"
	case codes.NotFound:
		return "404"
	case codes.InvalidArgument:
		return "400"
	default:
		return f.Code.String()
	}
}

func TestGuard(t *testing.T) {
	guard := newGuard(t)
	const (
		getPatient     = "/coworkcare.patient.v1.PatientService/GetPatient"             // patient
		createPatient  = "/coworkcare.patient.v1.PatientService/CreatePatient"          // care unit
		listPatients   = "/coworkcare.patient.v1.PatientService/ListPatients"           // own units
		getProvider    = "/coworkcare.patient.v1.PatientService/GetCareProvider"        // care provider
		createUnit     = "/coworkcare.patient.v1.PatientService/CreateCareUnit"         // care provider, administrators
		createProvider = "/coworkcare.patient.v1.PatientService/CreateCareProvider"     // installation
		updateUnit     = "/coworkcare.patient.v1.PatientService/UpdateCareUnit"         // resource, no patient data
		getFollowUp    = "/coworkcare.followup.v1.FollowUpService/GetFollowUp"          // resource, patient data
		setPolicy      = "/coworkcare.followup.v1.FollowUpService/UpdateFollowUpPolicy" // care unit in a nested message
		checkConsent   = "/coworkcare.patient.v1.PatientService/CheckConsent"           // patient, also for workers
		getPlace       = "/coworkcare.patient.v1.PatientService/GetPatientPlace"        // workers only
		listEvents     = "/coworkcare.event.v1.EventService/ListEvents"                 // own units, also for workers
		startEpisode   = "/coworkcare.patient.v1.PatientService/StartCareEpisode"       // patient, GP only
		updatePatient  = "/coworkcare.patient.v1.PatientService/UpdatePatient"          // patient in a nested message
		getPerson      = "/coworkcare.patient.v1.PatientService/GetPractitioner"        // resource of a whole provider
		nobodysMethod  = "/coworkcare.patient.v1.PatientService/NoSuchMethod"           // not there
	)
	for _, test := range []struct {
		method, id string
		caller     identity.Caller
		want       string
	}{
		{getPatient, "at-u1", person("gp@u1"), "ok"},
		{getPatient, "at-u1", person("gp@u2"), "404"},
		{getPatient, "at-u1", person("gp@u3"), "404"},
		{getPatient, "absent", person("gp@u1"), "404"},
		{getPatient, "at-u1", person("gp@u2", "nurse@u1"), "ok"},
		{getPatient, "at-u1", person("unit_manager@u1"), "403"},
		{getPatient, "absent", person("unit_manager@u1"), "403"},
		{getPatient, "at-u1", person("unit_manager@u1", "gp@u2"), "403"}, // works there, as something else
		{getPatient, "at-u1", person("provider_administrator@p1"), "403"},
		{getPatient, "absent", person("provider_administrator@p1"), "403"},
		{getPatient, "at-u1", person("provider_administrator@p1", "gp@u2"), "404"},
		{getPatient, "at-u1", person("operator"), "403"},
		{getPatient, "at-u3", person("operator", "gp@u1"), "404"},
		{getPatient, "absent", person("operator", "gp@u1"), "404"},
		{getPatient, "at-u1", person("integration@u1"), "ok"},
		{getPatient, "at-u3", person("integration@u1"), "404"},
		{getPatient, "at-u1", person(), "403"},
		{getPatient, "at-u1", identity.Caller{}, "403"},
		{getPatient, "at-u1", worker("followup"), "403"},
		{getPatient, "at-u1", onBehalf("followup", person("gp@u1")), "ok"},
		{getPatient, "at-u1", onBehalf("followup", person("gp@u3")), "404"},
		{getPatient, "", person("gp@u1"), "400"},
		{getPatient, "", person("unit_manager@u1"), "403"},
		{getPatient, "at-u1\x00", person("gp@u1"), "404"},
		{getPatient, strings.Repeat("a", 65), person("gp@u1"), "404"},
		{getPatient, "../at-u1", person("gp@u1"), "404"},
		{updatePatient, "at-u1", person("nurse@u1"), "ok"},
		{updatePatient, "at-u3", person("nurse@u1"), "404"},
		{updatePatient, "", person("nurse@u1"), "400"},
		{startEpisode, "at-u1", person("gp@u1"), "ok"},
		{startEpisode, "at-u1", person("care_manager@u1"), "403"},
		{startEpisode, "at-u1", person("care_manager@u1", "gp@u3"), "403"},

		{createPatient, "u1", person("nurse@u1"), "ok"},
		{createPatient, "u2", person("nurse@u1"), "404"},
		{createPatient, "u3", person("nurse@u1"), "404"},
		{createPatient, "u9", person("nurse@u1"), "404"},
		{createPatient, "u2", person("nurse@u1", "unit_manager@u2"), "403"},
		{createPatient, "u1", person("provider_administrator@p1", "nurse@u2"), "404"},
		{setPolicy, "u1", person("unit_manager@u1"), "ok"},
		{setPolicy, "u2", person("unit_manager@u1"), "404"},
		{setPolicy, "u1", person("gp@u1"), "403"},

		{listPatients, "", person("nurse@u1"), "ok"},
		{listPatients, "", person("unit_manager@u1"), "403"},
		{listPatients, "", worker("followup"), "403"},
		{listEvents, "", person("integration@u1"), "ok"},
		{listEvents, "", person("gp@u1"), "403"},
		{listEvents, "", worker("followup"), "ok"},
		{listEvents, "", worker("gateway"), "403"},
		{listEvents, "", onBehalf("followup", person("gp@u1")), "403"},
		{listEvents, "", onBehalf("followup", person()), "403"}, // a person without roles is no worker

		{getProvider, "p1", person("gp@u1"), "ok"},
		{getProvider, "p1", person("gp@u3"), "404"},
		{getProvider, "p9", person("gp@u3"), "404"},
		{getProvider, "p1", person("provider_administrator@p1"), "ok"},
		{getProvider, "p1", person("provider_administrator@p2"), "404"},
		{getProvider, "p1", person("operator"), "ok"},
		{createUnit, "p1", person("provider_administrator@p1"), "ok"},
		{createUnit, "p2", person("provider_administrator@p1"), "404"},
		{createUnit, "p1", person("gp@u1"), "403"},
		{createUnit, "p2", person("provider_administrator@p1", "gp@u3"), "403"},
		{createUnit, "p1", person("operator"), "ok"},
		{createProvider, "", person("operator"), "ok"},
		{createProvider, "", person("provider_administrator@p1"), "403"},
		{createProvider, "", worker("patient"), "403"},
		{updateUnit, "at-u1", person("provider_administrator@p1"), "ok"},
		{updateUnit, "at-u3", person("provider_administrator@p1"), "404"},
		{updateUnit, "at-u1", person("operator"), "ok"},
		{updateUnit, "at-u1", person("unit_manager@u1"), "403"},
		{getPerson, "in-p1", person("gp@u1"), "ok"},
		{getPerson, "in-p2", person("gp@u1"), "404"},
		{getPerson, "in-p1", person("operator"), "ok"},

		{getFollowUp, "at-u1", person("unit_manager@u1"), "ok"},
		{getFollowUp, "at-u2", person("unit_manager@u1"), "404"},
		{getFollowUp, "absent", person("unit_manager@u1"), "404"},
		{getFollowUp, "at-u1", person("medical_secretary@u1"), "403"},
		{getFollowUp, "at-u1", person("medical_secretary@u1", "gp@u2"), "403"},
		{getFollowUp, "at-u1", person("provider_administrator@p1", "gp@u3"), "404"},
		{getFollowUp, "absent", person("provider_administrator@p1", "gp@u3"), "404"},
		{getFollowUp, "at-u1", person("operator", "gp@u3"), "404"},
		{getFollowUp, "at-u1", worker("followup"), "403"},

		{checkConsent, "at-u1", worker("followup"), "ok"},
		{checkConsent, "absent", worker("followup"), "404"},
		{checkConsent, "at-u1\x00", worker("followup"), "404"},
		{checkConsent, "", worker("followup"), "400"},
		{checkConsent, "at-u1", worker("accounts"), "403"},
		{checkConsent, "at-u1", onBehalf("followup", person("unit_manager@u1")), "403"},
		{checkConsent, "at-u1", onBehalf("followup", person()), "403"},
		{getPlace, "at-u1", worker("followup"), "ok"},
		{getPlace, "at-u1", person("gp@u1"), "403"},
		{getPlace, "at-u1", person("operator"), "403"},
		{getPlace, "at-u1", onBehalf("followup", person("gp@u1")), "403"},
		{getPlace, "at-u1", onBehalf("followup", person()), "403"},
	} {
		var holds []string
		for _, a := range test.caller.Assignments {
			holds = append(holds, fmt.Sprint(a))
		}
		name := fmt.Sprintf("%s of %q as %s %v", test.method[strings.LastIndex(test.method, "/")+1:], test.id, test.caller.Service, holds)
		ctx, err := guard.Authorize(t.Context(), test.method, test.caller, pointing(t, guard, test.method, test.id))
		require.Equal(t, test.want, answer(err), name)
		require.Equal(t, err == nil, ctx != nil, name)
	}
	_, err := guard.Authorize(t.Context(), nobodysMethod, person("gp@u1", "operator"), &patientv1.GetPatientRequest{})
	require.ErrorContains(t, err, "no access rule")
}

func TestWhatHandlersFind(t *testing.T) {
	guard := newGuard(t)
	authorize := func(method, id string, caller identity.Caller) context.Context {
		ctx, err := guard.Authorize(t.Context(), method, caller, pointing(t, guard, method, id))
		require.NoError(t, err)
		return ctx
	}
	ctx := authorize("/coworkcare.patient.v1.PatientService/GetPatient", "at-u2", person("gp@u1", "gp@u2"))
	require.Equal(t, u2, access.PlaceFrom(ctx))
	require.Equal(t, "at-u2", access.PatientFrom(ctx))
	ctx = authorize("/coworkcare.patient.v1.PatientService/CreatePatient", "u1", person("nurse@u1"))
	require.Equal(t, u1, access.PlaceFrom(ctx))
	require.Empty(t, access.PatientFrom(ctx))
	ctx = authorize("/coworkcare.followup.v1.FollowUpService/GetFollowUp", "at-u1", person("gp@u1"))
	require.Equal(t, u1, access.PlaceFrom(ctx))
	require.Empty(t, access.PatientFrom(ctx), "a resource's id is no patient's")
	ctx = authorize("/coworkcare.patient.v1.PatientService/ListPatients", "", person("nurse@u1", "unit_manager@u2", "gp@u3"))
	require.Equal(t, []string{"u1", "u3"}, access.UnitsFrom(ctx), "only where one of the method's roles is held")
	ctx = authorize("/coworkcare.patient.v1.PatientService/ListCareProviders", "", person("operator"))
	require.NotNil(t, access.UnitsFrom(ctx), "nil would mean: no bounds")
	require.Empty(t, access.UnitsFrom(ctx))
	ctx = authorize("/coworkcare.patient.v1.PatientService/CheckConsent", "at-u3", worker("followup"))
	require.Equal(t, u3, access.PlaceFrom(ctx))
	ctx = authorize("/coworkcare.patient.v1.PatientService/CreateCareProvider", "", person("operator"))
	require.True(t, access.PlaceFrom(ctx).IsZero())
	require.Equal(t, u1, access.PlaceFrom(access.WithPlace(t.Context(), u1)))
}

// A place that cannot be looked up opens nothing, and is no "not found" either.
func TestFailingLocator(t *testing.T) {
	guard := newGuard(t)
	broken := errors.New("no connection")
	guard.Locate("patient", "patient_id", func(context.Context, string) (access.Place, bool, error) { return u1, true, broken })
	for _, caller := range []identity.Caller{person("gp@u1"), worker("followup")} {
		method := "/coworkcare.patient.v1.PatientService/CheckConsent"
		_, err := guard.Authorize(t.Context(), method, caller, pointing(t, guard, method, "at-u1"))
		require.ErrorIs(t, err, broken)
		_, isFault := fault.As(err)
		require.False(t, isFault)
	}
	// What a locator gives beside "unknown" counts for nothing.
	guard.Locate("patient", "patient_id", func(context.Context, string) (access.Place, bool, error) { return u1, false, nil })
	_, err := guard.Authorize(t.Context(), "/coworkcare.patient.v1.PatientService/GetPatient", person("gp@u1"), &patientv1.GetPatientRequest{PatientId: "at-u1"})
	require.Equal(t, "404", answer(err))
}

func TestGuardMustBeComplete(t *testing.T) {
	guard := access.NewGuard()
	require.NoError(t, guard.Complete())
	require.NoError(t, guard.Add(followupv1.FollowUpService_ServiceDesc.ServiceName))
	require.Error(t, guard.Complete())
	guard.Locate("followup", "patient_id", locate)
	require.ErrorContains(t, guard.Complete(), "follow_up_id")
	_, err := guard.Authorize(t.Context(), "/coworkcare.followup.v1.FollowUpService/GetFollowUp", person("gp@u1"), &followupv1.GetFollowUpRequest{FollowUpId: "at-u1"})
	require.Error(t, err, "no panic")
	guard.Locate("followup", "follow_up_id", locate)
	require.NoError(t, guard.Complete())

	require.Error(t, guard.Add("coworkcare.no.v1.Such"))
	require.Error(t, guard.Add("coworkcare.patient.v1.Patient"), "a message is no service")
	require.ErrorContains(t, guard.Add("grpc.health.v1.Health"), "no access rule")
}

// The rule reads what a client of another language, or a test, sends as well.
func TestDynamicRequest(t *testing.T) {
	guard := newGuard(t)
	request := dynamicpb.NewMessage((&patientv1.UpdatePatientRequest{}).ProtoReflect().Descriptor())
	_, err := guard.Authorize(t.Context(), "/coworkcare.patient.v1.PatientService/UpdatePatient", person("nurse@u1"), request)
	require.Equal(t, "400", answer(err), "the message that holds the id is not set")
}

func TestRolesInBothSpellings(t *testing.T) {
	for _, role := range identity.AllRoles() {
		require.NotEqual(t, accessv1.Role_ROLE_UNSPECIFIED, access.ProtoRole(role), role)
		require.Equal(t, role, access.RoleOf(access.ProtoRole(role)))
	}
	require.Len(t, accessv1.Role_name, len(identity.AllRoles())+1)
	require.Equal(t, accessv1.Role_ROLE_UNSPECIFIED, access.ProtoRole("janitor"))
	require.False(t, access.RoleOf(accessv1.Role_ROLE_UNSPECIFIED).Valid())
}

func TestPlausible(t *testing.T) {
	require.True(t, access.Plausible("0198c2de-0000-7000-8000-000000000000"))
	for _, id := range []string{"a b", "a\x00", "å", "a/b", "a'b", strings.Repeat("a", 65), "\xff"} {
		require.False(t, access.Plausible(id), "%q", id)
	}
}

func BenchmarkAuthorize(b *testing.B) {
	guard := newGuard(b)
	method := "/coworkcare.patient.v1.PatientService/GetPatient"
	caller, request := person("gp@u1", "nurse@u2"), &patientv1.GetPatientRequest{PatientId: "at-u1"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := guard.Authorize(b.Context(), method, caller, request); err != nil {
			b.Fatal(err)
		}
	}
}
