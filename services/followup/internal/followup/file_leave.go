package followup

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// SickLeave is what the signed certificates of the patient add up to.
type SickLeave struct {
	Told
	Spells []Spell `json:"spells"` // oldest first
}

// Spell is one case of sick leave.
type Spell struct {
	Start date.Day  `json:"start"`
	Last  date.Day  `json:"last"`
	Known time.Time `json:"known"` // of the first event that told of it, or of one that it has taken up
	Moves []Move    `json:"moves,omitempty"`
}

// Move is how far a spell that begins on its day was told to last, since an event. Each of a spell reaches further than the one
// before it.
type Move struct {
	Last  date.Day  `json:"last"`
	Known time.Time `json:"known"`
}

// reached is of the event since which a spell has been known to last to a day.
func (s *Spell) reached(day date.Day) time.Time {
	for _, m := range s.Moves {
		if m.Last >= day {
			return m.Known
		}
	}
	return s.Known
}

// moved notes how far a spell is told to last. What an earlier event said of the same beginning counts as far as it still stands.
func (s *Spell) moved(before []Spell, told time.Time) {
	s.Moves = nil
	for _, b := range before {
		if b.Start != s.Start {
			continue
		}
		moves := b.Moves
		if len(moves) == 0 {
			moves = []Move{{Last: b.Last, Known: b.Known}} // told of before moves were noted
		}
		for _, m := range moves {
			s.Moves = append(s.Moves, Move{Last: min(m.Last, s.Last), Known: m.Known})
			if m.Last >= s.Last {
				return
			}
		}
	}
	s.Moves = append(s.Moves, Move{Last: s.Last, Known: told})
}

// Screening is a screening of the need of coordination.
type Screening struct {
	Told
	Day        date.Day  `json:"day"`
	Void       bool      `json:"void,omitempty"` // registered in error
	Recorded   time.Time `json:"recorded"`       // of the first event about it
	RecordedBy string    `json:"recorded_by,omitempty"`
}

// ReturnPlanState is the contract's ReturnToWorkPlan.State.
type ReturnPlanState string

// The states of a plan for return to work.
const (
	ReturnProposed  ReturnPlanState = "PROPOSED"
	ReturnAccepted  ReturnPlanState = "ACCEPTED"
	ReturnDeclined  ReturnPlanState = "DECLINED"
	ReturnHeld      ReturnPlanState = "HELD"
	ReturnCompleted ReturnPlanState = "COMPLETED"
	ReturnWithdrawn ReturnPlanState = "WITHDRAWN"
)

// ReturnPlan is a plan for return to work.
type ReturnPlan struct {
	Told
	EpisodeID  string          `json:"episode,omitempty"`
	State      ReturnPlanState `json:"state"`
	Version    int             `json:"version"`
	Steps      []ReturnStep    `json:"steps"`
	CheckIns   []CheckIn       `json:"check_ins"` // on every version
	Known      time.Time       `json:"known"`     // of the first event about it
	KnownBy    string          `json:"known_by,omitempty"`
	Proposed   time.Time       `json:"proposed,omitzero"` // of the event since which the present proposal stands, or stood until its answer
	Answered   time.Time       `json:"answered,omitzero"` // of the event that answered it; zero while it stands
	AnsweredBy string          `json:"answered_by,omitempty"`
	Since      time.Time       `json:"since"` // of the event that brought it into its state and version
	SinceBy    string          `json:"since_by,omitempty"`
}

// ReturnStep is one step of a plan.
type ReturnStep struct {
	ID     string   `json:"id"`
	Start  date.Day `json:"start"`
	Last   date.Day `json:"last"`
	Degree int      `json:"degree"` // of sick leave; 0 is the full return
}

// CheckIn is a check-in on a step.
type CheckIn struct {
	StepID  string    `json:"step"`
	Day     date.Day  `json:"day"`
	Version int       `json:"version"`
	Time    time.Time `json:"time"` // of the event
	By      string    `json:"by,omitempty"`
}

// SeeSickLeave enters what was told about the sick leave as a whole.
func (f *File) SeeSickLeave(seen SickLeave) {
	old := f.SickLeave
	if old != nil && seen.Revision < old.Revision {
		return
	}
	seen.Spells = slices.Clone(seen.Spells)
	for i := range seen.Spells {
		spell := &seen.Spells[i]
		spell.Known = seen.Time
		if old == nil {
			spell.moved(nil, seen.Time)
			continue
		}
		spell.moved(old.Spells, seen.Time)
		for _, before := range old.Spells {
			if before.Start <= spell.Last && spell.Start <= before.Last && before.Known.Before(spell.Known) {
				spell.Known = before.Known
			}
		}
	}
	f.SickLeave = &seen
}

// SeeScreening enters what was told about a screening.
func (f *File) SeeScreening(seen Screening) {
	old := f.Screenings[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	seen.Recorded, seen.RecordedBy = seen.Time, seen.By
	if old != nil {
		seen.Recorded, seen.RecordedBy = old.Recorded, old.RecordedBy
	}
	f.Screenings[seen.ID] = &seen
}

// SeeReturnPlan enters what was told about a plan for return to work. Check-ins on earlier versions, which are no longer told
// of, are kept.
func (f *File) SeeReturnPlan(seen ReturnPlan) {
	old := f.ReturnPlans[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	seen.Known, seen.KnownBy, seen.Since, seen.SinceBy = seen.Time, seen.By, seen.Time, seen.By
	var before []CheckIn
	if old != nil {
		before = old.CheckIns
		seen.Known, seen.KnownBy = old.Known, old.KnownBy
		seen.Proposed, seen.Answered, seen.AnsweredBy = old.Proposed, old.Answered, old.AnsweredBy
		if old.State == seen.State && old.Version == seen.Version {
			seen.Since, seen.SinceBy = old.Since, old.SinceBy
		}
	}
	proposal := seen.State == ReturnProposed
	switch {
	case proposal && (old == nil || old.State != ReturnProposed || old.Version != seen.Version):
		seen.Proposed, seen.Answered, seen.AnsweredBy = seen.Time, time.Time{}, ""
	case !proposal && seen.State != ReturnWithdrawn && seen.Answered.IsZero():
		seen.Answered, seen.AnsweredBy = seen.Time, seen.By
	}
	if seen.Proposed.IsZero() {
		seen.Proposed = seen.Time // the proposal itself was never told of
	}
	kept := slices.Clone(before)
	for _, c := range seen.CheckIns {
		if !slices.ContainsFunc(before, func(b CheckIn) bool { return b.StepID == c.StepID && b.Day == c.Day }) {
			c.Version, c.Time, c.By = seen.Version, seen.Time, seen.By
			kept = append(kept, c)
		}
	}
	seen.CheckIns = kept
	f.ReturnPlans[seen.ID] = &seen
}
