package rpc_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/rpc"
)

func prototextOf(err error) string { return prototext.Format(status.Convert(err).Proto()) }

// A call under way is finished within the grace.
func TestStopLetsCallsFinish(t *testing.T) {
	s := newStation(t)
	begun, release := make(chan struct{}), make(chan struct{})
	s.doing(func(context.Context, any) (any, error) {
		close(begun)
		<-release
		return &patientv1.Patient{PatientId: ourOwn}, nil
	})
	answered := make(chan error, 1)
	go func() { answered <- get(s.as(t, identity.RoleGP), s, ourOwn) }()
	<-begun
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		rpc.Stop(s.server, time.Minute)
	}()
	close(release)
	require.NoError(t, <-answered)
	<-stopped
}

// A call that hangs, and one that does not even heed the end of its context, cannot keep the process from stopping.
func TestStopEndsHangingCalls(t *testing.T) {
	for name, heeds := range map[string]bool{"heeds": true, "heeds not": false} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t)
			begun, release := make(chan struct{}), make(chan struct{})
			t.Cleanup(func() { close(release) })
			s.doing(func(ctx context.Context, _ any) (any, error) {
				close(begun)
				if heeds {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				<-release
				return nil, nil
			})
			answered := make(chan error, 1)
			go func() { answered <- get(s.as(t, identity.RoleGP), s, ourOwn) }()
			<-begun
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				rpc.Stop(s.server, 10*time.Millisecond)
			}()
			select {
			case <-stopped:
			case <-time.After(20 * time.Second):
				t.Fatal("a hanging call keeps the process from stopping")
			}
			require.Contains(t, []codes.Code{codes.Unavailable, codes.Canceled}, status.Code(<-answered))
		})
	}
}

func TestNothingIsLeftBehind(t *testing.T) {
	ignore := goleak.IgnoreCurrent()
	t.Run("station", func(t *testing.T) {
		s := newStation(t)
		require.NoError(t, get(s.as(t, identity.RoleGP), s, ourOwn))
	})
	goleak.VerifyNone(t, ignore)
}

// The whole way of a read over the in-memory listener: two tokens' worth of checks, validation and access log.
func BenchmarkCall(b *testing.B) {
	s := newStation(b)
	s.doing(func(context.Context, any) (any, error) {
		return &patientv1.Patient{PatientId: ourOwn, CareUnitId: here.UnitID}, nil
	})
	ctx := s.as(b, identity.RoleGP)
	b.ReportAllocs()
	for b.Loop() {
		if err := get(ctx, s, ourOwn); err != nil {
			b.Fatal(err)
		}
	}
}
