package demo

import (
	"math/rand/v2"

	"github.com/coworkcare/coworkcare/platform/date"
)

// caster draws the courses of a layout, as seen from today: one patient's contact is due today, another's certificate ends on
// Thursday, a third was referred this morning.
type caster struct {
	dice   *rand.Rand
	start  date.Day // the first day of the layout
	today  date.Day
	last   date.Day // the last working day up to today
	due    date.Day // the first working day from today on
	nth    [3]int   // patients so far, by centre
	placed []*course
}

// newCast draws every course but those of the walk.
func newCast(dice *rand.Rand, start, today date.Day) []*course {
	c := &caster{dice: dice, start: start, today: today, last: date.PreviousWorkingDay(today), due: date.NextWorkingDay(today)}
	c.newlyReferred()
	c.firstContacts()
	c.dueToday()
	c.inTheMiddle()
	c.troubled()
	c.returned()
	c.preventive()
	c.closed()
	return c.placed
}

// back is the n-th working day before the last one.
func (c *caster) back(n int) date.Day { return date.AddWorkingDays(c.last, -n) }

// place adds a course of a centre that begins on a day, with the centre's staff in turn.
func (c *caster) place(unit int, begin date.Day) *course {
	diagnoses := []struct{ code, severity string }{
		{"F32.1", "MODERATE"}, {"F43.8A", "MODERATE"}, {"F43.2", "MILD"}, {"F41.1", "MODERATE"}, {"F32.0", "MILD"}, {"F33.1", "MODERATE"},
		{"F41.2", "MILD"}, {"F43.9", "MILD"}, {"F32.2", "SEVERE"},
	}
	n := c.nth[unit]
	c.nth[unit]++
	d := diagnoses[c.dice.IntN(len(diagnoses))]
	placed := &course{
		unit: unit, begin: max(begin, date.NextWorkingDay(c.start)), diagnosis: d.code, severity: d.severity,
		holdAt: []slot{noon, afternoon, morning}[n%3], baseline: 20 + c.dice.IntN(14), fall: 2 + c.dice.IntN(4),
	}
	switch unit {
	case 0:
		placed.gp, placed.cm, placed.rc = []string{"gp1", "gp2", "gp1", "locum"}[n%4], []string{"cm1", "cm1", "cm2"}[n%3], "rc1"
	case 1:
		placed.gp, placed.cm, placed.rc = "gp3", "both", "both"
	default:
		placed.gp, placed.cm, placed.rc = "gp4", "cm3", "rc3"
	}
	c.placed = append(c.placed, placed)
	return placed
}

// active adds a course whose plan has its contact of a week on a day.
func (c *caster) active(unit, week int, contact date.Day) *course {
	plan := contact.AddDays(-7 * week)
	held := date.NextWorkingDay(plan)
	placed := c.place(unit, date.AddWorkingDays(held, -2))
	placed.plan, placed.held = plan, held
	return placed
}

// off puts the patient on sick leave from the first visit to some days after a day (before, when negative), through degrees.
func (p *course) off(day date.Day, endIn int, degrees ...int) *course {
	p.leaves = split(p.begin, day.AddDays(endIn), degrees)
	return p
}

// split cuts a stretch of days into certificates, one a degree: a first short one, then equal ones.
func split(from, to date.Day, degrees []int) []leave {
	days, n := to.Sub(from)+1, len(degrees)
	for days < n {
		n--
	}
	var leaves []leave
	for i := range n {
		length := days / (n - i)
		if i == 0 && n > 1 {
			length = min(14, length)
		}
		leaves = append(leaves, leave{from, from.AddDays(length - 1), degrees[i]})
		from, days = from.AddDays(length), days-length
	}
	return leaves
}

// newlyReferred: referred today and some days ago; nobody has answered.
func (c *caster) newlyReferred() {
	for _, unit := range []int{0, 0, 1, 2} {
		p := c.place(unit, c.last).off(c.due, 13, 100)
		p.cm, p.consent = "", []consent{consents, notAsked}[c.nth[unit]%2]
	}
	for _, unit := range []int{0, 2} {
		p := c.place(unit, c.back(3)).off(c.due, 10, 100)
		p.cm = ""
	}
	p := c.place(0, c.back(2)).off(c.due, 12, 75) // taken on, but nobody has called
	p.noBooking = true
}

