package whole_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// A foreign thing is answered exactly as one that does not exist: the same bytes over gRPC and, but for the names of the request
// and its trace, over REST.
func TestForeignIsAbsent(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		here, near, far := w.newStage(w.own), w.newStage(w.other), w.newStage(w.foreign)
		for _, m := range w.byPeople() {
			field := m.scopeField()
			if field == "" || m.caller() == identity.RoleOperator {
				continue
			}
			request := here.sample(m)
			absent := askFor(t, here, m, request, field, uuid.NewString())
			require.Equal(t, codes.NotFound, absent.status, "%s: %s that does not exist", m.short(), field)
			for name, foreign := range map[string]*stage{"of another unit": near, "of another provider": far} {
				id := foreign.things[lastOf(field)]
				require.NotEmpty(t, id, "%s: the stage has no %s", m.short(), field)
				if foreign == near && (sharedWithin(field) || m.caller() == identity.RoleProviderAdministrator) {
					continue // of the same provider
				}
				require.Equal(t, absent, askFor(t, here, m, request, field, id), "%s: %s %s", m.short(), field, name)
			}
		}
		w.settle()
	})
}

func lastOf(path string) string { return path[strings.LastIndex(path, ".")+1:] }

// said is all that an answer tells a caller.
type said struct {
	status  codes.Code
	detail  string
	answer  string
	code    int
	header  http.Header
	problem string
}

// askFor calls a method with another id in a field, over gRPC and over REST.
func askFor(t *testing.T, st *stage, m *method, request proto.Message, field, id string) said {
	t.Helper()
	request = proto.Clone(request)
	put(request, field, id)
	answer, err := st.call(st.asCaller(m), m, request)
	told := said{status: status.Code(err), detail: detail(err)}
	if err == nil {
		told.answer = protojson.Format(answer)
	}
	if m.verb == "" {
		return told
	}
	if m.writes() { // the first id is spent
		put(request, "request_id", uuid.NewString())
	}
	got := st.send(m.overREST(t, request), st.token(m.caller(), st.place))
	told.code, told.header, told.problem = got.status, got.header, comparable(t, got.body)
	for _, name := range []string{"Date", "X-Request-Id", "Content-Length"} {
		told.header.Del(name)
	}
	return told
}

// detail is all that an error says. Details are written with sorted keys: the order of a map's bytes is chance.
func detail(err error) string {
	st := status.Convert(err)
	text := st.Message()
	for _, one := range st.Details() {
		if message, ok := one.(proto.Message); ok {
			text += " " + string(message.ProtoReflect().Descriptor().Name()) + protojson.Format(message)
		}
	}
	return text
}

// comparable is an answer's JSON without what names the request and the trace.
func comparable(t *testing.T, body []byte) string {
	t.Helper()
	if len(body) == 0 {
		return ""
	}
	var fields map[string]any
	require.NoError(t, json.Unmarshal(body, &fields), "%s", body)
	delete(fields, "instance")
	delete(fields, "traceId")
	text, err := json.Marshal(fields)
	require.NoError(t, err)
	return string(text)
}

// ids are the paths of the single ids in a request that name something else than what its access is measured by.
func (m *method) ids(request proto.Message) []string {
	var paths []string
	var walk func(message protoreflect.Message, prefix string)
	walk = func(message protoreflect.Message, prefix string) {
		message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
			name := prefix + string(field.Name())
			switch {
			case field.IsList() || field.IsMap():
			case field.Kind() == protoreflect.MessageKind:
				walk(value.Message(), name+".")
			case field.Kind() == protoreflect.StringKind && strings.HasSuffix(name, "_id") && name != "request_id" && name != m.scopeField():
				if _, err := uuid.Parse(value.String()); err == nil {
					paths = append(paths, name)
				}
			}
			return true
		})
	}
	walk(request.ProtoReflect(), "")
	slices.Sort(paths)
	return paths
}

// takenOnTrust are ids that a method keeps as given: the contract says that they are not looked up.
var takenOnTrust = []string{
	"SickLeaveService.CreateCertificate certificate.care_episode_id",
	"SickLeaveService.CreateScreening screening.care_episode_id",
	"SickLeaveService.CreateWorkAbilityAssessment work_ability_assessment.care_episode_id",
	"SickLeaveService.CreateReturnToWorkPlan return_to_work_plan.care_episode_id",
	// The care plan's service has no staff registry: who is named there as the one to talk to the patient is not looked up. What
	// falls to somebody who does not work at the unit is found in the unit's list, and escalates.
	"CarePlanService.CreateCarePlan care_plan.care_manager_id",
	"CarePlanService.UpdateCarePlan care_plan.care_manager_id",
	"CarePlanService.ReviseCarePlan content.care_manager_id",
	"CarePlanService.RescheduleContact practitioner_id",
	// Who owns nothing has nothing handed over.
	"FollowUpService.ReassignAllFollowUps from_practitioner_id",
}

// An id beside the one that access is measured by opens nothing either: what is named by it and belongs to another patient, unit
// or provider is answered as one that does not exist.
func TestForeignIDsOpenNothing(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		beside, near, far := w.newStage(w.own), w.newStage(w.other), w.newStage(w.foreign)
		for _, m := range w.byPeople() {
			if m.caller() == identity.RoleOperator {
				continue // whose are all
			}
			t.Run(m.short(), func(t *testing.T) {
				for _, field := range m.ids(beside.sample(m)) {
					opensNothing(t, m, field, w, map[string]*stage{
						"of another patient of the unit": beside, "of another unit": near, "of another provider": far})
				}
			})
		}
	})
}

func opensNothing(t *testing.T, m *method, field string, w *world, others map[string]*stage) {
	if slices.Contains(takenOnTrust, m.short()+" "+field) {
		return
	}
	st := w.prepared(t, m)
	absent := askFor(t, st, m, st.sample(m), field, uuid.NewString())
	if m.writes() && absent.status == codes.OK {
		t.Errorf("%s takes a %s that does not exist", m.short(), field)
		return
	}
	for name, foreign := range others {
		id := foreign.things[lastOf(field)]
		if id == "" || id == st.things[lastOf(field)] || sharedWithin(field) && foreign.place.ProviderID == st.place.ProviderID {
			continue
		}
		require.Equal(t, absent, askFor(t, st, m, st.sample(m), field, id), "%s: %s %s", m.short(), field, name)
	}
}

// sharedWithin tells that the id is of something that a whole care provider shares.
func sharedWithin(field string) bool {
	name := lastOf(field)
	return strings.HasSuffix(name, "practitioner_id") ||
		slices.Contains([]string{"care_provider_id", "care_manager_id", "employer_id", "contact_person_id"}, name)
}
