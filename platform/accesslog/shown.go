package accesslog

import (
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Patient is a patient whose data an answer shows, and the unit that the row beside it names.
type Patient struct {
	PatientID, UnitID string
}

// Finder finds patients in messages. It remembers of each type where they can stand, so that a page of rows is not searched
// field by field. The zero value is ready; it is safe for concurrent use.
type Finder struct {
	plans sync.Map // of *plan, by the message's descriptor
}

// plan says where patients stand in a type of message.
type plan struct {
	patient, unit protoreflect.FieldDescriptor   // strings of the message itself; nil when it has none
	inner         []protoreflect.FieldDescriptor // messages in which one may stand
}

// Patients finds the patients in a message: wherever one has a patient_id. What is shown is recorded, not what was fetched.
func (f *Finder) Patients(shown proto.Message) []Patient {
	if shown == nil {
		return nil
	}
	var patients []Patient
	seen := map[Patient]bool{}
	f.walk(shown.ProtoReflect(), func(p Patient) {
		if !seen[p] {
			seen[p] = true
			patients = append(patients, p)
		}
	})
	return patients
}

func (f *Finder) walk(m protoreflect.Message, add func(Patient)) {
	p := f.plan(m.Descriptor())
	if p.patient != nil {
		if id := m.Get(p.patient).String(); id != "" {
			one := Patient{PatientID: id}
			if p.unit != nil {
				one.UnitID = m.Get(p.unit).String()
			}
			add(one)
		}
	}
	for _, field := range p.inner {
		if !m.Has(field) {
			continue
		}
		value := m.Get(field)
		switch {
		case field.IsMap():
			value.Map().Range(func(_ protoreflect.MapKey, item protoreflect.Value) bool {
				f.walk(item.Message(), add)
				return true
			})
		case field.IsList():
			for i := range value.List().Len() {
				f.walk(value.List().Get(i).Message(), add)
			}
		default:
			f.walk(value.Message(), add)
		}
	}
}

func (f *Finder) plan(message protoreflect.MessageDescriptor) *plan {
	if known, ok := f.plans.Load(message); ok {
		return known.(*plan)
	}
	p := &plan{patient: text(message, "patient_id"), unit: text(message, "care_unit_id")}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if inner := innerOf(field); inner != nil && holdsPatients(inner, map[protoreflect.FullName]bool{}) {
			p.inner = append(p.inner, field)
		}
	}
	f.plans.Store(message, p)
	return p
}

// text is a message's field of a name when it is one string.
func text(message protoreflect.MessageDescriptor, name protoreflect.Name) protoreflect.FieldDescriptor {
	field := message.Fields().ByName(name)
	if field == nil || field.Kind() != protoreflect.StringKind || field.IsList() {
		return nil
	}
	return field
}

// innerOf is the type of the messages in a field: its own, that of its list or that of its map's values; nil when it holds none.
func innerOf(field protoreflect.FieldDescriptor) protoreflect.MessageDescriptor {
	if field.IsMap() {
		return field.MapValue().Message()
	}
	return field.Message()
}

// holdsPatients says whether a patient can stand in a type of message, however deep.
func holdsPatients(message protoreflect.MessageDescriptor, looked map[protoreflect.FullName]bool) bool {
	if looked[message.FullName()] {
		return false
	}
	looked[message.FullName()] = true
	if text(message, "patient_id") != nil {
		return true
	}
	for i := range message.Fields().Len() {
		if inner := innerOf(message.Fields().Get(i)); inner != nil && holdsPatients(inner, looked) {
			return true
		}
	}
	return false
}
