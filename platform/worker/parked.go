package worker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

const (
	parkEvent = `INSERT INTO event_parked (source, sequence, resource_id, body, failures, next_try) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (source, sequence) DO NOTHING`
	hasParked = `SELECT 1 FROM event_parked WHERE source = $1 LIMIT 1`
	isParked  = `SELECT 1 FROM event_parked WHERE source = $1 AND resource_id = $2 LIMIT 1`
	// The oldest parked event of a resource, once its pause is over; the later ones wait for it.
	dueParked = `SELECT p.sequence, p.body, p.failures FROM event_parked p
WHERE p.source = $1 AND p.next_try <= $2
  AND NOT EXISTS (SELECT 1 FROM event_parked e WHERE e.source = p.source AND e.resource_id = p.resource_id AND e.sequence < p.sequence)
ORDER BY p.sequence LIMIT 1`
	unpark    = `DELETE FROM event_parked WHERE source = $1 AND sequence = $2`
	parkAgain = `UPDATE event_parked SET failures = failures + 1, next_try = $3 WHERE source = $1 AND sequence = $2`
)

// anyParked says whether any event of the source is parked; hardly ever one is.
func (c *Consumer) anyParked(tx *act.Tx) (bool, error) {
	return found(tx.QueryRow(hasParked, c.Source))
}

// waits says whether an earlier event of the same resource is parked.
func (c *Consumer) waits(tx *act.Tx, e *eventv1.Event) (bool, error) {
	return found(tx.QueryRow(isParked, c.Source, e.GetResourceId()))
}

func found(row *sql.Row) (bool, error) {
	var one int
	err := row.Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for parked events: %w", err)
	}
	return true, nil
}

func (c *Consumer) park(tx *act.Tx, e *eventv1.Event, failures int) error {
	body, err := proto.Marshal(e)
	if err != nil {
		return fmt.Errorf("encoding an event to park: %w", err)
	}
	next := int64(0)
	if failures > 0 {
		next = sqldb.Micros(c.Wall.now().Add(parkedPause))
	}
	if _, err := tx.Exec(parkEvent, c.Source, e.GetSequence(), e.GetResourceId(), body, failures, next); err != nil {
		return fmt.Errorf("parking an event: %w", err)
	}
	return nil
}

// retryParked tries the parked events whose pause is over, one at a time, oldest first.
func (c *Consumer) retryParked(ctx context.Context) error {
	for {
		var sequence int64
		var body []byte
		var failures int
		err := c.Acts.DB.Read(ctx).QueryRow(dueParked, c.Source, sqldb.Micros(c.Wall.now())).Scan(&sequence, &body, &failures)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("looking for parked events: %w", err)
		}
		e := &eventv1.Event{}
		if err := proto.Unmarshal(body, e); err != nil {
			return fmt.Errorf("decoding parked event %d of %s: %w", sequence, c.Source, err)
		}
		tried := c.Acts.Run(ctx, func(tx *act.Tx) error {
			result, err := tx.Exec(unpark, c.Source, sequence)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err != nil || n == 0 {
				return errors.Join(errCursorMoved, err)
			}
			return c.call(ctx, tx, e)
		})
		if errors.Is(tried, errCursorMoved) {
			continue // another run has just handled it
		}
		if tried == nil {
			c.Log.InfoContext(ctx, "a parked event has been handled", "source", c.Source, "sequence", sequence)
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := c.Acts.DB.Ping(ctx); err != nil {
			return err
		}
		next := doubled(parkedPause, failures, parkedLongest)
		if err := c.Acts.DB.Tx(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(parkAgain, c.Source, sequence, sqldb.Micros(c.Wall.now().Add(next)))
			return err
		}); err != nil {
			return fmt.Errorf("parking an event again: %w", err)
		}
		c.Log.ErrorContext(ctx, "a parked event failed again", "source", c.Source, "sequence", sequence, "failures", failures+1, "error", tried)
	}
}

// Parked counts the parked events of a service's schema; for health figures.
func Parked(q sqldb.Querier) (int64, error) {
	var n int64
	if err := q.QueryRow(`SELECT count(*) FROM event_parked`).Scan(&n); err != nil {
		return 0, fmt.Errorf("counting parked events: %w", err)
	}
	return n, nil
}

// Cursors gives how far a service has consumed each source.
func Cursors(q sqldb.Querier) (map[string]int64, error) {
	rows, err := q.Query(`SELECT source, sequence FROM event_cursor`)
	if err != nil {
		return nil, fmt.Errorf("reading the cursors: %w", err)
	}
	defer func() { _ = rows.Close() }()
	cursors := map[string]int64{}
	for rows.Next() {
		var source string
		var sequence int64
		if err := rows.Scan(&source, &sequence); err != nil {
			return nil, fmt.Errorf("reading a cursor: %w", err)
		}
		cursors[source] = sequence
	}
	return cursors, rows.Err()
}
