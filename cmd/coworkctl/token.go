package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
	"github.com/coworkcare/coworkcare/platform/identity"
)

const (
	defaultTokenTTL = time.Hour
	longestTokenTTL = 24 * time.Hour // what the server accepts
)

// who are the flags that say for whom a development token is.
type who struct {
	role, unit, practitioner string
}

func (w *who) define(t *tool, cmd *cobra.Command, role, unit string) {
	flags := cmd.Flags()
	flags.StringVar(&w.role, "role", role, "role, for example gp, care_manager, rehabilitation_coordinator")
	flags.StringVar(&w.unit, "unit", unit, "care unit, by id or name, or * for every one (integration); the first one when left out")
	flags.StringVar(&w.practitioner, "practitioner", "", "practitioner's id; somebody with the role when left out")
	_ = cmd.RegisterFlagCompletionFunc("unit", t.completeUnits)
	_ = cmd.RegisterFlagCompletionFunc("role", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, role := range identity.AllRoles() {
			names = append(names, string(role))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

func (w *who) request() (client.TokenRequest, error) {
	if w.role == "" {
		return client.TokenRequest{}, usage(errors.New("name a role: --role gp"))
	}
	role, err := identity.ParseRole(strings.ReplaceAll(strings.ToLower(w.role), "-", "_"))
	if err != nil {
		return client.TokenRequest{}, usage(fmt.Errorf("--role: %w", err))
	}
	return client.TokenRequest{Role: string(role), Unit: w.unit, PractitionerID: w.practitioner}, nil
}

// tokenLine is a token in JSON.
type tokenLine struct {
	Token      string    `json:"token"`
	ExpireTime time.Time `json:"expireTime"`
}

func (t *tool) tokenCommand() *cobra.Command {
	var w who
	ttl := defaultTokenTTL
	cmd := &cobra.Command{
		Use:   "token --role ROLE",
		Short: "Prints a bearer token of the development issuer, and nothing else (with -o json, when it expires too)",
		Example: `  curl -H "Authorization: Bearer $(coworkctl token --role gp)" http://127.0.0.1:8080/v1/patients
  COWORKCARE_TOKEN=$(coworkctl token --role integration --ttl 8h) coworkctl events tail`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ask, err := w.request()
			if err != nil {
				return err
			}
			if ttl < time.Second || ttl > longestTokenTTL {
				return usage(errors.New("--ttl: write a time from 1s to 24h"))
			}
			ask.TTLSeconds = int(ttl / time.Second)
			token, err := client.DevToken(cmd.Context(), t.opsAddr, ask)
			var problem *client.Problem
			if errors.As(err, &problem) && problem.Status == http.StatusBadRequest {
				return usage(err)
			}
			if err != nil {
				return err
			}
			if t.output == "json" {
				claims, err := client.ReadClaims(token)
				if err != nil {
					return fmt.Errorf("reading the token: %w", err)
				}
				return t.printJSON(tokenLine{Token: token, ExpireTime: claims.Expires().UTC()})
			}
			t.printf("%s\n", token)
			return nil
		},
	}
	w.define(t, cmd, "", "")
	cmd.Flags().DurationVar(&ttl, "ttl", ttl, "how long the token is valid, at most 24h")
	return cmd
}
