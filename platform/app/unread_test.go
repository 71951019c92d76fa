package app_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// A module knows what it has not consumed yet, and what it could not handle; having forgotten all, it begins anew.
func TestUnread(t *testing.T) {
	failing := true
	p := &probe{consume: map[string]func(tx *act.Tx, e *eventv1.Event) error{
		"careplan": func(tx *act.Tx, _ *eventv1.Event) error { return effect(tx, "heard") },
		"sickleave": func(*act.Tx, *eventv1.Event) error {
			if failing {
				return errors.New("not yet")
			}
			return nil
		},
	}}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		h.Failing, failing = true, true
		unread := func() map[string]missed {
			found := map[string]missed{}
			all, err := p.host.Unread(t.Context())
			require.NoError(t, err)
			for _, one := range all {
				require.NoError(t, one.Err)
				found[one.Source] = missed{one.Oldest.Unix(), one.Parked}
				if one.Oldest.IsZero() {
					found[one.Source] = missed{}
				}
			}
			return found
		}
		nothing := map[string]missed{"careplan": {}, "patient": {}, "sickleave": {}}
		require.Equal(t, nothing, unread())

		here, first := h.NewPlace(), h.Clock.Now().Unix()
		h.Tell("careplan", thing("one", 1, here))
		h.Clock.Advance(time.Minute)
		h.Tell("careplan", thing("two", 1, here))
		require.NoError(t, h.System.Log("careplan").DB.Tx(t.Context(), func(tx *sqldb.Tx) error { _, err := event.Number(tx); return err }))
		require.Equal(t, missed{first, false}, unread()["careplan"], "since the first")
		some, err := p.host.Unread(t.Context(), "careplan")
		require.NoError(t, err)
		for _, one := range some {
			require.Equal(t, one.Source == "careplan", one.Err != nil, "passed over is not asked")
		}
		h.Settle()
		require.Equal(t, nothing, unread())

		h.Tell("sickleave", thing("three", 1, here))
		h.Settle()
		require.Equal(t, missed{first + 60, true}, unread()["sickleave"])
		require.NoError(t, p.host.DB.Tx(t.Context(), worker.ForgetConsumed))
		require.Equal(t, missed{first, false}, unread()["careplan"])
		require.Equal(t, missed{first + 60, false}, unread()["sickleave"])
		failing = false
		h.Settle()
		require.Equal(t, nothing, unread())
		require.Len(t, p.done(t), 4, "each heard once more")
	})
}

// missed is what is unread of a source: since when, and whether it is parked.
type missed struct {
	since  int64
	parked bool
}

// An emptied log goes on counting where it was.
func TestForgottenLog(t *testing.T) {
	p := &probe{}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		here := h.NewPlace()
		p.tell(t, here, "one", "two")
		number(h, t)
		require.NoError(t, p.host.DB.Tx(t.Context(), event.Forget))
		p.tell(t, here, "three")
		number(h, t)
		events, next, err := p.host.ListOwnEvents(t.Context(), event.Query{Limit: 10}, 0)
		require.NoError(t, err)
		require.Equal(t, []string{"followup:three"}, names(events))
		require.EqualValues(t, 3, next)
	})
}
