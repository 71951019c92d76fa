package caseload

import (
	"maps"
	"slices"

	"github.com/coworkcare/coworkcare/platform/date"
)

// SickLeave is what the signed certificates of a patient add up to.
type SickLeave struct {
	PatientID string `json:"id"`
	Cases     []Case `json:"cases,omitempty"` // oldest first, none over another
}

// Subject is the patient.
func (s SickLeave) Subject() string { return s.PatientID }

// Case is a case of sick leave, as far as it does not depend on the day looked at.
type Case struct {
	Start   date.Day `json:"start"`
	End     date.Day `json:"end"`
	Periods []Period `json:"periods,omitempty"` // certified days, in order, without overlap
}

// Period is a stretch of certified days of one degree.
type Period struct {
	Start  date.Day `json:"start"`
	End    date.Day `json:"end"`
	Degree int      `json:"degree"`
}

// Leave is a case as it stands on a day.
type Leave struct {
	Start, End date.Day
	DayNumber  int
	Degree     int
	GrossDays  int
	NetDays    float64
	Ongoing    bool
}

// shownAt is the case that is shown on a day: the one that covers it, else the one that ended last, else the one to come.
func shownAt(cases []Case, day date.Day) (Case, bool) {
	if len(cases) == 0 {
		return Case{}, false
	}
	shown := cases[0]
	for _, c := range cases[1:] {
		if !c.Start.After(day) {
			shown = c
		}
	}
	return shown, true
}

// on is the case as it stands on a day.
func (c Case) on(day date.Day) Leave {
	l := Leave{Start: c.Start, End: c.End}
	if c.Start.After(day) {
		return l
	}
	l.Ongoing = !c.End.Before(day)
	l.DayNumber = min(day, c.End).Sub(c.Start) + 1
	hundredths := 0 // of days, so that the sum is exact
	for _, p := range c.Periods {
		if p.Start.After(day) {
			break
		}
		if !p.End.Before(day) {
			l.Degree = p.Degree
		}
		days := min(day, p.End).Sub(p.Start) + 1
		l.GrossDays += days
		hundredths += days * p.Degree
	}
	l.NetDays = float64(hundredths) / 100
	return l
}

// span is the stretch of days on which a case is the one shown. Zero days stand for no bound.
type span struct {
	from, until date.Day
	shown       Case
}

// spans divides all days by the case that is shown on them.
func spans(cases []Case) []span {
	if len(cases) == 0 {
		return []span{{}}
	}
	all := make([]span, len(cases))
	for i, c := range cases {
		all[i].shown = c
		if i > 0 {
			all[i].from, all[i-1].until = c.Start, c.Start.AddDays(-1)
		}
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
