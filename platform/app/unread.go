package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// longestAsk bounds how long the owner of a log is waited for when it is only asked whether there is more.
const longestAsk = 2 * time.Second

// errPassedOver is why a source has not been asked.
var errPassedOver = errors.New("the source was not asked")

// Unread says how far this module has got with the log of a source that it consumes.
type Unread struct {
	Source string
	// Oldest is when the oldest event happened that has not been consumed, or that waits because it could not be handled; zero
	// when there is none.
	Oldest time.Time
	// Parked says that the oldest is one that could not be handled.
	Parked bool
	// Err is why the log's owner could not be asked.
	Err error
}

// Unread asks every source that this module consumes, in the module's own name, whether it has told anything that has not been
// consumed here. What is committed there and has no number yet, for some milliseconds, is not seen. Sources that did not answer a
// moment ago can be passed over: that is then their error. Never use it inside a transaction.
func (h *Host) Unread(ctx context.Context, passedOver ...string) ([]Unread, error) {
	ctx = identity.WithRawToken(ctx, "")
	cursors, err := worker.Cursors(h.DB.Read(ctx))
	if err != nil {
		return nil, err
	}
	parked, err := worker.OldestParked(h.DB.Read(ctx))
	if err != nil {
		return nil, err
	}
	sources := slices.Sorted(maps.Keys(h.handlers))
	answers := make([]Unread, len(sources))
	var group errgroup.Group
	for i, source := range sources {
		group.Go(func() error {
			answers[i] = Unread{Source: source, Err: errPassedOver}
			if !slices.Contains(passedOver, source) {
				answers[i].Oldest, answers[i].Err = h.oldestAfter(ctx, source, cursors[source])
			}
			if at, ok := parked[source]; ok && (answers[i].Oldest.IsZero() || at.Before(answers[i].Oldest)) {
				answers[i].Oldest, answers[i].Parked = at, true
			}
			return nil
		})
	}
	return answers, group.Wait()
}

// oldestAfter is when the first event of a source after a number happened; zero when there is none.
func (h *Host) oldestAfter(ctx context.Context, source string, after int64) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, longestAsk)
	defer cancel()
	answer, err := eventv1.NewEventServiceClient(h.Conn(source)).ListEvents(ctx, &eventv1.ListEventsRequest{
		Cursor: event.Cursor{source: after}.String(), Sources: []string{source}, PageSize: 1})
	if err != nil {
		return time.Time{}, fmt.Errorf("asking for what %s has told: %w", source, err)
	}
	if len(answer.GetEvents()) == 0 {
		return time.Time{}, nil
	}
	return answer.GetEvents()[0].GetEventTime().AsTime(), nil
}
