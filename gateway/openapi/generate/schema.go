package main

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// use is what a message is used for. The same message has another JSON when it is sent than when it is answered: what only the
// server sets is not sent, and a value that stands for none is answered only.
type use int

const (
	answered use = iota // in a response: everything, and what has no presence is always there
	called              // the request itself, as a body
	created             // the resource that a create takes as its body
	updated             // the resource that a PATCH takes as its body: nothing is required
	sent                // inside of one of the three
)

// suffix keeps the schemas of one message apart.
var suffix = map[use]string{answered: "", called: "", created: "Create", updated: "Update", sent: "Input"}

// schemas are the component schemas made so far.
type schemas struct {
	contract *contract
	names    map[protoreflect.FullName]string
	answers  map[protoreflect.FullName]bool // messages that some response holds
	made     map[string]*schema
	of       map[string]protoreflect.FullName
	failed   error
}

func newSchemas(c *contract) *schemas {
	s := &schemas{contract: c, names: map[protoreflect.FullName]string{}, answers: map[protoreflect.FullName]bool{},
		made: map[string]*schema{}, of: map[string]protoreflect.FullName{}}
	s.nameAll()
	for _, service := range c.services {
		for i := range service.Methods().Len() {
			if method := service.Methods().Get(i); len(bindings(method)) > 0 {
				s.noteAnswer(method.Output())
			}
		}
	}
	return s
}

// nameAll gives every message and enum a short name: FollowUpKind of FollowUp.Kind. What would share one with another package
// bears its package's name too.
func (s *schemas) nameAll() {
	byName := map[string][]protoreflect.Descriptor{}
	note := func(d protoreflect.Descriptor) {
		within := strings.TrimPrefix(string(d.FullName()), string(d.ParentFile().Package())+".")
		name := strings.ReplaceAll(within, ".", "")
		byName[name] = append(byName[name], d)
	}
	var walk func(messages protoreflect.MessageDescriptors)
	walk = func(messages protoreflect.MessageDescriptors) {
		for i := range messages.Len() {
			message := messages.Get(i)
			note(message)
			for j := range message.Enums().Len() {
				note(message.Enums().Get(j))
			}
			walk(message.Messages())
		}
	}
	for _, file := range s.contract.files {
		walk(file.Messages())
		for i := range file.Enums().Len() {
			note(file.Enums().Get(i))
		}
	}
	for name, all := range byName {
		for _, d := range all {
			s.names[d.FullName()] = name
			if len(all) > 1 {
				s.names[d.FullName()] = upperFirst(service(d)) + name
			}
		}
	}
}

func (s *schemas) noteAnswer(message protoreflect.MessageDescriptor) {
	if s.answers[message.FullName()] || wellKnown(message) {
		return
	}
	s.answers[message.FullName()] = true
	for i := range message.Fields().Len() {
		if inner := message.Fields().Get(i).Message(); inner != nil {
			s.noteAnswer(inner)
		}
	}
}

func wellKnown(message protoreflect.MessageDescriptor) bool {
	return strings.HasPrefix(string(message.FullName()), "google.")
}

func ref(name string) *schema { return &schema{Ref: "#/components/schemas/" + name} }

// message refers to the schema of a message for a use, and makes it when it is not there. Fields in without come otherwise.
func (s *schemas) message(message protoreflect.MessageDescriptor, for_ use, without ...string) *schema {
	name := s.names[message.FullName()]
	if for_ != sent || s.answers[message.FullName()] {
		name += suffix[for_]
	}
	if owner, taken := s.of[name]; taken {
		if owner != message.FullName() && s.failed == nil {
			s.failed = fmt.Errorf("%s and %s both want the schema name %s: rename one", owner, message.FullName(), name)
		}
		return ref(name)
	}
	made := &schema{Type: "object", Description: s.contract.comment(message)}
	s.made[name], s.of[name] = made, message.FullName()
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if slices.Contains(without, string(field.Name())) || !has(field, for_) {
			continue
		}
		made.Properties = append(made.Properties, property{field.JSONName(), s.field(field, for_)})
		if required(field, for_) {
			made.Required = append(made.Required, field.JSONName())
		}
	}
	if for_ != answered {
		made.AdditionalProperties = false
	}
	return ref(name)
}

