package worker_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/redisdb"
	"github.com/coworkcare/coworkcare/platform/redisdb/redistest"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// station is a running worker with timers, whose sweep a test lets go.
type station struct {
	acts  *act.Acts
	queue *timer.Queue
	fired chan string
	sweep chan struct{} // each receipt lets the sweep go once
	stop  func()
}

func newStation(t *testing.T, open sqldbtest.Opener, client *redisdb.DB) *station {
	t.Helper()
	s := &station{acts: newActs(t, open("followup"), "followup"), fired: make(chan string, 1000), sweep: make(chan struct{})}
	if client != nil {
		s.queue = timer.NewQueue(client, "followup")
	}
	return s
}

// run starts the worker; the first sweep has gone when it returns.
func (s *station) run(t *testing.T) {
	t.Helper()
	swept := make(chan struct{}, 1)
	timers := &worker.Timers{
		Acts: s.acts, Queue: s.queue, Log: s.acts.Log,
		Handlers: map[string]worker.TimerHandler{"remind": func(tx *act.Tx, one timer.Timer) error {
			if one.Due.After(tx.Now) {
				t.Errorf("%s is early", one.Key)
			}
			tx.AfterCommit(func() { s.fired <- one.Key })
			return effect(tx, one.Key)
		}},
		Wall: worker.Wall{Pause: func(ctx context.Context, _ time.Duration) {
			select {
			case swept <- struct{}{}:
			default:
			}
			select {
			case <-s.sweep:
			case <-ctx.Done():
			}
		}},
	}
	s.acts.Armed = timers.Listen()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- timers.Run(ctx) }()
	s.stop = func() {
		stop()
		require.NoError(t, <-done)
	}
	<-swept
}

func (s *station) take(t *testing.T, n int) []string {
	t.Helper()
	var keys []string
	for range n {
		keys = append(keys, <-s.fired)
	}
	slices.Sort(keys)
	return keys
}

// loaded waits until the horizon stands in Redis.
func (s *station) loaded(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		ok, err := s.queue.Loaded(t.Context())
		return err == nil && ok
	}, time.Minute, time.Millisecond)
}

func armed(t *testing.T, client *redisdb.DB) (n int64) {
	t.Helper()
	keys, err := client.Keys(t.Context(), "coworkcare:timer:*").Result()
	require.NoError(t, err)
	for _, key := range keys {
		if kind, err := client.Type(t.Context(), key).Result(); err == nil && kind == "zset" {
			n += client.ZCard(t.Context(), key).Val()
		}
	}
	return n
}

// Without any sweep, what acts set fires by way of Redis.
func TestRedisSaysWhenToLook(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client *redisdb.DB) {
		s := newStation(t, sqldbtest.SQLite(t), client)
		s.run(t)
		s.loaded(t)
		set(t, s.acts, due("remind", "now", 0))
		require.Equal(t, []string{"now"}, s.take(t, 1))
		set(t, s.acts, due("remind", "later", time.Hour), due("remind", "earlier", time.Minute), due("remind", "far", 49*time.Hour))
		require.Eventually(t, func() bool { return armed(t, client) == 2 }, time.Minute, time.Millisecond, "what lies beyond the horizon stays in SQL")
		move(s.acts, time.Minute)
		require.Equal(t, []string{"earlier"}, s.take(t, 1))
		move(s.acts, time.Hour)
		require.Equal(t, []string{"later"}, s.take(t, 1))
		s.stop()
		require.Equal(t, []string{"now", "earlier", "later"}, effects(t, s.acts))
	})
}

// At the start, and after a flush, the horizon is loaded from SQL.
func TestHorizonIsLoaded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client *redisdb.DB) {
		s := newStation(t, sqldbtest.SQLite(t), client)
		var timers []timer.Timer
		for i := range 1500 { // more than a page, most at the same moment
			timers = append(timers, due("remind", fmt.Sprint(i), 47*time.Hour))
		}
		set(t, s.acts, append(timers, due("remind", "far", 49*time.Hour))...)
		s.run(t)
		s.loaded(t)
		require.EqualValues(t, 1500, armed(t, client))
		require.NoError(t, client.FlushDB(t.Context()).Err())
		require.Zero(t, armed(t, client))
		s.sweep <- struct{}{}
		s.loaded(t)
		require.EqualValues(t, 1500, armed(t, client))
		s.stop()
		require.Empty(t, effects(t, s.acts))
	})
}

