package worker

import (
	"fmt"
	"strings"
	"time"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
	"google.golang.org/protobuf/proto"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
	"github.com/coworkcare/coworkcare/services/followup/internal/store"
)

// OnEvent handles an event of any source. Types that do not decide what is due are passed over.
func (w *Worker) OnEvent(tx *act.Tx, e *eventv1.Event) error {
	resource, _, _ := strings.Cut(e.GetType(), ".")
	snapshot := snapshotOf(resource)
	if snapshot == nil {
		return nil
	}
	if err := e.GetSnapshot().UnmarshalTo(snapshot); err != nil {
		return fmt.Errorf("reading the snapshot of %s: %w", e.GetType(), err)
	}
	if p, ok := snapshot.(*patientv1.PractitionerSnapshot); ok {
		return w.store.SeePractitioner(tx.Tx, p.GetPractitionerId(), int64(e.GetRevision()), employments(p))
	}
	if e.GetPatientId() == "" {
		return nil
	}
	file, err := w.store.OpenFile(tx.Tx, e.GetPatientId(), placeOf(e))
	if err != nil {
		return err
	}
	file.Heard = placeOf(e)
	if err := enter(file.File, told(e), snapshot); err != nil {
		return fmt.Errorf("entering %s: %w", e.GetType(), err)
	}
	if err := w.store.SaveFile(tx.Tx, file); err != nil {
		return err
	}
	return w.settle(tx, file)
}

// snapshotOf is an empty snapshot of a resource that decides what is due; nil for any other.
func snapshotOf(resource string) proto.Message {
	switch resource {
	case "practitioner":
		return &patientv1.PractitionerSnapshot{}
	case "patient":
		return &patientv1.PatientSnapshot{}
	case "care_episode":
		return &patientv1.CareEpisodeSnapshot{}
	case "consent":
		return &patientv1.ConsentSnapshot{}
	case "care_plan":
		return &careplanv1.CarePlanSnapshot{}
	case "contact":
		return &careplanv1.ContactSnapshot{}
	case "safety_flag":
		return &careplanv1.SafetyFlagSnapshot{}
	case "recommendation":
		return &careplanv1.RecommendationSnapshot{}
	case "brief":
		return &careplanv1.BriefSnapshot{}
	case "note":
		return &careplanv1.NoteSnapshot{}
	case "reading":
		return &careplanv1.ReadingSnapshot{}
	case "certificate":
		return &sickleavev1.CertificateSnapshot{}
	case "sick_leave":
		return &sickleavev1.SickLeaveSnapshot{}
	case "screening":
		return &sickleavev1.ScreeningSnapshot{}
	case "return_to_work_plan":
		return &sickleavev1.ReturnToWorkPlanSnapshot{}
	case "dialogue_meeting":
		return &employerdialoguev1.DialogueMeetingSnapshot{}
	case "agreement":
		return &employerdialoguev1.AgreementSnapshot{}
	default:
		return nil
	}
}

func placeOf(e *eventv1.Event) followup.Place {
	return followup.Place{ProviderID: e.GetCareProviderId(), UnitID: e.GetCareUnitId()}
}

func told(e *eventv1.Event) followup.Told {
	return followup.Told{
		ID: e.GetResourceId(), Revision: int64(e.GetRevision()), By: e.GetActor().GetPractitionerId(),
		Time: sqldb.FromMicros(e.GetEventTime().AsTime().UnixMicro()),
	}
}

