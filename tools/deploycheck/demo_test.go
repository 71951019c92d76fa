package deploycheck

import (
	"bufio"
	"context"
	"debug/elf"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// longest bounds what is started here; the demo of a busy machine takes a while.
const longest = 10 * time.Minute

// folder is where the programs are built.
var folder string

// programs builds both programs as the image does.
var programs = sync.OnceValue(func() error {
	var err error
	if folder, err = os.MkdirTemp("", "deploycheck-"); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", folder+"/", "./cmd/coworkcare", "./cmd/coworkctl")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", build, err, output)
	}
	return nil
})

func built(t testing.TB, name string) string {
	t.Helper()
	require.NoError(t, programs())
	return filepath.Join(folder, name)
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the chart's loader tells of a link on every load
	code := m.Run()
	if folder != "" {
		_ = os.RemoveAll(folder)
	}
	os.Exit(code)
}

// The image's last stage has no C library and no loader.
func TestProgramsAreStatic(t *testing.T) {
	for _, name := range []string{"coworkcare", "coworkctl"} {
		file, err := elf.Open(built(t, name))
		require.NoError(t, err)
		libraries, err := file.ImportedLibraries()
		require.NoError(t, err)
		require.Empty(t, libraries, name)
		for _, part := range file.Progs {
			require.NotEqual(t, elf.PT_INTERP, part.Type, "%s asks for a loader", name)
		}
		require.NoError(t, file.Close())
	}
}

// scraped is what the operations port shows, by name.
type scraped map[string]*dto.MetricFamily

// demo gives what a demo shows; one is run for all tests.
func demo(t testing.TB) scraped {
	t.Helper()
	require.NoError(t, programs())
	shown, err := demoOnce()
	require.NoError(t, err)
	return shown
}

// demoOnce runs the demo on free ports until it is laid out, reads its metrics, and stops it. The names are the same on SQLite
// and PostgreSQL, with a Redis inside the process and a server.
var demoOnce = sync.OnceValues(func() (shown scraped, err error) {
	ports, err := free(3)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(folder, "coworkcare"), "dev", "--demo")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "COWORKCARE_DATA_DIR="+filepath.Join(folder, "data"), "COWORKCARE_HTTP_ADDR="+ports[0], "COWORKCARE_GRPC_ADDR="+ports[1],
		"COWORKCARE_OPS_ADDR="+ports[2], "COWORKCARE_DATABASE_URL=", "COWORKCARE_REDIS_URL=", "COWORKCARE_CONFIG=", "COWORKCARE_SERVICES=")
	cmd.Stderr = os.Stderr
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(io.Discard, output)
		_ = cmd.Wait()
	}()
	var said []string
	for lines := bufio.NewScanner(output); ; {
		if !lines.Scan() {
			return nil, fmt.Errorf("the demo ended before it was laid out:\n%s", strings.Join(said, "\n"))
		}
		if said = append(said, lines.Text()); strings.HasPrefix(lines.Text(), "Ctrl-C stops it") {
			break
		}
	}
	response, err := http.Get("http://" + ports[2] + "/metrics")
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(response.Body)
})

// free gives addresses on loopback that nobody listens on.
func free(n int) (addresses []string, err error) {
	for range n {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = listener.Close() }()
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}
