package deploycheck

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

type dashboard struct {
	UID        string  `json:"uid"`
	Title      string  `json:"title"`
	Panels     []panel `json:"panels"`
	Templating struct {
		List []struct {
			Name       string `json:"name"`
			Type       string `json:"type"`
			Definition string `json:"definition"`
		} `json:"list"`
	} `json:"templating"`
}

type panel struct {
	ID         int        `json:"id"`
	Type       string     `json:"type"`
	Title      string     `json:"title"`
	Datasource *reference `json:"datasource"`
	Panels     []panel    `json:"panels"`
	GridPos    struct{ X, Y, W, H int }
	Targets    []struct {
		Datasource   reference `json:"datasource"`
		Expr         string    `json:"expr"`
		LegendFormat string    `json:"legendFormat"`
	} `json:"targets"`
}

type reference struct{ Type, UID string }

func dashboards(t *testing.T) map[string]dashboard {
	t.Helper()
	paths, err := filepath.Glob(under(t, "deploy/grafana/dashboards", "*.json"))
	require.NoError(t, err)
	all := map[string]dashboard{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var one dashboard
		require.NoError(t, json.Unmarshal(text, &one), path)
		all[filepath.Base(path)] = one
	}
	require.NotEmpty(t, all)
	return all
}

var (
	legendLabel = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)
	labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)
)

// What every rule and every dashboard asks for is shown by a running demo: metrics by name, and their labels.
func TestExpressionsAskForWhatThereIs(t *testing.T) {
	exists := demo(t).shown.knows(recorded(t)...)
	for _, one := range rules(t) {
		labels := exists.check(t, one.Record+one.Alert, one.Expr)
		for _, shown := range labelShown.FindAllStringSubmatch(one.Annotations["description"], -1) {
			require.Contains(t, labels, shown[1], one.Alert)
		}
	}
	for file, board := range dashboards(t) {
		for _, variable := range board.Templating.List {
			if variable.Type != "query" {
				continue
			}
			asked := labelValues.FindStringSubmatch(variable.Definition)
			require.NotNil(t, asked, "%s: %s", file, variable.Name)
			require.Contains(t, exists.check(t, file+": "+variable.Name, asked[1]), asked[2])
		}
		for _, one := range board.Panels {
			for _, target := range one.Targets {
				labels := exists.check(t, file+": "+one.Title, target.Expr)
				for _, shown := range legendLabel.FindAllStringSubmatch(target.LegendFormat, -1) {
					require.Contains(t, labels, shown[1], "%s: %s", file, one.Title)
				}
			}
		}
	}
}

// Dashboards are found again by their id, do not cover one another's panels, and take their data from where a viewer says.
func TestDashboards(t *testing.T) {
	var uids []string
	for file, board := range dashboards(t) {
		require.NotContains(t, uids, board.UID, file)
		uids = append(uids, board.UID)
		require.True(t, strings.HasPrefix(board.Title, "Co-Work-Care: "), file)
		require.True(t, slices.ContainsFunc(board.Templating.List, func(v struct {
			Name       string `json:"name"`
			Type       string `json:"type"`
			Definition string `json:"definition"`
		}) bool {
			return v.Name == "datasource" && v.Type == "datasource"
		}), file)
		taken, ids := map[[2]int]string{}, map[int]bool{}
		for _, one := range board.Panels {
			require.False(t, ids[one.ID], "%s: %s", file, one.Title)
			ids[one.ID] = true
			require.Empty(t, one.Panels, "%s: %s: rows stand open", file, one.Title)
			require.LessOrEqual(t, one.GridPos.X+one.GridPos.W, 24, "%s: %s", file, one.Title)
			for x := range one.GridPos.W {
				for y := range one.GridPos.H {
					at := [2]int{one.GridPos.X + x, one.GridPos.Y + y}
					require.Empty(t, taken[at], "%s: %s", file, one.Title)
					taken[at] = one.Title
				}
			}
			if one.Type == "row" {
				continue
			}
			require.NotEmpty(t, one.Targets, "%s: %s", file, one.Title)
			for _, target := range one.Targets {
				require.Equal(t, reference{"prometheus", "${datasource}"}, target.Datasource, "%s: %s", file, one.Title)
			}
		}
	}
}

// The chart's dashboards are the compose file's.
func TestChartHasTheDashboards(t *testing.T) {
	given := install(t, valuesFiles(t)["full"]).boards
	require.Equal(t, "1", given.Labels["grafana_dashboard"])
	require.Len(t, given.Data, len(dashboards(t)))
	for file := range dashboards(t) {
		require.JSONEq(t, string(content(t, "deploy/grafana/dashboards", file)), given.Data[file])
	}
}

// Grafana finds its sources and dashboards where the compose file puts them.
func TestProvisioning(t *testing.T) {
	project := compose(t)
	grafana := project.Services["grafana"]
	mounted := map[string]string{}
	for _, volume := range grafana.Volumes {
		mounted[volume.Target] = volume.Source
	}
	require.Equal(t, under(t, "deploy/grafana/provisioning"), mounted["/etc/grafana/provisioning"])

	var providers struct {
		Providers []struct{ Options struct{ Path string } }
	}
	require.NoError(t, yaml.Unmarshal(content(t, "deploy/grafana/provisioning/dashboards/dashboards.yaml"), &providers))
	path := providers.Providers[0].Options.Path
	require.Equal(t, under(t, "deploy/grafana/dashboards"), mounted[path])
	home := *grafana.Environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
	require.FileExists(t, filepath.Join(mounted[path], strings.TrimPrefix(home, path)))

	var sources struct {
		Datasources []struct{ Type, URL string }
	}
	require.NoError(t, yaml.Unmarshal(content(t, "deploy/grafana/provisioning/datasources/datasources.yaml"), &sources))
	for _, source := range sources.Datasources {
		host := regexp.MustCompile(`^http://([a-z]+):\d+$`).FindStringSubmatch(source.URL)
		require.NotNil(t, host, source.URL)
		require.Contains(t, project.Services, host[1])
	}
	require.Contains(t, string(content(t, "deploy/prometheus/prometheus.yaml")), "names: [replicas]")
}
