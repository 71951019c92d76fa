package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coworkcare/coworkcare/platform/act"
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
	oldestUnread     = prometheus.NewDesc("coworkcare_consumer_lag_seconds", "How long the oldest event of another's log that a service has not consumed has waited; 0 when it has consumed all.", []string{"service", "source"}, nil)
	oldestTimer      = prometheus.NewDesc("coworkcare_timers_lag_seconds", "How long the oldest due timer has waited; 0 when none is due.", []string{"service"}, nil)
	storeReachable   = prometheus.NewDesc("coworkcare_store_reachable", "Whether a service's store answers: 1 or 0.", []string{"service"}, nil)
	redisReachable   = prometheus.NewDesc("coworkcare_redis_reachable", "Whether Redis answers: 1 or 0. Without Redis there is none.", nil, nil)
	issuerKnown      = prometheus.NewDesc("coworkcare_issuer_keys_known", "Whether the keys of the issuer of tokens are known, so that tokens can be judged: 1 or 0.", nil, nil)
)

// answerWithin bounds each part of a scrape, so that all of them together do not outlast the scraper's patience of ten seconds.
const answerWithin = 1500 * time.Millisecond

// Describe names the metrics.
func (m metrics) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{unnumberedEvents, parkedEvents, logHead, cursorAt, oldestUnread, oldestTimer, storeReachable, redisReachable, issuerKnown} {
		out <- desc
	}
}

// Collect reads the figures; a store that cannot be read gives none but that it cannot be reached.
func (m metrics) Collect(out chan<- prometheus.Metric) {
	m.reachable(out)
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
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
		m.consumers(ctx, out, name, acts)
		if next, found, err := timer.Next(q); err == nil {
			out <- prometheus.MustNewConstMetric(oldestTimer, prometheus.GaugeValue, waited(acts.Clock.Now(), next, found), name)
		}
	}
}

// consumers tells how far a service has read the logs of others, and how long the first event it has not read has waited.
func (m metrics) consumers(ctx context.Context, out chan<- prometheus.Metric, name string, acts *act.Acts) {
	cursors, err := worker.Cursors(acts.DB.Read(ctx))
	if err != nil {
		return
	}
	for source, sequence := range cursors {
		out <- prometheus.MustNewConstMetric(cursorAt, prometheus.GaugeValue, float64(sequence), name, source)
		owner := m.system.logs[source]
		if owner == nil {
			continue // its log is in another process
		}
		unread, _, err := event.Read(owner.DB.Read(ctx), source, event.Query{After: sequence, Limit: 1})
		if err != nil {
			continue
		}
		lag := 0.0
		if len(unread) > 0 {
			lag = waited(acts.Clock.Now(), unread[0].GetEventTime().AsTime(), true)
		}
		out <- prometheus.MustNewConstMetric(oldestUnread, prometheus.GaugeValue, lag, name, source)
	}
}

// waited is how many seconds something has waited since a time; 0 when there is nothing or its time is to come.
func waited(now, since time.Time, found bool) float64 {
	if !found {
		return 0
	}
	return max(0, now.Sub(since).Seconds())
}

// reachable asks every store, Redis, and the issuer of tokens where its keys are not known yet, for an answer.
func (m metrics) reachable(out chan<- prometheus.Metric) {
	tell := func(desc *prometheus.Desc, err error, labels ...string) {
		value := 1.0
		if err != nil {
			value = 0
		}
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	// Each part has its own time: what does not answer must not make the next one look so.
	within := func(ask func(ctx context.Context)) {
		ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
		defer cancel()
		ask(ctx)
	}
	within(func(ctx context.Context) {
		for name, acts := range m.system.logs {
			tell(storeReachable, acts.DB.Ping(ctx), name)
		}
		tell(storeReachable, m.system.logDB.Ping(ctx), "accesslog")
	})
	if redis := m.system.parts.Redis; redis != nil {
		within(func(ctx context.Context) { tell(redisReachable, redis.Ping(ctx).Err()) })
	}
	if callers := m.system.parts.Callers; callers != nil {
		within(func(ctx context.Context) { tell(issuerKnown, callers.Ready(ctx)) })
	}
}
