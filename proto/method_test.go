package proto_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
)

func TestMethods(t *testing.T) { holds(t, methodRules) }

var methodRules = []rule{
	{name: "requests and answers are named after the method", method: messagesAreNamed},
	{name: "a list is read in pages", method: listHasPages},
	{name: "a write can be repeated", method: writeHasRequestID},
	{name: "a changing resource bears a concurrency mark", method: writtenHasEtag},
	{name: "a partial update has a mask", method: updateHasMask},
	{name: "a call is one question and one answer", method: isUnary},
}

// standard splits the name of a standard method of AIP-131 to 135: Get and Patient. Both are empty for a custom method.
func standard(m protoreflect.MethodDescriptor) (verb, noun string) {
	for _, verb := range []string{"Get", "List", "Create", "Update", "Delete"} {
		if rest, ok := strings.CutPrefix(string(m.Name()), verb); ok && rest != "" && unicode.IsUpper(rune(rest[0])) {
			return verb, rest
		}
	}
	return "", ""
}

// writes tells whether a call changes something: what touches patients says so itself; else what is neither Get nor List and
// keeps more than the caller's own question.
func writes(m protoreflect.MethodDescriptor) bool {
	verb, _ := standard(m)
	switch access(m).GetAct() {
	case accessv1.Act_ACT_WRITE, accessv1.Act_ACT_BREAK_GLASS:
		return true
	case accessv1.Act_ACT_READ:
		return false
	default:
		return verb != "Get" && verb != "List" && access(m).GetScope() != accessv1.Scope_SCOPE_CALLER
	}
}

func messagesAreNamed(m protoreflect.MethodDescriptor) []complaint {
	var wrong []string
	name, in, out := string(m.Name()), string(m.Input().Name()), string(m.Output().Name())
	if in != name+"Request" || m.Input().ParentFile().Package() != m.ParentFile().Package() {
		wrong = append(wrong, fmt.Sprintf("takes %s and must take %sRequest of its own package", m.Input().FullName(), name))
	}
	verb, noun := standard(m)
	switch verb {
	case "Get", "Create", "Update":
		own := noun
		if verb == "Get" && forServicesOnly(m) {
			own = out
		}
		if out != own {
			wrong = append(wrong, fmt.Sprintf("answers %s and must answer the resource, %s", out, noun))
		}
	case "List":
		if out != name+"Response" {
			wrong = append(wrong, fmt.Sprintf("answers %s and must answer %sResponse", out, name))
		}
	default:
		if strings.HasSuffix(out, "Request") || strings.HasSuffix(out, "Response") && out != name+"Response" {
			wrong = append(wrong, fmt.Sprintf("answers %s and must answer a resource or %sResponse", out, name))
		}
	}
	if m.Output().ParentFile().Package() != m.ParentFile().Package() {
		wrong = append(wrong, fmt.Sprintf("answers %s, of another package", m.Output().FullName()))
	}
	return about(m, wrong...)
}

// longestPage is the most rows that a page may be asked to have.
const longestPage = 200

func listHasPages(m protoreflect.MethodDescriptor) []complaint {
	if verb, _ := standard(m); verb != "List" {
		return nil
	}
	var wrong []string
	in, out := m.Input().Fields(), m.Output().Fields()
	if size := in.ByName("page_size"); size == nil || size.Kind() != protoreflect.Int32Kind {
		wrong = append(wrong, "its request has no int32 page_size")
	} else if r := constraints(size).GetInt32(); r.GetLte() != longestPage || !r.HasGte() || r.GetGte() != 0 {
		wrong = append(wrong, fmt.Sprintf("its page_size must be bounded to 0–%d", longestPage))
	}
	if token := in.ByName("page_token"); token == nil || token.Kind() != protoreflect.StringKind {
		wrong = append(wrong, "its request has no string page_token")
	}
	if token := out.ByName("next_page_token"); token == nil || token.Kind() != protoreflect.StringKind {
		wrong = append(wrong, "its answer has no string next_page_token")
	}
	if out.Len() == 0 || !out.Get(0).IsList() || out.Get(0).Message() == nil {
		wrong = append(wrong, "its answer must begin with the rows: a repeated field of messages")
	}
	return about(m, wrong...)
}

func writeHasRequestID(m protoreflect.MethodDescriptor) []complaint {
	if !writes(m) {
		return nil
	}
	id := m.Input().Fields().ByName("request_id")
	if id == nil || id.Kind() != protoreflect.StringKind || id.IsList() {
		return about(m, "writes, and its request has no string request_id, which makes a retry harmless")
	}
	if !constraints(id).GetString().GetUuid() {
		return about(m, "its request_id must be a UUID: (buf.validate.field) = {ignore: IGNORE_IF_ZERO_VALUE string: {uuid: true}}")
	}
	return nil
}

// writtenHasEtag asks for an etag on every resource that a write answers with, and in every request that changes one that is
// there already. A write that makes something has nothing to compare with.
func writtenHasEtag(m protoreflect.MethodDescriptor) []complaint {
	if !writes(m) {
		return nil
	}
	var wrong []string
	lacks := func(message protoreflect.MessageDescriptor) bool {
		field := message.Fields().ByName("etag")
		return field == nil || field.Kind() != protoreflect.StringKind
	}
	if !strings.HasSuffix(string(m.Output().Name()), "Response") && lacks(m.Output()) {
		wrong = append(wrong, fmt.Sprintf("writes a %s, which has no string etag", m.Output().Name()))
	}
	verb, _ := standard(m)
	resource, custom := route(m).custom()
	if verb == "" && custom != "" && onOne(resource) && lacks(m.Input()) {
		wrong = append(wrong, "changes a resource, and its request has no string etag")
	}
	return about(m, wrong...)
}

func updateHasMask(m protoreflect.MethodDescriptor) []complaint {
	verb, noun := standard(m)
	if verb != "Update" {
		return nil
	}
	var wrong []string
	mask := m.Input().Fields().ByName("update_mask")
	if mask == nil || mask.Message() == nil || mask.Message().FullName() != "google.protobuf.FieldMask" {
		wrong = append(wrong, "its request has no google.protobuf.FieldMask update_mask")
	}
	resource := m.Input().Fields().ByName(protoreflect.Name(snake(noun)))
	if resource == nil || resource.Message() != m.Output() {
		wrong = append(wrong, fmt.Sprintf("its request has no %s %s", noun, snake(noun)))
	}
	return about(m, wrong...)
}

func isUnary(m protoreflect.MethodDescriptor) []complaint {
	if m.IsStreamingClient() || m.IsStreamingServer() {
		return about(m, "is a stream; the access log, retries and REST know calls only")
	}
	return nil
}

// snake writes CareProvider as care_provider.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// plural writes FollowUpPolicy as FollowUpPolicies.
func plural(noun string) string {
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		return stem + "ies"
	}
	return noun + "s"
}

func upperFirst(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
