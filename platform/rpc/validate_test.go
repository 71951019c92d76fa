package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/rpc"
)

// A day is refused before any service sees it, unless the contract leaves it to the service. Text that is none is refused
// everywhere.
func TestDaysThatTheServiceChecks(t *testing.T) {
	validator, err := rpc.NewValidator()
	require.NoError(t, err)
	const patient = "01956c1e-0000-7000-8000-000000000001"
	require.NoError(t, validator.Check(&careplanv1.Assessment{PatientId: patient, AnswerDate: "2026-02-30"}))
	require.Error(t, validator.Check(&careplanv1.Assessment{PatientId: patient, AnswerDate: "2026-02-28\x00"}))
	require.Error(t, validator.Check(&careplanv1.Assessment{PatientId: patient, AnswerDate: "2026-02-28\xff"}))
	require.NoError(t, validator.Check(&patientv1.CheckConsentRequest{PatientId: patient, Kind: patientv1.Consent_COORDINATION, CheckDate: "2026-02-28"}))
	require.Error(t, validator.Check(&patientv1.CheckConsentRequest{PatientId: patient, Kind: patientv1.Consent_COORDINATION, CheckDate: "2026-02-30"}))
}
