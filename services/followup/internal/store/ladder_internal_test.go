package store

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// Every ladder that is written is read the short way, and comes back as it was.
func TestLaddersComeBack(t *testing.T) {
	micros := rapid.Int64Range(1, 4_000_000_000_000_000)
	step := rapid.Custom(func(t *rapid.T) followup.Step {
		return followup.Step{
			At:    sqldb.FromMicros(micros.Draw(t, "at")),
			Do:    rapid.SampledFrom([]followup.Do{followup.Remind, followup.Escalate, followup.Expire}).Draw(t, "do"),
			Level: rapid.IntRange(0, 2).Draw(t, "level"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		l := followup.Ladder{
			Steps:  rapid.SliceOfN(step, 0, 8).Draw(t, "steps"),
			Repeat: time.Duration(rapid.Int64Range(0, 1_000_000_000).Draw(t, "repeat")) * time.Microsecond,
		}
		if len(l.Steps) == 0 {
			l.Steps = nil
		}
		text := ladderText(l)
		_, short := plainLadder(text)
		require.True(t, short, text)
		back, err := parseLadder(text)
		require.NoError(t, err)
		require.Equal(t, l, back)
	})
}

// FuzzLadder holds the short way to the general decoder: what it takes, it takes for the same.
func FuzzLadder(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"repeat":60}`, `{"steps":[{"at":1,"do":"REMIND"}]}`, `{"steps":[{"at":1,"do":"ESCALATE","level":1},{"at":2,"do":"EXPIRE"}],"repeat":5}`,
		`{"steps":[]}`, `{"steps":[{"at":01,"do":"REMIND"}]}`, `{"steps":[{"at":1,"do":"\u0041"}]}`, `{"steps":[{"at":1,"do":"REMIND"}],}`, `{"at":1}`, ` {}`, `{} `,
		`{"steps":[{"at":-0,"do":"A"}]}`, `{"steps":[{"at":9223372036854775808,"do":"A"}]}`, `{"steps":[{"at":1,"do":"A","level":9223372036854775807}]}`, ``, `null`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		short, ok := plainLadder(text)
		if !ok {
			return
		}
		var row ladderRow
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			t.Fatalf("%q is taken, though it is no JSON: %v", text, err)
		}
		require.Equal(t, row, short, text)
	})
}
