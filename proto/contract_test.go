// Package proto_test keeps the contract to its own grammar: it walks the descriptors that the generated code links and asks of
// every method, message, field and enum what the rules in these files say. Documentation is asked for by buf lint, since
// comments are not linked.
package proto_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/error/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
)

// rule is one sentence of the grammar; one of the three functions is set. A function gives what breaks the rule, in words that
// say what to do.
type rule struct {
	name    string
	method  func(protoreflect.MethodDescriptor) []complaint
	message func(protoreflect.MessageDescriptor) []complaint
	enum    func(protoreflect.EnumDescriptor) []complaint
}

// complaint is a breach and the method, field or enum that it is about.
type complaint struct {
	about protoreflect.FullName
	text  string
}

// rules are all of them.
func rules() []rule {
	return slices.Concat(accessRules, routeRules, methodRules, fieldRules, boundRules)
}

// exception lets one descriptor break one rule. An exception that nothing needs any longer fails.
type exception struct {
	rule  string
	about protoreflect.FullName
	why   string
}

var exceptions = []exception{
	{"a list is read in pages", "coworkcare.event.v1.EventService.ListEvents", "a log has no last page: its reader goes on from a cursor"},
	{"a URL bears ids, days and codes only", "coworkcare.event.v1.ListEventsRequest.cursor", "made by the server; holds numbers of events"},
	{"a URL bears ids, days and codes only", "coworkcare.event.v1.ListEventsRequest.sources", "names of services"},
	{"a URL bears ids, days and codes only", "coworkcare.event.v1.ListEventsRequest.types", "names of event types"},
	{"a URL bears ids, days and codes only", "coworkcare.careplan.v1.GetInstrumentRequest.code", "an instrument is reference data, known by its short name"},
	{"a URL bears ids, days and codes only", "coworkcare.careplan.v1.ListAssessmentsRequest.instrument", "the short name of an instrument"},
	{"a list is read in pages", "coworkcare.sickleave.v1.SickLeaveService.ListSickLeaveCases", "computed as one answer from one patient's certificates: few, and not rows"},
	{"a changing resource bears a concurrency mark", "coworkcare.careplan.v1.CarePlanService.ConfirmRead", "a reading is written once and never changes"},
	{"the HTTP method and the path fit the verb", "coworkcare.caseload.v1.CaseloadService.GetPatientBrief", "in URLs the page bears its everyday name; careplan has briefs of its own"},
	{"a URL bears ids, days and codes only", "coworkcare.followup.v1.WatchFollowUpsRequest.cursor", "made by the server; holds a number of an event"},
	{"a URL bears ids, days and codes only", "coworkcare.caseload.v1.WatchCaseloadRequest.cursor", "made by the server; holds a number of an event"},
	{"a list is read in pages", "coworkcare.sickleave.v1.SickLeaveService.ListDeadlines", "computed as one answer from one case: never more than the rules there are"},
	{"numbers fit JSON", "coworkcare.event.v1.Event.sequence", "a log outgrows 32 bits; documented as a string in JSON"},
	{"a write can be repeated", "coworkcare.clock.v1.ClockService.AdvanceClock", "the test clock keeps no state that a retry could double beyond time itself"},
	{"a changing resource bears a concurrency mark", "coworkcare.clock.v1.ClockService.AdvanceClock", "there is one clock, and it only moves forward"},
}

// contract is what the rules are asked of: linked files, or a planted one.
type contract []protoreflect.FileDescriptor

// linked is the product's contract.
func linked() contract {
	var files contract
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(file.Package()), "coworkcare.") {
			files = append(files, file)
		}
		return true
	})
	slices.SortFunc(files, func(a, b protoreflect.FileDescriptor) int { return strings.Compare(a.Path(), b.Path()) })
	return files
}

func (c contract) methods() []protoreflect.MethodDescriptor {
	var all []protoreflect.MethodDescriptor
	for _, file := range c {
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				all = append(all, methods.Get(j))
			}
		}
	}
	return all
}

