package api

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/snapshot"
)

func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// day reads a civil day that has been checked on the way in; no day for the empty text.
func day(text string) date.Day {
	parsed, err := date.Parse(text)
	if err != nil {
		return 0
	}
	return parsed
}

func roleOf(role accessv1.Role) patient.Role {
	if role == accessv1.Role_ROLE_UNSPECIFIED {
		return ""
	}
	return patient.Role(access.RoleOf(role))
}

// nameOf is a value of an enum as the domain spells it; "" for the unspecified one.
func nameOf[E interface {
	~int32
	String() string
}](e E) string {
	if e == 0 {
		return ""
	}
	return e.String()
}

func providerProto(p patient.CareProvider) *patientv1.CareProvider {
	return &patientv1.CareProvider{
		CareProviderId: p.ID, DisplayName: p.Name, HsaId: p.HSAID, Etag: page.Etag(p.Revision), CreateTime: stamp(p.Created), UpdateTime: stamp(p.Updated),
	}
}

func unitProto(u patient.CareUnit) *patientv1.CareUnit {
	return &patientv1.CareUnit{
		CareUnitId: u.ID, CareProviderId: u.ProviderID, DisplayName: u.Name, HsaId: u.HSAID, PhoneNumber: u.Phone,
		Etag: page.Etag(u.Revision), CreateTime: stamp(u.Created), UpdateTime: stamp(u.Updated),
	}
}

func practitionerProto(p patient.Practitioner) *patientv1.Practitioner {
	answer := &patientv1.Practitioner{
		PractitionerId: p.ID, CareProviderId: p.ProviderID, GivenName: p.GivenName, FamilyName: p.FamilyName, HsaId: p.HSAID, PhoneNumber: p.Phone,
		Etag: page.Etag(p.Revision), CreateTime: stamp(p.Created), UpdateTime: stamp(p.Updated),
	}
	for _, e := range p.Employments {
		answer.Employments = append(answer.Employments, &patientv1.Practitioner_Employment{
			CareUnitId: e.UnitID, Roles: snapshot.Roles(e.Roles), StartDate: e.Start.String(), EndDate: e.End.String(), Locum: e.Locum,
		})
	}
	return answer
}

func employmentsOf(given []*patientv1.Practitioner_Employment) []patient.Employment {
	employments := make([]patient.Employment, len(given))
	for i, e := range given {
		employments[i] = patient.Employment{UnitID: e.GetCareUnitId(), Start: day(e.GetStartDate()), End: day(e.GetEndDate()), Locum: e.GetLocum()}
		for _, role := range e.GetRoles() {
			employments[i].Roles = append(employments[i].Roles, roleOf(role))
		}
	}
	return employments
}

func patientProto(p patient.Patient) *patientv1.Patient {
	answer := &patientv1.Patient{
		PatientId: p.ID, CareUnitId: p.UnitID, CareProviderId: p.ProviderID,
		IdentityNumber: &patientv1.IdentityNumber{
			Kind: patientv1.IdentityNumber_Kind(patientv1.IdentityNumber_Kind_value[string(p.Number.Kind)]), Value: p.Number.Value,
		},
		GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.Number.BirthDate().String(),
		PhoneNumber: p.Phone, ContactWish: p.ContactWish, ProtectedIdentity: p.ProtectedIdentity,
		State:               patientv1.Patient_State(patientv1.Patient_State_value[string(p.State)]),
		MergedIntoPatientId: p.MergedInto, RegisteredInError: markProto(p.Error),
		Etag: page.Etag(p.Revision), CreateTime: stamp(p.Created), UpdateTime: stamp(p.Updated),
	}
	for _, job := range p.Employments {
		answer.Employments = append(answer.Employments, &patientv1.Patient_Employment{
			EmployerName: job.Employer, OrganisationNumber: job.OrganisationNumber, ExtentPercent: int32(job.ExtentPercent),
			Occupation: job.Occupation, StartDate: job.Start.String(), EndDate: job.End.String(),
		})
	}
	return answer
}

