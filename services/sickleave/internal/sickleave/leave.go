package sickleave

import "github.com/coworkcare/coworkcare/platform/date"

// Leave is a case as far as it does not depend on the day looked at.
type Leave struct {
	Start, End date.Day // first and last certified day
	Periods    []Period // the certified days with the degree that counts on each, in order, without overlap; days of a gap are in none
}

// Leaves returns the cases that one patient's certificates make up, oldest
// first, under DefaultGapDays: the same days, and on every day the same degree,
// as Compute finds. What it takes and refuses is what Compute does.
func Leaves(certificates []Certificate) ([]Leave, error) {
	rules := Rules{MaxGapDays: DefaultGapDays}
	if err := checkInput(certificates, rules); err != nil {
		return nil, err
	}
	var leaves []Leave
	for _, chain := range chains(rank(countingOf(certificates)), rules.MaxGapDays) {
		leave := Leave{Start: chain[0].Start}
		for _, c := range chain {
			leave.End = max(leave.End, c.End)
		}
		sweep(chain, date.Span{Start: leave.Start, End: leave.End}, func(stretch Period) {
			if last := len(leave.Periods) - 1; last >= 0 && leave.Periods[last].Degree == stretch.Degree &&
				leave.Periods[last].End.AddDays(1) == stretch.Start {
				leave.Periods[last].End = stretch.End
				return
			}
			leave.Periods = append(leave.Periods, stretch)
		})
		leaves = append(leaves, leave)
	}
	return leaves, nil
}
