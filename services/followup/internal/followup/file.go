package followup

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// File is what the other services have told about one patient, as far as it decides what is due. Entering what was told
// before changes nothing, and what is told about different things may come in any order; what is told about one thing comes
// in the order of its revisions.
type File struct {
	PatientID    string
	Patient      *Patient
	Heard        Place // where the latest event of any source stood; counts until the patient's own is known
	Episodes     map[string]*Episode
	Consents     map[string]*Consent
	Plans        map[string]*Plan
	Contacts     map[string]*Contact
	Certificates map[string]*Certificate
	Flags        map[string]*Flag

	SickLeave        *SickLeave
	Screenings       map[string]*Screening
	ReturnPlans      map[string]*ReturnPlan
	Recommendations  map[string]*Recommendation
	Briefs           map[string]*Brief
	Notes            map[string]*Note
	Readings         map[string]*Reading
	Meetings         map[string]*Meeting
	Agreements       map[string]*Agreement
	EmployerConsents map[string]*EmployerConsent

	// Staff are the roles at the patient's unit of people whom the file names and who are not in a team. Nobody tells of them
	// by patient: whoever derives looks them up.
	Staff map[string]Role
}

// NewFile is the empty file of a patient.
func NewFile(patientID string) *File {
	return &File{
		PatientID: patientID, Episodes: map[string]*Episode{}, Consents: map[string]*Consent{}, Plans: map[string]*Plan{},
		Contacts: map[string]*Contact{}, Certificates: map[string]*Certificate{}, Flags: map[string]*Flag{},
		Screenings: map[string]*Screening{}, ReturnPlans: map[string]*ReturnPlan{}, Recommendations: map[string]*Recommendation{},
		Briefs: map[string]*Brief{}, Notes: map[string]*Note{}, Readings: map[string]*Reading{}, Meetings: map[string]*Meeting{},
		Agreements: map[string]*Agreement{}, EmployerConsents: map[string]*EmployerConsent{},
	}
}

// Told is what every entry of a file says about its origin.
type Told struct {
	ID       string    `json:"id"`
	Revision int64     `json:"revision"`
	Time     time.Time `json:"time"` // of the event
	By       string    `json:"by,omitempty"`
}

// Patient is where the record belongs, and whether it still counts.
type Patient struct {
	Told
	Place Place `json:"place"`
	Ended bool  `json:"ended,omitempty"` // merged or registered in error
}

// EpisodeState is the contract's CareEpisode.State.
type EpisodeState string

// The states of an episode that decide what is due.
const (
	EpisodeOpen   EpisodeState = "OPEN"
	EpisodeClosed EpisodeState = "CLOSED"
)

// Episode is a care episode.
type Episode struct {
	Told
	State     EpisodeState `json:"state"`
	Severe    bool         `json:"severe,omitempty"`
	Started   time.Time    `json:"started"`        // of the first event about it
	Ended     time.Time    `json:"ended,omitzero"` // of the event that ended it
	Referrals []Referral   `json:"referrals"`
	Team      []Member     `json:"team"`
	Founders  []string     `json:"founders"` // the GPs of the first event about it
}

// ReferralState is the contract's Referral.State.
type ReferralState string

// The states of a referral.
const (
	ReferralPending         ReferralState = "PENDING"
	ReferralAwaitingConsent ReferralState = "AWAITING_CONSENT"
	ReferralAccepted        ReferralState = "ACCEPTED"
	ReferralDeclined        ReferralState = "DECLINED"
	ReferralWithdrawn       ReferralState = "WITHDRAWN"
)

// Referral is one referral of an episode.
type Referral struct {
	ID             string        `json:"id"`
	Role           Role          `json:"role"`
	State          ReferralState `json:"state"`
	PractitionerID string        `json:"practitioner,omitempty"`
	Due            date.Day      `json:"due"`
	Since          time.Time     `json:"since"` // of the event that brought it into its state
	By             string        `json:"by,omitempty"`
}

// Member is someone who is or has been in the team.
type Member struct {
	PractitionerID string   `json:"practitioner"`
	Role           Role     `json:"role"`
	Start          date.Day `json:"start"`
	End            date.Day `json:"end"` // no day while in the team
}

// PlanState is the contract's CarePlan.State.
type PlanState string

// The states of a plan.
const (
	PlanDraft  PlanState = "DRAFT"
	PlanActive PlanState = "ACTIVE"
)

