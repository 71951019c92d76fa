package gateway

import (
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// MaxConnections is how many connections a listener of Listen holds open at once.
const MaxConnections = 2048

// Server returns an HTTP server whose limits close slow and half-open connections. A long poll answers within 35 s, so the
// write time-out leaves room for it.
func Server(addr string, handler http.Handler) *http.Server {
	return &http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
	}
}

// Listen listens on a TCP address and holds at most MaxConnections open; the next one waits until another closes.
func Listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return Limit(listener, MaxConnections), nil
}

// Limit caps the open connections of a listener.
func Limit(listener net.Listener, connections int) net.Listener {
	return netutil.LimitListener(listener, connections)
}
