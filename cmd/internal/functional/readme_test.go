package functional_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// readme runs the README's commands as they stand, but for the ports, on the running demo: all but make itself.
func (s *site) readme(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	var script []string
	for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		if !strings.HasPrefix(block[1], "make ") {
			script = append(script, block[1])
		}
	}
	require.Len(t, script, 2, "blocks of commands to try")
	commands := strings.ReplaceAll(strings.Join(script, "\n"), "127.0.0.1:8080", s.rest)
	require.NotContains(t, commands, "127.0.0.1:9")
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"PATH=" + filepath.Dir(program(t, "coworkctl")) + ":" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	for key, value := range s.settings {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	said, err := cmd.CombinedOutput()
	require.NoErrorf(t, err, "%s", said)
	for _, want := range []string{`"followUps":[`, `"rows":[`, `"totalScore":`, "event: ready"} {
		require.Contains(t, string(said), want)
	}
}
