package deploycheck

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the repository.
const root = "../.."

// under is the path of something in the repository.
func under(t testing.TB, elements ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(append([]string{root}, elements...)...))
	require.NoError(t, err)
	return path
}

func content(t testing.TB, elements ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(under(t, elements...))
	require.NoError(t, err)
	return text
}

// program finds an installed program. Where it is missing, the test is skipped on a laptop and fails in CI.
func program(t testing.TB, name, from string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("CI") != "" {
		t.Fatalf("there is no %s: install %s", name, from)
	}
	if err != nil {
		t.Skipf("there is no %s: install %s", name, from)
	}
	return path
}
