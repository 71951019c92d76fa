package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// slot is a time of day at which things happen at a centre; few of them, so that the clock stops seldom.
type slot int

const (
	early slot = iota // 08:20
	morning
	noon
	afternoon
	late
)

func (s slot) on(day date.Day) time.Time {
	clock := [...][2]int{{8, 20}, {9, 10}, {11, 0}, {13, 20}, {15, 40}}[s]
	return day.At(clock[0], clock[1])
}

// consent is what a patient says to coordination.
type consent int

const (
	consents consent = iota
	declines
	notAsked
	withdraws // consents at first
)

// course is the fate of one patient of the layout. What its days bring happens only as far as they have come: a course that
// begins yesterday is today a patient with a first contact booked.
type course struct {
	unit        int
	gp, cm, rc  string // keys of colleagues; cm "" leaves the referral unanswered
	begin       date.Day
	held        date.Day // of the first contact; none: it is only booked
	noBooking   bool     // the referral is accepted, but nobody books
	plan        date.Day // from which the weeks count; none: no plan yet
	weeks       []int    // none: the default
	holdAt      slot
	missed      []int       // weeks whose contact is not held
	tries       map[int]int // weeks whose contact is tried in vain so often, then not held
	delayed     map[int]int // weeks whose contact is held so many working days after
	diagnosis   string
	severity    string
	preventive  bool
	leaves      []leave
	consent     consent
	declinedRC  string // why the coordinator declines the referral
	treatment   string // role of a treatment referral: psychologist or physiotherapist
	treating    string // key of who answers it
	noTreatment string // why it is declined
	baseline    int    // MADRS-S at the first contact
	fall        int    // how much it falls from form to form
	flag        int    // answer to the safety item at the first contact
	flagToday   int    // answer to the safety item in a form of today
	snooze      bool   // the last certificate's follow-up is put off to the day of the visit
	ask         string // one line to the GP
	correct     bool   // the first certificate is revoked and written anew
	close       date.Day
	outcome     string
	special     string // protected, samordningsnummer, reserve

	reach   reach    // how far the coordinator's work gets
	meetOn  date.Day // of the dialogue meeting; none: so many days after the first visit
	recheck date.Day // the meeting is deferred to this day
	heldOn  date.Day // the return is held on its step
	unread  bool     // a note that the GP has not read
	advice  bool     // a recommendation that the GP has not answered
	locum   bool     // a locum has just taken over
}

// script turns a course into steps, without those that lie after the end.
func (c *course) script(client *Client, o *organisation, n int, dice *rand.Rand, today date.Day, end time.Time) Script {
	k := &chart{client: client, team: team{
		providerID: o.providers[centres[c.unit].provider], unitID: o.units[c.unit], secretary: o.actor(fmt.Sprintf("secretary%d", c.unit+1), c.unit), gp: o.actor(c.gp, c.unit),
		careManager: o.actor(c.cm, c.unit, roleCareManager), coordinator: o.actor(c.rc, c.unit, roleCoordinator),
		therapist: o.actor(c.treating, c.unit),
	}}
	k.firm = o.firms[centres[c.unit].provider]
	w := &writer{course: c, chart: k, script: Script{Name: fmt.Sprintf("patient %d", n)}, end: end, today: today, due: date.NextWorkingDay(today)}
	if c.locum {
		w.newGP = o.actor("locum", c.unit)
	}
	who := newPerson(dice, n, c.begin)
	switch c.special {
	case "protected":
		who.protected = true
	case "samordningsnummer":
		who.number = samordningsnummer(birthday(dice), testSerials[n%len(testSerials)])
	case "reserve":
		who.number = reserveNumber(n)
	}
	w.visit(who)
	w.answers()
	w.leave()
	w.firstContact()
	w.contacts()
	w.work()
	w.others()
	w.words()
	w.closing()
	return w.script
}

// writer writes the steps of a course.
type writer struct {
	*course
	chart  *chart
	script Script
	end    time.Time
	today  date.Day
	due    date.Day // the first working day from today on
	newGP  Actor
}

func (w *writer) on(day date.Day, s slot, name string, do func(ctx context.Context) error) {
	when := s.on(day)
	if when.After(w.end) || !w.close.IsZero() && day.After(w.close) {
		return
	}
	w.script.on(when, fmt.Sprintf("%s, %s, %s", w.script.Name, when.Format(time.DateTime), name), do)
}

// visit is the first visit to the GP: registration, episode, certificate, and what the patient says to coordination.
func (w *writer) visit(who person) {
	w.on(w.begin, early+slot(w.unit%2), "first visit", func(ctx context.Context) error {
		if _, err := w.chart.register(ctx, who); err != nil {
			return err
		}
		a := assessment{
			diagnosis: w.diagnosis, severity: w.severity, sickLeave: len(w.leaves) > 0, preventive: w.preventive,
			note:      "Synthetic: low mood and exhaustion since some weeks, sleeps badly.",
			referrals: []object{referTo(roleCareManager, "Please follow with MADRS-S."), referTo(roleCoordinator, "Please contact the employer.")},
		}
		if w.treatment != "" {
			a.referrals = append(a.referrals, referTo(w.treatment, "Please assess for treatment."))
		}
		if _, err := w.chart.start(ctx, a); err != nil {
			return err
		}
		if len(w.leaves) == 0 {
			return nil
		}
		signed, err := w.chart.certify(ctx, w.leaves[0], w.begin)
		if err != nil || !w.correct {
			return err
		}
		if err := w.chart.revoke(ctx, signed.CertificateID, "Synthetic: wrong degree; written anew."); err != nil {
			return err
		}
		w.chart.lastLeave = ""
		_, err = w.chart.certify(ctx, w.leaves[0], w.begin)
		return err
	})
	w.coordination()
}

// coordination is what the patient says to coordination, the same day; one who withdraws does so six working days later.
func (w *writer) coordination() {
	if w.consent == notAsked {
		return
	}
	verb, consentID := "grant", ""
	if w.consent == declines {
		verb = "decline"
	}
	w.on(w.begin, noon, "consent", func(ctx context.Context) error {
		said, err := w.chart.consent(ctx, w.chart.team.gp, verb)
		consentID = said.ConsentID
		return err
	})
	if w.consent == withdraws {
		w.on(date.AddWorkingDays(w.begin, 6), noon, "withdrawal", func(ctx context.Context) error {
			return w.chart.withdraw(ctx, w.chart.team.gp, consentID)
		})
	}
}
