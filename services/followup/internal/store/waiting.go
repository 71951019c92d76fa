package store

import (
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/followup/internal/followup"
)

// Waiting counts the open follow-ups that one rule of the policy has made, in all units.
type Waiting struct {
	Kind   followup.Kind
	Policy string
	Open   int64
	// Overdue, by how long: less than a day, less than seven, longer.
	UnderDay, UnderWeek, Longer int64
}

const countWaiting = `SELECT kind, policy, count(*),
  count(CASE WHEN late AND due_time >= $2 THEN 1 END),
  count(CASE WHEN late AND due_time < $2 AND due_time >= $3 THEN 1 END),
  count(CASE WHEN late AND due_time < $3 THEN 1 END)
FROM (SELECT kind, policy, due_time, due_time < $1 AND snoozed_until <= $1 AS late FROM follow_up WHERE state = 'OPEN') AS standing
GROUP BY kind, policy ORDER BY kind, policy`

// Waiting counts what is open at a time; for those who run the installation.
func (s *Store) Waiting(q sqldb.Querier, now time.Time) ([]Waiting, error) {
	const day = 24 * time.Hour
	rows, err := q.Query(countWaiting, sqldb.Micros(now), sqldb.Micros(now.Add(-day)), sqldb.Micros(now.Add(-7*day)))
	if err != nil {
		return nil, fmt.Errorf("count the open follow-ups: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var all []Waiting
	for rows.Next() {
		var w Waiting
		if err := rows.Scan(&w.Kind, &w.Policy, &w.Open, &w.UnderDay, &w.UnderWeek, &w.Longer); err != nil {
			return nil, fmt.Errorf("read a count of open follow-ups: %w", err)
		}
		all = append(all, w)
	}
	return all, rows.Err()
}