// enter enters a snapshot in a patient's file.
func enter(file *followup.File, told followup.Told, snapshot proto.Message) error {
	r := &reader{}
	switch s := snapshot.(type) {
	case *patientv1.PatientSnapshot:
		told.ID = s.GetPatientId()
		file.SeePatient(followup.Patient{
			Told: told, Place: followup.Place{ProviderID: s.GetCareProviderId(), UnitID: s.GetCareUnitId()},
			Ended: s.GetState() == patientv1.Patient_MERGED || s.GetState() == patientv1.Patient_REGISTERED_IN_ERROR,
		})
	case *patientv1.CareEpisodeSnapshot:
		told.ID = s.GetCareEpisodeId()
		file.SeeEpisode(r.episode(told, s))
	case *patientv1.ConsentSnapshot:
		told.ID = s.GetConsentId()
		r.consent(file, told, s)
	case *careplanv1.CarePlanSnapshot:
		told.ID = s.GetCarePlanId()
		file.SeePlan(r.plan(told, s))
	case *careplanv1.ContactSnapshot:
		told.ID = s.GetContactId()
		file.SeeContact(followup.Contact{
			Told: told, EpisodeID: s.GetCareEpisodeId(), PlannedID: s.GetPlannedContactId(), First: s.GetKind() == careplanv1.Contact_FIRST,
			State: followup.ContactState(s.GetState().String()), Scheduled: instant(s.GetScheduledTime().AsTime(), s.GetScheduledTime() != nil),
			Tries: int(s.GetUnansweredTries()), PractitionerID: s.GetPractitionerId(),
		})
	case *careplanv1.SafetyFlagSnapshot:
		told.ID = s.GetSafetyFlagId()
		raised := told.Time
		if s.GetRaiseTime() != nil {
			raised = instant(s.GetRaiseTime().AsTime(), true)
		}
		told.By = s.GetAssessedByPractitionerId()
		file.SeeFlag(followup.Flag{
			Told: told, EpisodeID: s.GetCareEpisodeId(), Urgent: s.GetLevel() == careplanv1.SafetyFlag_URGENT,
			State: followup.FlagState(s.GetState().String()), Raised: raised,
		})
	case *sickleavev1.CertificateSnapshot:
		told.ID = s.GetCertificateId()
		file.SeeCertificate(r.certificate(told, s))
	default:
		r.more(file, told, snapshot)
	}
	return r.err
}

// reader reads the days of a snapshot; the first that is none is its error.
type reader struct{ err error }

func (r *reader) day(text string) date.Day {
	if text == "" {
		return 0
	}
	day, err := date.Parse(text)
	if err != nil && r.err == nil {
		r.err = err
	}
	return day
}

func instant(t time.Time, present bool) time.Time {
	if !present {
		return time.Time{}
	}
	return sqldb.FromMicros(t.UnixMicro())
}

func role(r accessv1.Role) followup.Role { return followup.Role(access.RoleOf(r)) }

func (r *reader) episode(told followup.Told, s *patientv1.CareEpisodeSnapshot) followup.Episode {
	e := followup.Episode{
		Told: told, State: followup.EpisodeState(s.GetState().String()), Severe: s.GetSeverity() == patientv1.CareEpisode_SEVERE,
	}
	for _, referral := range s.GetReferrals() {
		e.Referrals = append(e.Referrals, followup.Referral{
			ID: referral.GetReferralId(), Role: role(referral.GetRole()), State: followup.ReferralState(referral.GetState().String()),
			PractitionerID: referral.GetPractitionerId(), Due: r.day(referral.GetDueDate()),
		})
	}
	for _, member := range s.GetTeam() {
		e.Team = append(e.Team, followup.Member{
			PractitionerID: member.GetPractitionerId(), Role: role(member.GetRole()), Start: r.day(member.GetStartDate()), End: r.day(member.GetEndDate()),
		})
	}
	return e
}

func (r *reader) plan(told followup.Told, s *careplanv1.CarePlanSnapshot) followup.Plan {
	p := followup.Plan{
		Told: told, EpisodeID: s.GetCareEpisodeId(), State: followup.PlanState(s.GetState().String()),
		CareManagerID: s.GetCareManagerId(), Contacts: map[string]followup.Planned{},
	}
	for _, planned := range s.GetPlannedContacts() {
		p.Contacts[planned.GetPlannedContactId()] = followup.Planned{
			Day: r.day(planned.GetPlannedDate()), State: followup.PlannedState(planned.GetState().String()),
		}
	}
	return p
}

func (r *reader) certificate(told followup.Told, s *sickleavev1.CertificateSnapshot) followup.Certificate {
	c := followup.Certificate{
		Told: told, EpisodeID: s.GetCareEpisodeId(), State: followup.CertificateState(s.GetState().String()),
		Replaces: s.GetReplacesCertificateId(),
	}
	for _, period := range s.GetPeriods() {
		c.Last = max(c.Last, r.day(period.GetEndDate()))
	}
	return c
}

// employments are the places where a practitioner works, with the roles that can own follow-ups.
func employments(s *patientv1.PractitionerSnapshot) []store.Employment {
	r := &reader{}
	var found []store.Employment
	for _, e := range s.GetEmployments() {
		one := store.Employment{UnitID: e.GetCareUnitId(), Start: r.day(e.GetStartDate()), End: r.day(e.GetEndDate())}
		for _, held := range e.GetRoles() {
			one.Roles = append(one.Roles, role(held))
		}
		found = append(found, one)
	}
	return found
}
