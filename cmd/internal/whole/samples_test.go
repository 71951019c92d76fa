package whole_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// made gives the value of a field for a stage, as it stands in JSON; nil leaves the field out.
type made func(st *stage) any

func just(value any) made { return func(*stage) any { return value } }

func thing(name string) made {
	return func(st *stage) any {
		if id := st.things[name]; id != "" {
			return id
		}
		return nil
	}
}

var leftOut = just(nil)

func inDays(n int) made { return just(monday.AddDays(n).String()) }

// values say what a field takes where the contract's rules do not, by the field's name without `coworkcare.`.
var values = map[string]made{
	"patient.v1.IdentityNumber.kind": just("PERSONNUMMER"),
	"patient.v1.IdentityNumber.value": func(st *stage) any {
		st.identities = append(st.identities, st.personnummer())
		return st.identities[len(st.identities)-1]
	},
	"patient.v1.Patient.phone_number":  just(patientPhone),
	"patient.v1.CareUnit.phone_number": just("08-465 004 01"),
	"patient.v1.CareProvider.hsa_id":   func(st *stage) any { return st.hsaID() },
	"patient.v1.CareUnit.hsa_id":       func(st *stage) any { return st.hsaID() },

	"patient.v1.Practitioner.hsa_id":                       func(st *stage) any { return st.hsaID() },
	"patient.v1.Practitioner.phone_number":                 just("08-465 004 02"),
	"patient.v1.Practitioner.Employment.end_date":          leftOut,
	"patient.v1.Patient.Employment.extent_percent":         just(75),
	"patient.v1.Patient.Employment.end_date":               leftOut,
	"patient.v1.Patient.Employment.organisation_number":    just(employerNumber),
	"patient.v1.Referral.due_date":                         leftOut,
	"patient.v1.Referral.practitioner_id":                  leftOut,
	"patient.v1.Referral.role":                             just("ROLE_THERAPIST"),
	"patient.v1.StartCareEpisodeRequest.severity":          just("MODERATE"),
	"patient.v1.StartCareEpisodeRequest.start_date":        leftOut,
	"patient.v1.StartCareEpisodeRequest.sick_leave_needed": just(true),
	"patient.v1.AcceptReferralRequest.role":                just("ROLE_CARE_MANAGER"),
	"patient.v1.DeclineReferralRequest.role":               just("ROLE_CARE_MANAGER"),
	"patient.v1.AssignTeamRequest.role":                    just("ROLE_THERAPIST"),
	"patient.v1.GrantConsentRequest.end_date":              leftOut,
	"patient.v1.GrantConsentRequest.receiver_kind":         leftOut, // coordination has no receiver
	"patient.v1.GrantConsentRequest.item_types":            leftOut,
	"patient.v1.DeclineConsentRequest.receiver_kind":       leftOut,
	"patient.v1.CheckConsentRequest.kind":                  just("INFORMATION"),
	"patient.v1.CheckConsentRequest.receiver_kind":         just("SOCIAL_INSURANCE_AGENCY"),
	"patient.v1.ListConsentsRequest.receiver_kind":         leftOut,
	"patient.v1.ListConsentChecksRequest.kind":             leftOut,
	"patient.v1.ListConsentChecksRequest.receiver_kind":    leftOut,
	"patient.v1.ListPatientsRequest.state":                 just("ACTIVE"),

	"sickleave.v1.CertificatePeriod.end_date": inDays(13),
	"sickleave.v1.CertificatePeriod.degree":   just(100),
	"sickleave.v1.CertificatePrognosis.kind":  just("UNCLEAR"),
	"sickleave.v1.CertificateBasis.kind":      just("OTHER"),
	"sickleave.v1.DayWindow.days":             just(30),

	"sickleave.v1.ReturnToWorkStep.step_id":               leftOut,
	"sickleave.v1.ReturnToWorkStep.end_date":              inDays(13),
	"sickleave.v1.ReturnToWorkStep.degree":                just(50),
	"sickleave.v1.AnswerReturnToWorkPlanRequest.degrees":  leftOut,
	"sickleave.v1.StepBackReturnToWorkPlanRequest.degree": just(75),
	"sickleave.v1.StepBackReturnToWorkPlanRequest.days":   just(7),
	"sickleave.v1.ListCertificatesRequest.states":         just([]any{"DRAFT", "SIGNED"}),

	"sickleave.v1.ComputeSickLeaveCasesRequest.Certificate.certificate_id":             just("c1"),
	"sickleave.v1.ComputeSickLeaveCasesRequest.Certificate.replaces_certificate_id":    leftOut,
	"sickleave.v1.ComputeSickLeaveCasesRequest.Certificate.complements_certificate_id": leftOut,

	"followup.v1.FollowUp.owner_role":                           just("ROLE_GP"),
	"followup.v1.FollowUp.due_date":                             inDays(7),
	"followup.v1.SnoozeFollowUpRequest.until_date":              inDays(8),
	"followup.v1.ReassignFollowUpRequest.owner_role":            just("ROLE_CARE_MANAGER"),
	"followup.v1.ReassignFollowUpRequest.owner_practitioner_id": thing("care_manager_id"),
	"followup.v1.ReassignFollowUpRequest.due_date":              leftOut,
	"followup.v1.ReassignAllFollowUpsRequest.owner_role":        leftOut,
	"followup.v1.FollowUpPolicy.lapse_days":                     just(60),
	"followup.v1.WatchFollowUpsRequest.cursor":                  leftOut,
	"followup.v1.WatchFollowUpsRequest.wait_seconds":            leftOut,

	"careplan.v1.Assessment.instrument": just("MADRS-S"),
	"careplan.v1.Assessment.answers": func(st *stage) any {
		if st.calm {
			return []any{2, 2, 2, 2, 2, 2, 2, 2, 0}
		}
		return []any{2, 2, 2, 2, 2, 2, 2, 2, 3}
	},
	"careplan.v1.PreviewAssessmentRequest.instrument":      just("PHQ-9"),
	"careplan.v1.PreviewAssessmentRequest.answers":         just([]any{1, 1, 1, 1, 1, 1, 1, 1, 0}),
	"careplan.v1.GetInstrumentRequest.code":                just("PHQ-9"),
	"careplan.v1.ListAssessmentsRequest.instrument":        just("MADRS-S"),
	"careplan.v1.ContactSchedule.weeks":                    just([]any{1, 2, 4}),
	"careplan.v1.Contact.planned_contact_id":               leftOut,
	"careplan.v1.Contact.kind":                             just("FIRST"),
	"careplan.v1.Contact.scheduled_time":                   func(st *stage) any { st.slots++; return monday.AddDays(1).At(10, st.slots) },
	"careplan.v1.Contact.practitioner_id":                  leftOut,
	"careplan.v1.Contact.result":                           leftOut,
	"careplan.v1.ContactResult.minutes":                    just(30),
	"careplan.v1.RescheduleContactRequest.scheduled_time":  just(monday.AddDays(2).At(9, 0)),
	"careplan.v1.RescheduleContactRequest.practitioner_id": thing("care_manager_id"),
	"careplan.v1.Goal.goal_id":                             leftOut,
	"careplan.v1.Activity.activity_id":                     leftOut,
	"careplan.v1.Note.restricted":                          just(true),
	"careplan.v1.MandatoryReader.practitioner_id":          leftOut,
	"careplan.v1.AnswerRecommendationRequest.outcome":      just("CHANGED"),
	"careplan.v1.ConfirmReadRequest.picture_version":       just(1),

	"employerdialogue.v1.Employer.organisation_number":                     newOrganisationNumber,
	"employerdialogue.v1.Workplace.workplace_id":                           leftOut,
	"employerdialogue.v1.LookupEmployerRequest.organisation_number":        thing("organisation_number"),
	"employerdialogue.v1.ContactPerson.phone_number":                       just("08-465 004 03"),
	"employerdialogue.v1.ContactPerson.email":                              just("chef@example.se"),
	"employerdialogue.v1.DeferDialogueMeetingRequest.by":                   just("PATIENT"),
	"employerdialogue.v1.DeferDialogueMeetingRequest.recheck_date":         inDays(14),
	"employerdialogue.v1.ScheduleDialogueMeetingRequest.scheduled_time":    just(monday.AddDays(2).At(10, 0)),
	"employerdialogue.v1.RescheduleDialogueMeetingRequest.scheduled_time":  just(monday.AddDays(3).At(10, 0)),
	"employerdialogue.v1.NewAgreedAction.return_to_work_plan_id":           leftOut,
	"employerdialogue.v1.NewAgreedAction.step_start_date":                  leftOut,
	"employerdialogue.v1.NewAgreedAction.due_date":                         inDays(30),
	"employerdialogue.v1.DialogueSettings.default_length_minutes":          just(50),
	"employerdialogue.v1.InvitationDialogueMeetingRequest.organizer_email": just("vardcentralen@example.se"),
	"employerdialogue.v1.InvitationDialogueMeetingRequest.attendee_email":  just("patient@example.se"),

	"caseload.v1.ListCaseloadRequest.practitioner_id": leftOut,
	"caseload.v1.ListCaseloadRequest.meeting_state":   leftOut,
	"caseload.v1.ListTimelineRequest.practitioner_id": leftOut,
	"caseload.v1.WatchCaseloadRequest.cursor":         leftOut,

	"event.v1.ListEventsRequest.cursor":  leftOut,
	"event.v1.ListEventsRequest.sources": leftOut,
	"event.v1.ListEventsRequest.types":   leftOut,
}

