package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/timer"
)

// TimerHandler does what a timer asks for, in the transaction that takes the timer away. It compares the timer's stamp with
// the state's and does nothing when the state has moved on.
type TimerHandler func(tx *act.Tx, t timer.Timer) error

const (
	fireBatch   = 200
	horizon     = 48 * time.Hour
	sweepEvery  = 3 * time.Second
	loadEvery   = 12 * time.Hour
	longestNap  = time.Second
	timerPause  = 30 * time.Second // doubles with each failure, up to an hour
	loadAtATime = 1000
)

// Timers fires the timers of one service. Redis says when to look; the rows in SQL say what is due. A sweep straight from SQL
// finds what Redis has lost.
type Timers struct {
	Acts     *act.Acts
	Queue    *timer.Queue // nil: the sweep alone
	Handlers map[string]TimerHandler
	Log      *slog.Logger
	// Late is told how late each timer fired; nil: nobody listens.
	Late func(context.Context, time.Duration)

	armed chan []timer.Timer
}

// Listen makes the way by which acts tell of the timers they set; give it to Acts.Armed.
func (t *Timers) Listen() func([]timer.Timer) {
	t.armed = make(chan []timer.Timer, 256)
	return func(set []timer.Timer) {
		select {
		case t.armed <- set:
		default: // the sweep finds them
		}
	}
}

func (t *Timers) context(ctx context.Context) context.Context {
	return identity.NewContext(ctx, identity.Caller{Subject: "service:" + t.Acts.Source, Service: t.Acts.Source})
}

// Run fires timers until the context ends.
func (t *Timers) Run(ctx context.Context) error {
	ctx = t.context(ctx)
	nap, sweep := time.NewTimer(0), time.NewTicker(sweepEvery)
	defer nap.Stop()
	defer sweep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case set := <-t.armed:
			t.arm(ctx, set)
			nap.Reset(0)
		case <-nap.C:
			nap.Reset(t.firePopped(ctx))
		case <-sweep.C:
			t.load(ctx)
			if _, err := t.Drain(ctx); err != nil && ctx.Err() == nil {
				t.Log.WarnContext(ctx, "the sweep for due timers failed; the next one follows", "service", t.Acts.Source, "error", err)
			}
		}
	}
}

// arm puts the timers of the horizon into Redis. What cannot be put there is left to the sweep.
func (t *Timers) arm(ctx context.Context, set []timer.Timer) {
	if t.Queue == nil {
		return
	}
	end := t.Acts.Clock.Now().Add(horizon)
	var near []timer.Timer
	for _, one := range set {
		if one.Due.Before(end) {
			near = append(near, one)
		}
	}
	if len(near) == 0 {
		return
	}
	if err := t.Queue.Arm(ctx, near); err != nil && ctx.Err() == nil {
		t.Log.WarnContext(ctx, "timers could not be armed; the sweep will find them", "service", t.Acts.Source, "error", err)
	}
}

// load fills Redis with the horizon when it is not there: at the start, after a flush, and twice a day.
func (t *Timers) load(ctx context.Context) {
	if t.Queue == nil {
		return
	}
	loaded, err := t.Queue.Loaded(ctx)
	if err != nil || loaded {
		return // Redis is away: the sweep does the work meanwhile
	}
	var last timer.Timer
	for {
		timers, err := timer.Until(t.Acts.DB.Read(ctx), t.Acts.Clock.Now().Add(horizon), last, loadAtATime)
		if err == nil && len(timers) > 0 {
			err = t.Queue.Arm(ctx, timers)
			last = timers[len(timers)-1]
		}
		if err != nil {
			t.Log.WarnContext(ctx, "the timers of the horizon could not be loaded; the sweep finds them", "service", t.Acts.Source, "error", err)
			return
		}
		if len(timers) < loadAtATime {
			break
		}
	}
	if err := t.Queue.SetLoaded(ctx, loadEvery); err != nil {
		t.Log.WarnContext(ctx, "the horizon could not be marked as loaded", "service", t.Acts.Source, "error", err)
	}
}

