package whole_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// refusal is one request that breaks a rule of care, and what is to be answered.
type refusal struct {
	name   string
	method string
	// before brings the prepared stage further, into the state in which the request is wrong.
	before func(st *stage)
	role   identity.Role // in place of the method's usual caller
	// change puts the fault into the body.
	change func(body map[string]any)
	status int
	reason string
	field  string // of a violation; empty when none is due
	state  string // that the answer tells; empty when none is due
}

func set(path string, value any) func(map[string]any) {
	return func(body map[string]any) {
		keys := strings.Split(path, ".")
		for _, key := range keys[:len(keys)-1] {
			body, _ = body[key].(map[string]any)
		}
		body[keys[len(keys)-1]] = value
	}
}

func does(method string, role identity.Role) func(st *stage) {
	return func(st *stage) { st.do(method, role) }
}

func period(start, end string, degree int) map[string]any {
	return map[string]any{"startDate": start, "endDate": end, "degree": degree}
}

func answers(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = 0
	}
	return list
}

var manyCertificates = func() []any {
	list := make([]any, 1001)
	for i := range list {
		list[i] = map[string]any{"certificateId": fmt.Sprint("c", i), "periods": []any{period("2026-03-02", "2026-03-03", 100)}}
	}
	return list
}()

func certificate(change func(c map[string]any)) []any {
	c := map[string]any{"certificateId": "c1", "periods": []any{period("2026-03-02", "2026-03-15", 100)}}
	change(c)
	return []any{c}
}

const (
	sign     = "SickLeaveService.SignCertificate"
	drafting = "SickLeaveService.CreateCertificate"
	compute  = "SickLeaveService.ComputeSickLeaveCases"
	preview  = "CarePlanService.PreviewAssessment"
	register = "PatientService.CreatePatient"
	starting = "PatientService.StartCareEpisode"
	planning = "CarePlanService.CreateCarePlan"
	booking  = "CarePlanService.CreateContact"
	form     = "CarePlanService.CreateAssessment"
)

