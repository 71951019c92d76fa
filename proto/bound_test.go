package proto_test

import (
	"regexp/syntax"
	"slices"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
)

func TestBounds(t *testing.T) { holds(t, boundRules) }

var boundRules = []rule{
	{name: "what comes in is bounded", method: inputIsBounded},
}

// boundedByDomain are inputs that a service bounds by itself, and the reason it then answers with. It tells everything that is
// wrong with a certificate or a form at once; and a form whose safety item must be seen is never turned away before that
// item is read.
var boundedByDomain = map[protoreflect.FullName]string{
	"coworkcare.careplan.v1.Assessment.instrument":                             "UNKNOWN_INSTRUMENT",
	"coworkcare.careplan.v1.Assessment.answers":                                "WRONG_ITEM_COUNT",
	"coworkcare.careplan.v1.Assessment.contact_id":                             "CONTACT_NOT_FOUND",
	"coworkcare.careplan.v1.Assessment.care_episode_id":                        "CARE_EPISODE_NOT_FOUND",
	"coworkcare.careplan.v1.PreviewAssessmentRequest.instrument":               "UNKNOWN_INSTRUMENT",
	"coworkcare.careplan.v1.PreviewAssessmentRequest.answers":                  "WRONG_ITEM_COUNT",
	"coworkcare.sickleave.v1.Certificate.periods":                              "TOO_MANY_PERIODS",
	"coworkcare.sickleave.v1.Certificate.bases":                                "TOO_MANY_BASES",
	"coworkcare.sickleave.v1.Certificate.diagnosis_codes":                      "TOO_MANY_DIAGNOSES",
	"coworkcare.sickleave.v1.Certificate.occupation":                           "TEXT_TOO_LONG",
	"coworkcare.sickleave.v1.Certificate.function_limitation":                  "TEXT_TOO_LONG",
	"coworkcare.sickleave.v1.Certificate.activity_limitation":                  "TEXT_TOO_LONG",
	"coworkcare.sickleave.v1.Certificate.early_start_reason":                   "TEXT_TOO_LONG",
	"coworkcare.sickleave.v1.Certificate.other_information":                    "TEXT_TOO_LONG",
	"coworkcare.sickleave.v1.CertificateBasis.note":                            "TEXT_TOO_LONG",
	"coworkcare.sickleave.v1.CertificatePrognosis.explanation":                 "TEXT_TOO_LONG",
	"coworkcare.sickleave.v1.ComputeSickLeaveCasesRequest.certificates":        "TOO_MANY_CERTIFICATES",
	"coworkcare.sickleave.v1.ComputeSickLeaveCasesRequest.Certificate.periods": "TOO_MANY_PERIODS",
}

func TestDomainBoundsAreToldInTheContract(t *testing.T) {
	for name, reason := range boundedByDomain {
		field, err := protoregistry.GlobalFiles.FindDescriptorByName(name)
		if err != nil {
			t.Errorf("%s is not there any longer: take it out of boundedByDomain", name)
			continue
		}
		enum, err := protoregistry.GlobalTypes.FindEnumByName(field.ParentFile().Package() + ".Reason")
		if err != nil || enum.Descriptor().Values().ByName(protoreflect.Name(reason)) == nil {
			t.Errorf("%s is said to be bounded with the reason %s, which %s.Reason does not have", name, reason, field.ParentFile().Package())
		}
	}
}

// checkedByDomain are the days that are not refused before their service sees them: it then must refuse them itself.
var checkedByDomain = []protoreflect.FullName{"coworkcare.careplan.v1.Assessment.answer_date"}

func TestDaysAreCheckedAtTheDoor(t *testing.T) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		exempt(t, file.Messages())
		return true
	})
}

func exempt(t *testing.T, messages protoreflect.MessageDescriptors) {
	t.Helper()
	for i := range messages.Len() {
		fields := messages.Get(i).Fields()
		for j := range fields.Len() {
			field := fields.Get(j)
			if is, _ := proto.GetExtension(field.Options(), accessv1.E_CheckedByDomain).(bool); is != slices.Contains(checkedByDomain, field.FullName()) {
				t.Errorf("%s: checked_by_domain is %t; list it in checkedByDomain, with a test of its service that it is refused", field.FullName(), is)
			}
		}
		exempt(t, messages.Get(i).Messages())
	}
}

