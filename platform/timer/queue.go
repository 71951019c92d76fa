package timer

import (
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Ref names a timer.
type Ref struct{ Kind, Key string }

// shards spreads one service's timers over several sorted sets, so that a cluster can hold them on several nodes.
const shards = 4

// Queue is the near horizon of a service's timers in Redis: sorted sets of timer names by due time in microseconds.
// Names are a kind and a server-made id; nothing about a patient stands in them.
type Queue struct {
	redis   redis.UniversalClient
	service string
}

// NewQueue makes the queue of a service.
func NewQueue(client redis.UniversalClient, service string) *Queue {
	return &Queue{redis: client, service: service}
}

func (q *Queue) key(shard int) string {
	return fmt.Sprintf("coworkcare:timer:{%s-%d}", q.service, shard)
}

func shardOf(member string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(member))
	return int(h.Sum32() % shards)
}

// Arm puts timers into the sorted sets; a timer that stands there already gets its new time.
func (q *Queue) Arm(ctx context.Context, timers []Timer) error {
	byShard := map[int][]redis.Z{}
	for _, t := range timers {
		member := t.Kind + "/" + t.Key
		shard := shardOf(member)
		byShard[shard] = append(byShard[shard], redis.Z{Score: float64(t.Due.UnixMicro()), Member: member})
	}
	pipe := q.redis.Pipeline()
	for shard, members := range byShard {
		pipe.ZAdd(ctx, q.key(shard), members...)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("arming timers in Redis: %w", err)
	}
	return nil
}

// popDue takes due names out of a sorted set and looks at what comes next.
//
// KEYS[1] the sorted set. ARGV[1] now in microseconds, ARGV[2] how many names at most.
// Output: the score of the first name that stays, or "", then the names taken.
var popDue = redis.NewScript(`
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, name in ipairs(due) do redis.call('ZREM', KEYS[1], name) end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
table.insert(due, 1, first[2] or '')
return due
`)

// Pop takes up to limit names per shard that are due at now, and says when the next one is due (zero: none in the horizon).
// A name lost between here and the claim is found again by the sweep.
func (q *Queue) Pop(ctx context.Context, now time.Time, limit int) ([]Ref, time.Time, error) {
	var refs []Ref
	var next time.Time
	for shard := range shards {
		answer, err := popDue.Run(ctx, q.redis, []string{q.key(shard)}, now.UnixMicro(), limit).StringSlice()
		if err != nil {
			return refs, next, fmt.Errorf("taking due timers from Redis: %w", err)
		}
		if len(answer) == 0 {
			continue
		}
		if micros, err := strconv.ParseFloat(answer[0], 64); err == nil {
			if at := time.UnixMicro(int64(micros)); next.IsZero() || at.Before(next) {
				next = at
			}
		}
		for _, name := range answer[1:] {
			if kind, key, ok := strings.Cut(name, "/"); ok {
				refs = append(refs, Ref{Kind: kind, Key: key})
			}
		}
	}
	return refs, next, nil
}

// Loaded says whether the horizon stands in Redis: false after a flush or a new Redis.
func (q *Queue) Loaded(ctx context.Context) (bool, error) {
	n, err := q.redis.Exists(ctx, q.key(0)+":loaded").Result()
	if err != nil {
		return false, fmt.Errorf("asking Redis for the horizon: %w", err)
	}
	return n == 1, nil
}

// SetLoaded marks the horizon as loaded for a while.
func (q *Queue) SetLoaded(ctx context.Context, valid time.Duration) error {
	if err := q.redis.Set(ctx, q.key(0)+":loaded", "1", valid).Err(); err != nil {
		return fmt.Errorf("marking the horizon in Redis: %w", err)
	}
	return nil
}
