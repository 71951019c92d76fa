package clock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var start = time.Date(2026, time.March, 2, 8, 0, 0, 123456789, time.FixedZone("CET", 3600))

func TestEveryClockAnswersAsStored(t *testing.T) {
	for name, clock := range map[string]Clock{"wall": Wall(), "test": NewTest(start), "shifted": NewShifted(time.Hour)} {
		now := clock.Now()
		require.Equal(t, time.UTC, now.Location(), name)
		require.True(t, now == now.Truncate(time.Microsecond), name) // == sees the monotonic reading too
	}
}

func TestTestClockStandsStill(t *testing.T) {
	clock := NewTest(start)
	require.True(t, clock.Now().Equal(start.Truncate(time.Microsecond)))
	require.Equal(t, clock.Now(), clock.Now())
	require.Equal(t, clock.Now().Add(time.Hour), clock.Advance(time.Hour))
	clock.Set(start)
	require.True(t, clock.Now().Equal(start.Truncate(time.Microsecond)))
}

func TestShifted(t *testing.T) {
	machine := NewTest(start)
	clock := newShifted(machine, -84*24*time.Hour)
	require.Equal(t, machine.Now().Add(-84*24*time.Hour), clock.Now())

	machine.Advance(time.Minute)
	require.Equal(t, machine.Now().Add(-84*24*time.Hour), clock.Now())

	require.NoError(t, clock.SetOffset(-83*24*time.Hour))
	require.Equal(t, machine.Now().Add(-83*24*time.Hour), clock.Now())
	require.ErrorIs(t, clock.SetOffset(-84*24*time.Hour), ErrBackwards)
	require.Equal(t, -83*24*time.Hour, clock.Offset())
}

func TestShiftedNeverGoesBack(t *testing.T) {
	machine := NewTest(start)
	clock := newShifted(machine, time.Hour)
	before := clock.Now()
	machine.Advance(-time.Minute)
	require.Equal(t, before, clock.Now())

	// Moved while the machine is behind: it still shows what was asked for.
	target := before.Add(time.Second)
	_, err := clock.AdvanceTo(target)
	require.NoError(t, err)
	require.Equal(t, target, clock.Now())
	machine.Advance(2 * time.Second)
	require.Equal(t, target.Add(2*time.Second), clock.Now())
}

func TestAdvanceTo(t *testing.T) {
	machine := NewTest(start)
	clock := newShifted(machine, 0)
	target := machine.Now().Add(14 * 24 * time.Hour)
	offset, err := clock.AdvanceTo(target)
	require.NoError(t, err)
	require.Equal(t, 14*24*time.Hour, offset)
	require.Equal(t, target, clock.Now())

	offset, err = clock.AdvanceTo(target.Add(-time.Microsecond))
	require.ErrorIs(t, err, ErrBackwards)
	require.Equal(t, 14*24*time.Hour, offset)
	require.Equal(t, target, clock.Now())
}

func TestShiftedIsSafeForConcurrentUse(t *testing.T) {
	clock := NewShifted(0)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 1000 {
			_ = clock.SetOffset(time.Duration(i) * time.Second)
		}
	}()
	last := clock.Now()
	for range 1000 {
		now := clock.Now()
		if now.Before(last) {
			t.Fatalf("went back from %s to %s", last, now)
		}
		last = now
	}
	<-done
}
