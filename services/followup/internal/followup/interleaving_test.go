package followup

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

// entry is one event of a source: when it happened, and how it is entered in a file.
type entry struct {
	name string
	at   time.Time
	see  func(*File)
}

// world makes histories of the four sources that could have happened.
type world struct {
	t       *rapid.T
	now     time.Time
	sources map[string][]entry
	seq     map[string]int64
	// retracted: something that counted as done was taken back. Whether that is on record as done, and then again as to be
	// done, depends on whether anybody had asked for it in between; what is open does not.
	retracted bool
	half      half
}

func (w *world) tick() Told {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(w.t, "minutes")) * time.Minute)
	return Told{Time: w.now, By: "somebody"}
}

func (w *world) tell(source, name string, told *Told, see func(*File)) {
	w.sources[source] = append(w.sources[source], entry{name: name, at: told.Time, see: see})
}

func (w *world) next(id string) Told {
	w.seq[id]++
	told := w.tick()
	told.ID, told.Revision = id, w.seq[id]
	return told
}

// history draws what happened to one patient, in one order of time, told by four sources.
func history(t *rapid.T) *world {
	w := &world{t: t, now: clock("2026-03-02 08:00"), sources: map[string][]entry{}, seq: map[string]int64{}}
	episode := Episode{State: EpisodeOpen, Severe: rapid.Bool().Draw(t, "severe"), Referrals: []Referral{
		{ID: "r-cm", Role: CareManager, State: ReferralPending, Due: date.MustParse("2026-03-04")},
		{ID: "r-rc", Role: RehabilitationCoordinator, State: ReferralAwaitingConsent, Due: date.MustParse("2026-03-04")},
	}}
	plan := Plan{EpisodeID: "episode", State: PlanDraft, CareManagerID: "cm", Contacts: map[string]Planned{}}
	contacts := map[string]*Contact{}
	tellEpisode := func(name string) {
		told := w.next("episode")
		seen := episode
		seen.Told, seen.Referrals, seen.Team = told, slices.Clone(episode.Referrals), slices.Clone(episode.Team)
		w.tell("patient", name, &told, func(f *File) {
			again := seen
			again.Referrals, again.Team = slices.Clone(seen.Referrals), slices.Clone(seen.Team)
			f.SeeEpisode(again)
		})
	}
	tellPlan := func(name string) {
		told := w.next("plan")
		seen := plan
		seen.Told, seen.Contacts = told, map[string]Planned{}
		for id, p := range plan.Contacts {
			seen.Contacts[id] = p
		}
		w.tell("careplan", name, &told, func(f *File) {
			again := seen
			again.Contacts = map[string]Planned{}
			for id, p := range seen.Contacts {
				again.Contacts[id] = p
			}
			f.SeePlan(again)
		})
	}
	tellContact := func(c *Contact) {
		told := w.next(c.ID)
		seen := *c
		seen.Told = told
		w.tell("careplan", string(c.State)+" "+c.ID, &told, func(f *File) { f.SeeContact(seen) })
	}
	consent := func(granted bool) {
		told := w.next("consent")
		w.tell("patient", fmt.Sprintf("consent %v", granted), &told, func(f *File) {
			f.SeeConsent(Consent{Told: told, Granted: granted, Start: date.MustParse("2026-03-01")})
		})
	}
	certificates, flags := 0, 0
	tellEpisode("started")
	for range rapid.IntRange(1, 14).Draw(t, "events") {
		switch rapid.IntRange(0, 18).Draw(t, "what") {
		case 0:
			i := rapid.IntRange(0, 1).Draw(t, "referral")
			if was := episode.Referrals[i].State; was != ReferralPending && was != ReferralAwaitingConsent {
				// Answered for good; somebody may be put in the team all the same.
				episode.Team = append(episode.Team, Member{PractitionerID: "assigned", Role: rapid.SampledFrom([]Role{episode.Referrals[i].Role, GP}).Draw(t, "role"), Start: date.Of(w.now)})
				tellEpisode("assigned")
				continue
			}
			episode.Referrals[i].State = rapid.SampledFrom([]ReferralState{ReferralAccepted, ReferralDeclined, ReferralPending}).Draw(t, "answer")
			if episode.Referrals[i].State == ReferralAccepted {
				episode.Team = append(episode.Team, Member{PractitionerID: []string{"cm", "rc"}[i], Role: episode.Referrals[i].Role})
			}
			tellEpisode("answered")
		case 1:
			consent(rapid.Bool().Draw(t, "granted"))
		case 2:
			plan.State = PlanActive
			for i := range rapid.IntRange(1, 3).Draw(t, "planned") {
				id := fmt.Sprintf("p%d", i)
				if _, there := plan.Contacts[id]; !there {
					plan.Contacts[id] = Planned{Day: date.MustParse("2026-03-09").AddDays(rapid.IntRange(0, 30).Draw(t, "day")), State: PlannedPlanned}
				}
			}
			tellPlan("activated")
		case 3:
			if p, ok := plan.Contacts["p0"]; ok {
				was := p.State
				p.State = rapid.SampledFrom([]PlannedState{PlannedPlanned, PlannedHeld, PlannedDropped}).Draw(t, "planned state")
				w.retracted = w.retracted || was == PlannedHeld && p.State != was
				p.Day = p.Day.AddDays(rapid.IntRange(0, 3).Draw(t, "moved"))
				plan.Contacts["p0"] = p
				tellPlan("revised")
			}
		case 4, 5, 6, 7:
			id := rapid.SampledFrom([]string{"c-first", "c-first2", "c-p0", "c-extra"}).Draw(t, "contact")
			c := contacts[id]
			if c == nil {
				c = &Contact{Told: Told{ID: id}, EpisodeID: "episode", First: id == "c-first" || id == "c-first2", State: ContactIsBooked,
					Scheduled: clock("2026-03-12 10:00"), PractitionerID: "cm"}
				if id == "c-p0" {
					c.PlannedID = "p0"
				}
				contacts[id] = c
			} else {
				was := c.State
				next := map[ContactState][]ContactState{
					ContactIsBooked:       {ContactIsHeld, ContactNotAnswered, ContactIsBooked, "CANCELLED", "REGISTERED_IN_ERROR"},
					ContactNotAnswered:    {ContactIsHeld, ContactNotAnswered, ContactIsBooked, "CANCELLED", "REGISTERED_IN_ERROR"},
					ContactIsHeld:         {"REGISTERED_IN_ERROR"},
					"CANCELLED":           {"REGISTERED_IN_ERROR"},
					"REGISTERED_IN_ERROR": {"REGISTERED_IN_ERROR"},
				}
				c.State = rapid.SampledFrom(next[was]).Draw(t, "state")
				w.retracted = w.retracted || was != c.State && (was == ContactIsHeld || !c.live())
				if c.State == ContactNotAnswered {
					c.Tries++
				}
			}
			tellContact(c)
		case 8, 9:
			certificates++
			told := w.next(fmt.Sprintf("cert%d", certificates))
			last := date.Of(told.Time).AddDays(rapid.IntRange(0, 40).Draw(t, "days"))
			w.tell("sickleave", "signed "+told.ID, &told, func(f *File) {
				f.SeeCertificate(Certificate{Told: told, EpisodeID: "episode", State: CertificateSigned, Last: last})
			})
			if rapid.IntRange(0, 4).Draw(t, "revoked") == 0 {
				again := w.next(told.ID)
				w.retracted = true
				w.tell("sickleave", "revoked "+told.ID, &again, func(f *File) {
					f.SeeCertificate(Certificate{Told: again, EpisodeID: "episode", State: "REVOKED", Last: last})
				})
			}
		case 10:
			flags++
			told := w.next(fmt.Sprintf("flag%d", flags))
			w.tell("careplan", "raised", &told, func(f *File) {
				f.SeeFlag(Flag{Told: told, EpisodeID: "episode", Urgent: true, State: "OPEN", Raised: told.Time})
			})
			if rapid.Bool().Draw(t, "assessed") {
				again := w.next(told.ID)
				w.tell("careplan", "assessed", &again, func(f *File) {
					f.SeeFlag(Flag{Told: again, EpisodeID: "episode", Urgent: true, State: FlagAssessed, Raised: told.Time})
				})
			}
		case 11:
			if episode.State == EpisodeOpen && rapid.IntRange(0, 2).Draw(t, "close") == 0 {
				episode.State = "CLOSED"
				episode.Team = slices.Clone(episode.Team)
				for i := range episode.Team {
					episode.Team[i].End = date.Of(w.now)
				}
				tellEpisode("closed")
			}
		case 12:
			w.readings(t)
		case 13:
			w.sickLeave(t)
		case 14, 15:
			w.returnToWork(t)
		default:
			w.dialogue(t)
		}
	}
	return w
}

