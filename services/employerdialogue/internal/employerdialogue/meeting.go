package employerdialogue

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// The named values of a meeting, all spelled as in the contract.
type (
	State       string
	Kind        string
	Purpose     string
	Place       string
	Participant string
	Party       string
	Form        string
	Cause       string
	Code        string
	Topic       string
	Missing     string
	Verb        string
	DeferredBy  string
	DeferReason string
)

// The states.
const (
	Proposed  State = "PROPOSED"
	Deferred  State = "DEFERRED"
	Declined  State = "DECLINED"
	Scheduled State = "SCHEDULED"
	Ongoing   State = "ONGOING"
	Paused    State = "PAUSED"
	Ended     State = "ENDED"
	Concluded State = "CONCLUDED"
	Cancelled State = "CANCELLED"
	NotHeld   State = "NOT_HELD"
)

// Open tells whether a meeting is under way: there is one at most with each employer of a patient.
func (s State) Open() bool {
	return slices.Contains([]State{Proposed, Deferred, Scheduled, Ongoing, Paused, Ended}, s)
}

// What a meeting is recorded as.
const (
	DialogueMeeting Kind = "DIALOGUE_MEETING"
	EmployerTalk    Kind = "EMPLOYER_TALK"
	PatientTalk     Kind = "PATIENT_TALK"
	UnmoderatedTalk Kind = "UNMODERATED_TALK"
)

// Purposes, places, participants, parties and forms.
const (
	PlanMaking Purpose = "PLAN_MAKING"
	IceBreaker Purpose = "ICE_BREAKER"

	AtCentre    Place = "CENTRE"
	AtWorkplace Place = "WORKPLACE"
	ByVideo     Place = "VIDEO"

	PatientThere   Participant = "PATIENT"
	EmployerThere  Participant = "EMPLOYER"
	ModeratorThere Participant = "MODERATOR"

	Patient  Party = "PATIENT"
	Employer Party = "EMPLOYER"
	Centre   Party = "CENTRE"

	Oral    Form = "ORAL"
	Written Form = "WRITTEN"

	DeferredByPatient DeferredBy  = "PATIENT"
	DeferOther        DeferReason = "OTHER"
	CauseOther        Cause       = "OTHER"
	CauseEpisode      Cause       = "CARE_EPISODE_CLOSED"
	CauseConsent      Cause       = "CONSENT_WITHDRAWN"
)

// Topics that no dialogue meeting has: it is not a negotiation.
const (
	TopicPay      Topic = "PAY"
	TopicContract Topic = "CONTRACT"
	TopicDispute  Topic = "DISPUTE"
)

// Where a meeting may depart from the model.
const (
	CodeEarlyTalk           Code = "EARLY_TALK_MISSING"
	CodeBrief               Code = "BRIEF_MISSING"
	CodePreparation         Code = "PREPARATION_MISSING"
	CodePatientOral         Code = "PATIENT_ORAL_INFORMATION_MISSING"
	CodePatientWritten      Code = "PATIENT_WRITTEN_INFORMATION_MISSING"
	CodeEmployerOral        Code = "EMPLOYER_ORAL_INFORMATION_MISSING"
	CodeEmployerWritten     Code = "EMPLOYER_WRITTEN_INFORMATION_MISSING"
	CodeLength              Code = "LENGTH_OUTSIDE_FRAME"
	CodeEmployerFirst       Code = "EMPLOYER_SPOKE_FIRST"
	CodePatientPerspective  Code = "PATIENT_PERSPECTIVE_MISSING"
	CodeEmployerPerspective Code = "EMPLOYER_PERSPECTIVE_MISSING"
	CodeNotConfirmed        Code = "PERSPECTIVE_NOT_CONFIRMED"
)

