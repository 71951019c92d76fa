package app_test

import (
	"context"
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/status"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/timer"
)

// probe is a module in the place of followup: a table of effects, and what a test gives it to do.
type probe struct {
	followupv1.UnimplementedFollowUpServiceServer
	host    *app.Host
	consume map[string]func(tx *act.Tx, e *eventv1.Event) error
	timers  map[string]func(tx *act.Tx, one timer.Timer) error
	start   func(host *app.Host) error
	places  map[string]access.Place // of follow-ups
}

var effects = fstest.MapFS{"migrations/0001_effect.sql": {Data: []byte(`-- +goose Up
CREATE TABLE effect (at BIGINT NOT NULL, text TEXT NOT NULL);
-- +goose Down
DROP TABLE effect;
`)}}

func (p *probe) module() app.Module {
	return app.Module{Name: "followup", Migrations: effects, Start: func(_ context.Context, host *app.Host) error {
		p.host = host
		followupv1.RegisterFollowUpServiceServer(host.Server, p)
		host.Locate("follow_up_id", func(_ context.Context, id string) (access.Place, bool, error) {
			place, ok := p.places[id]
			return place, ok, nil
		})
		for source, handler := range p.consume {
			host.Consume(source, handler)
		}
		for kind, handler := range p.timers {
			host.OnTimer(kind, handler)
		}
		if p.start != nil {
			return p.start(host)
		}
		return nil
	}}
}

// SnoozeFollowUp is a write: it tells, and sets a timer.
func (p *probe) SnoozeFollowUp(ctx context.Context, request *followupv1.SnoozeFollowUpRequest) (*followupv1.FollowUp, error) {
	return act.Do(ctx, p.host.Acts, request, func(tx *act.Tx) (*followupv1.FollowUp, error) {
		err := errors.Join(effect(tx, "snoozed"),
			tx.SetTimer(timer.Timer{Kind: "remind", Key: request.GetFollowUpId(), Due: tx.Now.Add(time.Hour), Stamp: 1}),
			tx.Emit(act.Event{Type: "follow_up.snoozed", ResourceID: request.GetFollowUpId(), Revision: 1, Snapshot: &patientv1.PatientSnapshot{}}))
		return &followupv1.FollowUp{FollowUpId: request.GetFollowUpId()}, err
	})
}

// effect notes a text at the act's time.
func effect(tx *act.Tx, text string) error {
	_, err := tx.Exec(`INSERT INTO effect (at, text) VALUES ($1, $2)`, tx.Now.UnixMicro(), text)
	return err
}

// done are the effects, each with the minutes since the start of the test's time.
func (p *probe) done(t testing.TB) (texts []string) {
	t.Helper()
	rows, err := p.host.DB.Read(t.Context()).Query(`SELECT at, text FROM effect ORDER BY at, text`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var at int64
		var text string
		require.NoError(t, rows.Scan(&at, &text))
		texts = append(texts, time.UnixMicro(at).Sub(apptest.Start).String()+" "+text)
	}
	require.NoError(t, rows.Err())
	return texts
}

func (p *probe) set(t testing.TB, kind, key string, after time.Duration) {
	t.Helper()
	require.NoError(t, p.host.Acts.Run(t.Context(), func(tx *act.Tx) error {
		return tx.SetTimer(timer.Timer{Kind: kind, Key: key, Due: apptest.Start.Add(after)})
	}))
}

// thing is an event of no meaning.
func thing(resource string, revision int64, place access.Place) act.Event {
	return act.Event{Type: "thing.moved", ResourceID: resource, Revision: revision, Place: place, Snapshot: &patientv1.PatientSnapshot{}}
}

func reasonOf(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason()
		}
	}
	return ""
}

func requireReason(t testing.TB, err error, code, reason string) {
	t.Helper()
	st := status.Convert(err)
	require.Equal(t, code+" "+reason, st.Code().String()+" "+reasonOf(err), st.Message())
}

func modules(probes ...*probe) (all []app.Module) {
	for _, p := range probes {
		all = append(all, p.module())
	}
	return all
}
