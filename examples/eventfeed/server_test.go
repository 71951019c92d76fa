package main

import (
	"bytes"
	"encoding/json"
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
)

// product is `coworkcare dev` in a folder of its own.
type product struct {
	t        *testing.T
	program  string
	settings []string
	grpc     string
	ops      string
	cmd      *exec.Cmd
	done     chan struct{}
	out      *output
}

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

// newProduct finds the program, which `make build` builds and COWORKCARE_BIN names.
func newProduct(t *testing.T) *product {
	t.Helper()
	program := os.Getenv("COWORKCARE_BIN")
	if program == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("COWORKCARE_BIN names no program; make clients builds one and names it")
		}
		t.Skip("COWORKCARE_BIN names no program; make clients builds one and names it")
	}
	folder := t.TempDir()
	addresses := free(t, 3)
	return &product{t: t, program: program, grpc: addresses[1], ops: addresses[2], settings: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "COWORKCARE_DATA_DIR=" + filepath.Join(folder, "data"),
		"COWORKCARE_HTTP_ADDR=" + addresses[0], "COWORKCARE_GRPC_ADDR=" + addresses[1], "COWORKCARE_OPS_ADDR=" + addresses[2]}}
}

// free gives addresses on loopback that nobody listens on.
func free(t *testing.T, count int) []string {
	t.Helper()
	var addresses []string
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }() // all at once, so that they differ
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses
}

func (p *product) start() {
	p.t.Helper()
	p.out, p.done = &output{}, make(chan struct{})
	p.cmd = exec.Command(p.program, "dev")
	p.cmd.Env, p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.settings, p.t.TempDir(), p.out, p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd, done := p.cmd, p.done
	go func() { _ = cmd.Wait(); close(done) }()
	p.t.Cleanup(p.stop)
	eventually(p.t, "the product is ready", func() bool { return strings.Contains(p.out.String(), "is ready") })
}

// stop ends the process and waits for it; twice is once.
func (p *product) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// token asks the development desk for a token and the unit it is for.
func (p *product) token(role, unit string) (token, careUnitID string) {
	p.t.Helper()
	body, err := json.Marshal(map[string]string{"role": role, "unit": unit})
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.Post("http://"+p.ops+"/dev/token", "application/json", bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Token      string `json:"token"`
		CareUnitID string `json:"care_unit_id"`
		Error      string `json:"error"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Token == "" {
		p.t.Fatalf("no token for %s: %v %s", role, err, answer.Error)
	}
	return answer.Token, answer.CareUnitID
}

// eventually asks again and again until it holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	until := time.After(2 * time.Minute)
	for !holds() {
		select {
		case <-tick.C:
		case <-until:
			t.Fatalf("never: %s", what)
		}
	}
}
