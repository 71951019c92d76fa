// Package timer keeps what is to be done when. Rows in SQL are the truth, written in the transaction of the state that sets
// them; Redis holds the ids of those due within the horizon and only says when to look. Losing Redis costs latency, never a
// timer. A timer is never early: the claim compares its due time with the clock again.
package timer

import (
	"fmt"
	"time"

	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// Timer asks for a kind of handler to look at a key at a time. Stamp is that of the state which set it: a handler that finds
// another stamp on the state does nothing.
type Timer struct {
	Kind  string
	Key   string
	Due   time.Time
	Stamp int64
}

const setTimer = `INSERT INTO timer (kind, key, due, stamp, failures, next_try) VALUES ($1, $2, $3, $4, 0, 0)
ON CONFLICT (kind, key) DO UPDATE SET due = excluded.due, stamp = excluded.stamp, failures = 0, next_try = 0`

// Set writes a timer, in place of the one of the same kind and key.
func Set(tx *sqldb.Tx, t Timer) error {
	if _, err := tx.Exec(setTimer, t.Kind, t.Key, sqldb.Micros(t.Due), t.Stamp); err != nil {
		return fmt.Errorf("setting timer %s: %w", t.Kind, err)
	}
	return nil
}

// Drop removes a timer, if there is one.
func Drop(tx *sqldb.Tx, kind, key string) error {
	if _, err := tx.Exec(`DELETE FROM timer WHERE kind = $1 AND key = $2`, kind, key); err != nil {
		return fmt.Errorf("dropping timer %s: %w", kind, err)
	}
	return nil
}

// Claim takes up to limit timers that are due at now out of the table, oldest first, and gives them to the caller, whose
// transaction must carry out what they ask: a rollback puts them back. With PostgreSQL, timers that another transaction is
// claiming are passed over. keys narrows the claim to some timers; nil looks at all (the sweep). retryAt is wall time: a timer
// that failed is not tried again before its pause is over.
func Claim(tx *sqldb.Tx, now, retryAt time.Time, keys []Ref, limit int) ([]Timer, error) {
	args := []any{sqldb.Micros(now), sqldb.Micros(retryAt), limit}
	text := `SELECT kind, key, due, stamp FROM timer WHERE due <= $1 AND next_try <= $2`
	if keys != nil {
		if len(keys) == 0 {
			return nil, nil
		}
		text += " AND (kind, key) IN (VALUES "
		for i, ref := range keys {
			if i > 0 {
				text += ", "
			}
			args = append(args, ref.Kind, ref.Key)
			text += fmt.Sprintf("($%d, $%d)", len(args)-1, len(args))
		}
		text += ")"
	}
	rows, err := tx.Query(text+` ORDER BY due LIMIT $3`+tx.Dialect().SkipLocked(), args...)
	if err != nil {
		return nil, fmt.Errorf("claiming timers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var claimed []Timer
	for rows.Next() {
		var t Timer
		var due int64
		if err := rows.Scan(&t.Kind, &t.Key, &due, &t.Stamp); err != nil {
			return nil, fmt.Errorf("reading a timer: %w", err)
		}
		t.Due = sqldb.FromMicros(due)
		claimed = append(claimed, t)
	}
	return claimed, rows.Err()
}

// Postpone notes a failed try and the wall time before which the timer is not tried again.
func Postpone(tx *sqldb.Tx, t Timer, nextTry time.Time) error {
	_, err := tx.Exec(`UPDATE timer SET failures = failures + 1, next_try = $3 WHERE kind = $1 AND key = $2`,
		t.Kind, t.Key, sqldb.Micros(nextTry))
	if err != nil {
		return fmt.Errorf("postponing timer %s: %w", t.Kind, err)
	}
	return nil
}

// Failures says how often the timer's handler has failed.
func Failures(q sqldb.Querier, t Timer) (int, error) {
	var n int
	if err := q.QueryRow(`SELECT failures FROM timer WHERE kind = $1 AND key = $2`, t.Kind, t.Key).Scan(&n); err != nil {
		return 0, fmt.Errorf("reading the failures of timer %s: %w", t.Kind, err)
	}
	return n, nil
}

// Next is the smallest due time of all timers; false when there is none.
func Next(q sqldb.Querier) (time.Time, bool, error) {
	var due *int64
	if err := q.QueryRow(`SELECT min(due) FROM timer`).Scan(&due); err != nil {
		return time.Time{}, false, fmt.Errorf("looking for the next timer: %w", err)
	}
	if due == nil {
		return time.Time{}, false, nil
	}
	return sqldb.FromMicros(*due), true, nil
}

// Until lists the timers due before a time, for loading them into Redis.
func Until(q sqldb.Querier, horizon time.Time, after Timer, limit int) ([]Timer, error) {
	rows, err := q.Query(`SELECT kind, key, due, stamp FROM timer WHERE due <= $1 AND (due, kind, key) > ($2, $3, $4) ORDER BY due, kind, key LIMIT $5`,
		sqldb.Micros(horizon), sqldb.Micros(after.Due), after.Kind, after.Key, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the timers of the horizon: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var timers []Timer
	for rows.Next() {
		var t Timer
		var due int64
		if err := rows.Scan(&t.Kind, &t.Key, &due, &t.Stamp); err != nil {
			return nil, fmt.Errorf("reading a timer of the horizon: %w", err)
		}
		t.Due = sqldb.FromMicros(due)
		timers = append(timers, t)
	}
	return timers, rows.Err()
}