// FLUSHALL between arming and firing: everything fires all the same, once.
func TestFlushLosesNothing(t *testing.T) {
	server := redistest.Start(t)
	client := redistest.Open(t, server.URL())
	sqldbtest.Run(t, func(t *testing.T, open sqldbtest.Opener) {
		require.NoError(t, client.FlushAll(t.Context()).Err())
		s := newStation(t, open, client)
		s.run(t)
		s.loaded(t)
		var want []string
		for i := range 300 {
			key := fmt.Sprintf("%03d", i)
			want = append(want, key)
			set(t, s.acts, due("remind", key, time.Duration(1+i%3)*time.Minute))
		}
		require.NoError(t, client.FlushAll(t.Context()).Err())
		move(s.acts, 2*time.Minute)
		s.sweep <- struct{}{}
		first := s.take(t, 200)
		require.NoError(t, client.FlushAll(t.Context()).Err())
		move(s.acts, 3*time.Minute)
		s.sweep <- struct{}{}
		all := append(first, s.take(t, 100)...)
		s.sweep <- struct{}{}
		s.stop()
		slices.Sort(all)
		require.Equal(t, want, all)
		require.Len(t, effects(t, s.acts), 300)
		require.Empty(t, standing(t, s.acts))
	})
}

// A Redis that is gone, or that accepts and never answers, keeps no timer and no act waiting.
func TestRedisAway(t *testing.T) {
	for name, fault := range map[string]struct{ away, back func(*redistest.Server) error }{
		"killed": {(*redistest.Server).Kill, func(s *redistest.Server) error { return s.Restart(context.Background()) }},
		"paused": {(*redistest.Server).Pause, (*redistest.Server).Resume},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t)
			client := redistest.Open(t, server.URL())
			s := newStation(t, sqldbtest.SQLite(t), client)
			s.run(t)
			s.loaded(t)
			require.NoError(t, fault.away(server))
			for i := range 300 { // more than the way to Redis holds
				set(t, s.acts, due("remind", fmt.Sprintf("%03d", i), time.Minute))
			}
			move(s.acts, time.Minute)
			s.sweep <- struct{}{}
			s.take(t, 300)
			require.NoError(t, fault.back(server))
			set(t, s.acts, due("remind", "after", time.Minute))
			s.sweep <- struct{}{}
			s.sweep <- struct{}{}
			require.Equal(t, []string{"after"}, s.take(t, 1))
			s.stop()
			require.Len(t, effects(t, s.acts), 301)
		})
	}
}

// Two workers of two replicas on one PostgreSQL and one Redis: every timer once.
func TestReplicasShareRedis(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client *redisdb.DB) {
		opener := sqldbtest.Postgres(t)
		a, b := newStation(t, opener, client), newStation(t, opener, client)
		a.run(t)
		b.run(t)
		a.loaded(t)
		var want []string
		for i := range 200 {
			key := fmt.Sprintf("%03d", i)
			want = append(want, key)
			set(t, []*station{a, b}[i%2].acts, due("remind", key, time.Duration(i%5)*time.Second))
		}
		move(a.acts, time.Minute)
		move(b.acts, time.Minute)
		a.sweep <- struct{}{}
		b.sweep <- struct{}{}
		var got []string
		for range want {
			select {
			case key := <-a.fired:
				got = append(got, key)
			case key := <-b.fired:
				got = append(got, key)
			}
		}
		a.stop()
		b.stop()
		slices.Sort(got)
		require.Equal(t, want, got)
		got = effects(t, a.acts)
		slices.Sort(got)
		require.Equal(t, want, got)
	})
}

func TestRunWithoutRedis(t *testing.T) {
	noLeaks(t)
	s := newStation(t, sqldbtest.SQLite(t), nil)
	set(t, s.acts, due("remind", "overdue", 0))
	s.run(t)
	require.Equal(t, []string{"overdue"}, s.take(t, 1), "the first sweep does not wait")
	s.stop()
}
