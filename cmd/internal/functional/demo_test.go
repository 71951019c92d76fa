package functional_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lastWord ends what `coworkcare dev --demo` has to say once everything stands.
const lastWord = "Ctrl-C stops it"

// demo starts the demo and waits for its last word.
func (s *site) demo() *process {
	s.t.Helper()
	began := time.Now()
	p := s.begin("dev", "--demo")
	eventually(s.t, 5*time.Minute, "the demo stands", func() error {
		if strings.Contains(p.out.String(), lastWord) {
			return nil
		}
		if p.ended() {
			require.FailNowf(s.t, "the demo has ended", "exit status %d\n%s", p.cmd.ProcessState.ExitCode(), tail(p.err.String()))
		}
		return errors.New("not yet")
	})
	s.t.Logf("the demo stands after %v", time.Since(began).Round(time.Millisecond))
	return p
}

// heads are the ends of the logs of a site at rest.
func (s *site) heads() map[string]int {
	heads := map[string]int{}
	for service, ledger := range s.audit() {
		heads[service] = len(ledger.events)
	}
	return heads
}

// The first start on an empty folder lays out people and walks; the next one finds them there, adds nothing, and is what the
// commands of the README work on.
func TestDemo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.demo()
	require.NoError(t, s.ready())
	require.Contains(t, p.out.String(), "curl -sS")
	s.walked(t, p.out.String())
	s.settled(30 * time.Second)
	p.stop(syscall.SIGINT)
	require.Empty(t, p.err.String(), "nothing went wrong on the way")
	heads := s.heads()
	require.Greater(t, heads["followup"], 500)
	require.GreaterOrEqual(t, count(t, s.open("patient").Read(t.Context()), `SELECT count(*) FROM patient`), int64(60))

	p = s.demo()
	require.NotContains(t, p.out.String(), "Laying out")
	p.stop(syscall.SIGINT)
	require.Equal(t, heads, s.heads())

	p = s.demo()
	s.tools(t)
	s.settled(30 * time.Second)
	p.stop(syscall.SIGINT)
	require.Empty(t, p.err.String())
	s.audit()
}

// tools tries what the README offers on a running system.
func (s *site) tools(t *testing.T) {
	run := func(args ...string) string {
		t.Helper()
		p := launch(t, "coworkctl", s.settings, args...)
		require.Zerof(t, p.exit(2*time.Minute), "coworkctl %v: %s%s", args, p.out.String(), p.err.String())
		return p.out.String()
	}
	c := &client{base: "http://" + s.rest, http: newHTTP(), tokens: map[string]string{}}
	for _, role := range []string{gp, careManager, "rehabilitation_coordinator", "unit_manager", integration, admin} {
		c.tokens[role] = strings.TrimSuffix(run("token", "--role", role), "\n")
		require.Regexp(t, `^[\w-]+\.[\w-]+\.[\w-]+$`, c.tokens[role], "a bearer token and nothing else")
	}
	c.do(t, read(careManager, "/v1/followUps:mine?pageSize=5"))
	preview := c.do(t, write(careManager, "/v1/assessments:preview", object{"instrument": "MADRS-S", "answers": []int{2, 2, 2, 2, 1, 1, 1, 1, 0}}))
	require.NotEmpty(t, preview)
	run("doctor")
	before := (&clinic{client: c}).now(t)
	run("clock", "advance", "14d")
	require.GreaterOrEqual(t, (&clinic{client: c}).now(t).Sub(before), 14*24*time.Hour-2*time.Hour) // a summer's end makes a day longer
	run("demo", "walk")

	tail := launch(t, "coworkctl", s.settings, "events", "tail", "--from-start", "--type", "care_episode.started")
	eventually(t, 30*time.Second, "events are printed", func() error {
		if n := strings.Count(tail.out.String(), "care_episode.started"); n < 60 {
			return fmt.Errorf("%d so far", n)
		}
		return nil
	})
	tail.signal(syscall.SIGINT)
	tail.exit(endsWithin)
	require.NotContains(t, tail.err.String(), "goroutine")

	nobody := *c
	nobody.tokens = map[string]string{}
	got, err := nobody.send(t.Context(), read(gp, "/v1/patients"))
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, got.status)
}

// A layout that was cut short is not taken for a whole one.
func TestDemoCutShort(t *testing.T) {
	for name, end := range map[string]func(*process){
		"killed": func(p *process) { p.kill() },
		"stopped": func(p *process) {
			p.signal(syscall.SIGINT)
			require.NotZero(p.t, p.exit(endsWithin))
			// A call that the stop cut off may have left its own line; the last one says what to do.
			lines := strings.Split(strings.TrimSpace(p.err.String()), "\n")
			last := lines[len(lines)-1]
			require.Contains(p.t, last, "half there")
			require.Contains(p.t, last, "make reset")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			p := s.begin("dev", "--demo")
			eventually(t, time.Minute, "the walk is under way", func() error {
				if strings.Count(p.out.String(), "curl -sS") < 5 {
					return errors.New("not yet")
				}
				return nil
			})
			require.False(t, p.ended())
			require.NotContains(t, p.out.String(), lastWord)
			end(p)
			p = s.begin("dev", "--demo")
			require.NotZero(t, p.exit(time.Minute))
			only(t, p.err.String(), s.settings["COWORKCARE_DATA_DIR"], "make reset")
		})
	}
}