// valuesOf are values that hold in the request of one method alone.
var valuesOf = map[string]map[string]made{
	"SickLeaveService.CreateReturnToWorkPlan": {"sickleave.v1.ReturnToWorkPlan.care_episode_id": func(*stage) any { return uuid.NewString() }},
	"PatientService.UpdateCareProvider":       {"patient.v1.CareProvider.hsa_id": leftOut},
	"PatientService.LookupPatient":            {"patient.v1.IdentityNumber.value": func(st *stage) any { return st.identities[0] }},
	"CarePlanService.UpdateCarePlan":          {"careplan.v1.CarePlan.care_episode_id": leftOut},
}

// callers are the roles that call where the first one that the rule names would not do.
var callers = map[string]identity.Role{
	"CarePlanService.OpenNote":      identity.RoleNurse, // the note is for GPs
	"FollowUpService.ClaimFollowUp": identity.RoleNurse, // who owns none yet
}

// preparations bring a stage into the state that a method starts from.
var preparations = map[string]func(st *stage){
	"PatientService.StartCareEpisode":       newPatient,
	"PatientService.RegisterPatientInError": newPatient,
	"PatientService.EndEmployment": func(st *stage) {
		st.things["practitioner_id"] = st.hire(st.place, identity.RoleNurse)
	},
	"SickLeaveService.RevokeCertificate":                 func(st *stage) { st.do("SickLeaveService.SignCertificate", identity.RoleGP) },
	"SickLeaveService.DraftCertificateExtension":         func(st *stage) { st.do("SickLeaveService.SignCertificate", identity.RoleGP) },
	"SickLeaveService.CheckInReturnToWorkPlan":           accepted,
	"SickLeaveService.HoldReturnToWorkPlan":              accepted,
	"SickLeaveService.StepBackReturnToWorkPlan":          accepted,
	"SickLeaveService.CompleteReturnToWorkPlan":          accepted,
	"CarePlanService.ReviseCarePlan":                     activated,
	"CarePlanService.CompleteCarePlan":                   activated,
	"EmployerDialogueService.ProposeDialogueMeeting":     cancelledDialogue,
	"EmployerDialogueService.AcknowledgeEmployerContact": dutyInformation,
	"EmployerDialogueService.ResumeDialogueMeeting": func(st *stage) {
		st.do("EmployerDialogueService.DeclineDialogueMeeting", identity.RoleRehabilitationCoordinator)
	},
	"EmployerDialogueService.RescheduleDialogueMeeting": scheduledDialogue,
	"EmployerDialogueService.InvitationDialogueMeeting": scheduledDialogue,
	"EmployerDialogueService.BeginDialogueMeeting":      scheduledDialogue,
	"EmployerDialogueService.NoShowDialogueMeeting":     dueDialogue,
	"EmployerDialogueService.RecordPerspective":         begunDialogue,
	"EmployerDialogueService.PauseDialogueMeeting":      begunDialogue,
	"EmployerDialogueService.EndDialogueMeeting":        begunDialogue,
	"EmployerDialogueService.ConcludeDialogueMeeting":   begunDialogue,
	"EmployerDialogueService.GetAgreement":              concludedDialogue,
	"EmployerDialogueService.AcknowledgeAgreement":      concludedDialogue,
	"EmployerDialogueService.EmployerViewAgreement":     concludedDialogue,
	"EmployerDialogueService.DoneAction":                concludedDialogue,
	"EmployerDialogueService.DropAction":                concludedDialogue,

	"EmployerDialogueService.RegisterDialogueMeetingInError": concludedDialogue,
	"EmployerDialogueService.RegisterAgreementInError":       concludedDialogue,
	"FollowUpService.ClaimFollowUp": func(st *stage) {
		st.send201("FollowUpService.CreateFollowUp", identity.RoleGP, func(body map[string]any) {
			body["ownerRole"] = "ROLE_NURSE"
			delete(body, "ownerPractitionerId")
		})
	},
	"CarePlanService.WriteBrief": func(st *stage) {
		st.do("CarePlanService.RequestBrief", identity.RoleRehabilitationCoordinator)
	},
}

