package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Banner prints what can be done with a system that has been laid out: where it listens, a token a role, and commands to begin with.
// The tokens are new each time, and last eight hours.
func Banner(ctx context.Context, o Options, s Summary) error {
	client, clock := o.connect()
	now, err := clock.now(ctx)
	if err != nil {
		return err
	}
	today := date.Of(now)
	p := newPage(o.Out)
	p.line("\n%s", p.in(bold, "Ready-made tokens, one a role, good for eight hours (`coworkctl token --role gp` gives another)"))
	for _, line := range o.addresses() {
		p.line("%s", line)
	}
	for _, actor := range s.Actors {
		token, err := client.tokens.of(ctx, actor)
		if err != nil {
			return err
		}
		p.line("export %s=%s", actor.Variable, token)
	}
	p.line("\n%s", p.in(bold, "Co-Work-Care runs, with synthetic people only. It is not a medical device; put no real person in it."))
	p.line("  REST        %s", o.BaseURL)
	p.line("  gRPC        %s (with reflection)", o.GRPCAddr)
	p.line("  operations  %s (/readyz, /livez, /metrics)", o.OpsURL)
	if s.WalkTraceID != "" {
		p.line("  trace       %s is the whole path, call by call; reminders link to what they follow from", o.traceURL(s.WalkTraceID))
	}
	p.line("  clock       %s; it runs on by itself, and `coworkctl clock advance` moves it", now.In(date.Stockholm()).Format("Mon 2 January 2006 15:04"))
	p.line("  people      %d patients, followed since %s; %d steps checked, %d reminders and escalations, in %.0f s", s.Patients, s.StartDate, s.Steps, s.Timers, s.Seconds)
	for _, unit := range s.Units {
		line, err := worklist(ctx, client, unit, today)
		if err != nil {
			return err
		}
		p.line("  worklist    %s", line)
	}
	p.line("\n%s", p.in(bold, "Try, in another terminal, with the exports above"))
	for _, line := range o.suggestions(client, s, today) {
		p.line("%s", line)
	}
	return p.err
}

// addresses are the exports that coworkctl needs to find a system that is not at its usual place.
func (o Options) addresses() []string {
	var lines []string
	for variable, at := range map[string][2]string{
		"COWORKCARE_HTTP_ADDR": {o.BaseURL, "http://127.0.0.1:8080"}, "COWORKCARE_OPS_ADDR": {o.OpsURL, "http://127.0.0.1:9100"},
	} {
		if at[0] != at[1] {
			lines = append(lines, "export "+variable+"="+strings.TrimPrefix(at[0], "http://"))
		}
	}
	slices.Sort(lines)
	return lines
}

// worklist says in a line how a centre's worklist looks now.
func worklist(ctx context.Context, client *Client, unit Unit, today date.Day) (string, error) {
	open, err := listFollowUps(ctx, client, unit.Manager, "/v1/careUnits/"+unit.CareUnitID+"/followUps", url.Values{})
	if err != nil {
		return "", err
	}
	next, word := workingDay(today)
	due, overdue, escalated := 0, 0, 0
	for _, f := range open {
		switch {
		case f.Overdue:
			overdue++
		case f.DueDate == next:
			due++
		}
		if f.EscalationLevel > 0 {
			escalated++
		}
	}
	return fmt.Sprintf("%s: %d due %s, %d overdue, %d to come; %d escalated", unit.Name, due, word, overdue, len(open)-due-overdue, escalated), nil
}

// workingDay is the working day that a list of today speaks of, and the word for it: on a day off the next one.
func workingDay(today date.Day) (date.Day, string) {
	next := date.NextWorkingDay(today)
	if next == today {
		return next, "today"
	}
	return next, next.At(12, 0).Format("on Mon 2 January")
}

func (o Options) suggestions(client *Client, s Summary, today date.Day) []string {
	unit := ""
	if len(s.Units) > 0 {
		unit = s.Units[0].CareUnitID
	}
	actor := func(variable string) Actor { return Actor{Variable: variable} }
	mine := Call{As: actor("TOKEN_CARE_MANAGER"), Method: http.MethodGet, Path: "/v1/careUnits/" + unit + "/followUps",
		Query: url.Values{"ownerRole": {roleCareManager}, "dueBeforeDate": {date.NextWorkingDay(today).AddDays(1).String()}}}
	_, day := workingDay(today)
	page := Call{As: actor("TOKEN_REHABILITATION_COORDINATOR"), Method: http.MethodGet, Path: "/v1/careUnits/" + unit + "/caseload",
		Query: url.Values{"onSickLeaveOnly": {"true"}, "pageSize": {"10"}}}
	timeline := Call{As: actor("TOKEN_GP"), Method: http.MethodGet, Path: "/v1/patients/" + s.WalkPatientID + "/timeline",
		Query: url.Values{"oldestFirst": {"true"}, "pageSize": {"200"}}}
	brief := Call{As: actor("TOKEN_GP"), Method: http.MethodGet, Path: "/v1/patients/" + s.WalkPatientID + "/brief"}
	late := Call{As: actor("TOKEN_UNIT_MANAGER"), Method: http.MethodGet, Path: mine.Path, Query: url.Values{"overdueOnly": {"true"}}}
	bad := Call{As: actor("TOKEN_CARE_MANAGER"), Method: http.MethodPost, Path: "/v1/assessments:preview",
		Body: object{{"instrument", "MADRS-S"}, {"answers", []int{3, 3, 3, 3, 3, 3, 3, 3, 9}}}}
	foreign := Call{As: actor("TOKEN_GP_C3"), Method: http.MethodGet, Path: "/v1/patients/" + s.WalkPatientID}
	return []string{
		"  # what the centre's care managers have to do " + day + ", and what is overdue (ids, no names: those are in /v1/patients/{id})",
		"  " + client.Curl(mine),
		"  # the same centre through its manager's eyes: all that is overdue",
		"  " + client.Curl(late),
		"  # the caseload: one line a patient with sick leave, last score, meeting, and what waits for a decision",
		"  " + client.Curl(page),
		"  # one patient's whole course on one timeline, and the one-page brief for who has never met the patient",
		"  " + client.Curl(timeline),
		"  " + client.Curl(brief),
		"  # the care manager's list as it changes (leave it running, and move the clock or walk in another terminal)",
		fmt.Sprintf(`  curl -N -H "Authorization: Bearer $TOKEN_CARE_MANAGER" -H 'Accept: text/event-stream' %s/v1/followUps:watch`, o.BaseURL),
		"  # a bad body: the answer names the field and the rule",
		"  " + client.Curl(bad),
		"  # a patient of another care provider: 404, as if there were none",
		"  " + client.Curl(foreign),
		"  # gRPC",
		fmt.Sprintf(`  grpcurl -plaintext -H "authorization: Bearer $TOKEN_CARE_MANAGER" -d '{"care_unit_id": "%s"}' %s coworkcare.followup.v1.FollowUpService/ListCareUnitFollowUps`, unit, o.GRPCAddr),
		"  # two weeks pass: reminders, escalations, certificates that end",
		"  build/bin/coworkctl clock advance 14d",
		"  # what happened, as a region's record system would follow it; and more patients along the paths",
		"  build/bin/coworkctl events tail",
		"  build/bin/coworkctl demo walk",
		"\nCtrl-C stops it; `make run` starts it again on the same data, `make reset` from nothing.",
	}
}
