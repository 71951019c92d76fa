package main

// library is a library that one domain package may build on.
type library struct{ folder, path string }

var domainLibraries = []library{
	{dates, "github.com/rickar/cal/v2"}, // Swedish holidays: tables, no I/O
	{dates, "github.com/rickar/cal/v2/se"},
}

// allowances are all exceptions, each with its reason. A path is one file, a pattern of files in one folder, or a folder and all
// below it when it ends in a slash.
var allowances = []allowance{
	{"wall-clock", "platform/clock/clock.go", "the wall clock itself"},
	{"wall-clock", "platform/identity/*.go", "tokens live by their issuer's time"},
	{"wall-clock", "platform/identity/devissuer/*.go", "tokens live by their issuer's time"},
	{"wall-clock", "platform/accesslog/accesslog.go", "the law's record says when somebody looked, not when care thinks it is"},
	{"wall-clock", "platform/act/request*.go", "request ids are kept for 24 hours of the caller's time"},
	{"wall-clock", "platform/app/system.go", "service tokens and kept request ids live by wall time"},
	{"wall-clock", "platform/installation/folder.go", "names a copy made before a migration"},
	{"wall-clock", "platform/rpc/chain.go", "deadlines of calls"},
	{"wall-clock", "platform/worker/wall.go", "leases and pauses between tries; the one place of package worker"},
	{"wall-clock", "platform/throwaway/server_test.go", "read deadline on a pipe"},
	{"wall-clock", "gateway/*_test.go", "deadlines of connections and calls"},
	{"wall-clock", "gateway/watch.go", "the deadline of a write to a connection"},
	{"wall-clock", "services/caseload/internal/api/freshness.go", "how long a service that hangs is left alone; answers keep the clock of care"},
	{"wall-clock", "cmd/coworkcare/process.go", "how long calls under way may take to finish"},
	{"wall-clock", "cmd/coworkctl/*.go", "how long a token lives, how far the server's clock is off, stamps of forged tokens"},
	{"wall-clock", "cmd/internal/demo/layout.go", "how long the laying out took; another seed every time"},
	{"wall-clock", "cmd/internal/demo/token.go", "tokens live by their issuer's time"},
	{"wall-clock", "cmd/internal/whole/*_test.go", "stamps of forged tokens"},
	{"wall-clock", "cmd/internal/bench/*_test.go", "how long calls take is what is measured"},
	{"wall-clock", "cmd/internal/functional/*_test.go", "how long real processes take to start and to end"},

	{"panic", "platform/date/day.go", "MustParse, for tables in code: wrong at the first start or never"},
	{"panic", "platform/date/zone.go", "the embedded time zone cannot be missing"},
	{"panic", "gateway/exchange.go", "passes on http.ErrAbortHandler, by which net/http cuts a connection"},

	{"context-root", "platform/app/metrics.go", "a collector is asked for figures without a context; it bounds itself to two seconds"},
	{"context-root", "platform/telemetry/tail.go", "the end of a span comes without a context; a counter takes one"},
	{"context-root", "platform/sqldb/sqldbtest/", "test support: servers outlive the test that starts them"},
	{"context-root", "platform/redisdb/redistest/", "test support: servers outlive the test that starts them"},
}
