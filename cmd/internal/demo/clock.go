package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// devClock is the test clock of `coworkcare dev`, moved by the public API.
type devClock struct {
	client   *Client
	operator Actor
	fired    atomic.Int64 // timers, over all moves
}

type clockAnswer struct {
	NowTime     time.Time `json:"nowTime"`
	TodayDate   string    `json:"todayDate"`
	FiredTimers int       `json:"firedTimers"`
}

func (c *devClock) now(ctx context.Context) (time.Time, error) {
	var answer clockAnswer
	if err := c.client.get(ctx, c.operator, "/v1/clock", nil, &answer); err != nil {
		return time.Time{}, fmt.Errorf("reading the development clock: %w", err)
	}
	return answer.NowTime, nil
}

// to moves the clock forward to an instant; one that has passed by now only settles what is due.
func (c *devClock) to(ctx context.Context, at time.Time) error {
	now, err := c.now(ctx)
	if err != nil {
		return err
	}
	if now.Before(at) {
		err = c.advance(ctx, object{{"untilTime", at.UTC().Format(time.RFC3339Nano)}})
		if refusal := (*Refusal)(nil); !errors.As(err, &refusal) || refusal.Status != http.StatusBadRequest {
			return err
		}
		// The clock runs by itself too, and has just passed the instant.
	}
	return c.settle(ctx)
}

// settle lets every service consume what has happened and do what is due, without moving the clock: after it, a follow-up that
// follows from a write can be read.
func (c *devClock) settle(ctx context.Context) error {
	return c.advance(ctx, object{{"duration", "0s"}})
}

func (c *devClock) advance(ctx context.Context, body object) error {
	var answer clockAnswer
	if err := c.client.post(ctx, c.operator, "/v1/clock:advance", body, &answer); err != nil {
		return fmt.Errorf("moving the development clock: %w", err)
	}
	c.fired.Add(int64(answer.FiredTimers))
	return nil
}

// timers is how many timers have fired while this clock was moved.
func (c *devClock) timers() int { return int(c.fired.Load()) }