// Plan is a care plan with its contact schedule.
type Plan struct {
	Told
	EpisodeID     string             `json:"episode"`
	State         PlanState          `json:"state"`
	CareManagerID string             `json:"care_manager,omitempty"`
	Contacts      map[string]Planned `json:"contacts"`
}

// PlannedState is the contract's PlannedContact.State.
type PlannedState string

// The states of a planned contact.
const (
	PlannedPlanned PlannedState = "PLANNED"
	PlannedHeld    PlannedState = "HELD"
	PlannedDropped PlannedState = "DROPPED"
)

// Planned is one planned contact.
type Planned struct {
	Day   date.Day     `json:"day"`
	State PlannedState `json:"state"`
	Asked time.Time    `json:"asked,omitzero"` // of the event since which an active plan asks for it
	Since time.Time    `json:"since"`          // of the event that brought it into its state
	By    string       `json:"by,omitempty"`
}

// ContactState is the contract's Contact.State.
type ContactState string

// The states of a contact.
const (
	ContactIsBooked    ContactState = "BOOKED"
	ContactIsHeld      ContactState = "HELD"
	ContactNotAnswered ContactState = "NOT_ANSWERED"
)

// Contact is a contact with the patient.
type Contact struct {
	Told
	EpisodeID      string       `json:"episode"`
	PlannedID      string       `json:"planned,omitempty"`
	First          bool         `json:"first,omitempty"`
	State          ContactState `json:"state"`
	Known          time.Time    `json:"known"`           // of the first event about it
	Since          time.Time    `json:"since"`           // of the event that brought it into its state, or moved or tried it again
	Booked         time.Time    `json:"booked,omitzero"` // of the first event that told of a booking
	Tried          time.Time    `json:"tried,omitzero"`  // of the latest event that told of an unanswered try
	Scheduled      time.Time    `json:"scheduled,omitzero"`
	Tries          int          `json:"tries,omitempty"`
	PractitionerID string       `json:"practitioner,omitempty"`
}

func (c *Contact) live() bool {
	return c.State == ContactIsBooked || c.State == ContactIsHeld || c.State == ContactNotAnswered
}

// CertificateState is the contract's Certificate.State.
type CertificateState string

// CertificateSigned is the state in which a certificate certifies.
const CertificateSigned CertificateState = "SIGNED"

// Certificate is a sick-leave certificate that has been signed at some time.
type Certificate struct {
	Told
	EpisodeID string           `json:"episode,omitempty"`
	State     CertificateState `json:"state"`
	Signed    time.Time        `json:"signed,omitzero"` // of the event
	SignedBy  string           `json:"signed_by,omitempty"`
	Ended     time.Time        `json:"ended,omitzero"` // of the event that revoked it
	Last      date.Day         `json:"last"`
	Replaces  string           `json:"replaces,omitempty"`
}

// FlagState is the contract's SafetyFlag.State.
type FlagState string

// FlagAssessed says that the risk assessment is documented.
const FlagAssessed FlagState = "ASSESSED"

// Flag is a safety flag.
type Flag struct {
	Told
	EpisodeID string    `json:"episode,omitempty"`
	Urgent    bool      `json:"urgent,omitempty"`
	State     FlagState `json:"state"`
	Raised    time.Time `json:"raised"`
	Assessed  time.Time `json:"assessed,omitzero"` // of the event
	By        string    `json:"assessed_by,omitempty"`
}

// SeePatient enters what was told about the patient record.
func (f *File) SeePatient(seen Patient) {
	if f.Patient == nil || seen.Revision >= f.Patient.Revision {
		f.Patient = &seen
	}
}

