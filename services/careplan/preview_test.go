package careplan_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
)

// The worked cases as a client sends them: JSON in, JSON out, nulls and fractions among the answers.
func TestPreviewOfTheWorkedCases(t *testing.T) {
	text, err := os.ReadFile("internal/careplan/testdata/scores.json")
	require.NoError(t, err)
	var cases struct {
		Cases []struct {
			ID, Instrument string
			Items          json.RawMessage
			Expect         map[string]any
			Profile        string
		}
		Invalid []struct {
			ID, Instrument, Reason string
			Answers                json.RawMessage
			Field                  *string
		}
		Trajectories []struct {
			ID, Instrument string
			Scores         []float64
			Expect         map[string]any
		}
	}
	require.NoError(t, json.Unmarshal(text, &cases))
	run(t, func(f *fixture) {
		preview := func(body string) (map[string]any, error) {
			request := &careplanv1.PreviewAssessmentRequest{}
			require.NoError(f, protojson.Unmarshal([]byte(body), request), body)
			answer, err := f.client.PreviewAssessment(f.cm, request)
			if err != nil {
				return nil, err
			}
			text, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(answer)
			require.NoError(f, err)
			var told map[string]any
			require.NoError(f, json.Unmarshal(text, &told))
			return told, nil
		}
		for _, c := range cases.Cases {
			told, err := preview(fmt.Sprintf(`{"instrument":%q,"answers":%s}`, c.Instrument, c.Items))
			require.NoError(f, err, c.ID)
			score := told["totalScore"]
			if score == nil {
				score = told["meanScore"]
			}
			require.Equal(f, c.Expect["total"], score, c.ID)
			if c.Expect["band"] != nil {
				require.Equal(f, c.Expect["band"], told["band"], c.ID)
			}
			if level, ok := c.Expect["safety_level"]; ok {
				require.Equal(f, level, told["safetyLevel"], c.ID)
				require.Equal(f, c.Expect["safety_flag"], told["safetyFlag"], c.ID)
			}
			require.Equal(f, c.Profile, told["profile"], c.ID)
			require.NotContains(f, told, "change", c.ID)
		}
		for _, c := range cases.Invalid {
			_, err := preview(fmt.Sprintf(`{"instrument":%q,"answers":%s}`, c.Instrument, c.Answers))
			fields := refused(f, err, codes.InvalidArgument, c.Reason)
			if c.Field != nil {
				require.Equal(f, []string{*c.Field}, fields, c.ID)
			}
		}
		for _, c := range cases.Trajectories {
			last := len(c.Scores) - 1
			previous, _ := json.Marshal(c.Scores[:last])
			told, err := preview(fmt.Sprintf(`{"instrument":%q,"totalScore":%v,"previousScores":%s}`, c.Instrument, c.Scores[last], previous))
			require.NoError(f, err, c.ID)
			for name, want := range c.Expect {
				require.Equal(f, want, told[name], "%s %s", c.ID, name)
			}
		}
		for body, reason := range map[string]string{
			`{"instrument":"phq-9","answers":[0]}`:                      "UNKNOWN_INSTRUMENT",
			`{}`:                                                        "UNKNOWN_INSTRUMENT",
			`{"instrument":"WAS"}`:                                      "WRONG_ITEM_COUNT",
			`{"instrument":"WAS","answers":[null]}`:                     "MISSING_ITEM",
			`{"instrument":"WAS","answers":[{"value":3}]}`:              "NOT_AN_INTEGER",
			`{"instrument":"WAS","answers":[5],"totalScore":6}`:         "TOTAL_MISMATCH",
			`{"instrument":"WAS","totalScore":11}`:                      "TOTAL_OUT_OF_RANGE",
			`{"instrument":"WAS","totalScore":5.5}`:                     "NOT_AN_INTEGER",
			`{"instrument":"EQ-5D-5L","totalScore":1}`:                  "TOTAL_NOT_DEFINED",
			`{"instrument":"WAS","totalScore":5,"previousScores":[11]}`: "PREVIOUS_SCORE_OUT_OF_RANGE",
			`{"instrument":"PHQ-9","answers":[0,0,0,0,0,0,0,0],"totalScore":0,"previousScores":["NaN"]}`: "WRONG_ITEM_COUNT",
		} {
			_, err := preview(body)
			refused(f, err, codes.InvalidArgument, reason)
		}
		told, err := preview(`{"instrument":"PHQ-9","answers":[0.0,1.0,2,3,0,0,0,0,1e0],"totalScore":"7"}`)
		require.NoError(f, err)
		require.Equal(f, 7.0, told["totalScore"])
		require.Equal(f, "review", told["safetyLevel"])
		require.Empty(f, f.told())
	})
}

func TestInstrumentsAreData(t *testing.T) {
	run(t, func(f *fixture) {
		page, err := f.client.ListInstruments(f.cm, &careplanv1.ListInstrumentsRequest{PageSize: 10})
		require.NoError(f, err)
		require.Len(f, page.GetInstruments(), 10)
		rest, err := f.client.ListInstruments(f.cm, &careplanv1.ListInstrumentsRequest{PageSize: 10, PageToken: page.GetNextPageToken()})
		require.NoError(f, err)
		require.Len(f, rest.GetInstruments(), 1)
		require.Empty(f, rest.GetNextPageToken())
		phq, err := f.client.GetInstrument(f.cm, &careplanv1.GetInstrumentRequest{Code: "PHQ-9"})
		require.NoError(f, err)
		require.EqualValues(f, 9, phq.GetBands()[1].GetMax())
		require.EqualValues(f, 27, phq.GetMaxScore())
		smbq, err := f.client.GetInstrument(f.cm, &careplanv1.GetInstrumentRequest{Code: "SMBQ-18"})
		require.NoError(f, err)
		require.Equal(f, 4.4, smbq.GetBands()[0].GetMax())
		require.True(f, smbq.GetBands()[0].GetMaxExcluded())
		_, err = f.client.GetInstrument(f.cm, &careplanv1.GetInstrumentRequest{Code: "HADS"})
		refused(f, err, codes.NotFound, "UNKNOWN_INSTRUMENT")
	})
}
