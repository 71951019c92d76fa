// Package worker is what a service does unasked: it numbers its own log, consumes the logs of others, and fires timers.
package worker

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// EventHandler does what follows from an event, in the transaction that moves the cursor past it. It is called at least once
// for each event and must bear being called again; events that do not concern it are passed over without error.
type EventHandler func(tx *act.Tx, e *eventv1.Event) error

const (
	consumeBatch  = 50
	leaseFor      = 15 * time.Second
	triesAtOnce   = 4                      // tries before an event is parked
	pauseOnError  = 250 * time.Millisecond // doubles with each try
	longestPoll   = 5 * time.Second        // shorter than half the lease, which must outlive it
	answerTime    = 10 * time.Second       // beyond the poll, for the log's owner to answer
	parkedPause   = 30 * time.Second       // doubles with each failure, up to parkedLongest
	parkedLongest = time.Hour
)

// Consumer follows one source's log for one service. Its cursor moves in the handler's own transaction, under a lease, so
// that replicas share the work and nothing is done twice in effect. An event whose handler keeps failing is parked, with the
// later ones of its resource; the others pass.
type Consumer struct {
	Acts    *act.Acts
	Source  string
	Events  eventv1.EventServiceClient
	Handler EventHandler
	Log     *slog.Logger
	Wall    Wall

	once   sync.Once
	holder string
	leased atomic.Int64 // wall time in microseconds until which the lease is held
}

func (c *Consumer) setup() {
	c.once.Do(func() { c.holder = uuid.NewString() })
}

func (c *Consumer) context(ctx context.Context) context.Context {
	return identity.NewContext(ctx, identity.Caller{Subject: "service:" + c.Acts.Source, Service: c.Acts.Source})
}

// Run follows the log until the context ends, then gives the lease back.
func (c *Consumer) Run(ctx context.Context) error {
	c.setup()
	ctx = c.context(ctx)
	failures := 0
	for ctx.Err() == nil {
		moved, err := c.step(ctx, longestPoll)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			failures++
			c.Log.WarnContext(ctx, "events could not be consumed; trying again", "source", c.Source, "failures", failures, "error", err)
			c.Wall.pause(ctx, doubled(pauseOnError, failures, 10*time.Second))
		default:
			failures = 0
			if !moved {
				c.Wall.pause(ctx, 50*time.Millisecond)
			}
		}
	}
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	return c.release(release)
}

// Drain consumes what there is now and says whether anything was consumed.
func (c *Consumer) Drain(ctx context.Context) (bool, error) {
	c.setup()
	ctx = c.context(ctx)
	any := false
	for {
		moved, err := c.step(ctx, 0)
		if err != nil {
			return any, fmt.Errorf("consuming %s for %s: %w", c.Source, c.Acts.Source, err)
		}
		if !moved {
			return any, nil
		}
		any = true
	}
}

// step reads one batch and handles it. It says whether the cursor moved past events.
func (c *Consumer) step(ctx context.Context, wait time.Duration) (bool, error) {
	cursor, leader, err := c.lease(ctx)
	if err != nil || !leader {
		if err == nil && wait > 0 {
			c.Wall.pause(ctx, 2*time.Second)
		}
		return false, err
	}
	if err := c.retryParked(ctx); err != nil {
		return false, err
	}
	events, err := c.list(ctx, cursor, wait)
	if err != nil || len(events) == 0 {
		return false, err
	}
	err = c.handle(ctx, cursor, events)
	if err != nil && ctx.Err() == nil && !errors.Is(err, errCursorMoved) {
		err = c.handleEach(ctx, cursor, events)
	}
	if errors.Is(err, errCursorMoved) {
		return true, nil // by another run, which has done the work
	}
	return err == nil, err
}

// list reads a batch from the log's owner.
func (c *Consumer) list(ctx context.Context, cursor int64, wait time.Duration) ([]*eventv1.Event, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+answerTime)
	defer cancel()
	answer, err := c.Events.ListEvents(ctx, &eventv1.ListEventsRequest{
		Cursor: event.Cursor{c.Source: cursor}.String(), Sources: []string{c.Source}, WaitSeconds: int32(wait / time.Second), PageSize: consumeBatch})
	if err != nil {
		return nil, fmt.Errorf("reading the log of %s: %w", c.Source, err)
	}
	return answer.GetEvents(), nil
}

// handleEach handles the events of a failing batch one by one, so that only the one that fails waits.
func (c *Consumer) handleEach(ctx context.Context, cursor int64, events []*eventv1.Event) error {
	for _, e := range events {
		_, leader, err := c.lease(ctx)
		if err != nil {
			return err
		}
		if !leader {
			return errCursorMoved
		}
		if err := c.handleAlone(ctx, cursor, e); err != nil {
			return err
		}
		cursor = e.GetSequence()
	}
	return nil
}

var errCursorMoved = errors.New("another run has moved the cursor")

