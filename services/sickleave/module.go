// Package sickleave is the service for certificates and the sick-leave cases that follow from them, for screenings, work-ability
// assessments and plans for return to work.
package sickleave

import (
	"context"
	"embed"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/api"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/store"
	"github.com/coworkcare/coworkcare/services/sickleave/internal/worker"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Module is the service. Unasked it follows what patients say to coordination, and tells at its start what earlier certificates add up
// to where that was never told; cases are computed when they are read.
var Module = app.Module{Name: "sickleave", Migrations: migrations, Routes: sickleavev1.RegisterSickLeaveServiceHandler, Start: start}

func start(_ context.Context, host *app.Host) error {
	return startAsking(host, patientv1.NewPatientServiceClient(host.Conn("patient")))
}

// startAsking starts the service, which asks patients about consents.
func startAsking(host *app.Host, patients patientv1.PatientServiceClient) error {
	kept := store.New(host.Keys)
	server := api.NewServer(kept, host.DB, host.Acts, host.Pages, host.Clock, patients)
	sickleavev1.RegisterSickLeaveServiceServer(host.Server, server)
	host.Go("untold", server.TellUntold)
	host.Consume("patient", (&worker.Worker{Store: kept}).OnPatient)
	return nil
}
