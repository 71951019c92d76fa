package whole_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// badCase is a request that must be refused.
type badCase struct {
	name    string
	request *rest
	status  []int
	// field is the path that a violation must name; empty when the request is wrong as a whole.
	field string
}

// caseMaker makes the bad cases of one method out of a good request.
type caseMaker struct {
	method *method
	good   *rest
	cases  []badCase
}

func (c *caseMaker) add(name, field string, change func(r *rest), status ...int) {
	r := c.good.clone()
	change(r)
	if r.body != nil {
		// Each case is a request of its own.
		c.freshID(r)
	}
	if len(status) == 0 {
		status = []int{http.StatusBadRequest}
	}
	if field != "" && field == camel(c.method.scopeField()) {
		status = append(status, http.StatusNotFound) // access is decided before the form is judged
	}
	c.cases = append(c.cases, badCase{name: name, request: r, status: status, field: field})
}

func (c *caseMaker) freshID(r *rest) {
	if _, ok := r.query["requestId"]; ok && r.query.Get("requestId") == c.good.query.Get("requestId") {
		r.query.Set("requestId", uuid.NewString())
	}
	if id, ok := r.body["requestId"].(string); ok && id == c.good.body["requestId"] {
		r.body["requestId"] = uuid.NewString()
	}
}

// badCases are the bad cases of a method.
func badCases(m *method, good *rest) []badCase {
	c := &caseMaker{method: m, good: good}
	c.verbs()
	c.query()
	c.path()
	c.headers()
	if good.body == nil {
		c.add("a body where none is due", "", func(r *rest) { r.raw = []byte("{}") })
		return c.cases
	}
	c.bodies()
	message, prefix := m.Input(), ""
	if m.body != "*" {
		field := m.Input().Fields().ByName(protoreflect.Name(m.body))
		message, prefix = field.Message(), field.JSONName()+"."
	}
	for _, s := range spots(message, prefix) {
		if c.boundByPath(s) {
			continue
		}
		c.spot(s)
	}
	return c.cases
}

// boundByPath tells that a field of the body is given by the path, which wins.
func (c *caseMaker) boundByPath(s spot) bool {
	for _, field := range c.method.inPath {
		if camel(field) == s.path {
			return true
		}
	}
	return false
}

