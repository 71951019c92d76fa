// Package timer keeps what is to be done when. Rows in SQL are the truth, written in the transaction of the state that sets
// them; Redis holds the ids of those due within the horizon and only says when to look. Losing Redis costs latency, never a
// timer. A timer is never early: the claim compares its due time with the clock again.
package timer

import (
	"database/sql"
	"errors"
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
	// Cause is the trace context (W3C traceparent) of the write that the timer follows from; empty when that was not traced.
	Cause string
}

const setTimer = `INSERT INTO timer (kind, key, due, stamp, failures, next_try, trace_parent) VALUES ($1, $2, $3, $4, 0, 0, $5)
ON CONFLICT (kind, key) DO UPDATE SET due = excluded.due, stamp = excluded.stamp, failures = 0, next_try = 0, trace_parent = excluded.trace_parent`

// Set writes a timer, in place of the one of the same kind and key.
func Set(tx *sqldb.Tx, t Timer) error {
	if _, err := tx.Exec(setTimer, t.Kind, t.Key, sqldb.Micros(t.Due), t.Stamp, t.Cause); err != nil {
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

// Claim locks up to limit timers that are due at now, oldest first, for the caller's transaction, which must Take each and
// carry out what it asks. With PostgreSQL, timers that another transaction is claiming are passed over. keys narrows the claim
// to some timers; nil looks at all (the sweep). retryAt is wall time: a timer that failed is not tried again before its pause
// is over.
func Claim(tx *sqldb.Tx, now, retryAt time.Time, keys []Ref, limit int) ([]Timer, error) {
	args := []any{sqldb.Micros(now), sqldb.Micros(retryAt), limit}
	text := `SELECT kind, key, due, stamp, trace_parent FROM timer WHERE due <= $1 AND next_try <= $2`
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
	rows, err := tx.Query(text+` ORDER BY due, kind, key LIMIT $3`+tx.Dialect().SkipLocked(), args...)
	if err != nil {
		return nil, fmt.Errorf("claiming timers: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var claimed []Timer
	for rows.Next() {
		var t Timer
		var due int64
		if err := rows.Scan(&t.Kind, &t.Key, &due, &t.Stamp, &t.Cause); err != nil {
			return nil, fmt.Errorf("reading a timer: %w", err)
		}
		t.Due = sqldb.FromMicros(due)
		claimed = append(claimed, t)
	}
	return claimed, rows.Err()
}

// Take removes a claimed timer, so that it fires once. It says false when an act of the same transaction has meanwhile moved
// or dropped the timer: what was claimed is then no longer wanted, and what stands there now is left alone.
func Take(tx *sqldb.Tx, t Timer) (bool, error) {
	result, err := tx.Exec(`DELETE FROM timer WHERE kind = $1 AND key = $2 AND due = $3 AND stamp = $4`,
		t.Kind, t.Key, sqldb.Micros(t.Due), t.Stamp)
	if err != nil {
		return false, fmt.Errorf("taking timer %s: %w", t.Kind, err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// Postpone notes a failed try of a timer and gives the number of failures so far; 0 when the timer has been moved, dropped or
// fired meanwhile. pause gives how long after now (wall time) it is not tried again, from the number of failures.
func Postpone(tx *sqldb.Tx, t Timer, now time.Time, pause func(failures int) time.Duration) (int, error) {
	var failures int
	err := tx.QueryRow(`UPDATE timer SET failures = failures + 1 WHERE kind = $1 AND key = $2 AND due = $3 AND stamp = $4 RETURNING failures`,
		t.Kind, t.Key, sqldb.Micros(t.Due), t.Stamp).Scan(&failures)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err == nil {
		_, err = tx.Exec(`UPDATE timer SET next_try = $3 WHERE kind = $1 AND key = $2`, t.Kind, t.Key, sqldb.Micros(now.Add(pause(failures))))
	}
	if err != nil {
		return 0, fmt.Errorf("postponing timer %s: %w", t.Kind, err)
	}
	return failures, nil
}

// Next is the smallest due time of all timers, those that failed among them; false when there is none.
func Next(q sqldb.Querier) (time.Time, bool, error) {
	return next(q, `SELECT min(due) FROM timer`)
}

// NextUnpaused is the smallest due time of the timers that are not in a pause after a failure at a wall time.
func NextUnpaused(q sqldb.Querier, retryAt time.Time) (time.Time, bool, error) {
	return next(q, `SELECT min(due) FROM timer WHERE next_try <= $1`, sqldb.Micros(retryAt))
}

func next(q sqldb.Querier, query string, args ...any) (time.Time, bool, error) {
	var due *int64
	if err := q.QueryRow(query, args...).Scan(&due); err != nil {
		return time.Time{}, false, fmt.Errorf("looking for the next timer: %w", err)
	}
	if due == nil {
		return time.Time{}, false, nil
	}
	return sqldb.FromMicros(*due), true, nil
}

// Until lists the timers due up to a time, in order of (due, kind, key) after a given one, for loading them into Redis.
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
