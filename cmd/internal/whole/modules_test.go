package whole_test

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
	"github.com/coworkcare/coworkcare/services/patient"
	"github.com/coworkcare/coworkcare/services/sickleave"
)

// modules are the services under test: every folder under services/.
var modules = []app.Module{patient.Module, careplan.Module, sickleave.Module, employerdialogue.Module, followup.Module, caseload.Module}

func TestEveryServiceIsHere(t *testing.T) {
	entries, err := os.ReadDir("../../../services")
	require.NoError(t, err)
	var folders, here []string
	for _, entry := range entries {
		if entry.IsDir() {
			folders = append(folders, entry.Name())
		}
	}
	for _, module := range modules {
		here = append(here, module.Name)
	}
	slices.Sort(here)
	require.Equal(t, folders, here, "name every service in modules")
}
