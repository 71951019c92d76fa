package main

import (
	"github.com/spf13/cobra"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
	"github.com/coworkcare/coworkcare/cmd/internal/demo"
)

func (t *tool) demoCommand() *cobra.Command {
	walk := &cobra.Command{
		Use:   "walk",
		Short: "Walks a synthetic patient from the GP's assessment back to work, and three whose path parts, checking every step",
		Long: `Walks a synthetic patient from the GP's assessment to the closed episode: brief, screening, consent item by item, early talk,
dialogue meeting, return to work step by step, locum, timeline. Three more part from that path: one declines coordination, one is too
ill for a meeting at first, one wants no contact with the employer. All go by the public REST API of a running coworkcare dev. Every
step is checked, printed, and shown with the curl that does the same; a step that does not go as it should ends the walk with exit
code 1. The development clock moves fourteen weeks ahead.`,
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
