// Package apptest runs modules as a process does, for contract tests: the real call chain over an in-memory listener, real
// stores on both engines, a test clock, and stand-in logs in place of the services that are not started.
package apptest

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/accesslog"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
	"github.com/coworkcare/coworkcare/platform/rpc"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// sources are the logs that a module may consume.
var sources = []string{"patient", "careplan", "sickleave", "employerdialogue", "followup"}

// Start is when the test clock starts: Monday 2 March 2026, eight in the morning in Stockholm.
var Start = date.MustParse("2026-03-02").At(8, 0)

// Harness is a running process.
type Harness struct {
	Conn   grpc.ClientConnInterface
	Clock  *clock.Test
	Keys   *crypt.Keys
	System *app.System
	Issuer *devissuer.Issuer

	// Failing says that handlers of events and timers are meant to fail; else one that does fails the test.
	Failing bool

	t       testing.TB
	modules []string
	told    map[string]*act.Acts
}

// Run runs a test with modules started, on SQLite and on PostgreSQL.
func Run(t *testing.T, modules []app.Module, test func(t *testing.T, h *Harness)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(t, New(t, sqldb.Config{Dir: t.TempDir()}, modules...))
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, New(t, sqldb.Config{URL: sqldbtest.PostgresURL(t), MaxConns: 4}, modules...))
	})
}

// New starts modules on a store; they stop when the test ends.
func New(t testing.TB, database sqldb.Config, modules ...app.Module) *Harness {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	h := &Harness{t: t, Clock: clock.NewTest(Start), told: map[string]*act.Acts{}}
	var err error
	h.Keys, err = crypt.OpenDev(t.TempDir())
	require.NoError(t, err)
	h.Issuer, err = devissuer.New(devissuer.Config{Dir: t.TempDir(), URL: "http://127.0.0.1/issuer"})
	require.NoError(t, err)
	callers, err := identity.NewVerifier(ctx, identity.Config{Issuer: h.Issuer.URL(), KeySet: h.Issuer.KeySet()})
	require.NoError(t, err)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	for _, module := range modules {
		h.modules = append(h.modules, module.Name)
	}
	started := slices.Clone(modules)
	for _, source := range sources {
		if !slices.Contains(h.modules, source) {
			started = append(started, h.standIn(source))
		}
	}
	h.System, err = app.Build(ctx, app.Parts{Log: log, Clock: h.Clock, Keys: h.Keys, Database: database, Callers: callers, Modules: started,
		Wall: worker.Wall{Pause: hurried}})
	require.NoError(t, err)
	logCtx, stopLog := context.WithCancel(ctx)
	logDone := make(chan struct{})
	go func() {
		defer close(logDone)
		_ = h.System.RunLog(logCtx)
	}()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = h.System.Serve()
	}()
	conn, err := h.System.Gateway()
	require.NoError(t, err)
	h.Conn = conn
	t.Cleanup(func() {
		_ = conn.Close()
		h.System.Stopping()
		rpc.Stop(h.System.Server, time.Second)
		<-served
		stopLog()
		<-logDone
		_ = h.System.Close()
	})
	return h
}

