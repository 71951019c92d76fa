package throwaway_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/throwaway"
)

const asOwner = "THROWAWAY_TEST_OWNER"

// TestMain lets this binary play the process that owns a server and is killed.
func TestMain(m *testing.M) {
	if fifo := os.Getenv(asOwner); fifo != "" {
		own(fifo)
	}
	os.Exit(m.Run())
}

// own starts a server that holds fifo open for writing, prints its folder and
// waits to be killed.
func own(fifo string) {
	s, err := start(context.Background(), fifo)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.Dir())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func start(ctx context.Context, fifo string) (*throwaway.Server, error) {
	s, err := throwaway.New("sleeper", syscall.SIGTERM, "")
	if err != nil {
		return nil, err
	}
	mark := filepath.Join(s.Dir(), "ready")
	ready := func(context.Context, int) error { _, err := os.Stat(mark); return err }
	return s, s.Start(ctx, ready, "/bin/sh", "-c", `exec 3>"$1"; : >ready; exec sleep 600`, "sh", fifo)
}

// newFIFO is a pipe by name, with its reading end: that end sees the end of
// the file at the very moment when the last writer is gone.
func newFIFO(t *testing.T) (string, *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "held")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	// O_NONBLOCK: do not wait for the writer.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	require.NoError(t, f.SetReadDeadline(time.Now().Add(time.Minute)))
	return path, f
}

func TestKilledOwnerTakesServerAndFolderWithIt(t *testing.T) {
	fifo, held := newFIFO(t)
	owner := exec.Command(os.Args[0])
	owner.Env = append(os.Environ(), asOwner+"="+fifo)
	owner.Stderr = os.Stderr
	stdin, err := owner.StdinPipe()
	require.NoError(t, err)
	defer stdin.Close()
	stdout, err := owner.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, owner.Start())
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan())
	dir := lines.Text()
	require.DirExists(t, dir)

	require.NoError(t, owner.Process.Kill())
	_ = owner.Wait()

	_, err = io.ReadAll(held)
	require.NoError(t, err, "the server still runs")
	require.Eventually(t, func() bool { _, err := os.Stat(dir); return errors.Is(err, os.ErrNotExist) },
		time.Minute, 10*time.Millisecond)
}

func TestCloseEndsPausedServer(t *testing.T) {
	fifo, held := newFIFO(t)
	s, err := start(t.Context(), fifo)
	require.NoError(t, err)
	require.NoError(t, s.Pause())
	s.Close()
	_, err = io.ReadAll(held)
	require.NoError(t, err)
	require.NoDirExists(t, s.Dir())
	s.Close() // again: nothing left to do
}

func TestRestartAfterKill(t *testing.T) {
	fifo, held := newFIFO(t)
	s, err := start(t.Context(), fifo)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Kill())
	_, err = io.ReadAll(held)
	require.NoError(t, err)
	require.NoError(t, s.Restart(t.Context()))
	require.NoError(t, s.Pause())
	require.NoError(t, s.Resume())
}

func TestServerThatEndsAtStartShowsItsLog(t *testing.T) {
	s, err := throwaway.New("broken", syscall.SIGTERM, "")
	require.NoError(t, err)
	defer s.Close()
	never := func(context.Context, int) error { return errors.New("no answer") }
	err = s.Start(t.Context(), never, "/bin/sh", "-c", "echo no such option >&2; exit 1")
	require.ErrorContains(t, err, "no such option")
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"14", "15"} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, version, "bin"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, version, "bin", "storekeeper"), nil, 0o700))
	}
	path, err := throwaway.Find("storekeeper", filepath.Join(dir, "*", "bin"))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "15", "bin", "storekeeper"), path)

	_, err = throwaway.Find("storekeeper")
	require.ErrorIs(t, err, throwaway.ErrMissing)
}
