package sickleave

import (
	"cmp"
	"slices"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Case is a patient's sick leave without a longer break than the rules allow.
type Case struct {
	Start, End date.Day // first and last certified day; the end may lie ahead
	CaseDays   int      // distinct certified days, whatever the degree; gaps do not count
	DayNumber  int      // Rules.AsOf counted from Start, which is 1; 0 before Start or without a day
	GrossDays  int      // distinct certified days within Rules.Window
	NetDays    float64  // the same weighted by degree, exact to a quarter of a day
	ChainDay   int      // day of the rehabilitation chain reached by Rules.AsOf or, if earlier, by End; 0 before Start or without a day

	CertificateIDs []string // in order of start, then end, then id

	// ActiveCertificateID is the certificate that counts on the day: of those
	// that cover it the one signed last, and of several signed at one instant
	// the one that ends first, then the one listed first. When the case only
	// has recently ended ones, it is the one that ended first. Otherwise "".
	ActiveCertificateID string
	CurrentDegree       int   // its degree on the day; 0 when it has ended
	Degrees             []int // its degrees in order of start; none without one

	Ongoing       bool // a certificate covers the day; a day in a gap is not covered
	RecentlyEnded bool // none covers the day, and one ended within Rules.RecentlyEndedDays before
}

// Result is what Compute finds. Without Rules.AsOf nobody is listed, no
// certificate is active, and ActiveCase is the last case.
type Result struct {
	PatientListed         bool     // a counting certificate covers the day, or ended recently
	ActiveCertificateID   string   // as in ActiveCase; "" when the patient is not listed
	CountedCertificateIDs []string // in the order given; none when the patient is not listed
	ActiveCase            *Case    // the case that holds the active certificate; nil when the patient is not listed
	Cases                 []Case   // every case of the counting certificates, newest first, also those that start after the day
}

// Compute returns the cases that one patient's certificates make up.
//
// Only signed certificates count, and of those not one that another signed one
// replaces or complements. They are put in order of start; one that begins
// more than Rules.MaxGapDays free days after the latest end so far begins a new
// case. Sound input is the caller's to send: days of 1900 to 2200, periods of
// five years at most, at most MaxCertificates certificates with ids of their
// own, and so on; anything else is refused with all its Violations.
//
// The work grows as n log n with the number of periods, not with their length.
func Compute(certificates []Certificate, rules Rules) (Result, error) {
	if err := checkInput(certificates, rules); err != nil {
		return Result{}, err
	}
	counting := rank(countingOf(certificates))
	runs := coverage(counting)

	var result Result
	for _, chain := range chains(counting, rules.MaxGapDays) {
		result.Cases = append(result.Cases, newCase(chain, runs, rules))
	}
	slices.Reverse(result.Cases)

	if active := activeCase(result.Cases, counting, rules); active != nil {
		result.ActiveCase = active
		result.ActiveCertificateID = active.ActiveCertificateID
		result.PatientListed = !rules.AsOf.IsZero()
	}
	if result.PatientListed {
		for _, c := range counting {
			result.CountedCertificateIDs = append(result.CountedCertificateIDs, c.ID)
		}
	}
	return result, nil
}

// certified is a certificate that counts, with what the computation needs.
type certified struct {
	*Certificate
	date.Span     // first to last day
	index     int // place in the list given
	rank      int // 0 for the one that decides before all others
}

// countingOf leaves out what is not signed, and what another signed
// certificate replaces or complements. The relation does not weaken when that
// other one is itself replaced, only when it is revoked.
func countingOf(certificates []Certificate) []certified {
	superseded := make(map[string]bool)
	for i := range certificates {
		if c := &certificates[i]; c.State == Signed {
			superseded[c.ReplacesID] = true
			superseded[c.ComplementsID] = true
		}
	}
	var counting []certified
	for i := range certificates {
		if c := &certificates[i]; c.State == Signed && !superseded[c.ID] {
			counting = append(counting, certified{Certificate: c, Span: c.Span(), index: i})
		}
	}
	return counting
}

// rank decides which certificate speaks for a day that several cover: the one
// signed last; of several signed at one instant the one that ends first; then
// the one listed first.
func rank(counting []certified) []certified {
	order := make([]int, len(counting))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := counting[a], counting[b]
		return cmp.Or(y.SignTime.Compare(x.SignTime), x.End.Compare(y.End), cmp.Compare(x.index, y.index))
	})
	for place, i := range order {
		counting[i].rank = place
	}
	return counting
}