// hurried pauses for a moment, however long a pause is asked for.
func hurried(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(min(d, time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// standIn is an empty service with a log that tests append to.
func (h *Harness) standIn(source string) app.Module {
	return app.Module{Name: source, Start: func(_ context.Context, host *app.Host) error {
		h.told[source] = host.Acts
		if source == "patient" {
			patientv1.RegisterPatientServiceServer(host.Server, nobody{})
			for _, field := range []string{"care_unit_id", "care_provider_id", "practitioner_id"} {
				host.Locate(field, nowhere)
			}
			host.ProvidePlaces(nowhere)
		}
		return nil
	}}
}

// nobody is a patient service without patients: what it has not told of, it does not know.
type nobody struct {
	patientv1.UnimplementedPatientServiceServer
}

func (nobody) GetPatientPlace(context.Context, *patientv1.GetPatientPlaceRequest) (*patientv1.PatientPlace, error) {
	return nil, fault.NotFound("PATIENT_NOT_FOUND", "there is no such patient")
}

func nowhere(context.Context, string) (access.Place, bool, error) { return access.Place{}, false, nil }

// As gives a context with the token of somebody who holds a role at a place. Administrators hold it for the provider, operators
// for the installation. The practitioner is a new one unless named.
func (h *Harness) As(role string, place access.Place, practitionerID ...string) context.Context {
	h.t.Helper()
	return h.AsAll([]string{role}, place, practitionerID...)
}

// AsAll is As for somebody with several roles at one place.
func (h *Harness) AsAll(roles []string, place access.Place, practitionerID ...string) context.Context {
	h.t.Helper()
	assignment := identity.Assignment{ProviderID: place.ProviderID, UnitID: place.UnitID}
	for _, role := range roles {
		assignment.Roles = append(assignment.Roles, identity.Role(role))
		switch identity.Role(role) {
		case identity.RoleOperator:
			assignment.ProviderID, assignment.UnitID = "", ""
		case identity.RoleProviderAdministrator:
			assignment.UnitID = ""
		default:
		}
	}
	practitioner := uuid.NewString()
	if len(practitionerID) > 0 {
		practitioner = practitionerID[0]
	}
	token, err := h.Issuer.Mint(devissuer.Claims{Subject: practitioner, PractitionerID: practitioner, Assignments: []identity.Assignment{assignment}})
	require.NoError(h.t, err)
	return metadata.AppendToOutgoingContext(h.t.Context(), "authorization", "Bearer "+token)
}

// NewPlace makes the ids of a provider and a unit.
func (h *Harness) NewPlace() access.Place {
	return access.Place{ProviderID: act.NewID(), UnitID: act.NewID()}
}

// PlacePatient lets the stand-in of the patient service tell that a patient belongs somewhere, and everyone hear of it.
func (h *Harness) PlacePatient(patientID string, place access.Place) {
	h.t.Helper()
	h.Tell("patient", act.Event{
		Type: "patient.registered", ResourceID: patientID, Revision: 1, PatientID: patientID, Place: place,
		Snapshot: &patientv1.PatientSnapshot{PatientId: patientID, CareProviderId: place.ProviderID, CareUnitId: place.UnitID, State: patientv1.Patient_ACTIVE},
	})
	h.Settle()
}

// Tell appends an event to the log of a service that is not started.
func (h *Harness) Tell(source string, e act.Event) {
	h.t.Helper()
	acts := h.told[source]
	require.NotNilf(h.t, acts, "%s is started: it tells by itself", source)
	require.NoError(h.t, acts.Run(h.t.Context(), func(tx *act.Tx) error { return tx.Emit(e) }))
}

// Events gives everything that a service has told.
func (h *Harness) Events(source string) []*eventv1.Event {
	h.t.Helper()
	_, err := h.System.Settle(h.t.Context())
	require.NoError(h.t, err)
	db := h.System.Log(source).DB
	events, _, err := event.Read(db.Read(h.t.Context()), source, event.Query{Limit: 1_000_000})
	require.NoError(h.t, err)
	return events
}

// AccessRecords are the records of who has seen a patient's data, newest first.
func (h *Harness) AccessRecords(patientID string) []accesslog.Shown {
	h.t.Helper()
	records, err := h.System.AccessLog().Extract(h.t.Context(), patientID, 1000)
	require.NoError(h.t, err)
	return records
}

// Settle does everything that is due now.
func (h *Harness) Settle() int {
	h.t.Helper()
	fired, err := h.System.Settle(h.t.Context())
	require.NoError(h.t, err)
	h.checkNoneFailed()
	return fired
}

// checkNoneFailed fails the test when a handler has failed: its event would wait, and the test go on without it.
func (h *Harness) checkNoneFailed() {
	h.t.Helper()
	if h.Failing {
		return
	}
	for _, module := range h.modules {
		q := h.System.Log(module).DB.Read(h.t.Context())
		parked, err := worker.Parked(q)
		require.NoError(h.t, err)
		require.Zerof(h.t, parked, "%s could not handle an event; the reason is in the log", module)
		next, found, err := timer.Next(q)
		require.NoError(h.t, err)
		require.Falsef(h.t, found && !next.After(h.Clock.Now()), "%s could not fire a timer; the reason is in the log", module)
	}
}

// Advance lets time pass, stopping at every due time on the way.
func (h *Harness) Advance(d time.Duration) int {
	h.t.Helper()
	fired, err := h.System.Advance(h.t.Context(), func(t time.Time) error { h.Clock.Set(t); return nil }, h.Clock.Now().Add(d))
	require.NoError(h.t, err)
	h.checkNoneFailed()
	return fired
}
