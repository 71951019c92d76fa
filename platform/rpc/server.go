package rpc

import (
	"context"
	"fmt"
	"net"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/test/bufconn"
)

// MaxMessage is the largest request that is read, in bytes.
const MaxMessage = 1 << 20

// NewServer makes a gRPC server with the chain before every method.
func NewServer(chain *Chain, extra ...grpc.ServerOption) *grpc.Server {
	options := []grpc.ServerOption{
		grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithFilter(traced))),
		grpc.ChainUnaryInterceptor(chain.Interceptors()...),
		grpc.StreamInterceptor(chain.streams),
		tolerantCodec(),
		grpc.MaxRecvMsgSize(MaxMessage),
		grpc.ConnectionTimeout(10 * time.Second),
		grpc.MaxConcurrentStreams(1000),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: 15 * time.Minute, MaxConnectionAge: 30 * time.Minute, MaxConnectionAgeGrace: 40 * time.Second,
			Time: 20 * time.Second, Timeout: 5 * time.Second}),
	}
	return grpc.NewServer(append(options, extra...)...)
}

// traced leaves the health checks and the services' own long polls out of the traces: they would drown everything else.
func traced(info *stats.RPCTagInfo) bool {
	return !open(info.FullMethodName) && info.FullMethodName != "/coworkcare.event.v1.EventService/ListEvents"
}

// lastWait is how long Stop waits for calls that it has ended to notice it.
const lastWait = 500 * time.Millisecond

// Stop lets calls under way finish, for at most as long as the grace, then ends them. A call that does not heed its end is
// left behind.
func Stop(server *grpc.Server, grace time.Duration) {
	done := make(chan struct{})
	go func() {
		server.GracefulStop()
		close(done)
	}()
	select {
	case <-done:
		return
	case <-time.After(grace):
		server.Stop()
	}
	select {
	case <-done:
	case <-time.After(lastWait):
	}
}

// Pipe is a listener within the process: calls over it pass the same chain as calls from outside.
type Pipe struct{ *bufconn.Listener }

// NewPipe makes an in-process listener.
func NewPipe() Pipe { return Pipe{bufconn.Listen(256 << 10)} }

// Dial opens a connection over the pipe.
func (p Pipe) Dial(identity credentials.PerRPCCredentials) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient("passthrough:///process", dialOptions(identity, insecure.NewCredentials(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return p.DialContext(ctx) }))...)
	if err != nil {
		return nil, fmt.Errorf("connecting within the process: %w", err)
	}
	return conn, nil
}

// Dial opens a connection to another process.
func Dial(address string, identity credentials.PerRPCCredentials, transport credentials.TransportCredentials) (*grpc.ClientConn, error) {
	if transport == nil {
		transport = insecure.NewCredentials()
	}
	conn, err := grpc.NewClient(address, dialOptions(identity, transport)...)
	if err != nil {
		return nil, fmt.Errorf("connecting to %s: %w", address, err)
	}
	return conn, nil
}

func dialOptions(identity credentials.PerRPCCredentials, transport credentials.TransportCredentials, extra ...grpc.DialOption) []grpc.DialOption {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(transport),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithFilter(traced))),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16 << 20)),
		grpc.WithNoProxy(),
	}
	if identity != nil {
		options = append(options, grpc.WithPerRPCCredentials(identity))
	}
	return append(options, extra...)
}
