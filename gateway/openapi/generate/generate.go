package main

import (
	"fmt"
	"net/http"
	"strings"
)

// generate gives the text of the document.
func generate(protos, examplesFolder string) ([]byte, error) {
	c, err := readContract(protos)
	if err != nil {
		return nil, err
	}
	e, err := readExamples(examplesFolder)
	if err != nil {
		return nil, err
	}
	s := newSchemas(c)
	d := &document{
		OpenAPI: "3.1.0",
		Info: info{Title: "Co-Work-Care", Version: "v1", Summary: "The REST API of the Co-Work-Care backend.", Description: grammar(),
			License: license{Name: "Apache-2.0", Identifier: "Apache-2.0"}},
		Servers:  []server{{URL: "/", Description: "The installation that serves this document."}},
		Security: []map[string][]string{{"bearerAuth": {}}},
		Paths:    map[string]map[string]*operation{},
	}
	var all []binding
	routes := map[string]bool{}
	for _, service_ := range c.services {
		d.Tags = append(d.Tags, tag{Name: service(service_), Description: c.comment(service_)})
		for i := range service_.Methods().Len() {
			for _, b := range bindings(service_.Methods().Get(i)) {
				all = append(all, b)
				routes[b.verb+" "+b.path] = true
			}
		}
	}
	ids := map[string]string{}
	for _, b := range all {
		o := s.operation(b, routes, e)
		if other, taken := ids[o.OperationID]; taken {
			return nil, fmt.Errorf("%s and %s have one name, and operations need their own: rename one", other, b.method.FullName())
		}
		ids[o.OperationID] = string(b.method.FullName())
		if d.Paths[b.path] == nil {
			d.Paths[b.path] = map[string]*operation{}
		}
		d.Paths[b.path][strings.ToLower(b.verb)] = o
	}
	d.Components = shared(e, s.reason())
	for name, made := range s.made {
		if d.Components.Schemas[name] != nil {
			return nil, fmt.Errorf("the schema %s of %s is the document's own: rename the message", name, s.of[name])
		}
		d.Components.Schemas[name] = made
	}
	if s.failed != nil {
		return nil, s.failed
	}
	if unused := e.unused(); unused != nil {
		return nil, fmt.Errorf("examples of no method: %s; remove them", strings.Join(unused, ", "))
	}
	return d.text()
}

