package requirements_test

import (
	"os"
	"path/filepath"
	"regexp"
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

// The list in doc.go names each requirement beside the file that tests it, and no other.
func TestTheListOfRequirementsIsTrue(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	listed := map[string][]string{}
	for _, line := range regexp.MustCompile(`(?m)^//\t(\w+_test\.go) +(R[R0-9 ]+)$`).FindAllSubmatch(doc, -1) {
		listed[string(line[1])] = regexp.MustCompile(`R\d\d`).FindAllString(string(line[2]), -1)
	}
	tested := map[string][]string{}
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`(?m)^func Test(R\d\d)_`).FindAllSubmatch(text, -1) {
			tested[file] = append(tested[file], string(found[1]))
		}
		slices.Sort(tested[file])
	}
	require.NotEmpty(t, listed)
	for file, numbers := range tested {
		if len(numbers) > 0 {
			require.Equal(t, numbers, listed[file], file)
		}
	}
	require.Len(t, listed, len(slices.DeleteFunc(files, func(file string) bool { return len(tested[file]) == 0 })))
}
