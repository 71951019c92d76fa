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

	"github.com/coworkcare/coworkcare/platform/date"
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
	for _, chapter := range []string{"— The employer", "— The dialogue meeting", "— The return to work", "— A second patient", "— A third patient", "— A fourth patient"} {
		require.Contains(t, p.out.String(), chapter)
	}
	require.Regexp(t, `60 patients, .* 1[34]\d steps checked`, p.out.String())
	require.Contains(t, p.out.String(), "/caseload")
	require.Contains(t, p.out.String(), "/v1/followUps:watch")
	s.walked(t, p.out.String())
	s.settled(30 * time.Second)
	p.stop(syscall.SIGINT)
	require.Empty(t, p.err.String(), "nothing went wrong on the way")
	heads := s.heads()
	require.Greater(t, heads["followup"], 1000)
	require.Greater(t, heads["employerdialogue"], 100)
	require.GreaterOrEqual(t, count(t, s.open("patient").Read(t.Context()), `SELECT count(*) FROM patient`), int64(60))

	p = s.demo()
	require.NotContains(t, p.out.String(), "Laying out")
	p.stop(syscall.SIGINT)
	require.Equal(t, heads, s.heads())

	p = s.demo()
	s.stages(t)
	s.readme(t)
	s.tools(t)
	s.settled(30 * time.Second)
	p.stop(syscall.SIGINT)
	require.Empty(t, p.err.String())
	s.audit()
}

// stages counts, through the API, at which stages the people of a fresh demo stand: each is held by somebody.
func (s *site) stages(t *testing.T) {
	t.Helper()
	found := map[string]int{}
	c := &client{base: "http://" + s.rest, http: newHTTP(), tokens: map[string]string{admin: str(s.devToken(object{"role": admin}), "token")}}
	today := date.Of((&clinic{client: c}).now(t))
	due := date.NextWorkingDay(today)
	for _, unit := range c.list(t, admin, "/v1/careUnits", "careUnits") {
		id := str(unit, "careUnitId")
		c.tokens[gp] = str(s.devToken(object{"role": gp, "unit": id}), "token")
		for _, f := range c.list(t, gp, "/v1/careUnits/"+id+"/followUps", "followUps") {
			found["asked to "+str(f, "kind")]++
			if f["overdue"] == true {
				found["overdue "+str(f, "kind")]++
			}
			if str(f, "kind") == "POST_RETURN_CHECK" && str(f, "dueDate") == due.String() {
				found["post-return check due"]++
			}
		}
		for _, patient := range c.list(t, gp, "/v1/patients", "patients") {
			s.stagesOf(t, c, "/v1/patients/"+str(patient, "patientId"), today, due, found)
		}
	}
	for _, stage := range []string{
		"screened", "asked to SCREEN", "overdue SCREEN", "brief REQUESTED", "brief WRITTEN", "brief ACKNOWLEDGED", "early talk",
		"meeting PROPOSED", "meeting DEFERRED", "meeting DECLINED", "meeting SCHEDULED", "meeting CONCLUDED", "meeting on this day", "meeting next week",
		"agreement acknowledged by 1", "agreement acknowledged by 2", "overdue AGREED_ACTION", "asked to RECHECK_MEETING",
		"return PROPOSED", "return ACCEPTED", "return HELD", "return COMPLETED", "return at 50 %", "post-return check due",
		"asked to READ_PICTURE", "asked to READ_NOTE", "asked to ANSWER_RECOMMENDATION", "asked to ANSWER_RETURN_PLAN", "unread note", "recommendation OPEN",
	} {
		require.NotZerof(t, found[stage], "nobody stands at %q; found: %v", stage, found)
	}
}

// stagesOf counts one patient.
func (s *site) stagesOf(t *testing.T, c *client, path string, today, due date.Day, found map[string]int) {
	t.Helper()
	list := func(what, field string) []object { return c.list(t, gp, path+"/"+what, field) }
	if len(list("screenings", "screenings")) > 0 {
		found["screened"]++
	}
	for _, brief := range list("briefs", "briefs") {
		found["brief "+str(brief, "state")]++
	}
	for _, contact := range list("employerContacts", "employerContacts") {
		if str(contact, "kind") == "EARLY_TALK" {
			found["early talk"]++
		}
	}
	for _, meeting := range list("dialogueMeetings", "dialogueMeetings") {
		found["meeting "+str(meeting, "state")]++
		if str(meeting, "state") != "SCHEDULED" {
			continue
		}
		at, err := time.Parse(time.RFC3339, str(meeting, "scheduledTime"))
		require.NoError(t, err)
		if date.Of(at) == due {
			found["meeting on this day"]++
		} else {
			found["meeting next week"]++
		}
	}
	for _, agreement := range list("agreements", "agreements") {
		acknowledgements, _ := agreement["acknowledgements"].([]any)
		found[fmt.Sprintf("agreement acknowledged by %d", len(acknowledgements))]++
	}
	for _, plan := range list("returnToWorkPlans", "returnToWorkPlans") {
		found["return "+str(plan, "state")]++
		steps, _ := plan["steps"].([]any)
		for _, step := range steps {
			step := step.(object)
			if step["degree"] == 50.0 && str(step, "startDate") <= today.String() && today.String() <= str(step, "endDate") && str(plan, "state") == "ACCEPTED" {
				found["return at 50 %"]++
			}
		}
	}
	found["unread note"] += len(c.list(t, gp, path+"/notes?unread=true", "notes"))
	for _, advice := range list("recommendations", "recommendations") {
		found["recommendation "+str(advice, "state")]++
	}
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
