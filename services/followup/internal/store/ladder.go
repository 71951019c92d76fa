package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// ladderRow is a ladder as it is stored.
type ladderRow struct {
	Steps  []stepRow `json:"steps,omitempty"`
	Repeat int64     `json:"repeat,omitempty"` // microseconds
}

type stepRow struct {
	At    int64       `json:"at"` // microseconds
	Do    followup.Do `json:"do"`
	Level int         `json:"level,omitempty"`
}

func ladderText(l followup.Ladder) string {
	row := ladderRow{Repeat: l.Repeat.Microseconds()}
	for _, step := range l.Steps {
		row.Steps = append(row.Steps, stepRow{At: sqldb.Micros(step.At), Do: step.Do, Level: step.Level})
	}
	text, err := json.Marshal(row)
	if err != nil {
		return "{}" // numbers and short words always encode
	}
	return string(text)
}

func parseLadder(text string) (followup.Ladder, error) {
	row, ok := plainLadder(text)
	if !ok {
		row = ladderRow{}
		if err := json.Unmarshal([]byte(text), &row); err != nil {
			return followup.Ladder{}, fmt.Errorf("read a ladder: %w", err)
		}
	}
	l := followup.Ladder{Repeat: time.Duration(row.Repeat) * time.Microsecond}
	if len(row.Steps) > 0 {
		l.Steps = make([]followup.Step, len(row.Steps))
	}
	for i, step := range row.Steps {
		l.Steps[i] = followup.Step{At: sqldb.FromMicros(step.At), Do: step.Do, Level: step.Level}
	}
	return l, nil
}

// plainLadder reads what ladderText writes, letter by letter; false for JSON of any other look, which is read as such. A page of
// a worklist reads fifty of them, and the general decoder takes longer for one than the rest of its row takes together.
func plainLadder(text string) (row ladderRow, ok bool) {
	rest, ok := strings.CutPrefix(text, `{`)
	if !ok {
		return row, false
	}
	if steps, some := strings.CutPrefix(rest, `"steps":[`); some {
		row.Steps = make([]stepRow, 0, strings.Count(steps, `{`))
		for more := true; more; {
			var step stepRow
			if step, steps, ok = plainStep(steps); !ok {
				return row, false
			}
			row.Steps = append(row.Steps, step)
			steps, more = strings.CutPrefix(steps, `,`)
		}
		if rest, ok = strings.CutPrefix(steps, `]`); !ok {
			return row, false
		}
		rest, ok = strings.CutPrefix(rest, `,`)
		if !ok {
			return row, rest == `}`
		}
	}
	if repeat, some := strings.CutPrefix(rest, `"repeat":`); some {
		if row.Repeat, rest, ok = plainNumber(repeat); !ok {
			return row, false
		}
		return row, rest == `}`
	}
	return row, rest == `}` && len(row.Steps) == 0
}

func plainStep(text string) (step stepRow, rest string, ok bool) {
	if rest, ok = strings.CutPrefix(text, `{"at":`); !ok {
		return step, rest, false
	}
	if step.At, rest, ok = plainNumber(rest); !ok {
		return step, rest, false
	}
	if rest, ok = strings.CutPrefix(rest, `,"do":"`); !ok {
		return step, rest, false
	}
	do, rest, ok := strings.Cut(rest, `"`)
	if !ok || strings.IndexFunc(do, func(c rune) bool { return c < 'A' || c > 'Z' }) >= 0 {
		return step, rest, false
	}
	step.Do = followup.Do(do)
	if level, some := strings.CutPrefix(rest, `,"level":`); some {
		var n int64
		if n, rest, ok = plainNumber(level); !ok {
			return step, rest, false
		}
		step.Level = int(n)
	}
	rest, ok = strings.CutPrefix(rest, `}`)
	return step, rest, ok
}

// plainNumber reads a whole number as JSON writes it: no zero in front.
func plainNumber(text string) (n int64, rest string, ok bool) {
	end := strings.IndexFunc(text, func(c rune) bool { return c != '-' && (c < '0' || c > '9') })
	if end < 0 {
		return 0, text, false
	}
	n, err := strconv.ParseInt(text[:end], 10, 64)
	return n, text[end:], err == nil && strconv.FormatInt(n, 10) == text[:end]
}
