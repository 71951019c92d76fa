package sickleave

import (
	"cmp"
	"slices"

	"github.com/coworkcare/coworkcare/platform/date"
)

// DeadlineCode names a deadline of a case.
type DeadlineCode string

// The deadlines.
const (
	DeadlineEmployerCertificate DeadlineCode = "EMPLOYER_CERTIFICATE"
	DeadlineSickPayEnd          DeadlineCode = "SICK_PAY_END"
	DeadlineSicknessBenefit     DeadlineCode = "SICKNESS_BENEFIT"
	DeadlineTimePlan            DeadlineCode = "TIME_PLAN"
	DeadlineEmployerPlan        DeadlineCode = "EMPLOYER_PLAN"
	DeadlineChain90             DeadlineCode = "REHABILITATION_CHAIN_90"
	DeadlineChain180            DeadlineCode = "REHABILITATION_CHAIN_180"
	DeadlineChain365            DeadlineCode = "REHABILITATION_CHAIN_365"
)

// deadlineRule says when a deadline falls.
type deadlineRule struct {
	code DeadlineCode
	// day is the day of the case, of the chain for a rule of the chain.
	day int
	// chain tells that days of the rehabilitation chain are counted, in which earlier periods are added.
	chain bool
	// expected is how many days the case must be expected to last for the rule to hold, first and last day included.
	expected int
	// third moves the day to a third of the expected days when that is later.
	third  bool
	source string
}

// deadlineRules are the rules of the Social Insurance Code (SFB, 2010:110), the Sick Pay Act (1991:1047) and the model.
func deadlineRules() []deadlineRule {
	return []deadlineRule{
		{code: DeadlineEmployerCertificate, day: 8, source: "Sick Pay Act (1991:1047) 8 §: from day 8 sick pay takes a medical certificate"},
		{code: DeadlineSickPayEnd, day: 14, source: "Sick Pay Act (1991:1047) 7 §: sick pay is paid for 14 days"},
		{code: DeadlineSicknessBenefit, day: 15, source: "SFB 27:25 with the Sick Pay Act 12 §: after day 14 the employer reports the case and sickness benefit is asked for"},
		{code: DeadlineTimePlan, day: 14, expected: 30, third: true, source: "Co-Work-Care model: the time plan is known to all well before the sick leave ends"},
		{code: DeadlineEmployerPlan, day: 30, expected: 60, source: "SFB 30:6: the employer's plan for return to work by day 30 when work ability is expected to be reduced for at least 60 days, at once when that is seen later"},
		{code: DeadlineChain90, day: 90, chain: true, source: "SFB 27:46: up to day 90 work ability is tried against own work"},
		{code: DeadlineChain180, day: 180, chain: true, source: "SFB 27:47: up to day 180 against other work with the employer too"},
		{code: DeadlineChain365, day: 365, chain: true, source: "SFB 27:48–49: after day 180 against normally occurring work, with exemptions up to day 365"},
	}
}

// Deadline is a day of a case by which something changes or must be done.
type Deadline struct {
	Code      DeadlineCode
	Day       date.Day
	Number    int    // of the case, or of the chain for a deadline of the chain
	Passed    bool   // the day looked at lies after it
	Certified bool   // certificates reach it
	Source    string // where the rule stands
	Flagged   bool   // TIME_PLAN has passed and there is none
}

// Deadlines returns the case that is ongoing on Rules.AsOf and its deadlines in order of their day; nil and none when no case is.
// HasPlan is asked whether there is a time plan for the case. Errors: Violations.
func Deadlines(certificates []Certificate, rules Rules, hasPlan func(Case) bool) (*Case, []Deadline, error) {
	result, err := Compute(certificates, rules)
	if err != nil || result.ActiveCase == nil || !result.ActiveCase.Ongoing {
		return nil, nil, err
	}
	c := *result.ActiveCase
	chain := chainOf(coverage(rank(countingOf(certificates))), c)
	expected := date.Span{Start: c.Start, End: c.End}.Days()

	var deadlines []Deadline
	for _, rule := range deadlineRules() {
		if expected < rule.expected {
			continue
		}
		d := Deadline{Code: rule.code, Number: rule.day, Source: rule.source}
		if rule.third {
			d.Number = max(d.Number, (expected+2)/3)
		}
		if rule.chain {
			d.Day, d.Certified = dayInChain(chain, d.Number)
		} else {
			d.Day = c.Start.AddDays(d.Number - 1)
			d.Certified = d.Day <= c.End
		}
		d.Passed = rules.AsOf > d.Day
		d.Flagged = d.Code == DeadlineTimePlan && d.Passed && !hasPlan(c)
		deadlines = append(deadlines, d)
	}
	slices.SortStableFunc(deadlines, func(a, b Deadline) int { return cmp.Compare(a.Day, b.Day) })
	return &c, deadlines, nil
}

// chainOf returns the runs of the rehabilitation chain that the case belongs to.
func chainOf(runs []run, c Case) []run {
	first, last := 0, 0
	for i, r := range runs {
		switch {
		case r.Start > c.End && r.before == 0:
			return runs[first:last]
		case r.before == 0:
			first = i
		}
		last = i + 1
	}
	return runs[first:last]
}

// dayInChain returns the calendar day of a day of the chain, and whether certificates reach it; if not, the day on which it falls
// when the sick leave goes on without a break.
func dayInChain(chain []run, number int) (date.Day, bool) {
	for _, r := range chain {
		if number <= r.before+r.Days() {
			return r.Start.AddDays(number - r.before - 1), true
		}
	}
	last := chain[len(chain)-1]
	return last.End.AddDays(number - last.before - last.Days()), false
}
