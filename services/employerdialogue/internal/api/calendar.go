package api

import (
	"context"
	"time"

	ics "github.com/arran4/golang-ical"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"

	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
)

// InvitationDialogueMeeting gives the calendar file of a meeting. The employer's is released as everything that an employer sees.
func (s *Server) InvitationDialogueMeeting(ctx context.Context, r *employerdialoguev1.InvitationDialogueMeetingRequest) (*employerdialoguev1.MeetingInvitation, error) {
	row, err := s.meeting(ctx, r)
	if err != nil {
		return nil, err
	}
	m := row.Value
	recipient := employerdialogue.Party(nameOf(r.GetRecipient()))
	attendee := r.GetAttendeeEmail()
	if attendee == "" && recipient == employerdialogue.Employer && m.ContactPersonID != "" {
		person, err := s.Store.Person(s.read(ctx), m.EmployerID, m.ContactPersonID)
		if err != nil {
			return nil, absentPerson(err)
		}
		attendee = person.Email
	}
	var invitation employerdialogue.Invitation
	invite := func(consents employerdialogue.Consents) (err error) {
		if invitation, err = m.Invite(consents, recipient); err != nil {
			return err
		}
		if attendee == "" {
			return fault.Newf(codeOf(employerdialogue.Precondition), employerdialogue.ReasonAttendeeAddress,
				"there is no e-mail address to invite; give attendee_email, or enter the contact person's")
		}
		return nil
	}
	var consents employerdialogue.Consents
	if recipient == employerdialogue.Employer {
		consents, err = s.release(ctx, m.PatientID, m.EmployerID, formInvitation, func(c employerdialogue.Consents) (shown, withheld []employerdialogue.Item, err error) {
			err = invite(c)
			switch {
			case !c.Covers(employerdialogue.ItemContact): // what goes out, if anything, only calls off
				return nil, []employerdialogue.Item{employerdialogue.ItemContact}, err
			case err != nil:
				return nil, nil, err
			default:
				return []employerdialogue.Item{employerdialogue.ItemContact}, nil, nil
			}
		})
	} else {
		err = invite(consents)
	}
	if err != nil {
		return nil, refusal(err)
	}
	method := ics.MethodRequest
	if invitation.Cancels {
		method = ics.MethodCancel
	}
	return &employerdialoguev1.MeetingInvitation{
		DialogueMeetingId: m.ID, Recipient: r.GetRecipient(), Method: string(method), Sequence: int32(invitation.Sequence),
		Icalendar: calendarFile(invitation, method, r.GetOrganizerEmail(), attendee, s.Clock.Now()), ConsentsRevision: int32(consents.Revision),
	}, nil
}

// calendarFile writes an invitation as iTIP has it (RFC 5546): times in UTC, one event, the same UID for all that follows.
func calendarFile(invitation employerdialogue.Invitation, method ics.Method, organizer, attendee string, now time.Time) string {
	calendar := ics.NewCalendarFor("Co-Work-Care")
	calendar.SetMethod(method)
	event := calendar.AddEvent(invitation.UID)
	event.SetDtStampTime(now)
	event.SetSequence(invitation.Sequence)
	event.SetStartAt(invitation.Start)
	event.SetEndAt(invitation.End)
	if invitation.Summary != "" {
		event.SetSummary(invitation.Summary)
		event.SetLocation(invitation.Location)
	}
	event.SetOrganizer("mailto:" + organizer)
	event.SetClass(ics.ClassificationPrivate)
	if invitation.Cancels {
		event.SetStatus(ics.ObjectStatusCancelled)
		event.AddAttendee("mailto:" + attendee)
	} else {
		event.SetStatus(ics.ObjectStatusConfirmed)
		event.SetDescription(invitation.Description)
		event.AddAttendee("mailto:"+attendee, ics.ParticipationStatusNeedsAction, ics.WithRSVP(true))
	}
	return calendar.Serialize(ics.WithNewLineWindows)
}
