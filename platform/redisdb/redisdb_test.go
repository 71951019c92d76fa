package redisdb_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/coworkcare/coworkcare/platform/redisdb"
	"github.com/coworkcare/coworkcare/platform/redisdb/redistest"
)

// The commands on which timers stand answer alike in both.
func TestSortedSetsAndScripts(t *testing.T) {
	redistest.Run(t, func(t *testing.T, db *redisdb.DB) {
		ctx := t.Context()
		require.NoError(t, db.Ping(ctx).Err())
		require.EqualValues(t, 0, db.DBSize(ctx).Val(), "empty at first")
		require.NoError(t, db.ZAdd(ctx, "due", redis.Z{Score: 3, Member: "c"}, redis.Z{Score: 1, Member: "a"}, redis.Z{Score: 2, Member: "b"}).Err())
		pop := redis.NewScript(`
			local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, 10)
			for _, id in ipairs(due) do redis.call('ZREM', KEYS[1], id) end
			return due`)
		got, err := pop.Run(ctx, db, []string{"due"}, 2).StringSlice()
		require.NoError(t, err)
		require.Equal(t, []string{"a", "b"}, got)
		require.ErrorIs(t, db.Get(ctx, "nothing").Err(), redis.Nil)
		_, err = db.Pipelined(ctx, func(p redis.Pipeliner) error { p.Incr(ctx, "n"); p.Incr(ctx, "n"); return nil })
		require.NoError(t, err)
		require.Equal(t, "2", db.Get(ctx, "n").Val())
	})
}

func TestKeysExpireByTheClock(t *testing.T) {
	redistest.Run(t, func(t *testing.T, db *redisdb.DB) {
		require.NoError(t, db.Set(t.Context(), "lease", "x", time.Millisecond).Err())
		require.Eventually(t, func() bool { return db.Exists(t.Context(), "lease").Val() == 0 }, time.Minute, time.Millisecond)
	})
}

func TestEmbedded(t *testing.T) {
	db, err := redisdb.Open(t.Context(), "")
	require.NoError(t, err)
	require.True(t, db.Embedded())
	addr := db.UniversalClient.(*redis.Client).Options().Addr
	host, _, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1", host)
	stranger := redis.NewClient(&redis.Options{Addr: addr})
	defer stranger.Close()
	require.ErrorContains(t, stranger.Get(t.Context(), "x").Err(), "NOAUTH")
	require.NoError(t, db.Close())
	require.ErrorIs(t, db.Ping(t.Context()).Err(), redis.ErrClosed)
	_, err = net.Dial("tcp", addr)
	require.Error(t, err, "nobody listens any more")

	require.False(t, redistest.Open(t, redistest.URL(t)).Embedded())
}

func TestServerThatComesLater(t *testing.T) {
	server := redistest.Start(t)
	require.NoError(t, server.Kill())
	log := captureLog(t)
	db := redistest.Open(t, server.URL())
	require.Contains(t, log.String(), "does not answer")
	require.NoError(t, server.Restart(t.Context()))
	require.NoError(t, db.Ping(t.Context()).Err())
	require.NoError(t, db.Set(t.Context(), "k", "v", 0).Err())

	require.NoError(t, server.Pause())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.Error(t, db.Get(ctx, "k").Err())
	require.NoError(t, server.Resume())
	require.Equal(t, "v", db.Get(t.Context(), "k").Val())
}

func captureLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	return &out
}

func TestURLIsNotShown(t *testing.T) {
	const password = "hush-hush"
	for _, address := range []string{
		"redis://care:" + password + "@127.0.0.1:port/0",
		"redis://care:" + password + "@127.0.0.1/zero",
		"redis://care:" + password + "@127.0.0.1/0?no_such=1",
		"http://care:" + password + "@127.0.0.1/0",
		"redis://care:" + password + "%zz@127.0.0.1/0",
		"127.0.0.1:6379 " + password,
	} {
		_, err := redisdb.Open(t.Context(), address)
		require.Error(t, err, address)
		require.NotContains(t, err.Error(), password)
	}

	log := captureLog(t)
	redistest.Open(t, "redis://care:"+password+"@127.0.0.1:1/0")
	require.Contains(t, log.String(), "127.0.0.1:1")
	require.NotContains(t, log.String(), password)
}

func TestSpans(t *testing.T) {
	const canary = "canary191212121212"
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(before) })

	redistest.Run(t, func(t *testing.T, db *redisdb.DB) {
		recorder.Reset()
		require.NoError(t, db.Set(t.Context(), canary, canary, 0).Err())
		require.Empty(t, recorder.Ended(), "no spans of work that nobody traces")

		// A fresh pool, so that connections are made below the span.
		fresh, err := redisdb.Open(t.Context(), "")
		require.NoError(t, err)
		defer fresh.Close()
		for _, client := range []*redisdb.DB{db, fresh} {
			recorder.Reset()
			ctx, parent := provider.Tracer("test").Start(t.Context(), "request")
			require.NoError(t, client.Set(ctx, canary, canary, 0).Err())
			require.Error(t, client.LPush(ctx, canary, canary).Err(), "a list it is not")
			_, err = client.Pipelined(ctx, func(p redis.Pipeliner) error { p.Get(ctx, canary); p.Get(ctx, canary); return nil })
			require.NoError(t, err)
			var names []string
			for _, span := range recorder.Ended() {
				names = append(names, span.Name())
				require.Equal(t, parent.SpanContext().SpanID(), span.Parent().SpanID(), span.Name())
				require.NotContains(t, fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status()), canary)
			}
			require.Equal(t, []string{"set", "lpush", "redis.pipeline get"}, names)
		}
	})
}
