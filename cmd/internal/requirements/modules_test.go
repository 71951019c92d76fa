package requirements_test

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/services/careplan"
	"github.com/coworkcare/coworkcare/services/caseload"
	"github.com/coworkcare/coworkcare/services/employerdialogue"
	"github.com/coworkcare/coworkcare/services/followup"
	registry "github.com/coworkcare/coworkcare/services/patient"
	"github.com/coworkcare/coworkcare/services/sickleave"
)

// modules are the services, as the program has them.
var modules = []app.Module{registry.Module, careplan.Module, sickleave.Module, employerdialogue.Module, followup.Module, caseload.Module}

func TestTheWholeProductIsHere(t *testing.T) {
	entries, err := os.ReadDir("../../../services")
	require.NoError(t, err)
	for _, entry := range entries {
		require.True(t, slices.ContainsFunc(modules, func(m app.Module) bool { return m.Name == entry.Name() }), entry.Name())
	}
}
