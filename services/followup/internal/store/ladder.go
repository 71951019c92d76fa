package store

import (
	"encoding/json"
	"fmt"
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
	var row ladderRow
	if err := json.Unmarshal([]byte(text), &row); err != nil {
		return followup.Ladder{}, fmt.Errorf("read a ladder: %w", err)
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
