// Package careplan is the service for what the team does together with the patient: contacts, the care plan, assessments and
// the safety flags that they raise.
package careplan

import (
	"context"
	"embed"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/services/careplan/internal/api"
	"github.com/coworkcare/coworkcare/services/careplan/internal/careplan"
	"github.com/coworkcare/coworkcare/services/careplan/internal/store"
	"github.com/coworkcare/coworkcare/services/careplan/internal/worker"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Module is the service. Unasked it follows the care episodes and consents of the patient service.
var Module = app.Module{Name: "careplan", Migrations: migrations, Routes: careplanv1.RegisterCarePlanServiceHandler, Start: start}

func start(_ context.Context, host *app.Host) error {
	return startAsking(host, patientv1.NewPatientServiceClient(host.Conn("patient")))
}

// startAsking starts the service, which asks patients about care episodes and consents.
func startAsking(host *app.Host, patients patientv1.PatientServiceClient) error {
	instruments, err := careplan.LoadInstruments()
	if err != nil {
		return err
	}
	kept := store.New(host.Keys)
	server := api.NewServer(api.Parts{
		Store: kept, DB: host.DB, Acts: host.Acts, Pages: host.Pages, Clock: host.Clock, Instruments: instruments,
		Patients: patients,
	})
	careplanv1.RegisterCarePlanServiceServer(host.Server, server)
	host.Consume("patient", (&worker.Worker{Store: kept}).OnPatient)
	return nil
}
