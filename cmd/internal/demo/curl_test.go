package demo

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestCurl(t *testing.T) {
	client := NewClient("http://127.0.0.1:8080/", "http://127.0.0.1:9100")
	gp := Actor{Role: "gp", Variable: "TOKEN_GP"}
	for _, c := range []struct {
		name string
		call Call
		want string
	}{
		{"a read", Call{As: gp, Method: http.MethodGet, Path: "/v1/clock"},
			`curl -sS http://127.0.0.1:8080/v1/clock -H "Authorization: Bearer $TOKEN_GP"`},
		{"a query", Call{As: gp, Method: http.MethodGet, Path: "/v1/followUps:mine", Query: url.Values{"overdueOnly": {"true"}, "kind": {"TRY_AGAIN"}}},
			`curl -sS 'http://127.0.0.1:8080/v1/followUps:mine?kind=TRY_AGAIN&overdueOnly=true' -H "Authorization: Bearer $TOKEN_GP"`},
		{"a write", Call{As: gp, Method: http.MethodPost, Path: "/v1/x:sign", Key: "k-1", Body: object{{"note", "it's"}, {"a", []int{1}}}},
			`curl -sS http://127.0.0.1:8080/v1/x:sign -H "Authorization: Bearer $TOKEN_GP" -H 'Idempotency-Key: k-1' -H 'Content-Type: application/json' -d '{"note":"it'\''s","a":[1]}'`},
		{"a change", Call{As: gp, Method: http.MethodPatch, Path: "/v1/x", Key: "k-1", Body: object{{"a", "<&>"}}},
			`curl -sS -X PATCH http://127.0.0.1:8080/v1/x -H "Authorization: Bearer $TOKEN_GP" -H 'Idempotency-Key: k-1' -H 'Content-Type: application/json' -d '{"a":"<&>"}'`},
	} {
		require.Equal(t, c.want, client.Curl(c.call), c.name)
	}
}

func TestQuotedIsOneWordToTheShell(t *testing.T) {
	shell, err := exec.LookPath("sh")
	require.NoError(t, err)
	for _, word := range []string{"", "plain", "it's", "$HOME `x` \\ \"", "a b", "å;&|<>*?!#~", "'"} {
		got, err := exec.Command(shell, "-c", "printf %s "+quoted(word)).Output()
		require.NoError(t, err)
		require.Equal(t, word, string(got))
	}
}

func TestObjectKeepsTheOrderOfItsFields(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfDistinct(rapid.String(), rapid.ID[string]).Draw(t, "names")
		var o object
		want := map[string]any{}
		for i, name := range names {
			o = append(o, field{name, i})
			want[name] = float64(i)
		}
		data, err := json.Marshal(o)
		require.NoError(t, err)
		var got map[string]any
		require.NoError(t, json.Unmarshal(data, &got))
		require.Equal(t, want, got)
	})
	data, err := json.Marshal(object{{"z", 1}, {"a", object{{"y", nil}, {"b", true}}}})
	require.NoError(t, err)
	require.Equal(t, `{"z":1,"a":{"y":null,"b":true}}`, string(data))
}
