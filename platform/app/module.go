// Package app is the frame of every process: it wires modules into one server, runs what they do unasked, and stops them in
// order. A service is a folder and a line here.
package app

import (
	"context"
	"io/fs"
	"log/slog"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// Module is one service.
type Module struct {
	// Name names its database, its log of events, its metrics and its logs: patient, careplan, …
	Name string
	// Migrations holds the service's own tables in a folder `migrations`.
	Migrations fs.FS
	// Routes registers its REST routes.
	Routes RegisterRoutes
	// Private says that its log concerns nobody outside: it is told to who names it, and may begin anew.
	Private bool
	// Start registers the service's methods and workers with its host. It does no work of its own.
	Start func(ctx context.Context, host *Host) error
}

// RegisterRoutes registers a service's REST routes on a mux that calls over a connection; the generated
// Register…Handler functions have this type.
type RegisterRoutes = func(ctx context.Context, mux *runtime.ServeMux, conn *grpc.ClientConn) error

// Host is what a module stands on.
type Host struct {
	Name   string
	Server grpc.ServiceRegistrar
	DB     *sqldb.DB
	Acts   *act.Acts
	Keys   *crypt.Keys
	Clock  clock.Clock
	Log    *slog.Logger
	Pages  *page.Tokens

	system   *System
	handlers map[string][]worker.EventHandler
	timers   map[string]worker.TimerHandler
	places   access.Locator
	run      []namedRun
}

type namedRun struct {
	name string
	run  func(context.Context) error
}

// Consume handles the events of another service's log, at least once each, in the transaction that moves the cursor.
func (h *Host) Consume(source string, handler worker.EventHandler) {
	h.handlers[source] = append(h.handlers[source], handler)
}

// OnTimer handles the timers of a kind. Its transaction has no place: the handler uses that of the row it loads.
func (h *Host) OnTimer(kind string, handler worker.TimerHandler) { h.timers[kind] = handler }

// Locate says where the thing with an id stands, for rules that measure by it (SCOPE_RESOURCE). field is the last element of
// the rule's field, for example follow_up_id.
func (h *Host) Locate(field string, locator access.Locator) {
	h.system.guard.Locate(h.Name, field, locator)
}

// ProvidePlaces makes the module itself the one who knows where patients belong, instead of a copy kept from the log.
func (h *Host) ProvidePlaces(locator access.Locator) { h.places = locator }

// Go runs something for as long as the process serves.
func (h *Host) Go(name string, run func(context.Context) error) {
	h.run = append(h.run, namedRun{h.Name + "/" + name, run})
}

// Conn connects to another service, with this service's token and, when the context has one, its caller's. Never use it
// inside a transaction.
func (h *Host) Conn(service string) grpc.ClientConnInterface { return h.system.conn(h.Name, service) }
