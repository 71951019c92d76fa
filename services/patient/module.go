// Package patient is the service that knows who is who: care providers and units, staff, patients, care episodes with referrals
// and teams, and consents.
package patient

import (
	"context"
	"embed"
	"errors"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/services/patient/internal/api"
	domain "github.com/coworkcare/coworkcare/services/patient/internal/patient"
	"github.com/coworkcare/coworkcare/services/patient/internal/store"
	"github.com/coworkcare/coworkcare/services/patient/internal/worker"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Module is the service.
var Module = app.Module{Name: "patient", Migrations: migrations, Routes: patientv1.RegisterPatientServiceHandler, Start: start}

func start(_ context.Context, host *app.Host) error {
	kept := store.New(host.Keys)
	patientv1.RegisterPatientServiceServer(host.Server, api.NewServer(kept, host.DB, host.Acts, host.Pages, host.Clock))
	host.OnTimer(domain.ConsentEnds, worker.Consents{Store: kept}.OnConsentEnds)

	host.ProvidePlaces(func(ctx context.Context, id string) (access.Place, bool, error) {
		place, err := kept.PatientPlace(host.DB.Read(ctx), id)
		return located(access.Place{ProviderID: place.ProviderID, UnitID: place.UnitID}, err)
	})
	host.Locate("care_unit_id", func(ctx context.Context, id string) (access.Place, bool, error) {
		providers, err := kept.ProvidersOf(host.DB.Read(ctx), []string{id})
		if err == nil && providers[id] == "" {
			err = store.ErrNotFound
		}
		return located(access.Place{ProviderID: providers[id], UnitID: id}, err)
	})
	host.Locate("practitioner_id", func(ctx context.Context, id string) (access.Place, bool, error) {
		provider, err := kept.PractitionerProvider(host.DB.Read(ctx), id)
		return located(access.Place{ProviderID: provider}, err)
	})
	return nil
}

// located tells a place that is known from one that is not. An id that no database takes is nobody's.
func located(place access.Place, err error) (access.Place, bool, error) {
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, sqldb.ErrText) {
		return access.Place{}, false, nil
	}
	return place, err == nil, err
}
