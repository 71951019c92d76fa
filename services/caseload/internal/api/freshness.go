package api

import (
	"context"
	"sync"
	"time"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	"golang.org/x/sync/singleflight"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/caseload/internal/store"
)

// lookKept is how long one look at the other services' logs serves all who read.
const lookKept = time.Second

// freshness knows how far the picture has got. One look serves everybody for a second, or until something is heard.
type freshness struct {
	host   *app.Host
	store  *store.Store
	flight singleflight.Group

	mu    sync.Mutex
	last  *look
	epoch string               // of the building that known is about
	known map[string]time.Time // of each source, when the picture was last known to have all of it
}

// look is how far the picture had got at a time.
type look struct {
	at         time.Time
	asOf       time.Time // everything that happened up to here is in the picture
	rebuilding bool
}

// forget lets the next reader look anew.
func (f *freshness) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = nil
}

// at looks how far the picture has got. It comes before the reading of what is shown, which then knows at least as much.
func (f *freshness) at(ctx context.Context) (*caseloadv1.Freshness, error) {
	now := f.host.Clock.Now()
	f.mu.Lock()
	last := f.last
	f.mu.Unlock()
	if last == nil || now.Sub(last.at) >= lookKept || now.Before(last.at) {
		shared, err, _ := f.flight.Do("", func() (any, error) { return f.look(context.WithoutCancel(ctx)) })
		if err != nil {
			return nil, err
		}
		last, now = shared.(*look), f.host.Clock.Now()
	}
	return &caseloadv1.Freshness{
		AsOfTime: timestamppb.New(last.asOf), AgeSeconds: int32(max(0, now.Sub(last.asOf)) / time.Second), Rebuilding: last.rebuilding,
	}, nil
}

// look asks every source. Of one that cannot be asked counts what was known of it last.
func (f *freshness) look(ctx context.Context) (*look, error) {
	build, err := f.build(ctx)
	if err != nil {
		return nil, err
	}
	l := &look{at: f.host.Clock.Now()}
	l.asOf = l.at
	sources, err := f.host.Unread(ctx)
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
