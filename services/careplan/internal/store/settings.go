package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
)

// Settings is what a care unit has chosen for its plans. Revision 0 is a unit that has chosen nothing.
type Settings struct {
	UnitID     string
	Revision   int64
	Schedule   careplan.Schedule
	CreateTime time.Time
	UpdateTime time.Time
}

const selectSettings = `SELECT revision, weeks, channel, create_time, update_time FROM care_plan_settings WHERE care_unit_id = $1`

// Settings reads a unit's settings; the defaults where it has none.
func (s *Store) Settings(q sqldb.Querier, unitID string) (Settings, error) {
	found, err := one("settings", q.QueryRow(selectSettings, unitID), func(row scanner) (Settings, error) {
		var weeks string
		var created, updated int64
		settings := Settings{UnitID: unitID}
		if err := row.Scan(&settings.Revision, &weeks, &settings.Schedule.Channel, &created, &updated); err != nil {
			return settings, err
		}
		for text := range strings.SplitSeq(weeks, ",") {
			week, err := strconv.Atoi(text)
			if err != nil {
				return settings, fmt.Errorf("the weeks of the schedule have another form")
			}
			settings.Schedule.Weeks = append(settings.Schedule.Weeks, week)
		}
		settings.CreateTime, settings.UpdateTime = sqldb.FromMicros(created), sqldb.FromMicros(updated)
		return settings, nil
	})
	if errors.Is(err, ErrNotFound) {
		return Settings{UnitID: unitID, Schedule: careplan.Schedule{Weeks: careplan.DefaultWeeks(), Channel: careplan.ChannelPhone}}, nil
	}
	return found, err
}

const putSettings = `
INSERT INTO care_plan_settings (care_unit_id, revision, weeks, channel, create_time, update_time) VALUES ($1, 1, $3, $4, $5, $5)
ON CONFLICT (care_unit_id) DO UPDATE SET revision = care_plan_settings.revision + 1, weeks = excluded.weeks, channel = excluded.channel,
  update_time = excluded.update_time
WHERE care_plan_settings.revision = $2`

// PutSettings stores settings whose Revision is the one that was read. Errors: ErrStale.
func (s *Store) PutSettings(tx *sqldb.Tx, settings Settings, now time.Time) error {
	weeks := make([]string, len(settings.Schedule.Weeks))
	for n, week := range settings.Schedule.Weeks {
		weeks[n] = strconv.Itoa(week)
	}
	result, err := tx.Exec(putSettings, settings.UnitID, settings.Revision, strings.Join(weeks, ","), string(settings.Schedule.Channel), sqldb.Micros(now))
	return changed("settings", result, err)
}
