package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	eventv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"

	"github.com/coworkcare/coworkcare/platform/access"
	"github.com/coworkcare/coworkcare/platform/accesslog"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/bell"
	"github.com/coworkcare/coworkcare/platform/clock"
	"github.com/coworkcare/coworkcare/platform/crypt"
	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/page"
	"github.com/coworkcare/coworkcare/platform/redisdb"
	"github.com/coworkcare/coworkcare/platform/rpc"
	"github.com/coworkcare/coworkcare/platform/sqldb"
	"github.com/coworkcare/coworkcare/platform/timer"
	"github.com/coworkcare/coworkcare/platform/worker"
)

// Parts is what a process is made of.
type Parts struct {
	Log      *slog.Logger
	Clock    clock.Clock
	Keys     *crypt.Keys
	Database sqldb.Config
	// Redis is the bell and the near horizon of timers. Nil: this process alone, timers by the sweep.
	Redis *redisdb.DB
	// Callers verifies the tokens of people and record systems.
	Callers *identity.Verifier
	Modules []Module
	// Elsewhere are the product's other services. Those with an address in Remote are passed on to.
	Elsewhere []Module
	// Remote gives the addresses of services that run elsewhere, by name.
	Remote map[string]string
	// Transport secures connections to other processes; nil is plain text.
	Transport credentials.TransportCredentials
	// Metrics takes the figures of logs, consumers and timers; nil takes none.
	Metrics prometheus.Registerer
	// Wall is the machine's time as workers keep it; the zero value is the real one. Tests shorten its pauses.
	Wall worker.Wall
}

// System is the modules of one process, wired.
type System struct {
	// Server serves every method of the modules; health and reflection too.
	Server *grpc.Server
	// Health tells whether it serves.
	Health *health.Server

	parts     Parts
	pipe      rpc.Pipe
	guard     *access.Guard
	chain     *rpc.Chain
	poll      time.Duration // how long a new event can go unnoticed when a ring is lost
	bell      *bell.Bell
	log       *accesslog.Log
	logDB     *sqldb.DB
	hosts     []*Host
	logs      map[string]*act.Acts // the event logs that this process serves, by source
	numberers []*worker.Numberer
	consumers []*worker.Consumer
	timers    []*worker.Timers
	stopping  chan struct{} // closed when calls under way are to come to their end
	stop      sync.Once

	mu    sync.Mutex
	conns map[string]*grpc.ClientConn
}

