package main

import (
	"fmt"
	"strings"
)

// grammar is what holds for every operation.
func grammar() string {
	var codes strings.Builder
	for _, one := range statusOf {
		fmt.Fprintf(&codes, "| `%s` | %d |\n", one.code, one.status)
	}
	return strings.ReplaceAll(`The health centre's GP, care manager and rehabilitation coordinator on one common picture. The same methods are served over gRPC; every
rule below holds there too.

## Calling

Every call bears a token of the installation's issuer. A caller without the role is told so (403); what stands at a unit where the
caller does not work is 404, exactly as what does not exist.

## JSON

Field names are lowerCamelCase. An unknown field or query parameter is refused. A string, number, list or truth value is always there in
an answer, also when it is zero or empty; an object that is not set is absent. An id or a day that is not set is the empty string. An instant is RFC 3339, a civil day ''YYYY-MM-DD'' in Stockholm. A body is at most 256 KiB.

## Writing

Every write takes ''Idempotency-Key'' (or ''requestId''): the same key with the same request gives the first answer for 24 hours. What
exists bears an ''etag''; send it back as ''If-Match'' and a change in between is refused (412). A PATCH changes the fields that stand in its
body, or those in ''updateMask''. State changes only through the verbs after the colon.

## Pages

Lists give ''nextPageToken''; send it as ''pageToken'' with the same parameters, until it is empty.

## Refusals

Every refusal is ''application/problem+json'' (RFC 9457). Rely on ''status'' and ''reason''. The descriptions name the gRPC code, with
reasons in brackets; the status follows from the code, but that a stale ''If-Match'' is 412 and ''REQUEST_ID_REUSED'' 422.

| code | status |
|---|---|
`, "''", "`") + codes.String()
}

// stream is what a stream of changes looks like.
const stream = "With `Accept: text/event-stream`: Server-Sent Events, until the client goes. `ready` comes first, with the cursor from which " +
	"changes are told as its id: read the list then. Each change follows as one event, named after what happened, with the change (an entry of " +
	"`changes`) as its data and the cursor to go on from as its id. `rebuilt` asks to read the list again; `problem` bears a problem, and " +
	"the stream ends. Comment lines keep the connection open. Browsers' `EventSource` sends no token: read the stream with `fetch`."
