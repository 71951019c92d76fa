package gateway

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/caseload/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/clock/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/event/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/gateway/openapi"
)

// operation is what these tests ask of one in the document.
type operation struct {
	Parameters []struct {
		Ref  string `json:"$ref"`
		Name string `json:"name"`
		In   string `json:"in"`
	} `json:"parameters"`
	RequestBody *struct{} `json:"requestBody"`
	Responses   map[string]struct {
		Headers map[string]any `json:"headers"`
		Content map[string]any `json:"content"`
	} `json:"responses"`
}

type description struct {
	Paths      map[string]map[string]*operation `json:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"schemas"`
	} `json:"components"`
}

func described(t *testing.T) description {
	var d description
	require.NoError(t, json.Unmarshal(openapi.Document(), &d))
	return d
}

// pathOf writes a route's pattern as the document does.
func pathOf(r *route) string {
	segments := strings.Split(r.pattern, "{")
	for i, segment := range segments[1:] {
		field, rest, _ := strings.Cut(segment, "}")
		segments[i+1] = jsonPath(field[strings.LastIndex(field, ".")+1:]) + "}" + rest
	}
	return strings.Join(segments, "{")
}

// The document describes every route that the gateway can serve as the gateway serves it, and nothing else.
func TestEveryRouteIsDescribed(t *testing.T) {
	d := described(t)
	all, err := routes()
	require.NoError(t, err)
	served := map[string]bool{}
	for _, r := range all {
		path, verb := pathOf(r), strings.ToLower(r.verb)
		served[verb+" "+path] = true
		t.Run(r.verb+" "+path, func(t *testing.T) {
			o := d.Paths[path][verb]
			require.NotNil(t, o, "run make generate")
			require.Equal(t, r.bodyType != nil, o.RequestBody != nil, "a body")
			status := "200"
			if r.createdID != nil {
				status = "201"
			}
			require.Contains(t, o.Responses, status)
			answer := o.Responses[status]
			_, streams := answer.Content["text/event-stream"]
			require.Equal(t, strings.HasSuffix(r.pattern, ":watch"), streams, "a stream")
			_, tagged := answer.Headers["ETag"]
			require.Equal(t, r.method.Output().Fields().ByName("etag") != nil, tagged, "an ETag")
			_, conditional := o.Responses["304"]
			require.Equal(t, tagged && r.verb == http.MethodGet, conditional, "304")
			checkParameters(t, r, o)
		})
	}
	for path, operations := range d.Paths {
		for verb := range operations {
			require.True(t, served[verb+" "+path], "%s %s is described, and no route serves it: run make generate", verb, path)
		}
	}
	require.NotEmpty(t, served)
}

func checkParameters(t *testing.T, r *route, o *operation) {
	var inPath, inQuery []string
	for _, p := range o.Parameters {
		switch p.In {
		case "path":
			inPath = append(inPath, p.Name)
		case "query":
			inQuery = append(inQuery, p.Name)
			_, field := queryField(r, p.Name)
			require.NotNil(t, field, "the gateway does not take the query parameter %s", p.Name)
		}
	}
	require.Len(t, inPath, len(r.inPath))
	for i := range r.method.Input().Fields().Len() {
		field := r.method.Input().Fields().Get(i)
		if at, taken := queryField(r, field.JSONName()); taken != nil {
			require.Contains(t, inQuery, jsonPath(at), "the gateway takes it")
		}
	}
	headers := map[string]bool{}
	for _, p := range o.Parameters {
		headers[p.Ref[strings.LastIndex(p.Ref, "/")+1:]] = true
	}
	require.True(t, headers["XRequestId"])
	require.Equal(t, r.method.Input().Fields().ByName("request_id") != nil, headers["IdempotencyKey"])
	if r.verb == http.MethodPatch && r.bodyType != nil {
		require.Equal(t, r.bodyType.Fields().ByName("etag") != nil, headers["IfMatch"])
	}
}

// What a problem is written with is what the document says.
func TestProblemIsDescribed(t *testing.T) {
	d := described(t)
	for name, kind := range map[string]reflect.Type{"Problem": reflect.TypeFor[Problem](), "Violation": reflect.TypeFor[Violation]()} {
		var written, said []string
		for i := range kind.NumField() {
			tag, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			written = append(written, tag)
		}
		for property := range d.Components.Schemas[name].Properties {
			said = append(said, property)
		}
		slices.Sort(written)
		slices.Sort(said)
		require.Equal(t, written, said, name)
	}
}

// A value that stands for none is never offered to who sends: it stands alone, where it is answered.
func TestNoneIsNoValueToSend(t *testing.T) {
	require.NotRegexp(t, `"enum": \[[^\]]*_UNSPECIFIED"`, string(openapi.Document()))
	require.Regexp(t, `"const": "[A-Z_]+_UNSPECIFIED"`, string(openapi.Document()))
}
