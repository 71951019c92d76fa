package deploycheck

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

type ruleFile struct {
	Groups []struct {
		Name  string `json:"name"`
		Rules []rule `json:"rules"`
	} `json:"groups"`
}

type rule struct {
	Record      string            `json:"record"`
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	var file ruleFile
	require.NoError(t, yaml.UnmarshalStrict(content(t, "deploy/prometheus/rules.yaml"), &file))
	for _, group := range file.Groups {
		all = append(all, group.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}

func recorded(t *testing.T) (names []string) {
	t.Helper()
	for _, one := range rules(t) {
		if one.Record != "" {
			names = append(names, one.Record)
		}
	}
	return names
}

const runbookURL = "https://github.com/coworkcare/coworkcare/blob/main/docs/runbooks/"

var labelShown = regexp.MustCompile(`\$labels\.(\w+)`)

// Every alert says what, where to read on, and whom to disturb; its page exists and says what it means for patients.
func TestAlerts(t *testing.T) {
	pages := map[string]bool{}
	for _, one := range rules(t) {
		if one.Alert == "" {
			continue
		}
		pages[one.Alert] = true
		require.NotEmpty(t, one.For, one.Alert)
		require.Contains(t, []string{"page", "ticket"}, one.Labels["severity"], one.Alert)
		require.NotEmpty(t, one.Annotations["summary"], one.Alert)
		require.NotEmpty(t, one.Annotations["description"], one.Alert)
		require.Equal(t, runbookURL+one.Alert+".md", one.Annotations["runbook_url"])
		page := string(content(t, "docs/runbooks", one.Alert+".md"))
		require.True(t, strings.HasPrefix(page, "# "+one.Alert+"\n"), one.Alert)
		for _, heading := range []string{"## What it means for patients", "## See", "## Do"} {
			require.Contains(t, page, "\n"+heading+"\n", one.Alert)
		}
	}
	written, err := filepath.Glob(under(t, "docs/runbooks", "*.md"))
	require.NoError(t, err)
	for _, path := range written {
		name := strings.TrimSuffix(filepath.Base(path), ".md")
		require.True(t, pages[name] || name == "README", "docs/runbooks/%s.md is of no alert", name)
	}
}

var (
	requestMessage = regexp.MustCompile(`(?s)message (\w+)Request \{(.*?)\n\}`)
	methodsLeftOut = regexp.MustCompile(`rpc_method!~"([^"]+)"`)
)

// Long polls take long on purpose and come all the time; the rules count none of them.
func TestRulesLeaveOutLongPolls(t *testing.T) {
	var polls []string
	require.NoError(t, filepath.WalkDir(under(t, "proto/coworkcare"), func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".proto") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, message := range requestMessage.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(message[2], "wait_seconds") {
				polls = append(polls, message[1])
			}
		}
		return err
	}))
	require.Contains(t, polls, "ListEvents")
	for _, one := range rules(t) {
		if !strings.Contains(one.Expr, "rpc_server_call") {
			continue
		}
		for _, out := range methodsLeftOut.FindAllStringSubmatch(one.Expr, -1) {
			for _, poll := range polls {
				require.Regexp(t, "^("+out[1]+")$", "coworkcare.x.v1.XService/"+poll, one.Record+one.Alert)
			}
		}
		require.Equal(t, strings.Count(one.Expr, "rpc_server_call"), strings.Count(one.Expr, "rpc_method!~"), one.Record+one.Alert)
	}
}

var (
	inlineCode = regexp.MustCompile("`([^`\\n]+)`")
	// commandLine begins what is typed, not read.
	commandLine = regexp.MustCompile(`^(kubectl|docker|helm|go|coworkctl|coworkcare|INFO|COWORKCARE_TOKEN=…) |^window: |^too many clients$`)
)

// A line that a runbook looks for in the log is one that the program writes.
func TestRunbooksQuoteTheLog(t *testing.T) {
	var code strings.Builder
	for _, folder := range []string{"cmd", "gateway", "platform", "services"} {
		require.NoError(t, filepath.WalkDir(under(t, folder), func(path string, _ os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				var text []byte
				if text, err = os.ReadFile(path); err == nil {
					code.Write(text)
				}
			}
			return err
		}))
	}
	pages, err := filepath.Glob(under(t, "docs/runbooks", "*.md"))
	require.NoError(t, err)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, quoted := range inlineCode.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(quoted[1], " ") && !commandLine.MatchString(quoted[1]) {
				require.True(t, strings.Contains(code.String(), quoted[1]), "%s: no program says %q", page, quoted[1])
			}
		}
	}
}

// Rules, configuration and the tests of the rules, read by Prometheus' own tool.
func TestPromtool(t *testing.T) {
	promtool := program(t, "promtool", "Debian's package prometheus")
	for _, arguments := range [][]string{{"check", "rules", "rules.yaml"}, {"check", "config", "prometheus.yaml"}, {"test", "rules", "rules_test.yaml"}} {
		cmd := exec.CommandContext(t.Context(), promtool, arguments...)
		cmd.Dir = under(t, "deploy/prometheus")
		output, err := cmd.CombinedOutput()
		require.NoError(t, err, "promtool %s:\n%s", strings.Join(arguments, " "), output)
	}
}

// Every alert has a test in which it fires and one in which it does not.
func TestAlertsAreTested(t *testing.T) {
	var file struct {
		Tests []struct {
			Alerts []struct {
				Name     string `json:"alertname"`
				Expected []any  `json:"exp_alerts"`
			} `json:"alert_rule_test"`
		} `json:"tests"`
	}
	require.NoError(t, yaml.Unmarshal(content(t, "deploy/prometheus/rules_test.yaml"), &file))
	fires, rests := map[string]bool{}, map[string]bool{}
	for _, test := range file.Tests {
		for _, one := range test.Alerts {
			fires[one.Name] = fires[one.Name] || len(one.Expected) > 0
			rests[one.Name] = rests[one.Name] || len(one.Expected) == 0
		}
	}
	for _, one := range rules(t) {
		if one.Alert != "" {
			require.True(t, fires[one.Alert], "%s fires in no test", one.Alert)
			require.True(t, rests[one.Alert], "%s is at rest in no test", one.Alert)
		}
	}
}

// The chart's rules are the compose file's.
func TestChartHasTheRules(t *testing.T) {
	inChart, err := os.ReadFile(under(t, chartFolder, "files/rules.yaml"))
	require.NoError(t, err)
	require.Equal(t, string(content(t, "deploy/prometheus/rules.yaml")), string(inChart))
	var count int
	for _, group := range install(t, valuesFiles(t)["full"]).rule.Spec.Groups {
		count += len(group.Rules)
	}
	require.Len(t, rules(t), count)
}
