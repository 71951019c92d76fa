package functional_test

import (
	"context"
	"encoding/json"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/redisdb/redistest"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// horizon is how far ahead timers are armed in Redis, but for those that have come within reach since.
const horizon = 47 * time.Hour

// step is one thing that is to happen to a follow-up.
type step struct {
	At int64  `json:"at"` // microseconds
	Do string `json:"do"`
}

// tells is what each step tells when it has happened.
var tells = map[string]string{"REMIND": "follow_up.reminded", "ESCALATE": "follow_up.escalated", "EXPIRE": "follow_up.lapsed"}

// watch is what is to come of the follow-ups of a site, and what Redis holds of it.
type watch struct {
	*clinic
	site    *site
	store   sqldb.Querier
	redis   *redis.Client
	ladders map[string][]step // as they were at first
}

func (s *site) watch(c *clinic) *watch {
	s.t.Helper()
	w := &watch{clinic: c, site: s, store: s.open("followup").Read(context.WithoutCancel(s.t.Context())), ladders: map[string][]step{}}
	options, err := redis.ParseURL(s.redis.URL())
	require.NoError(s.t, err)
	w.redis = redis.NewClient(options)
	s.t.Cleanup(func() { _ = w.redis.Close() })
	return w
}

// enrol takes patients into care, whose follow-ups are then waiting for their times.
func (w *watch) enrol(t testing.TB, patients int) {
	t.Helper()
	for range patients {
		w.do(t, startEpisode(str(w.do(t, w.newPatient()), "patientId")))
	}
	w.site.settled(30 * time.Second)
	for _, row := range rows(t, w.store, `SELECT follow_up_id, ladder FROM follow_up WHERE state = 'OPEN'`, 2) {
		id := row[0].(string)
		if w.ladders[id] == nil {
			var ladder struct {
				Steps []step `json:"steps"`
			}
			require.NoError(t, json.Unmarshal([]byte(row[1].(string)), &ladder))
			require.NotEmpty(t, ladder.Steps)
			w.ladders[id] = ladder.Steps
		}
	}
}

// next is when the next timer is due.
func (w *watch) next(t testing.TB) time.Time {
	t.Helper()
	return sqldb.FromMicros(count(t, w.store, `SELECT min(due) FROM timer`))
}

// fired waits until everything due at a time has fired, while time passes by itself.
func (w *watch) fired(t testing.TB, due time.Time) {
	t.Helper()
	eventually(t, 60*time.Second, "the timers fire", func() error {
		if n := count(t, w.store, `SELECT count(*) FROM timer WHERE due <= $1`, sqldb.Micros(due)); n != 0 {
			return fmt.Errorf("%d have not", n)
		}
		return nil
	})
}

// armed waits until Redis holds the timers of the horizon again.
func (w *watch) armed(t testing.TB) {
	t.Helper()
	eventually(t, 60*time.Second, "the horizon is armed", func() error {
		var held int64
		for shard := range 4 {
			n, err := w.redis.ZCard(t.Context(), fmt.Sprintf("coworkcare:timer:{followup-%d}", shard)).Result()
			if err != nil {
				return err
			}
			held += n
		}
		want := count(t, w.store, `SELECT count(*) FROM timer WHERE due < $1`, sqldb.Micros(w.now(t).Add(horizon)))
		if held < want || want == 0 {
			return fmt.Errorf("%d of %d", held, want)
		}
		return nil
	})
}

// check compares what has been told of each follow-up with its ladder up to a time: every step that was due, in order, once,
// not before its time and before that of the next.
func (w *watch) check(t testing.TB, until time.Time) (happened int) {
	t.Helper()
	told := map[string][]told{}
	for _, e := range log(t, w.store) {
		if e.GetType() != "follow_up.created" {
			told[e.GetResourceId()] = append(told[e.GetResourceId()], e)
		}
	}
	for id, ladder := range w.ladders {
		var due []step
		for _, s := range ladder {
			if s.At <= sqldb.Micros(until) {
				due = append(due, s)
			}
		}
		require.Lenf(t, told[id], len(due), "follow-up %s up to %v", id, until)
		for i, s := range due {
			e := told[id][i]
			require.Equal(t, tells[s.Do], e.GetType())
			at := e.GetEventTime().AsTime().UnixMicro()
			require.GreaterOrEqualf(t, at, s.At, "follow-up %s: step %d is early", id, i+1)
			if i+1 < len(ladder) {
				require.Lessf(t, at, ladder[i+1].At, "follow-up %s: step %d comes after the time of the next", id, i+1)
			}
		}
		happened += len(due)
	}
	return happened
}

// Whatever becomes of Redis, every follow-up's timers fire at their times, while these pass by themselves: none early, none
// twice in effect, none lost; and what is written meanwhile is answered as always.
func TestTimersOutliveRedis(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		p := s.start("dev")
		w := s.watch(s.devClinic())
		w.enrol(t, 15)
		w.armed(t)
		restart := func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			require.NoError(t, s.redis.Restart(ctx))
		}
		for _, fault := range []struct {
			name         string
			do, heal     func(*redistest.Server)
			writes, lost bool // writes go on meanwhile; Redis has lost what it held
		}{
			{name: "none"},
			{name: "flushed", do: func(*redistest.Server) { require.NoError(t, w.redis.FlushAll(t.Context()).Err()) }, lost: true},
			{name: "dead", do: func(r *redistest.Server) { require.NoError(t, r.Kill()) }, heal: func(*redistest.Server) { restart() }, writes: true, lost: true},
			{name: "dead for a moment", do: func(r *redistest.Server) { require.NoError(t, r.Kill()); restart() }, lost: true},
			{name: "mute", do: func(r *redistest.Server) { require.NoError(t, r.Pause()) }, heal: func(r *redistest.Server) { require.NoError(t, r.Resume()) }, writes: true},
			{name: "flushed, and the process killed", do: func(*redistest.Server) {
				require.NoError(t, w.redis.FlushAll(t.Context()).Err())
				p.kill()
				p = s.start("dev")
			}, lost: true},
		} {
			due := w.next(t)
			w.advance(t, due.Add(-1500*time.Millisecond))
			before := w.check(t, due.Add(-time.Microsecond))
			if fault.do != nil {
				fault.do(s.redis)
			}
			if fault.writes {
				w.enrol(t, 2)
			}
			w.fired(t, due)
			after := w.check(t, due)
			require.Greater(t, after, before)
			t.Logf("%s: %d steps, the last at most %v late", fault.name, after-before, w.now(t).Sub(due).Round(time.Millisecond))
			if fault.heal != nil {
				fault.heal(s.redis)
			}
			if fault.lost {
				w.armed(t)
			}
		}
		// The rest of the ladders in one go, by the test clock, Redis gone for good.
		require.NoError(t, s.redis.Kill())
		now := w.now(t)
		w.advance(t, now.AddDate(0, 1, 0))
		w.check(t, now.AddDate(0, 1, 0))
		require.NoError(t, s.ready())
		s.settled(2*leaseTime + 30*time.Second)
		p.stop(syscall.SIGTERM)
		s.audit()
	})
}

// A process starts, serves and fires timers without the Redis that it was promised.
func TestStartWithoutRedis(t *testing.T) {
	onEngines(t, func(t *testing.T, s *site) {
		require.NoError(t, s.redis.Kill())
		p := s.start("dev")
		w := s.watch(s.devClinic())
		w.enrol(t, 3)
		due := w.next(t)
		w.advance(t, due.Add(-time.Second))
		w.fired(t, due)
		require.NotZero(t, w.check(t, due))
		s.settled(30 * time.Second)
		t.Logf("ended after %v", p.stop(syscall.SIGTERM).Round(time.Millisecond))
		s.audit()
	})
}
