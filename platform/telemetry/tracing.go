package telemetry

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Tracing says what becomes of traces.
type Tracing struct {
	// Exporter is where they are sent; nil: nowhere.
	Exporter sdktrace.SpanExporter
	// Sampler chooses those that are sent however they go; nil sends all, but those that a caller left out.
	Sampler sdktrace.Sampler
	// Slow is how long a call or a piece of work takes that is sent for it. Those that fail are sent in any case.
	Slow time.Duration
	// Recent keeps the last ones in memory, all of them; nil keeps none.
	Recent *Recent
	// Resource describes the process; nil describes it by the standard variables.
	Resource *resource.Resource
}

// Provider makes the provider of tracers. Where traces go nowhere, calls still get trace ids for answers and logs, and nothing is
// recorded.
func (t Tracing) Provider() *sdktrace.TracerProvider {
	if t.Exporter == nil && t.Recent == nil {
		return sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	}
	head := t.Sampler
	if head == nil {
		head = sdktrace.ParentBased(sdktrace.AlwaysSample())
	}
	options := []sdktrace.TracerProviderOption{sdktrace.WithSampler(sdktrace.AlwaysRecord(head))}
	if t.Resource != nil {
		options = append(options, sdktrace.WithResource(t.Resource))
	}
	if t.Exporter != nil {
		options = append(options, sdktrace.WithSpanProcessor(newTail(sdktrace.NewBatchSpanProcessor(t.Exporter), t.Slow, longPolls())))
	}
	if t.Recent != nil {
		options = append(options, sdktrace.WithSpanProcessor(t.Recent))
	}
	return sdktrace.NewTracerProvider(options...)
}

// samplerOf reads the sampler of the standard variables OTEL_TRACES_SAMPLER and OTEL_TRACES_SAMPLER_ARG. The SDK reads them too, but
// keeps what it has read to itself.
func samplerOf(variable func(string) string) (sdktrace.Sampler, error) {
	name := cmp.Or(strings.ToLower(strings.TrimSpace(variable("OTEL_TRACES_SAMPLER"))), "parentbased_always_on")
	kind, based := strings.CutPrefix(name, "parentbased_")
	var root sdktrace.Sampler
	switch kind {
	case "always_on":
		root = sdktrace.AlwaysSample()
	case "always_off":
		root = sdktrace.NeverSample()
	case "traceidratio":
		ratio, err := strconv.ParseFloat(cmp.Or(strings.TrimSpace(variable("OTEL_TRACES_SAMPLER_ARG")), "1"), 64)
		if err != nil || !(ratio >= 0 && ratio <= 1) {
			return nil, fmt.Errorf("OTEL_TRACES_SAMPLER_ARG is %.20q: write the share of traces to send, from 0 to 1", variable("OTEL_TRACES_SAMPLER_ARG"))
		}
		root = sdktrace.TraceIDRatioBased(ratio)
	default:
		return nil, fmt.Errorf("OTEL_TRACES_SAMPLER is %.40q: write always_on, always_off or traceidratio, or one of them after parentbased_", name)
	}
	if based {
		return sdktrace.ParentBased(root), nil
	}
	return root, nil
}

// longPolls are the names of the spans of calls that wait on purpose: those whose request says for how many seconds.
func longPolls() map[string]bool {
	found := map[string]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				method := service.Methods().Get(j)
				if method.Input().Fields().ByName("wait_seconds") == nil && !method.IsStreamingServer() {
					continue
				}
				found[string(service.FullName())+"/"+string(method.Name())] = true
				if rule, _ := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule); rule != nil {
					found["GET "+rule.GetGet()] = true
				}
			}
		}
		return true
	})
	return found
}
