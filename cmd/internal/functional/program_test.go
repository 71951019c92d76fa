package functional_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// programs builds the programs, once for all tests, and gives the folder where they stand.
var programs = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "coworkcare-programs-")
	if err != nil {
		return "", err
	}
	const module = "github.com/coworkcare/coworkcare/cmd/"
	args := []string{"build", "-o", dir + string(filepath.Separator)}
	if os.Getenv("COWORKCARE_FUNCTIONAL_RACE") != "" {
		args = append(args, "-race")
	}
	args = append(args, module+"coworkcare", module+"coworkctl")
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		return dir, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return dir, noteSources(module+"coworkcare", module+"coworkctl")
})

// noteSources looks at every source file of the programs: go test keeps a result for as long as the files that the test has
// looked at are the same, and knows nothing of what the test builds.
func noteSources(packages ...string) error {
	const files = `{{if not .Standard}}{{$d := .Dir}}{{$d}}{{range .GoFiles}}{{"\n"}}{{$d}}/{{.}}{{end}}{{range .EmbedFiles}}{{"\n"}}{{$d}}/{{.}}{{end}}{{end}}`
	out, err := exec.Command("go", append([]string{"list", "-deps", "-f", files}, packages...)...).Output()
	if err != nil {
		return fmt.Errorf("listing the programs' sources: %w", err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		if _, err := os.Stat(name); err != nil {
			return err
		}
	}
	return nil
}

// program is where a program stands.
func program(t testing.TB, name string) string {
	t.Helper()
	dir, err := programs()
	require.NoError(t, err)
	return filepath.Join(dir, name)
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := programs(); dir != "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}
