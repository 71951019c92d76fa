package caseload

import (
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Place is where a patient belongs.
type Place struct {
	ProviderID string `json:"provider"`
	UnitID     string `json:"unit"`
}

// Role is a function of staff, spelled as in tokens.
type Role string

// The roles that decide what waits.
const (
	GP                        Role = "gp"
	CareManager               Role = "care_manager"
	RehabilitationCoordinator Role = "rehabilitation_coordinator"
)

// Fact is the latest word about one thing, as far as the picture shows it.
type Fact interface {
	// Kind is the first part of the types of its events.
	Kind() string
	// Subject is the id of the thing.
	Subject() string
	// Shown says whether the picture needs it still: what is done for good is not kept.
	Shown() bool
}

// Standing is what every fact with states says: which thing, in which state, and since when without interruption. States are
// spelled as in the contract.
type Standing struct {
	ID        string    `json:"id"`
	EpisodeID string    `json:"episode,omitempty"`
	State     string    `json:"state,omitempty"`
	Since     time.Time `json:"since,omitzero"`
}

// Subject is the id of the thing.
func (s Standing) Subject() string { return s.ID }

// since keeps the time at which the present state was entered.
func (s *Standing) since(before Standing) {
	if before.State == s.State && !before.Since.IsZero() {
		s.Since = before.Since
	}
}

// Patient is where the record belongs, and whether it still counts.
type Patient struct {
	ID        string `json:"id"`
	Place     Place  `json:"place"`
	Protected bool   `json:"protected,omitempty"`
	Ended     bool   `json:"ended,omitempty"` // merged or registered in error
}

// Referral is a request that a role takes part.
type Referral struct {
	ID    string    `json:"id"`
	Role  Role      `json:"role"`
	State string    `json:"state"`
	Since time.Time `json:"since"`
}

// Member is somebody in the team of an episode.
type Member struct {
	PractitionerID string   `json:"practitioner"`
	Role           Role     `json:"role"`
	Start          date.Day `json:"start,omitzero"`
	End            date.Day `json:"end,omitzero"` // zero while in the team
}

// Episode is a care episode.
type Episode struct {
	Standing
	Start     date.Day   `json:"start,omitzero"`
	Referrals []Referral `json:"referrals,omitempty"`
	Team      []Member   `json:"team,omitempty"`
}

// Consent is what the patient has said to coordination. Order tells what was said last.
type Consent struct {
	Standing
	Start date.Day `json:"start,omitzero"`
	End   date.Day `json:"end,omitzero"`
	Order int64    `json:"order"`
}

// Planned is a planned contact of a plan that is still to come.
type Planned struct {
	ID  string   `json:"id"`
	Day date.Day `json:"day"`
}

// Plan is a care plan.
type Plan struct {
	Standing
	Planned []Planned `json:"planned,omitempty"`
}

// Contact is a contact with the patient.
type Contact struct {
	Standing
	PlannedID string    `json:"planned,omitempty"`
	Scheduled time.Time `json:"scheduled,omitzero"`
	Result    time.Time `json:"result,omitzero"`
}

// Assessment is an answered instrument.
type Assessment struct {
	Standing
	Instrument string   `json:"instrument"`
	Day        date.Day `json:"day"`
	Score      float64  `json:"score"`
	Scored     bool     `json:"scored,omitempty"`
	Band       string   `json:"band,omitempty"`
	Response   bool     `json:"response,omitempty"`
	Remission  bool     `json:"remission,omitempty"`
	Mistaken   bool     `json:"mistaken,omitempty"`
}

// Flag is an answer about suicidal thoughts, to be assessed.
type Flag struct {
	Standing
	Urgent bool      `json:"urgent,omitempty"`
	Raised time.Time `json:"raised"`
}

// Recommendation is advice that awaits an answer.
type Recommendation struct{ Standing }

// Certificate is a certificate that is a draft.
type Certificate struct{ Standing }

// ReturnPlan is a plan for return to work.
type ReturnPlan struct{ Standing }

// Meeting is a dialogue meeting.
type Meeting struct {
	Standing
	Scheduled time.Time `json:"scheduled,omitzero"`
	Recheck   date.Day  `json:"recheck,omitzero"`
	Missing   []string  `json:"missing,omitempty"`
	Mistaken  bool      `json:"mistaken,omitempty"`
}

// Agreement is what was agreed at a meeting.
type Agreement struct {
	Standing
	Mistaken bool `json:"mistaken,omitempty"`
}

// FollowUp is something due.
type FollowUp struct {
	Standing
	Day         date.Day  `json:"day"`                    // on which it is due
	Due         time.Time `json:"due"`                    // from which it is overdue
	MeetingFlag int       `json:"meeting_flag,omitempty"` // of a missing dialogue meeting: 30, 60 or 90, by its rank
}

// Reading is somebody's "I have read".
type Reading struct {
	ID             string `json:"id"`
	PractitionerID string `json:"practitioner"`
}

// The kinds of facts are those of the events' types.
func (Patient) Kind() string        { return "patient" }
func (Episode) Kind() string        { return "care_episode" }
func (Consent) Kind() string        { return "consent" }
func (Plan) Kind() string           { return "care_plan" }
func (Contact) Kind() string        { return "contact" }
func (Assessment) Kind() string     { return "assessment" }
func (Flag) Kind() string           { return "safety_flag" }
func (Recommendation) Kind() string { return "recommendation" }
func (Certificate) Kind() string    { return "certificate" }
func (SickLeave) Kind() string      { return "sick_leave" }
func (ReturnPlan) Kind() string     { return "return_to_work_plan" }
func (Meeting) Kind() string        { return "dialogue_meeting" }
func (Agreement) Kind() string      { return "agreement" }
func (FollowUp) Kind() string       { return "follow_up" }
func (Reading) Kind() string        { return "reading" }

// Subject is the patient.
func (p Patient) Subject() string { return p.ID }

// Subject is the reading.
func (r Reading) Subject() string { return r.ID }

// What is shown of each kind.
func (p Patient) Shown() bool        { return true }
func (e Episode) Shown() bool        { return true } // also a mistake: nothing that names it waits any longer
func (c Consent) Shown() bool        { return c.State != mistaken && c.State != "REPLACED" }
func (p Plan) Shown() bool           { return p.State != mistaken }
func (c Contact) Shown() bool        { return c.State == "HELD" || c.open() }
func (a Assessment) Shown() bool     { return !a.Mistaken && a.Scored && symptoms[a.Instrument] }
func (f Flag) Shown() bool           { return f.State == open }
func (r Recommendation) Shown() bool { return r.State == open }
func (c Certificate) Shown() bool    { return c.State == "DRAFT" }
func (s SickLeave) Shown() bool      { return len(s.Cases) > 0 }
func (p ReturnPlan) Shown() bool     { return true }
func (m Meeting) Shown() bool        { return !m.Mistaken }
func (a Agreement) Shown() bool      { return !a.Mistaken }
func (f FollowUp) Shown() bool       { return f.State == open }
func (r Reading) Shown() bool        { return true }

const (
	open     = "OPEN"
	mistaken = "REGISTERED_IN_ERROR"
)

// symptoms are the instruments for depression, anxiety and exhaustion. In all of them a lower score is towards health.
var symptoms = map[string]bool{
	"MADRS-S": true, "PHQ-9": true, "GAD-7": true, "BAI": true, "KEDS": true, "SMBQ-18": true, "SMBM-6": true,
}

// File is what the other services have told about one patient, as far as the picture shows it: of each thing the latest word.
type File struct {
	PatientID string
	// Heard is where the latest event of any source stood; counts until the patient service's own word is known.
	Heard Place
	// Version is the sum of the latest revisions of everything told, so that it does not depend on who was heard first.
	Version int64
	// Updated is when the latest of what is told happened.
	Updated time.Time

	facts map[string]map[string]Fact
}

// NewFile is the empty file of a patient.
func NewFile(patientID string) *File {
	return &File{PatientID: patientID, facts: map[string]map[string]Fact{}}
}

// Enter enters the latest word about a thing, in place of the word before, and gives it as it is kept: with the time since
// which its state has lasted.
func (f *File) Enter(fact Fact) Fact {
	of := f.facts[fact.Kind()]
	if of == nil {
		of = map[string]Fact{}
		f.facts[fact.Kind()] = of
	}
	fact = lasting(fact, of[fact.Subject()])
	if fact.Shown() {
		of[fact.Subject()] = fact
	} else {
		delete(of, fact.Subject())
	}
	return fact
}

// lasting carries over since when a state has lasted.
func lasting(fact, before Fact) Fact {
	switch one := fact.(type) {
	case Episode:
		if was, ok := before.(Episode); ok {
			for i := range one.Referrals {
				for _, r := range was.Referrals {
					if r.ID == one.Referrals[i].ID && r.State == one.Referrals[i].State {
						one.Referrals[i].Since = r.Since
					}
				}
			}
		}
		return one
	case Recommendation:
		if was, ok := before.(Recommendation); ok {
			one.since(was.Standing)
		}
		return one
	case Certificate:
		if was, ok := before.(Certificate); ok {
			one.since(was.Standing)
		}
		return one
	case ReturnPlan:
		if was, ok := before.(ReturnPlan); ok {
			one.since(was.Standing)
		}
		return one
	default:
		return fact
	}
}

// all are the facts of a kind, in the order of their ids, which is that of their making.
func all[T Fact](f *File) []T {
	var kind T
	of := f.facts[kind.Kind()]
	found := make([]T, 0, len(of))
	for _, id := range sortedKeys(of) {
		if one, ok := of[id].(T); ok {
			found = append(found, one)
		}
	}
	return found
}
