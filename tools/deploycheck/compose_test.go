package deploycheck

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
)

// prepared is what deploy/.env holds once it has been filled in.
var prepared = types.Mapping{"COWORKCARE_UID": "1000", "COWORKCARE_GID": "1000", "COWORKCARE_OIDC_ISSUER": "https://login.example/care"}

func load(t testing.TB, environment types.Mapping) (*types.Project, error) {
	t.Helper()
	return loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir: under(t, "deploy"), Environment: environment,
		ConfigFiles: []types.ConfigFile{{Filename: under(t, "deploy/compose.yaml")}},
	})
}

// compose loads the file as Docker Compose does: unknown keys, undefined networks, volumes and secrets are refused.
func compose(t testing.TB) *types.Project {
	t.Helper()
	project, err := load(t, prepared)
	require.NoError(t, err)
	return project
}

func TestComposeAsksForWhatIsMissing(t *testing.T) {
	for variable, advice := range map[string]string{"COWORKCARE_UID": "deploy/prepare.sh", "COWORKCARE_GID": "deploy/prepare.sh", "COWORKCARE_OIDC_ISSUER": "deploy/.env"} {
		environment := prepared.Clone()
		delete(environment, variable)
		_, err := load(t, environment)
		require.ErrorContains(t, err, variable)
		require.ErrorContains(t, err, advice)
	}
}

func TestCompose(t *testing.T) {
	project := compose(t)
	for name, service := range project.Services {
		if service.Build == nil {
			_, tag, _ := strings.Cut(service.Image, ":")
			require.NotContains(t, []string{"", "latest"}, tag, "%s: which image it is must not change by itself", name)
		}
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, "%s: nothing here ends TLS", name)
			require.NotEqual(t, uint32(9100), port.Target, "%s: the operations port is for nobody outside", name)
		}
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				_, err := os.Stat(volume.Source)
				require.NoError(t, err, name)
				require.True(t, volume.ReadOnly, name)
			}
		}
		for key, value := range service.Environment {
			if value != nil && strings.Contains(key, "PASSWORD") && !strings.HasSuffix(key, "_FILE") {
				t.Errorf("%s: the password %s stands in the environment; give it by file", name, key)
			}
		}
		if name != "postgres" { // starts as root to own its volume
			require.Equal(t, []string{"ALL"}, service.CapDrop, name)
			require.Contains(t, service.SecurityOpt, "no-new-privileges:true", name)
		}
	}
	whole := project.Services["coworkcare"]
	require.True(t, whole.ReadOnly)
	require.Equal(t, 3, *whole.Deploy.Replicas)
	require.Contains(t, whole.Networks["watch"].Aliases, "replicas", "by this name Prometheus finds every replica")
	require.True(t, bool(project.Networks["stores"].Internal))
	require.True(t, bool(project.Networks["watch"].Internal))
	for name, service := range project.Services {
		if _, reached := service.Networks["stores"]; reached {
			require.Contains(t, []string{"coworkcare", "postgres", "redis"}, name)
		}
	}
	require.Contains(t, string(content(t, "deploy/redis/redis.conf")), "\nmaxmemory-policy noeviction\n")
}

// PostgreSQL must bear the pools of all replicas, and of one more.
func TestComposeConnections(t *testing.T) {
	project := compose(t)
	pools := 0
	for _, metric := range demo(t).shown["db_sql_connection_max_open"].GetMetric() {
		if name := label(metric, "db_client_connection_pool_name"); strings.HasSuffix(name, "/write") { // SQLite's pools of writers stand for PostgreSQL's
			pools++
		}
	}
	require.Contains(t, string(content(t, chartFolder, "templates/_helpers.tpl")), fmt.Sprintf(`"coworkcare.pools" -}}%d{{-`, pools),
		"a replica has %d pools: say so in the chart's coworkcare.pools", pools)
	require.Contains(t, string(content(t, "docs/operations.md")), fmt.Sprintf("%d pools of 8 in three replicas are %d, and %d meanwhile", pools, pools*8*3, pools*8*4))
	_, text, _ := strings.Cut(strings.Join(project.Services["postgres"].Command, " "), "max_connections=")
	most, err := strconv.Atoi(text)
	require.NoError(t, err)
	require.LessOrEqual(t, pools*8*(*project.Services["coworkcare"].Deploy.Replicas+1), most, "raise max_connections in compose.yaml")
}

// What prepare.sh makes is what the containers are given, and the product takes it.
func TestPrepare(t *testing.T) {
	folder := t.TempDir()
	prepare := func() string {
		cmd := exec.CommandContext(t.Context(), "sh", under(t, "deploy/prepare.sh"))
		cmd.Env = append(os.Environ(), "COWORKCARE="+built(t, "coworkcare"), "COWORKCARE_DEPLOY="+folder)
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", output)
		return string(output)
	}
	require.Contains(t, prepare(), "made")
	made := map[string]string{}
	for _, secret := range compose(t).Secrets {
		path := filepath.Join(folder, "secrets", filepath.Base(secret.File))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, "%s is %v", path, info.Mode())
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotEmpty(t, text)
		made[path] = string(text)
	}
	require.NotContains(t, prepare(), "made", "a second time changes nothing")
	for path, text := range made {
		again, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, text, string(again))
	}

	serve := func(environment ...string) string {
		cmd := exec.CommandContext(t.Context(), built(t, "coworkcare"), "serve")
		cmd.Dir = t.TempDir()
		ports, err := free(3)
		require.NoError(t, err)
		cmd.Env = append([]string{"COWORKCARE_CONFIG=" + filepath.Join(folder, "secrets/coworkcare.yaml"), "COWORKCARE_KEYS_FILE=" + filepath.Join(folder, "secrets/keys.json"),
			"COWORKCARE_HTTP_ADDR=" + ports[0], "COWORKCARE_GRPC_ADDR=" + ports[1], "COWORKCARE_OPS_ADDR=" + ports[2]}, environment...)
		output, err := cmd.CombinedOutput()
		require.Error(t, err)
		return string(output)
	}
	require.Contains(t, serve(), "COWORKCARE_OIDC_ISSUER is missing")
	refused := serve("COWORKCARE_OIDC_ISSUER=https://login.example/care")
	require.Contains(t, refused, "COWORKCARE_DATABASE_URL", "it gets as far as the database, which is not here")
	for _, text := range made {
		require.NotContains(t, refused, strings.TrimSpace(text))
	}
}