// handle carries out a batch and moves the cursor past it, in one transaction.
func (c *Consumer) handle(ctx context.Context, cursor int64, events []*eventv1.Event) error {
	return c.Acts.Run(ctx, func(tx *act.Tx) error {
		if err := c.move(tx, cursor, events[len(events)-1].GetSequence()); err != nil {
			return err
		}
		// Who moves the cursor is alone to park events of this source until the commit.
		anyParked, err := c.anyParked(tx)
		if err != nil {
			return err
		}
		for _, e := range events {
			waits := false
			if anyParked {
				if waits, err = c.waits(tx, e); err != nil {
					return err
				}
			}
			if waits {
				if err := c.park(tx, e, 0); err != nil {
					return err
				}
				continue
			}
			if err := c.call(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// handleAlone tries one event several times and then parks it.
func (c *Consumer) handleAlone(ctx context.Context, cursor int64, e *eventv1.Event) error {
	var err error
	for try := range triesAtOnce {
		if try > 0 {
			c.Wall.pause(ctx, doubled(pauseOnError, try-1, time.Minute))
		}
		if err = c.handle(ctx, cursor, []*eventv1.Event{e}); err == nil || errors.Is(err, errCursorMoved) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if pingErr := c.Acts.DB.Ping(ctx); pingErr != nil {
			return pingErr // the database is away: the event is not to blame
		}
	}
	c.Log.ErrorContext(ctx, "an event could not be handled and is parked; its resource waits, others pass",
		"source", c.Source, "sequence", e.GetSequence(), "type", e.GetType(), "error", err)
	return c.Acts.Run(ctx, func(tx *act.Tx) error {
		if err := c.move(tx, cursor, e.GetSequence()); err != nil {
			return err
		}
		return c.park(tx, e, 1)
	})
}

// call runs the handler under a trace of its own, which links to what caused the event.
func (c *Consumer) call(ctx context.Context, tx *act.Tx, e *eventv1.Event) (err error) {
	work := begin(ctx, "consume "+e.GetType(), e.GetTraceParent(), attribute.String("coworkcare.service", c.Acts.Source), attribute.String("coworkcare.source", c.Source))
	defer func() { work.end(err) }()
	defer tx.Below(work.ctx)()
	inner := tx.In(work.ctx, access.Place{ProviderID: e.GetCareProviderId(), UnitID: e.GetCareUnitId()}, e.GetTraceParent())
	if err := guarded(func() error { return c.Handler(inner, e) }); err != nil {
		return fmt.Errorf("handling %s %d (%s): %w", c.Source, e.GetSequence(), e.GetType(), err)
	}
	tx.Join(inner)
	return nil
}

const (
	addCursor  = `INSERT INTO event_cursor (source, sequence, lease_holder, lease_until) VALUES ($1, 0, '', 0) ON CONFLICT (source) DO NOTHING`
	takeCursor = `UPDATE event_cursor SET lease_holder = $2, lease_until = $3
WHERE source = $1 AND (lease_holder = $2 OR lease_until < $4) RETURNING sequence`
	ownCursor  = `SELECT sequence FROM event_cursor WHERE source = $1 AND lease_holder = $2`
	giveCursor = `UPDATE event_cursor SET lease_holder = '', lease_until = 0 WHERE source = $1 AND lease_holder = $2`
	moveCursor = `UPDATE event_cursor SET sequence = $3 WHERE source = $1 AND sequence = $2 AND lease_holder = $4`
)

// lease takes or renews the right to move the cursor. Leases keep wall time.
func (c *Consumer) lease(ctx context.Context) (cursor int64, leader bool, err error) {
	now := c.Wall.now()
	if c.leased.Load() > sqldb.Micros(now.Add(leaseFor/2)) {
		err := c.Acts.DB.Read(ctx).QueryRow(ownCursor, c.Source, c.holder).Scan(&cursor)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return cursor, err == nil, err
		}
	}
	until := sqldb.Micros(now.Add(leaseFor))
	err = c.Acts.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		leader = false
		for range 2 {
			err := tx.QueryRow(takeCursor, c.Source, c.holder, until, sqldb.Micros(now)).Scan(&cursor)
			if err == nil {
				leader = true
				return nil
			}
			if !errors.Is(err, sql.ErrNoRows) {
				return err
			}
			if _, err := tx.Exec(addCursor, c.Source); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, false, fmt.Errorf("taking the lease on %s: %w", c.Source, err)
	}
	if leader {
		c.leased.Store(until)
	}
	return cursor, leader, nil
}

func (c *Consumer) release(ctx context.Context) error {
	c.leased.Store(0)
	return c.Acts.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(giveCursor, c.Source, c.holder)
		return err
	})
}

func (c *Consumer) move(tx *act.Tx, from, to int64) error {
	result, err := tx.Exec(moveCursor, c.Source, from, to, c.holder)
	if err != nil {
		return fmt.Errorf("moving the cursor: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errCursorMoved, err)
	}
	return nil
}

// ForgetLeases takes every lease away, for a store that one process owns.
func ForgetLeases(ctx context.Context, db *sqldb.DB) error {
	return db.Tx(ctx, func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`UPDATE event_cursor SET lease_holder = '', lease_until = 0`)
		return err
	})
}
