package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxAnswer bounds what is read of one answer.
const maxAnswer = 8 << 20

// Actor is who calls: one role at one care unit.
type Actor struct {
	// Role is spelled as in tokens: gp, care_manager, rehabilitation_coordinator, unit_manager, medical_secretary, operator, …
	Role string `json:"role"`
	// UnitID is the care unit; empty for an operator, "*" for an integration that follows every unit.
	UnitID string `json:"careUnitId,omitempty"`
	// PractitionerID is the member of staff; empty for systems.
	PractitionerID string `json:"practitionerId,omitempty"`
	// Variable is the shell variable that stands for the actor's token in a curl, without the dollar sign.
	Variable string `json:"variable"`
}

// Call is one REST call.
type Call struct {
	As     Actor
	Method string
	Path   string // from /v1 on, without the query
	Query  url.Values
	Body   any    // marshalled as JSON; nil: no body
	Key    string // Idempotency-Key; every write has one
}

// Client calls the REST API. It is safe for concurrent use.
type Client struct {
	base   string
	http   *http.Client
	tokens *tokens
	seen   func(Call) // told of every call; may be nil
	trace  string     // the traceparent that every call bears; empty: each is a trace of its own
}

// NewClient returns a client of the REST API at baseURL (http://127.0.0.1:8080) that takes its tokens from the development issuer
// on the operations port at opsURL (http://127.0.0.1:9100).
func NewClient(baseURL, opsURL string) *Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second}
	web := &http.Client{Transport: transport, Timeout: 2 * time.Minute}
	return &Client{
		base: strings.TrimSuffix(baseURL, "/"), http: web,
		tokens: &tokens{url: strings.TrimSuffix(opsURL, "/") + "/dev/token", http: web, held: map[Actor]token{}},
	}
}

// watched is the same client, with somebody told of every call.
func (c *Client) watched(seen func(Call)) *Client {
	copied := *c
	copied.seen = seen
	return &copied
}

// NewCall prepares a write or a read. A write gets an Idempotency-Key of its own.
func NewCall(as Actor, method, path string, body any) Call {
	call := Call{As: as, Method: method, Path: path, Body: body}
	if method != http.MethodGet {
		call.Key = uuid.NewString()
	}
	return call
}

func (c *Client) get(ctx context.Context, as Actor, path string, query url.Values, answer any) error {
	call := NewCall(as, http.MethodGet, path, nil)
	call.Query = query
	return c.Do(ctx, call, answer)
}

// ask is a POST that keeps nothing, so that it needs no key.
func (c *Client) ask(ctx context.Context, as Actor, path string, body, answer any) error {
	return c.Do(ctx, Call{As: as, Method: http.MethodPost, Path: path, Body: body}, answer)
}

func (c *Client) post(ctx context.Context, as Actor, path string, body, answer any) error {
	return c.Do(ctx, NewCall(as, http.MethodPost, path, body), answer)
}

// Do makes a call and decodes the answer's JSON into answer (nil: it is dropped). A refusal is a *[Refusal]. What may be repeated
// (a dropped connection, 429, 503) is repeated a few times under the same Idempotency-Key, so that a write happens once.
func (c *Client) Do(ctx context.Context, call Call, answer any) error {
	if c.seen != nil {
		c.seen(call)
	}
	var err error
	for try := range 5 {
		if err = c.once(ctx, call, answer); err == nil {
			return nil
		}
		wait, again := repeatable(err, try)
		if !again {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	return err
}

func (c *Client) once(ctx context.Context, call Call, answer any) error {
	request, err := c.request(ctx, call)
	if err != nil {
		return err
	}
	bearer, err := c.tokens.of(ctx, call.As)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", call.Method, call.Path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("%s %s: reading the answer: %w", call.Method, call.Path, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		if response.StatusCode == http.StatusUnauthorized {
			c.tokens.forget(call.As)
		}
		return newRefusal(call, response, body)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("%s %s: the answer is not the JSON expected: %w", call.Method, call.Path, err)
	}
	return nil
}

func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	var body io.Reader
	if call.Body != nil {
		data, err := json.Marshal(call.Body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", call.Method, call.Path, err)
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, call.Method, c.base+call.target(), body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", call.Method, call.Path, err)
	}
	if call.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.Key != "" {
		request.Header.Set("Idempotency-Key", call.Key)
	}
	if c.trace != "" {
		request.Header.Set("Traceparent", c.trace)
	}
	return request, nil
}

// target is the path with its query.
func (call Call) target() string {
	if len(call.Query) == 0 {
		return call.Path
	}
	return call.Path + "?" + call.Query.Encode()
}

// Refusal is an answer of 400 and above.
type Refusal struct {
	Method, Path string
	Status       int
	Title        string      `json:"title"`
	Detail       string      `json:"detail"`
	Reason       string      `json:"reason"`
	State        string      `json:"state"`
	Violations   []violation `json:"violations"`
	retryAfter   time.Duration
}

type violation struct {
	Field   string `json:"field"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

func newRefusal(call Call, response *http.Response, body []byte) *Refusal {
	refusal := &Refusal{}
	if json.Unmarshal(body, refusal) != nil {
		refusal = &Refusal{Detail: strings.TrimSpace(string(body[:min(len(body), 200)]))}
	}
	refusal.Method, refusal.Path, refusal.Status = call.Method, call.Path, response.StatusCode
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds >= 0 {
		refusal.retryAfter = min(time.Duration(seconds)*time.Second, 10*time.Second)
	}
	return refusal
}

// Error says which call was refused and why, in one line.
func (r *Refusal) Error() string {
	text := fmt.Sprintf("%s %s: %d %s", r.Method, r.Path, r.Status, r.Reason)
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	for _, v := range r.Violations {
		text += fmt.Sprintf("; %s %s (%s)", v.Field, v.Message, v.Reason)
	}
	return text
}

func asRefusal(err error, target **Refusal) bool { return errors.As(err, target) }

// refused tells whether an error is a refusal with a status and a reason.
func refused(err error, status int, reason string) bool {
	var refusal *Refusal
	return asRefusal(err, &refusal) && refusal.Status == status && refusal.Reason == reason
}

func repeatable(err error, try int) (time.Duration, bool) {
	wait := time.Duration(50<<try) * time.Millisecond
	var refusal *Refusal
	if !errors.As(err, &refusal) {
		var broken *url.Error
		return wait, errors.As(err, &broken) && !broken.Timeout() && !errors.Is(err, context.Canceled)
	}
	switch refusal.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return max(wait, refusal.retryAfter), true
	case http.StatusUnauthorized:
		return 0, try == 0 // the token has run out; the next one is fresh
	default:
		return 0, false
	}
}
