package worker

import (
	"slices"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
	"google.golang.org/protobuf/proto"

	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// more enters the snapshots of readings, of the sick leave as a whole and of the employer's half.
func (r *reader) more(file *followup.File, told followup.Told, snapshot proto.Message) {
	switch s := snapshot.(type) {
	case *careplanv1.RecommendationSnapshot:
		told.ID = s.GetRecommendationId()
		file.SeeRecommendation(followup.Recommendation{
			Told: told, EpisodeID: s.GetCareEpisodeId(), State: followup.RecommendationState(s.GetState().String()),
			AnsweredBy: s.GetAnsweredByPractitionerId(),
		})
	case *careplanv1.BriefSnapshot:
		told.ID = s.GetBriefId()
		file.SeeBrief(followup.Brief{
			Told: told, EpisodeID: s.GetCareEpisodeId(), State: followup.BriefState(s.GetState().String()),
			RequestedBy: s.GetRequestedByPractitionerId(), WrittenBy: s.GetWrittenByPractitionerId(),
		})
	case *careplanv1.NoteSnapshot:
		told.ID = s.GetNoteId()
		file.SeeNote(note(told, s))
	case *careplanv1.ReadingSnapshot:
		told.ID = s.GetReadingId()
		file.SeeReading(followup.Reading{Told: told, PractitionerID: s.GetPractitionerId()})
	case *sickleavev1.SickLeaveSnapshot:
		file.SeeSickLeave(r.sickLeave(told, s))
	case *sickleavev1.ScreeningSnapshot:
		told.ID = s.GetScreeningId()
		file.SeeScreening(followup.Screening{Told: told, Day: r.day(s.GetScreenDate()), Void: s.GetRegisteredInError()})
	case *sickleavev1.ReturnToWorkPlanSnapshot:
		told.ID = s.GetReturnToWorkPlanId()
		file.SeeReturnPlan(r.returnPlan(told, s))
	case *employerdialoguev1.DialogueMeetingSnapshot:
		told.ID = s.GetDialogueMeetingId()
		file.SeeMeeting(r.meeting(told, s))
	case *employerdialoguev1.AgreementSnapshot:
		told.ID = s.GetAgreementId()
		file.SeeAgreement(r.agreement(told, s))
	}
}

// consent enters what the patient has said to coordination, or to an employer being told of anything: who is told nothing is not
// contacted either.
func (r *reader) consent(file *followup.File, told followup.Told, s *patientv1.ConsentSnapshot) {
	switch {
	case s.GetKind() == patientv1.Consent_COORDINATION:
		file.SeeConsent(followup.Consent{
			Told: told, Granted: s.GetState() == patientv1.Consent_GRANTED, Start: r.day(s.GetStartDate()), End: r.day(s.GetEndDate()),
		})
	case s.GetKind() == patientv1.Consent_INFORMATION && s.GetReceiverKind() == patientv1.Consent_EMPLOYER:
		file.SeeEmployerConsent(followup.EmployerConsent{
			Told: told, Receiver: s.GetReceiverId(), Start: r.day(s.GetStartDate()), End: r.day(s.GetEndDate()),
			Granted:  s.GetState() == patientv1.Consent_GRANTED,
			Declined: s.GetState() == patientv1.Consent_DECLINED || s.GetState() == patientv1.Consent_WITHDRAWN,
		})
	}
}

func note(told followup.Told, s *careplanv1.NoteSnapshot) followup.Note {
	n := followup.Note{Told: told, EpisodeID: s.GetCareEpisodeId(), Void: s.GetRegisteredInError()}
	for _, one := range s.GetMandatoryReaders() {
		reader := followup.NoteReader{PractitionerID: one.GetPractitionerId()}
		if reader.PractitionerID == "" {
			reader.Role = role(one.GetRole())
		}
		if at := one.GetAcknowledgeTime(); at != nil {
			reader.Read, reader.ReadBy = instant(at.AsTime(), true), one.GetAcknowledgedByPractitionerId()
		}
		n.Readers = append(n.Readers, reader)
	}
	return n
}

func (r *reader) sickLeave(told followup.Told, s *sickleavev1.SickLeaveSnapshot) followup.SickLeave {
	leave := followup.SickLeave{Told: told}
	for _, one := range s.GetCases() {
		leave.Spells = append(leave.Spells, followup.Spell{Start: r.day(one.GetStartDate()), Last: r.day(one.GetEndDate())})
	}
	return leave
}

func (r *reader) returnPlan(told followup.Told, s *sickleavev1.ReturnToWorkPlanSnapshot) followup.ReturnPlan {
	p := followup.ReturnPlan{
		Told: told, EpisodeID: s.GetCareEpisodeId(), State: followup.ReturnPlanState(s.GetState().String()), Version: int(s.GetVersion()),
	}
	for _, step := range s.GetSteps() {
		p.Steps = append(p.Steps, followup.ReturnStep{
			ID: step.GetStepId(), Start: r.day(step.GetStartDate()), Last: r.day(step.GetEndDate()), Degree: int(step.GetDegree()),
		})
	}
	for _, one := range s.GetCheckIns() {
		p.CheckIns = append(p.CheckIns, followup.CheckIn{StepID: one.GetStepId(), Day: r.day(one.GetCheckInDate())})
	}
	return p
}

// information are the four marks of having informed patient and employer, by word of mouth and in writing.
func information() []employerdialoguev1.DialogueMeeting_Missing {
	return []employerdialoguev1.DialogueMeeting_Missing{
		employerdialoguev1.DialogueMeeting_PATIENT_ORAL_INFORMATION, employerdialoguev1.DialogueMeeting_PATIENT_WRITTEN_INFORMATION,
		employerdialoguev1.DialogueMeeting_EMPLOYER_ORAL_INFORMATION, employerdialoguev1.DialogueMeeting_EMPLOYER_WRITTEN_INFORMATION,
	}
}

func (r *reader) meeting(told followup.Told, s *employerdialoguev1.DialogueMeetingSnapshot) followup.Meeting {
	return followup.Meeting{
		Told: told, EpisodeID: s.GetCareEpisodeId(), State: followup.MeetingState(s.GetState().String()),
		Scheduled: instant(s.GetScheduledTime().AsTime(), s.GetScheduledTime() != nil), Recheck: r.day(s.GetRecheckDate()),
		Held: r.day(s.GetHeldDate()), Moderator: s.GetModeratorPractitionerId(), Void: s.GetRegisteredInError(),
		Uninformed: slices.ContainsFunc(s.GetMissing(), func(m employerdialoguev1.DialogueMeeting_Missing) bool {
			return slices.Contains(information(), m)
		}),
		Unprepared: slices.Contains(s.GetMissing(), employerdialoguev1.DialogueMeeting_PREPARATION),
	}
}

func (r *reader) agreement(told followup.Told, s *employerdialoguev1.AgreementSnapshot) followup.Agreement {
	a := followup.Agreement{Told: told, EpisodeID: s.GetCareEpisodeId(), MeetingID: s.GetDialogueMeetingId(), Void: s.GetRegisteredInError()}
	for _, one := range s.GetActions() {
		a.Actions = append(a.Actions, followup.Action{
			ID: one.GetActionId(), Party: followup.Party(one.GetOwnerParty().String()), Due: r.day(one.GetDueDate()), State: followup.ActionState(one.GetState().String()),
		})
	}
	return a
}
