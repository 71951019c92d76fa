package requirements_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// object and list are JSON to send.
type (
	object = map[string]any
	list   = []any
)

// value is JSON that came back. A path such as "agenda.0.text" names what is in it; naming what is not there fails the test.
type value struct {
	c    *clinic
	json any
}

// post makes a call that is accepted; everyone who is to hear of what it did has heard when it returns.
func (c *clinic) post(who colleague, path string, body object) value {
	c.Helper()
	got := c.good(who, http.MethodPost, path, body)
	c.Settle()
	return got
}

// patch is post for what exists.
func (c *clinic) patch(who colleague, path string, body object) value {
	c.Helper()
	got := c.good(who, http.MethodPatch, path, body)
	c.Settle()
	return got
}

// get reads.
func (c *clinic) get(who colleague, path string) value {
	c.Helper()
	return c.good(who, http.MethodGet, path, nil)
}

func (c *clinic) good(who colleague, method, path string, body object) value {
	c.Helper()
	status, kind, got := c.send(who, method, path, body)
	require.Lessf(c, status, 300, "%s %s: %v", method, path, got.json)
	require.Equal(c, "application/json", kind)
	return got
}

// refused makes a call that is refused, as a problem with a status and a reason; it gives the problem.
func (c *clinic) refused(status int, reason string, who colleague, path string, body object) value {
	c.Helper()
	method := http.MethodPost
	if body == nil {
		method = http.MethodGet
	}
	got, kind, problem := c.send(who, method, path, body)
	require.Equalf(c, status, got, "%s %s: %v", method, path, problem.json)
	require.Equal(c, "application/problem+json", kind)
	require.Equalf(c, reason, problem.text("reason"), "%v", problem.json)
	require.Equal(c, "urn:coworkcare:problem:"+reason, problem.text("type"))
	require.NotEmpty(c, problem.text("detail"))
	return problem
}

func (c *clinic) send(who colleague, method, path string, body object) (int, string, value) {
	c.Helper()
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		require.NoError(c, err)
		sent = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(c.Context(), method, c.web.URL+path, sent)
	require.NoError(c, err)
	request.Header.Set("Authorization", "Bearer "+who.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Idempotency-Key", uuid.NewString())
	}
	response, err := c.web.Client().Do(request)
	require.NoError(c, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(c, err)
	got := value{c: c}
	require.NoErrorf(c, json.Unmarshal(text, &got.json), "%s %s: %d %s", method, path, response.StatusCode, text)
	return response.StatusCode, response.Header.Get("Content-Type"), got
}

// find gives what a path names, and whether it is there.
func (v value) find(path string) (any, bool) {
	at := v.json
	for step := range strings.SplitSeq(path, ".") {
		switch held := at.(type) {
		case map[string]any:
			next, there := held[step]
			if !there {
				return nil, false
			}
			at = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(held) {
				return nil, false
			}
			at = held[i]
		default:
			return nil, false
		}
	}
	return at, at != nil
}

// has tells whether a path names anything.
func (v value) has(path string) bool {
	_, there := v.find(path)
	return there
}

func as[T any](v value, path string) T {
	v.c.Helper()
	found, there := v.find(path)
	require.Truef(v.c, there, "there is no %s in %v", path, v.json)
	held, fits := found.(T)
	require.Truef(v.c, fits, "%s is %v", path, found)
	return held
}

func (v value) text(path string) string { v.c.Helper(); return as[string](v, path) }

func (v value) number(path string) float64 { v.c.Helper(); return as[float64](v, path) }

func (v value) flag(path string) bool { v.c.Helper(); return as[bool](v, path) }

// list gives the items of a list.
func (v value) list(path string) []value {
	v.c.Helper()
	var items []value
	for _, item := range as[[]any](v, path) {
		items = append(items, value{v.c, item})
	}
	return items
}

// texts gives a list of texts or, with a field, that field of each item.
func (v value) texts(path string, field ...string) []string {
	v.c.Helper()
	texts := []string{}
	for _, item := range v.list(path) {
		if len(field) > 0 {
			texts = append(texts, item.text(field[0]))
		} else {
			texts = append(texts, item.json.(string))
		}
	}
	return texts
}

// String is all of it, to look for what must not be there.
func (v value) String() string {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(v.json)
	return text.String()
}

func upper(text string) string { return strings.ToUpper(text) }
