package careplan

import (
	"fmt"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Topic is what a recommendation is about, spelled as in the contract.
type Topic string

// TopicOther is the one whose recommendations have nothing in common to differ about.
const TopicOther Topic = "OTHER"

// RecommendationState is how far a recommendation has come.
type RecommendationState string

// The states of a recommendation.
const (
	RecommendationOpen       RecommendationState = "OPEN"
	RecommendationAccepted   RecommendationState = "ACCEPTED"
	RecommendationChanged    RecommendationState = "CHANGED"
	RecommendationDeclined   RecommendationState = "DECLINED"
	RecommendationSuperseded RecommendationState = "SUPERSEDED"
	RecommendationInError    RecommendationState = "REGISTERED_IN_ERROR"
)

// Decision is what the GP answered.
type Decision struct {
	Reason       string
	ChangedText  string // what is done instead, when changed
	Practitioner string
	Time         time.Time
	Chosen       string   // the recommendation that was chosen over this one, when superseded
	Superseded   []string // those that this one was chosen over
}

// Recommendation is what the care manager or the coordinator advises the GP to do.
type Recommendation struct {
	ID         string
	PatientID  string
	EpisodeID  string // empty outside an episode
	Topic      Topic
	Text       string
	Reason     string
	State      RecommendationState
	GivenBy    string
	Decision   *Decision // nil while open
	ErrorMark  *ErrorMark
	Revision   int64
	CreateTime time.Time
	UpdateTime time.Time
}

// NewRecommendation gives a recommendation. Violations have its fields.
func NewRecommendation(r Recommendation, now time.Time) (Recommendation, error) {
	r.Text, r.Reason = strings.TrimSpace(r.Text), strings.TrimSpace(r.Reason)
	var violations []Violation
	require := func(ok bool, field string) {
		if !ok {
			violations = append(violations, Violation{field, FieldRequired, "is required"})
		}
	}
	require(r.Topic != "", "topic")
	require(r.Text != "", "text")
	require(r.Reason != "", "reason")
	r.State, r.CreateTime, r.UpdateTime, r.Revision = RecommendationOpen, now, now, 1
	return r, invalid(violations)
}

// AgeDays is how many civil days it has waited: until today or, once it was answered or withdrawn, until that day.
func (r Recommendation) AgeDays(today date.Day) int {
	switch {
	case r.Decision != nil:
		today = date.Of(r.Decision.Time)
	case r.ErrorMark != nil:
		today = date.Of(r.ErrorMark.Time)
	default:
	}
	return today.Sub(date.Of(r.CreateTime))
}

// Differs tells whether two open recommendations of an episode advise different things on one topic. Case and spacing make
// no difference.
func (r Recommendation) Differs(other Recommendation) bool {
	return r.ID != other.ID && r.State == RecommendationOpen && other.State == RecommendationOpen && r.Topic == other.Topic &&
		r.Topic != TopicOther && r.EpisodeID == other.EpisodeID && plain(r.Text) != plain(other.Text)
}

// Decide answers the recommendation and, when it is chosen over others, those too: each stays with what it advises and with
// the reason of the choice. Violations have the fields of the answer.
func (r Recommendation) Decide(outcome RecommendationState, d Decision, over []Recommendation, now time.Time) (Recommendation, []Recommendation, error) {
	if err := r.mustBeOpen(); err != nil {
		return r, nil, err
	}
	d.Reason, d.ChangedText, d.Time = strings.TrimSpace(d.Reason), strings.TrimSpace(d.ChangedText), now
	const supersedes = "supersedes_recommendation_ids"
	var violations []Violation
	add := func(field string, reason Reason, message string) {
		violations = append(violations, Violation{field, reason, message})
	}
	if d.Reason == "" && (outcome != RecommendationAccepted || len(over) > 0) {
		add("reason", FieldRequired, "is required")
	}
	switch changed := outcome == RecommendationChanged; {
	case changed && d.ChangedText == "":
		add("changed_text", FieldRequired, "is required: what is done instead")
	case !changed && d.ChangedText != "":
		add("changed_text", FieldNotAllowed, "belongs to the answer CHANGED")
	}
	if outcome == RecommendationDeclined && len(over) > 0 {
		add(supersedes, FieldNotAllowed, "must be empty: one that is declined is not chosen over others")
	}
	for i, other := range over {
		if other.ID == r.ID || other.Topic != r.Topic || other.EpisodeID != r.EpisodeID {
			add(fmt.Sprintf("%s[%d]", supersedes, i), TopicDiffers, "must be another recommendation on the same topic in the same care episode")
		}
	}
	if len(violations) > 0 {
		return r, nil, invalid(violations)
	}
	superseded := make([]Recommendation, len(over))
	for i, other := range over {
		if err := other.mustBeOpen(); err != nil {
			return r, nil, err
		}
		d.Superseded = append(d.Superseded, other.ID)
		other.State, other.Decision = RecommendationSuperseded, &Decision{Reason: d.Reason, Practitioner: d.Practitioner, Time: now, Chosen: r.ID}
		superseded[i] = other.touched(now)
	}
	r.State, r.Decision = outcome, &d
	return r.touched(now), superseded, nil
}

// RegisterInError withdraws the recommendation.
func (r Recommendation) RegisterInError(mark ErrorMark, now time.Time) (Recommendation, error) {
	if r.State == RecommendationInError {
		return r, &StateError{RecommendationWrongState, "the recommendation has been registered in error already", string(r.State), nil}
	}
	r.State, r.ErrorMark = RecommendationInError, &mark
	return r.touched(now), nil
}

// Reopen takes up a recommendation again over which another was chosen, since that one has been withdrawn: it would otherwise
// be answered by something that never should have been there. False when it stands otherwise.
func (r Recommendation) Reopen(chosen string, now time.Time) (Recommendation, bool) {
	if r.State != RecommendationSuperseded || r.Decision == nil || r.Decision.Chosen != chosen {
		return r, false
	}
	r.State, r.Decision = RecommendationOpen, nil
	return r.touched(now), true
}

// Verbs are those that the recommendation bears now.
func (r Recommendation) Verbs() []string {
	switch r.State {
	case RecommendationOpen:
		return []string{"answer", "registerInError"}
	case RecommendationInError:
		return nil
	default:
		return []string{"registerInError"}
	}
}

func (r Recommendation) mustBeOpen() error {
	if r.State == RecommendationOpen {
		return nil
	}
	return &StateError{RecommendationWrongState, "only a recommendation that is open can be answered or superseded", string(r.State), r.Verbs()}
}

func (r Recommendation) touched(now time.Time) Recommendation {
	r.Revision++
	r.UpdateTime = now
	return r
}
