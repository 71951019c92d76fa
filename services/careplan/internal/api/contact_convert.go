package api

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// contactFrom reads what a request may say of a new contact.
func contactFrom(asked *careplanv1.Contact, tx *act.Tx) careplan.Contact {
	c := careplan.Contact{
		ID: tx.NewID(), PatientID: asked.GetPatientId(), EpisodeID: asked.GetCareEpisodeId(), PlannedContactID: asked.GetPlannedContactId(),
		Channel: channelFrom(asked.GetChannel()), ScheduledTime: timeFrom(asked.GetScheduledTime()), Practitioner: asked.GetPractitionerId(),
		Result: resultFrom(asked.GetResult(), tx),
	}
	if asked.GetKind() != careplanv1.Contact_KIND_UNSPECIFIED {
		c.Kind = careplan.ContactKind(asked.GetKind().String())
	}
	if c.Practitioner == "" {
		c.Practitioner = tx.Caller.PractitionerID
	}
	return c
}

func resultFrom(asked *careplanv1.ContactResult, tx *act.Tx) *careplan.Result {
	if asked == nil {
		return nil
	}
	result := &careplan.Result{
		HeldTime: timeFrom(asked.GetHeldTime()), Minutes: int(asked.GetMinutes()), Summary: asked.GetSummary(),
		SideEffectsNoted: asked.GetSideEffectsNoted(), RecordedBy: tx.Caller.PractitionerID,
	}
	if m := asked.GetMedication(); m != nil {
		result.Medication = &careplan.Medication{Adherence: m.GetAdherence().String(), Note: m.GetNote()}
	}
	return result
}

func contactTo(c careplan.Contact) *careplanv1.Contact {
	told := &careplanv1.Contact{
		ContactId: c.ID, PatientId: c.PatientID, CareEpisodeId: c.EpisodeID, PlannedContactId: c.PlannedContactID,
		Kind:            careplanv1.Contact_Kind(careplanv1.Contact_Kind_value[string(c.Kind)]),
		Channel:         channelTo(c.Channel),
		State:           careplanv1.Contact_State(careplanv1.Contact_State_value[string(c.State)]),
		ScheduledTime:   timeTo(c.ScheduledTime),
		PractitionerId:  c.Practitioner,
		UnansweredTries: int32(c.UnansweredTries),
		LastTryTime:     timeTo(c.LastTryTime),
		CancelReason:    careplanv1.Contact_CancelReason(careplanv1.Contact_CancelReason_value[string(c.CancelReason)]),
		Reschedules:     int32(c.Reschedules),
		ErrorMark:       markTo(c.ErrorMark),
		Etag:            page.Etag(c.Revision),
		CreateTime:      timeTo(c.CreateTime),
		UpdateTime:      timeTo(c.UpdateTime),
	}
	if r := c.Result; r != nil {
		told.Result = &careplanv1.ContactResult{
			HeldTime: timeTo(r.HeldTime), Minutes: int32(r.Minutes), Summary: r.Summary, SideEffectsNoted: r.SideEffectsNoted,
			RecordedByPractitionerId: r.RecordedBy,
		}
		if m := r.Medication; m != nil {
			told.Result.Medication = &careplanv1.MedicationFollowUp{
				Adherence: careplanv1.MedicationFollowUp_Adherence(careplanv1.MedicationFollowUp_Adherence_value[m.Adherence]), Note: m.Note,
			}
		}
	}
	return told
}

func channelFrom(c careplanv1.Contact_Channel) careplan.Channel {
	if c == careplanv1.Contact_CHANNEL_UNSPECIFIED {
		return ""
	}
	return careplan.Channel(c.String())
}

func channelTo(c careplan.Channel) careplanv1.Contact_Channel {
	return careplanv1.Contact_Channel(careplanv1.Contact_Channel_value[string(c)])
}

// timeFrom reads an instant in whole microseconds; none is the zero time.
func timeFrom(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime().Truncate(time.Microsecond)
}

func timeTo(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func markTo(m *careplan.ErrorMark) *careplanv1.ErrorMark {
	if m == nil {
		return nil
	}
	return &careplanv1.ErrorMark{Reason: m.Reason, PractitionerId: m.Practitioner, MarkTime: timeTo(m.Time)}
}