var refusals = []refusal{
	{name: "a certificate signed twice", method: sign, before: does(sign, identity.RoleGP), status: 409, reason: "CERTIFICATE_NOT_DRAFT", state: "SIGNED"},
	{name: "a signed certificate changed", method: "SickLeaveService.UpdateCertificate", before: does(sign, identity.RoleGP), status: 409, reason: "CERTIFICATE_NOT_DRAFT", state: "SIGNED"},
	{name: "a draft revoked", method: "SickLeaveService.RevokeCertificate", before: does(drafting, identity.RoleGP), status: 409, reason: "CERTIFICATE_NOT_SIGNED", state: "DRAFT"},
	{name: "a certificate in error signed", method: sign, before: does("SickLeaveService.RegisterCertificateInError", identity.RoleGP), status: 409, reason: "CERTIFICATE_REGISTERED_IN_ERROR", state: "REGISTERED_IN_ERROR"},
	{name: "signed by a care manager", method: sign, role: identity.RoleCareManager, status: 403, reason: "ROLE_REQUIRED"},
	{name: "a period that ends before it starts", method: drafting, change: set("periods", []any{period("2026-03-15", "2026-03-02", 100)}), status: 400, reason: "PERIOD_END_BEFORE_START", field: "certificate.periods[0].endDate"},
	{name: "overlapping periods", method: drafting, change: set("periods", []any{period("2026-03-02", "2026-03-15", 100), period("2026-03-15", "2026-03-20", 50)}), status: 400, reason: "PERIODS_OVERLAP", field: "certificate.periods[1]"},
	{name: "five periods", method: drafting, change: set("periods", []any{period("2026-03-02", "2026-03-02", 100), period("2026-03-03", "2026-03-03", 75), period("2026-03-04", "2026-03-04", 50), period("2026-03-05", "2026-03-05", 25), period("2026-03-06", "2026-03-06", 25)}), status: 400, reason: "TOO_MANY_PERIODS", field: "certificate.periods"},
	{name: "60 per cent", method: drafting, change: set("periods", []any{period("2026-03-02", "2026-03-15", 60)}), status: 400, reason: "DEGREE_NOT_ALLOWED", field: "certificate.periods[0].degree"},
	{name: "six years", method: drafting, change: set("periods", []any{period("2026-03-02", "2032-03-15", 100)}), status: 400, reason: "PERIOD_TOO_LONG", field: "certificate.periods[0]"},
	{name: "a bare category", method: drafting, change: set("diagnosisCodes", []any{"F43"}), status: 400, reason: "DIAGNOSIS_TOO_COARSE", field: "certificate.diagnosisCodes[0]"},
	{name: "no code at all", method: drafting, change: set("diagnosisCodes", []any{"utmattad"}), status: 400, reason: "DIAGNOSIS_NOT_ICD10SE", field: "certificate.diagnosisCodes[0]"},
	{name: "one diagnosis twice", method: drafting, change: set("diagnosisCodes", []any{"F43.8A", "f438a"}), status: 400, reason: "DIAGNOSIS_DUPLICATE", field: "certificate.diagnosisCodes[1]"},
	{name: "a certificate that replaces one that is not there", method: drafting, change: set("replacesCertificateId", "0190aaaa-0000-7000-8000-000000000001"), status: 400, reason: "RELATED_CERTIFICATE_NOT_SIGNED", field: "certificate.replacesCertificateId"},

	{name: "1,001 certificates", method: compute, change: set("certificates", manyCertificates), status: 400, reason: "TOO_MANY_CERTIFICATES", field: "certificates"},
	{name: "a negative gap", method: compute, change: set("maxGapDays", -1), status: 400, reason: "OUT_OF_RANGE", field: "maxGapDays"},
	{name: "a long gap", method: compute, change: set("maxGapDays", 91), status: 400, reason: "OUT_OF_RANGE", field: "maxGapDays"},
	{name: "an empty window", method: compute, change: set("window", map[string]any{"startDate": "2026-03-02", "days": 0}), status: 400, reason: "WINDOW_EMPTY", field: "window.days"},
	{name: "a day of another age", method: compute, change: set("certificates", certificate(set("periods", []any{period("1899-12-31", "1900-01-02", 100)}))), status: 400, field: "certificates[0].periods[0].startDate"},
	{name: "a period of ten years", method: compute, change: set("certificates", certificate(set("periods", []any{period("2020-01-01", "2029-12-31", 100)}))), status: 400, reason: "PERIOD_TOO_LONG", field: "certificates[0].periods[0]"},
	{name: "no period", method: compute, change: set("certificates", certificate(set("periods", []any{}))), status: 400, reason: "PERIOD_MISSING", field: "certificates[0].periods"},
	{name: "no id", method: compute, change: set("certificates", certificate(set("certificateId", ""))), status: 400, reason: "CERTIFICATE_ID_MISSING", field: "certificates[0].certificateId"},
	{name: "one id twice", method: compute, change: set("certificates", append(certificate(func(map[string]any) {}), certificate(func(map[string]any) {})...)), status: 400, reason: "CERTIFICATE_ID_DUPLICATE", field: "certificates[1].certificateId"},
	{name: "a certificate that replaces itself", method: compute, change: set("certificates", certificate(set("replacesCertificateId", "c1"))), status: 400, reason: "RELATION_TO_ITSELF", field: "certificates[0].replacesCertificateId"},

	{name: "too few answers", method: preview, change: set("answers", answers(8)), status: 400, reason: "WRONG_ITEM_COUNT", field: "answers"},
	{name: "an answer out of range", method: preview, change: set("answers", append(answers(8), 4)), status: 400, reason: "ITEM_OUT_OF_RANGE", field: "answers[8]"},
	{name: "no answer", method: preview, change: set("answers", append(answers(8), nil)), status: 400, reason: "MISSING_ITEM", field: "answers[8]"},
	{name: "half an answer", method: preview, change: set("answers", append(answers(8), 1.5)), status: 400, reason: "NOT_AN_INTEGER", field: "answers[8]"},
	{name: "a word for an answer", method: preview, change: set("answers", append(answers(8), "2")), status: 400, reason: "NOT_AN_INTEGER", field: "answers[8]"},
	{name: "an unknown instrument", method: preview, change: set("instrument", "PHQ-99"), status: 400, reason: "UNKNOWN_INSTRUMENT", field: "instrument"},

	{name: "a check digit that does not fit", method: register, change: set("identityNumber", map[string]any{"value": "191212121213"}), status: 400, reason: "IDENTITY_NUMBER_CHECK_DIGIT", field: "patient.identityNumber.value"},
	{name: "a day of birth that never was", method: register, change: set("identityNumber", map[string]any{"value": "19120230-1212"}), status: 400, reason: "IDENTITY_NUMBER_DATE", field: "patient.identityNumber.value"},
	{name: "a number of another kind", method: register, change: set("identityNumber", map[string]any{"kind": "SAMORDNINGSNUMMER", "value": "191212121212"}), status: 400, reason: "IDENTITY_NUMBER_KIND", field: "patient.identityNumber.value"},
	{name: "a number in words", method: register, change: set("identityNumber", map[string]any{"value": "tolv"}), status: 400, reason: "IDENTITY_NUMBER_FORM", field: "patient.identityNumber.value"},
	{name: "a patient without a name", method: register, change: set("familyName", ""), status: 400, reason: "FIELD_REQUIRED", field: "patient.familyName"},
	{name: "a patient whose number changes", method: "PatientService.UpdatePatient", change: set("identityNumber", map[string]any{"value": "191212121212"}), status: 400, field: "patient.identityNumber"},
	{name: "a second open episode", method: starting, before: does(starting, identity.RoleGP), status: 409, reason: "CARE_EPISODE_OPEN", state: "OPEN"},
	{name: "a diagnosis that needs a reason", method: starting, change: func(body map[string]any) { body["diagnosisCode"], body["diagnosisReason"] = "F20.0", "" }, status: 400, reason: "DIAGNOSIS_NEEDS_REASON", field: "diagnosisReason"},
	{name: "preventive, and in need of sick leave", method: starting, change: set("preventive", true), status: 400, reason: "PREVENTIVE_WITH_SICK_LEAVE", field: "preventive"},
	{name: "a referral to one role twice", method: starting, change: set("referrals", []any{map[string]any{"role": "ROLE_THERAPIST"}, map[string]any{"role": "ROLE_THERAPIST"}}), status: 400, reason: "ROLE_REPEATED", field: "referrals[1].role"},
	{name: "an episode closed twice", method: "PatientService.CloseCareEpisode", before: does("PatientService.CloseCareEpisode", identity.RoleGP), status: 409, reason: "CARE_EPISODE_CLOSED", state: "CLOSED"},
	{name: "a referral accepted twice", method: "PatientService.AcceptReferral", before: does("PatientService.AcceptReferral", identity.RoleCareManager), status: 409, reason: "REFERRAL_NOT_PENDING", state: "ACCEPTED"},
	{name: "a referral of another role accepted", method: "PatientService.AcceptReferral", role: identity.RoleNurse, status: 403, reason: "ROLE_REQUIRED"},
	{name: "a consent withdrawn twice", method: "PatientService.WithdrawConsent", before: does("PatientService.WithdrawConsent", identity.RoleGP), status: 409, reason: "CONSENT_NOT_GRANTED", state: "WITHDRAWN"},
	{name: "a patient with an open episode in error", method: "PatientService.RegisterPatientInError", before: does(starting, identity.RoleGP), status: 409, reason: "PATIENT_HAS_OPEN_EPISODE", state: "ACTIVE"},

	{name: "a plan without a goal activated", method: "CarePlanService.ActivateCarePlan", before: func(st *stage) {
		st.send201(planning, identity.RoleCareManager, set("goals", []any{}))
	}, status: 409, reason: "GOAL_MISSING", state: "DRAFT"},
	{name: "a plan activated twice", method: "CarePlanService.ActivateCarePlan", before: activated, status: 409, reason: "CARE_PLAN_NOT_DRAFT", state: "ACTIVE"},
	{name: "a draft revised", method: "CarePlanService.ReviseCarePlan", before: does(planning, identity.RoleCareManager), status: 409, reason: "CARE_PLAN_NOT_ACTIVE", state: "DRAFT"},
	{name: "weeks that go back", method: planning, change: set("schedule", map[string]any{"weeks": []any{4, 2}}), status: 400, reason: "SCHEDULE_INVALID", field: "carePlan.schedule.weeks"},
	{name: "a contact in the past", method: booking, change: set("scheduledTime", "2026-02-27T10:00:00Z"), status: 400, reason: "TIME_IN_PAST", field: "contact.scheduledTime"},
	{name: "a contact in another life", method: booking, change: set("scheduledTime", "2036-02-27T10:00:00Z"), status: 400, reason: "TIME_IN_FUTURE", field: "contact.scheduledTime"},
	{name: "a contact of nine hours", method: "CarePlanService.RecordContact", change: set("result", map[string]any{"minutes": 540}), status: 400, reason: "MINUTES_OUT_OF_RANGE", field: "result.minutes"},
	{name: "a cancelled contact recorded", method: "CarePlanService.RecordContact", before: does("CarePlanService.CancelContact", identity.RoleCareManager), status: 409, reason: "CONTACT_STATE", state: "CANCELLED"},
	{name: "a risk assessed twice", method: "CarePlanService.AssessSafetyFlag", before: does("CarePlanService.AssessSafetyFlag", identity.RoleGP), status: 409, reason: "SAFETY_FLAG_ASSESSED", state: "ASSESSED"},
	{name: "a risk assessed in three words", method: "CarePlanService.AssessSafetyFlag", change: set("text", "inget att säga"), status: 400, reason: "TEXT_TOO_SHORT", field: "text"},
	{name: "answered tomorrow", method: form, change: func(body map[string]any) { body["answerDate"], body["answers"] = "2026-03-03", answers(9) }, status: 400, reason: "DATE_OUT_OF_RANGE", field: "assessment.answerDate"},

	{name: "a follow-up done twice", method: "FollowUpService.CompleteFollowUp", before: does("FollowUpService.CompleteFollowUp", identity.RoleGP), status: 409, reason: "FOLLOW_UP_NOT_OPEN", state: "COMPLETED"},
	{name: "a follow-up put off to yesterday", method: "FollowUpService.SnoozeFollowUp", change: set("untilDate", "2026-03-01"), status: 400, reason: "DATE_TOO_EARLY", field: "untilDate"},
	{name: "a follow-up put off for two months", method: "FollowUpService.SnoozeFollowUp", change: set("untilDate", "2026-05-01"), status: 400, reason: "DATE_TOO_LATE", field: "untilDate"},
	{name: "a follow-up for a secretary", method: "FollowUpService.CreateFollowUp", change: set("ownerRole", "ROLE_MEDICAL_SECRETARY"), status: 400, reason: "ROLE_CANNOT_OWN", field: "followUp.ownerRole"},
	{name: "a follow-up of last year", method: "FollowUpService.CreateFollowUp", change: set("dueDate", "2025-03-02"), status: 400, reason: "DATE_TOO_EARLY", field: "followUp.dueDate"},
	{name: "a follow-up without a title", method: "FollowUpService.CreateFollowUp", change: set("title", ""), status: 400, reason: "FIELD_REQUIRED", field: "followUp.title"},
}

