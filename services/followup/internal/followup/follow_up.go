package followup

import (
	"cmp"
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Kind is what is to be done. The values are those of the contract's FollowUp.Kind.
type Kind string

// The kinds.
const (
	AnswerReferral          Kind = "ANSWER_REFERRAL"
	BookFirstContact        Kind = "BOOK_FIRST_CONTACT"
	HoldFirstContact        Kind = "HOLD_FIRST_CONTACT"
	HoldPlannedContact      Kind = "HOLD_PLANNED_CONTACT"
	HoldBookedContact       Kind = "HOLD_BOOKED_CONTACT"
	TryAgain                Kind = "TRY_AGAIN"
	CertificateEnding       Kind = "CERTIFICATE_ENDING"
	CertificateEndingNotice Kind = "CERTIFICATE_ENDING_NOTICE"
	AssessRisk              Kind = "ASSESS_RISK"
	ReferralDeclinedNotice  Kind = "REFERRAL_DECLINED_NOTICE"
	Manual                  Kind = "MANUAL"
	Screen                  Kind = "SCREEN"
	WriteBrief              Kind = "WRITE_BRIEF"
	ReadBrief               Kind = "READ_BRIEF"
	ReadNote                Kind = "READ_NOTE"
	ReadPicture             Kind = "READ_PICTURE"
	AnswerRecommendation    Kind = "ANSWER_RECOMMENDATION"
	AnswerReturnPlan        Kind = "ANSWER_RETURN_PLAN"
	PrepareMeeting          Kind = "PREPARE_MEETING"
	GiveInformation         Kind = "GIVE_INFORMATION"
	ConcludeMeeting         Kind = "CONCLUDE_MEETING"
	RecheckMeeting          Kind = "RECHECK_MEETING"
	AgreedAction            Kind = "AGREED_ACTION"
	ReturnStepBegins        Kind = "RETURN_STEP"
	CheckInOnStep           Kind = "CHECK_IN"
	PostReturnCheck         Kind = "POST_RETURN_CHECK"
	TimePlanMissing         Kind = "TIME_PLAN_MISSING"
	MeetingMissingFirst     Kind = "MEETING_MISSING_FIRST"
	MeetingMissingSecond    Kind = "MEETING_MISSING_SECOND"
	MeetingMissingThird     Kind = "MEETING_MISSING_THIRD"
	CallOffMeeting          Kind = "CALL_OFF_MEETING"
)

// State is where a follow-up stands. The values are those of the contract's FollowUp.State.
type State string

// The states.
const (
	Open      State = "OPEN"
	Completed State = "COMPLETED"
	Cancelled State = "CANCELLED"
	Lapsed    State = "LAPSED"
)

// Cause is why a follow-up ended. The values are those of the contract's FollowUp.Cause.
type Cause string

// The causes.
const (
	ByHand              Cause = "BY_HAND"
	ReferralAnswered    Cause = "REFERRAL_ANSWERED"
	ReferralEnded       Cause = "REFERRAL_ENDED"
	ConsentMissing      Cause = "CONSENT_MISSING"
	ContactBooked       Cause = "CONTACT_BOOKED"
	ContactHeld         Cause = "CONTACT_HELD"
	ContactDropped      Cause = "CONTACT_DROPPED"
	PlanEnded           Cause = "PLAN_ENDED"
	CertificateExtended Cause = "CERTIFICATE_EXTENDED"
	CertificateRevoked  Cause = "CERTIFICATE_REVOKED"
	CertificateReplaced Cause = "CERTIFICATE_REPLACED"
	RiskAssessed        Cause = "RISK_ASSESSED"
	EpisodeEnded        Cause = "EPISODE_ENDED"
	PatientRecordEnded  Cause = "PATIENT_RECORD_ENDED"
	TimeRanOut          Cause = "TIME_RAN_OUT"
	CopyNotNeeded       Cause = "COPY_NOT_NEEDED"
	Screened            Cause = "SCREENED"
	BriefWritten        Cause = "BRIEF_WRITTEN"
	HasRead             Cause = "READ"
	Answered            Cause = "ANSWERED"
	MeetingArranged     Cause = "MEETING_ARRANGED"
	MeetingHeld         Cause = "MEETING_HELD"
	MeetingPutOff       Cause = "MEETING_PUT_OFF"
	Informed            Cause = "INFORMED"
	ActionDone          Cause = "ACTION_DONE"
	ActionDropped       Cause = "ACTION_DROPPED"
	CheckedIn           Cause = "CHECKED_IN"
	ReturnPlanChanged   Cause = "RETURN_PLAN_CHANGED"
	ReturnPlanMade      Cause = "RETURN_PLAN_MADE"
	SickLeaveEnded      Cause = "SICK_LEAVE_ENDED"
	RegisteredInError   Cause = "REGISTERED_IN_ERROR"
)

// Role is a function of staff, spelled as in tokens.
type Role string

// The roles that own follow-ups, and the unit's manager, who hands them over.
const (
	GP                        Role = "gp"
	CareManager               Role = "care_manager"
	RehabilitationCoordinator Role = "rehabilitation_coordinator"
	Therapist                 Role = "therapist"
	Psychologist              Role = "psychologist"
	Physiotherapist           Role = "physiotherapist"
	OccupationalTherapist     Role = "occupational_therapist"
	Nurse                     Role = "nurse"
	UnitManager               Role = "unit_manager"
)

// OwningRoles are the roles that may own follow-ups.
func OwningRoles() []Role {
	return []Role{GP, CareManager, RehabilitationCoordinator, Therapist, Psychologist, Physiotherapist, OccupationalTherapist, Nurse}
}

// CanOwn tells whether follow-ups may be owned by a role.
func (r Role) CanOwn() bool { return slices.Contains(OwningRoles(), r) }

// Place is the care provider and the unit where a patient belongs.
type Place struct {
	ProviderID, UnitID string
}

// Owner is who must see to it: a role at the unit, and a person where one is known ("" otherwise).
type Owner struct {
	Role           Role
	PractitionerID string
}

// End is how a follow-up ended.
type End struct {
	State State // Completed, Cancelled or Lapsed
	Cause Cause
	Time  time.Time
	By    string // the practitioner; "" when none is known
	Note  string // what a person wrote; "" for ends by event
}

// ByEvent tells whether what happened ended it, not a person and not its time.
func (e End) ByEvent() bool { return e.Cause != ByHand && e.Cause != TimeRanOut }

// FollowUp is one thing to do.
type FollowUp struct {
	ID        string
	PatientID string
	EpisodeID string // "" when none
	Place     Place
	Kind      Kind
	SubjectID string // what it is about in the service that caused it; of MANUAL its own id
	Aspect    string // tells apart several of a kind about one subject; "" for most
	Round     int    // 0, 1, … when the same has to be done anew
	Basis     string // what its due time was taken from; it moves when this changes
	Title     string // MANUAL only
	CreatedBy string // MANUAL only

	Owner     Owner
	OwnerFrom Owner // the owner that the facts last gave; it moves when this changes
	Pinned    bool  // a person reassigned it: it no longer moves with the team

	DueDate date.Day
	DueTime time.Time // overdue from the microsecond after it
	Lapse   time.Time // zero when it does not lapse

	State        State
	End          End       // zero while open
	SnoozedUntil time.Time // zero unless snoozed; may have passed
	SnoozeReason string

	Reminders       int
	EscalationLevel int // 0, 1: everyone with EscalationRole, 2: the unit's manager too
	EscalationRole  Role
	Ladder          Ladder
	Policy          string

	Stamp    int64 // grows with every change; timers carry it
	Revision int64 // grows by one with every change
	Created  time.Time
	Updated  time.Time
}

// Snoozed tells whether it is put off at an instant.
func (f *FollowUp) Snoozed(now time.Time) bool { return f.State == Open && now.Before(f.SnoozedUntil) }

// Overdue tells whether it is open, past its due time and not put off.
func (f *FollowUp) Overdue(now time.Time) bool {
	return f.State == Open && now.After(f.DueTime) && !f.Snoozed(now)
}

// DaysOverdue is the number of civil days from the due day to today while overdue, else 0.
func (f *FollowUp) DaysOverdue(now time.Time) int {
	if !f.Overdue(now) {
		return 0
	}
	return max(0, date.Of(now).Sub(f.DueDate))
}

// Compare is the order of every worklist: by due time, then id. It is a total order, since ids are unique.
func (f *FollowUp) Compare(other *FollowUp) int {
	if c := f.DueTime.Compare(other.DueTime); c != 0 {
		return c
	}
	return cmp.Compare(f.ID, other.ID)
}

// Timer is when the next step is due; false when none is.
func (f *FollowUp) Timer() (time.Time, bool) {
	if f.State != Open || len(f.Ladder.Steps) == 0 {
		return time.Time{}, false
	}
	return f.Ladder.Steps[0].At, true
}
