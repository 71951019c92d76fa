// Package bench measures what a call of the product costs beside the SQL that it stands on: create, get and list page, directly
// by database/sql, by gRPC and by REST over loopback, on both engines. There is nothing here to import; `make bench` runs it,
// and docs/performance.md says how to read it.
//
// The product runs as it is served, all services and the gateway in one process of its own, so that its processor time and its
// allocations are told apart from those of the callers. The databases are durable ones: SQLite with synchronous FULL, and a
// throw-away PostgreSQL with its defaults. Every way takes its turn in each of many short rounds, so that what else the machine
// does hits all of them alike; what is reported first is the median over the rounds of the ratio within a round.
package bench