// chains splits certificates into cases, oldest first. It compares with the
// latest end so far, not with the certificate before: a short certificate
// within a long one must not cut the long one off from what follows it.
func chains(counting []certified, maxGapDays int) [][]certified {
	sorted := slices.Clone(counting)
	slices.SortFunc(sorted, func(a, b certified) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), cmp.Compare(a.ID, b.ID))
	})
	var all [][]certified
	first, end := 0, date.Day(0)
	for i, c := range sorted {
		if i > first && c.Start > end.AddDays(maxGapDays+1) {
			all = append(all, sorted[first:i])
			first = i
		}
		end = max(end, c.End)
	}
	if first < len(sorted) {
		all = append(all, sorted[first:])
	}
	return all
}

func newCase(chain []certified, runs []run, rules Rules) Case {
	c := Case{Start: chain[0].Start}
	for _, one := range chain {
		c.End = max(c.End, one.End)
		c.CertificateIDs = append(c.CertificateIDs, one.ID)
	}
	whole := tally(chain, date.Span{Start: c.Start, End: c.End})
	c.CaseDays = whole.days
	if !rules.Window.IsZero() {
		whole = tally(chain, rules.Window)
	}
	c.GrossDays, c.NetDays = whole.days, whole.net()
	if rules.AsOf.IsZero() {
		return c
	}

	if rules.AsOf >= c.Start {
		c.DayNumber = rules.AsOf.Sub(c.Start) + 1
		c.ChainDay = chainDay(runs, min(rules.AsOf, c.End))
	}
	if active := activeOf(chain, rules.AsOf); active != nil {
		c.Ongoing = true
		c.ActiveCertificateID = active.ID
		c.CurrentDegree = active.DegreeOn(rules.AsOf)
		c.Degrees = active.degrees()
	} else if ended := endedFirst(chain, rules); ended != nil {
		c.RecentlyEnded = true
		c.ActiveCertificateID = ended.ID
		c.Degrees = ended.degrees()
	}
	return c
}

// activeOf returns the certificate that speaks for the day, nil when none
// covers it.
func activeOf(counting []certified, day date.Day) *certified {
	var active *certified
	for i := range counting {
		c := &counting[i]
		if c.DegreeOn(day) != 0 && (active == nil || c.rank < active.rank) {
			active = c
		}
	}
	return active
}

// endedFirst returns, of the certificates that ended recently, the one that
// ended first, nil when there is none.
func endedFirst(counting []certified, rules Rules) *certified {
	var first *certified
	for i := range counting {
		c := &counting[i]
		if c.End >= rules.AsOf || c.End.AddDays(rules.RecentlyEndedDays) < rules.AsOf {
			continue
		}
		if first == nil || cmp.Or(c.End.Compare(first.End), cmp.Compare(c.index, first.index)) < 0 {
			first = c
		}
	}
	return first
}

// activeCase picks the case that the patient is listed with. At most one case
// can be ongoing, since cases share no day; several can have ended recently.
func activeCase(cases []Case, counting []certified, rules Rules) *Case {
	if len(cases) == 0 {
		return nil
	}
	if rules.AsOf.IsZero() {
		last := cases[0]
		return &last
	}
	decisive := activeOf(counting, rules.AsOf)
	if decisive == nil {
		decisive = endedFirst(counting, rules)
	}
	if decisive == nil {
		return nil
	}
	for _, c := range cases {
		if c.ActiveCertificateID == decisive.ID {
			return &c
		}
	}
	return nil
}
