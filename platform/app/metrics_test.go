package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/app"
	"github.com/coworkcare/coworkcare/platform/app/apptest"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// scrape gives the figures of a system by name and the values of their labels.
func scrape(t *testing.T, s *app.System) map[string]float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	require.NoError(t, registry.Register(app.Figures(s)))
	families, err := registry.Gather()
	require.NoError(t, err)
	figures := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			labels := []string{strings.TrimPrefix(family.GetName(), "coworkcare_")}
			for _, label := range metric.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			figures[strings.Join(labels, " ")] = metric.GetGauge().GetValue()
		}
	}
	return figures
}

// How long others' events have waited is measured from the first that was not consumed.
func TestFiguresOfWhatWaits(t *testing.T) {
	p := &probe{consume: map[string]func(*act.Tx, *eventOf) error{"patient": func(*act.Tx, *eventOf) error { return nil }}}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		h.Tell("patient", thing("a", 1, access.Place{}))
		h.Settle()
		require.Zero(t, scrape(t, h.System)["consumer_lag_seconds followup patient"])

		h.Tell("patient", thing("b", 1, access.Place{}))
		h.Clock.Set(h.Clock.Now().Add(time.Minute))
		h.Tell("patient", thing("c", 1, access.Place{}))
		patient := h.System.Log("patient")
		_, err := (&worker.Numberer{Acts: patient, Log: patient.Log}).Drain(t.Context())
		require.NoError(t, err)
		h.Clock.Set(h.Clock.Now().Add(time.Minute))
		p.set(t, "remind", "a", time.Minute)
		figures := scrape(t, h.System)
		require.InDelta(t, 120, figures["consumer_lag_seconds followup patient"], 1e-3)
		require.InDelta(t, 60, figures["timers_lag_seconds followup"], 1e-3)
		require.InDelta(t, 2, figures["events_last_sequence patient"]-figures["consumer_sequence followup patient"], 0)
		require.InDelta(t, 1, figures["issuer_keys_known"], 0)
		for _, service := range []string{"patient", "careplan", "sickleave", "employerdialogue", "followup", "accesslog"} {
			require.InDelta(t, 1, figures["store_reachable "+service], 0, service)
		}
	})
}

// A store that does not answer is told as such, and keeps back no other figure.
func TestFiguresOfALostStore(t *testing.T) {
	p := &probe{}
	apptest.Run(t, modules(p), func(t *testing.T, h *apptest.Harness) {
		require.NoError(t, h.System.Log("followup").DB.Close())
		figures := scrape(t, h.System)
		require.Contains(t, figures, "store_reachable followup")
		require.Zero(t, figures["store_reachable followup"])
		require.InDelta(t, 1, figures["store_reachable patient"], 0)
		require.NotContains(t, figures, "events_parked followup")
		require.Contains(t, figures, "events_parked patient")
		require.NotContains(t, figures, "redis_reachable", "there is no Redis")
	})
}
