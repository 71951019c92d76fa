package whole_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ids are the server's own, which differ from run to run.
var idPattern = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// Whatever is wrong with a request, the answer is a problem with the documented status that names the field and the rule, nothing
// changes, and both engines answer alike.
func TestBadInput(t *testing.T) {
	answers := map[string]string{}
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		total := 0
		for _, m := range w.byPeople() {
			if m.verb == "" {
				continue
			}
			t.Run(m.short(), func(t *testing.T) {
				tried := w.prepared(t, m)
				if got := w.send(m.overREST(t, tried.sample(m)), tried.token(m.caller(), tried.place)); got.status >= 300 {
					t.Fatalf("%s: not even its sample is accepted: %.300s", m.short(), got.body)
				}
				st := w.prepared(t, m)
				st.calm = true
				good := m.overREST(t, st.sample(m))
				token := st.token(m.caller(), st.place)
				before := w.careData(t)
				names := map[string]bool{}
				for _, c := range badCases(m, good) {
					what := m.short() + ": " + c.name
					require.False(t, names[what], "two cases of one name: %s", what)
					names[what] = true
					total++
					got := w.send(c.request, token)
					if got.status < 300 {
						t.Errorf("%s: accepted with %d\n%.300s", what, got.status, c.request.payload())
						before = w.careData(t)
						continue
					}
					p := checkProblem(t, what, got, c.status...)
					if c.field != "" && got.status == http.StatusBadRequest && !slices.ContainsFunc(namesOf(p.Violations), func(name string) bool { return covers(name, c.field) }) {
						t.Errorf("%s: no violation names %s: %.600s", what, c.field, got.body)
					}
					for _, name := range namesOf(p.Violations) {
						if !camelPath.MatchString(name) && !(name == "" && c.field == "") { // empty: the body as a whole
							t.Errorf("%s: %q is no path in lowerCamelCase", what, name)
						}
					}
					if strings.Contains(string(got.body), canaryMark) {
						t.Errorf("%s: the answer repeats text: %s", what, got.body)
					}
					if got.status == http.StatusMethodNotAllowed {
						require.NotEmpty(t, got.header.Get("Allow"), what)
					}
					text := idPattern.ReplaceAllString(comparable(t, got.body), "<id>")
					if first, ok := answers[what]; !ok {
						answers[what] = text
					} else if first != text {
						t.Errorf("%s: the engines answer differently:\n%s\n%s", what, first, text)
					}
				}
				require.Equal(t, before, w.careData(t), "%s: a refused request changed something", m.short())
			})
		}
		t.Logf("%d cases", total)
	})
}

// covers tells that a violation's field is the one that is wrong, or one within it.
func covers(named, wrong string) bool {
	return named == wrong || strings.HasPrefix(named, wrong+".") || strings.HasPrefix(named, wrong+"[")
}
