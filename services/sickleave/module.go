// Package sickleave is the service for certificates and the sick-leave cases that follow from them.
package sickleave

import (
	"context"
	"embed"

	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/api"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Module is the service. It does nothing unasked: cases are computed when they are read.
var Module = app.Module{Name: "sickleave", Migrations: migrations, Start: start}

func start(_ context.Context, host *app.Host) error {
	server := api.NewServer(store.New(host.Keys), host.DB, host.Acts, host.Pages, host.Clock)
	sickleavev1.RegisterSickLeaveServiceServer(host.Server, server)
	host.Gateway(sickleavev1.RegisterSickLeaveServiceHandler)
	return nil
}
