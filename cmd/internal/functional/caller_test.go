package functional_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// object is a JSON object.
type object = map[string]any

// call is one REST call.
type call struct {
	role   string
	method string
	path   string
	body   any
	key    string // Idempotency-Key
}

func read(role, path string) call { return call{role: role, method: http.MethodGet, path: path} }

// write is a call that is made once, however often it is sent.
func write(role, path string, body any) call {
	return call{role: role, method: http.MethodPost, path: path, body: body, key: uuid.NewString()}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	text   []byte
}

func (a answer) good() bool { return a.status >= 200 && a.status < 300 }

// object is the answer's JSON.
func (a answer) object(t testing.TB) object {
	t.Helper()
	var o object
	require.NoErrorf(t, json.Unmarshal(a.text, &o), "%d %s", a.status, a.text)
	return o
}

// reason is a problem's.
func (a answer) reason() string {
	var problem struct {
		Reason string `json:"reason"`
	}
	_ = json.Unmarshal(a.text, &problem)
	return problem.Reason
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.text) }

// client calls a REST API as staff of one unit.
type client struct {
	base   string
	http   *http.Client
	tokens map[string]string // by role
}

// at is the same client on another address.
func (c *client) at(address string) *client {
	other := *c
	other.base = "http://" + address
	other.http = newHTTP()
	return &other
}

func newHTTP() *http.Client {
	return &http.Client{Timeout: 70 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
}

// send makes a call once. An error means that no whole answer came.
func (c *client) send(ctx context.Context, call call) (answer, error) {
	var body io.Reader
	if call.body != nil {
		text, err := json.Marshal(call.body)
		if err != nil {
			return answer{}, err
		}
		body = struct{ io.Reader }{bytes.NewReader(text)} // no GetBody: nothing is sent again behind our back
	}
	request, err := http.NewRequestWithContext(ctx, call.method, c.base+call.path, body)
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+c.tokens[call.role])
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.key != "" {
		request.Header.Set("Idempotency-Key", call.key)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, header: response.Header, text: text}, err
}

// do makes a call that is expected to succeed.
func (c *client) do(t testing.TB, call call) object {
	t.Helper()
	got, err := c.send(t.Context(), call)
	require.NoError(t, err)
	require.Truef(t, got.good(), "%s %s: %v", call.method, call.path, got)
	return got.object(t)
}

// list reads every page of a list.
func (c *client) list(t testing.TB, role, path, field string) []object {
	t.Helper()
	var all []object
	token := ""
	for range 1000 {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		page := c.do(t, read(role, path+separator+"pageSize=200&pageToken="+url.QueryEscape(token)))
		items, _ := page[field].([]any)
		for _, item := range items {
			all = append(all, item.(object))
		}
		if token, _ = page["nextPageToken"].(string); token == "" {
			return all
		}
	}
	require.FailNow(t, "a list without end")
	return nil
}

func str(o object, field string) string {
	text, _ := o[field].(string)
	return text
}
