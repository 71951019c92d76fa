// Package throwaway runs servers that live no longer than the process which
// started them, for tests against real PostgreSQL and Redis.
//
// Each server has a folder of its own under the system's temporary folder and
// a watchdog: a small shell that holds the reading end of a pipe. The writing
// end is held by this process alone, so the pipe closes when the process is
// gone, in whatever way it went (normal end, panic, time-out, kill -9). The
// watchdog then ends the server and removes the folder. No TestMain is needed.
package throwaway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// stopTime bounds how long a server may take to end by itself.
const stopTime = 5 * time.Second

// Server is one server process with its folder. Its methods are safe for
// concurrent use, but Start and Restart must not run at the same time.
type Server struct {
	dir    string
	stop   syscall.Signal
	attr   *syscall.SysProcAttr
	watch  *watchdog
	path   string
	args   []string
	ready  func(context.Context, int) error
	closed sync.Once

	mu   sync.Mutex
	proc *os.Process
	done chan struct{} // closed when proc has ended
}

// New makes the folder and its watchdog; nothing runs yet. name becomes part
// of the folder's name. stop is the signal that ends the server at once.
// account is the system user to run as when this process is root and the
// server refuses to be ("" keeps root); it owns the folder then.
func New(name string, stop syscall.Signal, account string) (*Server, error) {
	dir, err := os.MkdirTemp("", "coworkcare-"+name+"-")
	if err != nil {
		return nil, fmt.Errorf("throwaway: make folder: %w", err)
	}
	// A group of its own keeps a Ctrl-C in the terminal from the server: it
	// ends when the tests have ended, not before.
	s := &Server{dir: dir, stop: stop, attr: &syscall.SysProcAttr{Setpgid: true}}
	if s.watch, err = startWatchdog(dir, stop); err != nil {
		return nil, errors.Join(fmt.Errorf("throwaway: start watchdog: %w", err), os.RemoveAll(dir))
	}
	if account != "" && os.Geteuid() == 0 {
		if err := s.runAs(account); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (s *Server) runAs(account string) error {
	u, err := user.Lookup(account)
	if err != nil {
		return fmt.Errorf("throwaway: system user for the server: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return fmt.Errorf("throwaway: user id of %s: %w", account, err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return fmt.Errorf("throwaway: group id of %s: %w", account, err)
	}
	s.attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(s.dir, int(uid), int(gid)); err != nil {
		return fmt.Errorf("throwaway: hand over folder: %w", err)
	}
	return nil
}

// Dir is the server's folder. It is removed with the server.
func (s *Server) Dir() string { return s.dir }

// Run runs a preparing command (say, initdb) to its end, as the server's user
// and in its folder.
func (s *Server) Run(ctx context.Context, path string, args ...string) error {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, s.attr
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("throwaway: %s: %w\n%s", filepath.Base(path), err, out)
	}
	return nil
}

// Start starts the server and waits until ready returns nil; it is given the
// process id and called again every few milliseconds. When the server ends
// first, or ctx does, the error shows the end of the server's log.
func (s *Server) Start(ctx context.Context, ready func(ctx context.Context, pid int) error, path string, args ...string) error {
	s.path, s.args, s.ready = path, args, ready
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("throwaway: open log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, s.attr
	// A file, never this process's own output: go test waits for all who hold that.
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("throwaway: start %s: %w", filepath.Base(path), err)
	}
	done := make(chan struct{})
	s.mu.Lock()
	s.proc, s.done = cmd.Process, done
	s.mu.Unlock()
	s.watch.guard(cmd.Process.Pid)
	go s.wait(cmd, done)
	return s.awaitReady(ctx, cmd.Process.Pid, done)
}

func (s *Server) wait(cmd *exec.Cmd, done chan struct{}) {
	_ = cmd.Wait()
	s.watch.guard(0) // the process id may belong to somebody else from now on
	close(done)
}

func (s *Server) awaitReady(ctx context.Context, pid int, done <-chan struct{}) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.ready(ctx, pid)
		if err == nil {
			return nil
		}
		select {
		case <-done:
			return fmt.Errorf("throwaway: %s ended at start\n%s", filepath.Base(s.path), s.logTail())
		case <-ctx.Done():
			return fmt.Errorf("throwaway: %s is not ready (%w): %w\n%s", filepath.Base(s.path), ctx.Err(), err, s.logTail())
		case <-tick.C:
		}
	}
}

// Pause stops the server where it stands (SIGSTOP): connections stay open and
// nothing answers.
func (s *Server) Pause() error { return s.signal(syscall.SIGSTOP) }

// Resume lets a paused server go on.
func (s *Server) Resume() error { return s.signal(syscall.SIGCONT) }

// Kill ends the server without notice (SIGKILL) and waits until it is gone.
// Its folder stays.
func (s *Server) Kill() error {
	err := s.signal(syscall.SIGKILL)
	s.mu.Lock()
	done := s.done
	s.mu.Unlock()
	if done != nil {
		<-done
	}
	return err
}

// Restart starts an ended server again with the same arguments and folder, as
// Start does.
func (s *Server) Restart(ctx context.Context) error {
	return s.Start(ctx, s.ready, s.path, s.args...)
}

func (s *Server) signal(sig syscall.Signal) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil {
		return errors.New("throwaway: the server was never started")
	}
	if err := s.proc.Signal(sig); err != nil {
		return fmt.Errorf("throwaway: signal %v: %w", sig, err)
	}
	return nil
}

// Close ends the server and removes its folder. It is needed only by those who
// cannot wait for the end of the process.
func (s *Server) Close() {
	s.closed.Do(func() {
		s.mu.Lock()
		proc, done := s.proc, s.done
		s.mu.Unlock()
		if proc != nil {
			_ = proc.Signal(s.stop)
			_ = proc.Signal(syscall.SIGCONT) // a paused server sees no other signal
			select {
			case <-done:
			case <-time.After(stopTime):
				_ = proc.Kill()
				<-done
			}
		}
		s.watch.release()
	})
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "server.log") }

// logTail is the last of what the server had to say.
func (s *Server) logTail() string {
	const most = 2000
	f, err := os.Open(s.logFile())
	if err != nil {
		return ""
	}
	defer f.Close()
	if size, err := f.Seek(0, io.SeekEnd); err == nil {
		_, _ = f.Seek(max(0, size-most), io.SeekStart)
	}
	tail, _ := io.ReadAll(f)
	return string(tail)
}
