package app_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// names are the events' resources.
func names(events []*eventv1.Event) []string {
	list := []string{}
	for _, e := range events {
		list = append(list, e.GetSource()+":"+e.GetResourceId())
	}
	return list
}

// number gives numbers to what has been told, without anything else.
func number(h *apptest.Harness, t testing.TB) {
	t.Helper()
	_, err := h.System.Settle(t.Context())
	require.NoError(t, err)
}

func TestEventsByUnit(t *testing.T) {
	p := &probe{}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		here, there := h.NewPlace(), h.NewPlace()
		for i := range 4 {
			h.Tell("patient", thing(fmt.Sprint("here", i), 1, here))
			h.Tell("patient", thing(fmt.Sprint("there", i), 1, there))
			h.Tell("patient", thing(fmt.Sprint("provider", i), 1, access.Place{ProviderID: here.ProviderID}))
		}
		number(h, t)
		client, worker := eventv1.NewEventServiceClient(h.Conn), eventv1.NewEventServiceClient(p.host.Conn("patient"))
		request := &eventv1.ListEventsRequest{Sources: []string{"patient"}}

		answer, err := client.ListEvents(h.As("integration", here), request)
		require.NoError(t, err)
		require.Equal(t, []string{"patient:here0", "patient:here1", "patient:here2", "patient:here3"}, names(answer.GetEvents()))
		require.Equal(t, "patient:12", answer.GetNextCursor(), "past the events of others")
		answer, err = client.ListEvents(h.As("integration", h.NewPlace()), request)
		require.NoError(t, err)
		require.Empty(t, answer.GetEvents())
		require.Equal(t, "patient:12", answer.GetNextCursor())
		answer, err = worker.ListEvents(t.Context(), request)
		require.NoError(t, err)
		require.Len(t, answer.GetEvents(), 12)

		for _, role := range []string{"gp", "operator", "provider_administrator", "unit_manager"} {
			_, err = client.ListEvents(h.As(role, here), request)
			requireReason(t, err, "PermissionDenied", "ROLE_REQUIRED")
		}
		_, err = client.ListEvents(t.Context(), request)
		requireReason(t, err, "Unauthenticated", "TOKEN_MISSING")
	})
}

// Several logs read as one, a page at a time, by one cursor: each in its order, none lost, none twice.
func TestMergedEvents(t *testing.T) {
	p := &probe{}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		here := h.NewPlace()
		counts := map[string]int{"patient": 7, "careplan": 0, "sickleave": 3, "followup": 1}
		for source, n := range counts {
			for i := range n {
				if source == "followup" {
					require.NoError(t, p.host.Acts.Run(t.Context(), func(tx *act.Tx) error { return tx.Emit(thing(fmt.Sprint(i), 1, here)) }))
					continue
				}
				h.Tell(source, thing(fmt.Sprint(i), 1, here))
			}
		}
		number(h, t)
		client, ctx := eventv1.NewEventServiceClient(h.Conn), h.As("integration", here)
		for _, size := range []int32{1, 2, 3, 4, 5, 100} {
			for name, sources := range map[string][]string{"all": nil, "two": {"patient", "sickleave"}, "one twice": {"patient", "patient"}} {
				seen := map[string][]int64{}
				cursor, total := "", 0
				for {
					answer, err := client.ListEvents(ctx, &eventv1.ListEventsRequest{Cursor: cursor, Sources: sources, PageSize: size})
					require.NoError(t, err)
					require.LessOrEqual(t, len(answer.GetEvents()), int(size))
					if len(answer.GetEvents()) == 0 {
						break
					}
					for _, e := range answer.GetEvents() {
						seen[e.GetSource()] = append(seen[e.GetSource()], e.GetSequence())
						total++
					}
					cursor = answer.GetNextCursor()
				}
				for source, sequences := range seen {
					require.Len(t, sequences, counts[source], "%s, pages of %d", name, size)
					for i, sequence := range sequences {
						require.EqualValues(t, i+1, sequence)
					}
				}
				require.Equal(t, map[string]int{"all": 11, "two": 10, "one twice": 7}[name], total, "pages of %d", size)
			}
		}
	})
}

func TestEventFilters(t *testing.T) {
	h := apptest.New(t, sqldb.Config{Dir: t.TempDir()}, modules(&probe{})...)
	here := h.NewPlace()
	h.PlacePatient(act.NewID(), here)
	h.Tell("patient", thing("r", 1, here))
	number(h, t)
	client, ctx := eventv1.NewEventServiceClient(h.Conn), h.As("integration", here)
	answer, err := client.ListEvents(ctx, &eventv1.ListEventsRequest{Types: []string{"thing.moved"}})
	require.NoError(t, err)
	require.Equal(t, []string{"patient:r"}, names(answer.GetEvents()))

	_, err = client.ListEvents(ctx, &eventv1.ListEventsRequest{Cursor: "patient:x"})
	requireReason(t, err, "InvalidArgument", "BAD_CURSOR")
	_, err = client.ListEvents(ctx, &eventv1.ListEventsRequest{Sources: []string{"weather"}})
	requireReason(t, err, "InvalidArgument", "INVALID_FIELD")
	for _, bad := range []*eventv1.ListEventsRequest{{WaitSeconds: 31}, {WaitSeconds: -1}, {PageSize: 1001}, {PageSize: -1}, {Types: []string{"DROP TABLE"}}} {
		_, err = client.ListEvents(ctx, bad)
		requireReason(t, err, "InvalidArgument", "INVALID_FIELD")
	}
}

