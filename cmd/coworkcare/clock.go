package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	clockv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"

	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/platform/fault"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/installation"
)

// testClock serves the clock of `coworkcare dev`.
type testClock struct {
	clockv1.UnimplementedClockServiceServer
	clock *clock.Shifted
	facts *installation.Installation
	fleet app.Fleet
	mu    sync.Mutex // one advance at a time
}

// GetClock reads the clock.
func (c *testClock) GetClock(context.Context, *clockv1.GetClockRequest) (*clockv1.Clock, error) {
	return c.shown(0), nil
}

// AdvanceClock moves the clock forward through everything that falls due.
func (c *testClock) AdvanceClock(ctx context.Context, request *clockv1.AdvanceClockRequest) (*clockv1.Clock, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.Now()
	target := now.Add(request.GetDuration().AsDuration())
	if until := request.GetUntilTime(); until != nil {
		target = until.AsTime()
	}
	if target.Before(now) {
		return nil, fault.Invalid(fault.Violation{Field: "until_time", Reason: "CLOCK_BACKWARDS", Message: "has passed already; the clock moves only forward"})
	}
	if target.Sub(now) > 400*24*time.Hour {
		return nil, fault.Invalid(fault.Violation{Field: "until_time", Reason: "timestamp.lte", Message: "is more than 400 days ahead"})
	}
	// What has begun is carried to its end, even when the caller goes away; it is the services' own work, not the caller's.
	fired, err := c.fleet.Advance(context.WithoutCancel(identity.WithRawToken(ctx, "")), c.move, target)
	if err != nil {
		return nil, err
	}
	return c.shown(fired), nil
}

// move sets the clock. Time goes on by itself meanwhile: a target that has just passed is no error.
func (c *testClock) move(t time.Time) error {
	offset, err := c.clock.AdvanceTo(t)
	if err != nil && !errors.Is(err, clock.ErrBackwards) {
		return err
	}
	return c.facts.SetClockOffset(context.Background(), offset)
}

func (c *testClock) shown(fired int) *clockv1.Clock {
	now := c.clock.Now()
	return &clockv1.Clock{NowTime: timestamppb.New(now), TodayDate: date.Of(now).String(), FiredTimers: int32(fired)}
}
