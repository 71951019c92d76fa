package main

import (
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

	"github.com/spf13/cobra"

	"github.com/coworkcare/coworkcare/cmd/coworkctl/internal/client"
)

// largestSkew is how far the clocks of this machine and the server may differ; tokens bear a minute.
const largestSkew = 30 * time.Second

// finding is the outcome of one check, in the form in which the server tells its own.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"`
}

// checksPath is where the operations port tells what the server finds.
const checksPath = "/checks"

// errUnwell ends the doctor when a check failed; the findings have said why.
var errUnwell = errors.New("something is wrong; see above")

func (t *tool) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Finds out what is wrong, and says how to mend it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := t.examine(cmd.Context())
			if err := t.printFindings(findings); err != nil {
				return err
			}
			for _, f := range findings {
				if !f.OK {
					return errUnwell
				}
			}
			return nil
		},
	}
}

// examine makes the checks, the ones that others build on first; what cannot be checked any more is left out.
func (t *tool) examine(ctx context.Context) []finding {
	rest, err := client.BaseURL(t.httpAddr)
	if err != nil {
		return []finding{{Check: "address", Text: err.Error(), Fix: "correct --http-addr or " + variableHTTP}}
	}
	port, err := client.BaseURL(t.opsAddr)
	if err != nil {
		return []finding{{Check: "address", Text: err.Error(), Fix: "correct --ops-addr or " + variableOps}}
	}
	findings := []finding{checkTransport(rest)}
	reached, answered := checkREST(ctx, rest)
	findings = append(findings, reached)
	if !answered.IsZero() {
		findings = append(findings, checkSkew(answered))
	}
	ready := checkReady(ctx, port)
	findings = append(findings, ready.finding)
	if ready.reached {
		findings = append(findings, checkParts(ctx, port)...)
	}
	token, found := t.checkToken(ctx)
	findings = append(findings, found)
	if token != "" && reached.OK {
		findings = append(findings, t.checkCall(ctx, token))
	}
	return findings
}

// checkTransport looks whether a token would travel in clear text.
func checkTransport(base *url.URL) finding {
	host := base.Hostname()
	ip := net.ParseIP(host)
	if base.Scheme == "http" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return finding{"transport", false, "tokens and patient data would travel to " + base.Host + " in clear text", "use an https:// address"}
	}
	return finding{"transport", true, base.String(), ""}
}

// checkREST asks without a token, which the API refuses; it returns the server's time, zero when unknown.
func checkREST(ctx context.Context, base *url.URL) (finding, time.Time) {
	response, err := get(ctx, base.String()+"/v1/events?pageSize=1")
	if err != nil {
		text, fix := silence(base, err, variableHTTP)
		return finding{"REST API", false, text, fix}, time.Time{}
	}
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		date = time.Time{}
	}
	switch {
	case response.StatusCode == http.StatusUnauthorized && response.Header.Get("X-Request-Id") != "":
		return finding{"REST API", true, "answers, and refuses calls without a token", ""}, date
	case response.StatusCode == http.StatusBadGateway || response.StatusCode == http.StatusServiceUnavailable || response.StatusCode == http.StatusGatewayTimeout:
		return finding{"REST API", false, fmt.Sprintf("%s answers %s: what stands in front of the server does not reach it, or it stops", base, response.Status),
			"see that the server runs and is ready, and where the proxy sends calls"}, date
	}
	return finding{"REST API", false, fmt.Sprintf("%s answers %s, as the REST API would not", base, response.Status),
		"another program may use the port; name the right one by " + variableHTTP}, date
}

func checkSkew(server time.Time) finding {
	skew := time.Since(server).Truncate(time.Second)
	if skew.Abs() > largestSkew {
		side := "ahead of"
		if skew < 0 {
			side = "behind"
		}
		return finding{"clock", false, fmt.Sprintf("this machine's clock is %s %s the server's", skew.Abs(), side), "set both clocks by NTP"}
	}
	return finding{"clock", true, "this machine and the server agree on the time", ""}
}

// readiness is a finding, and whether anything answered at all.
type readiness struct {
	finding
	reached bool
}

func checkReady(ctx context.Context, port *url.URL) readiness {
	response, err := get(ctx, port.String()+"/readyz")
	switch {
	case err != nil:
		text, fix := silence(port, err, variableOps)
		return readiness{finding{"readiness", false, "operations port: " + text, fix + "; it is not to be reached from other machines"}, false}
	case response.StatusCode == http.StatusOK && response.line == "ok":
		return readiness{finding{"readiness", true, "everything serves", ""}, true}
	case response.StatusCode == http.StatusServiceUnavailable:
		return readiness{finding{"readiness", false, "not ready: " + response.line, "look into the server's log; it names what is missing"}, true}
	}
	return readiness{finding{"readiness", false, fmt.Sprintf("%s answers %s, as the operations port would not", port, response.Status),
		"another program may use the port; name the right one by " + variableOps}, false}
}