// firePopped fires what Redis says is due and gives the time to sleep until the next one.
func (t *Timers) firePopped(ctx context.Context) time.Duration {
	if t.Queue == nil {
		return longestNap
	}
	refs, next, err := t.Queue.Pop(ctx, t.Acts.Clock.Now(), fireBatch)
	if err != nil {
		return longestNap
	}
	for start := 0; start < len(refs); start += fireBatch {
		if _, err := t.fire(ctx, refs[start:min(start+fireBatch, len(refs))]); err != nil && ctx.Err() == nil {
			t.Log.WarnContext(ctx, "due timers could not be fired; the sweep follows", "service", t.Acts.Source, "error", err)
		}
	}
	if next.IsZero() {
		return longestNap
	}
	return min(max(next.Sub(t.Acts.Clock.Now()), 2*time.Millisecond), longestNap)
}

// Drain fires everything that is due now, straight from SQL, and says how many timers fired.
func (t *Timers) Drain(ctx context.Context) (int, error) {
	ctx = t.context(ctx)
	all := 0
	for {
		fired, err := t.fire(ctx, nil)
		all += fired
		if err != nil || fired == 0 {
			return all, err
		}
	}
}

// fire claims a batch and carries it out in one transaction. When one of the batch fails, each is carried out alone.
func (t *Timers) fire(ctx context.Context, refs []timer.Ref) (int, error) {
	var claimed []timer.Timer
	err := t.Acts.Run(ctx, func(tx *act.Tx) error {
		claimed = nil
		due, err := timer.Claim(tx.Tx, tx.Now, time.Now(), refs, fireBatch)
		if err != nil {
			return err
		}
		claimed = due
		for _, one := range due {
			if err := t.call(ctx, tx, one); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil || len(claimed) == 0 || ctx.Err() != nil {
		return len(claimed), err
	}
	fired := 0
	for _, one := range claimed {
		ok, err := t.fireAlone(ctx, one)
		if err != nil {
			return fired, err
		}
		if ok {
			fired++
		}
	}
	return fired, nil
}

func (t *Timers) fireAlone(ctx context.Context, one timer.Timer) (bool, error) {
	failed := t.Acts.Run(ctx, func(tx *act.Tx) error {
		due, err := timer.Claim(tx.Tx, tx.Now, time.Now(), []timer.Ref{{Kind: one.Kind, Key: one.Key}}, 1)
		if err != nil || len(due) == 0 {
			return err
		}
		return t.call(ctx, tx, due[0])
	})
	if failed == nil {
		return true, nil
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return false, t.Acts.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		failures, err := timer.Failures(tx, one)
		if err != nil {
			return errors.Join(failed, err)
		}
		t.Log.ErrorContext(ctx, "a timer's handler failed; it is tried again after a pause",
			"service", t.Acts.Source, "kind", one.Kind, "key", one.Key, "failures", failures+1, "error", failed)
		return timer.Postpone(tx, one, time.Now().Add(min(timerPause<<min(failures, 10), time.Hour)))
	})
}

func (t *Timers) call(ctx context.Context, tx *act.Tx, one timer.Timer) error {
	handler := t.Handlers[one.Kind]
	if handler == nil {
		return fmt.Errorf("no handler for timers of kind %s", one.Kind)
	}
	ctx, span := otel.Tracer("coworkcare/worker").Start(ctx, "fire "+one.Kind, trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	if err := timer.Drop(tx.Tx, one.Kind, one.Key); err != nil {
		return err
	}
	inner := tx.In(ctx, access.Place{})
	if err := handler(inner, one); err != nil {
		return fmt.Errorf("firing timer %s: %w", one.Kind, err)
	}
	tx.Join(inner)
	if t.Late != nil {
		late := tx.Now.Sub(one.Due)
		tx.AfterCommit(func() { t.Late(ctx, late) })
	}
	return nil
}
