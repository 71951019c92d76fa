// Package gateway serves the gRPC methods as REST, by their google.api.http annotations. It holds no business rule: it opens
// the request, refuses what is not well formed, makes the gRPC call over a connection, so that every interceptor of the server
// runs, and renders the answer.
//
// A request goes through, from the outside in: the trace (without URL or query), recovery, request id and security headers,
// CORS, routing, the guard (headers, query, body, deadline), the gRPC call.
//
//   - Every refusal is application/problem+json (RFC 9457), see Problem.
//   - A POST to a collection, without a verb, that answers with a resource bearing an id of its own is 201, with its address in
//     Location when the resource can be read there. Every other success is 200.
//   - A response with an etag field carries it as ETag; If-None-Match on GET and HEAD answers 304, If-Match on a write is
//     passed on, and a stale one is 412 (409 when the etag stood in the body).
//   - A method whose annotation names a body takes a JSON object, {} at least; every other method takes none.
//   - Query parameters are the request's remaining fields, in lowerCamelCase or as in the proto; any other is refused.
//   - A PATCH without updateMask changes the fields that stand at the top of its body.
package gateway
