package proto_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// breaches are planted in a small contract that keeps every rule: old becomes new, and the named rule must notice.
var breaches = []struct{ rule, old, new, notice string }{
	{"the contract says who may call", `[coworkcare.access.v1.access] { roles: ROLE_GP scope: SCOPE_PATIENT act: ACT_READ }`, ``, "has no access option"},
	{"the contract says who may call", `roles: ROLE_GP scope: SCOPE_PATIENT act: ACT_READ`, `roles: ROLE_GP act: ACT_READ`, "no known scope"},
	{"the contract says who may call", `roles: ROLE_GP scope: SCOPE_PATIENT act: ACT_READ`, `scope: SCOPE_PATIENT act: ACT_READ`, "lets nobody call"},
	{"the contract says who may call", `roles: ROLE_GP scope: SCOPE_PATIENT act: ACT_READ`, `roles: 99 scope: SCOPE_PATIENT act: ACT_READ`, "unknown role"},
	{"the contract says who may call", `roles: ROLE_GP scope: SCOPE_PATIENT act: ACT_READ`, `roles: ROLE_GP roles: ROLE_GP scope: SCOPE_PATIENT act: ACT_READ`, "twice"},
	{"the contract says who may call", `services: "followup"`, `services: "billing"`, "no such service"},
	{"the measured field leads to an id", `field: "tea.patient_id"`, `field: "tea.patient"`, "does not have"},
	{"the measured field leads to an id", `field: "tea.patient_id"`, `field: "tea.tea_id"`, "must end in patient_id"},
	{"the measured field leads to an id", `scope: SCOPE_RESOURCE field: "tea_id"`, `scope: SCOPE_RESOURCE`, "must name the field"},
	{"the measured field leads to an id", `scope: SCOPE_PATIENT act: ACT_READ`, `scope: SCOPE_OWN_UNITS field: "patient_id" act: ACT_READ`, "measures no field"},
	{"patient data is measured by a place", `scope: SCOPE_RESOURCE field: "tea_id" act: ACT_WRITE`, `scope: SCOPE_CALLER act: ACT_WRITE`, "measure it by"},
	{"patient data is measured by a place", `scope: SCOPE_PATIENT act: ACT_READ`, `scope: SCOPE_OWN_UNITS act: ACT_READ`, "use SCOPE_PATIENT"},
	{"whoever sees no patient may not call", `roles: ROLE_GP scope: SCOPE_PATIENT act: ACT_READ`, `roles: [ROLE_GP, ROLE_OPERATOR] scope: SCOPE_PATIENT act: ACT_READ`, "ROLE_OPERATOR sees none"},
	{"whoever sees no patient may not call", `roles: ROLE_GP scope: SCOPE_PATIENT act: ACT_READ`, `roles: ROLE_PROVIDER_ADMINISTRATOR scope: SCOPE_PATIENT act: ACT_READ`, "sees none"},
	{"patient data is never shown without a record", `scope: SCOPE_RESOURCE field: "tea_id" act: ACT_WRITE`, `scope: SCOPE_RESOURCE field: "tea_id"`, "has no act"},
	{"the act says what the method does", `scope: SCOPE_PATIENT act: ACT_READ`, `scope: SCOPE_PATIENT act: ACT_WRITE`, "use ACT_READ"},
	{"the act says what the method does", `field: "tea.patient_id" act: ACT_WRITE`, `field: "tea.patient_id" act: ACT_READ`, "use ACT_WRITE"},

	{"what a person may call is in REST", `[google.api.http] { get: "/v1/patients/{patient_id}/teas/{tea_id}" }`, ``, "has no (google.api.http)"},
	{"what a person may call is in REST", `services: "followup"`, `roles: ROLE_NURSE`, "has no (google.api.http)"},
	{"what a person may call is in REST", `get: "/v1/patients/{patient_id}/teas/{tea_id}"`, `get: "/teas/{tea_id}"`, "outside /v1"},
	{"the HTTP method and the path fit the verb", `get: "/v1/patients/{patient_id}/teas/{tea_id}"`, `post: "/v1/patients/{patient_id}/teas/{tea_id}"`, "must be GET"},
	{"the HTTP method and the path fit the verb", `body: "tea"`, `body: "*"`, `must take "tea"`},
	{"the HTTP method and the path fit the verb", `patch: "/v1/patients/{tea.patient_id}/teas/{tea.tea_id}"`, `patch: "/v1/patients/{tea.patient_id}/teas"`, "must stand at"},
	{"the HTTP method and the path fit the verb", `:serve"`, `:pour"`, "not :pour"},
	{"the HTTP method and the path fit the verb", `"/v1/patients/{patient_id}/teas"`, `"/v1/patients/{patient_id}/cups"`, "must stand at a collection"},
	{"the HTTP method and the path fit the verb", `name: "ServeTea" `, `name: "DeleteTea" `, "nothing clinical is deleted"},
	{"a path names what exists", `"/v1/patients/{patient_id}/teas/{tea_id}"`, `"/v1/patients/{person_id}/teas/{tea_id}"`, "does not"},
	{"a path names what exists", `body: "tea"`, `body: "cup"`, "does not have"},
	{"a URL bears ids, days and codes only", `"/v1/patients/{patient_id}/teas/{tea_id}"`, `"/v1/patients/{patient_id}/teas/{tea_name}"`, "only ids do"},
	{"a URL bears ids, days and codes only", `name: "brew_date" number: 4`, `name: "family_name" number: 4`, "text belongs in a body"},

	{"requests and answers are named after the method", `name: "GetTea" input_type: ".planted.GetTeaRequest" output_type: ".planted.Tea"`, `name: "GetTea" input_type: ".planted.ServeTeaRequest" output_type: ".planted.Tea"`, "must take GetTeaRequest"},
	{"requests and answers are named after the method", `name: "GetTea" input_type: ".planted.GetTeaRequest" output_type: ".planted.Tea"`, `name: "GetTea" input_type: ".planted.GetTeaRequest" output_type: ".planted.ListTeasResponse"`, "must answer the resource"},
	{"requests and answers are named after the method", `output_type: ".planted.ListTeasResponse"`, `output_type: ".planted.Tea"`, "must answer ListTeasResponse"},
	{"a list is read in pages", `name: "page_size"`, `name: "limit"`, "no int32 page_size"},
	{"a list is read in pages", `lte: 200`, `lte: 2000`, "0–200"},
	{"a list is read in pages", `name: "page_token"`, `name: "mark_id"`, "no string page_token"},
	{"a list is read in pages", `name: "next_page_token"`, `name: "more"`, "no string next_page_token"},
	{"a list is read in pages", `label: LABEL_REPEATED type_name: ".planted.Tea"`, `type_name: ".planted.Tea"`, "begin with the rows"},
	{"a write can be repeated", `name: "request_id" number: 3`, `name: "retry_id" number: 3`, "no string request_id"},
	{"a write can be repeated", `name: "request_id" number: 3 type: TYPE_STRING options { [buf.validate.field] { string { uuid: true } } }`, `name: "request_id" number: 3 type: TYPE_STRING options { [buf.validate.field] { string { max_len: 9 } } }`, "must be a UUID"},
	{"a changing resource bears a concurrency mark", `name: "etag" number: 5`, `name: "mark" number: 5`, "changes a resource"},
	{"a changing resource bears a concurrency mark", `name: "etag" number: 8`, `name: "mark" number: 8`, "has no string etag"},
	{"a partial update has a mask", `name: "update_mask"`, `name: "fields"`, "update_mask"},
	{"a partial update has a mask", `name: "tea" number: 6`, `name: "drink" number: 6`, "has no Tea tea"},
	{"a call is one question and one answer", `name: "ServeTea" `, `name: "ServeTea" server_streaming: true `, "is a stream"},

	{"instants, days and ids are told by their names", `name: "brew_time"`, `name: "brewed"`, "instant"},
	{"instants, days and ids are told by their names", `name: "brew_date" number: 4 type: TYPE_STRING`, `name: "brew_date" number: 4 type: TYPE_INT32`, "civil day is a string"},
	{"instants, days and ids are told by their names", `name: "cup_ids" number: 9 label: LABEL_REPEATED type: TYPE_STRING`, `name: "cup_ids" number: 9 label: LABEL_REPEATED type: TYPE_INT32`, "an id is a string"},
	{"numbers fit JSON", `name: "cups" number: 7 type: TYPE_INT32`, `name: "cups" number: 7 type: TYPE_INT64`, "string in JSON"},
	{"numbers fit JSON", `name: "cups" number: 7 type: TYPE_INT32`, `name: "cups" number: 7 type: TYPE_FLOAT`, "use double"},
	{"an enum begins with nothing", `name: "STATE_UNSPECIFIED"`, `name: "HOT"`, "STATE_UNSPECIFIED"},
	{"an enum begins with nothing", `name: "COLD"`, `name: "Cold"`, "UPPER_SNAKE"},

	{"what comes in is bounded", `name: "note" number: 4 type: TYPE_STRING options { [buf.validate.field] { string { max_len: 100 } } }`, `name: "note" number: 4 type: TYPE_STRING`, "text of any length"},
	{"what comes in is bounded", `string { max_len: 100 }`, `string { pattern: "^[a-z]+$" }`, "text of any length"},
	{"what comes in is bounded", `repeated { max_items: 9 items { string { uuid: true } } }`, `repeated { items { string { uuid: true } } }`, "number of items"},
	{"what comes in is bounded", `repeated { max_items: 9 items { string { uuid: true } } }`, `repeated { max_items: 9 }`, "text of any length"},
	{"what comes in is bounded", `name: "etag" number: 8 type: TYPE_STRING options { [buf.validate.field] { string { max_len: 64 } } }`, `name: "etag" number: 8 type: TYPE_STRING options { [google.api.field_behavior]: OUTPUT_ONLY }`, "text of any length"},
}

