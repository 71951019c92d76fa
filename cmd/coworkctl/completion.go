package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// completeWithin bounds how long the tab key waits for a server.
const completeWithin = 2 * time.Second

// completeUnits offers the care units of a running server, each with its name. Where none answers it offers nothing.
func (t *tool) completeUnits(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completeWithin)
	defer cancel()
	api, err := t.api()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var answer struct {
		CareUnits []struct {
			CareUnitID  string `json:"careUnitId"`
			DisplayName string `json:"displayName"`
		} `json:"careUnits"`
	}
	if err := api.Get(ctx, "/v1/careUnits", nil, &answer); err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var found []string
	for _, unit := range answer.CareUnits {
		found = append(found, unit.CareUnitID+"\t"+unit.DisplayName)
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}