// firstContacts: booked for today or tomorrow, held without a plan yet, booked and not held.
func (c *caster) firstContacts() {
	for _, unit := range []int{0, 1, 2} {
		c.place(unit, c.back(1)).off(c.due, 12, 100)
	}
	for _, unit := range []int{0, 1} {
		p := c.place(unit, c.back(2)).off(c.due, 11, 100)
		p.held, p.plan, p.holdAt = c.last, c.last, afternoon
	}
	for _, unit := range []int{0, 0, 2} {
		p := c.place(unit, c.back(5)).off(c.due, 7, 100)
		p.held = c.back(3)
	}
	c.place(0, c.back(7)).off(c.due, 16, 50).reach = screenedOnly // booked for five working days ago
}

// dueToday: plans whose contact is due today; some of them held this morning.
func (c *caster) dueToday() {
	c.active(0, 1, c.due).off(c.due, 9, 100, 100).holdAt = afternoon
	p := c.active(0, 3, c.due).off(c.due, 4, 100, 75)
	p.holdAt, p.snooze, p.reach = noon, true, talkedEarly
	p = c.active(0, 6, c.due).off(c.due, 20, 100, 75, 50)
	p.holdAt, p.flag, p.treatment, p.treating, p.reach, p.unread = afternoon, 2, rolePsychologist, "psychologist", returnUnderWay, true
	p = c.active(0, 8, c.due).off(c.due, 3, 100, 100, 75, 50)
	p.holdAt, p.snooze, p.reach, p.advice = noon, true, wholeWay, true
	p = c.active(0, 2, c.due).off(c.due, 15, 100, 100)
	p.holdAt, p.reach = early, screenedOnly
	p = c.active(0, 4, c.due).off(c.due, 7, 100, 50)
	p.holdAt, p.reach, p.meetOn = early, meetingSet, c.due
	p = c.active(1, 2, c.due).off(c.due, 7, 100, 100)
	p.holdAt, p.consent, p.reach = noon, declines, screenedOnly
	p = c.active(1, 4, c.due).off(c.due, 18, 100, 75, 50)
	p.holdAt, p.special, p.reach, p.meetOn = afternoon, "samordningsnummer", meetingHeld, c.back(2)
	p = c.active(1, 6, c.due).off(c.due, 5, 75, 50, 25)
	p.holdAt, p.reach = early, wholeWay
	p = c.active(2, 3, c.due).off(c.due, 12, 100, 100)
	p.holdAt, p.special, p.reach = noon, "reserve", briefAsked
	p = c.active(2, 10, c.due).off(c.due, 2, 100, 75, 50, 25)
	p.holdAt, p.snooze, p.reach = afternoon, true, wholeWay
}

// inTheMiddle: plans whose next contact lies in the days to come.
func (c *caster) inTheMiddle() {
	next := func(n int) date.Day { return date.AddWorkingDays(c.due, n) }
	p := c.active(0, 4, next(1)).off(c.due, 8, 100, 75)
	p.consent, p.delayed, p.reach = declines, map[int]int{2: 1}, screenedOnly
	p = c.active(0, 6, next(2)).off(c.due, 22, 100, 75, 50)
	p.consent, p.ask, p.reach = withdraws, "Synthetic: asks whether the dose can be raised", screenedOnly
	p = c.active(0, 8, next(3)).off(c.due, 13, 100, 100, 50, 25)
	p.treatment, p.treating, p.noTreatment = rolePsychologist, "psychologist", "Synthetic: no place within three months; suggests the internet programme."
	p.reach = returnUnderWay // and what was agreed is not done
	p = c.active(0, 3, next(4)).off(c.due, 6, 100, 50)
	p.special, p.snooze, p.reach = "protected", true, briefWritten
	p = c.active(1, 3, next(1)).off(c.due, 16, 100, 100)
	p.treatment, p.treating, p.reach = rolePsychologist, "psychologist", meetingTold
	p = c.active(1, 8, next(2)).off(c.due, 3, 100, 75, 50)
	p.snooze, p.reach, p.heldOn = true, wholeWay, c.back(1)
	p = c.active(1, 10, next(3)).off(c.due, 6, 100, 75, 50, 25)
	p.snooze, p.reach = true, selfReliant
	p = c.active(2, 4, next(1)).off(c.due, 17, 75, 50)
	p.declinedRC, p.reach = "Synthetic: no coordinator before September; the care manager keeps in touch with the employer.", screenedOnly
	p = c.active(2, 6, next(3)).off(c.due, 11, 100, 100, 75)
	p.treatment, p.treating, p.consent, p.reach = rolePhysio, "physio3", declines, screenedOnly
}

