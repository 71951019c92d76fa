// Package client calls the REST API and the development issuer, and turns their refusals into sentences.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 32 << 20

// TokenSource gives a bearer token; fresh asks for a new one, in place of one that was refused.
type TokenSource func(ctx context.Context, fresh bool) (string, error)

// Client calls one REST API. It is safe for concurrent use when its token source is.
type Client struct {
	base  *url.URL
	token TokenSource // nil: calls bear no token
	http  *http.Client
}

// New returns a client of the API at an address, as BaseURL takes it.
func New(address string, token TokenSource) (*Client, error) {
	base, err := BaseURL(address)
	if err != nil {
		return nil, err
	}
	return &Client{base: base, token: token, http: newHTTP()}, nil
}

func newHTTP() *http.Client {
	return &http.Client{
		Timeout: time.Minute, // above the server's own longest call
		// A token goes where it was sent and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// BaseURL reads an address: a URL, or host:port as a server listens on it ("127.0.0.1:8080", ":8080", "0.0.0.0:8080"), which
// means plain HTTP, on this machine where no host is named.
func BaseURL(address string) (*url.URL, error) {
	wrong := fmt.Errorf("%q is not an address: write host:port, for example 127.0.0.1:8080, or a URL", address)
	if !strings.Contains(address, "://") {
		host, port, err := net.SplitHostPort(address)
		if err != nil || port == "" {
			return nil, wrong
		}
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		return &url.URL{Scheme: "http", Host: net.JoinHostPort(host, port)}, nil
	}
	base, err := url.Parse(address)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" || base.User != nil {
		return nil, wrong
	}
	base.Path = strings.TrimRight(base.Path, "/")
	return base, nil
}

// Base is the API's address.
func (c *Client) Base() *url.URL { return c.base }

// Get reads path with a query and decodes the JSON answer into result.
func (c *Client) Get(ctx context.Context, path string, query url.Values, result any) error {
	return c.call(ctx, http.MethodGet, path, query, nil, result)
}

// Post sends body as JSON and decodes the JSON answer into result.
func (c *Client) Post(ctx context.Context, path string, body, result any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encoding the request: %w", err)
	}
	return c.call(ctx, http.MethodPost, path, nil, data, result)
}

// call sends a request, a second time with a new token when the first was not accepted.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body []byte, result any) error {
	target := *c.base
	target.Path += path
	target.RawQuery = query.Encode()
	for fresh := false; ; fresh = true {
		token := ""
		if c.token != nil {
			var err error
			if token, err = c.token(ctx, fresh); err != nil {
				return err
			}
		}
		data, err := send(ctx, c.http, method, &target, token, body)
		var problem *Problem
		if !fresh && c.token != nil && errors.As(err, &problem) && problem.Status == http.StatusUnauthorized {
			continue
		}
		if err != nil || result == nil {
			return err
		}
		if err := json.Unmarshal(data, result); err != nil {
			return fmt.Errorf("%s %s did not answer with the expected JSON: is this the REST API of Co-Work-Care?", method, target.Redacted())
		}
		return nil
	}
}

// send returns the body of a success; a refusal is a *Problem, a server out of reach an *Unreachable.
func send(ctx context.Context, doer *http.Client, method string, target *url.URL, token string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	} else {
		request.Body, request.ContentLength = http.NoBody, 0
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := doer.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &Unreachable{Address: target.Scheme + "://" + target.Host, Cause: err}
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, &Unreachable{Address: target.Scheme + "://" + target.Host, Cause: err}
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return nil, readProblem(response, data)
	}
	return data, nil
}
