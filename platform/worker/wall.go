package worker

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// Wall is the machine's time, by which workers keep leases, pauses and polls; the clock that decides care is not asked for
// these. The zero value is the real one.
type Wall struct {
	Now   func() time.Time
	Pause func(ctx context.Context, d time.Duration) // returns early when the context ends
}

func (w Wall) now() time.Time {
	if w.Now != nil {
		return w.Now()
	}
	return time.Now()
}

func (w Wall) pause(ctx context.Context, d time.Duration) {
	if w.Pause != nil {
		w.Pause(ctx, d)
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// doubled is a pause that doubles with every time, up to a longest one.
func doubled(pause time.Duration, times int, longest time.Duration) time.Duration {
	return min(pause<<min(max(times, 0), 16), longest)
}

// guarded runs a handler; its panic is its failure, so that one event or timer cannot end the process again and again. The
// text of the panic may hold anything and is left out.
func guarded(handler func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &panicError{kind: fmt.Sprintf("%T", cause), stack: string(debug.Stack())}
		}
	}()
	return handler()
}

type panicError struct{ kind, stack string }

func (e *panicError) Error() string { return "the handler panicked (" + e.kind + ")\n" + e.stack }
