package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coworkcare/coworkcare/platform/event"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// metrics looks at the stores when it is scraped: how far the logs are read, what is parked, what is late. Labels are names
// of services and nothing else.
type metrics struct{ system *System }

var (
	unnumberedEvents = prometheus.NewDesc("coworkcare_events_unnumbered", "Committed events that wait for a number.", []string{"service"}, nil)
	parkedEvents     = prometheus.NewDesc("coworkcare_events_parked", "Events that could not be handled, and those that wait for them.", []string{"service"}, nil)
	logHead          = prometheus.NewDesc("coworkcare_events_last_sequence", "The last number given in a service's event log.", []string{"service"}, nil)
	cursorAt         = prometheus.NewDesc("coworkcare_consumer_sequence", "The number up to which a service has consumed another's log.", []string{"service", "source"}, nil)
	oldestTimer      = prometheus.NewDesc("coworkcare_timers_lag_seconds", "How long the oldest due timer has waited; 0 when none is due.", []string{"service"}, nil)
)

// Describe names the metrics.
func (m metrics) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{unnumberedEvents, parkedEvents, logHead, cursorAt, oldestTimer} {
		out <- desc
	}
}

// Collect reads the figures; a store that cannot be read gives none.
func (m metrics) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for name, acts := range m.system.logs {
		q := acts.DB.Read(ctx)
		gauge := func(desc *prometheus.Desc, read func(sqldb.Querier) (int64, error)) {
			if value, err := read(q); err == nil {
				out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value), name)
			}
		}
		gauge(unnumberedEvents, event.Unnumbered)
		gauge(parkedEvents, worker.Parked)
		gauge(logHead, event.Head)
		cursors, err := worker.Cursors(q)
		if err == nil {
			for source, sequence := range cursors {
				out <- prometheus.MustNewConstMetric(cursorAt, prometheus.GaugeValue, float64(sequence), name, source)
			}
		}
		if next, found, err := timer.Next(q); err == nil {
			lag := 0.0
			if found {
				lag = max(0, acts.Clock.Now().Sub(next).Seconds())
			}
			out <- prometheus.MustNewConstMetric(oldestTimer, prometheus.GaugeValue, lag, name)
		}
	}
}