// Meeting is a dialogue meeting. Zero times and days are absent.
type Meeting struct {
	ID, PatientID, EpisodeID, EmployerID, ContactPersonID, ModeratorID string

	State   State
	Kind    Kind
	Purpose Purpose

	Slot           Slot            // when and where; zero until scheduled, and again when resumed
	PlaceAgreement *PlaceAgreement // nil when none was needed
	Consented      int             // the revision of the consents that its coordination rests on, as read last
	Invited        Slot            // the slot last invited to; zero when none ever was
	Sequence       int             // of the invitation: 0 at first, one more with each change

	Preparation  *Preparation
	Agenda       []AgendaPoint
	Marks        []Mark
	Deferral     *Deferral
	Participants []Participant
	Perspectives []Perspective // in the order recorded
	Deviations   []Deviation

	DeclineNote    string
	NoneReason     string
	EndedByPatient bool
	BeginTime      time.Time
	ConcludeTime   time.Time
	ActualLength   int // minutes
	AgreementID    string
	Cause          Cause
	EndingNote     string
	CreateTime     time.Time
	Error          *ErrorMark // nil unless it is registered in error
}

// Slot is when, how long (minutes) and where.
type Slot struct {
	Time   time.Time
	Length int
	Place  Place
}

// PlaceAgreement is the patient's agreement to a place other than the health centre.
type PlaceAgreement struct {
	Place          Place
	Form           string // ORAL, WRITTEN or DIGITAL
	PractitionerID string
	Time           time.Time
}

// Preparation is what the patient wants said. NotToBeSaid and OwnExpectation are for the team, never for the employer.
type Preparation struct {
	OwnDescription, Needs, WorkAbility, ContactWish, NotToBeSaid string
	OwnExpectation                                               string // of the return to work
	Time                                                         time.Time
}

// AgendaPoint is one point after the patient's own.
type AgendaPoint struct {
	Topic Topic
	Text  string
}

// Mark says that one person was informed in one form.
type Mark struct {
	Party          Party
	Form           Form
	Day            date.Day
	PractitionerID string
}

// Deferral says that a meeting waits until it is looked at again on Recheck.
type Deferral struct {
	By             DeferredBy
	Reason         DeferReason
	Note           string
	Recheck        date.Day
	PractitionerID string
	Time           time.Time
}

// Perspective is how one of the two sees the situation.
type Perspective struct {
	Speaker   Party
	Text      string
	Confirmed bool
	Time      time.Time
}

// Deviation says where the meeting departed from the model, and why.
type Deviation struct {
	Code           Code
	Reason         string
	PractitionerID string
	Time           time.Time
}

// Act is who does something, and when.
type Act struct {
	PractitionerID string
	Now            time.Time
}

// Today is the day of the act.
func (a Act) Today() date.Day { return date.Of(a.Now) }

// clone copies a meeting, so that a transition leaves the one it was called on as it was.
func (m Meeting) clone() Meeting {
	m.Agenda = slices.Clone(m.Agenda)
	m.Marks = slices.Clone(m.Marks)
	m.Participants = slices.Clone(m.Participants)
	m.Perspectives = slices.Clone(m.Perspectives)
	m.Deviations = slices.Clone(m.Deviations)
	return m
}

func (m Meeting) took(p Participant) bool { return slices.Contains(m.Participants, p) }

// PerspectiveOf finds the perspective of a speaker.
func (m Meeting) PerspectiveOf(speaker Party) (Perspective, bool) {
	i := slices.IndexFunc(m.Perspectives, func(p Perspective) bool { return p.Speaker == speaker })
	if i < 0 {
		return Perspective{}, false
	}
	return m.Perspectives[i], true
}

// Informed tells whether a person has been informed in a form.
func (m Meeting) Informed(party Party, form Form) bool {
	return slices.ContainsFunc(m.Marks, func(k Mark) bool { return k.Party == party && k.Form == form })
}

// HeldDay is the civil day it was held; zero until it began.
func (m Meeting) HeldDay() date.Day {
	if m.BeginTime.IsZero() {
		return 0
	}
	return date.Of(m.BeginTime)
}

// OffFor tells whether those invited should hear that the meeting they were invited to is off.
func (m Meeting) OffFor() bool {
	return !m.Invited.Time.IsZero() && slices.Contains([]State{Proposed, Deferred, Declined, Cancelled, NotHeld}, m.State)
}

// Under is the meeting resting on consents that have just been read, where they are to coordination.
func (m Meeting) Under(consents Consents) Meeting {
	if consents.Coordination {
		m.Consented = max(m.Consented, consents.Revision)
	}
	return m
}
