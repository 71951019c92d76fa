package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"

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
	// redisPatience bounds every question to Redis: one that does not answer must not keep timers waiting.
	redisPatience = time.Second
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
	Wall Wall

	armed chan []timer.Timer
	swept chan struct{} // after each sweep Redis is looked after
	// firing lets one run of this process at a time claim and fire, so that whoever drains finds nothing half done.
	firing sync.Mutex
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
	group := sync.WaitGroup{}
	if t.Queue != nil {
		t.swept = make(chan struct{}, 1)
		group.Go(func() { t.follow(ctx) })
	}
	t.sweep(ctx)
	group.Wait()
	return nil
}

// sweep fires what is due straight from SQL, every few seconds, however Redis is.
func (t *Timers) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		if _, err := t.Drain(ctx); err != nil && ctx.Err() == nil {
			t.Log.WarnContext(ctx, "the sweep for due timers failed; the next one follows", "error", err)
		}
		select {
		case t.swept <- struct{}{}:
		default:
		}
		t.Wall.pause(ctx, sweepEvery)
	}
}

// follow fires what Redis says is due.
func (t *Timers) follow(ctx context.Context) {
	nap := time.NewTimer(0)
	defer nap.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case set := <-t.armed:
			t.arm(ctx, set)
			nap.Reset(0)
		case <-nap.C:
			nap.Reset(t.firePopped(ctx))
		case <-t.swept:
			t.load(ctx)
			nap.Reset(0)
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
	if err := t.armNear(below(ctx, near), near); err != nil && ctx.Err() == nil {
		t.Log.WarnContext(ctx, "timers could not be armed; the sweep will find them", "error", err)
	}
}

func (t *Timers) armNear(ctx context.Context, near []timer.Timer) error {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	return t.Queue.Arm(ctx, near)
}

// load fills Redis with the horizon when it is not there: at the start, after a flush, and twice a day.
func (t *Timers) load(ctx context.Context) {
	if t.Queue == nil {
		return
	}
	ask, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	loaded, err := t.Queue.Loaded(ask)
	if err != nil || loaded {
		return // Redis is away: the sweep does the work meanwhile
	}
	var last timer.Timer
	for {
		timers, err := timer.Until(t.Acts.DB.Read(ctx), t.Acts.Clock.Now().Add(horizon), last, loadAtATime)
		if err == nil && len(timers) > 0 {
			err = t.armNear(ctx, timers)
			last = timers[len(timers)-1]
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t.Log.WarnContext(ctx, "the timers of the horizon could not be loaded; the sweep finds them", "error", err)
			return
		}
		if len(timers) < loadAtATime {
			break
		}
	}
	mark, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	if err := t.Queue.SetLoaded(mark, loadEvery); err != nil && ctx.Err() == nil {
		t.Log.WarnContext(ctx, "the horizon could not be marked as loaded", "error", err)
	}
}

// firePopped fires what Redis says is due and gives the time to sleep until the next one.
func (t *Timers) firePopped(ctx context.Context) time.Duration {
	ask, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	// What was taken before an error is fired all the same.
	refs, next, err := t.Queue.Pop(ask, t.Acts.Clock.Now(), fireBatch)
	for start := 0; start < len(refs); start += fireBatch {
		if _, _, err := t.fire(ctx, refs[start:min(start+fireBatch, len(refs))]); err != nil && ctx.Err() == nil {
			t.Log.WarnContext(ctx, "due timers could not be fired; the sweep follows", "error", err)
		}
	}
	if err != nil || next.IsZero() {
		return longestNap
	}
	return min(max(next.Sub(t.Acts.Clock.Now()), 2*time.Millisecond), longestNap)
}

// Next is the time of the next timer that is not paused after a failure; false when there is none.
func (t *Timers) Next(ctx context.Context) (time.Time, bool, error) {
	return timer.NextUnpaused(t.Acts.DB.Read(ctx), t.Wall.now())
}

