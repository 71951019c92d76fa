// Package product starts the product for the tests of the examples, as somebody does who has its program and nothing else of it.
package product

import (
	"bytes"
	"context"
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

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// Product is `coworkcare dev` in a folder of its own.
type Product struct {
	GRPC     string // the address
	t        *testing.T
	program  string
	settings []string
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

// New finds the program, which `make build` builds and COWORKCARE_BIN names.
func New(t *testing.T) *Product {
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
	return &Product{t: t, program: program, GRPC: addresses[1], ops: addresses[2], settings: []string{
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

// Start starts it and waits until it is ready.
func (p *Product) Start() {
	p.t.Helper()
	p.out, p.done = &output{}, make(chan struct{})
	p.cmd = exec.Command(p.program, "dev")
	p.cmd.Env, p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = p.settings, p.t.TempDir(), p.out, p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd, done := p.cmd, p.done
	go func() { _ = cmd.Wait(); close(done) }()
	p.t.Cleanup(p.Stop)
	Eventually(p.t, "the product is ready", func() bool { return strings.Contains(p.out.String(), "is ready") })
}

// Stop ends the process and waits for it; twice is once.
func (p *Product) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGINT)
	select {
	case <-p.done:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// Token asks the development desk for a token and the unit it is for.
func (p *Product) Token(role, unit string) (token, careUnitID string) {
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

// Connect gives a connection whose calls bear a token.
func (p *Product) Connect(token string) *grpc.ClientConn {
	p.t.Helper()
	conn, err := grpc.NewClient(p.GRPC, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(bearer(token)))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearer) RequireTransportSecurity() bool { return false }

// Eventually asks again and again until it holds.
func Eventually(t *testing.T, what string, holds func() bool) {
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
