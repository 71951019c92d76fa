package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/page"
)

// Validator checks a request against the rules of the contract and against those that hold everywhere: text is UTF-8 without
// NUL, a `_date` is a civil day (unless the contract leaves it to the service), an `etag` has the form of one, an enum value is
// known. All violations are told at once.
type Validator struct {
	rules protovalidate.Validator
}

// mostViolations bounds an answer; a request with more faults than this has one fault.
const mostViolations = 100

// NewValidator makes a validator and compiles the rules of the given messages, so that no call pays for it.
func NewValidator(messages ...proto.Message) (*Validator, error) {
	rules, err := protovalidate.New(protovalidate.WithMessages(messages...))
	if err != nil {
		return nil, fmt.Errorf("compiling the contract's validation rules: %w", err)
	}
	return &Validator{rules: rules}, nil
}

func (c *Chain) validation(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if message, ok := request.(proto.Message); ok && !open(info.FullMethod) {
		if err := c.Validator.Check(message); err != nil {
			return nil, err
		}
	}
	return handler(ctx, request)
}

// Check gives a fault with every violation, nil when there is none.
func (v *Validator) Check(message proto.Message) error {
	var violations []fault.Violation
	checkFields(message.ProtoReflect(), "", &violations)
	err := v.rules.Validate(message)
	var refused *protovalidate.ValidationError
	switch {
	case err == nil:
	case errors.As(err, &refused):
		for _, violation := range refused.Violations {
			violations = append(violations, fault.Violation{
				Field:   protovalidate.FieldPathString(violation.Proto.GetField()),
				Reason:  violation.Proto.GetRuleId(),
				Message: violation.Proto.GetMessage(),
			})
		}
	default:
		return fmt.Errorf("validating a %s: %w", message.ProtoReflect().Descriptor().FullName(), err)
	}
	if len(violations) == 0 {
		return nil
	}
	return fault.Invalid(violations[:min(len(violations), mostViolations)]...)
}

// checkFields walks what is set in a message.
func checkFields(message protoreflect.Message, path string, violations *[]fault.Violation) {
	if len(*violations) >= mostViolations {
		return
	}
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		name := path + string(field.Name())
		switch {
		case field.IsMap():
			value.Map().Range(func(key protoreflect.MapKey, item protoreflect.Value) bool {
				at := fmt.Sprintf("%s[%q]", name, key.String())
				checkText(key.String(), name, violations)
				checkValue(field.MapValue(), item, at, violations)
				return true
			})
		case field.IsList():
			for i := range value.List().Len() {
				checkValue(field, value.List().Get(i), fmt.Sprintf("%s[%d]", name, i), violations)
			}
		default:
			checkValue(field, value, name, violations)
		}
		return true
	})
}

func checkValue(field protoreflect.FieldDescriptor, value protoreflect.Value, name string, violations *[]fault.Violation) {
	add := func(reason, message string) {
		*violations = append(*violations, fault.Violation{Field: name, Reason: reason, Message: message})
	}
	switch field.Kind() {
	case protoreflect.MessageKind, protoreflect.GroupKind:
		checkFields(value.Message(), name+".", violations)
	case protoreflect.EnumKind:
		if field.Enum().Values().ByNumber(value.Enum()) == nil {
			add("enum.defined_only", "is not a value of this enum")
		}
	case protoreflect.StringKind:
		text := value.String()
		if !checkText(text, name, violations) || text == "" {
			return
		}
		switch {
		case strings.HasSuffix(string(field.Name()), "_date") && !checkedByDomain(field):
			if _, err := date.Parse(text); err != nil {
				add("date", "is not a civil day YYYY-MM-DD between 1900 and 2200")
			}
		case field.Name() == "etag":
			if _, err := page.ParseEtag(text); err != nil {
				add("ETAG_MALFORMED", "is not an etag of this API")
			}
		}
	default:
	}
}

// checkedByDomain tells that the contract leaves a day to the service, which must keep something of the request even when it is
// none.
func checkedByDomain(field protoreflect.FieldDescriptor) bool {
	exempt, _ := proto.GetExtension(field.Options(), accessv1.E_CheckedByDomain).(bool)
	return exempt
}

func checkText(text, name string, violations *[]fault.Violation) bool {
	reason, message := "", ""
	switch {
	case !utf8.ValidString(text):
		reason, message = "string.utf8", "is not UTF-8"
	case strings.ContainsRune(text, 0):
		reason, message = "string.nul", "contains the character NUL"
	default:
		return true
	}
	*violations = append(*violations, fault.Violation{Field: name, Reason: reason, Message: message})
	return false
}
