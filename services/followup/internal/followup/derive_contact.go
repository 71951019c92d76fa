package followup

import (
	"slices"
	"strconv"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// contactsOf are an episode's contacts in a fixed order.
func (d *derivation) contactsOf(episodeID string) []*Contact {
	var found []*Contact
	for _, c := range d.Contacts {
		if c.EpisodeID == episodeID {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b *Contact) int {
		if c := a.Known.Compare(b.Known); c != 0 {
			return c
		}
		return compareIDs(a.ID, b.ID)
	})
	return found
}

func compareIDs(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// firstContact asks that the care manager's first contact is booked, and held, within the unit's limits (R02).
func (d *derivation) firstContact(e *Episode) {
	owner, asked, wanted := d.careManager(e)
	if !asked {
		return
	}
	var booked, held *End
	var voided time.Time
	for _, c := range d.contactsOf(e.ID) {
		switch {
		case c.State == ContactIsHeld: // a contact of any kind that was held is a contact with the patient
			if held == nil || c.Since.Before(held.Time) {
				held = completed(ContactHeld, c.Since, c.By)
			}
		case c.First && !c.live() && c.Since.After(voided):
			voided = c.Since
		}
		if c.First && c.live() && (booked == nil || c.Known.Before(booked.Time)) {
			booked = completed(ContactBooked, c.Known, c.By)
		}
	}
	if booked == nil || held != nil && held.Time.Before(booked.Time) {
		booked = held
	}
	from := e.Started
	if voided.After(from) {
		from = voided // the booking fell through: it has to be booked anew
	}
	var ended *End
	if !wanted {
		ended = cancelled(ReferralEnded, e.lastAnswer(), "")
	}
	d.want(Want{
		Kind: BookFirstContact, SubjectID: e.ID, EpisodeID: e.ID, Policy: "first_contact_booked", Owner: owner,
		Due: after(from, d.policy.BookFirstContact), Basis: date.Of(from).String(), Since: e.Started,
	}, booked, ended)
	limit, basis := d.policy.HoldFirstContact, date.Of(e.Started).String()
	if e.Severe {
		limit, basis = d.policy.HoldFirstContactSevere, basis+"/severe"
	}
	d.want(Want{
		Kind: HoldFirstContact, SubjectID: e.ID, EpisodeID: e.ID, Policy: "first_contact_held", Owner: owner,
		Due: after(e.Started, limit), Basis: basis, Since: e.Started,
	}, held, ended)
}

// careManager is who is to make the first contact; asked: a care manager has been asked for at some time; wanted: still is.
func (d *derivation) careManager(e *Episode) (owner Owner, asked, wanted bool) {
	owner = e.owned(CareManager)
	wanted = owner.PractitionerID != ""
	for _, m := range e.Team {
		asked = asked || m.Role == CareManager
	}
	for _, r := range e.Referrals {
		if r.Role != CareManager {
			continue
		}
		asked = true
		if r.State == ReferralPending || r.State == ReferralAccepted {
			wanted = true
			if owner.PractitionerID == "" {
				owner.PractitionerID = r.PractitionerID
			}
		}
	}
	return owner, asked, wanted
}

// lastAnswer is when the last referral to a care manager left the states in which it asks for one.
func (e *Episode) lastAnswer() time.Time {
	last := e.Started
	for _, r := range e.Referrals {
		if r.Role == CareManager && r.Since.After(last) {
			last = r.Since
		}
	}
	return last
}

// plannedContacts asks for each planned contact of a plan that is or has been active.
func (d *derivation) plannedContacts(p *Plan) {
	if p.State == PlanDraft {
		return
	}
	var ended *End
	if p.State != PlanActive {
		ended = cancelled(PlanEnded, p.Time, p.By)
	}
	owner := d.Episodes[p.EpisodeID].owned(CareManager)
	if owner.PractitionerID == "" {
		owner.PractitionerID = p.CareManagerID
	}
	contacts := d.contactsOf(p.EpisodeID)
	for id, planned := range p.Contacts {
		day, basis := planned.Day, planned.Day.String()
		var held, dropped *End
		for _, c := range contacts {
			if c.PlannedID != id {
				continue
			}
			if appointed, since := d.appointed(c); appointed > day {
				day, basis = appointed, since
			}
			if c.State == ContactIsHeld && (held == nil || c.Since.Before(held.Time)) {
				held = completed(ContactHeld, c.Since, c.By)
			}
		}
		switch planned.State {
		case PlannedHeld:
			if held == nil {
				held = completed(ContactHeld, planned.Since, planned.By)
			}
		case PlannedDropped:
			dropped = cancelled(ContactDropped, planned.Since, planned.By)
		}
		d.want(Want{
			Kind: HoldPlannedContact, SubjectID: id, EpisodeID: p.EpisodeID, Policy: "planned_contact", Owner: owner, Due: on(day),
			Basis: basis, Since: planned.Asked,
		}, held, dropped, ended)
	}
}

// appointed is the day on which a contact is to be held as things stand: the day it is booked for, or on which to try again;
// and what that day was taken from. No day: it is neither booked nor tried.
func (d *derivation) appointed(c *Contact) (date.Day, string) {
	switch c.State {
	case ContactIsBooked:
		day := date.Of(c.Scheduled)
		return day, "booked/" + day.String()
	case ContactNotAnswered:
		return after(c.Since, d.policy.TryAgain).Day, "tried/" + date.Of(c.Since).String()
	default:
		return 0, ""
	}
}

// bookedContact asks for a contact that was booked outside the plan's schedule; the first contact has rules of its own.
func (d *derivation) bookedContact(c *Contact) {
	if c.First || c.PlannedID != "" || c.Scheduled.IsZero() {
		return
	}
	w := Want{Kind: HoldBookedContact, SubjectID: c.ID, EpisodeID: c.EpisodeID, Policy: "booked_contact", Owner: d.contactOwner(c), Since: c.Booked}
	switch {
	case c.State == ContactIsHeld:
		w.Due = on(date.Of(c.Scheduled))
		d.want(w, completed(ContactHeld, c.Since, c.By))
	case c.live():
		day, basis := d.appointed(c)
		w.Due, w.Basis = on(day), basis
		d.want(w)
	default:
		w.Due = on(date.Of(c.Scheduled))
		d.want(w, cancelled(ContactDropped, c.Since, c.By))
	}
}

// contactOwner is the care manager of the team, or who was to hold the contact.
func (d *derivation) contactOwner(c *Contact) Owner {
	owner := d.Episodes[c.EpisodeID].owned(CareManager)
	if owner.PractitionerID == "" {
		owner.PractitionerID = c.PractitionerID
	}
	return owner
}

// tryAgain asks for another try to reach a patient who did not answer. From the unit's limit of tries on, a GP is called on
// at once.
func (d *derivation) tryAgain(c *Contact) {
	due := after(c.Since, d.policy.TryAgain)
	w := Want{Kind: TryAgain, SubjectID: c.ID, EpisodeID: c.EpisodeID, Policy: "try_again", Owner: d.contactOwner(c), Due: due, Since: c.Tried}
	w.Basis = strconv.Itoa(c.Tries) + "/" + date.Of(c.Since).String()
	style := ordinary
	if c.Tries >= d.policy.UnansweredTries {
		w.Policy, w.EscalationRole, style = "tries_exhausted", GP, atOnce
	}
	w.ladder = d.climb(w, style)
	switch c.State {
	case ContactNotAnswered:
		d.want(w, d.reached(c))
	case ContactIsHeld:
		d.want(w, completed(ContactHeld, c.Since, c.By))
	case ContactIsBooked:
		d.want(w, completed(ContactBooked, c.Since, c.By))
	default:
		d.want(w, cancelled(ContactDropped, c.Since, c.By))
	}
}

// reached is how a try became needless by another contact of the episode since: one that was held, or one booked in its place.
func (d *derivation) reached(tried *Contact) *End {
	var end *End
	for _, c := range d.contactsOf(tried.EpisodeID) {
		if c.ID == tried.ID || !c.Since.After(tried.Since) {
			continue
		}
		sameAim := tried.First && c.First || tried.PlannedID != "" && tried.PlannedID == c.PlannedID
		var by *End
		switch {
		case c.State == ContactIsHeld:
			by = completed(ContactHeld, c.Since, c.By)
		case c.State == ContactIsBooked && sameAim:
			by = completed(ContactBooked, c.Since, c.By)
		default:
			continue
		}
		if end == nil || by.Time.Before(end.Time) {
			end = by
		}
	}
	return end
}
