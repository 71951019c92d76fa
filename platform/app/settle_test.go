package app_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/timer"
)

type (
	eventOf = eventv1.Event
	timerOf = timer.Timer
)

func timerAt(kind, key string, after time.Duration) timer.Timer {
	return timer.Timer{Kind: kind, Key: key, Due: apptest.Start.Add(after)}
}

// Timers that set each other, at different times, fire in order with the clock at each one's time.
func TestAdvanceStopsAtEveryTimer(t *testing.T) {
	p := &probe{timers: map[string]func(*act.Tx, timerOf) error{
		"first": func(tx *act.Tx, one timerOf) error {
			return errors.Join(effect(tx, "first"), tx.SetTimer(timerAt("second", "k", 3*time.Hour)))
		},
		"second": func(tx *act.Tx, one timerOf) error {
			return errors.Join(effect(tx, "second"), tx.SetTimer(timerAt("third", "k", 5*time.Hour)))
		},
		"third": func(tx *act.Tx, one timerOf) error {
			return errors.Join(effect(tx, "third"), tx.SetTimer(timerAt("beyond", "k", 50*time.Hour)))
		},
		"beyond": func(tx *act.Tx, one timerOf) error { return effect(tx, "beyond") },
		"late": func(tx *act.Tx, one timerOf) error {
			return errors.Join(effect(tx, "late"), tx.SetTimer(timerAt("overdue", "k", time.Hour)))
		},
		"overdue": func(tx *act.Tx, one timerOf) error { return effect(tx, "overdue") },
	}}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		p.set(t, "first", "k", time.Hour)
		p.set(t, "late", "k", 4*time.Hour)
		require.Zero(t, h.Settle())
		require.Equal(t, 5, h.Advance(48*time.Hour))
		require.Equal(t, []string{"1h0m0s first", "3h0m0s second", "4h0m0s late", "4h0m0s overdue", "5h0m0s third"}, p.done(t))
		require.True(t, apptest.Start.Add(48*time.Hour).Equal(h.Clock.Now()))
		require.Equal(t, 1, h.Advance(2*time.Hour), "due at the very end")
		require.Equal(t, "50h0m0s beyond", p.done(t)[5])
		require.Zero(t, h.Advance(0))
	})
}

// What a timer tells is consumed at the timer's time, and what its consumers set is fired on the way, before later timers.
func TestEventsAreConsumedOnTheWay(t *testing.T) {
	p := &probe{
		timers: map[string]func(*act.Tx, timerOf) error{
			"tell": func(tx *act.Tx, one timerOf) error {
				return errors.Join(effect(tx, "told"), tx.Emit(thing("r", 1, access.Place{})))
			},
			"note": func(tx *act.Tx, one timerOf) error { return effect(tx, "noted "+one.Key) },
		},
		consume: map[string]func(*act.Tx, *eventOf) error{
			"followup": func(tx *act.Tx, e *eventOf) error { // its own log is one as any other
				return errors.Join(effect(tx, "heard"), tx.SetTimer(timer.Timer{Kind: "note", Key: "of event", Due: tx.Now.Add(30 * time.Minute)}))
			},
		},
	}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		p.set(t, "tell", "k", time.Hour)
		p.set(t, "note", "of start", 2*time.Hour)
		h.Advance(24 * time.Hour)
		require.Equal(t, []string{"1h0m0s heard", "1h0m0s told", "1h30m0s noted of event", "2h0m0s noted of start"}, p.done(t))
	})
}

// A timer whose handler fails holds up nobody: the others still fire each at its time.
func TestAdvancePassesFailingTimers(t *testing.T) {
	p := &probe{timers: map[string]func(*act.Tx, timerOf) error{
		"bad":  func(*act.Tx, timerOf) error { return errors.New("broken") },
		"good": func(tx *act.Tx, one timerOf) error { return effect(tx, one.Key) },
	}}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		h.Failing = true
		var want []string
		for i := range 5 {
			p.set(t, "bad", fmt.Sprint(i), time.Duration(i)*time.Hour)
			p.set(t, "good", fmt.Sprint(i), time.Duration(i)*time.Hour+time.Minute)
			want = append(want, fmt.Sprintf("%s %d", time.Duration(i)*time.Hour+time.Minute, i))
		}
		require.Equal(t, 5, h.Advance(48*time.Hour))
		require.Equal(t, want, p.done(t))
	})
}

// Twelve weeks of daily timers pass in order.
func TestLongAdvance(t *testing.T) {
	p := &probe{timers: map[string]func(*act.Tx, timerOf) error{"daily": func(tx *act.Tx, one timerOf) error {
		return errors.Join(effect(tx, "day"), tx.SetTimer(timer.Timer{Kind: "daily", Key: "k", Due: one.Due.Add(24 * time.Hour)}))
	}}}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		p.set(t, "daily", "k", 24*time.Hour)
		require.Equal(t, 84, h.Advance(84*24*time.Hour))
		done := p.done(t)
		require.Len(t, done, 84)
		require.Contains(t, done, (84*24*time.Hour).String()+" day")
	})
}