// What an integration is shown of patients is recorded.
func TestEventsAreRecorded(t *testing.T) {
	h := apptest.New(t, sqldb.Config{Dir: t.TempDir()}, modules(&probe{})...)
	here, patient := h.NewPlace(), act.NewID()
	h.PlacePatient(patient, here)
	_, err := eventv1.NewEventServiceClient(h.Conn).ListEvents(h.As("integration", here, "region"), &eventv1.ListEventsRequest{})
	require.NoError(t, err)
	records := h.AccessRecords(patient)
	require.Len(t, records, 1)
	require.Equal(t, "region", records[0].Person)
	require.Equal(t, here.UnitID, records[0].UnitID)
}

// A long poll wakes by the ring, not by looking again.
func TestLongPoll(t *testing.T) {
	p := &probe{}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		h.System.SetPoll(time.Hour)
		here := h.NewPlace()
		client, ctx := eventv1.NewEventServiceClient(h.Conn), h.As("integration", here)
		for name, sources := range map[string][]string{"one": {"patient"}, "all": nil} {
			cursor := ""
			for round := range 5 {
				heard := make(chan []string, 1)
				var group errgroup.Group
				group.Go(func() error {
					answer, err := client.ListEvents(ctx, &eventv1.ListEventsRequest{Cursor: cursor, Sources: sources, WaitSeconds: 30, Types: []string{fmt.Sprintf("thing.%s", name)}})
					heard <- names(answer.GetEvents())
					cursor = answer.GetNextCursor()
					return err
				})
				// Events of others wake it, and it goes on waiting.
				h.Tell("patient", thing("other", int64(round+1), h.NewPlace()))
				number(h, t)
				e := thing(fmt.Sprint("mine", round), 1, here)
				e.Type = "thing." + name
				h.Tell("patient", e)
				number(h, t)
				require.Equal(t, []string{fmt.Sprint("patient:mine", round)}, <-heard)
				require.NoError(t, group.Wait())
			}
		}
	})
}

func TestLongPollEnds(t *testing.T) {
	h := apptest.New(t, sqldb.Config{Dir: t.TempDir()}, modules(&probe{})...)
	h.System.SetPoll(time.Hour)
	client := eventv1.NewEventServiceClient(h.Conn)
	ctx := h.As("integration", h.NewPlace())
	answer, err := client.ListEvents(ctx, &eventv1.ListEventsRequest{WaitSeconds: 1})
	require.NoError(t, err)
	require.Empty(t, answer.GetEvents())
	gone, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() {
		_, err := client.ListEvents(gone, &eventv1.ListEventsRequest{WaitSeconds: 30})
		done <- err
	}()
	cancel()
	require.Equal(t, codes.Canceled, status.Code(<-done))
	// A process that stops answers who waits, and whoever still comes.
	go func() {
		_, err := client.ListEvents(ctx, &eventv1.ListEventsRequest{WaitSeconds: 30})
		done <- err
	}()
	h.System.Stopping()
	require.NoError(t, <-done)
	_, err = client.ListEvents(ctx, &eventv1.ListEventsRequest{WaitSeconds: 30})
	require.NoError(t, err)
}

// A reader who wants little of a long log gets to its end in one call.
func TestSparseReader(t *testing.T) {
	h := apptest.New(t, sqldb.Config{Dir: t.TempDir()}, modules(&probe{})...)
	here := h.NewPlace()
	const long = 45_000
	require.NoError(t, h.System.Log("patient").DB.Tx(t.Context(), func(tx *sqldb.Tx) error {
		_, err := tx.Exec(`INSERT INTO event_log (event_id, sequence, type, resource_id, revision, care_unit_id, body)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
SELECT 'e' || i, i, 'a.b', 'r', i, 'other', $2 FROM n`, long, []byte{})
		if err == nil {
			_, err = tx.Exec(`UPDATE event_head SET last_sequence = $1`, long)
		}
		return err
	}))
	h.Tell("patient", thing("mine", 1, here))
	require.NoError(t, h.System.Log("patient").DB.Tx(t.Context(), func(tx *sqldb.Tx) error { _, err := event.Number(tx); return err }))
	answer, err := eventv1.NewEventServiceClient(h.Conn).ListEvents(h.As("integration", here), &eventv1.ListEventsRequest{Sources: []string{"patient"}})
	require.NoError(t, err)
	require.Equal(t, []string{"patient:mine"}, names(answer.GetEvents()))
}
