package rpc

import (
	"net"
	"sync"
)

// prefaceSize is that of the client's connection preface, before its first frame (RFC 9113 section 3.4), headerSize that of a
// frame's header (section 4.1).
const (
	prefaceSize = 24
	headerSize  = 9
)

// Listener knows which of its connections have not greeted yet. A stopping server waits for those before it tells anybody
// else that it stops, until its connection time-out: one half-open connection would hold up every stop.
type Listener struct {
	net.Listener

	mu      sync.Mutex
	waiting map[*greeting]struct{}
	dropped bool
}

// NewListener wraps a listener of plain HTTP/2.
func NewListener(inner net.Listener) *Listener {
	return &Listener{Listener: inner, waiting: map[*greeting]struct{}{}}
}

// Accept waits for the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g := &greeting{Conn: conn, listener: l, due: prefaceSize + headerSize}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped {
		_ = conn.Close()
	} else {
		l.waiting[g] = struct{}{}
	}
	return g, nil
}

// DropHalfOpen closes the connections that have not greeted, and every one that still comes. Call it before the server stops.
func (l *Listener) DropHalfOpen() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropped = true
	for g := range l.waiting {
		_ = g.Conn.Close()
	}
	clear(l.waiting)
}

func (l *Listener) forget(g *greeting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, g)
}

// greeting is a connection that counts what it reads until the client's greeting is whole: the preface and the first frame.
type greeting struct {
	net.Conn
	listener *Listener
	header   [3]byte // of the first frame: the size of what follows it
	read     int
	due      int
	greeted  bool
}

// Read reads. The server reads a connection from one goroutine at a time.
func (g *greeting) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if !g.greeted {
		g.count(p[:n])
	}
	return n, err
}

func (g *greeting) count(p []byte) {
	for i, b := range p {
		if at := g.read + i - prefaceSize; at >= 0 && at < len(g.header) {
			g.header[at] = b
		}
	}
	g.read += len(p)
	if g.read < g.due {
		return
	}
	size := int(g.header[0])<<16 | int(g.header[1])<<8 | int(g.header[2])
	if g.due = prefaceSize + headerSize + size; g.read >= g.due {
		g.greeted = true
		g.listener.forget(g)
	}
}

// Close closes the connection.
func (g *greeting) Close() error {
	g.listener.forget(g)
	return g.Conn.Close()
}
