package careplan

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

func TestTheSafetyAnswerSurvivesEveryRefusal(t *testing.T) {
	phq := instrument(t, "PHQ-9")
	missing := Numbers(1, 1, 1, 1, 1, 1, 1, 1, 3)
	missing[2] = Answer{}
	for name, in := range map[string]AssessmentInput{
		"an item is missing":  {Answers: missing},
		"an item is no value": {Answers: Numbers(9, 1, 1, 1, 1, 1, 1, 1, 3)},
		"one item too many":   {Answers: Numbers(1, 1, 1, 1, 1, 1, 1, 1, 3, 0)},
		"the score disagrees": {Answers: Numbers(1, 1, 1, 1, 1, 1, 1, 1, 3), Total: of(2)},
		"a day to come":       {Answers: Numbers(1, 1, 1, 1, 1, 1, 1, 1, 3), AnswerDay: date.Of(monday).AddDays(1)},
		"the wrong score":     {Answers: Numbers(1, 1, 1, 1, 1, 1, 1, 1, 3), Mean: of(2.0)},
		"beside a bad score":  {Total: of(99), SafetyAnswer: of(3)},
		"both, unlike":        {Answers: Numbers(1, 1, 1, 1, 1, 1, 1, 1, 0), SafetyAnswer: of(3)},
	} {
		_, answer, err := NewAssessment(phq, in, monday)
		require.Error(t, err, name)
		require.Equal(t, &SafetyAnswer{9, 3, SafetyUrgent}, answer, name)
	}
	for name, in := range map[string]AssessmentInput{
		"not reached":     {Answers: Numbers(1, 1, 1, 1, 1, 1, 1, 1)},
		"itself missing":  {Answers: append(Numbers(1, 1, 1, 1, 1, 1, 1, 1), Answer{})},
		"itself no value": {Answers: Numbers(1, 1, 1, 1, 1, 1, 1, 1, 4)},
		"nothing at all":  {},
	} {
		_, answer, err := NewAssessment(phq, in, monday)
		require.Error(t, err, name)
		require.Nil(t, answer, name)
	}
}

func TestAScoreAloneNeedsTheSafetyItem(t *testing.T) {
	madrs := instrument(t, "MADRS-S")
	_, _, err := NewAssessment(madrs, AssessmentInput{Total: of(20)}, monday)
	require.Equal(t, []Reason{SafetyItemRequired}, reasons(err))
	a, answer, err := NewAssessment(madrs, AssessmentInput{Total: of(20), SafetyAnswer: of(2)}, monday)
	require.NoError(t, err)
	require.Equal(t, SafetyReview, answer.Level)
	require.Equal(t, SafetyReview, a.Scored.Safety)
	require.Equal(t, "moderate", a.Scored.Band)
	_, _, err = NewAssessment(instrument(t, "BAI"), AssessmentInput{Total: of(20), SafetyAnswer: of(2)}, monday)
	require.Equal(t, []Reason{FieldNotAllowed}, reasons(err))
	_, _, err = NewAssessment(instrument(t, "BAI"), AssessmentInput{Total: of(20)}, monday)
	require.NoError(t, err)
	_, _, err = NewAssessment(instrument(t, "SMBM-6"), AssessmentInput{Total: of(5)}, monday)
	require.Equal(t, []Reason{TotalNotDefined}, reasons(err))
	a, _, err = NewAssessment(instrument(t, "SMBM-6"), AssessmentInput{Mean: of(5.0)}, monday)
	require.NoError(t, err)
	require.Equal(t, 5.0, *a.Scored.Mean)
}

// The level depends on the item alone: whatever stands in the other answers, whole or broken, the same answer gives the same level.
func TestTheLevelComesFromTheItem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := instrument(t, rapid.SampledFrom([]string{"PHQ-9", "MADRS-S"}).Draw(t, "instrument"))
		answers := make([]Answer, rapid.IntRange(9, 12).Draw(t, "count"))
		for n := range answers {
			answers[n] = Answer{AnswerKind(rapid.IntRange(0, 2).Draw(t, "kind")), rapid.Float64Range(-2, 8).Draw(t, "value")}
		}
		value := rapid.IntRange(0, i.Items[8].Max).Draw(t, "item")
		answers[8] = Numbers(value)[0]
		_, answer, _ := NewAssessment(i, AssessmentInput{Answers: answers}, monday)
		require.Equal(t, &SafetyAnswer{9, value, i.Safety.Level(value)}, answer)
	})
}

func TestAgainstTheFirst(t *testing.T) {
	madrs := instrument(t, "MADRS-S")
	a, _, err := NewAssessment(madrs, AssessmentInput{Answers: Numbers(2, 2, 2, 2, 1, 1, 1, 1, 1)}, monday)
	require.NoError(t, err)
	require.Nil(t, a.Against(madrs, nil).Course.Change)
	a = a.Against(madrs, of(26.0))
	require.Equal(t, -13.0, *a.Course.Change)
	require.True(t, a.Course.Response)
	require.False(t, a.Scored.Remission)
	eq, _, err := NewAssessment(instrument(t, "EQ-5D-5L"), AssessmentInput{Answers: Numbers(1, 2, 3, 4, 5)}, monday)
	require.NoError(t, err)
	require.Nil(t, eq.Against(instrument(t, "EQ-5D-5L"), of(1.0)).Course.Change)

	mistaken, err := a.RegisterInError(ErrorMark{Reason: "wrong form"}, monday)
	require.NoError(t, err)
	_, err = mistaken.RegisterInError(ErrorMark{}, monday)
	require.Error(t, err)
}

func TestFlags(t *testing.T) {
	_, raised := NewFlag(Flag{}, nil, monday)
	require.False(t, raised)
	_, raised = NewFlag(Flag{}, &SafetyAnswer{9, 0, SafetyNone}, monday)
	require.False(t, raised)
	flag, raised := NewFlag(Flag{ID: "f", PatientID: "p", Instrument: "PHQ-9", AnswerDay: date.Of(monday)}, &SafetyAnswer{9, 2, SafetyUrgent}, monday)
	require.True(t, raised)
	require.Equal(t, FlagUrgent, flag.Level)

	again := flag
	require.True(t, flag.SameAnswer(again))
	again.Answer = 3
	require.False(t, flag.SameAnswer(again))
	adopted := flag.Adopt("a", "e", "c", monday)
	require.Equal(t, []string{"a", "e", "c"}, []string{adopted.AssessmentID, adopted.EpisodeID, adopted.ContactID})
	require.False(t, adopted.SameAnswer(flag), "it has its form now")

	for text, ok := range map[string]bool{"": false, "ok": false, strings.Repeat(" ", 40) + "ok": false, strings.Repeat("å", 19): false, strings.Repeat("å", 20): true} {
		assessed, err := flag.Assess(Risk{Conclusion: "NO_RAISED_RISK", Text: text, AssessedBy: "gp"}, monday)
		require.Equal(t, ok, err == nil, text)
		if ok {
			require.Equal(t, FlagAssessed, assessed.State)
			require.Equal(t, monday, assessed.Risk.Time)
			_, err = assessed.Assess(Risk{Text: text}, monday)
			var state *StateError
			require.ErrorAs(t, err, &state)
		}
	}
}
