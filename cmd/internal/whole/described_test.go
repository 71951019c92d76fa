package whole_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/gateway/openapi"
)

// description judges what is sent and answered by the OpenAPI document.
type description struct {
	compiler *jsonschema.Compiler
	paths    map[string]map[string]struct {
		RequestBody map[string]any `json:"requestBody"`
		Responses   map[string]struct {
			Headers map[string]any `json:"headers"`
		} `json:"responses"`
	}
}

func describe(t *testing.T) *description {
	t.Helper()
	text := openapi.Document()
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	d := &description{compiler: jsonschema.NewCompiler()}
	d.compiler.DefaultDraft(jsonschema.Draft2020)
	d.compiler.AssertFormat()
	require.NoError(t, d.compiler.AddResource("openapi.json", whole))
	var parts struct {
		Paths json.RawMessage `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(text, &parts))
	require.NoError(t, json.Unmarshal(parts.Paths, &d.paths))
	return d
}

// judge holds a JSON text against a schema of the document.
func (d *description) judge(t *testing.T, what string, text []byte, pointer ...string) {
	t.Helper()
	for i, part := range pointer {
		pointer[i] = strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(part)
	}
	schema, err := d.compiler.Compile("openapi.json#/" + strings.Join(pointer, "/"))
	require.NoErrorf(t, err, "%s is not described", what)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoErrorf(t, err, "%s: %s", what, text)
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s is not as described: %v\n%s", what, err, text)
	}
}

// What the other tests send is what the OpenAPI document says is taken, and what comes back is what it says is answered: statuses,
// headers and bodies, of every method, of an answer as of a refusal.
func TestAnswersAreAsDescribed(t *testing.T) {
	s := start(t, "sqlite")
	w := newWorld(t, s)
	d := describe(t)
	for _, m := range s.byPeople() {
		if m.verb == "" {
			continue
		}
		t.Run(m.short(), func(t *testing.T) {
			path, verb := m.describedPath(), strings.ToLower(m.verb)
			described, ok := d.paths[path][verb]
			require.Truef(t, ok, "%s %s is not described: run make generate", m.verb, path)
			st := w.prepared(t, m)
			request := m.overREST(t, st.sample(m))
			if request.body != nil {
				d.judge(t, "the body", request.payload(), "paths", path, verb, "requestBody", "content", "application/json", "schema")
			}
			refused := w.send(request, "")
			require.Equal(t, http.StatusUnauthorized, refused.status)
			d.judge(t, "the refusal", refused.body, "components", "schemas", "Problem")

			got := w.send(request, st.token(m.caller(), st.place))
			status := strconv.Itoa(got.status)
			require.Containsf(t, described.Responses, status, "%s", got.body)
			for name := range described.Responses[status].Headers {
				require.NotEmptyf(t, got.header.Get(name), "the header %s", name)
			}
			for _, name := range []string{"ETag", "Location"} {
				if got.header.Get(name) != "" {
					require.Contains(t, described.Responses[status].Headers, name)
				}
			}
			d.judge(t, "the answer", got.body, "paths", path, verb, "responses", status, "content", "application/json", "schema")
		})
	}
}

// describedPath is the path as the document writes it: {carePlanId} for {care_plan.care_plan_id}.
func (m *method) describedPath() string {
	path := m.path
	for _, field := range m.inPath {
		path = strings.ReplaceAll(path, "{"+field+"}", "{"+camel(field[strings.LastIndex(field, ".")+1:])+"}")
	}
	return path
}
