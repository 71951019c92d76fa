package careplan_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

// A withdrawal that is heard of after the patient service has said yes wins over that yes.
func TestAWithdrawalHeardMeanwhileWins(t *testing.T) {
	run(t, func(f *fixture) {
		f.patients.revision.Store(3)
		f.tellCoordination("consent.granted", patientv1.Consent_GRANTED, 3)
		withdrawn := func() {
			f.patients.meanwhile = nil
			f.tellCoordination("consent.withdrawn", patientv1.Consent_WITHDRAWN, 4)
		}
		f.patients.meanwhile = withdrawn
		_, err := f.newBrief()
		refused(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = f.askForBrief()
		refused(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		_, err = f.client.CreateRecommendation(f.As("rehabilitation_coordinator", f.place), &careplanv1.CreateRecommendationRequest{
			Recommendation: &careplanv1.Recommendation{PatientId: f.patient, Topic: careplanv1.Recommendation_REFERRAL, Text: "canary", Reason: "canary"},
		})
		refused(f, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
		require.Empty(f, f.told())

		// What the patient service says later than what was heard counts: the log may lag behind it.
		f.patients.revision.Store(6)
		_, err = f.newBrief()
		require.NoError(f, err)

		// So does a yes that was heard of after a no.
		f.patients.consented.Store(false)
		f.patients.meanwhile = func() {
			f.patients.meanwhile = nil
			f.tellCoordination("consent.replaced", patientv1.Consent_REPLACED, 7)
			f.tellCoordination("consent.granted", patientv1.Consent_GRANTED, 8)
		}
		_, err = f.newBrief()
		require.NoError(f, err)
		// A word that comes late changes nothing.
		f.tellCoordination("consent.declined", patientv1.Consent_DECLINED, 5)
		_, err = f.newBrief()
		require.NoError(f, err)
	})
}
