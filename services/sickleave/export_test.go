package sickleave

import (
	"context"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/app"
)

// ModuleAsking is the service with another patient service to ask.
func ModuleAsking(patients patientv1.PatientServiceClient) app.Module {
	return app.Module{Name: "sickleave", Migrations: migrations, Start: func(_ context.Context, host *app.Host) error {
		return startAsking(host, patients)
	}}
}
