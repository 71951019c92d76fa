package deploycheck

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// quiet are the panels that show nothing while all is well.
var quiet = map[string]bool{"calls.json: Failed calls a second": true}

// prometheus is a Prometheus that reads the demo every second, with the rules as they are deployed.
type prometheus struct{ address string }

func startPrometheus(t *testing.T) prometheus {
	t.Helper()
	server := program(t, "prometheus", "Debian's package prometheus")
	addresses, err := free(1)
	require.NoError(t, err)
	p := prometheus{addresses[0]}
	dir := t.TempDir()
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%s]\nscrape_configs:\n  - job_name: coworkcare\n    static_configs: [{targets: [%q]}]\n",
		under(t, "deploy/prometheus/rules.yaml"), demo(t).ops)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yaml"), []byte(config), 0o600))
	cmd := exec.Command(server, "--config.file="+filepath.Join(dir, "prometheus.yaml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+p.address)
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	cmd.Stdout, cmd.Stderr = log, log
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("%s", text)
		}
		_ = log.Close()
	})
	return p
}

// ask asks the HTTP API and decodes what it answers.
func (p prometheus) ask(path string, query url.Values, data any) error {
	response, err := http.Get("http://" + p.address + "/api/v1/" + path + "?" + query.Encode())
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Status, Error string
		Data          json.RawMessage
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s", answer.Error)
	}
	return json.Unmarshal(answer.Data, data)
}

// series is how many series an expression gives now.
func (p prometheus) series(expression string) (int, error) {
	var data struct{ Result []json.RawMessage }
	err := p.ask("query", url.Values{"query": {expression}}, &data)
	return len(data.Result), err
}

// A Prometheus that reads the demo can draw every panel and evaluate every rule; no alert is raised by a demo in which all is well,
// but for those that time must pass for.
func TestPanelsShowSomething(t *testing.T) {
	p := startPrometheus(t)
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		n, err := p.series(`count_over_time(up{job="coworkcare"}[1m]) > 5 and on () coworkcare:calls:rate5m`)
		require.NoError(c, err)
		require.Equal(c, 1, n)
	}, 2*time.Minute, 200*time.Millisecond)
	for file, board := range dashboards(t) {
		for _, one := range board.Panels {
			for _, target := range one.Targets {
				text := variable.ReplaceAllString(rateInterval.Replace(target.Expr), ".+")
				n, err := p.series(text)
				require.NoError(t, err, "%s: %s: %s", file, one.Title, text)
				if !quiet[file+": "+one.Title] {
					require.NotZero(t, n, "%s: %s shows nothing: %s", file, one.Title, text)
				}
			}
		}
	}
	var evaluated struct {
		Groups []struct {
			Rules []struct{ Name, Type, Health, LastError, State string }
		}
	}
	require.NoError(t, p.ask("rules", nil, &evaluated))
	count := 0
	for _, group := range evaluated.Groups {
		for _, one := range group.Rules {
			count++
			require.Equal(t, "ok", one.Health, "%s: %s", one.Name, one.LastError)
			require.NotEqual(t, "firing", one.State, one.Name)
		}
	}
	require.Len(t, rules(t), count)
}
