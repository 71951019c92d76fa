package whole_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
)

// texts visits every single text of a request, with the way to change it.
func texts(message protoreflect.Message, prefix string, visit func(path string, change func(string))) {
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		path := prefix + string(field.Name())
		switch {
		case field.IsMap() || field.Message() != nil && field.Message().FullName().Parent() == "google.protobuf":
		case field.IsList():
			for i := range value.List().Len() {
				if field.Message() != nil {
					texts(value.List().Get(i).Message(), path+".", visit)
				} else if field.Kind() == protoreflect.StringKind {
					visit(path, func(text string) { value.List().Set(i, protoreflect.ValueOfString(text)) })
				}
			}
		case field.Message() != nil:
			texts(value.Message(), path+".", visit)
		case field.Kind() == protoreflect.StringKind:
			visit(path, func(text string) { message.Set(field, protoreflect.ValueOfString(text)) })
		}
		return true
	})
}

// What REST refuses before the services see it comes to them as it is over gRPC: NUL, very long texts and what looks like SQL, in
// every text, ids among them. They are refused, never a failure of ours, and both engines answer alike.
func TestHostileTextOverGRPC(t *testing.T) {
	hostile := map[string]string{"NUL": "a\x00b", "NUL alone": "\x00", "very long": strings.Repeat("å", 10_000), "SQL": "'; DROP TABLE patient; --"}
	said := map[string]string{}
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		for _, m := range w.byPeople() {
			t.Run(m.short(), func(t *testing.T) {
				st := w.prepared(t, m)
				st.calm = true
				request := st.sample(m)
				before := w.careData(t)
				var paths []string
				texts(request.ProtoReflect(), "", func(path string, _ func(string)) { paths = append(paths, path) })
				for _, path := range paths {
					for name, text := range hostile {
						if name == "SQL" && (!strings.HasSuffix(path, "_id") || m.rule.GetScope() == accessv1.Scope_SCOPE_CALLER) {
							continue // a text like any other
						}
						bad := proto.Clone(request)
						if m.writes() {
							put(bad, "request_id", uuid.NewString())
						}
						texts(bad.ProtoReflect(), "", func(at string, change func(string)) {
							if at == path {
								change(text)
							}
						})
						_, err := w.call(st.asCaller(m), m, bad)
						what := m.short() + ", " + path + ": " + name
						switch status.Code(err) {
						case codes.InvalidArgument, codes.NotFound:
						default:
							t.Errorf("%s: %v", what, err)
						}
						if first, ok := said[what]; ok && first != detail(err) {
							t.Errorf("%s: the engines answer differently:\n%s\n%s", what, first, detail(err))
						}
						said[what] = detail(err)
					}
				}
				require.Equal(t, before, w.careData(t), "%s changed something", m.short())
			})
		}
	})
}

// A page token is good for the list and the filters that it was made for.
func TestPageTokensOfOtherLists(t *testing.T) {
	s := start(t, "sqlite")
	w := newWorld(t, s)
	st := w.newStage(w.own)
	source := w.method("PatientService.ListPractitioners")
	ask := func(m *method, change func(r *rest)) answer {
		r := m.overREST(t, st.sample(m))
		change(r)
		return w.send(r, st.token(m.caller(), st.place))
	}
	first := ask(source, func(r *rest) { r.query.Set("pageSize", "1"); r.query.Del("role") })
	require.Equal(t, http.StatusOK, first.status, "%s", first.body)
	page := newMessage(t, source.Output())
	unmarshal(t, first.body, page)
	token := at(page, "next_page_token")
	require.NotEmpty(t, token)
	require.Equal(t, http.StatusOK, ask(source, func(r *rest) { r.query.Set("pageToken", token); r.query.Del("role") }).status)
	for _, m := range w.byPeople() {
		if m.Input().Fields().ByName("page_token") == nil || m.verb == "" {
			continue
		}
		p := checkProblem(t, m.short(), ask(m, func(r *rest) { r.query.Set("pageToken", token) }), http.StatusBadRequest)
		require.Equal(t, "BAD_PAGE_TOKEN", p.Reason, "%s", m.short())
	}
	altered := []byte(token)
	altered[len(altered)/2] ^= 1
	checkProblem(t, "an altered token", ask(source, func(r *rest) { r.query.Set("pageToken", string(altered)); r.query.Del("role") }), http.StatusBadRequest)
}