func behaves(field protoreflect.FieldDescriptor, behavior annotations.FieldBehavior) bool {
	behaviors, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviors, behavior)
}

// has tells whether a field takes part in a use.
func has(field protoreflect.FieldDescriptor, for_ use) bool {
	serverSets := behaves(field, annotations.FieldBehavior_OUTPUT_ONLY) || behaves(field, annotations.FieldBehavior_IDENTIFIER)
	isEtag := field.Name() == "etag"
	switch for_ {
	case answered:
		return !behaves(field, annotations.FieldBehavior_INPUT_ONLY)
	case created:
		return !serverSets && !isEtag
	case updated:
		return isEtag || !serverSets && !behaves(field, annotations.FieldBehavior_IMMUTABLE)
	default:
		return !serverSets
	}
}

// required tells whether a field is always there when answered, and must be when sent.
func required(field protoreflect.FieldDescriptor, for_ use) bool {
	switch for_ {
	case answered:
		return !field.HasPresence()
	case updated:
		return false
	default:
		return behaves(field, annotations.FieldBehavior_REQUIRED)
	}
}

// field is the schema of a field for a use.
func (s *schemas) field(field protoreflect.FieldDescriptor, for_ use) *schema {
	var made *schema
	switch {
	case field.IsMap():
		made = &schema{Type: "object", AdditionalProperties: s.single(field.MapValue(), for_)}
	case field.IsList():
		made = &schema{Type: "array", Items: s.single(field, for_)}
	default:
		made = s.single(field, for_)
	}
	if for_ != answered {
		bind(made, field)
	}
	made.Description = s.contract.comment(field)
	if options, ok := field.Options().(*descriptorpb.FieldOptions); ok {
		made.Deprecated = options.GetDeprecated()
	}
	made.ReadOnly = for_ == answered && (behaves(field, annotations.FieldBehavior_OUTPUT_ONLY) || behaves(field, annotations.FieldBehavior_IDENTIFIER))
	return made
}

// single is the schema of one value of a field.
func (s *schemas) single(field protoreflect.FieldDescriptor, for_ use) *schema {
	name := string(field.Name())
	switch field.Kind() {
	case protoreflect.BoolKind:
		return &schema{Type: "boolean"}
	case protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Sfixed32Kind, protoreflect.Uint32Kind, protoreflect.Fixed32Kind:
		return &schema{Type: "integer", Format: "int32"}
	case protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Sfixed64Kind, protoreflect.Uint64Kind, protoreflect.Fixed64Kind:
		return &schema{Type: "string", Format: "int64"}
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		return &schema{Type: "number", Format: "double"}
	case protoreflect.BytesKind:
		return &schema{Type: "string", Format: "byte"}
	case protoreflect.StringKind:
		made := &schema{Type: "string"}
		switch {
		case strings.HasSuffix(name, "_date") || strings.HasSuffix(name, "_dates"):
			made.Format = "date"
			if for_ == answered && !field.IsList() && !behaves(field, annotations.FieldBehavior_REQUIRED) {
				return &schema{AnyOf: []*schema{made, {Type: "string", MaxLength: new(uint64)}}} // empty where no day is set
			}
		case for_ == answered && field.Name() == ownID(field.ContainingMessage()):
			made.Format = "uuid"
		}
		return made
	case protoreflect.EnumKind:
		return s.enum(field, for_)
	default:
		inner := field.Message()
		if wellKnown(inner) {
			made := library(inner)
			if inner.FullName() == "google.protobuf.Any" && field.Name() == "snapshot" {
				made = s.snapshot()
			}
			if made == nil {
				s.failed = fmt.Errorf("%s: say in schema.go what %s is in JSON", field.FullName(), inner.FullName())
				made = &schema{}
			}
			return made
		}
		within := for_
		if for_ != answered {
			within = sent
		}
		return s.message(inner, within)
	}
}

// ownID is the name of the field that a resource is known by.
func ownID(message protoreflect.MessageDescriptor) protoreflect.Name {
	return protoreflect.Name(snake(string(message.Name())) + "_id")
}

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