func (c contract) messages() []protoreflect.MessageDescriptor {
	var all []protoreflect.MessageDescriptor
	var add func(protoreflect.MessageDescriptors)
	add = func(messages protoreflect.MessageDescriptors) {
		for i := range messages.Len() {
			if message := messages.Get(i); !message.IsMapEntry() {
				all = append(all, message)
				add(message.Messages())
			}
		}
	}
	for _, file := range c {
		add(file.Messages())
	}
	return all
}

func (c contract) enums() []protoreflect.EnumDescriptor {
	var all []protoreflect.EnumDescriptor
	add := func(enums protoreflect.EnumDescriptors) {
		for i := range enums.Len() {
			all = append(all, enums.Get(i))
		}
	}
	for _, file := range c {
		add(file.Enums())
	}
	for _, message := range c.messages() {
		add(message.Enums())
	}
	return all
}

// judged is one descriptor under one rule.
type judged struct {
	name       string // PatientService.GetPatient
	complaints []complaint
}

// judge asks a rule of everything that it is about.
func (c contract) judge(r rule) []judged {
	var all []judged
	switch {
	case r.method != nil:
		for _, method := range c.methods() {
			all = append(all, judged{shortName(method), r.method(method)})
		}
	case r.message != nil:
		for _, message := range c.messages() {
			all = append(all, judged{shortName(message), r.message(message)})
		}
	case r.enum != nil:
		for _, enum := range c.enums() {
			all = append(all, judged{shortName(enum), r.enum(enum)})
		}
	}
	return all
}

// shortName is the name without coworkcare and version: patient.PatientService.GetPatient.
func shortName(d protoreflect.Descriptor) string {
	name := strings.TrimPrefix(string(d.FullName()), "coworkcare.")
	return strings.Replace(name, ".v1.", ".", 1)
}

// holds asks rules of the product's contract, a subtest for every rule and descriptor.
func holds(t *testing.T, asked []rule) {
	t.Helper()
	c := linked()
	for _, r := range asked {
		t.Run(r.name, func(t *testing.T) {
			needed := map[protoreflect.FullName]bool{}
			for _, one := range c.judge(r) {
				t.Run(one.name, func(t *testing.T) {
					for _, found := range one.complaints {
						if slices.ContainsFunc(exceptions, func(e exception) bool { return e.rule == r.name && e.about == found.about }) {
							needed[found.about] = true
							continue
						}
						t.Errorf("%s: %s", found.about, found.text)
					}
				})
			}
			for _, e := range exceptions {
				if e.rule == r.name && !needed[e.about] {
					t.Errorf("%s keeps the rule by now, or is gone: remove the exception", e.about)
				}
			}
		})
	}
}

// A new package must not escape the rules because nobody linked it here.
func TestEveryGeneratedFileIsLinked(t *testing.T) {
	var paths []string
	for _, file := range linked() {
		paths = append(paths, file.Path())
	}
	err := fs.WalkDir(os.DirFS("coworkcare"), ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path.Ext(name) == ".proto" && !slices.Contains(paths, "coworkcare/"+name) {
			t.Errorf("coworkcare/%s is not linked into these tests: import its Go package in contract_test.go", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatal("no file of the contract is linked")
	}
}

func TestExceptionsNameARule(t *testing.T) {
	for _, e := range exceptions {
		if e.why == "" || !slices.ContainsFunc(rules(), func(r rule) bool { return r.name == e.rule }) {
			t.Errorf("the exception of %s gives no reason, or names no rule: %q", e.about, e.rule)
		}
	}
}

// about makes complaints of one descriptor.
func about(d protoreflect.Descriptor, texts ...string) []complaint {
	var all []complaint
	for _, text := range texts {
		all = append(all, complaint{d.FullName(), text})
	}
	return all
}
