package accesslog

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Patient is a patient whose data an answer shows, and the unit that the row beside it names.
type Patient struct {
	PatientID, UnitID string
}

// Patients finds the patients in an answer: wherever a message has a patient_id. What is shown is recorded, not what was fetched.
func Patients(answer proto.Message) []Patient {
	var patients []Patient
	seen := map[Patient]bool{}
	var walk func(m protoreflect.Message)
	walk = func(m protoreflect.Message) {
		fields := m.Descriptor().Fields()
		if id := fields.ByName("patient_id"); id != nil && id.Kind() == protoreflect.StringKind && !id.IsList() && m.Get(id).String() != "" {
			p := Patient{PatientID: m.Get(id).String()}
			if unit := fields.ByName("care_unit_id"); unit != nil && unit.Kind() == protoreflect.StringKind && !unit.IsList() {
				p.UnitID = m.Get(unit).String()
			}
			if !seen[p] {
				seen[p] = true
				patients = append(patients, p)
			}
		}
		m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
			switch {
			case field.Kind() != protoreflect.MessageKind || field.IsMap():
			case field.IsList():
				for i := range value.List().Len() {
					walk(value.List().Get(i).Message())
				}
			default:
				walk(value.Message())
			}
			return true
		})
	}
	if answer != nil {
		walk(answer.ProtoReflect())
	}
	return patients
}
