package followup

import "time"

// BriefState is the contract's Brief.State.
type BriefState string

// The states of a brief.
const (
	BriefRequested    BriefState = "REQUESTED"
	BriefIsWritten    BriefState = "WRITTEN"
	BriefAcknowledged BriefState = "ACKNOWLEDGED"
)

// Brief is the care manager's brief to the coordinator.
type Brief struct {
	Told
	EpisodeID   string     `json:"episode"`
	State       BriefState `json:"state"`
	RequestedBy string     `json:"requested_by,omitempty"`
	Requested   time.Time  `json:"requested,omitzero"` // of the event that asked for it
	Written     time.Time  `json:"written,omitzero"`   // of the event that told it
	WrittenBy   string     `json:"written_by,omitempty"`
	Read        time.Time  `json:"read,omitzero"` // of the event that acknowledged it
	ReadBy      string     `json:"read_by,omitempty"`
}

// Note is a note with those who must read it.
type Note struct {
	Told
	EpisodeID string       `json:"episode,omitempty"`
	Void      bool         `json:"void,omitempty"` // registered in error
	Written   time.Time    `json:"written"`        // of the first event about it
	Ended     time.Time    `json:"ended,omitzero"` // of the event that registered it in error
	EndedBy   string       `json:"ended_by,omitempty"`
	Readers   []NoteReader `json:"readers"`
}

// NoteReader is one who must read a note: a practitioner, or whoever has a role.
type NoteReader struct {
	PractitionerID string    `json:"practitioner,omitempty"`
	Role           Role      `json:"role,omitempty"`
	Read           time.Time `json:"read,omitzero"` // of the event that said so
	ReadBy         string    `json:"read_by,omitempty"`
}

// key names a reader within a note.
func (r NoteReader) key() string {
	if r.PractitionerID != "" {
		return r.PractitionerID
	}
	return string(r.Role)
}

// RecommendationState is the contract's Recommendation.State.
type RecommendationState string

// The states of a recommendation that decide what is due; any other is an answer.
const (
	RecommendationOpen RecommendationState = "OPEN"
	RecommendationVoid RecommendationState = "REGISTERED_IN_ERROR"
)

// Recommendation is advice to the GP.
type Recommendation struct {
	Told
	EpisodeID  string              `json:"episode,omitempty"`
	State      RecommendationState `json:"state"`
	Asked      time.Time           `json:"asked"`                 // of the event since which it is, or was, open
	Ended      time.Time           `json:"ended,omitzero"`        // of the event since which it is not
	AnsweredBy string              `json:"answered_by,omitempty"` // who ended it
}

// Reading is somebody's "I have read" of the patient's one-page brief.
type Reading struct {
	Told
	PractitionerID string `json:"practitioner"`
}

// SeeBrief enters what was told about a brief.
func (f *File) SeeBrief(seen Brief) {
	old := f.Briefs[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	if old != nil {
		seen.Requested, seen.Written, seen.Read, seen.ReadBy = old.Requested, old.Written, old.Read, old.ReadBy
	}
	switch {
	case seen.State == BriefRequested && seen.Requested.IsZero():
		seen.Requested = seen.Time
	case seen.State == BriefIsWritten && seen.Written.IsZero():
		seen.Written = seen.Time
	case seen.State == BriefAcknowledged && seen.Read.IsZero():
		seen.Read, seen.ReadBy = seen.Time, seen.By
		if seen.Written.IsZero() {
			seen.Written = seen.Time
		}
	}
	f.Briefs[seen.ID] = &seen
}

// SeeNote enters what was told about a note.
func (f *File) SeeNote(seen Note) {
	old := f.Notes[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	seen.Written = seen.Time
	if seen.Void {
		seen.Ended, seen.EndedBy = seen.Time, seen.By
	}
	if old != nil {
		seen.Written = old.Written
		if old.Void && seen.Void {
			seen.Ended, seen.EndedBy = old.Ended, old.EndedBy
		}
	}
	f.Notes[seen.ID] = &seen
}

// SeeRecommendation enters what was told about a recommendation.
func (f *File) SeeRecommendation(seen Recommendation) {
	old := f.Recommendations[seen.ID]
	if old != nil && seen.Revision < old.Revision {
		return
	}
	answeredBy := seen.AnsweredBy
	if answeredBy == "" {
		answeredBy = seen.By
	}
	seen.Asked, seen.AnsweredBy = seen.Time, ""
	if old != nil {
		seen.Asked = old.Asked
	}
	switch {
	case seen.State == RecommendationOpen && old != nil && old.State != RecommendationOpen:
		seen.Asked = seen.Time // it is to be answered anew
	case seen.State == RecommendationOpen:
	case old != nil && old.State == seen.State:
		seen.Ended, seen.AnsweredBy = old.Ended, old.AnsweredBy
	default:
		seen.Ended, seen.AnsweredBy = seen.Time, answeredBy
	}
	f.Recommendations[seen.ID] = &seen
}

// SeeReading enters that somebody has read the one-page brief. It never changes.
func (f *File) SeeReading(seen Reading) {
	if _, ok := f.Readings[seen.ID]; !ok {
		f.Readings[seen.ID] = &seen
	}
}
