package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"

	"github.com/coworkcare/coworkcare/gateway"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/telemetry"
	"github.com/coworkcare/coworkcare/services/careplan"
	"github.com/coworkcare/coworkcare/services/caseload"
	"github.com/coworkcare/coworkcare/services/employerdialogue"
	"github.com/coworkcare/coworkcare/services/followup"
	"github.com/coworkcare/coworkcare/services/patient"
	"github.com/coworkcare/coworkcare/services/sickleave"
)

// childVariable says to a copy of this program that it is the server; its value is the configuration, as JSON.
const childVariable = "COWORKCARE_BENCH_SERVER"

var modules = []app.Module{patient.Module, careplan.Module, sickleave.Module, employerdialogue.Module, followup.Module, caseload.Module}

// childConfig is what a server is started with.
type childConfig struct {
	URL string // of PostgreSQL; empty: SQLite
	Dir string // for keys, and for SQLite
}

// hello is what a server says once it serves.
type hello struct{ GRPC, HTTP string }

// command is one line to the server; each is answered with one line.
type command struct {
	Do     string // usage, settle, work, rest, watch, seen, token, profile, profiled
	Claims *devissuer.Claims
	File   string
}

// usage is what a process has used up since it started.
type usage struct {
	CPU    time.Duration // user and system
	Allocs uint64
	Bytes  uint64 // allocated
}

func (u usage) since(before usage) usage {
	return usage{CPU: u.CPU - before.CPU, Allocs: u.Allocs - before.Allocs, Bytes: u.Bytes - before.Bytes}
}

func (u usage) plus(v usage) usage {
	return usage{CPU: u.CPU + v.CPU, Allocs: u.Allocs + v.Allocs, Bytes: u.Bytes + v.Bytes}
}

// answer is the server's answer to a command.
type answer struct {
	Error      string
	Usage      usage
	Token      string
	Statements []string
}

// used is what this process has used up.
func used() usage {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()), Allocs: m.Mallocs, Bytes: m.TotalAlloc}
}

// child is the server process.
type child struct {
	system  *app.System
	issuer  *devissuer.Issuer
	watch   *watch
	profile *os.File

	stopWork context.CancelFunc
	workDone chan struct{}
}

// serveAsChild serves until the standard input ends, which it does when the benchmark is gone, in whatever way it went.
func serveAsChild(text string) error {
	var c childConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	ctx := context.Background()
	log := telemetry.NewLog(os.Stderr, slog.LevelWarn)
	signals, err := telemetry.Start(ctx, "bench")
	if err != nil {
		return err
	}
	s := &child{watch: watchTraces()}
	keys, err := crypt.OpenDev(c.Dir)
	if err != nil {
		return err
	}
	if s.issuer, err = devissuer.New(devissuer.Config{URL: "http://127.0.0.1/issuer"}); err != nil {
		return err
	}
	callers, err := identity.NewVerifier(ctx, identity.Config{Issuer: s.issuer.URL(), KeySet: s.issuer.KeySet()})
	if err != nil {
		return err
	}
	s.system, err = app.Build(ctx, app.Parts{
		Log: log, Clock: clock.Wall(), Keys: keys, Database: sqldb.Config{URL: c.URL, Dir: c.Dir}, Callers: callers,
		Modules: modules, Metrics: signals.Registry})
	if err != nil {
		return err
	}
	logCtx, stopLog := context.WithCancel(ctx)
	defer stopLog()
	var logDone sync.WaitGroup
	logDone.Go(func() { _ = s.system.RunLog(logCtx) })
	greeting, stop, err := s.listen(ctx, log)
	if err != nil {
		return err
	}
	s.work(ctx)
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(greeting); err != nil {
		return err
	}
	err = s.obey(ctx, os.Stdin, out)
	s.rest()
	stop()
	s.system.Server.Stop()
	stopLog()
	logDone.Wait()
	return errors.Join(err, s.system.Close())
}

// listen serves gRPC and REST on loopback.
func (s *child) listen(ctx context.Context, log *slog.Logger) (hello, func(), error) {
	go func() { _ = s.system.Serve() }()
	direct, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return hello{}, nil, err
	}
	go func() { _ = s.system.Server.Serve(direct) }()
	conn, err := s.system.Gateway()
	if err != nil {
		return hello{}, nil, err
	}
	var register []gateway.Register
	for _, routes := range s.system.Routes() {
		register = append(register, gateway.Register(routes))
	}
	handler, err := gateway.New(ctx, gateway.Options{Log: log, Conn: conn, Register: register})
	if err != nil {
		return hello{}, nil, err
	}
	listener, err := gateway.Listen("127.0.0.1:0")
	if err != nil {
		return hello{}, nil, err
	}
	web := gateway.Server("", handler)
	go func() { _ = web.Serve(listener) }()
	stop := func() { _, _ = web.Close(), conn.Close() }
	return hello{GRPC: direct.Addr().String(), HTTP: "http://" + listener.Addr().String()}, stop, nil
}

// work lets the services do what they do unasked.
func (s *child) work(ctx context.Context) {
	if s.stopWork != nil {
		return
	}
	ctx, s.stopWork = context.WithCancel(ctx)
	done := make(chan struct{})
	s.workDone = done
	go func() {
		defer close(done)
		_ = s.system.Work(ctx)
	}()
}

// rest ends that until work is called again.
func (s *child) rest() {
	if s.stopWork == nil {
		return
	}
	s.stopWork()
	<-s.workDone
	s.stopWork = nil
}

// obey carries out commands until there are no more.
func (s *child) obey(ctx context.Context, in io.Reader, out *json.Encoder) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var c command
		err := json.Unmarshal(lines.Bytes(), &c)
		var a answer
		if err == nil {
			a, err = s.carryOut(ctx, c)
		}
		if err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (s *child) carryOut(ctx context.Context, c command) (a answer, err error) {
	switch c.Do {
	case "usage":
		a.Usage = used()
	case "settle":
		_, err = s.system.Settle(ctx)
	case "work":
		s.work(ctx)
	case "rest":
		s.rest()
	case "watch":
		s.watch.open()
	case "seen":
		a.Statements = s.watch.close()
	case "token":
		a.Token, err = s.issuer.Mint(*c.Claims)
	case "profile":
		if s.profile, err = os.Create(c.File); err == nil {
			err = pprof.StartCPUProfile(s.profile)
		}
	case "profiled":
		pprof.StopCPUProfile()
		err = errors.Join(s.profile.Close(), writeAllocs(c.File))
	default:
		err = fmt.Errorf("no command %q", c.Do)
	}
	return a, err
}

// writeAllocs writes what has been allocated since the process started.
func writeAllocs(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}
