// Package deploycheck has no code: its tests hold what stands under deploy/ against what would read it. The chart is linted,
// rendered and decoded strictly as Kubernetes would; the compose file, the image's recipe and the collector's configuration are
// loaded by their own libraries; every expression in a rule or dashboard is parsed and must ask for metrics and labels that a
// running demo shows; every alert has a page in docs/runbooks and a test of promtool's.
//
// It is a module of its own, since what it needs is large and no business of the product.
package deploycheck
