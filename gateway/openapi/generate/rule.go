package main

import (
	"slices"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// bind writes the validation rules of a field into its schema, as far as JSON Schema has words for them.
func bind(made *schema, field protoreflect.FieldDescriptor) {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if rules == nil {
		return
	}
	if list := rules.GetRepeated(); list != nil && field.IsList() {
		made.MinItems, made.MaxItems, made.UniqueItems = list.MinItems, list.MaxItems, list.GetUnique()
		bindValue(made.Items, field, list.GetItems())
		return
	}
	bindValue(made, field, rules)
}

func bindValue(made *schema, field protoreflect.FieldDescriptor, rules *validate.FieldRules) {
	unset := rules.GetIgnore() == validate.Ignore_IGNORE_IF_ZERO_VALUE
	switch {
	case rules.GetString() != nil:
		bindText(made, rules.GetString(), unset)
	case rules.GetInt32() != nil:
		bindNumber(made, rules.GetInt32(), unset)
	case rules.GetDouble() != nil:
		bindNumber(made, rules.GetDouble(), unset)
	case rules.GetEnum() != nil:
		bindEnum(made, field.Enum(), rules.GetEnum())
	}
}

func bindText(made *schema, rules *validate.StringRules, unset bool) {
	made.MaxLength = rules.MaxLen
	if !unset {
		made.MinLength = rules.MinLen
	}
	if rules.Len != nil {
		made.MinLength, made.MaxLength = rules.Len, rules.Len
	}
	switch {
	case rules.GetUuid():
		made.Format = "uuid"
	case rules.GetEmail():
		made.Format = "email"
	case rules.GetUri():
		made.Format = "uri"
	}
	if rules.Pattern != nil {
		made.Pattern = rules.GetPattern()
		if unset {
			made.Pattern = "^$|" + made.Pattern
		}
	}
	for _, value := range rules.GetIn() {
		made.Enum = append(made.Enum, value)
	}
}

// numberRules are the rules of a kind of number.
type numberRules[N int32 | float64] interface {
	HasGte() bool
	GetGte() N
	HasGt() bool
	GetGt() N
	HasLte() bool
	GetLte() N
	HasLt() bool
	GetLt() N
	GetIn() []N
}

func bindNumber[N int32 | float64](made *schema, rules numberRules[N], unset bool) {
	bound := func(has bool, value N) *float64 {
		if !has {
			return nil
		}
		number := float64(value)
		return &number
	}
	made.Minimum, made.ExclusiveMinimum = bound(rules.HasGte(), rules.GetGte()), bound(rules.HasGt(), rules.GetGt())
	made.Maximum, made.ExclusiveMaximum = bound(rules.HasLte(), rules.GetLte()), bound(rules.HasLt(), rules.GetLt())
	if unset && made.Minimum != nil && *made.Minimum > 0 {
		made.Minimum = bound(true, 0)
	}
	for _, value := range rules.GetIn() {
		made.Enum = append(made.Enum, value)
	}
}

// bindEnum writes out the values when fewer are taken than the enum has.
func bindEnum(made *schema, enum protoreflect.EnumDescriptor, rules *validate.EnumRules) {
	var taken []any
	for i := range enum.Values().Len() {
		value := enum.Values().Get(i)
		number := int32(value.Number())
		if number == 0 || slices.Contains(rules.GetNotIn(), number) || len(rules.GetIn()) > 0 && !slices.Contains(rules.GetIn(), number) {
			continue
		}
		taken = append(taken, string(value.Name()))
	}
	if len(taken) < enum.Values().Len()-1 {
		*made = schema{Type: "string", Enum: taken}
	}
}
