package store

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

func TestWaiting(t *testing.T) {
	onBothEngines(t, func(t *testing.T, db *sqldb.DB, s *Store) {
		now := at(12)
		for id, f := range map[string]struct {
			kind    followup.Kind
			due     time.Duration // from now
			snoozed time.Duration
			state   followup.State
		}{
			"to come":     {followup.Manual, time.Hour, 0, followup.Open},
			"at the time": {followup.Manual, 0, 0, followup.Open},
			"just late":   {followup.Manual, -time.Second, 0, followup.Open},
			"a day":       {followup.Manual, -24 * time.Hour, 0, followup.Open},
			"over a day":  {followup.Manual, -25 * time.Hour, -time.Hour, followup.Open},
			"over a week": {followup.AssessRisk, -8 * 24 * time.Hour, 0, followup.Open},
			"put off":     {followup.AssessRisk, -8 * 24 * time.Hour, time.Hour, followup.Open},
			"ended":       {followup.AssessRisk, -8 * 24 * time.Hour, 0, followup.Completed},
		} {
			one := whole(id)
			one.Kind, one.DueTime, one.State, one.SnoozedUntil = f.kind, now.Add(f.due), f.state, now.Add(f.snoozed)
			write(t, db, func(tx *sqldb.Tx) error { return s.insert(tx, one) })
		}
		waiting, err := s.Waiting(db.Read(t.Context()), now)
		require.NoError(t, err)
		require.Equal(t, []Waiting{
			{Kind: followup.AssessRisk, Policy: "policy", Open: 2, Longer: 1},
			{Kind: followup.Manual, Policy: "policy", Open: 5, UnderDay: 2, UnderWeek: 1},
		}, waiting)
	})
}