// What breaks a rule of care is refused with its reason, its field or its state, changes nothing, and reads the same on both engines.
func TestRefusals(t *testing.T) {
	said := map[string]string{}
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		for _, c := range refusals {
			t.Run(c.name, func(t *testing.T) {
				m := w.method(c.method)
				require.NotNil(t, m, "%s is not served", c.method)
				st := w.prepared(t, m)
				if c.before != nil {
					c.before(st)
				}
				r := m.overREST(t, st.sample(m))
				if c.change != nil {
					c.change(r.body)
				}
				role := c.role
				if role == "" {
					role = m.caller()
				}
				before := w.careData(t)
				got := w.send(r, st.token(role, st.place))
				p := checkProblem(t, c.method, got, c.status)
				require.Equal(t, before, w.careData(t), "%s changed something", c.method)
				if c.reason != "" && p.Reason != c.reason && !slices.ContainsFunc(p.Violations, func(v violation) bool { return v.Reason == c.reason && covers(v.Field, c.field) }) {
					t.Errorf("want %s: %s", c.reason, got.body)
				}
				if c.field != "" && !slices.ContainsFunc(namesOf(p.Violations), func(name string) bool { return covers(name, c.field) }) {
					t.Errorf("no violation names %s: %s", c.field, got.body)
				}
				if p.State != c.state {
					t.Errorf("the state told is %q, want %q: %s", p.State, c.state, got.body)
				}
				text := idPattern.ReplaceAllString(comparable(t, got.body), "<id>")
				if first, ok := said[c.name]; ok && first != text {
					t.Errorf("the engines answer differently:\n%s\n%s", first, text)
				}
				said[c.name] = text
			})
		}
	})
}

