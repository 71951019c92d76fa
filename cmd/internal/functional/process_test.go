package functional_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// process is a program that runs.
type process struct {
	t        testing.TB
	cmd      *exec.Cmd
	out, err output
	done     chan struct{} // closed when it has ended
}

// launch starts a program with settings of its own and none of this process's.
func launch(t testing.TB, name string, settings map[string]string, args ...string) *process {
	t.Helper()
	p := &process{t: t, done: make(chan struct{})}
	p.cmd = exec.Command(program(t, name), args...)
	p.cmd.Dir = t.TempDir() // what it would write where it stands, it writes here
	p.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
	for key, value := range settings {
		p.cmd.Env = append(p.cmd.Env, key+"="+value)
	}
	slices.Sort(p.cmd.Env)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C in the terminal is for the tests
	require.NoError(t, p.cmd.Start())
	unleash := leash(t, p.cmd.Process.Pid)
	go func() {
		_ = p.cmd.Wait()
		unleash()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s %s wrote:\n%s%s", name, strings.Join(args, " "), tail(p.out.String()), tail(p.err.String()))
		}
	})
	return p
}

// leash ends a process when this one is gone, in whatever way it went, and gives what takes the leash off.
func leash(t testing.TB, pid int) func() {
	t.Helper()
	shell := exec.Command("/bin/sh", "-c", `read -r word; [ "$word" = free ] || kill -9 "$1"`, "leash", strconv.Itoa(pid))
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	hold, err := shell.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, shell.Start())
	return func() {
		_, _ = fmt.Fprintln(hold, "free")
		_ = shell.Wait()
	}
}

// tail is the end of a text.
func tail(text string) string {
	const most = 3000
	if len(text) <= most {
		return text
	}
	return "…" + text[len(text)-most:]
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// kill ends the process without notice, as kill -9 does, and waits until it is gone.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
}

// ended tells whether the process has ended.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// exit waits until the process has ended by itself, and gives its exit status.
func (p *process) exit(within time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		p.signal(syscall.SIGQUIT) // its goroutines tell what it waits for
		select {
		case <-p.done:
		case <-time.After(5 * time.Second):
		}
		require.FailNowf(p.t, "the process goes on", "for more than %v\n%s", within, tail(p.err.String()))
	}
	return p.cmd.ProcessState.ExitCode()
}

// stop asks the process to end and expects it to do so well and soon. It gives how long that took.
func (p *process) stop(s syscall.Signal) time.Duration {
	p.t.Helper()
	began := time.Now()
	p.signal(s)
	require.Zerof(p.t, p.exit(endsWithin), "exit status after %v\n%s", s, tail(p.err.String()))
	return time.Since(began)
}

// endsWithin is how long a process may take from the signal to its end.
const endsWithin = 10 * time.Second

// eventually asks again and again until there is no error, for a time.
func eventually(t testing.TB, within time.Duration, what string, ask func() error) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	until := time.After(within)
	for {
		err := ask()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-until:
			require.FailNowf(t, "never: "+what, "within %v; last: %v", within, err)
		}
	}
}
