package api

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/snapshot"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
)

func meetingOpen(err error) error {
	if errors.Is(err, store.ErrExists) {
		return fault.Exists(reason(employerdialoguev1.Reason_DIALOGUE_MEETING_OPEN), "a meeting with this employer is under way; go on with that one")
	}
	return refusal(err)
}

func absentMeeting(err error) error {
	return absent(err, employerdialoguev1.Reason_DIALOGUE_MEETING_NOT_FOUND, "the patient has no such meeting")
}

// tellMeeting tells the event of a change and answers with the meeting. What is missing before it rests on the consents that were
// read for the change; without any, on what has been heard of them.
func (s *Server) tellMeeting(tx *act.Tx, event string, r meetingRow, read *employerdialogue.Consents) (*employerdialoguev1.DialogueMeeting, error) {
	m := r.Value
	var missing []employerdialogue.Missing
	switch m.State {
	case employerdialogue.Proposed, employerdialogue.Deferred, employerdialogue.Scheduled:
		if read == nil {
			heard, err := store.HeardConsents(tx, m.PatientID, m.EmployerID, tx.Today())
			if err != nil {
				return nil, err
			}
			read = &heard
		}
		signs, _, err := s.signs(tx, tx.Place, m.PatientID, m.EpisodeID, m.EmployerID, *read)
		if err != nil {
			return nil, err
		}
		missing = m.Missing(signs, tx.Today())
	default:
	}
	return meetingTo(r), tx.Emit(act.Event{
		Type: event, ResourceID: m.ID, Revision: r.Revision, PatientID: m.PatientID, Snapshot: snapshot.Meeting(m, missing),
	})
}

// ProposeDialogueMeeting proposes a meeting.
func (s *Server) ProposeDialogueMeeting(ctx context.Context, r *employerdialoguev1.ProposeDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	consents, err := s.consents(ctx, r.GetPatientId(), r.GetEmployerId())
	if err != nil {
		return nil, err
	}
	learnt, err := s.learnEpisode(ctx, r.GetPatientId(), r.GetCareEpisodeId())
	if err != nil {
		return nil, err
	}
	return act.Do(ctx, s.Acts, r, func(tx *act.Tx) (*employerdialoguev1.DialogueMeeting, error) {
		by, err := actor(tx)
		if err != nil {
			return nil, err
		}
		if err := s.opens(tx, r.GetPatientId(), consents); err != nil {
			return nil, err
		}
		if err := s.parties(tx, r.GetEmployerId(), r.GetContactPersonId()); err != nil {
			return nil, err
		}
		if err := s.openEpisode(tx, r.GetPatientId(), r.GetCareEpisodeId(), learnt); err != nil {
			return nil, err
		}
		settings, err := s.Store.Settings(tx, tx.Place.UnitID)
		if err != nil {
			return nil, err
		}
		meeting, err := employerdialogue.Propose(by, consents, employerdialogue.Origin{
			ID: tx.NewID(), PatientID: r.GetPatientId(), EpisodeID: r.GetCareEpisodeId(), EmployerID: r.GetEmployerId(),
			ContactPersonID: r.GetContactPersonId(), Purpose: employerdialogue.Purpose(nameOf(r.GetPurpose())),
			Settings: settings.Settings,
		})
		if err != nil {
			return nil, refusal(err)
		}
		row, err := s.Store.Meetings().Insert(tx.Tx, meetingRow{
			Value: meeting, CareProviderID: tx.Place.ProviderID, CareUnitID: tx.Place.UnitID, UpdateTime: tx.Now,
		})
		if err != nil {
			return nil, meetingOpen(err)
		}
		return s.tellMeeting(tx, "dialogue_meeting.proposed", row, &consents)
	})
}

// GetDialogueMeeting reads a meeting.
func (s *Server) GetDialogueMeeting(ctx context.Context, r *employerdialoguev1.GetDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	row, err := s.meeting(ctx, r)
	if err != nil {
		return nil, err
	}
	return meetingTo(row), nil
}

