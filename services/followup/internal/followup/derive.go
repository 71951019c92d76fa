package followup

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Want is a follow-up that the facts ask for, or once asked for.
type Want struct {
	Kind      Kind
	SubjectID string
	Aspect    string // tells apart several of a kind about one subject, for example by who must read it
	EpisodeID string
	Owner     Owner
	Due       Due
	Basis     string    // what Due was taken from, apart from the policy: it moves when this changes, not when the policy does
	Lapse     time.Time // zero: it does not
	Policy    string    // the rule's name
	// EscalationRole is whom the first escalation reaches; "" means everyone with the owner's role.
	EscalationRole Role
	ladder         func(made time.Time) Ladder
	// Since is when it came to be wanted; zero where that does not matter.
	Since time.Time
	// End says how it has ended by the facts; nil: it is to be done.
	End *End
	// Unless is a state of things in which it is not to be done, rather than an event: it counts from when it is noticed, and
	// only where no event has ended it.
	Unless *End
	// about is what all its rounds are about, where a new thing takes the old one's place: the beginning of the basis, up to a
	// slash. How an earlier one ended is not corrected by the facts about a later one.
	about string
	// dormant: its time has not come. None is made, but one that was made under other limits stays.
	dormant bool
	style   climb
}

// record tells whether a want that has ended before a follow-up was made for it is put on record all the same: it was to be
// done for a while and has been done, though the source that says so was heard before the one that asks for it.
func (w Want) record() bool {
	return w.End != nil && w.End.State == Completed && !w.Since.IsZero() && w.End.Time.After(w.Since)
}

// derivation reads a file under a policy on a day.
type derivation struct {
	*File
	policy Policy
	today  date.Day
	wants  []Want
}

// Derive reads from a patient's file what is to be done, and what has been done, under a unit's policy, on a day. With the same
// file it gives the same until [Turn]. The order of the answer is by kind, subject and aspect.
func Derive(file *File, policy Policy, today date.Day) []Want {
	d := &derivation{File: file, policy: policy.Effective(), today: today}
	spell := d.spell()
	for _, episode := range d.Episodes {
		d.referrals(episode)
		d.firstContact(episode)
		d.newDoctors(episode)
		d.unmetActions(episode)
		if spell != nil {
			d.sickLeave(episode, spell)
		}
	}
	for _, plan := range d.Plans {
		d.plannedContacts(plan)
	}
	for _, contact := range d.Contacts {
		d.bookedContact(contact)
		d.tryAgain(contact)
	}
	for _, certificate := range d.Certificates {
		d.certificateEnding(certificate)
	}
	for _, flag := range d.Flags {
		d.risk(flag)
	}
	for _, meeting := range d.Meetings {
		d.meeting(meeting)
	}
	for _, agreement := range d.Agreements {
		d.agreedActions(agreement)
	}
	for _, plan := range d.ReturnPlans {
		d.returnPlan(plan)
	}
	for _, recommendation := range d.Recommendations {
		d.recommendation(recommendation)
	}
	for _, brief := range d.Briefs {
		d.brief(brief)
	}
	for _, note := range d.Notes {
		d.note(note)
	}
	slices.SortFunc(d.wants, func(a, b Want) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.SubjectID, b.SubjectID), cmp.Compare(a.Aspect, b.Aspect))
	})
	// One thing is asked for once, also where a source names it twice.
	return slices.CompactFunc(d.wants, func(a, b Want) bool {
		return keyOf(a.Kind, a.SubjectID, a.Aspect) == keyOf(b.Kind, b.SubjectID, b.Aspect)
	})
}