// camel writes a proto path as JSON names it.
func camel(path string) string {
	var b strings.Builder
	upper := false
	for _, c := range path {
		switch {
		case c == '_':
			upper = true
			continue
		case upper:
			upper = false
			c = []rune(strings.ToUpper(string(c)))[0]
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (c *caseMaker) verbs() {
	c.add("a verb that the path does not take", "", func(r *rest) { r.verb = http.MethodPut }, http.StatusMethodNotAllowed)
}

func (c *caseMaker) query() {
	c.add("an unknown query parameter", "noSuchParameter", func(r *rest) { r.query.Set("noSuchParameter", "1") })
	c.add("a query that is not encoded", "", func(r *rest) { r.path += "?a=%zz" })
	fields := c.method.Input().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if c.method.body == "*" || string(field.Name()) == c.method.body || c.bound(field) {
			continue
		}
		name := field.JSONName()
		if !field.IsList() && field.Message() == nil {
			c.add(name+" twice in the query", name, func(r *rest) { r.query[name] = []string{"1", "1"} })
		}
		for what, value := range badWords(field) {
			c.add(name+" in the query: "+what, name, func(r *rest) { r.query.Set(name, value) })
		}
	}
}

func (c *caseMaker) bound(field protoreflect.FieldDescriptor) bool {
	for _, path := range c.method.inPath {
		if path == string(field.Name()) {
			return true
		}
	}
	return false
}

// badWords are query values that a field does not take.
func badWords(field protoreflect.FieldDescriptor) map[string]string {
	words := map[string]string{}
	switch field.Kind() {
	case protoreflect.Int32Kind:
		words["a word"], words["a fraction"], words["more than 32 bits"] = "many", "1.5", "4294967297"
		if rules(field).GetInt32() != nil {
			words["below the least"], words["above the most"] = "-1", "2000000"
		}
	case protoreflect.BoolKind:
		words["a word"] = "perhaps"
	case protoreflect.EnumKind:
		words["an unknown value"], words["an unknown number"] = "NO_SUCH_VALUE", "9999"
	case protoreflect.StringKind:
		words["NUL"], words["bad UTF-8"] = "a\x00b", "a\xffb"
		name := string(field.Name())
		switch {
		case name == "page_token":
			words["garbage"], words["one that is too long"] = "garbage", strings.Repeat("x", 2000)
		case strings.HasSuffix(name, "_date"):
			for _, day := range badDays {
				words["the day "+day] = day
			}
		case rules(field).GetString().GetUuid():
			words["no UUID"] = "none"
		}
	}
	return words
}

// badDays are no civil days, or none that the product takes.
var badDays = []string{"2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "20260302", "2026-3-2", "1899-12-31", "2201-01-01", "9999-12-31",
	"0000-00-00", " 2026-03-02", "2026-03-02T00:00:00Z", "02/03/2026", "today", "-2026-03-02"}

// path puts into the path what is no id. Who asks for it is answered before the id is looked at closely, so that it may be absent.
func (c *caseMaker) path() {
	for _, field := range c.method.inPath {
		at := strings.Split(c.method.path, "/")
		for i, segment := range at {
			if !strings.Contains(segment, "{"+field+"}") {
				continue
			}
			for what, id := range map[string]string{"a word": "none", "a number of identity": "191212121212", "three hundred characters": strings.Repeat("x", 300), "dots": "%2E%2E", "a quote": "%27%22%3B--"} {
				c.add(field+" in the path: "+what, "", func(r *rest) { r.path = c.with(r.path, i, segment, field, id) }, 400, 404)
			}
			for what, id := range map[string]string{"NUL": "a%00b", "bad UTF-8": "a%ffb"} {
				c.add(field+" in the path: "+what, "", func(r *rest) { r.path = c.with(r.path, i, segment, field, id) })
			}
		}
	}
}

func (c *caseMaker) with(path string, i int, segment, field, id string) string {
	parts := strings.Split(path, "/")
	parts[i] = strings.ReplaceAll(segment, "{"+field+"}", id)
	return strings.Join(parts, "/")
}

func (c *caseMaker) headers() {
	if c.method.writes() {
		for what, key := range map[string]string{"empty": `""`, "too long": strings.Repeat("k", 300), "not ASCII": "nyckel-å"} {
			c.add("an Idempotency-Key that is "+what, "Idempotency-Key", func(r *rest) { r.header.Set("Idempotency-Key", key) })
		}
		c.add("an Idempotency-Key and another request id", "", func(r *rest) { r.header.Set("Idempotency-Key", uuid.NewString()) })
		c.add("two Idempotency-Keys", "Idempotency-Key", func(r *rest) { r.header["Idempotency-Key"] = []string{"a", "b"} })
	}
	if etag := c.etag(); etag != "" {
		for _, mark := range []string{"garbage", `W/"r1"`, `"r-1"`, `"r1", "r2"`, `"1"`} {
			c.add("If-Match: "+mark, etag, func(r *rest) { r.header.Set("If-Match", mark) })
		}
		c.add("If-Match of another time", "", func(r *rest) { r.header.Set("If-Match", `"r1000"`) }, http.StatusPreconditionFailed)
		c.add("two If-Match", "If-Match", func(r *rest) { r.header["If-Match"] = []string{`"r1"`, `"r2"`} })
	}
}

// etag is the path of the request's concurrency mark; empty when it takes none.
func (c *caseMaker) etag() string {
	fields := c.method.Input().Fields()
	if fields.ByName("etag") != nil {
		return "etag"
	}
	if fields.ByName("update_mask") != nil {
		return camel(c.method.body) + ".etag"
	}
	return ""
}

func (c *caseMaker) bodies() {
	raw := func(name string, body []byte, status ...int) {
		c.add(name, "", func(r *rest) { r.raw = body }, status...)
	}
	raw("an empty body", []byte{})
	raw("a body of spaces", []byte("  \n"))
	for name, body := range map[string]string{
		"an open object": "{", "an open string": `{"a": "`, "a list": "[]", "a string": `"a"`, "a number": "1", "two objects": "{}{}", "words": "{nothing}",
		"single quotes": "{'a': 1}", "a comma too many": `{"a": 1,}`, "NaN": `{"a": NaN}`, "a comment": "{} // no", "bad UTF-8": "{\"a\": \"\xff\"}", "a byte order mark": "\ufeff{}",
	} {
		raw("a body that is "+name, []byte(body))
	}
	raw("lists in lists", []byte(strings.Repeat("[", 100_000)))
	raw("objects in objects", []byte(strings.Repeat(`{"a":`, 1000)+"1"+strings.Repeat("}", 1000)))
	raw("a body over the limit", []byte(`{"a": "`+strings.Repeat("x", 300<<10)+`"}`), http.StatusRequestEntityTooLarge)
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/xml", "application/json; charset=latin1", "multipart/form-data; boundary=x", "nonsense"} {
		c.add("content of type "+kind, "", func(r *rest) { r.header.Set("Content-Type", kind) }, http.StatusUnsupportedMediaType)
	}
	c.add("a compressed body", "", func(r *rest) { r.header.Set("Content-Encoding", "gzip") }, http.StatusUnsupportedMediaType)
	prefix := ""
	if c.method.body != "*" {
		prefix = camel(c.method.body) + "."
	}
	c.add("an unknown field", prefix+"noSuchField", func(r *rest) { r.body["noSuchField"] = 1 })
}

// spot adds what may not stand at one spot.
func (c *caseMaker) spot(s spot) {
	set := func(what string, value any, status ...int) {
		c.add(s.path+": "+what, s.path, func(r *rest) { s.set(r.body, value) }, status...)
	}
	if s.field.IsMap() {
		return
	}
	if s.isList() {
		set("an object for a list", map[string]any{})
		set("a word for a list", "many")
		return
	}
	switch s.field.Kind() {
	case protoreflect.MessageKind:
		c.messageSpot(s, set)
	case protoreflect.EnumKind:
		set("an unknown value", "NO_SUCH_VALUE")
		set("an unknown number", 9999)
		set("an object", map[string]any{})
		set("a flag", true)
	case protoreflect.BoolKind:
		set("a word", "perhaps")
		set("a number", 1)
	case protoreflect.Int32Kind:
		set("a word", "many")
		set("a fraction", 1.5)
		set("more than 32 bits", 4294967297)
		set("a flag", true)
		if limits := rules(s.field).GetInt32(); limits != nil {
			set("below the least", limits.GetGte()-1)
			if limits.GetLessThan() != nil {
				set("above the most", limits.GetLte()+1)
			}
		}
	case protoreflect.DoubleKind:
		set("a word", "many")
		set("an object", map[string]any{})
	case protoreflect.StringKind:
		c.textSpot(s, set)
	}
}

func (c *caseMaker) messageSpot(s spot, set func(string, any, ...int)) {
	switch s.field.Message().FullName() {
	case "google.protobuf.Value":
	case "google.protobuf.Timestamp":
		set("a word", "yesterday")
		set("an impossible instant", "2026-02-30T08:00:00Z")
		set("a day", "2026-03-02")
		set("a number", 1)
	case "google.protobuf.FieldMask":
		set("an object", map[string]any{})
		set("no such path", "noSuchField")
	default:
		set("a word", "none")
		set("a number", 1)
		set("a list", []any{})
		inner := s
		inner.keys, inner.path = with(s.keys, "noSuchField"), s.path+".noSuchField"
		c.add(inner.path+": an unknown field", inner.path, func(r *rest) { inner.set(r.body, 1) })
	}
}

func (c *caseMaker) textSpot(s spot, set func(string, any, ...int)) {
	set("a number", 1)
	set("a flag", true)
	set("an object", map[string]any{})
	set("NUL", "a\x00b")
	c.add(s.path+": half a surrogate pair", "", func(r *rest) {
		s.set(r.body, "MARK")
		r.raw = []byte(strings.Replace(string(r.payload()), `"MARK"`, `"\ud800"`, 1))
	})
	c.add(s.path+": bad UTF-8", "", func(r *rest) {
		s.set(r.body, "MARK")
		r.raw = []byte(strings.Replace(string(r.payload()), `"MARK"`, "\"a\xffb\"", 1))
	})
	name := string(s.field.Name())
	limits := rules(s.field).GetString()
	switch {
	case strings.HasSuffix(name, "_date"):
		for _, day := range badDays {
			set("the day "+day, day)
		}
	case limits.GetUuid():
		set("no UUID", "none")
	case s.output:
	case limits.GetMaxLen() > 0:
		set(fmt.Sprintf("%d characters", limits.GetMaxLen()+1), strings.Repeat("å", int(limits.GetMaxLen()+1)))
	case strings.HasSuffix(name, "_id"):
		c.add(s.path+": much too long", "", func(r *rest) { s.set(r.body, strings.Repeat("x", 5000)) }, 400, 404)
	default:
		set("much too long", strings.Repeat("å", 20_000))
	}
}
