package deploycheck

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	chartloader "helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

const chartFolder = "deploy/helm/coworkcare"

// valuesFiles are those in the chart's folder ci, by name.
func valuesFiles(t *testing.T) map[string]map[string]any {
	t.Helper()
	paths, err := filepath.Glob(under(t, chartFolder, "ci", "*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	files := map[string]map[string]any{}
	for _, path := range paths {
		files[strings.TrimSuffix(filepath.Base(path), "-values.yaml")] = values(t, path)
	}
	return files
}

func values(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var values map[string]any
	require.NoError(t, yaml.UnmarshalStrict(text, &values))
	return values
}

// render renders the chart as `helm template` does, the schema of its values included.
func render(t *testing.T, values map[string]any) (map[string]string, error) {
	t.Helper()
	chart, err := chartloader.Load(under(t, chartFolder))
	require.NoError(t, err)
	release := common.ReleaseOptions{Name: "care", Namespace: "health", Revision: 1, IsInstall: true}
	all, err := util.ToRenderValues(chart, values, release, common.DefaultCapabilities.Copy())
	if err != nil {
		return nil, err
	}
	return engine.Engine{Strict: true}.Render(chart, all)
}

// installed is what the cluster would be given.
type installed struct {
	deployment appsv1.Deployment
	services   map[string]corev1.Service
	policy     *networkingv1.NetworkPolicy
	budget     *policyv1.PodDisruptionBudget
	scaler     *autoscalingv2.HorizontalPodAutoscaler
	account    corev1.ServiceAccount
	monitor    *monitoringv1.ServiceMonitor
	rule       *monitoringv1.PrometheusRule
	boards     *corev1.ConfigMap
	notes      string
}

// install renders and decodes strictly: an unknown field is an error, as is a kind that the chart is not known to make.
func install(t *testing.T, values map[string]any) installed {
	t.Helper()
	rendered, err := render(t, values)
	require.NoError(t, err)
	into := installed{services: map[string]corev1.Service{}}
	for _, path := range slices.Sorted(maps.Keys(rendered)) {
		if strings.HasSuffix(path, "NOTES.txt") {
			into.notes = rendered[path]
			continue
		}
		for document := range strings.SplitSeq(rendered[path], "\n---\n") {
			var head struct{ Kind string }
			require.NoError(t, yaml.Unmarshal([]byte(document), &head), "%s:\n%s", path, document)
			var object any
			service := corev1.Service{}
			switch head.Kind {
			case "":
				require.Empty(t, strings.TrimSpace(document), path)
				continue
			case "Deployment":
				object = &into.deployment
			case "Service":
				object = &service
			case "NetworkPolicy":
				into.policy = &networkingv1.NetworkPolicy{}
				object = into.policy
			case "PodDisruptionBudget":
				into.budget = &policyv1.PodDisruptionBudget{}
				object = into.budget
			case "HorizontalPodAutoscaler":
				into.scaler = &autoscalingv2.HorizontalPodAutoscaler{}
				object = into.scaler
			case "ServiceAccount":
				object = &into.account
			case "ServiceMonitor":
				into.monitor = &monitoringv1.ServiceMonitor{}
				object = into.monitor
			case "ConfigMap":
				into.boards = &corev1.ConfigMap{}
				object = into.boards
			case "PrometheusRule":
				into.rule = &monitoringv1.PrometheusRule{}
				object = into.rule
			default:
				t.Fatalf("%s makes a %s, which is not checked here", path, head.Kind)
			}
			require.NoError(t, yaml.UnmarshalStrict([]byte(document), object), "%s:\n%s", path, document)
			if head.Kind == "Service" {
				into.services[service.Name] = service
			}
		}
	}
	return into
}

func TestChartIsCleanOfLint(t *testing.T) {
	for name, values := range valuesFiles(t) {
		for _, message := range lint.RunAll(under(t, chartFolder), values, "health").Messages {
			// An icon is for catalogues of charts.
			if message.Severity > support.InfoSev || !strings.Contains(message.Err.Error(), "icon") {
				t.Errorf("%s: %v", name, message)
			}
		}
	}
}

func TestChartNamesAllThatIsMissing(t *testing.T) {
	_, err := render(t, nil)
	for _, value := range []string{"image.repository", "oidc.issuer", "database.existingSecret", "redis.existingSecret", "keys.existingSecret"} {
		require.ErrorContains(t, err, value)
		given := valuesFiles(t)["minimal"]
		group, key, _ := strings.Cut(value, ".")
		given[group].(map[string]any)[key] = ""
		_, one := render(t, given)
		require.ErrorContains(t, one, "these values are missing")
		require.ErrorContains(t, one, value)
	}
}

func TestChartRefuses(t *testing.T) {
	for name, wrong := range map[string]map[string]any{
		"a misspelt key":           {"replica": 3},
		"a misspelt inner key":     {"database": map[string]any{"existingSecret": "x", "url": "postgres://care:hush@db/care"}},
		"a number as text":         {"replicas": "three"},
		"no replica":               {"replicas": 0},
		"an issuer that is no URL": {"oidc": map[string]any{"issuer": "login.example"}},
		"an unknown log level":     {"logLevel": "verbose"},
		"a digest of another kind": {"image": map[string]any{"repository": "x", "digest": "1.2.3"}},
		"no time for calls":        {"drain": map[string]any{"graceSeconds": 0}},
	} {
		given := valuesFiles(t)["minimal"]
		maps.Copy(given, wrong)
		_, err := render(t, given)
		require.ErrorContains(t, err, "schema", name)
	}
}

func TestChart(t *testing.T) {
	for name, given := range valuesFiles(t) {
		t.Run(name, func(t *testing.T) {
			got := install(t, given)
			pod := got.deployment.Spec.Template.Spec
			labels := got.deployment.Spec.Template.Labels
			require.Subset(t, labels, got.deployment.Spec.Selector.MatchLabels)
			checkRights(t, got)
			checkLife(t, got)

			for name, service := range got.services {
				require.Subset(t, labels, service.Spec.Selector, name)
				for _, port := range service.Spec.Ports {
					require.Contains(t, portNames(pod), port.TargetPort.String(), name)
					if port.TargetPort.String() == "ops" {
						require.Equal(t, corev1.ServiceTypeClusterIP, typeOf(service), "%s: the operations port stays within the cluster", name)
					}
				}
			}
			_, shown := got.services["care-coworkcare-ops"]
			require.Equal(t, got.monitor != nil, shown, "the operations port has a service for Prometheus alone")
			if got.budget != nil {
				require.Subset(t, labels, got.budget.Spec.Selector.MatchLabels)
			}
			if got.policy != nil {
				require.Subset(t, labels, got.policy.Spec.PodSelector.MatchLabels)
				for _, rule := range got.policy.Spec.Ingress {
					for _, port := range rule.Ports {
						if port.Port.String() == "ops" {
							require.NotEmpty(t, rule.From, "nobody is let in to the operations port without being named")
						}
					}
				}
			}
			if got.monitor != nil {
				operations := got.services["care-coworkcare-ops"]
				require.Subset(t, operations.Labels, got.monitor.Spec.Selector.MatchLabels)
				require.Equal(t, "coworkcare", operations.Labels[got.monitor.Spec.JobLabel], "the rules ask for this job")
				require.True(t, got.monitor.Spec.Endpoints[0].HonorLabels, "the product's own label `service` must stand")
			}
			if got.scaler != nil {
				require.Nil(t, got.deployment.Spec.Replicas, "the number of replicas is the autoscaler's")
			}
			require.Contains(t, got.notes, "connections from here")
		})
	}
	full := install(t, valuesFiles(t)["full"])
	require.NotNil(t, full.scaler)
	require.Contains(t, full.notes, fmt.Sprint(8*12*9))
	require.NotEmpty(t, full.rule.Spec.Groups)
	bare := install(t, valuesFiles(t)["bare"])
	require.Nil(t, bare.policy)
	require.Nil(t, bare.budget)
}

func portNames(pod corev1.PodSpec) (names []string) {
	for _, port := range pod.Containers[0].Ports {
		names = append(names, port.Name)
	}
	return names
}

func typeOf(service corev1.Service) corev1.ServiceType {
	if service.Spec.Type == "" {
		return corev1.ServiceTypeClusterIP
	}
	return service.Spec.Type
}