// hear delivers the four histories in a drawn interleaving, now and then twice, and gives the follow-ups that come of it.
func (w *world) hear(t *rapid.T) map[string]FollowUp {
	file := NewFile("patient")
	file.Heard = Place{"provider", "unit"}
	all := map[string]FollowUp{}
	id := counter()
	rest := map[string][]entry{}
	for source, entries := range w.sources {
		rest[source] = entries
	}
	var order []string
	for len(rest) > 0 {
		names := make([]string, 0, 4)
		for _, source := range []string{"careplan", "employerdialogue", "patient", "sickleave"} {
			if len(rest[source]) > 0 {
				names = append(names, source)
			}
		}
		if len(names) == 0 {
			break
		}
		source := rapid.SampledFrom(names).Draw(t, "source")
		e := rest[source][0]
		if !rapid.Bool().Draw(t, "again") {
			rest[source] = rest[source][1:]
		}
		order = append(order, e.name)
		e.see(file)
		for range 2 {
			changes := Reconcile(file, slices.Collect(values(all)), Derive(file, Policy{}, date.Of(w.now)), w.now, id)
			for _, c := range changes {
				was := all[c.FollowUp.ID]
				require.Equal(t, was.Revision, c.From)
				require.False(t, c.From > 0 && was.State != Open && c.FollowUp.State == Open, "it opened again")
				all[c.FollowUp.ID] = c.FollowUp
			}
			if len(changes) == 0 {
				break
			}
		}
		again := Reconcile(file, slices.Collect(values(all)), Derive(file, Policy{}, date.Of(w.now)), w.now, id)
		require.Empty(t, again, "settling twice changes something, after %v", order)
	}
	return all
}

