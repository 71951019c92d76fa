package demo

import "github.com/coworkcare/coworkcare/platform/date"

// days counts sick leave by going through the calendar day by day, so that the walk does not trust the arithmetic it checks: gross
// days within a stretch, and net days, where a day counts by its degree.
func days(leaves []leave, from, to date.Day) (gross int, net float64) {
	for day := from; day <= to; day++ {
		for _, l := range leaves {
			if l.from <= day && day <= l.to {
				gross++
				net += float64(l.degree) / 100
				break
			}
		}
	}
	return gross, net
}
