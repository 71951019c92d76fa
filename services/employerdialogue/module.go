// Package employerdialogue is the service for the cooperation with employers: the early talk, the person-centred dialogue
// meeting and the agreement that it ends in.
package employerdialogue

import (
	"context"
	"embed"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/api"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/store"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/worker"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Module is the service. Unasked it follows what the other services tell of a patient.
var Module = app.Module{Name: "employerdialogue", Migrations: migrations, Routes: employerdialoguev1.RegisterEmployerDialogueServiceHandler, Start: start}

func start(_ context.Context, host *app.Host) error {
	kept := store.New(host.Keys)
	server := api.NewServer(api.Parts{
		Store: kept, DB: host.DB, Acts: host.Acts, Pages: host.Pages, Clock: host.Clock,
		Patients: patientv1.NewPatientServiceClient(host.Conn("patient")),
	})
	employerdialoguev1.RegisterEmployerDialogueServiceServer(host.Server, server)
	host.Locate("employer_id", server.LocateEmployer)

	follow := &worker.Worker{Store: kept}
	for _, source := range []string{"patient", "careplan", "sickleave"} {
		host.Consume(source, follow.From(source))
	}
	return nil
}
