// Command eventfeed follows the event log of Co-Work-Care, as a region's record system would: it prints each event as a line of
// JSON, keeps its place in a file, and goes on from there when it is started again.
//
//	export COWORKCARE_TOKEN=$(coworkctl token --role integration --unit '*')
//	go run ./eventfeed -cursor-file /tmp/cursor
//
// It imports the contract's module and nothing else of the product.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"

	// The snapshots that events bear; without them a snapshot stays unread bytes.
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "eventfeed:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("eventfeed", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:9090", "where gRPC answers")
	file := flags.String("cursor-file", "cursor", "the file that keeps the place in the log")
	plain := flags.Bool("plaintext", true, "call without TLS, as on a laptop")
	if err := flags.Parse(args); err != nil {
		return err
	}
	token := os.Getenv("COWORKCARE_TOKEN")
	if token == "" {
		return errors.New("set COWORKCARE_TOKEN to a token with the role integration, for example from coworkctl token --role integration --unit '*'")
	}
	transport := credentials.NewTLS(nil)
	if *plain {
		transport = insecure.NewCredentials()
	}
	conn, err := grpc.NewClient(*addr, grpc.WithTransportCredentials(transport), grpc.WithPerRPCCredentials(bearer{token, !*plain}))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	f := &feed{client: eventv1.NewEventServiceClient(conn), file: *file, told: os.Stderr, handle: func(event *eventv1.Event) error {
		line, err := protojson.Marshal(event)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s\n", line)
		return err
	}}
	return f.follow(ctx)
}

// bearer puts the token on every call.
type bearer struct {
	token  string
	secure bool
}

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + b.token}, nil
}

func (b bearer) RequireTransportSecurity() bool { return b.secure }