// Build opens and migrates the stores, starts every module, and checks that the contract and the code agree. It serves nothing yet.
func Build(ctx context.Context, parts Parts) (*System, error) {
	s := &System{parts: parts, poll: pollEvery, pipe: rpc.NewPipe(), guard: access.NewGuard(), logs: map[string]*act.Acts{}, stopping: make(chan struct{}), conns: map[string]*grpc.ClientConn{}}
	if err := s.build(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *System) build(ctx context.Context) error {
	if s.parts.Redis != nil {
		s.bell = bell.New(s.parts.Redis, s.parts.Log)
	} else {
		s.bell = bell.New(nil, s.parts.Log)
	}
	services, err := identity.NewServiceVerifier(s.parts.Keys.Derive("service-token"), time.Now)
	if err != nil {
		return fmt.Errorf("preparing to verify service tokens: %w", err)
	}
	s.logDB, err = s.open(ctx, "accesslog", "accesslog", accesslog.Migrations)
	if err != nil {
		return err
	}
	if s.log, err = accesslog.New(s.logDB); err != nil {
		return err
	}
	s.chain = &rpc.Chain{Log: s.parts.Log, Callers: s.parts.Callers, Services: services, Guard: s.guard, AccessLog: s.log}
	s.Server = rpc.NewServer(s.chain)
	for _, module := range s.parts.Modules {
		if err := s.start(ctx, module); err != nil {
			return fmt.Errorf("starting %s: %w", module.Name, err)
		}
	}
	eventv1.RegisterEventServiceServer(s.Server, &eventServer{system: s})
	if s.parts.Metrics != nil {
		if err := s.parts.Metrics.Register(metrics{system: s}); err != nil {
			return fmt.Errorf("registering the metrics of events and timers: %w", err)
		}
	}
	return s.seal()
}

// open opens a store and brings its tables up to date.
func (s *System) open(ctx context.Context, name, set string, migrations fs.FS) (*sqldb.DB, error) {
	db, err := sqldb.Open(ctx, s.parts.Database, name)
	if err != nil {
		return nil, fmt.Errorf("opening the store of %s: %w", name, err)
	}
	if err := migrate(ctx, db, set, migrations); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func migrate(ctx context.Context, db *sqldb.DB, set string, migrations fs.FS) error {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("finding the migrations of %s: %w", set, err)
	}
	if err := db.Migrate(ctx, set, folder); err != nil {
		return fmt.Errorf("migrating the %s tables of %s: %w", set, db.Name(), err)
	}
	return nil
}

// Stand makes the store of a log: its tables and the acts that append to it.
func (s *System) stand(ctx context.Context, name string) (*act.Acts, error) {
	db, err := s.open(ctx, name, "chassis", act.Migrations)
	if err != nil {
		return nil, err
	}
	if db.Engine() == sqldb.SQLite {
		// One process owns the files, so a lease that was left by a killed one is nobody's.
		if err := worker.ForgetLeases(ctx, db); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	acts := &act.Acts{Source: name, DB: db, Keys: s.parts.Keys, Clock: s.parts.Clock, Bell: s.bell, Log: s.parts.Log.With("service", name)}
	s.logs[name] = acts
	s.numberers = append(s.numberers, &worker.Numberer{Acts: acts, Log: acts.Log})
	return acts, nil
}

func (s *System) start(ctx context.Context, module Module) error {
	if s.logs[module.Name] != nil {
		return errors.New("it is among the modules twice")
	}
	acts, err := s.stand(ctx, module.Name)
	if err != nil {
		return err
	}
	if module.Migrations != nil {
		if err := migrate(ctx, acts.DB, module.Name, module.Migrations); err != nil {
			return err
		}
	}
	host := &Host{
		Name: module.Name, Server: s.Server, DB: acts.DB, Acts: acts, Keys: s.parts.Keys, Clock: s.parts.Clock, Log: acts.Log,
		Pages: page.New(s.parts.Keys.Derive("page-token")), system: s,
		handlers: map[string][]worker.EventHandler{}, timers: map[string]worker.TimerHandler{},
	}
	s.hosts = append(s.hosts, host)
	if err := module.Start(ctx, host); err != nil {
		return err
	}
	if host.places == nil {
		keeper := placeKeeper{acts: acts, host: host}
		host.places = keeper.locate
		host.handlers[patientSource] = append([]worker.EventHandler{keeper.onEvent}, host.handlers[patientSource]...)
	}
	s.guard.Locate(module.Name, "patient_id", host.places)
	for source, handlers := range host.handlers {
		s.consumers = append(s.consumers, &worker.Consumer{
			Acts: acts, Source: source, Events: eventv1.NewEventServiceClient(host.Conn(source)), Handler: inTurn(handlers), Log: acts.Log, Wall: s.parts.Wall})
	}
	if len(host.timers) > 0 {
		timers := &worker.Timers{Acts: acts, Handlers: host.timers, Log: acts.Log, Wall: s.parts.Wall}
		if s.parts.Redis != nil {
			timers.Queue = timer.NewQueue(s.parts.Redis, module.Name)
		}
		acts.Armed = timers.Listen()
		s.timers = append(s.timers, timers)
	}
	return nil
}

func inTurn(handlers []worker.EventHandler) worker.EventHandler {
	return func(tx *act.Tx, e *eventv1.Event) error {
		for _, handler := range handlers {
			if err := handler(tx, e); err != nil {
				return err
			}
		}
		return nil
	}
}

// seal reads the rules of everything registered, and refuses to go on when one is missing.
func (s *System) seal() error {
	var services []string
	var requests []proto.Message
	for name := range s.Server.GetServiceInfo() {
		services = append(services, name)
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			return fmt.Errorf("finding the descriptor of %s: %w", name, err)
		}
		described, ok := descriptor.(protoreflect.ServiceDescriptor)
		if !ok {
			return fmt.Errorf("%s is not a service", name)
		}
		for i := range described.Methods().Len() {
			requests = append(requests, dynamicpb.NewMessage(described.Methods().Get(i).Input()))
		}
	}
	if err := s.guard.Add(services...); err != nil {
		return err
	}
	if err := s.guard.Complete(); err != nil {
		return err
	}
	var err error
	if s.chain.Validator, err = rpc.NewValidator(requests...); err != nil {
		return err
	}
	s.Health = health.NewServer()
	healthv1.RegisterHealthServer(s.Server, s.Health)
	reflection.Register(s.Server)
	return nil
}

// Routes are the REST routes of every module here, and of those elsewhere whose address is known.
func (s *System) Routes() []RegisterRoutes {
	routes := []RegisterRoutes{eventv1.RegisterEventServiceHandler}
	for _, module := range s.parts.Modules {
		if module.Routes != nil {
			routes = append(routes, module.Routes)
		}
	}
	for _, module := range s.parts.Elsewhere {
		if module.Routes != nil && s.parts.Remote[module.Name] != "" {
			routes = append(routes, s.passedOn(module))
		}
	}
	return routes
}

// passedOn registers the routes of a module elsewhere over a connection of its own. The caller's token is judged there.
func (s *System) passedOn(module Module) RegisterRoutes {
	return func(ctx context.Context, mux *runtime.ServeMux, _ *grpc.ClientConn) error {
		conn, err := s.dial(outside, module.Name)
		if err != nil {
			return err
		}
		return module.Routes(ctx, mux, conn)
	}
}

// Register adds a service that belongs to no module, such as the test clock, before the process serves.
func (s *System) Register(register func(grpc.ServiceRegistrar), name string) error {
	register(s.Server)
	if err := s.guard.Add(name); err != nil {
		return err
	}
	return s.guard.Complete()
}

// Gateway is a connection for callers from outside who bring their own tokens.
func (s *System) Gateway() (*grpc.ClientConn, error) { return s.pipe.Dial(nil) }

// Serve answers calls within the process until the server stops.
func (s *System) Serve() error {
	if err := s.Server.Serve(s.pipe); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serving within the process: %w", err)
	}
	return nil
}

