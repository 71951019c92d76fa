package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
)

// clockReading is the answer of the test clock.
type clockReading struct {
	NowTime     time.Time `json:"nowTime"`
	TodayDate   string    `json:"todayDate"`
	FiredTimers int       `json:"firedTimers"`
}

func (t *tool) clockCommand() *cobra.Command {
	show := &cobra.Command{
		Use: "show", Short: "Shows what time it is for care", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			api, err := t.api()
			if err != nil {
				return usage(err)
			}
			var now clockReading
			if err := api.Get(cmd.Context(), "/v1/clock", nil, &now); err != nil {
				return clockError(err)
			}
			return t.printClock(now)
		},
	}
	advance := &cobra.Command{
		Use:   "advance SPAN",
		Short: "Moves the whole system forward: 14d, 12w, 36h, 90m",
		Long: `Moves the whole system forward by a span of time: weeks (w), days (d, 24 hours each), hours, minutes, seconds.
Everything that falls due on the way is done, in order, before the command ends. The clock never moves back.`,
		Example: "  coworkctl clock advance 14d\n  coworkctl clock advance 1d12h",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("say how far to move the clock, for example 14d")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			span, err := parseSpan(args[0])
			if err != nil {
				return usage(err)
			}
			api, err := t.api()
			if err != nil {
				return usage(err)
			}
			now, err := advanceClock(cmd.Context(), api, span)
			if err != nil {
				return err
			}
			return t.printClock(now)
		},
	}
	return group("clock", "The test clock of `coworkcare dev`", show, advance)
}

// advanceClock moves the clock a day at a time: each call ends well within its deadline, however much falls due.
func advanceClock(ctx context.Context, api *client.Client, span time.Duration) (clockReading, error) {
	var now clockReading
	fired := 0
	for moved := time.Duration(0); moved < span; {
		step := min(day, span-moved)
		body := map[string]string{"duration": strconv.FormatInt(int64(step/time.Second), 10) + "s"}
		if err := api.Post(ctx, "/v1/clock:advance", body, &now); err != nil {
			if err = clockError(err); moved > 0 {
				err = fmt.Errorf("the clock stands at %s, %s of %s further: %w", now.NowTime.Format(time.RFC3339), moved, span, err)
			}
			return clockReading{}, err
		}
		moved += step
		fired += now.FiredTimers
		now = clockReading{NowTime: now.NowTime, TodayDate: now.TodayDate}
	}
	now.FiredTimers = fired
	return now, nil
}

// clockError says so when the server has no test clock.
func clockError(err error) error {
	var problem *client.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusNotFound && problem.Reason == "ROUTE_NOT_FOUND" {
		return fmt.Errorf("this server has no test clock; it runs in `coworkcare dev` alone: %w", err)
	}
	return err
}

func (t *tool) printClock(now clockReading) error {
	if t.output == "json" {
		return t.printJSON(now)
	}
	t.printf("now    %s\ntoday  %s\n", now.NowTime.Format(time.RFC3339), now.TodayDate)
	if now.FiredTimers > 0 {
		t.printf("fired  %d timers\n", now.FiredTimers)
	}
	return nil
}
