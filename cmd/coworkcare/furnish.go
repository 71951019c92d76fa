package main

import (
	"context"
	"fmt"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

// furnish makes a care provider and a centre when there is none, so that a token of any role means something on an
// installation without the demo's people.
func (d *tokenDesk) furnish(ctx context.Context) error {
	units, err := d.units(ctx)
	if err != nil || len(units) > 0 {
		return err
	}
	ctx, err = d.asOperator(ctx)
	if err != nil {
		return err
	}
	provider, err := d.patients.CreateCareProvider(ctx, &patientv1.CreateCareProviderRequest{
		CareProvider: &patientv1.CareProvider{DisplayName: "Development provider", HsaId: "TSTNMT2321000016-DEV0"}})
	if err != nil {
		return fmt.Errorf("making a care provider to start with: %w", err)
	}
	_, err = d.patients.CreateCareUnit(ctx, &patientv1.CreateCareUnitRequest{
		CareUnit: &patientv1.CareUnit{CareProviderId: provider.GetCareProviderId(), DisplayName: "Development centre", HsaId: "TSTNMT2321000016-DEV1"}})
	if err != nil {
		return fmt.Errorf("making a care unit to start with: %w", err)
	}
	return nil
}
