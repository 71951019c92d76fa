package deploycheck

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// checkRights: the pod may nothing that it does not need, and bears no secret of its own.
func checkRights(t *testing.T, got installed) {
	t.Helper()
	pod := got.deployment.Spec.Template.Spec
	require.False(t, *pod.AutomountServiceAccountToken)
	require.False(t, *got.account.AutomountServiceAccountToken)
	require.Equal(t, got.account.Name, pod.ServiceAccountName)
	require.True(t, *pod.SecurityContext.RunAsNonRoot)
	require.EqualValues(t, 65532, *pod.SecurityContext.RunAsUser, "as in the image")
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type)
	require.False(t, pod.HostNetwork || pod.HostPID || pod.HostIPC)
	require.Len(t, pod.Containers, 1)
	container := pod.Containers[0]
	require.False(t, *container.SecurityContext.AllowPrivilegeEscalation)
	require.True(t, *container.SecurityContext.ReadOnlyRootFilesystem)
	require.Equal(t, []corev1.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop)
	require.Empty(t, container.SecurityContext.Capabilities.Add)
	require.NotZero(t, container.Resources.Requests.Cpu().MilliValue())
	require.NotZero(t, container.Resources.Limits.Memory().Value())

	env := map[string]corev1.EnvVar{}
	for _, variable := range container.Env {
		require.NotContains(t, env, variable.Name, "given twice")
		env[variable.Name] = variable
	}
	for _, name := range []string{"COWORKCARE_DATABASE_URL", "COWORKCARE_REDIS_URL"} {
		require.Empty(t, env[name].Value)
		require.NotEmpty(t, env[name].ValueFrom.SecretKeyRef.Name, name)
		require.NotEmpty(t, env[name].ValueFrom.SecretKeyRef.Key, name)
	}
	volume, mount := pod.Volumes[0], container.VolumeMounts[0]
	require.Equal(t, volume.Name, mount.Name)
	require.True(t, mount.ReadOnly)
	require.EqualValues(t, 0o440, *volume.Secret.DefaultMode, "the program refuses keys that others may read")
	require.Equal(t, pod.SecurityContext.RunAsGroup, pod.SecurityContext.FSGroup, "the group that may read the keys")
	require.Equal(t, mount.MountPath+"/"+volume.Secret.Items[0].Path, env["COWORKCARE_KEYS_FILE"].Value)
	checkVariables(t, env)
}

// checkVariables: every variable is one that the program knows.
func checkVariables(t *testing.T, env map[string]corev1.EnvVar) {
	t.Helper()
	config := string(content(t, "platform/config/config.go"))
	for name := range env {
		if key, ours := strings.CutPrefix(name, "COWORKCARE_"); ours {
			require.True(t, strings.Contains(config, `koanf:"`+strings.ToLower(key)+`"`), "the program knows no %s", name)
		} else {
			require.True(t, strings.HasPrefix(name, "OTEL_"), name)
		}
	}
}

// checkLife: probes ask what they are for, and the pod is given the time that it takes to stop.
func checkLife(t *testing.T, got installed) {
	t.Helper()
	pod := got.deployment.Spec.Template.Spec
	container := pod.Containers[0]
	for path, probe := range map[string]*corev1.Probe{"/livez": container.LivenessProbe, "/readyz": container.ReadinessProbe} {
		require.Equal(t, path, probe.HTTPGet.Path)
		require.Equal(t, "ops", probe.HTTPGet.Port.String())
		require.Greater(t, probe.TimeoutSeconds, int32(2), "the check itself may take two seconds")
	}
	require.Equal(t, "/livez", container.StartupProbe.HTTPGet.Path, "liveness is not asked while migrations run")
	require.GreaterOrEqual(t, container.StartupProbe.PeriodSeconds*container.StartupProbe.FailureThreshold, int32(300))

	spans := map[string]time.Duration{}
	for _, variable := range container.Env {
		if strings.HasPrefix(variable.Name, "COWORKCARE_DRAIN_") {
			span, err := time.ParseDuration(variable.Value)
			require.NoError(t, err)
			spans[variable.Name] = span
		}
	}
	require.Len(t, spans, 2)
	// After the grace: 1.5 s until the process ends in any case, and 3 s for the last traces.
	takes := spans["COWORKCARE_DRAIN_DELAY"] + spans["COWORKCARE_DRAIN_GRACE"] + 5*time.Second
	require.Greater(t, time.Duration(*pod.TerminationGracePeriodSeconds)*time.Second, takes)
	notices := time.Duration(container.ReadinessProbe.PeriodSeconds*container.ReadinessProbe.FailureThreshold) * time.Second
	require.Greater(t, spans["COWORKCARE_DRAIN_DELAY"], notices, "it serves on until the cluster has noticed that it is not ready")
	require.True(t, reflect.DeepEqual(got.deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntValue(), 0))
}