// shared are the parts that every operation refers to. gateway/problem.go writes the problems, gateway/headers.go reads the headers.
func shared(e *examples, reason *schema) components {
	text := func(description string) *schema { return &schema{Type: "string", Description: description} }
	inHeader := func(name, description string) *parameter {
		return &parameter{Name: name, In: "header", Description: description, Schema: &schema{Type: "string"}}
	}
	most := func(n uint64) *uint64 { return &n }
	key := inHeader("Idempotency-Key", "Makes a retry harmless: the same key with the same request gives the first answer for 24 hours and writes once. A UUID, or any text; the same as `requestId`.")
	key.Schema.MaxLength = most(255)
	statuses := properties{
		{"type", text("`urn:coworkcare:problem:` and the reason.")},
		{"title", text("The reason in words; the same for every problem of a type.")},
		{"status", &schema{Type: "integer", Format: "int32", Description: "The HTTP status code."}},
		{"detail", text("What is wrong here, and what to do.")},
		{"reason", reason},
		{"instance", text("`urn:coworkcare:request:` and the `X-Request-Id`.")},
		{"traceId", text("Finds the trace; absent when there is none.")},
		{"violations", &schema{Type: "array", Items: ref("Violation"), Description: "The fields that break a rule, all at once."}},
		{"state", text("Of a refused transition: where the resource stands.")},
		{"allowed", &schema{Type: "array", Items: &schema{Type: "string"}, Description: "Of a refused transition: the verbs that the resource bears now."}},
	}
	problem := map[string]*mediaType{problemType: {Schema: ref("Problem")}}
	refused := map[string]*mediaType{problemType: {Schema: ref("Problem"), Example: e.of("problem").Response}}
	header_ := func(name string) *header { return &header{Ref: component("headers", name)} }
	return components{
		SecuritySchemes: map[string]securityScheme{"bearerAuth": {Type: "http", Scheme: "bearer", BearerFormat: "JWT",
			Description: "A token of the installation's OpenID issuer, which says who calls, where, and in what roles. In `coworkcare dev`: `coworkctl token --role care_manager`."}},
		Parameters: map[string]*parameter{
			"XRequestId":     inHeader("X-Request-Id", "Names the request in logs and answers: 1–64 letters, digits, `-`, `_` or `.`. One is made when it is absent or anything else."),
			"IdempotencyKey": key,
			"IfMatch":        inHeader("If-Match", "The ETag last read. A stale one is refused with 412 (`ETAG_MISMATCH`); the same as `etag`, where it is refused with 409."),
			"IfNoneMatch":    inHeader("If-None-Match", "ETags that the client holds; when one is current the answer is 304 without a body."),
			"LastEventId":    inHeader("Last-Event-ID", "Of a stream that connects again: the id of the last event that it was told; goes before `cursor`."),
		},
		Headers: map[string]*header{
			"XRequestId":      {Description: "The request's name, as given or made.", Schema: &schema{Type: "string"}},
			"ETag":            {Description: "The concurrency mark of what is answered, in quotes.", Schema: &schema{Type: "string"}},
			"Location":        {Description: "Where what was made can be read.", Schema: &schema{Type: "string"}},
			"RetryAfter":      {Description: "Seconds after which the request may be sent again; with 429 and 503.", Schema: &schema{Type: "integer", Format: "int32"}},
			"WWWAuthenticate": {Description: "With 401: the token that is asked for.", Schema: &schema{Type: "string"}},
			"Allow":           {Description: "With 405: the methods that the path takes.", Schema: &schema{Type: "string"}},
		},
		Responses: map[string]*response{
			"NotModified": {Description: "What the client holds is current.", Headers: map[string]*header{"X-Request-Id": header_("XRequestId"), "ETag": header_("ETag")}},
			"Refused": {Description: "The request is refused; `reason` says why, `detail` what to do.", Content: refused, Headers: map[string]*header{
				"X-Request-Id": header_("XRequestId"), "Retry-After": header_("RetryAfter"), "WWW-Authenticate": header_("WWWAuthenticate"), "Allow": header_("Allow")}},
			"Failed": {Description: "The server could not answer; a write may be sent again with the same `Idempotency-Key`.", Content: problem, Headers: map[string]*header{
				"X-Request-Id": header_("XRequestId"), "Retry-After": header_("RetryAfter")}},
		},
		Schemas: map[string]*schema{
			"Problem": {Type: "object", Description: "Why a request was refused (RFC 9457).", Properties: statuses,
				Required: []string{"type", "title", "status", "detail", "reason"}},
			"Violation": {Type: "object", Description: "One field that breaks a rule.", Required: []string{"field", "reason", "message"}, Properties: properties{
				{"field", text("The path in the request, for example `certificate.periods[0].endDate`. What a create or update takes as its body stands under its own name; a header under its name.")},
				{"reason", text("In capitals, or the id of a validation rule, for example `string.max_len`.")},
				{"message", text("The rule.")},
			}},
		},
	}
}

// statusOf is what the gateway answers for a gRPC code, as the methods' descriptions name them.
var statusOf = []struct {
	code   string
	status int
}{
	{"INVALID_ARGUMENT", http.StatusBadRequest},
	{"UNAUTHENTICATED", http.StatusUnauthorized},
	{"PERMISSION_DENIED", http.StatusForbidden},
	{"NOT_FOUND", http.StatusNotFound},
	{"FAILED_PRECONDITION", http.StatusConflict},
	{"ABORTED", http.StatusConflict},
	{"ALREADY_EXISTS", http.StatusConflict},
	{"RESOURCE_EXHAUSTED", http.StatusTooManyRequests},
	{"UNAVAILABLE", http.StatusServiceUnavailable},
	{"DEADLINE_EXCEEDED", http.StatusGatewayTimeout},
}
