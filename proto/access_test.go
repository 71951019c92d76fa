package proto_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
)

func TestAccess(t *testing.T) { holds(t, accessRules) }

var accessRules = []rule{
	{name: "the contract says who may call", method: accessIsComplete},
	{name: "the measured field leads to an id", method: accessFieldIsAnID},
	{name: "patient data is measured by a place", method: patientDataHasAPlace},
	{name: "whoever sees no patient may not call", method: patientDataForCareOnly},
	{name: "patient data is never shown without a record", method: patientDataIsRecorded},
	{name: "the act says what the method does", method: actFitsMethod},
}

// services are those whose workers may be named in an access rule.
var services = []string{"patient", "careplan", "sickleave", "employerdialogue", "followup", "caseload"}

func access(m protoreflect.MethodDescriptor) *accessv1.AccessRule {
	option, _ := proto.GetExtension(m.Options(), accessv1.E_Access).(*accessv1.AccessRule)
	return option
}

// forServicesOnly are methods that no person may call; they have no place in REST.
func forServicesOnly(m protoreflect.MethodDescriptor) bool { return len(access(m).GetRoles()) == 0 }

func touchesPatients(m protoreflect.MethodDescriptor) bool {
	return access(m).GetAct() != accessv1.Act_ACT_UNSPECIFIED
}

func accessIsComplete(m protoreflect.MethodDescriptor) []complaint {
	if !proto.HasExtension(m.Options(), accessv1.E_Access) {
		return about(m, "has no access option: say with (coworkcare.access.v1.access) who may call it")
	}
	var wrong []string
	option := access(m)
	if option.GetScope() == 0 || accessv1.Scope_name[int32(option.GetScope())] == "" {
		wrong = append(wrong, "its access option names no known scope")
	}
	if len(option.GetRoles())+len(option.GetServices()) == 0 {
		wrong = append(wrong, "its access option lets nobody call: name roles or services")
	}
	for i, role := range option.GetRoles() {
		if role == 0 || accessv1.Role_name[int32(role)] == "" {
			wrong = append(wrong, fmt.Sprintf("its access option names an unknown role (%d)", role))
		}
		if slices.Contains(option.GetRoles()[:i], role) {
			wrong = append(wrong, fmt.Sprintf("its access option names %s twice", role))
		}
	}
	for _, service := range option.GetServices() {
		if !slices.Contains(services, service) {
			wrong = append(wrong, fmt.Sprintf("its access option lets the worker of %q call, and there is no such service", service))
		}
	}
	if accessv1.Act_name[int32(option.GetAct())] == "" {
		wrong = append(wrong, "its access option names an unknown act")
	}
	return about(m, wrong...)
}

// accessField is the path of the field that the scope measures; empty where it measures none.
func accessField(m protoreflect.MethodDescriptor) string {
	if field := access(m).GetField(); field != "" {
		return field
	}
	switch access(m).GetScope() {
	case accessv1.Scope_SCOPE_PATIENT:
		return "patient_id"
	case accessv1.Scope_SCOPE_CARE_UNIT:
		return "care_unit_id"
	case accessv1.Scope_SCOPE_CARE_PROVIDER:
		return "care_provider_id"
	default:
		return ""
	}
}

// accessFieldIsAnID asks that the path exists, ends at one string, and that its name says what the scope measures.
func accessFieldIsAnID(m protoreflect.MethodDescriptor) []complaint {
	name := accessField(m)
	ending := "_id"
	switch access(m).GetScope() {
	case accessv1.Scope_SCOPE_PATIENT:
		ending = "patient_id"
	case accessv1.Scope_SCOPE_CARE_UNIT:
		ending = "care_unit_id"
	case accessv1.Scope_SCOPE_CARE_PROVIDER:
		ending = "care_provider_id"
	case accessv1.Scope_SCOPE_RESOURCE:
		if name == "" {
			return about(m, "SCOPE_RESOURCE must name the field that it measures")
		}
	default:
		if name != "" {
			return about(m, fmt.Sprintf("%s measures no field, and its access option names %s", access(m).GetScope(), name))
		}
		return nil
	}
	fields := fieldAt(m.Input(), name)
	if fields == nil {
		return about(m, fmt.Sprintf("its access option measures %s, which %s does not have", name, m.Input().Name()))
	}
	last := fields[len(fields)-1]
	if last.Kind() != protoreflect.StringKind || last.Cardinality() == protoreflect.Repeated {
		return about(m, fmt.Sprintf("its access option measures %s, which is not one string", name))
	}
	if !strings.HasSuffix(name, ending) {
		return about(m, fmt.Sprintf("%s measures %s: the field must end in %s", access(m).GetScope(), name, ending))
	}
	return nil
}