// SeeEpisode enters what was told about an episode.
func (f *File) SeeEpisode(seen Episode) {
	old := f.Episodes[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	seen.Started = seen.Time
	if seen.State != EpisodeOpen {
		seen.Ended = seen.Time
	}
	if old != nil {
		seen.Started, seen.Founders = old.Started, old.Founders
		if !old.Ended.IsZero() && seen.State != EpisodeOpen {
			seen.Ended = old.Ended
		}
	}
	if seen.Founders == nil {
		team := seen.Team
		if old != nil {
			team = old.Team // told of before founders were noted
		}
		seen.Founders = []string{}
		for _, m := range team {
			if m.Role == GP {
				seen.Founders = append(seen.Founders, m.PractitionerID)
			}
		}
	}
	for i := range seen.Referrals {
		r := &seen.Referrals[i]
		r.Since, r.By = seen.Time, seen.By
		if old == nil {
			continue
		}
		at := slices.IndexFunc(old.Referrals, func(o Referral) bool { return o.ID == r.ID })
		if at >= 0 && old.Referrals[at].State == r.State {
			r.Since, r.By = old.Referrals[at].Since, old.Referrals[at].By
		}
	}
	f.Episodes[seen.ID] = &seen
}

// SeePlan enters what was told about a plan. A planned contact that is no longer in its schedule counts as dropped.
func (f *File) SeePlan(seen Plan) {
	old := f.Plans[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	for id, p := range seen.Contacts {
		p.Since, p.By = seen.Time, seen.By
		if old != nil {
			before, ok := old.Contacts[id]
			p.Asked = before.Asked
			if ok && before.State == p.State {
				p.Since, p.By = before.Since, before.By
			}
		}
		if p.Asked.IsZero() && seen.State == PlanActive && p.State == PlannedPlanned {
			p.Asked = seen.Time
		}
		seen.Contacts[id] = p
	}
	if old != nil {
		for id, before := range old.Contacts {
			if _, ok := seen.Contacts[id]; ok {
				continue
			}
			if before.State == PlannedPlanned {
				before.State, before.Since, before.By = PlannedDropped, seen.Time, seen.By
			}
			seen.Contacts[id] = before
		}
	}
	f.Plans[seen.ID] = &seen
}

// SeeContact enters what was told about a contact. When the only one held for a planned contact is taken back, the planned
// contact is to be held again, unless its plan says otherwise later.
func (f *File) SeeContact(seen Contact) {
	old := f.Contacts[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	seen.Known, seen.Since = seen.Time, seen.Time
	if old != nil {
		seen.Known = old.Known
		if old.State == seen.State && old.Tries == seen.Tries && old.Scheduled.Equal(seen.Scheduled) {
			seen.Since, seen.By = old.Since, old.By
		}
		seen.Booked, seen.Tried = old.Booked, old.Tried
	}
	switch {
	case seen.State == ContactIsBooked && seen.Booked.IsZero():
		seen.Booked = seen.Since
	case seen.State == ContactNotAnswered:
		seen.Tried = seen.Since
	}
	f.Contacts[seen.ID] = &seen
	if old != nil && old.State == ContactIsHeld && seen.State != ContactIsHeld && seen.PlannedID != "" {
		f.reopenPlanned(seen)
	}
}

func (f *File) reopenPlanned(taken Contact) {
	for _, c := range f.Contacts {
		if c.PlannedID == taken.PlannedID && c.State == ContactIsHeld {
			return
		}
	}
	for _, plan := range f.Plans {
		if p, ok := plan.Contacts[taken.PlannedID]; ok && p.State == PlannedHeld {
			p.State, p.Since, p.By = PlannedPlanned, taken.Time, taken.By
			plan.Contacts[taken.PlannedID] = p
		}
	}
}

// SeeCertificate enters what was told about a certificate. Drafts do not count.
func (f *File) SeeCertificate(seen Certificate) {
	old := f.Certificates[seen.ID]
	if old != nil && seen.Revision < old.Revision || old == nil && seen.State != CertificateSigned {
		return
	}
	switch {
	case old == nil:
		seen.Signed, seen.SignedBy = seen.Time, seen.By
	default:
		seen.Signed, seen.SignedBy = old.Signed, old.SignedBy
	}
	if seen.State != CertificateSigned {
		seen.Ended = seen.Time
		if old != nil && !old.Ended.IsZero() {
			seen.Ended, seen.By = old.Ended, old.By
		}
	}
	f.Certificates[seen.ID] = &seen
}

// SeeFlag enters what was told about a safety flag.
func (f *File) SeeFlag(seen Flag) {
	old := f.Flags[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	if seen.State == FlagAssessed {
		seen.Assessed, seen.By = seen.Time, seen.Told.By
		if old != nil && !old.Assessed.IsZero() {
			seen.Assessed, seen.By = old.Assessed, old.By
		}
	}
	f.Flags[seen.ID] = &seen
}

// Place is where the patient belongs: what the patient service says, until then where the latest event stood.
func (f *File) Place() Place {
	if f.Patient != nil && f.Patient.Place != (Place{}) {
		return f.Patient.Place
	}
	return f.Heard
}
