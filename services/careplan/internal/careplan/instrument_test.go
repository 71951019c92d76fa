package careplan

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheCatalogue(t *testing.T) {
	all := catalogue(t)
	codes := []string{}
	for _, i := range all.All() {
		codes = append(codes, i.Code)
		require.NotEmpty(t, i.Sources, i.Code)
	}
	require.Equal(t, []string{"PHQ-9", "GAD-7", "MADRS-S", "KEDS", "BAI", "AUDIT", "WAS", "WAI", "SMBQ-18", "SMBM-6", "EQ-5D-5L"}, codes)
	for code, want := range map[string][2]float64{
		"PHQ-9": {0, 27}, "GAD-7": {0, 21}, "MADRS-S": {0, 54}, "KEDS": {0, 54}, "BAI": {0, 63}, "AUDIT": {0, 40}, "WAS": {0, 10},
		"WAI": {7, 49}, "SMBQ-18": {1, 7}, "SMBM-6": {1, 7},
	} {
		low, high := instrument(t, code).Range()
		require.Equal(t, want, [2]float64{low, high}, code)
	}
	_, ok := all.Get("phq-9")
	require.False(t, ok, "codes are spelled exactly")
}

func TestDefinitionsThatContradictThemselves(t *testing.T) {
	const head = `[{"code":"X","title":"x","licence":"x","scoring":"SUM","items":[{"count":2,"min":0,"max":3}]`
	for name, text := range map[string]string{
		"no JSON":                   `[`,
		"no items":                  `[{"code":"X","title":"x","licence":"x","scoring":"SUM"}]`,
		"unknown scoring":           `[{"code":"X","title":"x","licence":"x","scoring":"GUESS","items":[{"count":1,"min":0,"max":3}]}]`,
		"no bands":                  head + `}]`,
		"first band too high":       head + `,"bands":[{"name":"a","from":1}]}]`,
		"bands out of order":        head + `,"bands":[{"name":"a","from":0},{"name":"b","from":0}]}]`,
		"band out of range":         head + `,"bands":[{"name":"a","from":0},{"name":"b","from":7}]}]`,
		"three decimals":            head + `,"bands":[{"name":"a","from":0},{"name":"b","from":1.125}]}]`,
		"no such safety item":       head + `,"bands":[{"name":"a","from":0}],"safety":{"item":3,"review_at":1,"urgent_at":2}}]`,
		"thresholds out of order":   head + `,"bands":[{"name":"a","from":0}],"safety":{"item":1,"review_at":3,"urgent_at":2}}]`,
		"thresholds out of range":   head + `,"bands":[{"name":"a","from":0}],"safety":{"item":1,"review_at":1,"urgent_at":4}}]`,
		"every answer is a concern": head + `,"bands":[{"name":"a","from":0}],"safety":{"item":1,"review_at":0,"urgent_at":2}}]`,
		"empty item":                `[{"code":"X","title":"x","licence":"x","scoring":"SUM","items":[{"count":1,"min":3,"max":0}]}]`,
		"allowed out of range":      `[{"code":"X","title":"x","licence":"x","scoring":"SUM","items":[{"count":1,"min":0,"max":3,"allowed":[4]}]}]`,
		"profile of two digits":     `[{"code":"X","title":"x","licence":"x","scoring":"PROFILE","items":[{"count":1,"min":0,"max":10}]}]`,
		"profile with bands":        `[{"code":"X","title":"x","licence":"x","scoring":"PROFILE","items":[{"count":1,"min":0,"max":1}],"bands":[{"name":"a","from":0}]}]`,
		"twice":                     head + `,"bands":[{"name":"a","from":0}]},` + head[1:] + `,"bands":[{"name":"a","from":0}]}]`,
	} {
		_, err := parseInstruments([]byte(text))
		require.Error(t, err, name)
	}
}