// want adds a follow-up with the ends that the facts give it; the earliest counts, the first of two at the same time. The end
// of the episode or of the patient record ends everything but the assessment of a risk. Two outlive the episode, which may well be
// closed by then: the question how it goes some weeks after the return (R49), and that those invited to a meeting are told it is off.
func (d *derivation) want(w Want, ends ...*End) {
	if w.Kind != AssessRisk {
		if episode := d.Episodes[w.EpisodeID]; episode != nil && !episode.Ended.IsZero() && w.Kind != PostReturnCheck && w.Kind != CallOffMeeting {
			ends = append(ends, &End{State: Cancelled, Cause: EpisodeEnded, Time: episode.Ended, By: episode.By})
		}
		if d.Patient != nil && d.Patient.Ended {
			ends = append(ends, &End{State: Cancelled, Cause: PatientRecordEnded, Time: d.Patient.Time, By: d.Patient.By})
		}
	}
	for _, end := range ends {
		if end != nil && (w.End == nil || end.Time.Before(w.End.Time)) {
			w.End = end
		}
	}
	if w.End == nil {
		w.End = w.Unless
	}
	if w.Basis == "" {
		w.Basis = w.Due.Day.String()
	}
	if w.ladder == nil {
		w.ladder = d.climb(w, w.style)
	}
	d.wants = append(d.wants, w)
}

// coordinated adds what is the coordinator's to do, who acts by consent alone: without the patient's consent to coordination
// today nothing of it is to be done, and it comes back with the consent (R92).
func (d *derivation) coordinated(w Want, ends ...*End) {
	if w.Unless == nil && !d.coordinationConsented() {
		w.Unless = cancelled(ConsentMissing, time.Time{}, "")
	}
	d.want(w, ends...)
}

func (d *derivation) climb(w Want, style climb) func(time.Time) Ladder {
	return func(made time.Time) Ladder { return d.policy.ladder(w.Due.Day, made, style, w.Lapse) }
}

func completed(cause Cause, at time.Time, by string) *End {
	return &End{State: Completed, Cause: cause, Time: at, By: by}
}

func cancelled(cause Cause, at time.Time, by string) *End {
	return &End{State: Cancelled, Cause: cause, Time: at, By: by}
}

// openEpisode is the patient's open episode, the latest started if there were several; nil when there is none.
func (d *derivation) openEpisode() *Episode {
	var open *Episode
	for _, e := range d.Episodes {
		if e.State == EpisodeOpen && (open == nil || e.Started.After(open.Started) || e.Started.Equal(open.Started) && e.ID > open.ID) {
			open = e
		}
	}
	return open
}

// member is the person in an episode's team in a role; "" when there is none. Of several (on the day of a handover, or of a
// role that several hold) the one who came last counts.
func (e *Episode) member(role Role) string {
	if e == nil {
		return ""
	}
	person := ""
	for _, m := range e.Team {
		if m.Role == role && m.End.IsZero() {
			person = m.PractitionerID
		}
	}
	return person
}

// owned is a role at the unit and, when the team has one, the person in that role.
func (e *Episode) owned(role Role) Owner { return Owner{Role: role, PractitionerID: e.member(role)} }

// referrals asks for the answer to each referral that can be answered, and tells the GP of each that was declined.
func (d *derivation) referrals(e *Episode) {
	for _, r := range e.Referrals {
		due := on(r.Due)
		if r.Due.IsZero() {
			due = after(e.Started, 2)
		}
		answer := Want{
			Kind: AnswerReferral, SubjectID: r.ID, EpisodeID: e.ID, Policy: "referral_answered", Due: due,
			Owner: Owner{Role: r.Role, PractitionerID: r.PractitionerID},
		}
		switch r.State {
		case ReferralPending:
			d.want(answer)
		case ReferralAwaitingConsent: // nobody is nagged while the patient has not consented (R92)
			d.want(answer, cancelled(ConsentMissing, r.Since, r.By))
		case ReferralAccepted, ReferralDeclined:
			d.want(answer, completed(ReferralAnswered, r.Since, r.By))
		default:
			d.want(answer, cancelled(ReferralEnded, r.Since, r.By))
		}
		if owner := e.owned(GP); r.State == ReferralDeclined && (owner.PractitionerID == "" || owner.PractitionerID != r.By) {
			due := after(r.Since, 1)
			d.want(Want{
				Kind: ReferralDeclinedNotice, SubjectID: r.ID, EpisodeID: e.ID, Policy: "referral_declined", Owner: owner, Due: due,
				Basis: date.Of(r.Since).String(),
				Lapse: due.Day.AddDays(d.policy.Lapse).At(24, 0).UTC(),
			})
		}
	}
}

// coordinationConsented tells whether a consent to coordination covers today.
func (d *derivation) coordinationConsented() bool {
	for _, c := range d.Consents {
		if d.covers(c) {
			return true
		}
	}
	return false
}

