// Package access decides who may call a method. The rules stand in the contract, one option a method; the guard reads them
// from the descriptors and nothing else decides.
package access

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// Rule is one method's access rule, ready for use.
type Rule struct {
	Method   string // /coworkcare.patient.v1.PatientService/GetPatient
	Service  string // patient
	Roles    []identity.Role
	Scope    accessv1.Scope
	Field    []protoreflect.FieldDescriptor // the path of the field that is measured; nil where the scope has none
	Services []string
	Act      accessv1.Act
}

// RoleOf is the role that a proto value stands for, in the spelling of tokens.
func RoleOf(role accessv1.Role) identity.Role {
	return identity.Role(strings.ToLower(strings.TrimPrefix(role.String(), "ROLE_")))
}

// ProtoRole is the proto value of a role; ROLE_UNSPECIFIED for an unknown one.
func ProtoRole(role identity.Role) accessv1.Role {
	return accessv1.Role(accessv1.Role_value["ROLE_"+strings.ToUpper(string(role))])
}

// RulesOf reads the rules of a gRPC service from its descriptor. A method without a rule, or with one that cannot be kept,
// is an error: the server must not start with it.
func RulesOf(service string) (map[string]*Rule, error) {
	descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil, fmt.Errorf("finding the descriptor of %s: %w", service, err)
	}
	described, ok := descriptor.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is not a service", service)
	}
	rules := map[string]*Rule{}
	for i := range described.Methods().Len() {
		rule, err := ruleOf(described.Methods().Get(i))
		if err != nil {
			return nil, err
		}
		rules[rule.Method] = rule
	}
	return rules, nil
}

func ruleOf(method protoreflect.MethodDescriptor) (*Rule, error) {
	if !proto.HasExtension(method.Options(), accessv1.E_Access) {
		return nil, fmt.Errorf("%s has no access rule", method.FullName())
	}
	option, _ := proto.GetExtension(method.Options(), accessv1.E_Access).(*accessv1.AccessRule)
	rule := &Rule{
		Method:   fmt.Sprintf("/%s/%s", method.Parent().FullName(), method.Name()),
		Service:  serviceOf(method.FullName()),
		Scope:    option.GetScope(),
		Services: option.GetServices(),
		Act:      option.GetAct(),
	}
	if method.IsStreamingClient() || method.IsStreamingServer() {
		return nil, fmt.Errorf("%s is a stream, whose calls nothing guards: make it unary", method.FullName())
	}
	for _, role := range option.GetRoles() {
		if !RoleOf(role).Valid() {
			return nil, fmt.Errorf("%s: its access rule names the role %s, which nobody can hold", method.FullName(), role)
		}
		rule.Roles = append(rule.Roles, RoleOf(role))
	}
	if rule.Scope == accessv1.Scope_SCOPE_UNSPECIFIED || len(rule.Roles)+len(rule.Services) == 0 {
		return nil, fmt.Errorf("%s: its access rule names no scope, or nobody who may call", method.FullName())
	}
	if rule.Scope == accessv1.Scope_SCOPE_INSTALLATION && slices.ContainsFunc(rule.Roles, func(role identity.Role) bool { return role != identity.RoleOperator }) {
		return nil, fmt.Errorf("%s: its access rule opens the whole installation to others than its operators", method.FullName())
	}
	path := option.GetField()
	if path == "" {
		path = map[accessv1.Scope]string{
			accessv1.Scope_SCOPE_PATIENT:       "patient_id",
			accessv1.Scope_SCOPE_CARE_UNIT:     "care_unit_id",
			accessv1.Scope_SCOPE_CARE_PROVIDER: "care_provider_id",
		}[rule.Scope]
	}
	if path == "" {
		if rule.Scope == accessv1.Scope_SCOPE_RESOURCE {
			return nil, fmt.Errorf("%s: its access rule does not name the field that it measures", method.FullName())
		}
		return rule, nil
	}
	var err error
	rule.Field, err = fieldPath(method.Input(), path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", method.FullName(), err)
	}
	return rule, nil
}

// serviceOf is the short name in coworkcare.<name>.v1.
func serviceOf(name protoreflect.FullName) string {
	parts := strings.Split(string(name), ".")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

func fieldPath(message protoreflect.MessageDescriptor, path string) ([]protoreflect.FieldDescriptor, error) {
	var fields []protoreflect.FieldDescriptor
	for name := range strings.SplitSeq(path, ".") {
		if message == nil || len(fields) > 0 && fields[len(fields)-1].Cardinality() == protoreflect.Repeated {
			return nil, fmt.Errorf("access field %s leads through a field that is not one message", path)
		}
		field := message.Fields().ByName(protoreflect.Name(name))
		if field == nil {
			return nil, fmt.Errorf("access field %s: %s has no field %s", path, message.FullName(), name)
		}
		fields = append(fields, field)
		message = field.Message()
	}
	last := fields[len(fields)-1]
	if last.Kind() != protoreflect.StringKind || last.IsList() {
		return nil, fmt.Errorf("access field %s is not one string", path)
	}
	return fields, nil
}

// fieldText is the path as it is written.
func (r *Rule) fieldText() string {
	names := make([]string, len(r.Field))
	for i, field := range r.Field {
		names[i] = string(field.Name())
	}
	return strings.Join(names, ".")
}

// lastField names the id that is measured, for example follow_up_id.
func (r *Rule) lastField() string {
	if len(r.Field) == 0 {
		return ""
	}
	return string(r.Field[len(r.Field)-1].Name())
}

// checkID refuses a request without the id that is measured, and answers that nothing is there for a text that no id has.
func (r *Rule) checkID(request proto.Message) error {
	if len(r.Field) == 0 {
		return nil
	}
	id := r.value(request)
	if id == "" {
		return fault.Invalid(fault.Violation{Field: r.fieldText(), Reason: "required", Message: "is required"})
	}
	if !Plausible(id) {
		return notFound(r)
	}
	return nil
}

// value is the id that the request points to.
func (r *Rule) value(request proto.Message) string {
	message := request.ProtoReflect()
	for _, field := range r.Field[:len(r.Field)-1] {
		message = message.Get(field).Message()
	}
	return message.Get(r.Field[len(r.Field)-1]).String()
}
