package app

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/rpc"
)

// conn connects one service to another: over the pipe when it is here, over the network when it is elsewhere.
func (s *System) conn(from, to string) grpc.ClientConnInterface {
	return lazyConn{system: s, from: from, to: to}
}

// outside stands for callers from outside, who bring their own tokens and no service's.
const outside = ""

func (s *System) dial(from, to string) (*grpc.ClientConn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	address := s.parts.Remote[to]
	if _, here := s.logs[to]; here {
		address = ""
	} else if address == "" {
		return nil, fmt.Errorf("%s is not in this process, and no address is configured for it", to)
	}
	key := from + ">" + address
	if conn, ok := s.conns[key]; ok {
		return conn, nil
	}
	own, err := s.credentials(from, s.parts.Transport != nil && address != "")
	if err != nil {
		return nil, err
	}
	var conn *grpc.ClientConn
	if address == "" {
		conn, err = s.pipe.Dial(own)
	} else {
		conn, err = rpc.Dial(address, own, s.parts.Transport)
	}
	if err != nil {
		return nil, err
	}
	s.conns[key] = conn
	return conn, nil
}

func (s *System) credentials(from string, secure bool) (credentials.PerRPCCredentials, error) {
	if from == outside {
		return nil, nil
	}
	signer, err := identity.NewServiceSigner(s.parts.Keys.Derive("service-token"), from, nil)
	if err != nil {
		return nil, fmt.Errorf("preparing the service token of %s: %w", from, err)
	}
	return identity.NewServiceCredentials(signer, secure), nil
}

// lazyConn connects at the first call: modules start in any order.
type lazyConn struct {
	system   *System
	from, to string
}

func (c lazyConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	conn, err := c.system.dial(c.from, c.to)
	if err != nil {
		return err
	}
	return conn.Invoke(ctx, method, args, reply, opts...)
}

func (c lazyConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	conn, err := c.system.dial(c.from, c.to)
	if err != nil {
		return nil, err
	}
	return conn.NewStream(ctx, desc, method, opts...)
}