// troubled: contacts missed, tried in vain, a certificate that ran out, a form with a pressing answer today.
func (c *caster) troubled() {
	missed := func(unit, week int, day date.Day) *course {
		p := c.active(unit, week, day)
		p.missed = []int{week}
		return p
	}
	p := missed(0, 4, c.back(1)).off(c.due, 10, 100, 75)
	p.reach, p.recheck = meetingTold, date.AddWorkingDays(c.due, 8)
	p = missed(0, 6, c.back(3)).off(c.due, 19, 100, 100, 50)
	p.reach, p.meetOn = returnAsked, c.back(3)
	missed(1, 3, c.back(3)).off(c.due, 15, 100, 75).reach = meetingTold
	missed(2, 8, c.back(6)).off(c.due, 24, 100, 75, 50).reach = selfReliant
	tried := func(unit, week, tries int) *course {
		p := c.active(unit, week, c.back(tries-1))
		p.tries = map[int]int{week: tries}
		return p
	}
	tried(0, 2, 1).off(c.due, 5, 100, 100) // the end of the certificate is overdue, and the screening
	tried(1, 4, 2).off(c.due, 14, 100, 50).reach = selfReliant
	p = tried(0, 3, 3).off(c.due, 8, 100, 100)
	p.reach, p.meetOn = meetingSet, date.AddWorkingDays(c.due, 5)
	p = c.active(0, 8, date.AddWorkingDays(c.due, 4)).off(c.due, -3, 100, 75, 50) // nobody has decided what then
	p.reach = selfReliant
	p = c.active(0, 3, date.AddWorkingDays(c.due, 2)).off(c.due, 9, 100, 100)
	p.flagToday, p.severity, p.baseline, p.reach = 1, "SEVERE", 36, screenedOnly
	p = c.active(0, 2, date.AddWorkingDays(c.due, 3)).off(c.due, 12, 75, 50)
	p.correct, p.ask, p.reach, p.gp, p.locum = true, "Synthetic: side effects; please call", briefWritten, "gp1", true
}

// returned: back at work for four weeks, and about to be asked how it goes.
func (c *caster) returned() {
	p := c.active(0, 12, date.AddWorkingDays(c.due, 2)).off(c.due, -returnDays-1, 100, 75, 50)
	p.reach = wholeWay
}

// preventive: followed so that no sick leave comes about.
func (c *caster) preventive() {
	for i, unit := range []int{0, 1, 1, 2} {
		p := c.active(unit, []int{2, 4, 1, 6}[i], date.AddWorkingDays(c.due, i))
		p.preventive, p.severity, p.diagnosis, p.baseline = true, "MILD", "F43.9", 16
		p.consent = []consent{consents, notAsked, consents, declines}[i]
	}
}

// closed: followed to the end, for better and for worse.
func (c *caster) closed() {
	ends := []struct {
		unit, begin int
		outcome     string
		degrees     []int
		leaveDays   int
		weeks       []int
	}{
		{0, 1, "RETURNED_TO_WORK", []int{100, 75, 50}, 42, []int{1, 2, 4, 6, 8}},
		{0, 8, "ENDED_BY_PATIENT", []int{100}, 14, []int{1, 2, 4}},
		{1, 2, "RETURNED_TO_WORK", []int{100, 50}, 35, []int{1, 2, 4, 6}},
		{1, 1, "REMAINED_AT_WORK", nil, 0, []int{1, 3, 5, 7}},
		{2, 9, "NOT_RETURNED_TO_WORK", []int{100, 100}, 30, []int{1, 2, 4, 6}},
	}
	for _, e := range ends {
		p := c.place(e.unit, date.AddWorkingDays(c.start, e.begin))
		p.held = date.AddWorkingDays(p.begin, 2)
		p.plan, p.weeks, p.outcome, p.reach = p.held, e.weeks, e.outcome, selfReliant
		p.preventive = len(e.degrees) == 0
		if !p.preventive {
			p.leaves = split(p.begin, p.begin.AddDays(e.leaveDays-1), e.degrees)
		}
		p.close = date.AddWorkingDays(plannedDay(p.plan, e.weeks[len(e.weeks)-1]), 1)
	}
}
