// Package bell wakes sleepers: within the process at once, in other processes through Redis. A ring carries no news, only
// that there may be some; a lost ring costs latency, never a fact, since every sleeper also wakes by itself.
package bell

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"
)

const channelPrefix = "coworkcare:bell:"

// Bell wakes those who wait for a topic.
type Bell struct {
	redis redis.UniversalClient // nil: this process only
	log   *slog.Logger

	mu    sync.Mutex
	ropes map[string]chan struct{} // closed and replaced at every ring
	out   chan ring
}

// ring is one on its way to other processes.
type ring struct {
	topic string
	cause trace.SpanContext // what it was rung for; none when that is not traced
}

// New makes a bell. Run must run for other processes to hear and be heard.
func New(client redis.UniversalClient, log *slog.Logger) *Bell {
	return &Bell{redis: client, log: log, ropes: map[string]chan struct{}{}, out: make(chan ring, 64)}
}

// Wait gives a channel that closes at the topic's next ring. Take it before looking, so that no ring falls in between.
func (b *Bell) Wait(topic string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	rope, ok := b.ropes[topic]
	if !ok {
		rope = make(chan struct{})
		b.ropes[topic] = rope
	}
	return rope
}

// Ring wakes everyone who waits for the topic. It never blocks: when the way out is full, others wake by themselves.
func (b *Bell) Ring(topic string) { b.ring(ring{topic: topic}) }

// RingFor is Ring on behalf of the act that a context traces: the call to Redis stands in its trace.
func (b *Bell) RingFor(ctx context.Context, topic string) {
	b.ring(ring{topic: topic, cause: trace.SpanContextFromContext(ctx)})
}

func (b *Bell) ring(r ring) {
	b.ringHere(r.topic)
	if b.redis == nil {
		return
	}
	select {
	case b.out <- r:
	default:
	}
}

func (b *Bell) ringHere(topic string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if rope, ok := b.ropes[topic]; ok {
		close(rope)
		delete(b.ropes, topic)
	}
}

// Run carries rings to and from Redis until the context ends.
func (b *Bell) Run(ctx context.Context) error {
	if b.redis == nil {
		<-ctx.Done()
		return nil
	}
	subscription := b.redis.PSubscribe(ctx, channelPrefix+"*")
	defer func() { _ = subscription.Close() }()
	heard := subscription.Channel()
	for {
		select {
		case <-ctx.Done():
			return nil
		case out := <-b.out:
			if err := b.publish(trace.ContextWithSpanContext(ctx, out.cause), out.topic); err != nil && ctx.Err() == nil {
				b.log.WarnContext(ctx, "a wake-up could not be sent; others wake by themselves", "topic", out.topic, "error", err)
			}
		case message, ok := <-heard:
			if !ok {
				return nil
			}
			b.ringHere(message.Channel[len(channelPrefix):])
		}
	}
}

// publish gives up soon: while a Redis that does not answer is waited for, no ring from others is heard.
func (b *Bell) publish(ctx context.Context, topic string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return b.redis.Publish(ctx, channelPrefix+topic, "").Err()
}
