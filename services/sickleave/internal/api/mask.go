package api

import (
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/sickleave"
)

// masked returns the content of a draft after the changes that a mask names. What only the server writes is passed over, so
// that a client may send back what it has read (AIP-203). What never changes may be named as long as it says the same.
// Paths into a field, as a gateway derives them from a body, change that part alone.
func masked(mask *fieldmaskpb.FieldMask, current, changed *sickleavev1.Certificate) (sickleave.Content, []fault.Violation) {
	next := proto.CloneOf(current)
	var violations []fault.Violation
	for _, path := range pathsOf(mask, changed) {
		if !putPath(next, changed, path) {
			violations = append(violations, notUpdatable("the certificate"))
		}
	}
	return contentOf(next), violations
}

func notUpdatable(what string) fault.Violation {
	return fault.Violation{
		Field: "update_mask", Reason: reason(sickleavev1.Reason_FIELD_NOT_UPDATABLE),
		Message: "names a field that " + what + " does not have, or that cannot change",
	}
}

// putPath copies what a path names, and tells whether that may be.
func putPath(into, from proto.Message, path string) bool {
	return put(into.ProtoReflect(), from.ProtoReflect(), strings.Split(path, "."))
}

// pathsOf returns the paths to change: those of the mask; every field for *; without a mask every field that is set.
func pathsOf(mask *fieldmaskpb.FieldMask, changed proto.Message) []string {
	paths := mask.GetPaths()
	all := len(paths) == 1 && paths[0] == "*"
	if len(paths) > 0 && !all {
		return paths
	}
	var found []string
	message := changed.ProtoReflect()
	fields := message.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if message.Has(field) || all && !is(field, annotations.FieldBehavior_IMMUTABLE) {
			found = append(found, string(field.Name()))
		}
	}
	return found
}

// put copies one field, or a part of it, and tells whether that may be.
func put(into, from protoreflect.Message, path []string) bool {
	field := into.Descriptor().Fields().ByName(protoreflect.Name(path[0]))
	switch {
	case field == nil:
		return false
	case is(field, annotations.FieldBehavior_OUTPUT_ONLY), field.Name() == "etag":
		return true
	case is(field, annotations.FieldBehavior_IMMUTABLE):
		return into.Get(field).Equal(from.Get(field))
	case len(path) == 1:
		if from.Has(field) {
			into.Set(field, from.Get(field))
		} else {
			into.Clear(field)
		}
		return true
	case field.Message() == nil || field.IsList():
		return false
	case !from.Has(field) && !into.Has(field):
		return field.Message().Fields().ByName(protoreflect.Name(path[1])) != nil
	default:
		return put(into.Mutable(field).Message(), from.Get(field).Message(), path[1:])
	}
}

// is tells whether a field has a behaviour (AIP-203).
func is(field protoreflect.FieldDescriptor, behaviour annotations.FieldBehavior) bool {
	listed, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	for _, b := range listed {
		if b == behaviour {
			return true
		}
	}
	return false
}