func (d *derivation) covers(c *Consent) bool {
	return c.Granted && c.Start <= d.today && (c.End.IsZero() || d.today <= c.End)
}

// certificateEnding asks for a decision before a certificate's end: of the coordinator where the patient has consented to one,
// with a copy to the GP (R09), else of the GP.
func (d *derivation) certificateEnding(c *Certificate) {
	episode := d.Episodes[c.EpisodeID]
	if c.EpisodeID == "" {
		episode = d.openEpisode() // whose team sees to it, though it does not end with it
	}
	lapse := c.Last.AddDays(d.policy.CertificateLapse).At(24, 0).UTC()
	due := on(date.PreviousWorkingDay(c.Last.AddDays(-d.policy.CertificateEnding)))
	if soonest := after(c.Signed, 1); due.Day < soonest.Day {
		due = soonest
	}
	if !due.Time.Before(lapse) {
		return // signed for a time long past: there is nothing left to decide
	}
	gp := episode.owned(GP)
	gp.PractitionerID = cmp.Or(gp.PractitionerID, c.SignedBy)
	main := Want{
		Kind: CertificateEnding, SubjectID: c.ID, EpisodeID: c.EpisodeID, Policy: "certificate_ending",
		Owner: gp, Due: due, Basis: c.Last.String(), Lapse: lapse, Since: c.Signed,
	}
	notice := main
	notice.Kind, notice.Policy, notice.Owner = CertificateEndingNotice, "certificate_ending_copy", gp
	notice.ladder = d.climb(notice, silent)
	ends := []*End{d.certificateEnd(c)}
	coordinator := episode.owned(RehabilitationCoordinator)
	byCoordinator := coordinator.PractitionerID != "" && d.coordinationConsented()
	if byCoordinator {
		main.Owner = coordinator
	}
	d.want(main, ends...)
	if !byCoordinator || gp.PractitionerID == coordinator.PractitionerID {
		ends = append(ends, cancelled(CopyNotNeeded, time.Time{}, "")) // a state of things, not an event: as from now
	}
	d.want(notice, ends...)
}

// certificateEnd is how a certificate's follow-up ends: another takes its place, or ends later, or it is revoked.
func (d *derivation) certificateEnd(c *Certificate) *End {
	var end *End
	earlier := func(other *End) {
		if end == nil || other.Time.Before(end.Time) {
			end = other
		}
	}
	if !c.Ended.IsZero() {
		earlier(cancelled(CertificateRevoked, c.Ended, c.By))
	}
	for _, id := range slices.Sorted(maps.Keys(d.Certificates)) {
		o := d.Certificates[id]
		if id == c.ID || o.State != CertificateSigned {
			continue
		}
		if o.Replaces == c.ID {
			earlier(cancelled(CertificateReplaced, o.Signed, o.SignedBy))
		} else if cmp.Or(o.Last.Compare(c.Last), o.Signed.Compare(c.Signed), cmp.Compare(o.ID, c.ID)) > 0 {
			at := o.Signed
			if at.Before(c.Signed) {
				at = c.Signed // it ended later from the beginning
			}
			earlier(completed(CertificateExtended, at, o.SignedBy))
		}
	}
	return end
}

// risk asks for the documented assessment that a safety flag needs (R88).
func (d *derivation) risk(f *Flag) {
	episode := d.Episodes[f.EpisodeID]
	if f.EpisodeID == "" {
		episode = d.openEpisode()
	}
	level := "review"
	if f.Urgent {
		level = "urgent"
	}
	due := d.policy.riskDue(f.Raised, f.Urgent)
	w := Want{
		Kind: AssessRisk, SubjectID: f.ID, EpisodeID: f.EpisodeID, Policy: "risk_" + level, Owner: episode.owned(CareManager),
		Due: due, Basis: level, EscalationRole: GP,
		ladder: func(time.Time) Ladder { return d.policy.riskLadder(f.Raised, f.Urgent, due) },
	}
	if f.State == FlagAssessed {
		d.want(w, completed(RiskAssessed, f.Assessed, f.By))
		return
	}
	d.want(w)
}
