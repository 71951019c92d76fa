package bell_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/bell"
	"github.com/coworkcare/coworkcare/platform/redisdb"
	"github.com/coworkcare/coworkcare/platform/redisdb/redistest"
)

func rung(rope <-chan struct{}) bool {
	select {
	case <-rope:
		return true
	default:
		return false
	}
}

func TestRingWithinTheProcess(t *testing.T) {
	b := bell.New(nil, slog.New(slog.DiscardHandler))
	first, second, other := b.Wait("a"), b.Wait("a"), b.Wait("b")
	require.False(t, rung(first))
	b.Ring("a")
	require.True(t, rung(first))
	require.True(t, rung(second), "everybody who waits")
	require.False(t, rung(other))
	require.False(t, rung(b.Wait("a")), "a ring is over once it was")
	b.Ring("nobody waits")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, b.Run(ctx))
}

func TestRingsAtOnce(t *testing.T) {
	b := bell.New(nil, slog.New(slog.DiscardHandler))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for range 1000 {
				rope := b.Wait(fmt.Sprint(i % 2))
				b.Ring(fmt.Sprint(i % 2))
				<-rope
			}
		})
	}
	group.Wait()
}

func run(t *testing.T, b *bell.Bell) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
}

// A ring in one process wakes those who wait in another.
func TestRingOverRedis(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client *redisdb.DB) {
		log := slog.New(slog.DiscardHandler)
		here, there := bell.New(client, log), bell.New(client, log)
		run(t, here)
		run(t, there)
		first := there.Wait("hello")
		require.Eventually(t, func() bool { here.Ring("hello"); return rung(first) }, time.Minute, 5*time.Millisecond, "the other listens")
		for range 3 {
			rope, other := there.Wait("numbered:patient"), there.Wait("other")
			here.Ring("numbered:patient")
			<-rope
			require.False(t, rung(other))
		}
	})
}

// Without Redis rings never block, wake this process at once, and cost the others only time.
func TestRingWithoutRedis(t *testing.T) {
	server := redistest.Start(t)
	client := redistest.Open(t, server.URL())
	require.NoError(t, server.Pause())
	out := &lockedBuffer{}
	b := bell.New(client, slog.New(slog.NewTextHandler(out, nil)))
	run(t, b)
	for range 1000 { // far more than the way out holds
		rope := b.Wait("a")
		b.Ring("a")
		<-rope
	}
	require.Eventually(t, func() bool { return bytes.Contains(out.bytes(), []byte("could not be sent")) }, time.Minute, time.Millisecond)
	require.NoError(t, server.Resume())
	other := bell.New(client, slog.New(slog.DiscardHandler))
	run(t, other)
	rope := other.Wait("b")
	require.Eventually(t, func() bool { b.Ring("b"); return rung(rope) }, time.Minute, 10*time.Millisecond, "it recovers by itself")
}

type lockedBuffer struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.Write(p)
}

func (b *lockedBuffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.out.Bytes())
}
