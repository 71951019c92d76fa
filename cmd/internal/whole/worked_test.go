package whole_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// The worked cases, written as a client writes them over REST: what is answered holds at least what the case says. null says that
// a field is absent; the order of ids says nothing.
func TestWorkedCases(t *testing.T) {
	text, err := os.ReadFile("testdata/worked.json")
	require.NoError(t, err)
	var worked []struct {
		Name, Method string
		Request      map[string]any
		Status       int
		Answer       any
		Reason       string
	}
	require.NoError(t, json.Unmarshal(text, &worked))
	require.Greater(t, len(worked), 80)
	w := newWorld(t, start(t, "sqlite"))
	token := w.token(identity.RoleRehabilitationCoordinator, w.own)
	before := w.everything(t)
	for _, c := range worked {
		t.Run(c.Name, func(t *testing.T) {
			m := w.method(c.Method)
			got := w.send(&rest{verb: m.verb, path: m.path, body: c.Request}, token)
			if c.Status >= 300 {
				p := checkProblem(t, c.Name, got, c.Status)
				require.Equal(t, c.Reason, p.Reason, "%s", got.body)
				return
			}
			require.Equal(t, c.Status, got.status, "%s", got.body)
			var answer any
			require.NoError(t, json.Unmarshal(got.body, &answer))
			require.Empty(t, missing("", c.Answer, answer), "%s", got.body)
		})
	}
	require.Equal(t, before, w.everything(t), "what is stateless has kept something")
}

// missing says what of want is not in got.
func missing(path string, want, got any) []string {
	switch want := want.(type) {
	case nil:
		if got != nil {
			return []string{fmt.Sprintf("%s: want nothing, got %v", path, got)}
		}
	case map[string]any:
		held, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: want an object, got %v", path, got)}
		}
		var all []string
		for _, name := range sortedKeys(want) {
			all = append(all, missing(path+"."+name, want[name], held[name])...)
		}
		return all
	case []any:
		held, ok := got.([]any)
		if !ok || len(held) != len(want) {
			return []string{fmt.Sprintf("%s: want %d, got %v", path, len(want), got)}
		}
		var all []string
		want, held = inOrder(want), inOrder(held)
		for i := range want {
			all = append(all, missing(fmt.Sprintf("%s[%d]", path, i), want[i], held[i])...)
		}
		return all
	default:
		if want != got {
			return []string{fmt.Sprintf("%s: want %v, got %v", path, want, got)}
		}
	}
	return nil
}

// inOrder sorts ids; anything else stays as it is.
func inOrder(list []any) []any {
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b any) int {
		first, ok := a.(string)
		second, also := b.(string)
		switch {
		case !ok || !also || first == second:
			return 0
		case first < second:
			return -1
		}
		return 1
	})
	return sorted
}
