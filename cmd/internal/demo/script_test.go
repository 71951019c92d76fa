package demo

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

var someMorning = date.MustParse("2026-03-02").At(9, 0)

func TestRoundsMergeScriptsInTheOrderOfTime(t *testing.T) {
	day := date.MustParse("2026-03-02")
	end := day.At(12, 0)
	var a, b Script
	a.on(day.At(10, 0), "a2", nil)
	a.on(day.At(9, 0), "a1", nil)
	a.on(day.At(10, 0), "a3", nil)
	a.on(day.At(15, 0), "a4", nil) // lies after the end
	b.on(day.At(10, 0), "b1", nil)
	b.on(day.At(12, 0), "b2", nil)
	b.on(day.AddDays(1).At(9, 0), "b3", nil)

	var got []string
	for _, r := range rounds([]Script{a, b}, end) {
		var lists []string
		for _, steps := range r.lists {
			var names []string
			for _, s := range steps {
				names = append(names, s.Name)
			}
			lists = append(lists, strings.Join(names, "+"))
		}
		got = append(got, r.at.In(date.Stockholm()).Format("15:04")+" "+strings.Join(lists, " "))
	}
	require.Equal(t, []string{"09:00 a1", "10:00 a2+a3 b1", "12:00 a4 b2+b3"}, got)
	require.Len(t, rounds([]Script{a, b}, time.Time{}), 5, "without an end every time stands for itself")
}

func TestAFailingStepSaysWhatWasExpected(t *testing.T) {
	var out strings.Builder
	w := newWalk("walk", NewClient("http://x", "http://x"), nil, newPage(&out), team{})
	w.page.steps = 6
	w.on(someMorning, "The care manager books it", func(context.Context, *check) error { return nil })
	w.on(someMorning, "The contact is held", func(_ context.Context, c *check) error {
		equal(c, "state", "BOOKED", "HELD")
		equal(c, "same", 1, 1)
		c.that(false, "expected %d goals, got none", 2)
		return nil
	})
	err := w.script.Steps[1].failed(w.script.Steps[1].Do(t.Context()))
	var failure *Failure
	require.ErrorAs(t, err, &failure)
	require.Equal(t, "step 7 failed (The contact is held): state: expected HELD, got BOOKED; expected 2 goals, got none", err.Error())
	require.Contains(t, out.String(), "7 FAIL   The contact is held")
	require.Contains(t, out.String(), "expected HELD, got BOOKED")
}

func TestAWalkThatIsBrokenOffHasNotFailed(t *testing.T) {
	var out strings.Builder
	w := newWalk("walk", NewClient("http://x", "http://x"), nil, newPage(&out), team{})
	w.on(someMorning, "The contact is held", func(ctx context.Context, _ *check) error { return ctx.Err() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := w.script.Steps[0].Do(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, errors.As(err, new(*Failure)))
	require.Empty(t, out.String())
}

func TestPagePrintsADayAndAChapterOnce(t *testing.T) {
	var out strings.Builder
	p := newPage(&out)
	day := date.MustParse("2026-03-02")
	p.step(day.At(9, 0), "Start", "The GP starts a care episode", "curl -sS x")
	p.step(day.At(9, 5), "Start", "The patient consents", "")
	p.step(day.AddDays(1).At(10, 0), "", "The first contact is held", "")
	require.Equal(t, `
Mon 2 March 2026
     — Start
   1 09:00  The GP starts a care episode
            curl -sS x
   2 09:05  The patient consents

Tue 3 March 2026
   3 10:00  The first contact is held
`, out.String())
}
