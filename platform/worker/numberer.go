package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// Numberer gives numbers to the committed events of a service's log. Any number of replicas may run it: the lock on the
// log's head lets one through at a time.
type Numberer struct {
	Acts *act.Acts
	Log  *slog.Logger
}

// Numbered is the bell's topic for new events that can be read.
func Numbered(source string) string { return "numbered:" + source }

// Run numbers whenever an act rings, and every second without a ring.
func (n *Numberer) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		rung := n.Acts.Bell.Wait(act.Unnumbered(n.Acts.Source))
		if _, err := n.Drain(ctx); err != nil && ctx.Err() == nil {
			n.Log.WarnContext(ctx, "events could not be numbered; trying again", "source", n.Acts.Source, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-rung:
		case <-time.After(time.Second):
		}
	}
	return nil
}

// Drain numbers what there is now and says whether there was anything.
func (n *Numberer) Drain(ctx context.Context) (bool, error) {
	any := false
	for {
		// Most looks find nothing: look without taking the writer's lock.
		waiting, err := event.Waiting(n.Acts.DB.Read(ctx))
		if err != nil || !waiting {
			return any, err
		}
		numbered := 0
		err = n.Acts.DB.Tx(ctx, func(tx *sqldb.Tx) error {
			var err error
			numbered, err = event.Number(tx)
			return err
		})
		if err != nil {
			return any, fmt.Errorf("numbering the log of %s: %w", n.Acts.Source, err)
		}
		if numbered == 0 {
			return any, nil
		}
		any = true
		n.Acts.Bell.Ring(Numbered(n.Acts.Source))
	}
}
