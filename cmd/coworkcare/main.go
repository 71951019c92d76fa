// Command coworkcare is the server: `dev` runs everything on a laptop, `serve` runs it for a region.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	_ "time/tzdata" // civil days are Stockholm's, also where no zone files are installed

	"github.com/coworkcare/coworkcare/platform/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the drain
	err := command().ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "coworkcare:", err)
		var usage usageError
		if errors.As(err, &usage) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

// usageError is a wrong word on the command line.
type usageError struct{ error }

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "coworkcare",
		Short:         "Care team software for people with common mental disorders on sick leave",
		Long:          "Co-Work-Care keeps GP, care manager and rehabilitation coordinator on one picture.\n\n  coworkcare dev --demo     everything in one process, with synthetic people, on loopback\n  coworkcare serve          for a region, on PostgreSQL and Redis",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	config.Flags(root.PersistentFlags())
	root.AddCommand(devCommand(), serveCommand(), keysCommand())
	return root
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return info.Main.Version
}
