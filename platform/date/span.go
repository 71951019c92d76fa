package date

// Span is a run of days; both ends belong to it. A span with an end missing,
// or with the end before the start, holds no day.
type Span struct {
	Start Day `json:"start"`
	End   Day `json:"end"`
}

// IsZero tells whether neither end is given.
func (s Span) IsZero() bool { return s == Span{} }

// Days returns the number of days in s, 0 when it holds none.
func (s Span) Days() int {
	if s.Start.IsZero() || s.End.IsZero() || s.End < s.Start {
		return 0
	}
	return s.End.Sub(s.Start) + 1
}

// Contains tells whether d lies in s.
func (s Span) Contains(d Day) bool {
	return s.Days() > 0 && s.Start <= d && d <= s.End
}

// Overlaps tells whether the two have a day in common.
func (s Span) Overlaps(other Span) bool { return s.Intersect(other).Days() > 0 }

// Intersect returns the days that the two have in common, the zero span when
// there are none.
func (s Span) Intersect(other Span) Span {
	if s.Days() == 0 || other.Days() == 0 {
		return Span{}
	}
	common := Span{Start: max(s.Start, other.Start), End: min(s.End, other.End)}
	if common.End < common.Start {
		return Span{}
	}
	return common
}