// constraints are the protovalidate rules of a field.
func constraints(field protoreflect.FieldDescriptor) *validate.FieldRules {
	option, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	return option
}

func outputOnly(field protoreflect.FieldDescriptor) bool {
	behaviours, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviours, annotations.FieldBehavior_OUTPUT_ONLY)
}

// inputIsBounded asks that every text in a request has a longest length and every list a longest number, however deep. Fields
// that only the server sets are not read, but for the etag, which a change is measured by; days are checked as days.
func inputIsBounded(m protoreflect.MethodDescriptor) []complaint {
	verb, _ := standard(m)
	return unbounded(m.Input(), verb == "Update", &[]protoreflect.FullName{})
}

func unbounded(message protoreflect.MessageDescriptor, update bool, seen *[]protoreflect.FullName) []complaint {
	if slices.Contains(*seen, message.FullName()) || strings.HasPrefix(string(message.FullName()), "google.") {
		return nil
	}
	*seen = append(*seen, message.FullName())
	var wrong []complaint
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if outputOnly(field) && (field.Name() != "etag" || !update) {
			continue
		}
		if _, ok := boundedByDomain[field.FullName()]; ok {
			if inner := field.Message(); inner != nil {
				wrong = append(wrong, unbounded(inner, update, seen)...)
			}
			continue
		}
		r := constraints(field)
		switch {
		case field.IsMap():
			if !r.GetMap().HasMaxPairs() {
				wrong = append(wrong, about(field, "takes any number of pairs: give it map.max_pairs")...)
			}
			if field.MapKey().Kind() == protoreflect.StringKind && !bounded(r.GetMap().GetKeys()) {
				wrong = append(wrong, about(field, "takes keys of any length: give it map.keys.string.max_len")...)
			}
			if field.MapValue().Kind() == protoreflect.StringKind && !bounded(r.GetMap().GetValues()) {
				wrong = append(wrong, about(field, "takes texts of any length: give it map.values.string.max_len")...)
			}
			if inner := field.MapValue().Message(); inner != nil {
				wrong = append(wrong, unbounded(inner, update, seen)...)
			}
			continue
		case field.IsList():
			if !r.GetRepeated().HasMaxItems() {
				wrong = append(wrong, about(field, "takes any number of items: give it repeated.max_items")...)
			}
			r = r.GetRepeated().GetItems()
		default:
		}
		switch field.Kind() {
		case protoreflect.StringKind:
			if !strings.HasSuffix(string(field.Name()), "_date") && !bounded(r) {
				wrong = append(wrong, about(field, "takes text of any length: give it string.max_len, a bounded pattern or uuid, or mark it OUTPUT_ONLY")...)
			}
		case protoreflect.BytesKind:
			if !r.GetBytes().HasMaxLen() {
				wrong = append(wrong, about(field, "takes any number of bytes: give it bytes.max_len")...)
			}
		case protoreflect.MessageKind:
			wrong = append(wrong, unbounded(field.Message(), update, seen)...)
		default:
		}
	}
	return wrong
}

func bounded(r *validate.FieldRules) bool {
	s := r.GetString()
	return s.HasMaxLen() || s.HasLen() || s.HasMaxBytes() || s.HasLenBytes() || s.HasConst() || len(s.GetIn()) > 0 ||
		s.GetUuid() || s.GetTuuid() || s.GetUlid() || patternEnds(s.GetPattern())
}

// patternEnds tells whether a pattern takes the whole text and no text of any length.
func patternEnds(pattern string) bool {
	if !strings.HasPrefix(pattern, "^") || !strings.HasSuffix(pattern, "$") {
		return false
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return false
	}
	var ends func(*syntax.Regexp) bool
	ends = func(r *syntax.Regexp) bool {
		if r.Op == syntax.OpStar || r.Op == syntax.OpPlus || r.Op == syntax.OpRepeat && r.Max < 0 {
			return false
		}
		return !slices.ContainsFunc(r.Sub, func(sub *syntax.Regexp) bool { return !ends(sub) })
	}
	return ends(parsed)
}
