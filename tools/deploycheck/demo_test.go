package deploycheck

import (
	"bufio"
	"debug/elf"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
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
	running.stop()
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

// demonstration is a running demo. The names of its metrics are the same on SQLite and PostgreSQL, with a Redis inside the process
// and a server.
type demonstration struct {
	cmd    *exec.Cmd
	output io.Reader
	ops    string // address of the operations port
	shown  scraped
	traces *httptest.Server // takes them
	posts  atomic.Int64     // of traces
}

// running is the one demo of all tests; TestMain stops it.
var running = &demonstration{}

var startOnce = sync.OnceValue(running.start)

// demo gives a demo that is laid out.
func demo(t testing.TB) *demonstration {
	t.Helper()
	require.NoError(t, programs())
	require.NoError(t, startOnce())
	return running
}

// start runs the demo on free ports until it is laid out, and reads its metrics.
func (d *demonstration) start() error {
	ports, err := free(3)
	if err != nil {
		return err
	}
	d.ops = ports[2]
	d.traces = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/traces" {
			d.posts.Add(1)
		}
	}))
	d.cmd = exec.Command(filepath.Join(folder, "coworkcare"), "dev", "--demo")
	d.cmd.Dir = folder
	d.cmd.Env = append(os.Environ(), "COWORKCARE_DATA_DIR="+filepath.Join(folder, "data"), "COWORKCARE_HTTP_ADDR="+ports[0], "COWORKCARE_GRPC_ADDR="+ports[1],
		"COWORKCARE_OPS_ADDR="+ports[2], "COWORKCARE_DATABASE_URL=", "COWORKCARE_REDIS_URL=", "COWORKCARE_CONFIG=", "COWORKCARE_SERVICES=",
		"OTEL_EXPORTER_OTLP_ENDPOINT="+d.traces.URL, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_TRACES_EXPORTER=")
	d.cmd.Stderr = os.Stderr
	if d.output, err = d.cmd.StdoutPipe(); err != nil {
		return err
	}
	if err := d.cmd.Start(); err != nil {
		return err
	}
	tooLong := time.AfterFunc(longest, d.stop)
	defer tooLong.Stop()
	var said []string
	for lines := bufio.NewScanner(d.output); ; {
		if !lines.Scan() {
			return fmt.Errorf("the demo ended before it was laid out:\n%s", strings.Join(said, "\n"))
		}
		if said = append(said, lines.Text()); strings.HasPrefix(lines.Text(), "Ctrl-C stops it") {
			break
		}
	}
	response, err := http.Get("http://" + d.ops + "/metrics")
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	d.shown, err = parser.TextToMetricFamilies(response.Body)
	return err
}

// stop ends the demo, if one was started.
func (d *demonstration) stop() {
	if d.cmd == nil || d.cmd.Process == nil {
		return
	}
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	_, _ = io.Copy(io.Discard, d.output)
	_ = d.cmd.Wait()
	d.traces.Close()
}

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
