package worker

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/sqldb"
)

// countWithin bounds the counting, so that a store that does not answer keeps back no other figure.
const countWithin = 2 * time.Second

// Figures shows how many follow-ups are open and overdue until the context ends. It counts whole rules of the policy in the whole
// installation: nothing in it points at a unit, a person or a patient.
func (w *Worker) Figures(ctx context.Context, db *sqldb.DB, now clock.Clock) error {
	meter := otel.Meter("coworkcare/followup")
	open, err := meter.Int64ObservableGauge("coworkcare.follow_ups.open", metric.WithDescription("Open follow-ups of all units."))
	if err != nil {
		return fmt.Errorf("making the figure of open follow-ups: %w", err)
	}
	overdue, err := meter.Int64ObservableGauge("coworkcare.follow_ups.overdue",
		metric.WithDescription("Open follow-ups of all units that are past their due time and not put off, by how long."))
	if err != nil {
		return fmt.Errorf("making the figure of overdue follow-ups: %w", err)
	}
	shown, err := meter.RegisterCallback(func(ctx context.Context, observed metric.Observer) error {
		ctx, cancel := context.WithTimeout(ctx, countWithin)
		defer cancel()
		waiting, err := w.store.Waiting(db.Read(ctx), now.Now())
		if err != nil {
			return nil // that the store does not answer is told by a figure of its own
		}
		for _, one := range waiting {
			rule := []attribute.KeyValue{attribute.String("kind", string(one.Kind)), attribute.String("policy", one.Policy)}
			observed.ObserveInt64(open, one.Open, metric.WithAttributes(rule...))
			for age, count := range map[string]int64{"under 1 day": one.UnderDay, "1 to 7 days": one.UnderWeek, "over 7 days": one.Longer} {
				observed.ObserveInt64(overdue, count, metric.WithAttributes(append(rule[:2:2], attribute.String("age", age))...))
			}
		}
		return nil
	}, open, overdue)
	if err != nil {
		return fmt.Errorf("showing the figures of follow-ups: %w", err)
	}
	<-ctx.Done()
	if err := shown.Unregister(); err != nil {
		return fmt.Errorf("taking back the figures of follow-ups: %w", err)
	}
	return nil
}
