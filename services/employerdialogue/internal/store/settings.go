package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
)

// Settings is what a care unit has chosen for its meetings. Revision 0 is a unit that has chosen nothing.
type Settings struct {
	employerdialogue.Settings
	UnitID                 string
	Revision               int64
	CreateTime, UpdateTime time.Time
}

const selectSettings = `SELECT revision, place, length_minutes, purpose, brief_days, create_time, update_time FROM dialogue_settings WHERE care_unit_id = $1`

// Settings reads a unit's settings, what it has not chosen left empty.
func (s *Store) Settings(q sqldb.Querier, unitID string) (Settings, error) {
	found := Settings{UnitID: unitID}
	var created, updated int64
	err := q.QueryRow(selectSettings, unitID).Scan(&found.Revision, &found.Place, &found.Length, &found.Purpose, &found.BriefDays, &created, &updated)
	if errors.Is(err, sql.ErrNoRows) {
		return found, nil
	}
	if err != nil {
		return found, fmt.Errorf("read settings: %w", err)
	}
	found.CreateTime, found.UpdateTime = sqldb.FromMicros(created), sqldb.FromMicros(updated)
	return found, nil
}

const putSettings = `
INSERT INTO dialogue_settings (care_unit_id, revision, place, length_minutes, purpose, brief_days, create_time, update_time)
VALUES ($1, 1, $3, $4, $5, $6, $7, $7)
ON CONFLICT (care_unit_id) DO UPDATE SET revision = dialogue_settings.revision + 1, place = excluded.place,
  length_minutes = excluded.length_minutes, purpose = excluded.purpose, brief_days = excluded.brief_days, update_time = excluded.update_time
WHERE dialogue_settings.revision = $2`

// PutSettings stores settings whose Revision is the one that was read. Errors: ErrStale.
func (s *Store) PutSettings(tx *sqldb.Tx, settings Settings, now time.Time) error {
	err := changed(tx.Exec(putSettings, settings.UnitID, settings.Revision, string(settings.Place), settings.Length, string(settings.Purpose),
		settings.BriefDays, sqldb.Micros(now)))
	if err != nil && !errors.Is(err, ErrStale) {
		return fmt.Errorf("write settings: %w", err)
	}
	return err
}
