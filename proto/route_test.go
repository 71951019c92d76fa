package proto_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func TestRoutes(t *testing.T) { holds(t, routeRules) }

var routeRules = []rule{
	{name: "what a person may call is in REST", method: hasRoute},
	{name: "the HTTP method and the path fit the verb", method: routeFitsVerb},
	{name: "a path names what exists", method: pathNamesFields},
	{name: "a URL bears ids, days and codes only", method: urlIsClean},
}

// binding is a method's place in REST.
type binding struct {
	verb string // GET
	path string // /v1/patients/{patient_id}
	body string
	more int // additional bindings
}

func route(m protoreflect.MethodDescriptor) binding {
	option, _ := proto.GetExtension(m.Options(), annotations.E_Http).(*annotations.HttpRule)
	found := binding{body: option.GetBody(), more: len(option.GetAdditionalBindings())}
	switch pattern := option.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		found.verb, found.path = http.MethodGet, pattern.Get
	case *annotations.HttpRule_Post:
		found.verb, found.path = http.MethodPost, pattern.Post
	case *annotations.HttpRule_Patch:
		found.verb, found.path = http.MethodPatch, pattern.Patch
	case *annotations.HttpRule_Put:
		found.verb, found.path = http.MethodPut, pattern.Put
	case *annotations.HttpRule_Delete:
		found.verb, found.path = http.MethodDelete, pattern.Delete
	}
	return found
}

var variable = regexp.MustCompile(`\{([^}]*)\}`)

// variables are the field paths in the path.
func (b binding) variables() []string {
	var all []string
	for _, found := range variable.FindAllStringSubmatch(b.path, -1) {
		all = append(all, found[1])
	}
	return all
}

// custom is the verb after the colon; resource is the path before it.
func (b binding) custom() (resource, verb string) {
	resource, verb, _ = strings.Cut(b.path, ":")
	return resource, verb
}

// collection is the last segment that is no variable: careEpisodes.
func collection(resource string) string {
	segments := strings.Split(resource, "/")
	for i := len(segments) - 1; i > 0; i-- {
		if !strings.HasPrefix(segments[i], "{") {
			return segments[i]
		}
	}
	return ""
}

// onOne tells whether a custom verb acts on one resource rather than on a collection.
func onOne(resource string) bool { return strings.HasSuffix(resource, "}") }

func hasRoute(m protoreflect.MethodDescriptor) []complaint {
	at := route(m)
	switch {
	case forServicesOnly(m) && at.verb != "":
		return about(m, "no person may call it, and REST is for persons: take (google.api.http) out")
	case forServicesOnly(m):
		return nil
	case at.verb == "":
		return about(m, "has no (google.api.http) option")
	case at.more > 0:
		return about(m, "stands at several paths in REST; one is enough")
	case !strings.HasPrefix(at.path, "/v1/"):
		return about(m, "stands outside /v1: "+at.path)
	default:
		return nil
	}
}

func routeFitsVerb(m protoreflect.MethodDescriptor) []complaint {
	at := route(m)
	if at.verb == "" {
		return nil
	}
	var wrong []string
	expect := func(verb, body string) {
		if at.verb != verb {
			wrong = append(wrong, fmt.Sprintf("is %s in REST and must be %s", at.verb, verb))
		}
		if at.body != body {
			wrong = append(wrong, fmt.Sprintf("takes the body %q and must take %q", at.body, body))
		}
	}
	resource, custom := at.custom()
	verb, noun := standard(m)
	last := upperFirst(collection(resource))
	switch verb {
	case "Get":
		expect(http.MethodGet, "")
		if custom != "" || last != noun && last != plural(noun) {
			wrong = append(wrong, fmt.Sprintf("must stand at …/%s/{…_id}, or at …/%s when there is one", lowerFirst(plural(noun)), lowerFirst(noun)))
		}
	case "List":
		expect(http.MethodGet, "")
		if onOne(resource) || last == "" || !strings.HasSuffix(noun, last) {
			wrong = append(wrong, fmt.Sprintf("must stand at a collection named as the end of %s, not at %s", noun, at.path))
		}
	case "Create":
		expect(http.MethodPost, snake(noun))
		if custom != "" || onOne(resource) || last != plural(noun) {
			wrong = append(wrong, "must stand at …/"+lowerFirst(plural(noun)))
		}
	case "Update":
		expect(http.MethodPatch, snake(noun))
		id := "{" + snake(noun) + "." + snake(noun) + "_id}"
		if custom != "" || !strings.HasSuffix(resource, "/"+lowerFirst(plural(noun))+"/"+id) && !strings.HasSuffix(resource, "/"+lowerFirst(noun)) {
			wrong = append(wrong, fmt.Sprintf("must stand at …/%s/%s, or at …/%s when there is one", lowerFirst(plural(noun)), id, lowerFirst(noun)))
		}
	case "Delete":
		wrong = append(wrong, "nothing clinical is deleted: register it in error, end it or withdraw it by a custom method")
	default:
		if strings.HasPrefix(string(m.Name()), "Watch") {
			expect(http.MethodGet, "") // a browser's EventSource can do nothing else
		} else {
			expect(http.MethodPost, "*")
		}
		if !verbFits(string(m.Name()), upperFirst(custom), last) {
			wrong = append(wrong, fmt.Sprintf("must end in :verb, where verb is %s in lowerCamel, with or without its noun; not :%s", m.Name(), custom))
		}
	}
	return about(m, wrong...)
}

