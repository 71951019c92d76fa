package sickleave

import (
	"fmt"

	"github.com/coworkcare/coworkcare/platform/date"
)

// MaxPeriodYears is the longest a single period may last; more is a slip of
// the pen.
const MaxPeriodYears = 5

// Period is a run of days with one degree of reduced work capacity.
type Period struct {
	Start, End date.Day // both inclusive
	Degree     int      // percent of work capacity lost: 25, 50, 75 or 100 (SFB chapter 27)
}

// Span returns the days of p.
func (p Period) Span() date.Span { return date.Span{Start: p.Start, End: p.End} }

func (v *Violations) period(field string, p Period) {
	startSound := v.day(field+".start_date", p.Start)
	endSound := v.day(field+".end_date", p.End)
	if startSound && endSound {
		year, month, day := p.Start.Date()
		switch {
		case p.End < p.Start:
			v.add(field+".end_date", ReasonEndBeforeStart, "must not be before the start date")
		case p.End >= date.New(year+MaxPeriodYears, month, day):
			v.add(field+".end_date", ReasonPeriodTooLong, fmt.Sprintf("a period may last %d years at most", MaxPeriodYears))
		}
	}
	if !degreeAllowed(p.Degree) {
		v.add(field+".degree", ReasonDegreeNotAllowed, "must be 25, 50, 75 or 100")
	}
}

func degreeAllowed(degree int) bool {
	return degree == 25 || degree == 50 || degree == 75 || degree == 100
}

// spanOf returns the first to the last day of the periods, the zero span when
// there are none. Days between them may be free.
func spanOf(periods []Period) date.Span {
	if len(periods) == 0 {
		return date.Span{}
	}
	span := periods[0].Span()
	for _, p := range periods[1:] {
		span.Start, span.End = min(span.Start, p.Start), max(span.End, p.End)
	}
	return span
}

// degreeOn returns the degree of the first listed period that covers the day,
// 0 when none does.
func degreeOn(periods []Period, day date.Day) int {
	for _, p := range periods {
		if p.Span().Contains(day) {
			return p.Degree
		}
	}
	return 0
}
