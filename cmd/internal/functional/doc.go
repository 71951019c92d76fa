// Package functional tests the programs as they are run: it builds coworkcare and coworkctl once, starts them as processes of
// their own on free loopback ports, with SQLite files or a throw-away PostgreSQL and Redis, and kills, stops, cuts off and
// starves them. What was acknowledged must then be there once, what was not must be whole or absent, and nothing may be lost,
// early or twice in effect.
//
// Two tiers:
//
//	go test ./cmd/internal/functional                                             a few kills of each kind; minutes
//	COWORKCARE_FUNCTIONAL_KILLS=50 go test -timeout 60m -run 'Kill|Database' …   so many kills and cuts for each engine
//
// COWORKCARE_FUNCTIONAL_RACE=1 builds the programs with the race detector; a race then fails the test by the exit status.
// COWORKCARE_FUNCTIONAL_SEED repeats the random choices of a run; the seed stands in the test's log. When a kill lands
// is up to the machine all the same.
package functional
