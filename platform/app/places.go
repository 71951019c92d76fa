package app

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/identity"
)

// patientSource is the service that knows who belongs where.
const patientSource = "patient"

// placeKeeper keeps a service's copy of where patients belong, from the patient service's log, and asks that service about a
// patient it has not heard of yet.
type placeKeeper struct {
	acts *act.Acts
	host *Host
}

const (
	selectPlace = `SELECT care_provider_id, care_unit_id FROM patient_place WHERE patient_id = $1`
	upsertPlace = `INSERT INTO patient_place (patient_id, care_provider_id, care_unit_id, revision) VALUES ($1, $2, $3, $4)
ON CONFLICT (patient_id) DO UPDATE SET care_provider_id = excluded.care_provider_id, care_unit_id = excluded.care_unit_id, revision = excluded.revision
WHERE patient_place.revision < excluded.revision`
)

func (k placeKeeper) locate(ctx context.Context, patientID string) (access.Place, bool, error) {
	var place access.Place
	err := k.acts.DB.Read(ctx).QueryRow(selectPlace, patientID).Scan(&place.ProviderID, &place.UnitID)
	if err == nil {
		return place, true, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return place, false, fmt.Errorf("reading where a patient belongs: %w", err)
	}
	// The service asks in its own name: whether the caller may know is decided here, by the answer.
	own := identity.WithRawToken(ctx, "")
	answer, err := patientv1.NewPatientServiceClient(k.host.Conn(patientSource)).GetPatientPlace(own, &patientv1.GetPatientPlaceRequest{PatientId: patientID})
	switch status.Code(err) {
	case codes.OK:
		return access.Place{ProviderID: answer.GetCareProviderId(), UnitID: answer.GetCareUnitId()}, true, nil
	case codes.NotFound, codes.InvalidArgument:
		return place, false, nil
	default:
		return place, false, fmt.Errorf("asking where a patient belongs: %w", err)
	}
}

func (k placeKeeper) onEvent(tx *act.Tx, e *eventv1.Event) error {
	if !strings.HasPrefix(e.GetType(), "patient.") {
		return nil
	}
	snapshot := &patientv1.PatientSnapshot{}
	if err := e.GetSnapshot().UnmarshalTo(snapshot); err != nil {
		return fmt.Errorf("reading the snapshot of %s: %w", e.GetType(), err)
	}
	_, err := tx.Exec(upsertPlace, snapshot.GetPatientId(), snapshot.GetCareProviderId(), snapshot.GetCareUnitId(), int64(e.GetRevision()))
	if err != nil {
		return fmt.Errorf("keeping where a patient belongs: %w", err)
	}
	return nil
}
