package api

import (
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
)

// changes are the fields that an update sets.
type changes map[protoreflect.Name]bool

// changesOf reads a mask: the fields it names, all that can change for *, and without a mask those that are set. What only the
// server writes is passed over, so that a client may send back what it has read (AIP-203); what never changes may be named as
// long as it says what it said.
func changesOf(mask *fieldmaskpb.FieldMask, current, changed proto.Message, updatable ...protoreflect.Name) (changes, error) {
	next := changes{}
	before, after := current.ProtoReflect(), changed.ProtoReflect()
	fields := after.Descriptor().Fields()
	var violations []fault.Violation
	for _, path := range pathsOf(mask, after, updatable) {
		name, part, nested := strings.Cut(path, ".")
		field := fields.ByName(protoreflect.Name(name))
		violation := fault.Violation{Field: "update_mask", Reason: patientv1.Reason_FIELD_NOT_UPDATABLE.String(), Message: "names a field that cannot change here"}
		switch {
		case field == nil, nested && (field.Message() == nil || field.IsList() || field.Message().Fields().ByName(protoreflect.Name(part)) == nil):
			violations = append(violations, violation)
		case is(field, annotations.FieldBehavior_OUTPUT_ONLY), name == "etag":
		case slices.Contains(updatable, field.Name()):
			next[field.Name()] = true
		case before.Get(field).Equal(after.Get(field)):
		default:
			violation.Field = snake(string(after.Descriptor().Name())) + "." + name
			violation.Reason = patientv1.Reason_FIELD_IMMUTABLE.String()
			violation.Message = "does not change; leave it out or send it as it is"
			violations = append(violations, violation)
		}
	}
	if len(violations) > 0 {
		return nil, fault.Invalid(violations...)
	}
	return next, nil
}

func pathsOf(mask *fieldmaskpb.FieldMask, changed protoreflect.Message, updatable []protoreflect.Name) []string {
	paths := mask.GetPaths()
	var found []string
	switch {
	case len(paths) == 1 && paths[0] == "*":
		for _, name := range updatable {
			found = append(found, string(name))
		}
	case len(paths) > 0:
		return paths
	default:
		changed.Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
			found = append(found, string(field.Name()))
			return true
		})
	}
	return found
}

// value points to what an update sets a field to; nil when it leaves it.
func value[T any](c changes, name protoreflect.Name, to T) *T {
	if !c[name] {
		return nil
	}
	return &to
}

// is tells whether a field has a behaviour (AIP-203).
func is(field protoreflect.FieldDescriptor, behaviour annotations.FieldBehavior) bool {
	listed, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(listed, behaviour)
}

// snake writes CareUnit as care_unit: the request field that carries the resource.
func snake(name string) string {
	var b strings.Builder
	for i, c := range name {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
