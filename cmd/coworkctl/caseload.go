package main

import (
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
)

func (t *tool) caseloadCommand() *cobra.Command {
	rebuild := &cobra.Command{
		Use:   "rebuild",
		Short: "Builds the common picture anew from the event logs",
		Long: `Forgets what the common picture was built of, and builds it anew from the event logs of the other services. It goes on
serving meanwhile, and its answers say that patients may be missing (rebuilding). Nothing that anybody has written is lost: the
picture owns nothing.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := t.api()
			if err != nil {
				return usage(err)
			}
			var begun struct {
				BeginTime time.Time `json:"beginTime"`
			}
			if err := api.Post(cmd.Context(), "/v1/caseload:rebuild", map[string]string{"requestId": uuid.NewString()}, &begun); err != nil {
				return err
			}
			if t.output == "json" {
				return t.printJSON(begun)
			}
			t.printf("begun  %s\n", begun.BeginTime.Format(time.RFC3339))
			return nil
		},
	}
	return group("caseload", "The common picture", rebuild)
}
