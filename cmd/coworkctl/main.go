// Command coworkctl is the command line of operators and integrators: tokens for development, the test clock, the event log,
// and what is wrong when something does not answer.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/mattn/go-isatty"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], console{
		variable: os.Getenv, out: os.Stdout, err: os.Stderr,
		terminal: isatty.IsTerminal(os.Stdout.Fd()),
	})
	stop()
	os.Exit(code)
}