// ListDialogueMeetings lists a patient's meetings.
func (s *Server) ListDialogueMeetings(ctx context.Context, r *employerdialoguev1.ListDialogueMeetingsRequest) (*employerdialoguev1.ListDialogueMeetingsResponse, error) {
	query := "ListDialogueMeetings " + r.GetPatientId()
	var filter store.Filter
	for _, state := range r.GetStates() {
		filter.States = append(filter.States, nameOf(state))
		query += " " + nameOf(state)
	}
	w, err := s.window(query, r.GetPageSize(), r.GetPageToken(), 2)
	if err != nil {
		return nil, err
	}
	rows, next, err := casePage(ctx, s, s.Store.Meetings(), w, access.PlaceFrom(ctx).ProviderID, r.GetPatientId(), filter,
		func(m employerdialogue.Meeting) (time.Time, string) { return m.CreateTime, m.ID })
	if err != nil {
		return nil, err
	}
	answer := &employerdialoguev1.ListDialogueMeetingsResponse{NextPageToken: next}
	for _, row := range rows {
		answer.DialogueMeetings = append(answer.DialogueMeetings, meetingTo(row))
	}
	return answer, nil
}

// which is a request that names a meeting.
type which interface {
	GetPatientId() string
	GetDialogueMeetingId() string
}

// write is one that changes it.
type write interface {
	proto.Message
	which
	GetEtag() string
}

func (s *Server) meeting(ctx context.Context, r which) (meetingRow, error) {
	row, err := s.Store.Meetings().Get(s.read(ctx), access.PlaceFrom(ctx).ProviderID, r.GetPatientId(), r.GetDialogueMeetingId())
	if err != nil {
		return row, absentMeeting(err)
	}
	return row, nil
}

// turn is what a transition of a meeting is given.
type turn struct {
	*act.Tx
	by       employerdialogue.Act
	consents employerdialogue.Consents // of this moment; only where asked for
	row      meetingRow
}

// change carries out one transition of a meeting: reads it for the write, compares the etag, lets the domain decide, stores
// what came of it and tells the event.
func (s *Server) change(ctx context.Context, r write, event string, transition func(turn) (employerdialogue.Meeting, error)) (*employerdialoguev1.DialogueMeeting, error) {
	return s.changeUnder(ctx, nil, r, event, transition)
}

func (s *Server) changeUnder(ctx context.Context, consents *employerdialogue.Consents, r write, event string,
	transition func(turn) (employerdialogue.Meeting, error),
) (*employerdialoguev1.DialogueMeeting, error) {
	return act.Do(ctx, s.Acts, r, func(tx *act.Tx) (*employerdialoguev1.DialogueMeeting, error) {
		by, err := actor(tx)
		if err != nil {
			return nil, err
		}
		row, err := s.Store.Meetings().Claim(tx.Tx, tx.Place.ProviderID, r.GetPatientId(), r.GetDialogueMeetingId())
		if err != nil {
			return nil, absentMeeting(err)
		}
		if err := tx.CheckEtag(r.GetEtag(), row.Revision); err != nil {
			return nil, err
		}
		next, err := transition(turn{Tx: tx, by: by, row: row})
		if err != nil {
			return nil, refusal(err)
		}
		row.Value, row.UpdateTime = next, tx.Now
		if row, err = s.Store.Meetings().Update(tx.Tx, row); err != nil {
			return nil, meetingOpen(err)
		}
		return s.tellMeeting(tx, event, row, consents)
	})
}

// changeWithConsents is change for what takes the patient's consent: it is read right before.
func (s *Server) changeWithConsents(ctx context.Context, r write, event string, transition func(turn) (employerdialogue.Meeting, error)) (*employerdialoguev1.DialogueMeeting, error) {
	before, err := s.meeting(ctx, r)
	if err != nil {
		return nil, err
	}
	consents, err := s.consents(ctx, r.GetPatientId(), before.Value.EmployerID)
	if err != nil {
		return nil, err
	}
	return s.changeUnder(ctx, &consents, r, event, func(t turn) (employerdialogue.Meeting, error) {
		if err := s.current(t.Tx, r.GetPatientId(), consents); err != nil {
			return employerdialogue.Meeting{}, err
		}
		t.consents = consents
		next, err := transition(t)
		if err != nil {
			return next, err
		}
		return next.Under(consents), nil
	})
}

