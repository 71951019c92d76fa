package careplan

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// SafetyLevel is what the answer to a safety item asks for, spelled as clients see it.
type SafetyLevel string

// The levels.
const (
	// SafetyUnknown: the instrument has a safety item and nobody knows the answer.
	SafetyUnknown SafetyLevel = ""
	// SafetyNone: nothing, or the instrument has no such item.
	SafetyNone SafetyLevel = "none"
	// SafetyReview: a person must see it the same day.
	SafetyReview SafetyLevel = "review"
	// SafetyUrgent: a person must see it now.
	SafetyUrgent SafetyLevel = "urgent"
)

// Flagged tells whether a person must see the answer.
func (l SafetyLevel) Flagged() bool { return l == SafetyReview || l == SafetyUrgent }

// Answer is one answer as it was sent: a number, nothing, or something that is no number.
type Answer struct {
	Kind  AnswerKind
	Value float64
}

// AnswerKind is what was sent for an answer.
type AnswerKind int

// What can be sent.
const (
	AnswerMissing AnswerKind = iota
	AnswerNumber
	AnswerOther
)

// Numbers makes answers of whole numbers.
func Numbers(values ...int) []Answer {
	answers := make([]Answer, len(values))
	for n, value := range values {
		answers[n] = Answer{Kind: AnswerNumber, Value: float64(value)}
	}
	return answers
}

// Form is what was sent: the answers, the score, or both.
type Form struct {
	Answers []Answer
	// Total is the score as sent: the sum or the mean; nil when none was sent. TotalField names it in violations.
	Total      *float64
	TotalField string
}

// Scored is what a form means.
type Scored struct {
	// Answers are the whole numbers of the form; empty when only a score was sent.
	Answers []int
	// Total is set for instruments that sum, Mean (rounded half up to two decimals) for those that take the mean.
	Total *int
	Mean  *float64
	// Band is empty for a profile.
	Band    string
	Profile string
	// Safety is SafetyUnknown when the instrument has a safety item and only a score was sent.
	Safety SafetyLevel
	// Remission is false where the instrument defines none.
	Remission bool
}

// Value is the score that changes are measured in; false for a profile.
func (s Scored) Value() (float64, bool) {
	switch {
	case s.Total != nil:
		return float64(*s.Total), true
	case s.Mean != nil:
		return *s.Mean, true
	default:
		return 0, false
	}
}

// Score says what a form means. Incomplete forms are refused, nothing is estimated. The error is an *InvalidError with
// fields answers, answers[n] and the form's TotalField; its first violation tells the whole.
func (i *Instrument) Score(form Form) (Scored, error) {
	if len(form.Answers) == 0 && form.Total != nil {
		return i.scoreTotal(form)
	}
	violations := i.checkAnswers(form.Answers)
	if len(violations) > 0 {
		return Scored{}, invalid(violations)
	}
	scored := i.scoreAnswers(form.Answers)
	if form.Total != nil {
		if v := i.checkAgreement(scored, form); v != nil {
			return Scored{}, invalid([]Violation{*v})
		}
	}
	return scored, nil
}

// SafetyAnswer is the answer to the safety item, valid in itself, whatever the rest of the form looks like.
func (i *Instrument) SafetyAnswer(answers []Answer) (answer int, found bool) {
	if i.Safety == nil || len(answers) < i.Safety.Item {
		return 0, false
	}
	n := i.Safety.Item - 1
	if i.checkAnswer(n, answers[n]) != nil {
		return 0, false
	}
	return int(answers[n].Value), true
}

func (i *Instrument) checkAnswers(answers []Answer) []Violation {
	var violations []Violation
	if len(answers) != len(i.Items) {
		violations = append(violations, Violation{"answers", WrongItemCount, fmt.Sprintf("must be %d, one for each item", len(i.Items))})
	}
	for n := range min(len(answers), len(i.Items)) {
		if v := i.checkAnswer(n, answers[n]); v != nil {
			violations = append(violations, *v)
		}
	}
	return violations
}

func (i *Instrument) checkAnswer(n int, answer Answer) *Violation {
	item, field := i.Items[n], fmt.Sprintf("answers[%d]", n)
	switch {
	case answer.Kind == AnswerMissing:
		return &Violation{field, MissingItem, "is missing; incomplete forms are refused"}
	case answer.Kind != AnswerNumber || !whole(answer.Value):
		return &Violation{field, NotAnInteger, "must be a whole number"}
	case answer.Value < float64(item.Min) || answer.Value > float64(item.Max):
		return &Violation{field, ItemOutOfRange, fmt.Sprintf("must be from %d to %d", item.Min, item.Max)}
	case len(item.Allowed) > 0 && !slices.Contains(item.Allowed, int(answer.Value)):
		return &Violation{field, ValueNotAllowed, "must be one of " + list(item.Allowed)}
	default:
		return nil
	}
}

