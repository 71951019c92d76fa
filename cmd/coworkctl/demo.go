package main

import (
	"github.com/spf13/cobra"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
	"github.com/coworkcare/coworkcare/cmd/internal/demo"
)

func (t *tool) demoCommand() *cobra.Command {
	walk := &cobra.Command{
		Use:   "walk",
		Short: "Walks a synthetic patient from the GP's assessment to the closed episode, checking every step",
		Long: `Walks a synthetic patient from the GP's assessment to the closed episode, and a second one who declines coordination, by the
public REST API of a running coworkcare dev. Every step is checked, printed, and shown with the curl that does the same; a step
that does not go as it should ends the walk with exit code 1. The development clock moves eleven weeks ahead.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rest, err := client.BaseURL(t.httpAddr)
			if err != nil {
				return usage(err)
			}
			operations, err := client.BaseURL(t.opsAddr)
			if err != nil {
				return usage(err)
			}
			return demo.Walk(cmd.Context(), demo.Options{BaseURL: rest.String(), OpsURL: operations.String(), Out: t.out})
		},
	}
	return group("demo", "Synthetic people to try the system with", walk)
}
