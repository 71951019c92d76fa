package api

import (
	"context"
	"errors"
	"sync"
	"time"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload/internal/store"
)

const (
	// lookKept is how long one look at the other services' logs serves all who read.
	lookKept = time.Second
	// leastKept is how long it serves them by the machine's time though something has been heard since: it is true all the same, and
	// where much is heard not every reader must look.
	leastKept = 250 * time.Millisecond
	// silence is how long, by the machine's time, a source that has not answered in time is not asked again: one that hangs must not
	// make every reader wait for it.
	silence = 10 * time.Second
)

// freshness knows how far the picture has got. One look serves everybody for a second, or until something is heard.
type freshness struct {
	host   *app.Host
	store  *store.Store
	flight singleflight.Group

	mu     sync.Mutex
	last   *look
	heard  bool                 // something has been heard since the last look began
	epoch  string               // of the building that known is about
	known  map[string]time.Time // of each source, when the picture was last known to have all of it
	silent map[string]time.Time // of each source that has not answered in time, until when it is not asked, by the machine's time
}

func newFreshness(host *app.Host, s *store.Store) *freshness {
	return &freshness{host: host, store: s, known: map[string]time.Time{}, silent: map[string]time.Time{}}
}

// look is how far the picture had got at a time.
type look struct {
	at         time.Time
	wall       time.Time // the same by the machine's time
	asOf       time.Time // everything that happened up to here is in the picture
	epoch      string    // of the building that was looked at
	rebuilding bool
}

// hear lets the next reader look anew, unless somebody has looked just now.
func (f *freshness) hear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = true
}

// forget lets the next reader look anew.
func (f *freshness) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = nil
}

// kept is the last look, while it serves; else nil.
func (f *freshness) kept() *look {
	now := f.host.Clock.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.last == nil, now.Sub(f.last.at) >= lookKept, now.Before(f.last.at), f.heard && time.Since(f.last.wall) >= leastKept:
		return nil
	default:
		return f.last
	}
}

// at looks how far the picture has got. It comes before the reading of what is shown, which then knows at least as much.
func (f *freshness) at(ctx context.Context) (*caseloadv1.Freshness, error) {
	last := f.kept()
	if last == nil {
		var err error
		if last, err = f.lookAnew(ctx); err != nil {
			return nil, err
		}
	}
	return &caseloadv1.Freshness{
		AsOfTime: timestamppb.New(last.asOf), AgeSeconds: int32(max(0, f.host.Clock.Now().Sub(last.asOf)) / time.Second), Rebuilding: last.rebuilding,
	}, nil
}

// lookAnew looks once for all who ask at the same time.
func (f *freshness) lookAnew(ctx context.Context) (*look, error) {
	shared, err, _ := f.flight.Do("", func() (any, error) { return f.look(context.WithoutCancel(ctx)) })
	if err != nil {
		return nil, err
	}
	return shared.(*look), nil
}

// look asks every source. Of one that cannot be asked counts what was known of it last.
func (f *freshness) look(ctx context.Context) (*look, error) {
	build, err := f.build(ctx)
	if err != nil {
		return nil, err
	}
	l := &look{at: f.host.Clock.Now(), wall: time.Now(), epoch: build.Epoch}
	l.asOf = l.at
	sources, err := f.host.Unread(ctx, f.begin(l.wall)...)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.epoch != build.Epoch {
		f.epoch = build.Epoch
		clear(f.known)
	}
	for _, source := range sources {
		upTo := l.at
		switch {
		case source.Err != nil:
			if tooLate(source.Err) {
				f.silent[source.Source] = time.Now().Add(silence)
			}
			upTo = f.known[source.Source]
			if upTo.IsZero() {
				upTo, l.rebuilding = time.Unix(0, 0), true // nobody can tell what is missing
			}
		case !source.Oldest.IsZero():
			upTo = source.Oldest
			l.rebuilding = l.rebuilding || !source.Parked && upTo.Before(build.Begin)
		default:
			f.known[source.Source] = l.at
		}
		if upTo.Before(l.asOf) {
			l.asOf = upTo
		}
	}
	f.last = l
	return l, nil
}

// begin notes that a look begins, and gives the sources that are not asked this time.
func (f *freshness) begin(wall time.Time) (passedOver []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = false
	for source, until := range f.silent {
		if wall.Before(until) {
			passedOver = append(passedOver, source)
		} else {
			delete(f.silent, source)
		}
	}
	return passedOver
}

// tooLate says that a source was given up because it took too long.
func tooLate(err error) bool {
	return status.Code(err) == codes.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded)
}

// caughtUp is the building, with a new epoch once it has caught up: whoever watches is told so by that, and what is heard from then
// on is told, whenever it happened.
func (f *freshness) caughtUp(ctx context.Context) (store.Build, error) {
	build, err := f.build(ctx)
	if err != nil || build.Built {
		return build, err
	}
	l, err := f.lookAnew(ctx)
	if err != nil || l.rebuilding || l.epoch != build.Epoch {
		return build, err
	}
	next := act.NewID()
	err = f.host.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if err := f.store.CatchUp(tx, build.Epoch, next); err != nil {
			return err
		}
		build, _, err = f.store.Build(tx)
		return err
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && build.Epoch == next && f.epoch == l.epoch {
		f.epoch = next // the same building: what is known of its sources stays known
	}
	return build, err
}

// build is the building that is served. The first reader of an empty store begins it.
func (f *freshness) build(ctx context.Context) (store.Build, error) {
	b, begun, err := f.store.Build(f.host.DB.Read(ctx))
	if err != nil || begun {
		return b, err
	}
	err = f.host.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		if err := f.store.Begin(tx, store.Build{Epoch: act.NewID(), Begin: f.host.Clock.Now()}); err != nil {
			return err
		}
		b, _, err = f.store.Build(tx)
		return err
	})
	return b, err
}