// nameProto is what a list shows of who a patient is: of a protected identity nothing but that it is one.
func nameProto(p patient.Patient) *patientv1.PatientName {
	if p.ProtectedIdentity {
		return &patientv1.PatientName{PatientId: p.ID, ProtectedIdentity: true}
	}
	return &patientv1.PatientName{PatientId: p.ID, GivenName: p.GivenName, FamilyName: p.FamilyName, BirthDate: p.Number.BirthDate().String()}
}

func jobsOf(given []*patientv1.Patient_Employment) []patient.Job {
	jobs := make([]patient.Job, len(given))
	for i, e := range given {
		jobs[i] = patient.Job{
			Employer: e.GetEmployerName(), OrganisationNumber: e.GetOrganisationNumber(), ExtentPercent: int(e.GetExtentPercent()),
			Occupation: e.GetOccupation(), Start: day(e.GetStartDate()), End: day(e.GetEndDate()),
		}
	}
	return jobs
}

func markProto(m *patient.ErrorMark) *patientv1.RegisteredInError {
	if m == nil {
		return nil
	}
	return &patientv1.RegisteredInError{Reason: m.Reason, PractitionerId: m.PractitionerID, MarkTime: stamp(m.Time)}
}

func episodeProto(e patient.Episode) *patientv1.CareEpisode {
	answer := &patientv1.CareEpisode{
		CareEpisodeId: e.ID, PatientId: e.PatientID, CareUnitId: e.UnitID,
		DiagnosisCode: string(e.Diagnosis), DiagnosisReason: e.DiagnosisReason,
		Severity:        patientv1.CareEpisode_Severity(patientv1.CareEpisode_Severity_value[e.Severity]),
		SickLeaveNeeded: e.SickLeaveNeeded, Preventive: e.Preventive, AssessmentNote: e.Note,
		State:     patientv1.CareEpisode_State(patientv1.CareEpisode_State_value[string(e.State)]),
		StartDate: e.Start.String(), CloseDate: e.Close.String(),
		Outcome: patientv1.CareEpisode_Outcome(patientv1.CareEpisode_Outcome_value[e.Outcome]), OutcomeNote: e.OutcomeNote,
		RegisteredInError: markProto(e.Error), Etag: page.Etag(e.Revision), CreateTime: stamp(e.Created), UpdateTime: stamp(e.Updated),
	}
	for _, r := range e.Referrals {
		answer.Referrals = append(answer.Referrals, &patientv1.Referral{
			ReferralId: r.ID, Role: snapshot.Role(r.Role), PractitionerId: r.PractitionerID, DueDate: r.Due.String(), Note: r.Note,
			State:                patientv1.Referral_State(patientv1.Referral_State_value[string(r.State)]),
			AnswerPractitionerId: r.AnsweredBy, AnswerReason: r.AnswerReason, AnswerTime: stamp(r.Answered),
		})
	}
	for _, m := range e.Team {
		answer.Team = append(answer.Team, &patientv1.TeamMember{
			PractitionerId: m.PractitionerID, Role: snapshot.Role(m.Role), StartDate: m.Start.String(), EndDate: m.End.String(),
		})
	}
	return answer
}

func consentProto(c patient.Consent) *patientv1.Consent {
	return &patientv1.Consent{
		ConsentId: c.ID, PatientId: c.PatientID,
		Kind: snapshot.ConsentKind(c.Kind), ReceiverKind: snapshot.ReceiverKind(c.Receiver.Kind), ReceiverId: c.Receiver.ID,
		ItemTypes: snapshot.Items(c.Items), State: patientv1.Consent_State(patientv1.Consent_State_value[string(c.State)]),
		StartDate: c.Start.String(), EndDate: c.End.String(), Form: patientv1.Consent_Form(patientv1.Consent_Form_value[c.Form]),
		Note: c.Note, PractitionerId: c.PractitionerID, EndTime: stamp(c.EndTime), WithdrawalNote: c.WithdrawalNote,
		WithdrawnByPractitionerId: c.WithdrawnBy,
		RegisteredInError:         markProto(c.Error), Granted: c.Yes,
		Etag: page.Etag(c.Revision), CreateTime: stamp(c.Created), UpdateTime: stamp(c.Updated),
	}
}
