// Package act is one act of care as one transaction: the new state, the event that tells of it, the timers that follow from
// it and the request id that makes a retry harmless commit together or not at all.
package act

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/bell"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/timer"
)

// Acts carries out the acts of one service.
type Acts struct {
	Source string // the service's name
	DB     *sqldb.DB
	Keys   *crypt.Keys
	Clock  clock.Clock
	Bell   *bell.Bell
	Log    *slog.Logger
	// Armed is told, after commit, of the timers that were set; it must not block. Nil: nobody listens.
	Armed func([]timer.Timer)
}

// Unnumbered is the bell's topic for events that wait for a number in a source's log.
func Unnumbered(source string) string { return "unnumbered:" + source }

// Tx is an act under way.
type Tx struct {
	*sqldb.Tx
	// Now is the act's time by the clock that decides care, in whole microseconds.
	Now time.Time
	// Caller is who acts.
	Caller identity.Caller
	// Place is that of the patient, unit or resource acted on.
	Place access.Place

	acts    *Acts
	ctx     context.Context
	cause   string // the trace of the write that this act follows from; empty: it follows from nothing but itself
	emitted bool
	timers  []timer.Timer
}

// Event is what an act tells. A zero Place stands for the act's own.
type Event struct {
	Type       string // care_episode.started
	ResourceID string
	Revision   int64
	PatientID  string
	Place      access.Place
	Snapshot   proto.Message
}

// Today is the civil day of the act.
func (tx *Tx) Today() date.Day { return date.Of(tx.Now) }

// NewID makes the id of something new: UUIDv7.
func (tx *Tx) NewID() string { return NewID() }

// NewID makes an id: UUIDv7, by wall time.
func NewID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return uuid.NewString() // the random source failed to give a time-ordered one; any unique id will do
	}
	return id.String()
}

// Emit tells what the act did.
func (tx *Tx) Emit(e Event) error {
	snapshot, err := anypb.New(e.Snapshot)
	if err != nil {
		return fmt.Errorf("packing the snapshot of %s: %w", e.Type, err)
	}
	place := e.Place
	if place.IsZero() {
		place = tx.Place
	}
	told := &eventv1.Event{
		EventId:        tx.NewID(),
		Type:           e.Type,
		ResourceId:     e.ResourceID,
		Revision:       int32(e.Revision),
		PatientId:      e.PatientID,
		CareProviderId: place.ProviderID,
		CareUnitId:     place.UnitID,
		Actor:          &eventv1.Actor{PractitionerId: tx.Caller.PractitionerID},
		EventTime:      timestamppb.New(tx.Now),
		TraceParent:    traceParent(tx.ctx),
		Snapshot:       snapshot,
	}
	if tx.Caller.PractitionerID == "" {
		told.Actor.Service = tx.Caller.Service
	}
	if err := event.Append(tx.Tx, told); err != nil {
		return err
	}
	tx.emitted = true
	return nil
}

// traceParent is the trace context of what runs now, as it is kept with what follows from it; empty when nothing is traced.
func traceParent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// SetTimer sets a timer, in place of the one of the same kind and key. It keeps what it follows from: the write that somebody
// asked for, through whatever events and timers led here.
func (tx *Tx) SetTimer(t timer.Timer) error {
	t.Cause = cmp.Or(tx.cause, traceParent(tx.ctx))
	if err := timer.Set(tx.Tx, t); err != nil {
		return err
	}
	tx.timers = append(tx.timers, t)
	return nil
}

// DropTimer removes a timer, if there is one.
func (tx *Tx) DropTimer(kind, key string) error { return timer.Drop(tx.Tx, kind, key) }

// CheckEtag refuses a write on an etag that is no longer current. An empty one asks for nothing.
func (tx *Tx) CheckEtag(etag string, revision int64) error {
	if etag == "" {
		return nil
	}
	expected, err := page.ParseEtag(etag)
	if err != nil {
		return fault.Invalid(fault.Violation{Field: "etag", Reason: "ETAG_MALFORMED", Message: "is not an etag of this API"})
	}
	if expected != -1 && expected != revision {
		return fault.Stale("the resource has changed since the etag was read; read it again and retry")
	}
	return nil
}

// Run carries out an act that nobody asked for: what a worker does for an event or a timer, at a place. The context's caller
// acts; a worker's is its service.
func (a *Acts) Run(ctx context.Context, fn func(tx *Tx) error) error {
	return a.transact(ctx, fn)
}

// transact gives fn a transaction and, after commit, rings for what it did.
func (a *Acts) transact(ctx context.Context, fn func(tx *Tx) error) error {
	caller, _ := identity.FromContext(ctx)
	return a.DB.Tx(ctx, func(inner *sqldb.Tx) error {
		tx := &Tx{Tx: inner, Now: a.Clock.Now(), Caller: caller, Place: access.PlaceFrom(ctx), acts: a, ctx: ctx}
		if err := fn(tx); err != nil {
			return err
		}
		inner.AfterCommit(func() {
			if tx.emitted {
				a.Bell.RingFor(ctx, Unnumbered(a.Source))
			}
			if len(tx.timers) > 0 && a.Armed != nil {
				a.Armed(tx.timers)
			}
		})
		return nil
	})
}

// In gives a transaction of a worker's batch its own place, caller and trace, so that several events can share one commit.
// cause is the trace context of the write that it follows from; empty when that was not traced.
func (tx *Tx) In(ctx context.Context, place access.Place, cause string) *Tx {
	inner := *tx
	inner.Place, inner.ctx, inner.cause = place, ctx, cause
	inner.timers, inner.emitted = nil, false
	return &inner
}

// Join takes what an inner transaction told and set into the outer one, whose commit rings for both.
func (tx *Tx) Join(inner *Tx) {
	tx.emitted = tx.emitted || inner.emitted
	tx.timers = append(tx.timers, inner.timers...)
}