func newPatient(st *stage) { st.do("PatientService.CreatePatient", identity.RoleGP) }

func accepted(st *stage) { st.do("SickLeaveService.AnswerReturnToWorkPlan", identity.RoleGP) }

func activated(st *stage) { st.do("CarePlanService.ActivateCarePlan", identity.RoleCareManager) }

// diagnosis is one that nobody else in these tests has.
const (
	diagnosis      = "F43.8A"
	patientPhone   = "070-1740605"
	employerNumber = "556677-8899"
)

// sample is a request of a method that is accepted at the stage, with a canary in every text and a request id where it takes one.
func (st *stage) sample(m *method) proto.Message {
	st.t.Helper()
	f := filler{stage: st, method: m}
	text, err := json.Marshal(f.message(m.Input()))
	require.NoError(st.t, err)
	request := newMessage(st.t, m.Input())
	require.NoErrorf(st.t, protojson.Unmarshal(text, request), "%s: %s", m.short(), text)
	return request
}

// filler fills the request of a method.
type filler struct {
	*stage
	method *method
}

func (f filler) message(message protoreflect.MessageDescriptor) map[string]any {
	object := map[string]any{}
	for i := range message.Fields().Len() {
		field := message.Fields().Get(i)
		if value := f.field(field); value != nil {
			object[field.JSONName()] = value
		}
	}
	return object
}