// PrepareDialogueMeeting records what the patient has prepared, and the agenda.
func (s *Server) PrepareDialogueMeeting(ctx context.Context, r *employerdialoguev1.PrepareDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.changeWithConsents(ctx, r, "dialogue_meeting.prepared", func(t turn) (employerdialogue.Meeting, error) {
		if err := s.parties(t.Tx, t.row.Value.EmployerID, r.GetContactPersonId()); err != nil {
			return employerdialogue.Meeting{}, err
		}
		return t.row.Value.Prepare(t.by, t.consents, employerdialogue.Plan{
			Preparation: preparationOf(r.GetPreparation()), Agenda: agendaOf(r.GetAgendaPoints()),
			Purpose: employerdialogue.Purpose(nameOf(r.GetPurpose())), ContactPersonID: r.GetContactPersonId(),
		})
	})
}

// DeferDialogueMeeting lets a meeting wait.
func (s *Server) DeferDialogueMeeting(ctx context.Context, r *employerdialoguev1.DeferDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.change(ctx, r, "dialogue_meeting.deferred", func(t turn) (employerdialogue.Meeting, error) {
		return t.row.Value.Defer(t.by, deferrers(t.Tx), employerdialogue.Deferral{
			By: employerdialogue.DeferredBy(nameOf(r.GetBy())), Reason: employerdialogue.DeferReason(nameOf(r.GetReason())), Note: r.GetNote(),
			Recheck: dayOf(r.GetRecheckDate()),
		})
	})
}

// deferrers are the roles that the caller may defer as.
func deferrers(tx *act.Tx) []employerdialogue.DeferredBy {
	var roles []employerdialogue.DeferredBy
	for _, held := range tx.Caller.RolesAt(tx.Place.ProviderID, tx.Place.UnitID) {
		switch held {
		case "gp":
			roles = append(roles, employerdialogue.DeferredBy(nameOf(employerdialoguev1.Deferral_GENERAL_PRACTITIONER)))
		case "care_manager":
			roles = append(roles, employerdialogue.DeferredBy(nameOf(employerdialoguev1.Deferral_CARE_MANAGER)))
		case "rehabilitation_coordinator":
			roles = append(roles, employerdialogue.DeferredBy(nameOf(employerdialoguev1.Deferral_REHABILITATION_COORDINATOR)))
		default:
		}
	}
	return roles
}

// DeclineDialogueMeeting records that the patient does not want it.
func (s *Server) DeclineDialogueMeeting(ctx context.Context, r *employerdialoguev1.DeclineDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.change(ctx, r, "dialogue_meeting.declined", func(t turn) (employerdialogue.Meeting, error) {
		return t.row.Value.Decline(r.GetNote())
	})
}

// ResumeDialogueMeeting takes a meeting up again.
func (s *Server) ResumeDialogueMeeting(ctx context.Context, r *employerdialoguev1.ResumeDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	before, err := s.meeting(ctx, r)
	if err != nil {
		return nil, err
	}
	var learnt *patientv1.CareEpisode
	if learnt, err = s.learnEpisode(ctx, r.GetPatientId(), before.Value.EpisodeID); err != nil {
		return nil, err
	}
	return s.changeWithConsents(ctx, r, "dialogue_meeting.resumed", func(t turn) (employerdialogue.Meeting, error) {
		if err := s.opens(t.Tx, r.GetPatientId(), t.consents); err != nil {
			return t.row.Value, err
		}
		next, err := t.row.Value.Resume(t.consents)
		if err != nil {
			return next, err
		}
		return next, s.openEpisode(t.Tx, r.GetPatientId(), next.EpisodeID, learnt)
	})
}

// ScheduleDialogueMeeting sets when and where.
func (s *Server) ScheduleDialogueMeeting(ctx context.Context, r *employerdialoguev1.ScheduleDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.changeWithConsents(ctx, r, "dialogue_meeting.scheduled", func(t turn) (employerdialogue.Meeting, error) {
		booking, err := s.booking(t, r)
		if err != nil {
			return t.row.Value, err
		}
		return t.row.Value.Schedule(t.by, t.consents, booking)
	})
}

// RescheduleDialogueMeeting moves a meeting.
func (s *Server) RescheduleDialogueMeeting(ctx context.Context, r *employerdialoguev1.RescheduleDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.changeWithConsents(ctx, r, "dialogue_meeting.rescheduled", func(t turn) (employerdialogue.Meeting, error) {
		booking, err := s.booking(t, r)
		if err != nil {
			return t.row.Value, err
		}
		return t.row.Value.Reschedule(t.by, t.consents, booking)
	})
}

