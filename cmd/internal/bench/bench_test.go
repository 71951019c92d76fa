package bench

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var (
	before   = flag.String("before", "", "a test program of this package, built from another revision: it is measured in the same rounds")
	profiles = flag.String("profiles", "", "a folder: instead of measuring, each operation is called by gRPC and by REST under a profile of the server's processor time and allocations")
)

func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		if err := serveAsChild(text); err != nil {
			fmt.Fprintln(os.Stderr, "bench server:", err)
			os.Exit(1)
		}
		return
	}
	code := m.Run()
	if len(report) > 0 {
		fmt.Print("\n" + table(report) + beside(report))
	}
	fmt.Print(yardstick())
	os.Exit(code)
}

func TestEveryServiceIsServed(t *testing.T) {
	entries, err := os.ReadDir("../../../services")
	require.NoError(t, err)
	var folders, served []string
	for _, entry := range entries {
		folders = append(folders, entry.Name())
	}
	for _, module := range modules {
		served = append(served, module.Name)
	}
	require.ElementsMatch(t, folders, served, "name every service in modules")
}

// report is what has been measured so far.
var report []*cell

// BenchmarkCall measures create, get and list page by bare SQL, gRPC and REST, by one caller and by sixteen. It has a plan of its
// own and does not follow -benchtime. ns/op, B/op and allocs/op are those of gRPC, the latter two of the server alone.
func BenchmarkCall(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			program, err := os.Executable()
			require.NoError(b, err)
			worlds := []*world{newWorld(b, engine, program)}
			if *before != "" {
				worlds = append(worlds, newWorld(b, engine, *before))
			}
			for _, op := range operations() {
				op.watched(b, worlds[0])
				if *profiles != "" {
					op.profiled(b, worlds[0])
					continue
				}
				for _, callers := range []int{1, 16} {
					b.Run(fmt.Sprintf("%s/callers=%d", op.name, callers), func(b *testing.B) { benchmark(b, engine, op, callers, worlds) })
				}
			}
		})
	}
}

func benchmark(b *testing.B, engine string, op *operation, callers int, worlds []*world) {
	c := &cell{engine: engine, op: op, callers: callers, statements: len(op.statements), sync: syncTime(b, worlds[0].place.dir)}
	db := func() time.Duration { return 0 }
	if engine == "postgres" {
		db = durable(b).cpu
	}
	measure := func() { c.measure(b, op.ways(b, worlds), db) }
	if op.alone {
		inner := measure
		measure = func() {
			for _, w := range worlds {
				w.tell(command{Do: "rest"})
			}
			inner()
			for _, w := range worlds {
				w.tell(command{Do: "work"})
				w.settle()
			}
		}
	}
	measure()
	c.tell(b)
	report = append(report, c)
}

// tell gives the figures of a cell to the framework.
func (c *cell) tell(b *testing.B) {
	sql, grpc, rest := c.named("sql"), c.named("grpc"), c.named("rest")
	b.ReportMetric(median(grpc.each), "ns/op")
	b.ReportMetric(grpc.perCall(float64(grpc.usage.Allocs)), "allocs/op")
	b.ReportMetric(grpc.perCall(float64(grpc.usage.Bytes)), "B/op")
	b.ReportMetric(over(grpc, sql), "grpc_x_sql")
	b.ReportMetric(over(rest, sql), "rest_x_sql")
	b.ReportMetric(over(rest, grpc), "rest_x_grpc")
	b.ReportMetric(grpc.perCall(micros(grpc.usage.CPU)), "grpc_cpu_us/op")
	b.ReportMetric(rest.perCall(micros(rest.usage.CPU)), "rest_cpu_us/op")
	b.ReportMetric(float64(c.statements), "statements/op")
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// profiled calls by gRPC and by REST under a profile of the server.
func (op *operation) profiled(b *testing.B, w *world) {
	require.NoError(b, os.MkdirAll(*profiles, 0o755))
	for _, way := range op.ways(b, []*world{w}) {
		if way.w == nil {
			continue
		}
		name := filepath.Join(*profiles, w.place.engine+"_"+op.name+"_"+way.name)
		profile := func() {
			_, _ = run(b, way, 16, turn)
			w.tell(command{Do: "profile", File: name + ".cpu"})
			calls, _ := run(b, way, 4, 3*time.Second)
			w.tell(command{Do: "profiled", File: name + ".allocs"})
			b.Logf("%s: %d calls", name, calls)
		}
		if op.alone {
			w.alone(profile)
		} else {
			profile()
		}
		w.settle()
	}
}
