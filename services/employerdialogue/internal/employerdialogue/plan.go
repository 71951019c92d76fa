package employerdialogue

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Origin is what a meeting is proposed with.
type Origin struct {
	ID, PatientID, EpisodeID, EmployerID, ContactPersonID string
	Purpose                                               Purpose
	Settings                                              Settings // of the unit, for a purpose that is not said
}

// Propose opens a meeting, led by who proposes it. It tells the employer nothing. Refused: ReasonCoordinationConsent.
func Propose(act Act, consents Consents, o Origin) (Meeting, error) {
	if err := consents.MustCoordinate(); err != nil {
		return Meeting{}, err
	}
	if o.Purpose == "" {
		o.Purpose = o.Settings.Whole().Purpose
	}
	return Meeting{
		ID: o.ID, PatientID: o.PatientID, EpisodeID: o.EpisodeID, EmployerID: o.EmployerID, ContactPersonID: o.ContactPersonID,
		ModeratorID: act.PractitionerID, State: Proposed, Purpose: o.Purpose, CreateTime: act.Now,
	}.Under(consents), nil
}

// Plan is what Prepare changes: nil and empty leave what is there.
type Plan struct {
	Preparation     *Preparation
	Agenda          []AgendaPoint
	Purpose         Purpose
	ContactPersonID string
}

// Prepare records what the patient wants said, and the agenda. Refused: a state that has begun or ended,
// ReasonCoordinationConsent, and pay, contract and dispute as points.
func (m Meeting) Prepare(act Act, consents Consents, p Plan) (Meeting, error) {
	if err := m.allows(VerbPrepare); err != nil {
		return m, err
	}
	if err := consents.MustCoordinate(); err != nil {
		return m, err
	}
	var wrong violations
	for i, point := range p.Agenda {
		field := fmt.Sprintf("agenda_points[%d]", i)
		switch {
		case slices.Contains([]Topic{TopicPay, TopicContract, TopicDispute}, point.Topic):
			wrong.add(field+".topic", ReasonAgendaTopic, "is no point of a dialogue meeting, which is not a negotiation")
		case point.Topic == "OTHER":
			wrong.required(field+".text", point.Text)
		}
	}
	if p.Preparation != nil && strings.TrimSpace(p.Preparation.OwnDescription+p.Preparation.Needs) == "" {
		wrong.required("preparation.own_description", "")
	}
	if err := wrong.err(); err != nil {
		return m, err
	}
	m = m.clone()
	if p.Preparation != nil {
		prepared := *p.Preparation
		prepared.Time = act.Now
		m.Preparation = &prepared
	}
	if len(p.Agenda) > 0 {
		m.Agenda = slices.Clone(p.Agenda)
	}
	if p.Purpose != "" {
		m.Purpose = p.Purpose
	}
	if p.ContactPersonID != "" {
		m.ContactPersonID = p.ContactPersonID
	}
	return m, nil
}

// recheckLimit is how far ahead a deferred meeting may be put, in days.
const recheckLimit = 366

// Defer lets a meeting wait. Authority holds who may say so for whom: a member of staff for the own role, anyone for the
// patient; roles are those the caller holds. It takes no consent.
func (m Meeting) Defer(act Act, roles []DeferredBy, d Deferral) (Meeting, error) {
	if err := m.allows(VerbDefer); err != nil {
		return m, err
	}
	if d.By != DeferredByPatient && !slices.Contains(roles, d.By) {
		return m, &Refusal{Class: Denied, Reason: ReasonRoleRequired, Text: fmt.Sprintf("to defer as %s takes that role", d.By)}
	}
	var wrong violations
	switch today := act.Today(); {
	case d.Recheck.IsZero():
		wrong.add("recheck_date", ReasonDateMissing, "a day to look at it again is needed")
	case d.Recheck <= today || d.Recheck.Sub(today) > recheckLimit:
		wrong.add("recheck_date", ReasonDateOutOfRange, "must be after today and within a year")
	}
	if d.Reason == DeferOther {
		wrong.required("note", d.Note)
	}
	if err := wrong.err(); err != nil {
		return m, err
	}
	m = m.callOff()
	d.PractitionerID, d.Time = act.PractitionerID, act.Now
	m.State, m.Deferral = Deferred, &d
	return m, nil
}

// Decline records that the patient does not want the meeting. It asks no reason and takes no consent.
func (m Meeting) Decline(note string) (Meeting, error) {
	if err := m.allows(VerbDecline); err != nil {
		return m, err
	}
	m = m.callOff()
	m.State, m.DeclineNote = Declined, note
	return m, nil
}

// Cancel calls a meeting off for good. It takes no consent.
func (m Meeting) Cancel(cause Cause, note string) (Meeting, error) {
	if err := m.allows(VerbCancel); err != nil {
		return m, err
	}
	if cause == CauseOther {
		var wrong violations
		wrong.required("note", note)
		if err := wrong.err(); err != nil {
			return m, err
		}
	}
	m = m.callOff()
	m.State, m.Cause, m.EndingNote = Cancelled, cause, note
	return m, nil
}

