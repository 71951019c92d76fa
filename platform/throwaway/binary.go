package throwaway

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ErrMissing tells that a server's program is not installed.
var ErrMissing = errors.New("program is not installed")

// Find looks for a program in PATH, then in folders given as glob patterns,
// taking the last match of a pattern (the highest version where the folders
// carry one). The error wraps ErrMissing.
func Find(program string, folders ...string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	for _, folder := range folders {
		found, err := filepath.Glob(filepath.Join(folder, program))
		if err != nil {
			return "", fmt.Errorf("throwaway: folder pattern %q: %w", folder, err)
		}
		if len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", fmt.Errorf("throwaway: %s: %w", program, ErrMissing)
}

// Require decides what a server that did not start means for a test. nil: go
// on. A missing program: skip on a laptop, fail where the environment variable
// CI is set, so that a green build never hides a server that was not there.
// Any other error: fail.
func Require(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case errors.Is(err, ErrMissing) && os.Getenv("CI") == "":
		tb.Skipf("%v: install it to run this test (with CI set this is a failure)", err)
	default:
		tb.Fatal(err)
	}
}