func TestEveryRuleCanFail(t *testing.T) {
	text, err := os.ReadFile("testdata/planted.textproto")
	if err != nil {
		t.Fatal(err)
	}
	good := planted(t, string(text))
	for _, r := range rules() {
		for _, one := range good.judge(r) {
			for _, found := range one.complaints {
				t.Errorf("the sound contract: %s: %s: %s", r.name, found.about, found.text)
			}
		}
		if !slices.ContainsFunc(breaches, func(b struct{ rule, old, new, notice string }) bool { return b.rule == r.name }) {
			t.Errorf("no breach of %q is planted", r.name)
		}
	}
	if found := clashes(good); len(found) > 0 {
		t.Errorf("the sound contract: %v", found)
	}
	for _, breach := range breaches {
		t.Run(breach.rule+" "+breach.notice, func(t *testing.T) {
			if !strings.Contains(string(text), breach.old) {
				t.Fatalf("the planted contract has no %s", breach.old)
			}
			i := slices.IndexFunc(rules(), func(r rule) bool { return r.name == breach.rule })
			if i < 0 {
				t.Fatalf("there is no rule %q", breach.rule)
			}
			for _, one := range planted(t, strings.ReplaceAll(string(text), breach.old, breach.new)).judge(rules()[i]) {
				for _, found := range one.complaints {
					if strings.Contains(found.text, breach.notice) {
						return
					}
					t.Logf("%s: %s", found.about, found.text)
				}
			}
			t.Errorf("nobody says %q", breach.notice)
		})
	}
	t.Run("two methods at one path", func(t *testing.T) {
		same := strings.ReplaceAll(string(text), `"/v1/teas/{tea_id}:serve"`, `"/v1/patients/{tea_id}/teas"`)
		if len(clashes(planted(t, same))) != 1 {
			t.Error("POST /v1/patients/{}/teas is answered twice, and nobody says so")
		}
	})
}

// planted makes a contract of one file.
func planted(t *testing.T, text string) contract {
	t.Helper()
	file := &descriptorpb.FileDescriptorProto{}
	if err := prototext.Unmarshal([]byte(text), file); err != nil {
		t.Fatal(err)
	}
	descriptor, err := protodesc.FileOptions{AllowUnresolvable: true}.New(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	return contract{protoreflect.FileDescriptor(descriptor)}
}
