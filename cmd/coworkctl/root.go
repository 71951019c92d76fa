package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
)

// The environment that is read, besides NO_COLOR.
const (
	variableHTTP  = "COWORKCARE_HTTP_ADDR"
	variableOps   = "COWORKCARE_OPS_ADDR"
	variableToken = "COWORKCARE_TOKEN" // a secret: never a flag, which others on the machine can see

	defaultHTTP = "127.0.0.1:8080"
	defaultOps  = "http://127.0.0.1:9100"
)

// console is the world around the program.
type console struct {
	variable func(name string) string
	out, err io.Writer
	terminal bool // out is a terminal
}

// tool is what the commands share.
type tool struct {
	console
	httpAddr, opsAddr string
	output            string
	started           bool // a command began to run: what fails from here on is no fault of usage
}

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, c console) int {
	t := &tool{console: c}
	root := t.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	if !t.started {
		err = usage(err)
	}
	if t.output == "json" {
		_ = json.NewEncoder(c.err).Encode(told(err))
	} else {
		_, _ = fmt.Fprintln(c.err, "coworkctl: "+explain(err))
	}
	return exitCode(err)
}

func (t *tool) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "coworkctl",
		Short: "Works with a Co-Work-Care server from the command line",
		Long: `Works with a Co-Work-Care server from the command line.

  coworkctl doctor                       what is wrong, and how to mend it
  coworkctl token --role gp              a bearer token from the development issuer
  coworkctl clock advance 14d            two weeks of care pass
  coworkctl events tail                  what happens, as it happens
  coworkctl demo walk                    a synthetic patient along the whole path, each step checked

A token in COWORKCARE_TOKEN is used where one is needed; without it, commands ask the development issuer for an operator's.
What a command finds goes to standard output, what goes wrong to standard error, both as text, or with -o json as JSON. Colour is used
on a terminal alone, and not where NO_COLOR is set. "coworkctl completion --help" says how to complete words by the tab key.

Exit codes:
  0  done
  1  failed, or the doctor found something wrong
  2  called wrongly
  3  what was asked for is not there
  4  not allowed: no token, one that is not accepted, or a role that may not`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if t.output != "table" && t.output != "json" {
				return fmt.Errorf("-o %s: write table or json", t.output)
			}
			t.started = true
			return nil
		},
	}
	root.SetOut(t.out)
	root.SetErr(t.err)
	flags := root.PersistentFlags()
	flags.StringVar(&t.httpAddr, "http-addr", cmp.Or(t.variable(variableHTTP), defaultHTTP), "address of the REST API ("+variableHTTP+")")
	flags.StringVar(&t.opsAddr, "ops-addr", cmp.Or(t.variable(variableOps), defaultOps), "address of the operations port ("+variableOps+")")
	flags.StringVarP(&t.output, "output", "o", "table", "table or json")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	root.AddCommand(
		t.tokenCommand(),
		t.clockCommand(),
		t.eventsCommand(),
		t.caseloadCommand(),
		t.doctorCommand(),
		t.demoCommand(),
	)
	return root
}

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("unknown command %q; see %s --help", args[0], cmd.CommandPath()))
			}
			return usage(fmt.Errorf("say what to do; see %s --help", cmd.CommandPath()))
		},
	}
	g.AddCommand(commands...)
	return g
}

// api is a client with the token of the environment, else an operator's from the development issuer.
func (t *tool) api() (*client.Client, error) {
	return t.apiAs(client.TokenRequest{Role: "operator"})
}

func (t *tool) apiAs(ask client.TokenRequest) (*client.Client, error) {
	return client.New(t.httpAddr, t.tokens(ask))
}

// tokens gives the token of the environment, which cannot be renewed, or one of the development issuer, kept until refused.
func (t *tool) tokens(ask client.TokenRequest) client.TokenSource {
	kept := t.variable(variableToken)
	own := kept != ""
	return func(ctx context.Context, fresh bool) (string, error) {
		if kept != "" && (own || !fresh) {
			return kept, nil
		}
		var err error
		kept, err = client.DevToken(ctx, t.opsAddr, ask)
		return kept, err
	}
}

// printJSON writes one JSON value on one line.
func (t *tool) printJSON(value any) error {
	encoder := json.NewEncoder(t.out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

func (t *tool) printf(format string, args ...any) { _, _ = fmt.Fprintf(t.out, format, args...) }

// coloured tells whether output may be coloured (no-color.org).
func (t *tool) coloured() bool {
	return t.terminal && t.variable("NO_COLOR") == "" && t.variable("TERM") != "dumb"
}