// verbFits tells whether StartCareEpisode is Start on CareEpisodes, or AcceptReferral is itself.
func verbFits(method, verb, collection string) bool {
	if verb == "" {
		return false
	}
	singular := collection
	for _, ending := range []string{"ies", "s"} {
		if stem, ok := strings.CutSuffix(collection, ending); ok {
			singular = stem + map[string]string{"ies": "y", "s": ""}[ending]
			break
		}
	}
	return method == verb || strings.Replace(method, collection, "", 1) == verb || strings.Replace(method, singular, "", 1) == verb
}

func pathNamesFields(m protoreflect.MethodDescriptor) []complaint {
	at := route(m)
	var wrong []string
	for _, name := range at.variables() {
		fields := fieldAt(m.Input(), name)
		switch {
		case fields == nil:
			wrong = append(wrong, fmt.Sprintf("its path has {%s}, which %s does not", name, m.Input().Name()))
		case fields[len(fields)-1].Kind() != protoreflect.StringKind:
			wrong = append(wrong, fmt.Sprintf("its path has {%s}, which is no string", name))
		}
	}
	if at.body != "" && at.body != "*" && fieldAt(m.Input(), at.body) == nil {
		wrong = append(wrong, fmt.Sprintf("its body is %s, which %s does not have", at.body, m.Input().Name()))
	}
	return about(m, wrong...)
}

// urlIsClean keeps names, identity numbers, diagnoses and free text out of URLs, which end in logs everywhere: a path bears ids,
// a query ids, days, instants, enums, numbers and marks made by the server.
func urlIsClean(m protoreflect.MethodDescriptor) []complaint {
	at := route(m)
	var wrong []complaint
	inPath := map[string]bool{}
	for _, name := range at.variables() {
		inPath[name] = true
		if fields := fieldAt(m.Input(), name); fields != nil && !strings.HasSuffix(name, "_id") {
			last := fields[len(fields)-1]
			wrong = append(wrong, about(last, fmt.Sprintf("stands in the path of %s; only ids do", m.Name()))...)
		}
	}
	if at.verb == "" || at.body == "*" {
		return wrong
	}
	for i := range m.Input().Fields().Len() {
		field := m.Input().Fields().Get(i)
		name := string(field.Name())
		if inPath[name] || name == at.body || field.Kind() != protoreflect.StringKind {
			continue
		}
		clean := name == "page_token" || name == "request_id" || name == "etag" ||
			strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_ids") || strings.HasSuffix(name, "_date")
		if !clean {
			wrong = append(wrong, about(field, fmt.Sprintf("stands in the query of %s; text belongs in a body", m.Name()))...)
		}
	}
	return wrong
}

// TestNoTwoMethodsShareARoute asks that every method and path leads to one method, whatever its variables are called.
func TestNoTwoMethodsShareARoute(t *testing.T) {
	for _, clash := range clashes(linked()) {
		t.Errorf("%s: %s", clash.about, clash.text)
	}
}

func clashes(c contract) []complaint {
	taken := map[string]protoreflect.FullName{}
	var found []complaint
	for _, m := range c.methods() {
		at := route(m)
		if at.verb == "" {
			continue
		}
		key := at.verb + " " + variable.ReplaceAllString(at.path, "{}")
		if first, ok := taken[key]; ok {
			found = append(found, about(m, fmt.Sprintf("answers %s, as %s does", key, first))...)
		}
		taken[key] = m.FullName()
	}
	return found
}