// Stopping answers the long polls under way at once, and every one that still comes: who waits for events must not keep a
// process that stops waiting.
func (s *System) Stopping() { s.stop.Do(func() { close(s.stopping) }) }

// RunLog writes the access log until the context ends. It must run whenever calls are answered, and end after them.
func (s *System) RunLog(ctx context.Context) error { return s.log.Run(ctx) }

// Work does what the modules do unasked until the context ends.
func (s *System) Work(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.bell.Run(ctx) })
	for _, n := range s.numberers {
		group.Go(func() error { return n.Run(ctx) })
	}
	for _, c := range s.consumers {
		group.Go(func() error { return c.Run(ctx) })
	}
	for _, t := range s.timers {
		group.Go(func() error { return t.Run(ctx) })
	}
	for _, host := range s.hosts {
		for _, one := range host.run {
			group.Go(func() error { return one.run(ctx) })
		}
		group.Go(func() error { return forgetRequests(ctx, host) })
	}
	return group.Wait()
}

// forgetRequests removes old request ids now and then.
func forgetRequests(ctx context.Context, host *Host) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		forgotten := int64(1)
		var err error
		for forgotten > 0 && err == nil {
			err = host.DB.Tx(ctx, func(tx *sqldb.Tx) error {
				var err error
				forgotten, err = act.ForgetRequests(tx, time.Now())
				return err
			})
		}
		if err != nil && ctx.Err() == nil {
			host.Log.WarnContext(ctx, "old request ids could not be removed; trying again later", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Ready says what is missing before the process can serve; nil when nothing is.
func (s *System) Ready(ctx context.Context) error {
	var missing []string
	for name, acts := range s.logs {
		if err := acts.DB.Ping(ctx); err != nil {
			missing = append(missing, "the store of "+name)
		}
	}
	if err := s.logDB.Ping(ctx); err != nil {
		missing = append(missing, "the store of the access log")
	}
	if len(missing) > 0 {
		return fmt.Errorf("cannot reach %s", strings.Join(missing, ", "))
	}
	return nil
}

// Close closes connections and stores.
func (s *System) Close() error {
	var errs []error
	for _, conn := range s.conns {
		errs = append(errs, conn.Close())
	}
	for _, acts := range s.logs {
		errs = append(errs, acts.DB.Close())
	}
	if s.logDB != nil {
		errs = append(errs, s.logDB.Close())
	}
	return errors.Join(errs...)
}

// AccessLog is the record of who has seen whose data.
func (s *System) AccessLog() *accesslog.Log { return s.log }

// Log is the log of a service in this process; nil when it is elsewhere.
func (s *System) Log(source string) *act.Acts { return s.logs[source] }
