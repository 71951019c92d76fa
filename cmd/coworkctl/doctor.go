package main

import (
	"context"
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

// finding is the outcome of one check.
type finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Text  string `json:"text"`
	Fix   string `json:"fix,omitempty"`
}

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
	ops, err := client.BaseURL(t.opsAddr)
	if err != nil {
		return []finding{{Check: "address", Text: err.Error(), Fix: "correct --ops-addr or " + variableOps}}
	}
	findings := []finding{checkTransport(rest)}
	reached, answered := checkREST(ctx, rest)
	findings = append(findings, reached)
	if !answered.IsZero() {
		findings = append(findings, checkSkew(answered))
	}
	findings = append(findings, checkReady(ctx, ops))
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
		return finding{"REST API", false, "no answer from " + base.String(), "start `coworkcare dev`, or name the address by " + variableHTTP}, time.Time{}
	}
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		date = time.Time{}
	}
	if response.StatusCode != http.StatusUnauthorized || response.Header.Get("X-Request-Id") == "" {
		return finding{"REST API", false, fmt.Sprintf("%s answers %s, as the REST API would not", base, response.Status),
			"another program may use the port; name the right one by " + variableHTTP}, date
	}
	return finding{"REST API", true, "answers, and refuses calls without a token", ""}, date
}

func checkSkew(server time.Time) finding {
	skew := time.Since(server).Truncate(time.Second)
	if skew.Abs() > largestSkew {
		return finding{"clock", false, fmt.Sprintf("this machine's clock is %s off the server's", skew), "set both clocks by NTP"}
	}
	return finding{"clock", true, "this machine and the server agree on the time", ""}
}

func checkReady(ctx context.Context, ops *url.URL) finding {
	response, err := get(ctx, ops.String()+"/readyz")
	if err != nil {
		return finding{"readiness", false, "no answer from " + ops.String(), "start `coworkcare dev`, or name the operations port by " + variableOps + "; it is not to be reached from other machines"}
	}
	if response.StatusCode != http.StatusOK {
		return finding{"readiness", false, "not ready: " + response.line, "look into the server's log; it names what is missing"}
	}
	return finding{"readiness", true, "everything serves", ""}
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
		return finding{"access", false, "the server does not accept the token: " + problem.Detail, "issuer, audience and keys of the server (COWORKCARE_OIDC_ISSUER) must be those of the token"}
	}
	return finding{"access", false, "a call failed: " + err.Error(), "look into the server's log"}
}

// reply is an answer whose body has been read.
type reply struct {
	*http.Response
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
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	return reply{response, line}, nil
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
