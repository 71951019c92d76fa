package deploycheck

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/require"
)

func TestImage(t *testing.T) {
	result, err := parser.Parse(bytes.NewReader(content(t, "deploy/Dockerfile")))
	require.NoError(t, err)
	require.Empty(t, result.Warnings)
	stages, _, err := instructions.Parse(result.AST, nil)
	require.NoError(t, err)
	last := stages[len(stages)-1]
	require.Equal(t, "scratch", last.BaseName, "no shell, no libraries, nothing to keep up to date")

	var user, entrypoint, command string
	env, copied := map[string]string{}, ""
	for _, one := range last.Commands {
		switch c := one.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.EntrypointCommand:
			require.False(t, c.PrependShell)
			entrypoint = strings.Join(c.CmdLine, " ")
		case *instructions.CmdCommand:
			require.False(t, c.PrependShell)
			command = strings.Join(c.CmdLine, " ")
		case *instructions.EnvCommand:
			for _, pair := range c.Env {
				env[pair.Key] = pair.Value
			}
		case *instructions.CopyCommand:
			require.Equal(t, stages[0].Name, c.From)
			copied += strings.Join(c.SourcePaths, " ") + " "
		case *instructions.RunCommand:
			t.Fatal("nothing can run in the last stage")
		case *instructions.ExposeCommand:
			require.NotContains(t, c.Ports, "9100", "the operations port is for nobody outside")
		}
	}
	require.Equal(t, "65532:65532", user)
	require.Equal(t, "coworkcare", entrypoint)
	require.Equal(t, "serve", command)
	require.Equal(t, "/out/coworkcare /out/coworkctl", strings.TrimSpace(copied[strings.Index(copied, "/out/"):]))
	require.Contains(t, copied, "ca-certificates.crt")
	require.Equal(t, map[string]string{"PATH": "/usr/local/bin", "COWORKCARE_HTTP_ADDR": ":8080", "COWORKCARE_GRPC_ADDR": ":9090", "COWORKCARE_OPS_ADDR": ":9100"}, env)

	recipe := string(content(t, "deploy/Dockerfile"))
	require.Contains(t, recipe, "CGO_ENABLED=0")
	for _, stage := range stages {
		for _, one := range stage.Commands {
			if c, ok := one.(*instructions.CopyCommand); ok && c.From == "" && c.SourcePaths[0] != "." {
				for _, path := range c.SourcePaths {
					require.FileExists(t, under(t, path))
				}
			}
		}
	}
}

// What an image is built from holds no secret and nothing that only tests need.
func TestImageLeavesOut(t *testing.T) {
	ignored := strings.Fields(string(content(t, "deploy/Dockerfile.dockerignore")))
	for _, path := range []string{"build", ".coworkcare", "deploy"} {
		require.Contains(t, ignored, path)
	}
	for _, path := range []string{"go.mod", "proto", "cmd", "platform", "services", "gateway", ".git"} {
		require.NotContains(t, ignored, path)
	}
	_, err := os.Stat(under(t, ".dockerignore"))
	require.ErrorIs(t, err, os.ErrNotExist, "deploy/Dockerfile.dockerignore is the one that holds")
}
