package careplan

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The worked cases were computed apart from this package, with exact fractions, from the published ranges and bands.
type workedCases struct {
	Cases []struct {
		ID, Instrument string
		Items          []any
		Expect         struct {
			Total       *float64
			Band        *string
			SafetyFlag  *bool   `json:"safety_flag"`
			SafetyLevel *string `json:"safety_level"`
		}
		Profile string
	}
	Invalid []struct {
		ID, Instrument, Reason string
		Field                  *string
		Answers                []any
	}
	Trajectories []struct {
		ID, Instrument string
		Scores         []float64
		Expect         struct {
			Response, Remission bool
			Change              float64
		}
	}
}

func worked(t *testing.T) workedCases {
	text, err := os.ReadFile("testdata/scores.json")
	require.NoError(t, err)
	var cases workedCases
	require.NoError(t, json.Unmarshal(text, &cases))
	require.Greater(t, len(cases.Cases), 100)
	require.Greater(t, len(cases.Invalid), 100)
	require.Greater(t, len(cases.Trajectories), 10)
	return cases
}

func catalogue(t require.TestingT) *Instruments {
	all, err := LoadInstruments()
	require.NoError(t, err)
	return all
}

func instrument(t require.TestingT, code string) *Instrument {
	i, ok := catalogue(t).Get(code)
	require.True(t, ok, code)
	return i
}

func answersOf(values []any) []Answer {
	answers := make([]Answer, len(values))
	for n, value := range values {
		switch v := value.(type) {
		case nil:
		case float64:
			answers[n] = Answer{Kind: AnswerNumber, Value: v}
		default:
			answers[n] = Answer{Kind: AnswerOther}
		}
	}
	return answers
}

func TestWorkedScores(t *testing.T) {
	for _, c := range worked(t).Cases {
		t.Run(c.ID, func(t *testing.T) {
			scored, err := instrument(t, c.Instrument).Score(Form{Answers: answersOf(c.Items)})
			require.NoError(t, err)
			value, has := scored.Value()
			require.Equal(t, c.Expect.Total != nil, has)
			if has {
				require.Equal(t, *c.Expect.Total, value)
			}
			if c.Expect.Band != nil {
				require.Equal(t, *c.Expect.Band, scored.Band)
			} else {
				require.Empty(t, scored.Band)
			}
			require.Equal(t, c.Profile, scored.Profile)
			if c.Expect.SafetyLevel != nil {
				require.Equal(t, SafetyLevel(*c.Expect.SafetyLevel), scored.Safety)
				require.Equal(t, *c.Expect.SafetyFlag, scored.Safety.Flagged())
			} else {
				require.Equal(t, SafetyNone, scored.Safety)
			}
		})
	}
}

func TestWorkedRefusals(t *testing.T) {
	for _, c := range worked(t).Invalid {
		t.Run(c.ID, func(t *testing.T) {
			_, err := instrument(t, c.Instrument).Score(Form{Answers: answersOf(c.Answers)})
			violations := violationsOf(err)
			require.Len(t, violations, 1)
			require.Equal(t, Reason(c.Reason), violations[0].Reason)
			if c.Field != nil {
				require.Equal(t, *c.Field, violations[0].Field)
			}
		})
	}
}

