package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
)

const (
	pollSeconds = 25
	tailPage    = 500
	longestWait = 15 * time.Second // between tries while the server is away
)

// services are those that tell events.
var services = []string{"patient", "careplan", "sickleave", "employerdialogue", "followup"}

// tail follows the event log.
type tail struct {
	tool      *tool
	api       *client.Client
	sources   []string
	types     []string
	fromStart bool
	pause     func(ctx context.Context, d time.Duration) // between tries
}

// eventLine is what a line shows of an event.
type eventLine struct {
	Source     string `json:"source"`
	Sequence   string `json:"sequence"`
	Type       string `json:"type"`
	ResourceID string `json:"resourceId"`
	PatientID  string `json:"patientId"`
	EventTime  string `json:"eventTime"`
	Actor      struct {
		PractitionerID string `json:"practitionerId"`
		Service        string `json:"service"`
	} `json:"actor"`
}

func (t *tool) eventsCommand() *cobra.Command {
	w := who{}
	f := &tail{tool: t, pause: pause}
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Prints events as they happen, one a line",
		Long: `Prints events as they happen, one a line, until it is stopped. It goes on when the server restarts.
Without --from-start it begins with what happens from now on. With -o json a line is the event in JSON.`,
		Example: "  coworkctl events tail --source sickleave\n  coworkctl events tail --from-start --type care_episode.started -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ask, err := w.request()
			if err != nil {
				return err
			}
			if f.api, err = t.apiAs(ask); err != nil {
				return usage(err)
			}
			if err := f.run(cmd.Context()); cmd.Context().Err() == nil {
				return err
			}
			return nil // stopped, as it is meant to be
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&f.sources, "source", nil, "only these services: "+strings.Join(services, ", "))
	flags.StringSliceVar(&f.types, "type", nil, "only these types, for example certificate.signed")
	flags.BoolVar(&f.fromStart, "from-start", false, "begin with the first event there is")
	_ = cmd.RegisterFlagCompletionFunc("source", cobra.FixedCompletions(services, cobra.ShellCompDirectiveNoFileComp))
	w.define(t, cmd, "integration", "*")
	return group("events", "The event log", cmd)
}

func (f *tail) run(ctx context.Context) error {
	cursor := ""
	if !f.fromStart {
		for {
			page, err := f.page(ctx, cursor, 0)
			if err != nil {
				return err
			}
			cursor = page.NextCursor
			if len(page.Events) == 0 {
				break
			}
		}
	}
	for wait := time.Duration(0); ; {
		page, err := f.page(ctx, cursor, pollSeconds)
		if err != nil {
			if ctx.Err() != nil || !passing(err) {
				return err
			}
			wait = min(max(2*wait, time.Second, retryAfter(err)), longestWait)
			_, _ = fmt.Fprintf(f.tool.err, "coworkctl: %v; trying again in %s\n", err, wait)
			f.pause(ctx, wait)
			continue
		}
		wait = 0
		for _, event := range page.Events {
			if err := f.print(event); err != nil {
				return err
			}
		}
		cursor = page.NextCursor
	}
}

type eventPage struct {
	Events     []json.RawMessage `json:"events"`
	NextCursor string            `json:"nextCursor"`
}

func (f *tail) page(ctx context.Context, cursor string, wait int) (eventPage, error) {
	query := url.Values{"pageSize": {strconv.Itoa(tailPage)}, "waitSeconds": {strconv.Itoa(wait)}}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	if len(f.sources) > 0 {
		query["sources"] = f.sources
	}
	if len(f.types) > 0 {
		query["types"] = f.types
	}
	var page eventPage
	err := f.api.Get(ctx, "/v1/events", query, &page)
	return page, err
}

func (f *tail) print(event json.RawMessage) error {
	if f.tool.output == "json" {
		var line bytes.Buffer
		if err := json.Compact(&line, event); err != nil {
			return fmt.Errorf("an event is not JSON: %w", err)
		}
		f.tool.printf("%s\n", line.Bytes())
		return nil
	}
	var e eventLine
	if err := json.Unmarshal(event, &e); err != nil {
		return fmt.Errorf("an event has another form than expected: %w", err)
	}
	line := fmt.Sprintf("%s  %s#%s  %s  %s", e.EventTime, e.Source, e.Sequence, e.Type, e.ResourceID)
	if e.PatientID != "" && e.PatientID != e.ResourceID {
		line += "  patient " + e.PatientID
	}
	switch {
	case e.Actor.PractitionerID != "":
		line += "  by " + e.Actor.PractitionerID
	case e.Actor.Service != "":
		line += "  by the service " + e.Actor.Service
	}
	f.tool.printf("%s\n", line)
	return nil
}

// passing tells that an error may be gone at the next try.
func passing(err error) bool {
	var problem *client.Problem
	var absent *client.Unreachable
	return errors.As(err, &absent) || errors.As(err, &problem) && problem.Temporary()
}

func retryAfter(err error) time.Duration {
	var problem *client.Problem
	if errors.As(err, &problem) {
		return problem.RetryAfter
	}
	return 0
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
