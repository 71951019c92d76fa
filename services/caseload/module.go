// Package caseload is the service for the common picture: a read side over all the others, built from their event logs alone.
package caseload

import (
	"context"
	"embed"

	caseloadv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/services/caseload/internal/api"
	"github.com/coworkcare/coworkcare/services/caseload/internal/store"
	"github.com/coworkcare/coworkcare/services/caseload/internal/worker"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Module is the service. Its log tells watchers of rows that have changed and nobody else: it begins anew with each rebuild.
var Module = app.Module{Name: "caseload", Private: true, Migrations: migrations, Routes: caseloadv1.RegisterCaseloadServiceHandler, Start: start}

func start(_ context.Context, host *app.Host) error {
	s := store.New()
	server, err := api.NewServer(host, s)
	if err != nil {
		return err
	}
	caseloadv1.RegisterCaseloadServiceServer(host.Server, server)
	unasked := worker.New(s, server.Heard)
	for _, source := range worker.Sources() {
		host.Consume(source, unasked.OnEvent)
	}
	return nil
}
