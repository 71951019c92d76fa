package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
)

// Where a patient belongs comes from the patient service's log, the latest revision counts, whatever comes again or late.
func TestPlacesFollowTheLog(t *testing.T) {
	apptest.Run(t, modules(&probe{}), func(t *testing.T, h *apptest.Harness) {
		client, patient := followupv1.NewFollowUpServiceClient(h.Conn), act.NewID()
		first, second := h.NewPlace(), h.NewPlace()
		reaches := func(place access.Place) bool {
			_, err := client.ListPatientFollowUps(h.As("gp", place), &followupv1.ListPatientFollowUpsRequest{PatientId: patient})
			require.Error(t, err)
			if reasonOf(err) == "ROUTE_NOT_FOUND" { // past the guard: the method itself is not there
				return true
			}
			requireReason(t, err, "NotFound", "PATIENT_NOT_FOUND")
			return false
		}
		move := func(revision int64, place access.Place) {
			h.Tell("patient", act.Event{Type: "patient.moved", ResourceID: patient, Revision: revision, PatientID: patient, Place: place,
				Snapshot: &patientv1.PatientSnapshot{PatientId: patient, CareProviderId: place.ProviderID, CareUnitId: place.UnitID}})
			h.Settle()
		}
		require.False(t, reaches(first), "not heard of")
		h.PlacePatient(patient, first)
		require.True(t, reaches(first))
		require.False(t, reaches(second))
		move(3, second)
		require.True(t, reaches(second))
		require.False(t, reaches(first))
		move(2, first)
		require.True(t, reaches(second), "an older revision changes nothing")
		h.Tell("patient", thing(patient, 9, first))
		h.Settle()
		require.True(t, reaches(second), "an event of something else changes nothing")
	})
}