// Drain fires everything that is due now, straight from SQL, and says how many timers fired. Those that fail are postponed.
func (t *Timers) Drain(ctx context.Context) (int, error) {
	ctx = t.context(ctx)
	all := 0
	for {
		claimed, fired, err := t.fire(ctx, nil)
		all += fired
		if err != nil || claimed == 0 {
			return all, err
		}
	}
}

// fire claims a batch and carries it out in one transaction. When one of the batch fails, each is carried out alone. It says
// how many it found and how many fired.
func (t *Timers) fire(ctx context.Context, refs []timer.Ref) (claimed, fired int, err error) {
	t.firing.Lock()
	defer t.firing.Unlock()
	var due []timer.Timer
	fired, err = t.fireDue(ctx, func(tx *act.Tx) ([]timer.Timer, error) {
		due = nil
		found, err := timer.Claim(tx.Tx, tx.Now, t.Wall.now(), refs, fireBatch)
		due = found
		return found, err
	})
	if err == nil || ctx.Err() != nil {
		return len(due), fired, err
	}
	if len(due) == 0 {
		return 0, 0, err
	}
	for _, one := range due {
		n, err := t.fireAlone(ctx, one)
		if err != nil {
			return len(due), fired, err
		}
		fired += n
	}
	return len(due), fired, nil
}

// fireDue carries out what is claimed, in one transaction, and says how many timers that were.
func (t *Timers) fireDue(ctx context.Context, claim func(*act.Tx) ([]timer.Timer, error)) (int, error) {
	fired := 0
	err := t.Acts.Run(ctx, func(tx *act.Tx) error {
		fired = 0
		due, err := claim(tx)
		if err != nil {
			return err
		}
		for _, one := range due {
			called, err := t.call(ctx, tx, one)
			if err != nil {
				return err
			}
			if called {
				fired++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return fired, nil
}

// fireAlone carries out one timer. When its handler fails, the timer is postponed and that is no error.
func (t *Timers) fireAlone(ctx context.Context, one timer.Timer) (int, error) {
	fired, failed := t.fireDue(ctx, func(tx *act.Tx) ([]timer.Timer, error) {
		return timer.Claim(tx.Tx, tx.Now, t.Wall.now(), []timer.Ref{{Kind: one.Kind, Key: one.Key}}, 1)
	})
	if failed == nil {
		return fired, nil
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	failures := 0
	err := t.Acts.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		var err error
		failures, err = timer.Postpone(tx, one, t.Wall.now(), func(failures int) time.Duration {
			return doubled(timerPause, failures-1, time.Hour)
		})
		return err
	})
	if err != nil {
		return 0, errors.Join(failed, err)
	}
	if failures > 0 {
		t.Log.ErrorContext(ctx, "a timer's handler failed; it is tried again after a pause",
			"kind", one.Kind, "key", one.Key, "failures", failures, "error", failed)
	}
	return 0, nil
}

// call hands a claimed timer to its handler, under a trace of its own, which links to the write that the timer follows from. It
// says false when an earlier timer of the same batch has moved or dropped it.
func (t *Timers) call(ctx context.Context, tx *act.Tx, one timer.Timer) (called bool, err error) {
	handler := t.Handlers[one.Kind]
	if handler == nil {
		return false, fmt.Errorf("no handler for timers of kind %s", one.Kind)
	}
	taken, err := timer.Take(tx.Tx, one)
	if err != nil || !taken {
		return false, err
	}
	work := begin(ctx, "fire "+one.Kind, one.Cause, attribute.String("coworkcare.service", t.Acts.Source))
	defer func() { work.end(err) }()
	defer tx.Below(work.ctx)()
	inner := tx.In(work.ctx, access.Place{}, one.Cause)
	if err := guarded(func() error { return handler(inner, one) }); err != nil {
		return false, fmt.Errorf("firing timer %s: %w", one.Kind, err)
	}
	tx.Join(inner)
	if t.Late != nil {
		late := tx.Now.Sub(one.Due)
		tx.AfterCommit(func() { t.Late(work.ctx, late) })
	}
	return true, nil
}
