package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

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
	p := newPage(o.Out)
	p.line("\n%s", p.in(bold, "Ready-made tokens, one a role, good for eight hours (`coworkctl token --role gp` gives another)"))
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
	p.line("  clock       %s; it runs on by itself, and `coworkctl clock advance` moves it", now.In(date.Stockholm()).Format("Mon 2 January 2006 15:04"))
	p.line("  people      %d patients, followed since %s; %d steps checked, %d reminders and escalations, in %.0f s", s.Patients, s.StartDate, s.Steps, s.Timers, s.Seconds)
	due := "today"
	if s.DueDate != s.TodayDate {
		due = "on " + s.DueDate.String()
	}
	for _, unit := range s.Units {
		p.line("  %-11s %s: %d follow-ups due %s, %d overdue, %d escalated, %d to come", "worklist", unit.Name, unit.Due, due, unit.Overdue, unit.Escalated,
			unit.Open-unit.Due-unit.Overdue)
	}
	p.line("\n%s", p.in(bold, "Try, in another terminal, with the exports above"))
	for _, line := range o.suggestions(client, s) {
		p.line("%s", line)
	}
	return p.err
}

func (o Options) suggestions(client *Client, s Summary) []string {
	unit := ""
	if len(s.Units) > 0 {
		unit = s.Units[0].CareUnitID
	}
	actor := func(variable string) Actor { return Actor{Variable: variable} }
	mine := Call{As: actor("TOKEN_CARE_MANAGER"), Method: http.MethodGet, Path: "/v1/careUnits/" + unit + "/followUps",
		Query: url.Values{"ownerRole": {roleCareManager}, "dueBeforeDate": {s.DueDate.AddDays(1).String()}}}
	late := Call{As: actor("TOKEN_UNIT_MANAGER"), Method: http.MethodGet, Path: mine.Path, Query: url.Values{"overdueOnly": {"true"}}}
	bad := Call{As: actor("TOKEN_CARE_MANAGER"), Method: http.MethodPost, Path: "/v1/assessments:preview",
		Body: object{{"instrument", "MADRS-S"}, {"answers", []int{3, 3, 3, 3, 3, 3, 3, 3, 9}}}}
	foreign := Call{As: actor("TOKEN_GP_C3"), Method: http.MethodGet, Path: "/v1/patients/" + s.WalkPatientID}
	return []string{
		"  # what the care manager has to do today, and what is overdue (ids, no names: those are in /v1/patients/{id})",
		"  " + client.Curl(mine),
		"  # the same centre through its manager's eyes: all that is overdue",
		"  " + client.Curl(late),
		"  # a bad body: the answer names the field and the rule",
		"  " + client.Curl(bad),
		"  # a patient of another care provider: 404, as if there were none",
		"  " + client.Curl(foreign),
		"  # gRPC",
		fmt.Sprintf(`  grpcurl -plaintext -H "authorization: Bearer $TOKEN_CARE_MANAGER" -d '{"care_unit_id": "%s"}' %s coworkcare.followup.v1.FollowUpService/ListCareUnitFollowUps`, unit, o.GRPCAddr),
		"  # two weeks pass: reminders, escalations, certificates that end",
		"  build/bin/coworkctl clock advance 14d",
		"  # what happened, as a region's record system would follow it; and another patient along the whole path",
		"  build/bin/coworkctl events tail",
		"  build/bin/coworkctl demo walk",
		"\nCtrl-C stops it; `make run` starts it again on the same data, `make reset` from nothing.",
	}
}
