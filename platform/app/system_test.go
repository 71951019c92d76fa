package app_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/fstest"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	clockv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// build builds a process of modules alone on SQLite.
func build(t *testing.T, all ...app.Module) (*app.System, error) {
	t.Helper()
	keys, err := crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	system, err := app.Build(t.Context(), app.Parts{Log: slog.New(slog.DiscardHandler), Clock: clock.NewTest(apptest.Start), Keys: keys,
		Database: sqldb.Config{Dir: t.TempDir()}, Modules: all})
	if err == nil {
		t.Cleanup(func() { require.NoError(t, system.Close()) })
	}
	return system, err
}

// What cannot work must not start, must say why, and must leave nothing open.
func TestBuildRefuses(t *testing.T) {
	module := func(name string, start func(host *app.Host) error) app.Module {
		return app.Module{Name: name, Start: func(_ context.Context, host *app.Host) error { return start(host) }}
	}
	nothing := func(*app.Host) error { return nil }
	for name, test := range map[string]struct {
		modules []app.Module
		want    string
	}{
		"no locator": {[]app.Module{module("followup", func(host *app.Host) error {
			followupv1.RegisterFollowUpServiceServer(host.Server, followupv1.UnimplementedFollowUpServiceServer{})
			return nil
		})}, "follow_up_id"},
		"no access rule": {[]app.Module{module("followup", func(host *app.Host) error {
			healthv1.RegisterHealthServer(host.Server, healthv1.UnimplementedHealthServer{})
			return nil
		})}, "no access rule"},
		"module twice":      {[]app.Module{module("followup", nothing), module("followup", nothing)}, "twice"},
		"start fails":       {[]app.Module{module("followup", func(*app.Host) error { return errors.New("no licence") })}, "starting followup: no licence"},
		"name of no schema": {[]app.Module{module("Follow-Up", nothing)}, "Follow-Up"},
		"bad migration": {[]app.Module{{Name: "followup", Start: func(context.Context, *app.Host) error { return nil },
			Migrations: fstest.MapFS{"migrations/0001_bad.sql": {Data: []byte("-- +goose Up\nCREATE TABEL x;\n")}}}}, "migrating the followup tables"},
	} {
		t.Run(name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			_, err := build(t, test.modules...)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestRegisterBesideModules(t *testing.T) {
	system, err := build(t)
	require.NoError(t, err)
	require.NoError(t, system.Register(func(r grpc.ServiceRegistrar) {
		clockv1.RegisterClockServiceServer(r, clockv1.UnimplementedClockServiceServer{})
	}, clockv1.ClockService_ServiceDesc.ServiceName))
	require.Error(t, system.Register(func(r grpc.ServiceRegistrar) {
		followupv1.RegisterFollowUpServiceServer(r, followupv1.UnimplementedFollowUpServiceServer{})
	}, followupv1.FollowUpService_ServiceDesc.ServiceName), "nobody tells where its resources stand")
	require.NoError(t, system.Ready(t.Context()))
}

// A restart on the same stores finds everything, and waits for no lease of the process before.
func TestRestart(t *testing.T) {
	p := &probe{consume: map[string]func(*act.Tx, *eventOf) error{"patient": func(tx *act.Tx, e *eventOf) error { return effect(tx, e.GetResourceId()) }}}
	dir := t.TempDir()
	t.Run("first", func(t *testing.T) {
		h := apptest.New(t, sqldb.Config{Dir: dir}, modules(p)...)
		h.Tell("patient", thing("before", 1, access.Place{}))
		h.Settle()
		h.Tell("patient", thing("meanwhile", 1, access.Place{}))
	})
	t.Run("second", func(t *testing.T) {
		h := apptest.New(t, sqldb.Config{Dir: dir}, modules(p)...)
		h.Settle()
		require.Equal(t, []string{"0s before", "0s meanwhile"}, p.done(t))
	})
}

// A process that works by itself: events flow, timers fire, and at the end nothing is left behind.
func TestWork(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	t.Run("work", func(t *testing.T) {
		fired := make(chan string, 10)
		p := &probe{
			consume: map[string]func(*act.Tx, *eventOf) error{"patient": func(tx *act.Tx, e *eventOf) error {
				return tx.SetTimer(timerAt("remind", e.GetResourceId(), 0))
			}},
			timers: map[string]func(*act.Tx, timerOf) error{"remind": func(tx *act.Tx, one timerOf) error {
				tx.AfterCommit(func() { fired <- one.Key })
				return nil
			}},
		}
		h := apptest.New(t, sqldb.Config{Dir: t.TempDir()}, modules(p)...)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- h.System.Work(ctx) }()
		for _, key := range []string{"a", "b", "c"} {
			h.Tell("patient", thing(key, 1, access.Place{}))
			require.Equal(t, key, <-fired)
		}
		stop()
		require.NoError(t, <-done)
	})
	goleak.VerifyNone(t, ignore)
}

func TestHarnessLeavesNothingBehind(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	t.Run("harness", func(t *testing.T) {
		p := &probe{}
		h := apptest.New(t, sqldb.Config{Dir: t.TempDir()}, modules(p)...)
		place, patient := h.NewPlace(), act.NewID()
		h.PlacePatient(patient, place)
		_, err := followupv1.NewFollowUpServiceClient(h.Conn).ListPatientFollowUps(h.As("gp", place), &followupv1.ListPatientFollowUpsRequest{PatientId: patient})
		requireReason(t, err, "Unimplemented", "ROUTE_NOT_FOUND")
	})
	goleak.VerifyNone(t, ignore)
}

// How many statements a call costs, counted below its span: the chassis' own, without what the service itself asks.
func TestStatementsOfACall(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	before := otel.GetTracerProvider()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	p := &probe{places: map[string]access.Place{}, timers: map[string]func(*act.Tx, timerOf) error{"remind": func(*act.Tx, timerOf) error { return nil }}}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		place, patient, followUp := h.NewPlace(), act.NewID(), act.NewID()
		p.places[followUp] = place
		h.PlacePatient(patient, place)
		client, ctx := followupv1.NewFollowUpServiceClient(h.Conn), h.As("gp", place)
		statements := func(call func(ctx context.Context)) []string {
			recorder.Reset()
			caused, span := provider.Tracer("test").Start(ctx, "call")
			call(caused)
			span.End()
			var names []string
			for _, ended := range recorder.Ended() {
				if ended.InstrumentationScope().Name == "github.com/XSAM/otelsql" {
					names = append(names, ended.Name())
				}
			}
			return names
		}
		read := func(ctx context.Context) {
			_, err := client.ListPatientFollowUps(ctx, &followupv1.ListPatientFollowUpsRequest{PatientId: patient})
			requireReason(t, err, "Unimplemented", "ROUTE_NOT_FOUND")
		}
		require.Equal(t, []string{"SELECT followup"}, statements(read), "where the patient belongs, and no more")

		request := &followupv1.SnoozeFollowUpRequest{FollowUpId: followUp, UntilDate: "2026-03-05", Reason: "on leave", RequestId: uuid.NewString()}
		write := func(ctx context.Context) {
			_, err := client.SnoozeFollowUp(ctx, request)
			require.NoError(t, err)
		}
		require.Equal(t, []string{"BEGIN followup", "INSERT followup", "INSERT followup", "INSERT followup", "INSERT followup", "UPDATE followup", "COMMIT followup"},
			statements(write), "request id, effect, timer, event, answer")
		require.Equal(t, []string{"BEGIN followup", "INSERT followup", "SELECT followup", "COMMIT followup"}, statements(write), "a repeat")
		require.Equal(t, []string{"0s snoozed"}, p.done(t))
	})
}

// A call over the harness with everything on its way.
func BenchmarkWrite(b *testing.B) {
	p := &probe{places: map[string]access.Place{}}
	h := apptest.New(b, sqldb.Config{Dir: b.TempDir()}, modules(p)...)
	place, followUp := h.NewPlace(), act.NewID()
	p.places[followUp] = place
	client, ctx := followupv1.NewFollowUpServiceClient(h.Conn), h.As("gp", place)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.SnoozeFollowUp(ctx, &followupv1.SnoozeFollowUpRequest{FollowUpId: followUp, UntilDate: "2026-03-05", Reason: "on leave", RequestId: uuid.NewString()}); err != nil {
			b.Fatal(err)
		}
	}
}

// What a harness costs before the first call of a test.
func BenchmarkHarness(b *testing.B) {
	for b.Loop() {
		apptest.New(b, sqldb.Config{Dir: b.TempDir()}, modules(&probe{})...)
	}
}
