package app

import (
	"context"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

type db interface{ Exec(string, ...any) error }

func Place(ctx context.Context, d db) error {
	return d.Exec("INSERT INTO patient_place (id) VALUES ($1)")
}

var _ patientv1.Patient
