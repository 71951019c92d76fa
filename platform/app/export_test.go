package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// SetPoll changes how long a new event can go unnoticed when no ring is heard.
func (s *System) SetPoll(d time.Duration) { s.poll = d }

// Figures gives the metrics that look at a system's stores.
func Figures(s *System) prometheus.Collector { return metrics{system: s} }
