// Package snapshot makes what the event log tells: coded fields alone, no name, number, diagnosis or text.
package snapshot

import (
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/services/patient/internal/patient"
)

// CareProvider tells of a care provider.
func CareProvider(kind string, p patient.CareProvider) act.Event {
	return act.Event{
		Type: kind, ResourceID: p.ID, Revision: p.Revision, Place: access.Place{ProviderID: p.ID},
		Snapshot: &patientv1.CareProviderSnapshot{CareProviderId: p.ID},
	}
}

// CareUnit tells of a care unit.
func CareUnit(kind string, u patient.CareUnit) act.Event {
	return act.Event{
		Type: kind, ResourceID: u.ID, Revision: u.Revision, Place: access.Place{ProviderID: u.ProviderID, UnitID: u.ID},
		Snapshot: &patientv1.CareUnitSnapshot{CareUnitId: u.ID, CareProviderId: u.ProviderID},
	}
}

// Practitioner tells of a member of staff, who belongs to the whole care provider.
func Practitioner(kind string, p patient.Practitioner) act.Event {
	told := &patientv1.PractitionerSnapshot{PractitionerId: p.ID}
	for _, e := range p.Employments {
		told.Employments = append(told.Employments, &patientv1.EmploymentSnapshot{
			CareUnitId: e.UnitID, Roles: Roles(e.Roles), StartDate: e.Start.String(), EndDate: e.End.String(), Locum: e.Locum,
		})
	}
	return act.Event{Type: kind, ResourceID: p.ID, Revision: p.Revision, Place: access.Place{ProviderID: p.ProviderID}, Snapshot: told}
}

// Patient tells of a patient record.
func Patient(kind string, p patient.Patient) act.Event {
	return act.Event{
		Type: kind, ResourceID: p.ID, Revision: p.Revision, PatientID: p.ID, Place: access.Place{ProviderID: p.ProviderID, UnitID: p.UnitID},
		Snapshot: &patientv1.PatientSnapshot{
			PatientId: p.ID, CareProviderId: p.ProviderID, CareUnitId: p.UnitID,
			State:             patientv1.Patient_State(patientv1.Patient_State_value[string(p.State)]),
			ProtectedIdentity: p.ProtectedIdentity, MergedIntoPatientId: p.MergedInto,
		},
	}
}

// Episode tells of an episode, at the place where the patient belongs.
func Episode(kind string, e patient.Episode, place access.Place) act.Event {
	told := &patientv1.CareEpisodeSnapshot{
		CareEpisodeId: e.ID, State: patientv1.CareEpisode_State(patientv1.CareEpisode_State_value[string(e.State)]),
		StartDate: e.Start.String(), CloseDate: e.Close.String(),
		Severity:        patientv1.CareEpisode_Severity(patientv1.CareEpisode_Severity_value[e.Severity]),
		SickLeaveNeeded: e.SickLeaveNeeded,
	}
	for _, r := range e.Referrals {
		told.Referrals = append(told.Referrals, &patientv1.ReferralSnapshot{
			ReferralId: r.ID, Role: Role(r.Role), State: patientv1.Referral_State(patientv1.Referral_State_value[string(r.State)]),
			PractitionerId: r.PractitionerID, DueDate: r.Due.String(),
		})
	}
	for _, m := range e.Team {
		told.Team = append(told.Team, &patientv1.TeamMemberSnapshot{
			PractitionerId: m.PractitionerID, Role: Role(m.Role), StartDate: m.Start.String(), EndDate: m.End.String(),
		})
	}
	return act.Event{Type: kind, ResourceID: e.ID, Revision: e.Revision, PatientID: e.PatientID, Place: place, Snapshot: told}
}

// Consent tells of a consent, at the place where the patient belongs. Revision is that of all the patient's consents together.
func Consent(kind string, c patient.Consent, revision int64, place access.Place) act.Event {
	return act.Event{
		Type: kind, ResourceID: c.ID, Revision: c.Revision, PatientID: c.PatientID, Place: place,
		Snapshot: &patientv1.ConsentSnapshot{
			ConsentId: c.ID, Kind: ConsentKind(c.Kind),
			State:     patientv1.Consent_State(patientv1.Consent_State_value[string(c.State)]),
			StartDate: c.Start.String(), EndDate: c.End.String(),
			ReceiverKind: ReceiverKind(c.Receiver.Kind), ReceiverId: c.Receiver.ID, ItemTypes: Items(c.Items), ConsentsRevision: int32(revision),
		},
	}
}

// ConsentKind is the contract's value of a kind of consent.
func ConsentKind(kind patient.ConsentKind) patientv1.Consent_Kind {
	return patientv1.Consent_Kind(patientv1.Consent_Kind_value[string(kind)])
}

// ReceiverKind is the contract's value of a kind of receiver.
func ReceiverKind(kind patient.ReceiverKind) patientv1.Consent_ReceiverKind {
	return patientv1.Consent_ReceiverKind(patientv1.Consent_ReceiverKind_value[string(kind)])
}

// Item is the contract's value of an item of information.
func Item(item patient.Item) patientv1.Consent_ItemType {
	return patientv1.Consent_ItemType(patientv1.Consent_ItemType_value[string(item)])
}

// Items are the contract's values of items.
func Items(items []patient.Item) []patientv1.Consent_ItemType {
	var values []patientv1.Consent_ItemType
	for _, item := range items {
		values = append(values, Item(item))
	}
	return values
}

// Role is the contract's value of a role.
func Role(role patient.Role) accessv1.Role { return access.ProtoRole(identity.Role(role)) }

// Roles are the contract's values of roles.
func Roles(roles []patient.Role) []accessv1.Role {
	values := make([]accessv1.Role, len(roles))
	for i, role := range roles {
		values[i] = Role(role)
	}
	return values
}