// library is the JSON of the messages that have one of their own; nil when it is not known here.
func library(message protoreflect.MessageDescriptor) *schema {
	switch message.FullName() {
	case "google.protobuf.Timestamp":
		return &schema{Type: "string", Format: "date-time"}
	case "google.protobuf.Duration":
		return &schema{Type: "string", Pattern: `^-?[0-9]+(\.[0-9]{1,9})?s$`}
	case "google.protobuf.FieldMask":
		return &schema{Type: "string"}
	case "google.protobuf.StringValue":
		return &schema{Type: "string"}
	case "google.protobuf.BoolValue":
		return &schema{Type: "boolean"}
	case "google.protobuf.Value":
		return &schema{} // any JSON
	case "google.protobuf.Struct":
		return &schema{Type: "object", AdditionalProperties: true}
	default:
		return nil
	}
}

// enum refers to the values of a field's enum. The value that stands for none is no value: it is answered where nothing is set.
func (s *schemas) enum(field protoreflect.FieldDescriptor, for_ use) *schema {
	values := s.values(field.Enum())
	always := field.IsList() || behaves(field, annotations.FieldBehavior_REQUIRED) ||
		(field.Name() == "state" || field.Name() == "kind") && behaves(field, annotations.FieldBehavior_OUTPUT_ONLY)
	if for_ != answered || always {
		return values
	}
	return &schema{AnyOf: []*schema{values, {Type: "string", Const: string(field.Enum().Values().ByNumber(0).Name())}}}
}

// values refers to the schema of an enum's values, and makes it when it is not there.
func (s *schemas) values(enum protoreflect.EnumDescriptor) *schema {
	name := s.names[enum.FullName()]
	if _, made := s.of[name]; made {
		return ref(name)
	}
	lines := []string{s.contract.comment(enum), ""}
	all := &schema{Type: "string"}
	for i := range enum.Values().Len() {
		if value := enum.Values().Get(i); value.Number() != 0 {
			all.Enum = append(all.Enum, string(value.Name()))
			lines = append(lines, fmt.Sprintf("- `%s`: %s", value.Name(), s.contract.comment(value)))
		}
	}
	all.Description = strings.TrimSpace(strings.Join(lines, "\n"))
	s.made[name], s.of[name] = all, enum.FullName()
	return ref(name)
}

// snapshot refers to what an event bears: one of the messages that the events.proto of some package names so, told by its @type.
func (s *schemas) snapshot() *schema {
	const name = "Snapshot"
	if s.made[name] != nil {
		return ref(name)
	}
	all := &schema{Description: "The resource after the event, told by its `@type`."}
	s.made[name], s.of[name] = all, "the snapshots of events"
	for _, file := range s.contract.files {
		if !strings.HasSuffix(file.Path(), "/events.proto") {
			continue
		}
		for i := range file.Messages().Len() {
			message := file.Messages().Get(i)
			if !strings.HasSuffix(string(message.Name()), name) || partOf(file, message) {
				continue
			}
			known := &schema{Type: "object", Required: []string{"@type"}, Properties: properties{
				{"@type", &schema{Type: "string", Const: "type.googleapis.com/" + string(message.FullName())}}}}
			all.AnyOf = append(all.AnyOf, &schema{AllOf: []*schema{known, s.message(message, answered)}})
		}
	}
	return ref(name)
}

// partOf tells whether another message of the file holds the message.
func partOf(file protoreflect.FileDescriptor, message protoreflect.MessageDescriptor) bool {
	for i := range file.Messages().Len() {
		fields := file.Messages().Get(i).Fields()
		for j := range fields.Len() {
			if fields.Get(j).Message() == message {
				return true
			}
		}
	}
	return false
}

// reason is the code of a problem: one of those of some package, or one that came later.
func (s *schemas) reason() *schema {
	known := &schema{Description: "The code that programs may rely on. New ones may come."}
	for _, file := range s.contract.files {
		if reasons := file.Enums().ByName("Reason"); reasons != nil {
			known.AnyOf = append(known.AnyOf, s.values(reasons))
		}
	}
	known.AnyOf = append(known.AnyOf, &schema{Type: "string"})
	return known
}
