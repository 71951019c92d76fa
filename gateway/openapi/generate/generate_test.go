package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The committed document is what the contract and the examples say. A change of it is seen in its diff.
func TestCommittedDocument(t *testing.T) {
	generated, err := generate("../../../proto", "../examples")
	require.NoError(t, err)
	committed, err := os.ReadFile("../openapi.json")
	require.NoError(t, err)
	want, got := strings.Split(string(generated), "\n"), strings.Split(string(committed), "\n")
	for i := range min(len(want), len(got)) {
		require.Equalf(t, want[i], got[i], "gateway/openapi/openapi.json, line %d: run make generate and commit", i+1)
	}
	require.Len(t, got, len(want), "run make generate and commit")
}

func TestComments(t *testing.T) {
	c := &contract{fields: map[string]bool{"care_plan_id": true, "follow_up": true, "patient": true, "etag": true}}
	require.Equal(t, "One line and the next.\n\nA second paragraph:\n- a point\n- another that goes on",
		flow(" One line\n and the next.\n\n A second paragraph:\n - a point\n - another\n that goes on\n"))
	require.Equal(t, "`carePlanId`, `patient.carePlanId`, `follow_up.created`, `etag`",
		c.inJSON("`care_plan_id`, `patient.care_plan_id`, `follow_up.created`, `etag`"))
	require.Equal(t, "Signs a certificate", summary("Signs a certificate: DRAFT → SIGNED. Errors: NOT_FOUND."))
	require.Equal(t, "Reads the clock", summary("Reads the clock."))
}
