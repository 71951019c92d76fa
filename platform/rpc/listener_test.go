package rpc_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/coworkcare/coworkcare/platform/rpc"
)

// listening is a server with a health service behind a Listener.
func listening(t *testing.T) (*grpc.Server, *rpc.Listener) {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server, listener := grpc.NewServer(grpc.ConnectionTimeout(time.Hour)), rpc.NewListener(inner)
	healthv1.RegisterHealthServer(server, health.NewServer())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		listener.DropHalfOpen()
		server.Stop()
		require.NoError(t, <-served)
	})
	return server, listener
}

func send(t *testing.T, listener net.Listener, text string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	for i := range len(text) { // in pieces, as a slow network may deliver it
		_, err = conn.Write([]byte(text[i : i+1]))
		require.NoError(t, err)
	}
	return conn
}

// greeting is a client's whole greeting, its first frame with one setting in it.
const greeting = http2.ClientPreface + "\x00\x00\x06\x04\x00\x00\x00\x00\x00" + "\x00\x03\x00\x00\x00\x64"

// A server with connections that have not greeted stops as soon as these are dropped; without that, it would wait for an hour.
func TestHalfOpenConnectionsHoldNoStopUp(t *testing.T) {
	server, listener := listening(t)
	for _, size := range []int{0, 1, len(http2.ClientPreface), len(http2.ClientPreface) + 9, len(greeting) - 1} {
		conn := send(t, listener, greeting[:size])
		defer func() { _, _ = io.Copy(io.Discard, conn) }()
	}
	stopped := make(chan struct{})
	go func() {
		listener.DropHalfOpen()
		server.GracefulStop()
		close(stopped)
	}()
	select {
	case <-stopped:
	case <-time.After(30 * time.Second):
		require.FailNow(t, "the server waits for half-open connections")
	}
}

// Who has greeted is left alone: calls go on.
func TestGreetedConnectionsAreKept(t *testing.T) {
	_, listener := listening(t)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	client := healthv1.NewHealthClient(conn)
	watch, err := client.Watch(t.Context(), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	_, err = watch.Recv()
	require.NoError(t, err)

	raw := send(t, listener, greeting)
	framer := http2.NewFramer(raw, raw)
	frame, err := framer.ReadFrame() // the server's greeting
	require.NoError(t, err)
	require.IsType(t, &http2.SettingsFrame{}, frame)
	frame, err = framer.ReadFrame() // its answer to ours
	require.NoError(t, err)
	require.True(t, frame.Header().Flags.Has(http2.FlagSettingsAck))

	listener.DropHalfOpen()
	_, err = client.Check(context.WithoutCancel(t.Context()), &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	require.NoError(t, framer.WritePing(false, [8]byte{1}))
	frame, err = framer.ReadFrame()
	require.NoError(t, err)
	require.IsType(t, &http2.PingFrame{}, frame)
}
