package act_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/timer"
)

func log(t testing.TB, acts *act.Acts) []*eventv1.Event {
	t.Helper()
	require.NoError(t, acts.DB.Tx(t.Context(), func(tx *sqldb.Tx) error { _, err := event.Number(tx); return err }))
	events, _, err := event.Read(acts.DB.Read(t.Context()), "care", event.Query{Limit: 100})
	require.NoError(t, err)
	return events
}

func TestEmit(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		here, there := access.Place{ProviderID: "p1", UnitID: "u1"}, access.Place{ProviderID: "p2", UnitID: "u2"}
		cause := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
		ctx := trace.ContextWithSpanContext(access.WithPlace(t.Context(), here), cause)
		person := identity.NewContext(ctx, identity.Caller{Subject: "sub", PractitionerID: "anna", Service: "gateway"})
		service := identity.NewContext(ctx, identity.Caller{Subject: "service:care", Service: "care"})
		snapshot := &patientv1.PatientSnapshot{PatientId: "pat"}
		require.NoError(t, acts.Run(person, func(tx *act.Tx) error {
			return tx.Emit(act.Event{Type: "a.made", ResourceID: "r", Revision: 1, PatientID: "pat", Snapshot: snapshot})
		}))
		require.NoError(t, acts.Run(service, func(tx *act.Tx) error {
			return tx.Emit(act.Event{Type: "a.moved", ResourceID: "r", Revision: 2, Place: there, Snapshot: snapshot})
		}))
		events := log(t, acts)
		require.Len(t, events, 2)
		first, second := events[0], events[1]
		require.Equal(t, "p1/u1", first.GetCareProviderId()+"/"+first.GetCareUnitId())
		require.Equal(t, "p2/u2", second.GetCareProviderId()+"/"+second.GetCareUnitId())
		require.Equal(t, "anna", first.GetActor().GetPractitionerId())
		require.Empty(t, first.GetActor().GetService(), "a person did it, by way of a service")
		require.Empty(t, second.GetActor().GetPractitionerId())
		require.Equal(t, "care", second.GetActor().GetService())
		require.Equal(t, start, first.GetEventTime().AsTime(), "the clock that decides care")
		require.Equal(t, "00-01000000000000000000000000000000-0200000000000000-01", first.GetTraceParent())
		told := &patientv1.PatientSnapshot{}
		require.NoError(t, first.GetSnapshot().UnmarshalTo(told))
		require.Equal(t, "pat", told.GetPatientId())
		require.NotEqual(t, first.GetEventId(), second.GetEventId())
	})
}

func TestEmitWithoutSnapshotIsRefused(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		require.Error(t, acts.Run(t.Context(), func(tx *act.Tx) error { return tx.Emit(act.Event{Type: "a.made", ResourceID: "r"}) }))
	})
}

// rung says whether a rope has been pulled; rings come before Run returns.
func rung(rope <-chan struct{}) bool {
	select {
	case <-rope:
		return true
	default:
		return false
	}
}

func TestBellsAndTimersAfterCommitOnly(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		var armed []timer.Timer
		var committed func() int
		acts.Armed = func(timers []timer.Timer) {
			require.Positive(t, committed(), "a timer is armed before the commit that makes it true")
			armed = append(armed, timers...)
		}
		committed = func() int { return count(t, acts, `SELECT count(*) FROM timer`) }
		due := timer.Timer{Kind: "remind", Key: "k", Due: start.Add(time.Hour), Stamp: 7}
		broken := errors.New("broken")
		fill := func(result error) func(tx *act.Tx) error {
			return func(tx *act.Tx) error {
				rope := acts.Bell.Wait(act.Unnumbered("care"))
				err := errors.Join(tx.SetTimer(due), tx.Emit(act.Event{Type: "a.made", ResourceID: "r", Snapshot: &patientv1.PatientSnapshot{}}))
				require.NoError(t, err)
				require.False(t, rung(rope), "the bell rings before the commit")
				require.Empty(t, armed)
				return result
			}
		}
		rope := acts.Bell.Wait(act.Unnumbered("care"))
		require.ErrorIs(t, acts.Run(t.Context(), fill(broken)), broken)
		require.False(t, rung(rope))
		require.Empty(t, armed)
		require.Zero(t, committed())

		require.NoError(t, acts.Run(t.Context(), fill(nil)))
		require.True(t, rung(rope))
		require.Equal(t, []timer.Timer{due}, armed)

		rope = acts.Bell.Wait(act.Unnumbered("care"))
		require.NoError(t, acts.Run(t.Context(), func(*act.Tx) error { return nil }))
		require.False(t, rung(rope), "nothing was told, so nobody is woken")
	})
}