// NoShow records that somebody did not come, at the meeting's time or later.
func (m Meeting) NoShow(act Act, cause Cause, note string) (Meeting, error) {
	if err := m.allows(VerbNoShow); err != nil {
		return m, err
	}
	if act.Now.Before(m.Slot.Time) {
		return m, refused(ReasonMeetingNotDue, "the meeting's time has not come yet; reschedule, defer or cancel it instead")
	}
	m = m.callOff()
	m.State, m.Cause, m.EndingNote = NotHeld, cause, note
	return m, nil
}

// callOff takes a meeting out of the calendar: those invited hear of it by the next number of the invitation.
func (m Meeting) callOff() Meeting {
	m = m.clone()
	if m.State == Scheduled {
		m.Sequence++
	}
	m.Slot = Slot{}
	return m
}

// Resume takes a meeting up again: a paused one goes on, one deferred, declined or not held is to be scheduled anew.
func (m Meeting) Resume(consents Consents) (Meeting, error) {
	if err := m.allows(VerbResume); err != nil {
		return m, err
	}
	if err := consents.MustCoordinate(); err != nil {
		return m, err
	}
	if m.State == Paused {
		if m.took(EmployerThere) {
			if err := consents.MustCover(ItemContact); err != nil {
				return m, err
			}
		}
		m = m.clone()
		m.State = Ongoing
		return m, nil
	}
	m = m.clone()
	m.State, m.Slot, m.PlaceAgreement, m.Cause, m.EndingNote = Proposed, Slot{}, nil, "", ""
	return m, nil
}

// The frame of a meeting in minutes, and what can be booked at all.
const (
	frameLow   = 45
	frameHigh  = 60
	lengthLow  = 15
	lengthHigh = 240
)

// Booking is what Schedule and Reschedule ask for. AgreementForm is how the patient agreed to the place; empty: did not.
type Booking struct {
	Slot
	AgreementForm   string
	DeviationReason string
	Settings        Settings // of the unit, for what the booking does not say
}

// Schedule sets when and where. Refused: a time not ahead, no consent to contact with the employer, a place other than the
// centre without the patient's agreement, and a length outside of 45–60 minutes without a reason.
func (m Meeting) Schedule(act Act, consents Consents, b Booking) (Meeting, error) {
	if err := m.allows(VerbSchedule); err != nil {
		return m, err
	}
	return m.book(act, consents, b)
}

// Reschedule moves a scheduled meeting; refused as Schedule.
func (m Meeting) Reschedule(act Act, consents Consents, b Booking) (Meeting, error) {
	if err := m.allows(VerbReschedule); err != nil {
		return m, err
	}
	return m.book(act, consents, b)
}

func (m Meeting) book(act Act, consents Consents, b Booking) (Meeting, error) {
	if err := consents.MustCover(ItemContact); err != nil {
		return m, err
	}
	settings := b.Settings.Whole()
	if b.Length == 0 {
		b.Length = settings.Length
	}
	if b.Place == "" {
		b.Place = settings.Place
	}
	var wrong violations
	if !b.Time.After(act.Now) || b.Time.After(act.Now.Add(366*24*time.Hour)) {
		wrong.add("scheduled_time", ReasonTimeOutOfRange, "must be later than now and within a year")
	}
	if b.Length < lengthLow || b.Length > lengthHigh {
		wrong.add("length_minutes", ReasonLengthOutOfRange, fmt.Sprintf("must be %d–%d minutes", lengthLow, lengthHigh))
	}
	if err := wrong.err(); err != nil {
		return m, err
	}
	m = m.clone()
	switch {
	case b.Place == AtCentre:
		m.PlaceAgreement = nil
	case b.AgreementForm != "":
		m.PlaceAgreement = &PlaceAgreement{Place: b.Place, Form: b.AgreementForm, PractitionerID: act.PractitionerID, Time: act.Now}
	case m.PlaceAgreement == nil || m.PlaceAgreement.Place != b.Place:
		return m, placeNotAgreed(b.Place)
	}
	var departs []Code
	if b.Length < frameLow || b.Length > frameHigh {
		departs = append(departs, CodeLength)
	}
	if err := m.depart(departs, b.DeviationReason, act); err != nil {
		return m, err
	}
	if !m.Invited.Time.IsZero() {
		m.Sequence++
	}
	m.State, m.Slot, m.Invited = Scheduled, b.Slot, b.Slot
	return m, nil
}

func placeNotAgreed(place Place) error {
	return refused(ReasonPlaceAgreement, "the place %s takes the patient's recorded agreement; the health centre takes none", place)
}

// Inform marks that one person was informed in one form; again takes the place of the mark before. Telling the employer takes
// the patient's consent.
func (m Meeting) Inform(act Act, consents Consents, party Party, form Form, day date.Day) (Meeting, error) {
	if err := m.allows(VerbInform); err != nil {
		return m, err
	}
	must := consents.MustCoordinate
	if party == Employer {
		must = func() error { return consents.MustCover(ItemContact) }
	}
	if err := must(); err != nil {
		return m, err
	}
	if day.IsZero() {
		day = act.Today()
	}
	if day > act.Today() {
		var wrong violations
		wrong.add("inform_date", ReasonDateInFuture, "must not be after today")
		return m, wrong.err()
	}
	m = m.clone()
	m.Marks = slices.DeleteFunc(m.Marks, func(k Mark) bool { return k.Party == party && k.Form == form })
	m.Marks = append(m.Marks, Mark{Party: party, Form: form, Day: day, PractitionerID: act.PractitionerID})
	return m, nil
}