func (f filler) field(field protoreflect.FieldDescriptor) any {
	name := strings.TrimPrefix(string(field.FullName()), "coworkcare.")
	if value, ok := valuesOf[f.method.short()][name]; ok {
		return value(f.stage)
	}
	if has(field, annotations.FieldBehavior_OUTPUT_ONLY) && !f.named(field) {
		return nil
	}
	if has(field, annotations.FieldBehavior_IMMUTABLE) && f.updates() && !f.named(field) {
		return nil
	}
	if value, ok := values[name]; ok {
		return value(f.stage)
	}
	value := f.single(field)
	if value != nil && field.IsList() {
		return []any{value}
	}
	return value
}

// updates tells that the method changes a resource, of which what does not change is left out.
func (f filler) updates() bool { return f.method.Input().Fields().ByName("update_mask") != nil }

// named tells that the field is part of the name of what the method is called about.
func (f filler) named(field protoreflect.FieldDescriptor) bool {
	for _, path := range append(slices.Clone(f.method.inPath), f.method.scopeField()) {
		if resource, last, ok := strings.Cut(path, "."); ok && last == string(field.Name()) &&
			field.ContainingMessage() == f.method.Input().Fields().ByName(protoreflect.Name(resource)).Message() {
			return true
		}
	}
	return false
}

func has(field protoreflect.FieldDescriptor, behavior annotations.FieldBehavior) bool {
	behaviors, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behaviors, behavior)
}

// rules are what the contract says of a field's value.
func rules(field protoreflect.FieldDescriptor) *validate.FieldRules {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if rules.GetRepeated().GetItems() != nil {
		return rules.GetRepeated().GetItems()
	}
	return rules
}

func (f filler) single(field protoreflect.FieldDescriptor) any {
	name := string(field.Name())
	switch field.Kind() {
	case protoreflect.StringKind:
		return f.text(field, name)
	case protoreflect.EnumKind:
		if within := rules(field).GetEnum().GetIn(); len(within) > 0 {
			return within[0]
		}
		return string(field.Enum().Values().Get(1).Name())
	case protoreflect.MessageKind:
		switch field.Message().FullName() {
		case "google.protobuf.Timestamp":
			if has(field, annotations.FieldBehavior_REQUIRED) {
				return f.clock.Now()
			}
			return nil
		case "google.protobuf.FieldMask", "google.protobuf.Value", "google.protobuf.Duration", "google.protobuf.Any":
			return nil
		}
		return f.message(field.Message())
	default:
		return nil // numbers and flags: what the contract takes for left out
	}
}

func (f filler) text(field protoreflect.FieldDescriptor, name string) any {
	switch {
	case name == "request_id":
		return uuid.NewString()
	case name == "etag" || name == "page_token":
		return nil
	case strings.HasSuffix(name, "_date"):
		return monday.String()
	case strings.HasSuffix(name, "_id") || rules(field).GetString().GetUuid():
		return thing(name)(f.stage)
	case strings.HasPrefix(name, "diagnosis_code"):
		return diagnosis
	}
	return f.canary(field)
}

// canaryMark begins the part of every canary that is looked for: plain letters, whatever way a text is escaped.
const canaryMark = "zxkq"

// canary is a word that stands nowhere else and tells the field it was put in.
func (w *world) canary(field protoreflect.FieldDescriptor) string {
	name := string(field.FullName())
	if w.canaries[name] == "" {
		w.canaries[name] = fmt.Sprintf("Kanariefågel %s%03dq", canaryMark, len(w.canaries)+1)
	}
	return w.canaries[name]
}
