package functional_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy stands between a client and a server and can lose the server's answers, and keep them apart.
type proxy struct {
	address string
	reach   func() (net.Conn, error) // the server
	mute    atomic.Bool
	barred  atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// newProxy stands before an address.
func newProxy(t testing.TB, target string) *proxy {
	t.Helper()
	return proxyTo(t, func() (net.Conn, error) { return net.Dial("tcp", target) })
}

func proxyTo(t testing.TB, reach func() (net.Conn, error)) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{address: listener.Addr().String(), reach: reach, conns: map[net.Conn]bool{}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.carry(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.cut()
		running.Wait()
	})
	return p
}

// swallow says whether what the server answers is lost from now on.
func (p *proxy) swallow(lost bool) { p.mute.Store(lost) }

// bar says whether nobody is let through from now on.
func (p *proxy) bar(barred bool) { p.barred.Store(barred) }

// cut ends every connection, in the midst of whatever it carries.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *proxy) hold(conn net.Conn) func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[conn] = true
	return func() {
		_ = conn.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, conn)
	}
}

func (p *proxy) carry(client net.Conn) {
	defer p.hold(client)()
	if p.barred.Load() {
		return
	}
	server, err := p.reach()
	if err != nil {
		return
	}
	defer p.hold(server)()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(sieve{client, &p.mute}, server)
	_ = client.Close()
	<-done
}

// sieve writes, or only seems to.
type sieve struct {
	io.Writer
	mute *atomic.Bool
}

func (s sieve) Write(p []byte) (int, error) {
	if s.mute.Load() {
		return len(p), nil
	}
	return s.Writer.Write(p)
}