// The answer to the safety item is kept although the form is refused, once however often it is sent.
func TestSafetyIsKeptWhenTheFormIsRefused(t *testing.T) {
	faults := map[string]func(map[string]any){
		"an answer out of range": set("answers", []any{9, 0, 0, 0, 0, 0, 0, 0, 6}),
		"no answer":              set("answers", []any{nil, 0, 0, 0, 0, 0, 0, 0, 6}),
		"answered tomorrow": func(body map[string]any) {
			body["answers"], body["answerDate"] = []any{0, 0, 0, 0, 0, 0, 0, 0, 6}, "2026-03-03"
		},
		"answered on no day": func(body map[string]any) {
			body["answers"], body["answerDate"] = []any{0, 0, 0, 0, 0, 0, 0, 0, 6}, "2026-02-30"
		},
		"another total": func(body map[string]any) { body["answers"], body["totalScore"] = []any{0, 0, 0, 0, 0, 0, 0, 0, 6}, 40 },
		"an episode of nobody's": func(body map[string]any) {
			body["answers"], body["careEpisodeId"] = []any{0, 0, 0, 0, 0, 0, 0, 0, 6}, "0190aaaa-0000-7000-8000-000000000001"
		},
		"a contact that is no id": func(body map[string]any) {
			body["answers"], body["contactId"] = []any{0, 0, 0, 0, 0, 0, 0, 0, 6}, "none"
		},
	}
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		m := w.method(form)
		for name, fault := range faults {
			t.Run(name, func(t *testing.T) {
				st := w.prepared(t, m)
				before := w.careData(t)["careplan.safety_flag"]
				r := m.overREST(t, st.sample(m))
				fault(r.body)
				token := st.token(identity.RoleCareManager, st.place)
				for range 2 {
					got := w.send(r, token)
					require.Contains(t, []int{400, 404}, got.status, "%s", got.body)
					require.Equal(t, before+1, w.careData(t)["careplan.safety_flag"], "flags, after %s", got.body)
				}
			})
		}
	})
}