func (i *Instrument) scoreAnswers(answers []Answer) Scored {
	scored := Scored{Answers: make([]int, len(answers)), Safety: SafetyNone}
	sum := 0
	for n, answer := range answers {
		scored.Answers[n] = int(answer.Value)
		sum += scored.Answers[n]
	}
	if i.Safety != nil {
		scored.Safety = i.Safety.Level(scored.Answers[i.Safety.Item-1])
	}
	switch i.Scoring {
	case ScoringSum:
		scored.Total = &sum
		scored.Band = i.band(sum, 1)
	case ScoringMean:
		mean := roundedMean(sum, len(answers))
		scored.Mean = &mean
		scored.Band = i.band(sum, len(answers))
	case ScoringProfile:
		digits := make([]byte, len(answers))
		for n, value := range scored.Answers {
			digits[n] = byte('0' + value)
		}
		scored.Profile = string(digits)
	}
	scored.Remission = i.remissionOf(scored)
	return scored
}

// scoreTotal takes a score without its answers.
func (i *Instrument) scoreTotal(form Form) (Scored, error) {
	total, field := *form.Total, form.TotalField
	if v := i.checkScore(total, field, TotalOutOfRange); v != nil {
		return Scored{}, invalid([]Violation{*v})
	}
	scored := Scored{Safety: SafetyNone}
	if i.Safety != nil {
		scored.Safety = SafetyUnknown
	}
	if i.Scoring == ScoringSum {
		sum := int(total)
		scored.Total = &sum
	} else {
		mean := round2(total)
		scored.Mean = &mean
	}
	for _, band := range i.Bands {
		if total >= band.From {
			scored.Band = band.Name
		}
	}
	scored.Remission = i.remissionOf(scored)
	return scored, nil
}

// checkScore checks a score that was sent, not computed.
func (i *Instrument) checkScore(score float64, field string, outOfRange Reason) *Violation {
	low, high := i.Range()
	switch {
	case i.Scoring == ScoringProfile:
		return &Violation{field, TotalNotDefined, "does not belong to this instrument, which has no score"}
	case math.IsNaN(score), math.IsInf(score, 0):
		return &Violation{field, outOfRange, "must be a number"}
	case i.Scoring == ScoringSum && !whole(score):
		return &Violation{field, NotAnInteger, "must be a whole number"}
	case score < low || score > high:
		return &Violation{field, outOfRange, fmt.Sprintf("must be from %g to %g", low, high)}
	default:
		return nil
	}
}

func (i *Instrument) checkAgreement(scored Scored, form Form) *Violation {
	if v := i.checkScore(*form.Total, form.TotalField, TotalOutOfRange); v != nil {
		return v
	}
	value, _ := scored.Value()
	if round2(*form.Total) != value {
		return &Violation{form.TotalField, TotalMismatch, "is not the score that the answers give"}
	}
	return nil
}

// band finds the band of sum/count without rounding the mean: bands begin at whole hundredths.
func (i *Instrument) band(sum, count int) string {
	name := ""
	for _, band := range i.Bands {
		if 100*sum >= int(math.Round(band.From*100))*count {
			name = band.Name
		}
	}
	return name
}

func (i *Instrument) remissionOf(scored Scored) bool {
	value, ok := scored.Value()
	return ok && i.Remission(value)
}

// Course is a score measured against the first one.
type Course struct {
	// Change is the score minus the first one, to two decimals; nil when this is the first.
	Change *float64
	// Response is a fall of at least the instrument's share of the first score; false where none is defined.
	Response bool
}

// Course measures a score against the first one, nil when there is none before it.
func (i *Instrument) Course(current float64, baseline *float64) Course {
	if baseline == nil {
		return Course{}
	}
	change := round2(current - *baseline)
	return Course{
		Change:   &change,
		Response: i.ResponsePercent > 0 && *baseline > 0 && -change*100 >= float64(i.ResponsePercent)**baseline,
	}
}

// CheckPrevious checks scores that were sent as the ones before; the fields are previous_scores[n].
func (i *Instrument) CheckPrevious(scores []float64) error {
	var violations []Violation
	for n, score := range scores {
		if v := i.checkScore(score, fmt.Sprintf("previous_scores[%d]", n), PreviousScoreOutOfRange); v != nil {
			violations = append(violations, *v)
		}
	}
	return invalid(violations)
}

func whole(v float64) bool { return v == math.Trunc(v) && !math.IsInf(v, 0) }

// roundedMean is sum/count rounded half up to two decimals, in whole numbers until the last step.
func roundedMean(sum, count int) float64 {
	return float64((200*sum+count)/(2*count)) / 100
}

// round2 rounds to two decimals, halves away from zero. The small push lets 4.395 as written in decimals round up although
// its binary form lies below.
func round2(v float64) float64 {
	return math.Round(v*100+math.Copysign(1e-9, v)) / 100
}

func list(values []int) string {
	parts := make([]string, len(values))
	for n, value := range values {
		parts[n] = fmt.Sprint(value)
	}
	return strings.Join(parts, ", ")
}

// Remission tells whether a score is in the range of remission; false where the instrument defines none.
func (i *Instrument) Remission(score float64) bool {
	return i.RemissionMax != nil && score <= *i.RemissionMax
}
