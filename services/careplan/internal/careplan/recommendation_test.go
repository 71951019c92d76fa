package careplan

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

var given = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func recommendation(t *testing.T, id string, topic Topic, text string) Recommendation {
	t.Helper()
	r, err := NewRecommendation(Recommendation{ID: id, EpisodeID: "e", Topic: topic, Text: text, Reason: "for " + text}, given)
	require.NoError(t, err)
	return r
}

func TestARecommendationIsAnsweredWithItsReason(t *testing.T) {
	_, err := NewRecommendation(Recommendation{Text: " "}, given)
	require.Len(t, violationsOf(err), 3)
	r := recommendation(t, "1", "REFERRAL", "physiotherapy")
	for name, c := range map[string]struct {
		outcome RecommendationState
		answer  Decision
		fields  []string
	}{
		"accepted":                   {RecommendationAccepted, Decision{}, nil},
		"accepted and changed":       {RecommendationAccepted, Decision{ChangedText: "x"}, []string{"changed_text"}},
		"changed to nothing":         {RecommendationChanged, Decision{Reason: "x"}, []string{"changed_text"}},
		"changed for no reason":      {RecommendationChanged, Decision{Reason: " ", ChangedText: "x"}, []string{"reason"}},
		"changed":                    {RecommendationChanged, Decision{Reason: "x", ChangedText: "y"}, nil},
		"declined for no reason":     {RecommendationDeclined, Decision{}, []string{"reason"}},
		"declined":                   {RecommendationDeclined, Decision{Reason: "x"}, nil},
		"declined with another text": {RecommendationDeclined, Decision{Reason: "x", ChangedText: "y"}, []string{"changed_text"}},
	} {
		t.Run(name, func(t *testing.T) {
			answered, _, err := r.Decide(c.outcome, c.answer, nil, given.AddDate(0, 0, 3))
			var fields []string
			for _, v := range violationsOf(err) {
				fields = append(fields, v.Field)
			}
			require.Equal(t, c.fields, fields)
			if err != nil {
				require.Equal(t, r, answered)
				return
			}
			require.Equal(t, c.outcome, answered.State)
			require.Equal(t, 3, answered.AgeDays(date.Of(given).AddDays(50)), "it stops ageing with its answer")
			require.Equal(t, r.Text, answered.Text)
			_, _, err = answered.Decide(RecommendationAccepted, Decision{}, nil, given)
			require.Equal(t, RecommendationWrongState, stateOf(t, err).Reason)
		})
	}
	require.Equal(t, 50, r.AgeDays(date.Of(given).AddDays(50)))
	require.Equal(t, 1, recommendation(t, "2", "OTHER", "x").AgeDays(date.Of(given.Add(24*time.Hour))))
}

func TestWhatWasNotChosenStaysWithItsReason(t *testing.T) {
	more, less := recommendation(t, "1", "SICK_LEAVE_DEGREE", "75 per cent"), recommendation(t, "2", "SICK_LEAVE_DEGREE", "50 per cent")
	require.True(t, more.Differs(less) && less.Differs(more))
	require.False(t, more.Differs(recommendation(t, "3", "SICK_LEAVE_DEGREE", "75  PER cent ")))
	require.False(t, more.Differs(more))
	require.False(t, recommendation(t, "4", TopicOther, "x").Differs(recommendation(t, "5", TopicOther, "y")))
	elsewhere := less
	elsewhere.EpisodeID = "another"
	require.False(t, more.Differs(elsewhere))

	_, _, err := more.Decide(RecommendationAccepted, Decision{}, []Recommendation{less}, given)
	require.Equal(t, "reason", violationsOf(err)[0].Field)
	_, _, err = more.Decide(RecommendationDeclined, Decision{Reason: "x"}, []Recommendation{less}, given)
	require.Equal(t, FieldNotAllowed, violationsOf(err)[0].Reason)
	for _, other := range []Recommendation{more, elsewhere, recommendation(t, "6", "REFERRAL", "x")} {
		_, _, err = more.Decide(RecommendationAccepted, Decision{Reason: "x"}, []Recommendation{less, other}, given)
		require.Equal(t, "supersedes_recommendation_ids[1]", violationsOf(err)[0].Field)
	}
	chosen, over, err := more.Decide(RecommendationAccepted, Decision{Reason: "the work is heavy", Practitioner: "gp"}, []Recommendation{less}, given)
	require.NoError(t, err)
	require.Equal(t, []string{"2"}, chosen.Decision.Superseded)
	require.Equal(t, RecommendationSuperseded, over[0].State)
	require.Equal(t, "50 per cent", over[0].Text)
	require.Equal(t, "for 50 per cent", over[0].Reason)
	require.Equal(t, Decision{Reason: "the work is heavy", Practitioner: "gp", Time: given, Chosen: "1"}, *over[0].Decision)
	_, _, err = recommendation(t, "7", "SICK_LEAVE_DEGREE", "x").Decide(RecommendationAccepted, Decision{Reason: "x"}, over, given)
	require.Equal(t, RecommendationWrongState, stateOf(t, err).Reason)

	_, ok := over[0].Reopen("7", given)
	require.False(t, ok)
	_, ok = chosen.Reopen("1", given)
	require.False(t, ok)
	open, ok := over[0].Reopen("1", given)
	require.True(t, ok)
	require.Nil(t, open.Decision)
	require.Equal(t, less.Text, open.Text)

	mistaken, err := chosen.RegisterInError(ErrorMark{Time: given}, given)
	require.NoError(t, err)
	_, err = mistaken.RegisterInError(ErrorMark{}, given)
	require.Equal(t, RecommendationWrongState, stateOf(t, err).Reason)
}
