package whole_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// stage is a patient at a place with one of everything, ready to be called about.
type stage struct {
	*world
	place access.Place
	// things are the ids of what there is, by the name of the field that asks for one.
	things map[string]string
	// identities are the numbers of patients made here, latest last.
	identities []string
	calm       bool // answers to forms raise no flag, which would be kept even when the form is refused
	slots      int  // minutes that contacts were booked for
}

// setting is the order in which a stage is set: each method with who calls it.
var setting = []struct {
	method string
	role   identity.Role
}{
	{"PatientService.CreatePatient", identity.RoleGP},
	{"PatientService.StartCareEpisode", identity.RoleGP},
	{"PatientService.GrantConsent", identity.RoleGP},
	{"EmployerDialogueService.CreateEmployer", identity.RoleRehabilitationCoordinator},
	{"EmployerDialogueService.CreateContactPerson", identity.RoleRehabilitationCoordinator},
	{"EmployerDialogueService.CreateEmployerContact", identity.RoleRehabilitationCoordinator},
	{"EmployerDialogueService.ProposeDialogueMeeting", identity.RoleRehabilitationCoordinator},
	{"SickLeaveService.CreateCertificate", identity.RoleGP},
	{"SickLeaveService.CreateScreening", identity.RoleRehabilitationCoordinator},
	{"SickLeaveService.CreateWorkAbilityAssessment", identity.RoleRehabilitationCoordinator},
	{"SickLeaveService.CreateReturnToWorkPlan", identity.RoleRehabilitationCoordinator},
	{"CarePlanService.CreateContact", identity.RoleCareManager},
	{"CarePlanService.CreateCarePlan", identity.RoleCareManager},
	{"CarePlanService.CreateAssessment", identity.RoleCareManager},
	{"CarePlanService.CreateBrief", identity.RoleCareManager},
	{"CarePlanService.CreateNote", identity.RoleCareManager},
	{"CarePlanService.CreateRecommendation", identity.RoleCareManager},
	{"FollowUpService.CreateFollowUp", identity.RoleGP},
}

// newStage sets a stage at a place: what there is of the services named, of all when none is.
func (w *world) newStage(place access.Place, services ...string) *stage {
	w.t.Helper()
	st := w.emptyStage(place)
	for _, step := range setting {
		m := w.method(step.method)
		if m == nil || !m.served() || len(services) > 0 && !slices.Contains(services, m.service()) {
			continue
		}
		if step.method == "EmployerDialogueService.CreateEmployerContact" {
			st.consentToEmployer()
		}
		st.do(step.method, step.role)
		if step.method == "PatientService.StartCareEpisode" {
			w.settle()
		}
	}
	w.settle()
	return st
}

// emptyStage is a place with staff and no patient.
func (w *world) emptyStage(place access.Place) *stage {
	return &stage{world: w, place: place, things: map[string]string{
		"care_provider_id":      place.ProviderID,
		"care_unit_id":          place.UnitID,
		"practitioner_id":       w.staff[place][identity.RoleTherapist],
		"from_practitioner_id":  w.staff[place][identity.RoleGP],
		"owner_practitioner_id": w.staff[place][identity.RoleGP],
		"care_manager_id":       w.staff[place][identity.RoleCareManager],
	}}
}

// method is the method of a short name; nil when its service is not here.
func (s *system) method(short string) *method {
	for _, m := range s.methods() {
		if m.short() == short {
			return m
		}
	}
	return nil
}

// do calls a method with its sample as somebody of the place, and keeps the ids in the answer.
func (st *stage) do(short string, role identity.Role) proto.Message {
	st.t.Helper()
	m := st.method(short)
	require.NotNilf(st.t, m, "%s is not served", short)
	answer, err := st.call(st.as(role, st.place), m, st.sample(m))
	require.NoErrorf(st.t, err, "%s as %s: %s", short, role, detail(err))
	st.keep(answer)
	return answer
}

// send201 creates something over REST from an altered sample, and keeps the ids in the answer.
func (st *stage) send201(short string, role identity.Role, change func(body map[string]any)) {
	st.t.Helper()
	m := st.method(short)
	r := m.overREST(st.t, st.sample(m))
	change(r.body)
	got := st.send(r, st.token(role, st.place))
	require.Equal(st.t, http.StatusCreated, got.status, "%s", got.body)
	answer := newMessage(st.t, m.Output())
	unmarshal(st.t, got.body, answer)
	st.keep(answer)
}

// keep notes the ids of what an answer tells of.
func (st *stage) keep(answer proto.Message) {
	message := answer.ProtoReflect()
	own := snake(string(message.Descriptor().Name())) + "_id"
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		name := string(field.Name())
		switch {
		case field.Kind() == protoreflect.StringKind && !field.IsList() && (name == own || name == "safety_flag_id"):
			st.things[name] = value.String()
		case field.IsList() && name == "referrals" && value.List().Len() > 0:
			st.things["referral_id"] = referralTo(value.List(), caredFor)
		case field.IsList() && name == "steps" && value.List().Len() > 0:
			first := value.List().Get(0).Message()
			st.things["step_id"] = first.Get(first.Descriptor().Fields().ByName("step_id")).String()
		case field.IsList() && name == "planned_contacts" && value.List().Len() > 0:
			first := value.List().Get(0).Message()
			st.things["planned_contact_id"] = first.Get(first.Descriptor().Fields().ByName("planned_contact_id")).String()
		}
		return true
	})
}

// caredFor is the role whose referral is accepted and declined: ROLE_CARE_MANAGER.
const caredFor = 2

func referralTo(referrals protoreflect.List, role protoreflect.EnumNumber) string {
	for i := range referrals.Len() {
		referral := referrals.Get(i).Message()
		fields := referral.Descriptor().Fields()
		if referral.Get(fields.ByName("role")).Enum() == role {
			return referral.Get(fields.ByName("referral_id")).String()
		}
	}
	return ""
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

// caller is the role that samples of a method are sent by; empty when no person may call it.
func (m *method) caller() identity.Role {
	if role, ok := callers[m.short()]; ok {
		return role
	}
	if len(m.rule.GetRoles()) == 0 {
		return ""
	}
	return access.RoleOf(m.rule.GetRoles()[0])
}

// asCaller is a context of who may call a method at the stage.
func (st *stage) asCaller(m *method) context.Context { return st.as(m.caller(), st.place) }

// prepared sets a fresh stage for one call of a method, in the state that the method starts from. It holds what the patient
// service and the method's own keep: no request names anything of a third.
func (w *world) prepared(t testing.TB, m *method) *stage {
	t.Helper()
	st := w.newStage(w.own, "patient", m.service())
	if prepare := preparations[m.short()]; prepare != nil {
		prepare(st)
		w.settle()
	}
	return st
}
