package sickleave_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

// tellCoordination lets the stand-in of the patient service tell what the patient says to coordination, as of a revision of the
// patient's consents.
func (f *fixture) tellCoordination(event string, state patientv1.Consent_State, revision int32) {
	f.Helper()
	f.Tell("patient", act.Event{
		Type: event, ResourceID: act.NewID(), Revision: 1, PatientID: f.patient, Place: f.place,
		Snapshot: &patientv1.ConsentSnapshot{
			Kind: patientv1.Consent_COORDINATION, State: state, StartDate: "2026-03-02", ConsentsRevision: revision,
		},
	})
	f.Settle()
}

// A withdrawal that is heard of after the patient service has said yes wins over that yes.
func TestAWithdrawalHeardMeanwhileWins(t *testing.T) {
	run(t, func(f *fixture) {
		f.consent.revision.Store(3)
		f.tellCoordination("consent.granted", patientv1.Consent_GRANTED, 3)
		p := f.proposed()
		before := f.told()
		f.consent.meanwhile = func() {
			f.consent.meanwhile = nil
			f.tellCoordination("consent.withdrawn", patientv1.Consent_WITHDRAWN, 4)
		}
		agree := &sickleavev1.AgreeReturnToWorkPlanRequest{PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Party: sickleavev1.ReturnToWorkPlan_EMPLOYER}
		_, err := f.client.AgreeReturnToWorkPlan(f.rc, agree)
		requireFault(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = f.client.UpdateReturnToWorkPlan(f.rc, &sickleavev1.UpdateReturnToWorkPlanRequest{ReturnToWorkPlan: &sickleavev1.ReturnToWorkPlan{
			PatientId: f.patient, ReturnToWorkPlanId: p.GetReturnToWorkPlanId(), Note: "canary",
		}})
		requireFault(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		require.Equal(f, before, f.told())

		// What the patient service says later than what was heard counts: the log may lag behind it.
		f.consent.revision.Store(5)
		_, err = f.client.AgreeReturnToWorkPlan(f.rc, agree)
		require.NoError(f, err)
	})
}
