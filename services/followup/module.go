// Package followup is the service for what is due: worklists made by policy from what the other services tell, and by hand.
package followup

import (
	"context"
	"embed"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/services/followup/internal/api"
	"github.com/coworkcare/coworkcare/services/followup/internal/store"
	"github.com/coworkcare/coworkcare/services/followup/internal/worker"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Module is the service.
var Module = app.Module{Name: "followup", Migrations: migrations, Routes: followupv1.RegisterFollowUpServiceHandler, Start: start}

func start(_ context.Context, host *app.Host) error {
	s := store.New(host.Keys)
	server := api.NewServer(s, host.DB, host.Acts, host.Pages, host.Clock, host, api.Elsewhere{Patient: host.Conn("patient")})
	followupv1.RegisterFollowUpServiceServer(host.Server, server)
	host.Locate("follow_up_id", server.Locate)

	unasked := worker.New(s)
	for _, source := range []string{"patient", "careplan", "sickleave", "employerdialogue"} {
		host.Consume(source, unasked.OnEvent)
	}
	host.OnTimer(store.TimerKind, unasked.OnTimer)
	host.OnTimer(store.FileTimerKind, unasked.OnTurn)
	host.Go("figures", func(ctx context.Context) error { return unasked.Figures(ctx, host.DB, host.Clock) })
	return nil
}
