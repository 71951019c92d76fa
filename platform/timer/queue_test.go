package timer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/redisdb"
	"github.com/coworkcare/coworkcare/platform/redisdb/redistest"
	"github.com/coworkcare/coworkcare/platform/timer"
)

func TestQueueIsNeverEarly(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client *redisdb.DB) {
		queue := timer.NewQueue(client, "followup")
		// The last microsecond of what can be asked for, and one of today: neither may be rounded.
		for _, due := range []time.Time{noon.Add(time.Microsecond), time.Date(2200, 12, 31, 23, 59, 59, 999_999_000, time.UTC)} {
			require.NoError(t, queue.Arm(t.Context(), []timer.Timer{{Kind: "a", Key: "k", Due: due}}))
			refs, next, err := queue.Pop(t.Context(), due.Add(-time.Microsecond), 10)
			require.NoError(t, err)
			require.Empty(t, refs)
			require.True(t, due.Equal(next), "%v, not %v", next, due)
			refs, next, err = queue.Pop(t.Context(), due, 10)
			require.NoError(t, err)
			require.Equal(t, []timer.Ref{{Kind: "a", Key: "k"}}, refs)
			require.True(t, next.IsZero())
			refs, _, err = queue.Pop(t.Context(), due, 10)
			require.NoError(t, err)
			require.Empty(t, refs, "taken once")
		}
	})
}

func TestQueueGivesEachNameOnce(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client *redisdb.DB) {
		queue, other := timer.NewQueue(client, "followup"), timer.NewQueue(client, "careplan")
		var timers []timer.Timer
		var want []string
		for i := range 500 {
			key := fmt.Sprintf("%03d/with/slashes", i)
			timers, want = append(timers, timer.Timer{Kind: "remind", Key: key, Due: noon.Add(time.Duration(i) * time.Second)}), append(want, key)
		}
		rand.Shuffle(len(timers), func(i, j int) { timers[i], timers[j] = timers[j], timers[i] })
		require.NoError(t, queue.Arm(t.Context(), timers))
		require.NoError(t, queue.Arm(t.Context(), timers), "arming again changes nothing")
		require.NoError(t, other.Arm(t.Context(), []timer.Timer{{Kind: "remind", Key: "foreign", Due: noon}}))

		refs, next, err := queue.Pop(t.Context(), noon.Add(99*time.Second), 1000)
		require.NoError(t, err)
		require.Len(t, refs, 100)
		require.True(t, noon.Add(100*time.Second).Equal(next))
		var got []string
		for {
			for _, ref := range refs {
				require.Equal(t, "remind", ref.Kind)
				got = append(got, ref.Key)
			}
			if refs, _, err = queue.Pop(t.Context(), noon.Add(time.Hour), 7); err != nil || len(refs) == 0 {
				require.NoError(t, err)
				break
			}
			require.LessOrEqual(t, len(refs), 4*7)
		}
		slices.Sort(got)
		require.Equal(t, want, got)
	})
}

func TestQueueMovesATimer(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client *redisdb.DB) {
		queue := timer.NewQueue(client, "followup")
		move := func(due time.Time) {
			require.NoError(t, queue.Arm(t.Context(), []timer.Timer{{Kind: "a", Key: "k", Due: due}}))
		}
		move(noon)
		move(noon.Add(time.Hour))
		refs, next, err := queue.Pop(t.Context(), noon, 10)
		require.NoError(t, err)
		require.Empty(t, refs)
		require.True(t, noon.Add(time.Hour).Equal(next))
		move(noon)
		refs, _, err = queue.Pop(t.Context(), noon, 10)
		require.NoError(t, err)
		require.Len(t, refs, 1)
	})
}

func TestLoaded(t *testing.T) {
	redistest.Run(t, func(t *testing.T, client *redisdb.DB) {
		queue := timer.NewQueue(client, "followup")
		loaded := func() bool {
			ok, err := queue.Loaded(t.Context())
			require.NoError(t, err)
			return ok
		}
		require.False(t, loaded())
		require.NoError(t, queue.SetLoaded(t.Context(), time.Hour))
		require.True(t, loaded())
		other, err := timer.NewQueue(client, "careplan").Loaded(t.Context())
		require.NoError(t, err)
		require.False(t, other)
		require.NoError(t, client.FlushDB(t.Context()).Err())
		require.False(t, loaded())
	})
}

func TestQueueWithoutRedis(t *testing.T) {
	server := redistest.Start(t)
	queue := timer.NewQueue(redistest.Open(t, server.URL()), "followup")
	require.NoError(t, server.Kill())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := queue.Pop(ctx, noon, 10)
	require.Error(t, err)
	require.Error(t, queue.Arm(ctx, []timer.Timer{{Kind: "a", Key: "k", Due: noon}}))
	_, err = queue.Loaded(ctx)
	require.Error(t, err)
	require.Error(t, queue.SetLoaded(ctx, time.Hour))
}