// A commit that fails rings nothing: on PostgreSQL a constraint may be checked as late as that.
func TestFailedCommitRingsNothing(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		acts.Armed = func([]timer.Timer) { t.Error("armed") }
		ctx, cancel := context.WithCancel(t.Context())
		rope := acts.Bell.Wait(act.Unnumbered("care"))
		require.Error(t, acts.Run(ctx, func(tx *act.Tx) error {
			require.NoError(t, tx.SetTimer(timer.Timer{Kind: "remind", Key: "k", Due: start}))
			require.NoError(t, tx.Emit(act.Event{Type: "a.made", ResourceID: "r", Snapshot: &patientv1.PatientSnapshot{}}))
			cancel() // the caller goes away between the last statement and the commit
			return nil
		}))
		require.False(t, rung(rope))
		require.Zero(t, count(t, acts, `SELECT count(*) FROM timer`))
		require.Empty(t, log(t, acts))
	})
}

func TestInnerActs(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		var armed []string
		acts.Armed = func(timers []timer.Timer) {
			for _, one := range timers {
				armed = append(armed, one.Key)
			}
		}
		require.NoError(t, acts.Run(t.Context(), func(tx *act.Tx) error {
			require.NoError(t, tx.SetTimer(timer.Timer{Kind: "k", Key: "outer", Due: start}))
			inner := tx.In(t.Context(), access.Place{ProviderID: "p", UnitID: "u"}, "")
			require.Equal(t, access.Place{ProviderID: "p", UnitID: "u"}, inner.Place)
			require.True(t, tx.Place.IsZero())
			require.NoError(t, inner.SetTimer(timer.Timer{Kind: "k", Key: "inner", Due: start}))
			tx.Join(inner)
			return nil
		}))
		require.Equal(t, []string{"outer", "inner"}, armed, "each once")
	})
}

func TestTimersInAct(t *testing.T) {
	run(t, func(t *testing.T, acts *act.Acts) {
		require.NoError(t, acts.Run(t.Context(), func(tx *act.Tx) error {
			return errors.Join(
				tx.SetTimer(timer.Timer{Kind: "remind", Key: "k", Due: start, Stamp: 1}),
				tx.SetTimer(timer.Timer{Kind: "remind", Key: "k", Due: start.Add(time.Hour), Stamp: 2}),
				tx.SetTimer(timer.Timer{Kind: "escalate", Key: "k", Due: start, Stamp: 1}),
				tx.DropTimer("escalate", "k"), tx.DropTimer("no", "such"))
		}))
		timers, err := timer.Until(acts.DB.Read(t.Context()), start.Add(48*time.Hour), timer.Timer{}, 10)
		require.NoError(t, err)
		require.Equal(t, []timer.Timer{{Kind: "remind", Key: "k", Due: start.Add(time.Hour), Stamp: 2}}, timers)
	})
}

func TestCheckEtag(t *testing.T) {
	var tx act.Tx
	require.NoError(t, tx.CheckEtag("", 3))
	require.NoError(t, tx.CheckEtag(`"r3"`, 3))
	require.NoError(t, tx.CheckEtag(`r3`, 3))
	require.NoError(t, tx.CheckEtag(`*`, 3))
	for etag, reason := range map[string]string{
		`"r2"`: "ETAG_MISMATCH", `"r4"`: "ETAG_MISMATCH", `W/"r3"`: "ETAG_MALFORMED", `"r3", "r4"`: "ETAG_MALFORMED", "three": "ETAG_MALFORMED", `"r-1"`: "ETAG_MALFORMED",
	} {
		f, ok := fault.As(tx.CheckEtag(etag, 3))
		require.True(t, ok, etag)
		require.Equal(t, reason, f.Reason, etag)
	}
}

// The day of an act is the civil day in Stockholm, not that of UTC.
func TestToday(t *testing.T) {
	for at, day := range map[string]string{
		"2026-03-01T22:59:59Z": "2026-03-01", "2026-03-01T23:00:00Z": "2026-03-02", "2026-07-01T21:59:59Z": "2026-07-01", "2026-07-01T22:00:00Z": "2026-07-02",
	} {
		now, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		require.Equal(t, day, (&act.Tx{Now: now}).Today().String(), at)
	}
}
