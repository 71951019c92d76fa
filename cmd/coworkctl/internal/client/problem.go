package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Problem is a refusal by the API: problem+json (RFC 9457) with the product's own fields.
type Problem struct {
	Status     int         `json:"status"`
	Detail     string      `json:"detail"`
	Reason     string      `json:"reason"`
	TraceID    string      `json:"traceId"`
	Violations []Violation `json:"violations"`
	State      string      `json:"state"`
	Allowed    []string    `json:"allowed"`
	// RetryAfter is when the server asks to be tried again; 0 when it says nothing.
	RetryAfter time.Duration `json:"-"`
}

// Violation is one field that breaks a rule.
type Violation struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is the problem as sentences, a line each.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Detail)
	if p.Reason != "" {
		fmt.Fprintf(&b, " (%d %s)", p.Status, p.Reason)
	} else {
		fmt.Fprintf(&b, " (%d)", p.Status)
	}
	for _, violation := range p.Violations {
		fmt.Fprintf(&b, "\n  %s %s", violation.Field, violation.Message)
	}
	if p.State != "" {
		fmt.Fprintf(&b, "\n  it is %s", p.State)
		if len(p.Allowed) > 0 {
			fmt.Fprintf(&b, "; possible now: %s", strings.Join(p.Allowed, ", "))
		}
	}
	if p.TraceID != "" && p.Status >= http.StatusInternalServerError {
		fmt.Fprintf(&b, "\n  trace %s", p.TraceID)
	}
	return b.String()
}

// Temporary tells that the same call may succeed later.
func (p *Problem) Temporary() bool {
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// readProblem reads a refusal. One that is not problem+json comes from something before the API.
func readProblem(response *http.Response, data []byte) *Problem {
	p := &Problem{}
	media, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	if media != "application/problem+json" || json.Unmarshal(data, p) != nil || p.Detail == "" {
		p = &Problem{Detail: foreignDetail(data)}
		if p.Detail == "" {
			p.Detail = "the server answered " + response.Status
		}
	}
	p.Status = response.StatusCode
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil && seconds > 0 {
		p.RetryAfter = time.Duration(seconds) * time.Second
	}
	return p
}

// foreignDetail finds the sentence in a refusal of another form (RFC 6749 section 5.2, or a plain line).
func foreignDetail(data []byte) string {
	var fields struct {
		Detail      string `json:"detail"`
		Description string `json:"error_description"`
		Error       string `json:"error"`
		Message     string `json:"message"`
	}
	if json.Unmarshal(data, &fields) == nil {
		for _, text := range []string{fields.Detail, fields.Description, fields.Message, fields.Error} {
			if text != "" {
				return text
			}
		}
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(data)), "\n")
	if len(line) > 200 || strings.HasPrefix(line, "<") {
		return ""
	}
	return line
}

// Unreachable says that no answer came.
type Unreachable struct {
	Address string
	Cause   error
}

func (u *Unreachable) Error() string {
	if errors.Is(u.Cause, syscall.ECONNREFUSED) {
		return "nothing listens at " + u.Address
	}
	return fmt.Sprintf("no answer from %s: %v", u.Address, u.Cause)
}

func (u *Unreachable) Unwrap() error { return u.Cause }