// checkParts asks the server what it finds when it looks at its own parts: stores, Redis, issuer, events.
func checkParts(ctx context.Context, port *url.URL) []finding {
	response, err := get(ctx, port.String()+checksPath)
	var told struct {
		Findings []finding `json:"findings"`
	}
	if err != nil || response.StatusCode != http.StatusOK || json.Unmarshal(response.body, &told) != nil {
		return []finding{{"parts", false, "the server does not tell of its stores, Redis and events",
			"it may be older than this program; look at " + port.String() + "/metrics"}}
	}
	return told.Findings
}

// checkToken finds the token that commands would use, and reads it.
func (t *tool) checkToken(ctx context.Context) (string, finding) {
	origin := variableToken
	token := t.variable(variableToken)
	if token == "" {
		var err error
		origin = "the development issuer"
		if token, err = client.DevToken(ctx, t.opsAddr, client.TokenRequest{Role: "operator"}); err != nil {
			return "", finding{"token", false, "none: " + err.Error(), "put a token into " + variableToken + ", or start `coworkcare dev`"}
		}
	}
	claims, err := client.ReadClaims(token)
	if err != nil {
		return "", finding{"token", false, "from " + origin + ": " + err.Error(), "put a token of your issuer into " + variableToken}
	}
	left := time.Until(claims.Expires()).Truncate(time.Second)
	if left <= 0 {
		return "", finding{"token", false, fmt.Sprintf("from %s: expired %s ago", origin, -left), "fetch a new one, for example by `coworkctl token --role gp`"}
	}
	if ahead := time.Until(claims.Issued()).Truncate(time.Second); ahead > largestSkew {
		return token, finding{"token", false, fmt.Sprintf("from %s: made %s in the future by this machine's clock", origin, ahead),
			"set the clocks of this machine and of the issuer by NTP"}
	}
	return token, finding{"token", true, fmt.Sprintf("from %s: %s; valid for %s", origin, holder(claims), left), ""}
}

// holder says who a token is for.
func holder(claims client.Claims) string {
	who := claims.Subject
	if claims.PractitionerID != "" {
		who = "practitioner " + claims.PractitionerID
	}
	var places []string
	for _, a := range claims.Assignments {
		place := strings.Join(a.Roles, " and ")
		switch {
		case a.CareUnitID != "":
			place += " at unit " + a.CareUnitID
		case a.CareProviderID != "":
			place += " at provider " + a.CareProviderID
		}
		places = append(places, place)
	}
	if len(places) == 0 {
		return who + ", without any role"
	}
	return who + ", " + strings.Join(places, ", ")
}

// checkCall asks whether the server accepts the token. A caller without the role is refused too, but as somebody known.
func (t *tool) checkCall(ctx context.Context, token string) finding {
	api, err := client.New(t.httpAddr, func(context.Context, bool) (string, error) { return token, nil })
	if err != nil {
		return finding{"access", false, err.Error(), "correct " + variableHTTP}
	}
	err = api.Get(ctx, "/v1/events", url.Values{"pageSize": {"1"}}, nil)
	var problem *client.Problem
	switch {
	case err == nil, errors.As(err, &problem) && problem.Status == http.StatusForbidden:
		return finding{"access", true, "the server accepts the token", ""}
	case problem != nil && problem.Status == http.StatusUnauthorized:
		text, fix := refusal(problem.Detail, token)
		return finding{"access", false, text, fix}
	}
	return finding{"access", false, "a call failed: " + err.Error(), "look into the server's log"}
}

// reply is an answer whose body has been read.
type reply struct {
	*http.Response
	body []byte
	line string // the first line of the body
}

func get(ctx context.Context, target string) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return reply{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	line, _, _ := strings.Cut(strings.TrimSpace(string(body[:min(len(body), 1<<10)])), "\n")
	return reply{response, body, line}, nil
}

func (t *tool) printFindings(findings []finding) error {
	if t.output == "json" {
		return t.printJSON(findings)
	}
	good, bad, end := "", "", ""
	if t.coloured() {
		good, bad, end = "\x1b[32m", "\x1b[31m", "\x1b[0m"
	}
	for _, f := range findings {
		mark := good + "ok   " + end
		if !f.OK {
			mark = bad + "wrong" + end
		}
		t.printf("%s  %-10s  %s\n", mark, f.Check, f.Text)
		if f.Fix != "" {
			t.printf("%-19sto do: %s\n", "", f.Fix)
		}
	}
	return nil
}