// books is a request to schedule or to reschedule.
type books interface {
	GetScheduledTime() *timestamppb.Timestamp
	GetLengthMinutes() int32
	GetPlace() employerdialoguev1.DialogueMeeting_Place
	GetPlaceAgreementForm() employerdialoguev1.PlaceAgreement_Form
	GetDeviationReason() string
}

func (s *Server) booking(t turn, r books) (employerdialogue.Booking, error) {
	settings, err := s.Store.Settings(t, t.Place.UnitID)
	return employerdialogue.Booking{
		Settings: settings.Settings,
		Slot: employerdialogue.Slot{
			Time: timeOf(r.GetScheduledTime()), Length: int(r.GetLengthMinutes()), Place: employerdialogue.Place(nameOf(r.GetPlace())),
		},
		AgreementForm: nameOf(r.GetPlaceAgreementForm()), DeviationReason: r.GetDeviationReason(),
	}, err
}

// InformDialogueMeeting marks that somebody has been informed.
func (s *Server) InformDialogueMeeting(ctx context.Context, r *employerdialoguev1.InformDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.changeWithConsents(ctx, r, "dialogue_meeting.informed", func(t turn) (employerdialogue.Meeting, error) {
		return t.row.Value.Inform(t.by, t.consents, employerdialogue.Party(nameOf(r.GetParty())), employerdialogue.Form(nameOf(r.GetForm())), dayOf(r.GetInformDate()))
	})
}

// BeginDialogueMeeting begins a meeting.
func (s *Server) BeginDialogueMeeting(ctx context.Context, r *employerdialoguev1.BeginDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.changeWithConsents(ctx, r, "dialogue_meeting.begun", func(t turn) (employerdialogue.Meeting, error) {
		m := t.row.Value
		signs, _, err := s.signs(t.Tx, t.Place, m.PatientID, m.EpisodeID, m.EmployerID, t.consents)
		if err != nil {
			return m, err
		}
		return m.Begin(t.by, signs, participantsOf(r.GetParticipants()), r.GetDeviationReason())
	})
}

// RecordPerspective records how somebody sees the situation.
func (s *Server) RecordPerspective(ctx context.Context, r *employerdialoguev1.RecordPerspectiveRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.change(ctx, r, "dialogue_meeting.perspective_recorded", func(t turn) (employerdialogue.Meeting, error) {
		return t.row.Value.RecordPerspective(t.by, employerdialogue.Perspective{
			Speaker: employerdialogue.Party(nameOf(r.GetSpeaker())), Text: r.GetText(), Confirmed: r.GetConfirmed(),
		}, r.GetDeviationReason())
	})
}

// PauseDialogueMeeting interrupts a meeting at once.
func (s *Server) PauseDialogueMeeting(ctx context.Context, r *employerdialoguev1.PauseDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.change(ctx, r, "dialogue_meeting.paused", func(t turn) (employerdialogue.Meeting, error) { return t.row.Value.Pause() })
}

// EndDialogueMeeting ends a meeting at the patient's word, at once.
func (s *Server) EndDialogueMeeting(ctx context.Context, r *employerdialoguev1.EndDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.change(ctx, r, "dialogue_meeting.ended", func(t turn) (employerdialogue.Meeting, error) { return t.row.Value.End() })
}

// CancelDialogueMeeting calls a meeting off for good.
func (s *Server) CancelDialogueMeeting(ctx context.Context, r *employerdialoguev1.CancelDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.change(ctx, r, "dialogue_meeting.cancelled", func(t turn) (employerdialogue.Meeting, error) {
		return t.row.Value.Cancel(employerdialogue.Cause(nameOf(r.GetCause())), r.GetNote())
	})
}

// NoShowDialogueMeeting records that somebody did not come.
func (s *Server) NoShowDialogueMeeting(ctx context.Context, r *employerdialoguev1.NoShowDialogueMeetingRequest) (*employerdialoguev1.DialogueMeeting, error) {
	return s.change(ctx, r, "dialogue_meeting.not_held", func(t turn) (employerdialogue.Meeting, error) {
		return t.row.Value.NoShow(t.by, employerdialogue.Cause(nameOf(r.GetCause())), r.GetNote())
	})
}
