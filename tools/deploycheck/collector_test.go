package deploycheck

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/otlpexporter"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/batchprocessor"
	"go.opentelemetry.io/collector/processor/memorylimiterprocessor"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
	"sigs.k8s.io/yaml"
)

// The collector itself says whether it would start with the configuration: unknown keys and components are refused.
func TestCollector(t *testing.T) {
	collector, err := otelcol.NewCollector(otelcol.CollectorSettings{
		BuildInfo: component.NewDefaultBuildInfo(),
		Factories: func() (factories otelcol.Factories, err error) {
			factories.Telemetry = otelconftelemetry.NewFactory()
			if factories.Receivers, err = otelcol.MakeFactoryMap[receiver.Factory](otlpreceiver.NewFactory()); err != nil {
				return factories, err
			}
			if factories.Processors, err = otelcol.MakeFactoryMap[processor.Factory](batchprocessor.NewFactory(), memorylimiterprocessor.NewFactory()); err != nil {
				return factories, err
			}
			factories.Exporters, err = otelcol.MakeFactoryMap[exporter.Factory](otlpexporter.NewFactory())
			return factories, err
		},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			URIs: []string{"file:" + under(t, "deploy/otel/collector.yaml")}, ProviderFactories: []confmap.ProviderFactory{fileprovider.NewFactory()}}},
	})
	require.NoError(t, err)
	require.NoError(t, collector.DryRun(t.Context()))
}

// Traces leave the process when an endpoint is given, as the compose file and the chart do.
func TestTracesAreSent(t *testing.T) {
	require.NotZero(t, demo(t).posts.Load())
}

// Traces are received where the replicas send them, and sent to the trace backend of the same compose file.
func TestCollectorStandsBetween(t *testing.T) {
	var config struct {
		Receivers struct {
			OTLP struct {
				Protocols struct {
					GRPC struct{ Endpoint string }
				}
			}
		}
		Exporters map[string]struct{ Endpoint string }
	}
	require.NoError(t, yaml.Unmarshal(content(t, "deploy/otel/collector.yaml"), &config))
	project := compose(t)
	require.Equal(t, "http://otel-collector:4317", *project.Services["coworkcare"].Environment["OTEL_EXPORTER_OTLP_ENDPOINT"])
	require.Equal(t, "0.0.0.0:4317", config.Receivers.OTLP.Protocols.GRPC.Endpoint)
	require.Equal(t, "jaeger:4317", config.Exporters["otlp_grpc/traces"].Endpoint)
	require.Contains(t, project.Services, "jaeger")
}
