package deploycheck

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
)

// known are metrics and the labels they bear.
type known map[string][]string

// of the target itself, put on by Prometheus.
var targetLabels = []string{"__name__", "job", "instance"}

func label(metric *dto.Metric, name string) string {
	for _, pair := range metric.GetLabel() {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}

// knows are the metrics of a scrape, those that Prometheus makes of every scrape, and those that rules record.
func (s scraped) knows(recorded ...string) known {
	all := known{"up": targetLabels}
	for _, name := range recorded {
		all[name] = targetLabels
	}
	for name, family := range s {
		labels := slices.Clone(targetLabels)
		for _, metric := range family.GetMetric() {
			for _, pair := range metric.GetLabel() {
				if !slices.Contains(labels, pair.GetName()) {
					labels = append(labels, pair.GetName())
				}
			}
		}
		all[name] = labels
		if family.GetType() == dto.MetricType_HISTOGRAM {
			all[name+"_sum"], all[name+"_count"], all[name+"_bucket"] = labels, labels, append(slices.Clone(labels), "le")
			delete(all, name)
		}
	}
	return all
}

var (
	rateInterval = strings.NewReplacer("$__rate_interval", "5m", "$__interval", "1m", "$__range", "1h")
	variable     = regexp.MustCompile(`\$\{?[a-z]\w*\}?`)
)

// parse reads an expression of a rule or a dashboard. Grafana's variables stand for something of their kind.
func parse(t testing.TB, where, text string) parser.Expr {
	t.Helper()
	text = variable.ReplaceAllString(rateInterval.Replace(text), ".+")
	expression, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	require.NoError(t, err, "%s: %s", where, text)
	return expression
}

// check holds an expression against what is known: names of metrics, labels in their matchers, labels that are grouped by. It
// gives the labels that the result may have.
func (k known) check(t testing.TB, where, text string) (labels []string) {
	t.Helper()
	expression := parse(t, where, text)
	var grouped []string
	parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			bears, found := k[n.Name]
			if !found {
				t.Errorf("%s asks for %s, which no scrape shows: %s", where, n.Name, text)
				return nil
			}
			for _, matcher := range n.LabelMatchers {
				if !slices.Contains(bears, matcher.Name) {
					t.Errorf("%s asks for the label %s of %s, which it does not have: %s", where, matcher.Name, n.Name, text)
				}
			}
			labels = append(labels, bears...)
		case *parser.AggregateExpr:
			if !n.Without {
				grouped = append(grouped, n.Grouping...)
			}
		case *parser.BinaryExpr:
			if n.VectorMatching != nil && n.VectorMatching.On {
				grouped = append(grouped, n.VectorMatching.MatchingLabels...)
			}
		case *parser.Call:
			if n.Func.Name == "label_replace" {
				labels = append(labels, n.Args[1].(*parser.StringLiteral).Val)
			}
		}
		return nil
	})
	for _, name := range grouped {
		if !slices.Contains(labels, name) {
			t.Errorf("%s groups by the label %s, which nothing in it has: %s", where, name, text)
		}
	}
	return labels
}
