package api

import (
	"slices"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"

	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

type meetingRow = store.Row[employerdialogue.Meeting]

func partyTo(p employerdialogue.Party) employerdialoguev1.Agreement_Party {
	return named[employerdialoguev1.Agreement_Party](employerdialoguev1.Agreement_Party_value, string(p))
}

func placeTo(p employerdialogue.Place) employerdialoguev1.DialogueMeeting_Place {
	return named[employerdialoguev1.DialogueMeeting_Place](employerdialoguev1.DialogueMeeting_Place_value, string(p))
}

func stateTo(s employerdialogue.State) employerdialoguev1.DialogueMeeting_State {
	return named[employerdialoguev1.DialogueMeeting_State](employerdialoguev1.DialogueMeeting_State_value, string(s))
}

func kindTo(k employerdialogue.Kind) employerdialoguev1.DialogueMeeting_Kind {
	return named[employerdialoguev1.DialogueMeeting_Kind](employerdialoguev1.DialogueMeeting_Kind_value, string(k))
}

func purposeTo(p employerdialogue.Purpose) employerdialoguev1.DialogueMeeting_Purpose {
	return named[employerdialoguev1.DialogueMeeting_Purpose](employerdialoguev1.DialogueMeeting_Purpose_value, string(p))
}

func participantsOf(participants []employerdialoguev1.DialogueMeeting_Participant) []employerdialogue.Participant {
	var read []employerdialogue.Participant
	for _, p := range participants {
		read = append(read, employerdialogue.Participant(nameOf(p)))
	}
	return read
}

func missingTo(missing []employerdialogue.Missing) []employerdialoguev1.DialogueMeeting_Missing {
	var told []employerdialoguev1.DialogueMeeting_Missing
	for _, m := range missing {
		told = append(told, named[employerdialoguev1.DialogueMeeting_Missing](employerdialoguev1.DialogueMeeting_Missing_value, string(m)))
	}
	return told
}

func preparationOf(p *employerdialoguev1.MeetingPreparation) *employerdialogue.Preparation {
	if p == nil {
		return nil
	}
	return &employerdialogue.Preparation{
		OwnDescription: p.GetOwnDescription(), Needs: p.GetNeeds(), WorkAbility: p.GetWorkAbility(), ContactWish: p.GetContactWish(),
		NotToBeSaid: p.GetNotToBeSaid(), OwnExpectation: p.GetOwnExpectation(),
	}
}

func agendaOf(points []*employerdialoguev1.AgendaPoint) []employerdialogue.AgendaPoint {
	var read []employerdialogue.AgendaPoint
	for _, p := range points {
		read = append(read, employerdialogue.AgendaPoint{Topic: employerdialogue.Topic(nameOf(p.GetTopic())), Text: p.GetText()})
	}
	return read
}

func markTo(m *employerdialogue.ErrorMark) *employerdialoguev1.ErrorMark {
	if m == nil {
		return nil
	}
	return &employerdialoguev1.ErrorMark{Reason: m.Reason, PractitionerId: m.PractitionerID, MarkTime: instant(m.Time)}
}

// meetingTo writes a meeting in whole.
func meetingTo(r meetingRow) *employerdialoguev1.DialogueMeeting {
	m := r.Value
	told := &employerdialoguev1.DialogueMeeting{
		DialogueMeetingId: m.ID, PatientId: m.PatientID, CareEpisodeId: m.EpisodeID, EmployerId: m.EmployerID, ContactPersonId: m.ContactPersonID,
		State: stateTo(m.State), Kind: kindTo(m.Kind), Purpose: purposeTo(m.Purpose), ModeratorPractitionerId: m.ModeratorID,
		ScheduledTime: instant(m.Slot.Time), LengthMinutes: int32(m.Slot.Length), Place: placeTo(m.Slot.Place),
		InvitationSequence: int32(m.Sequence), NoneReason: m.NoneReason, BeginTime: instant(m.BeginTime), ConcludeTime: instant(m.ConcludeTime),
		ActualLengthMinutes: int32(m.ActualLength), AgreementId: m.AgreementID,
		EndingCause: named[employerdialoguev1.MeetingEnding_Cause](employerdialoguev1.MeetingEnding_Cause_value, string(m.Cause)),
		EndingNote:  m.EndingNote, Etag: page.Etag(r.Revision), CreateTime: instant(m.CreateTime), UpdateTime: instant(r.UpdateTime),
	}
	told.ErrorMark = markTo(m.Error)
	if m.State == employerdialogue.Declined {
		told.EndingNote = m.DeclineNote
	}
	if a := m.PlaceAgreement; a != nil {
		told.PlaceAgreement = &employerdialoguev1.PlaceAgreement{
			Place: placeTo(a.Place), Form: named[employerdialoguev1.PlaceAgreement_Form](employerdialoguev1.PlaceAgreement_Form_value, a.Form),
			PractitionerId: a.PractitionerID, AgreeTime: instant(a.Time),
		}
	}
	if p := m.Preparation; p != nil {
		told.Preparation = &employerdialoguev1.MeetingPreparation{
			OwnDescription: p.OwnDescription, Needs: p.Needs, WorkAbility: p.WorkAbility, ContactWish: p.ContactWish, NotToBeSaid: p.NotToBeSaid,
			OwnExpectation: p.OwnExpectation, PrepareTime: instant(p.Time),
		}
	}
	for _, p := range m.Agenda {
		told.AgendaPoints = append(told.AgendaPoints, &employerdialoguev1.AgendaPoint{
			Topic: named[employerdialoguev1.AgendaPoint_Topic](employerdialoguev1.AgendaPoint_Topic_value, string(p.Topic)), Text: p.Text,
		})
	}
	for _, k := range m.Marks {
		told.InformationMarks = append(told.InformationMarks, &employerdialoguev1.InformationMark{
			Party: partyTo(k.Party), Form: named[employerdialoguev1.InformationMark_Form](employerdialoguev1.InformationMark_Form_value, string(k.Form)),
			InformDate: k.Day.String(), PractitionerId: k.PractitionerID,
		})
	}
	if d := m.Deferral; d != nil {
		told.Deferral = &employerdialoguev1.Deferral{
			By:     named[employerdialoguev1.Deferral_By](employerdialoguev1.Deferral_By_value, string(d.By)),
			Reason: named[employerdialoguev1.Deferral_Reason](employerdialoguev1.Deferral_Reason_value, string(d.Reason)),
			Note:   d.Note, RecheckDate: d.Recheck.String(), PractitionerId: d.PractitionerID, DeferTime: instant(d.Time),
		}
	}
	for _, p := range m.Participants {
		told.Participants = append(told.Participants, named[employerdialoguev1.DialogueMeeting_Participant](employerdialoguev1.DialogueMeeting_Participant_value, string(p)))
	}
	for _, p := range m.Perspectives {
		told.Perspectives = append(told.Perspectives, &employerdialoguev1.Perspective{
			Speaker: partyTo(p.Speaker), Text: p.Text, Confirmed: p.Confirmed, RecordTime: instant(p.Time),
		})
	}
	// The patient's stands first, whoever spoke first.
	slices.SortStableFunc(told.Perspectives, func(a, b *employerdialoguev1.Perspective) int { return int(a.GetSpeaker()) - int(b.GetSpeaker()) })
	for _, d := range m.Deviations {
		told.Deviations = append(told.Deviations, &employerdialoguev1.Deviation{
			Code:   named[employerdialoguev1.Deviation_Code](employerdialoguev1.Deviation_Code_value, string(d.Code)),
			Reason: d.Reason, PractitionerId: d.PractitionerID, DeviateTime: instant(d.Time),
		})
	}
	return told
}