func values(all map[string]FollowUp) func(func(FollowUp) bool) {
	return func(yield func(FollowUp) bool) {
		for _, f := range all {
			if !yield(f) {
				return
			}
		}
	}
}

// told says what the follow-ups come to: what is open in whole, what was completed by its cause. What was cancelled counts as
// never made, for it may not have been.
func told(all map[string]FollowUp, done bool) []string {
	latest := map[string]FollowUp{}
	for _, f := range all {
		key := string(f.Kind) + " " + f.SubjectID + " " + f.Aspect
		if at, ok := latest[key]; !ok || f.Round > at.Round {
			latest[key] = f
		}
	}
	var lines []string
	for key, f := range latest {
		switch {
		case f.State == Open:
			lines = append(lines, fmt.Sprintf("%s open %v due %s basis %s from %s", key, f.Owner, wall(f.DueTime), f.Basis, f.Policy))
		case done && f.State == Completed && f.Kind != CertificateEndingNotice:
			cause := f.End.Cause
			if f.Kind == TryAgain {
				cause = "" // booked anew and then held: the later word may be the only one heard
			}
			lines = append(lines, fmt.Sprintf("%s done %s", key, cause))
		}
	}
	slices.Sort(lines)
	return lines
}

// However the four sources are interleaved, and whatever is delivered twice, the same is open and the same has been done.
func TestResultDoesNotDependOnInterleaving(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := history(t)
		first, second := w.hear(t), w.hear(t)
		require.Equal(t, told(first, !w.retracted), told(second, !w.retracted))
		for _, f := range first {
			if f.State == Open {
				require.NotEmpty(t, f.Owner.Role)
				require.False(t, f.DueTime.IsZero())
			}
		}
	})
}
