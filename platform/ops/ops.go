// Package ops is the operations port: health, readiness, metrics and profiles. It is never to be reached from outside.
package ops

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Port is the handler of the operations port.
type Port struct {
	Mux *http.ServeMux

	serving atomic.Bool
	check   func(context.Context) error
}

var errNotServing = errors.New("not serving: starting or stopping")

// New makes the port. check says what is missing before the process can serve.
func New(registry *prometheus.Registry, check func(context.Context) error) *Port {
	p := &Port{Mux: http.NewServeMux(), check: check}
	p.Mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	p.Mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { answer(w, p.ready(r.Context())) })
	p.Mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{Registry: registry}))
	p.Mux.HandleFunc("/debug/pprof/", pprof.Index)
	p.Mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	p.Mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	p.Mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	p.Mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return p
}

// Serving says whether the process takes calls; readiness follows it at once.
func (p *Port) Serving(serving bool) { p.serving.Store(serving) }

func (p *Port) ready(ctx context.Context) error {
	if !p.serving.Load() {
		return errNotServing
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return p.check(ctx)
}

func answer(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintln(w, err)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}