// fieldAt follows a path as patient.care_unit_id; nil when it leads nowhere.
func fieldAt(message protoreflect.MessageDescriptor, at string) []protoreflect.FieldDescriptor {
	var fields []protoreflect.FieldDescriptor
	for name := range strings.SplitSeq(at, ".") {
		if message == nil {
			return nil
		}
		field := message.Fields().ByName(protoreflect.Name(name))
		if field == nil {
			return nil
		}
		fields = append(fields, field)
		message = field.Message()
	}
	return fields
}

func patientDataHasAPlace(m protoreflect.MethodDescriptor) []complaint {
	scope := access(m).GetScope()
	placed := []accessv1.Scope{accessv1.Scope_SCOPE_PATIENT, accessv1.Scope_SCOPE_CARE_UNIT, accessv1.Scope_SCOPE_RESOURCE, accessv1.Scope_SCOPE_OWN_UNITS}
	if touchesPatients(m) && !slices.Contains(placed, scope) {
		return about(m, fmt.Sprintf("touches patients (%s) under %s: measure it by the patient, the unit, the resource, or the caller's own units", access(m).GetAct(), scope))
	}
	if strings.HasPrefix(route(m).path, "/v1/patients/{") && scope != accessv1.Scope_SCOPE_PATIENT {
		return about(m, fmt.Sprintf("stands under one patient and is measured by %s: use SCOPE_PATIENT", scope))
	}
	return nil
}

func patientDataForCareOnly(m protoreflect.MethodDescriptor) []complaint {
	if !touchesPatients(m) && access(m).GetScope() != accessv1.Scope_SCOPE_PATIENT {
		return nil
	}
	var wrong []string
	for _, role := range access(m).GetRoles() {
		if role == accessv1.Role_ROLE_OPERATOR || role == accessv1.Role_ROLE_PROVIDER_ADMINISTRATOR {
			wrong = append(wrong, fmt.Sprintf("touches patients, and %s sees none: take the role out", role))
		}
	}
	return about(m, wrong...)
}

// patientDataIsRecorded asks for an act wherever an answer names a patient, or the request points to one; without an act the
// access log stays empty. Answers between the product's own services show nobody anything.
func patientDataIsRecorded(m protoreflect.MethodDescriptor) []complaint {
	if touchesPatients(m) || forServicesOnly(m) || access(m).GetScope() == accessv1.Scope_SCOPE_CALLER {
		return nil
	}
	if access(m).GetScope() == accessv1.Scope_SCOPE_PATIENT || names(m.Output(), "patient_id", nil) {
		return about(m, "shows what belongs to a patient and has no act: say ACT_READ or ACT_WRITE, so that the access log records it")
	}
	return nil
}

// names tells whether a message, or one inside it, has a field of that name.
func names(message protoreflect.MessageDescriptor, name protoreflect.Name, seen []protoreflect.FullName) bool {
	if slices.Contains(seen, message.FullName()) {
		return false
	}
	seen = append(seen, message.FullName())
	if message.Fields().ByName(name) != nil {
		return true
	}
	for i := range message.Fields().Len() {
		if inner := message.Fields().Get(i).Message(); inner != nil && names(inner, name, seen) {
			return true
		}
	}
	return false
}

func actFitsMethod(m protoreflect.MethodDescriptor) []complaint {
	verb, _ := standard(m)
	act := access(m).GetAct()
	switch verb {
	case "Get", "List":
		if act == accessv1.Act_ACT_WRITE {
			return about(m, "reads, and its act is ACT_WRITE: use ACT_READ")
		}
	case "Create", "Update":
		if act == accessv1.Act_ACT_READ {
			return about(m, "writes, and its act is ACT_READ: use ACT_WRITE")
		}
	}
	return nil
}