func TestWorkedCourses(t *testing.T) {
	for _, c := range worked(t).Trajectories {
		t.Run(c.ID, func(t *testing.T) {
			i := instrument(t, c.Instrument)
			last := len(c.Scores) - 1
			scored, err := i.Score(Form{Total: &c.Scores[last], TotalField: "total_score"})
			require.NoError(t, err)
			require.NoError(t, i.CheckPrevious(c.Scores[:last]))
			value, _ := scored.Value()
			course := i.Course(value, &c.Scores[0])
			require.Equal(t, c.Expect.Change, *course.Change)
			require.Equal(t, c.Expect.Response, course.Response)
			require.Equal(t, c.Expect.Remission, scored.Remission)
			require.Nil(t, i.Course(value, nil).Change)
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, err := instrument(t, "PHQ-9").Score(Form{Answers: []Answer{{}, {AnswerNumber, 1.5}, {AnswerNumber, 4}, {AnswerNumber, math.NaN()}, {AnswerNumber, math.Inf(1)}, {AnswerNumber, math.Copysign(0, -1)}}})
	require.Equal(t, []Violation{
		{"answers", WrongItemCount, "must be 9, one for each item"},
		{"answers[0]", MissingItem, "is missing; incomplete forms are refused"},
		{"answers[1]", NotAnInteger, "must be a whole number"},
		{"answers[2]", ItemOutOfRange, "must be from 0 to 3"},
		{"answers[3]", NotAnInteger, "must be a whole number"},
		{"answers[4]", NotAnInteger, "must be a whole number"},
	}, violationsOf(err))
}

func TestScoreAlone(t *testing.T) {
	for _, test := range []struct {
		code   string
		total  float64
		band   string
		reason Reason
	}{
		{"PHQ-9", 0, "minimal", ""}, {"PHQ-9", 27, "severe", ""}, {"PHQ-9", 28, "", TotalOutOfRange}, {"PHQ-9", -1, "", TotalOutOfRange},
		{"PHQ-9", 12.5, "", NotAnInteger}, {"PHQ-9", math.NaN(), "", TotalOutOfRange}, {"PHQ-9", math.Inf(1), "", TotalOutOfRange},
		{"WAI", 6, "", TotalOutOfRange}, {"WAI", 7, "poor", ""}, {"WAI", 49, "excellent", ""}, {"WAI", 50, "", TotalOutOfRange},
		{"BAI", 25, "moderate", ""}, {"BAI", 26, "severe", ""}, {"AUDIT", 40, "zone-4-possible-dependence", ""},
		{"SMBQ-18", 4.4, "at-or-above-cutoff", ""}, {"SMBQ-18", 4.399, "below-cutoff", ""}, {"SMBQ-18", 0.99, "", TotalOutOfRange}, {"SMBQ-18", 78, "", TotalOutOfRange},
		{"SMBM-6", 3.75, "at-or-above-cutoff", ""}, {"SMBM-6", 3.74, "below-cutoff", ""}, {"SMBM-6", 7, "at-or-above-cutoff", ""},
		{"EQ-5D-5L", 1, "", TotalNotDefined},
	} {
		scored, err := instrument(t, test.code).Score(Form{Total: &test.total, TotalField: "total_score"})
		if test.reason != "" {
			require.Equal(t, test.reason, violationsOf(err)[0].Reason, "%s %v", test.code, test.total)
			require.Equal(t, "total_score", violationsOf(err)[0].Field)
			continue
		}
		require.NoError(t, err, "%s %v", test.code, test.total)
		require.Equal(t, test.band, scored.Band, "%s %v", test.code, test.total)
	}
}

func TestAScoreAloneKnowsNothingOfTheSafetyItem(t *testing.T) {
	total := 27.0
	scored, err := instrument(t, "PHQ-9").Score(Form{Total: &total})
	require.NoError(t, err)
	require.Equal(t, SafetyUnknown, scored.Safety)
	require.False(t, scored.Safety.Flagged())
	scored, err = instrument(t, "BAI").Score(Form{Total: &total})
	require.NoError(t, err)
	require.Equal(t, SafetyNone, scored.Safety)
}

func TestAnswersAndScoreMustAgree(t *testing.T) {
	right, wrong, rounded, fine := 5.0, 6.0, 3.83, 3.8333333
	answers := Numbers(1, 1, 1, 1, 1, 0, 0, 0, 0)
	_, err := instrument(t, "PHQ-9").Score(Form{Answers: answers, Total: &right, TotalField: "total_score"})
	require.NoError(t, err)
	_, err = instrument(t, "PHQ-9").Score(Form{Answers: answers, Total: &wrong, TotalField: "total_score"})
	require.Equal(t, TotalMismatch, violationsOf(err)[0].Reason)
	for _, mean := range []*float64{&rounded, &fine} {
		_, err = instrument(t, "SMBM-6").Score(Form{Answers: Numbers(4, 4, 4, 4, 4, 3), Total: mean, TotalField: "mean_score"})
		require.NoError(t, err)
	}
	_, err = instrument(t, "EQ-5D-5L").Score(Form{Answers: Numbers(1, 1, 1, 1, 1), Total: &right, TotalField: "total_score"})
	require.Equal(t, TotalNotDefined, violationsOf(err)[0].Reason)
}

func TestPreviousScoresAreChecked(t *testing.T) {
	err := instrument(t, "MADRS-S").CheckPrevious([]float64{20, 55, 1.5, math.NaN()})
	require.Equal(t, []Reason{PreviousScoreOutOfRange, NotAnInteger, PreviousScoreOutOfRange}, reasons(err))
	require.Equal(t, "previous_scores[1]", violationsOf(err)[0].Field)
	require.Equal(t, TotalNotDefined, violationsOf(instrument(t, "EQ-5D-5L").CheckPrevious([]float64{1}))[0].Reason)
	require.NoError(t, instrument(t, "SMBQ-18").CheckPrevious([]float64{4.33}))
}

func reasons(err error) []Reason {
	var found []Reason
	for _, v := range violationsOf(err) {
		found = append(found, v.Reason)
	}
	return found
}

// Every form within the rules has a score within the range, in one band, and the safety level follows from its item alone.
func TestEveryValidFormScores(t *testing.T) {
	all := catalogue(t).All()
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.SampledFrom(all).Draw(t, "instrument")
		values := make([]int, len(i.Items))
		for n, item := range i.Items {
			if len(item.Allowed) > 0 {
				values[n] = rapid.SampledFrom(item.Allowed).Draw(t, "allowed")
			} else {
				values[n] = rapid.IntRange(item.Min, item.Max).Draw(t, "value")
			}
		}
		scored, err := i.Score(Form{Answers: Numbers(values...)})
		require.NoError(t, err)
		if i.Safety != nil {
			answer, found := i.SafetyAnswer(Numbers(values...))
			require.True(t, found)
			require.Equal(t, i.Safety.Level(answer), scored.Safety)
		}
		value, has := scored.Value()
		if !has {
			require.Len(t, scored.Profile, len(values))
			return
		}
		low, high := i.Range()
		require.GreaterOrEqual(t, value, low)
		require.LessOrEqual(t, value, high)
		require.NotEmpty(t, scored.Band)
		again, err := i.Score(Form{Answers: Numbers(values...), Total: &value, TotalField: "total_score"})
		require.NoError(t, err)
		require.Equal(t, scored.Band, again.Band)
	})
}

func FuzzScore(f *testing.F) {
	f.Add("PHQ-9", 9, 1.5, true)
	f.Add("EQ-5D-5L", 5, 3.0, false)
	f.Fuzz(func(t *testing.T, code string, count int, value float64, number bool) {
		i, ok := catalogue(t).Get(code)
		if !ok || count < 0 || count > 1000 {
			return
		}
		answers := make([]Answer, count)
		for n := range answers {
			answers[n] = Answer{Kind: AnswerOther, Value: value}
			if number {
				answers[n].Kind = AnswerNumber
			}
		}
		scored, err := i.Score(Form{Answers: answers, Total: &value, TotalField: "total_score"})
		if err == nil && len(scored.Answers) != count {
			t.Fatal("answers were lost")
		}
	})
}
