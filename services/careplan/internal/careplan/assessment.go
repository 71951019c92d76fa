package careplan

import (
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Assessment is a form that the patient has answered, scored when it was recorded.
type Assessment struct {
	ID           string
	PatientID    string
	EpisodeID    string // empty outside an episode
	ContactID    string
	Instrument   string
	AnswerDay    date.Day
	Scored       Scored
	Course       Course
	SafetyFlagID string
	RecordedBy   string
	ErrorMark    *ErrorMark
	Revision     int64
	CreateTime   time.Time
	UpdateTime   time.Time
}

// AssessmentInput is a form as it was sent for recording.
type AssessmentInput struct {
	Answers []Answer
	// Total and Mean are the score as sent, nil when not.
	Total *int
	Mean  *float64
	// SafetyAnswer is the answer to the safety item where only a score was sent.
	SafetyAnswer *int
	AnswerDay    date.Day // no day means today
}

// NewAssessment scores a form. It returns the answer to the safety item whenever that answer is valid in itself, also when
// the form is refused: safety comes from the item, never from the total, and is never lost. Violations have the fields of
// the assessment.
func NewAssessment(i *Instrument, in AssessmentInput, now time.Time) (Assessment, *SafetyAnswer, error) {
	var violations []Violation
	today := date.Of(now)
	a := Assessment{Instrument: i.Code, AnswerDay: in.AnswerDay, CreateTime: now, UpdateTime: now, Revision: 1}
	if a.AnswerDay.IsZero() {
		a.AnswerDay = today
	}
	if a.AnswerDay > today {
		violations = append(violations, Violation{"answer_date", DateOutOfRange, "must not lie in the future"})
	}
	answer, wrong := i.safetyOf(in)
	if wrong != nil {
		violations = append(violations, *wrong)
	}
	form, misplaced := i.form(in)
	violations = append(violations, misplaced...)
	if len(misplaced) == 0 {
		scored, err := i.Score(form)
		violations = append(violations, violationsOf(err)...)
		a.Scored = scored
	}
	if a.Scored.Safety == SafetyUnknown && answer != nil {
		a.Scored.Safety = answer.Level
	}
	return a, answer, invalid(violations)
}

// form takes the score from the field where the instrument keeps it.
func (i *Instrument) form(in AssessmentInput) (Form, []Violation) {
	form := Form{Answers: in.Answers, TotalField: "total_score"}
	if in.Total != nil {
		value := float64(*in.Total)
		form.Total = &value
	}
	if i.Scoring == ScoringMean {
		if in.Total != nil {
			return form, []Violation{{"total_score", TotalNotDefined, "does not belong to this instrument, which takes the mean; use mean_score"}}
		}
		form.Total, form.TotalField = in.Mean, "mean_score"
	} else if in.Mean != nil {
		return form, []Violation{{"mean_score", TotalNotDefined, "does not belong to this instrument, which takes no mean"}}
	}
	return form, nil
}

// SafetyAnswer is a valid answer to an instrument's safety item.
type SafetyAnswer struct {
	Item   int // 1 for the first
	Answer int
	Level  SafetyLevel
}

// safetyOf finds the answer to the safety item among the answers or beside the score.
func (i *Instrument) safetyOf(in AssessmentInput) (*SafetyAnswer, *Violation) {
	const field = "safety_item_answer"
	if i.Safety == nil {
		if in.SafetyAnswer != nil {
			return nil, &Violation{field, FieldNotAllowed, "does not belong to this instrument, which has no safety item"}
		}
		return nil, nil
	}
	if answer, found := i.SafetyAnswer(in.Answers); found {
		answered := &SafetyAnswer{i.Safety.Item, answer, i.Safety.Level(answer)}
		if in.SafetyAnswer != nil && *in.SafetyAnswer != answer {
			// Both were given to us: the graver one counts, and the contradiction is refused.
			if v := i.checkAnswer(i.Safety.Item-1, Numbers(*in.SafetyAnswer)[0]); v == nil && *in.SafetyAnswer > answer {
				answered = &SafetyAnswer{i.Safety.Item, *in.SafetyAnswer, i.Safety.Level(*in.SafetyAnswer)}
			}
			return answered, &Violation{field, TotalMismatch, "is not the answer to that item in the form"}
		}
		return answered, nil
	}
	if in.SafetyAnswer == nil {
		if len(in.Answers) == 0 && (in.Total != nil || in.Mean != nil) {
			return nil, &Violation{field, SafetyItemRequired, fmt.Sprintf("is required with a score alone: the answer to item %d", i.Safety.Item)}
		}
		return nil, nil
	}
	if v := i.checkAnswer(i.Safety.Item-1, Numbers(*in.SafetyAnswer)[0]); v != nil {
		return nil, &Violation{field, v.Reason, v.Message}
	}
	return &SafetyAnswer{i.Safety.Item, *in.SafetyAnswer, i.Safety.Level(*in.SafetyAnswer)}, nil
}

// Against measures the assessment from the first score of its episode; nil when it is that first one itself.
func (a Assessment) Against(i *Instrument, baseline *float64) Assessment {
	a.Course = Course{}
	if score, ok := a.Scored.Value(); ok {
		a.Course = i.Course(score, baseline)
	}
	return a
}

// RegisterInError withdraws the assessment. A safety flag it raised stays as it is.
func (a Assessment) RegisterInError(mark ErrorMark, now time.Time) (Assessment, error) {
	if a.ErrorMark != nil {
		return a, &StateError{AssessmentInError, "the assessment has been registered in error already", "REGISTERED_IN_ERROR", nil}
	}
	a.ErrorMark = &mark
	return a.Touched(now), nil
}

// Touched is the assessment at its next revision.
func (a Assessment) Touched(now time.Time) Assessment {
	a.Revision++
	a.UpdateTime = now
	return a
}
