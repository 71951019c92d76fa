package careplan

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/coworkcare/coworkcare/platform/date"
)

// MinRiskText is the fewest characters that can document a risk assessment: a flag is not cleared by a mere click.
const MinRiskText = 20

// FlagLevel is how pressing a safety flag is.
type FlagLevel string

// The levels of a flag.
const (
	FlagReview FlagLevel = "REVIEW"
	FlagUrgent FlagLevel = "URGENT"
)

// FlagState is whether a flag has been dealt with.
type FlagState string

// The states of a flag.
const (
	FlagOpen     FlagState = "OPEN"
	FlagAssessed FlagState = "ASSESSED"
)

// Risk is a documented risk assessment.
type Risk struct {
	Conclusion string // spelled as in the contract
	Text       string
	AssessedBy string
	Time       time.Time
}

// Flag says that a patient has answered a safety item in a way that a person must see.
type Flag struct {
	ID           string
	PatientID    string
	EpisodeID    string
	ContactID    string
	AssessmentID string // empty when the form was refused
	Instrument   string
	Item         int
	Answer       int
	AnswerDay    date.Day
	Level        FlagLevel
	State        FlagState
	RaiseTime    time.Time
	RaisedBy     string
	Risk         *Risk
	Revision     int64
	CreateTime   time.Time
	UpdateTime   time.Time
}

// NewFlag raises a flag for an answer; false when the answer asks for none.
func NewFlag(f Flag, answer *SafetyAnswer, now time.Time) (Flag, bool) {
	if answer == nil || !answer.Level.Flagged() {
		return f, false
	}
	f.Item, f.Answer, f.Level = answer.Item, answer.Answer, FlagReview
	if answer.Level == SafetyUrgent {
		f.Level = FlagUrgent
	}
	f.State, f.RaiseTime, f.CreateTime, f.UpdateTime, f.Revision = FlagOpen, now, now, now, 1
	return f, true
}

// SameAnswer tells whether an open flag, kept when its form was refused, tells of the same answer as another one: the form
// has been sent again, corrected or not. The flag is then used again, so that one answer is one flag.
func (f Flag) SameAnswer(other Flag) bool {
	return f.State == FlagOpen && f.AssessmentID == "" && f.PatientID == other.PatientID && f.Instrument == other.Instrument &&
		f.AnswerDay == other.AnswerDay && f.Answer == other.Answer
}

// Adopt ties a flag that was kept from a refused form to the assessment recorded after all, and to its episode and contact.
func (f Flag) Adopt(assessmentID, episodeID, contactID string, now time.Time) Flag {
	f.AssessmentID = assessmentID
	if f.EpisodeID == "" {
		f.EpisodeID = episodeID
	}
	if f.ContactID == "" {
		f.ContactID = contactID
	}
	f.Revision++
	f.UpdateTime = now
	return f
}

// Assess documents the risk assessment.
func (f Flag) Assess(risk Risk, now time.Time) (Flag, error) {
	if f.State == FlagAssessed {
		return f, &StateError{SafetyFlagAssessed, "the risk assessment of this flag has been documented already", string(f.State), nil}
	}
	risk.Text = strings.TrimSpace(risk.Text)
	if utf8.RuneCountInString(risk.Text) < MinRiskText {
		return f, invalid([]Violation{{"text", TextTooShort, fmt.Sprintf("must say in at least %d characters what was asked and found", MinRiskText)}})
	}
	risk.Time = now
	f.State, f.Risk = FlagAssessed, &risk
	f.Revision++
	f.UpdateTime = now
	return f, nil
}
