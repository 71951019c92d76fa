package caseload

import (
	"cmp"
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Picture is what is known of a patient, whatever the day. What depends on the day is computed when it is read, by [Picture.On].
type Picture struct {
	PatientID string    `json:"patient"`
	Place     Place     `json:"place"`
	Listed    bool      `json:"listed"` // in the caseload; a record that has ended is not
	Protected bool      `json:"protected,omitempty"`
	Version   int64     `json:"version"`
	Updated   time.Time `json:"updated"`

	EpisodeID    string   `json:"episode,omitempty"` // the open one, else the last
	EpisodeOpen  bool     `json:"episode_open,omitempty"`
	EpisodeStart date.Day `json:"episode_start,omitzero"`
	Team         []Member `json:"team,omitempty"` // of the open episode

	Coordination *Consent `json:"coordination,omitempty"`
	Cases        []Case   `json:"cases,omitempty"`
	Score        *Score   `json:"score,omitempty"`

	LastContact time.Time `json:"last_contact,omitzero"`
	NextContact date.Day  `json:"next_contact,omitzero"`

	Meeting   *Meeting   `json:"meeting,omitempty"`
	Decisions []Decision `json:"decisions,omitempty"`
	Flag      *Flag      `json:"flag,omitempty"`
	FollowUps []Due      `json:"follow_ups,omitempty"` // the open ones, by day

	CarePlanID     string   `json:"care_plan,omitempty"` // the one in force, else the last
	CarePlanActive bool     `json:"care_plan_active,omitempty"`
	ReturnPlanID   string   `json:"return_plan,omitempty"` // the open one, else the last
	ReturnPlanOpen bool     `json:"return_plan_open,omitempty"`
	AgreementIDs   []string `json:"agreements,omitempty"` // of the open episode, newest first
	Readers        []string `json:"readers,omitempty"`    // who has said "I have read"
}

// Trend is how a score has moved.
type Trend string

// The trends, spelled as in the contract. None stands for no score before.
const (
	Better    Trend = "BETTER"
	Unchanged Trend = "UNCHANGED"
	Worse     Trend = "WORSE"
)

// Score is the last score with how it has moved.
type Score struct {
	Assessment
	Trend Trend `json:"trend,omitempty"`
}

// Due is an open follow-up.
type Due struct {
	Day         date.Day  `json:"day"`
	At          time.Time `json:"at"`
	MeetingFlag int       `json:"meeting_flag,omitempty"`
}

// DecisionKind is what is to be decided, spelled as in the contract.
type DecisionKind string

// The kinds of decisions.
const (
	DecideReferral        DecisionKind = "REFERRAL"
	DecideRecommendation  DecisionKind = "RECOMMENDATION"
	DecideReturnPlan      DecisionKind = "RETURN_PLAN"
	DecideRisk            DecisionKind = "RISK"
	DecideCertificate     DecisionKind = "CERTIFICATE_DRAFT"
	DecideDeferredMeeting DecisionKind = "DEFERRED_MEETING"
)

// Decision is something that waits for somebody's decision.
type Decision struct {
	Kind      DecisionKind `json:"kind"`
	SubjectID string       `json:"subject"`
	Since     time.Time    `json:"since"`
	Role      Role         `json:"role"`
	From      date.Day     `json:"from,omitzero"` // the day from which it waits; zero: already
}

// Derive reads the picture from a patient's file. It is a function of what has been told, whatever the order in which the
// sources were heard.
func Derive(f *File) Picture {
	p := Picture{PatientID: f.PatientID, Place: f.Heard, Listed: true, Version: max(f.Version, 1), Updated: f.Updated}
	if own := all[Patient](f); len(own) > 0 {
		p.Place, p.Protected, p.Listed = own[0].Place, own[0].Protected, !own[0].Ended
	}
	p.episode(all[Episode](f))
	p.contacts(f)
	p.coordination(all[Consent](f))
	if leave := all[SickLeave](f); len(leave) > 0 {
		p.Cases = leave[0].Cases
	}
	p.score(all[Assessment](f))
	p.meetings(all[Meeting](f))
	p.due(all[FollowUp](f))
	p.plans(f)
	p.decisions(f)
	for _, r := range all[Reading](f) {
		p.Readers = append(p.Readers, r.PractitionerID)
	}
	slices.Sort(p.Readers)
	p.Readers = slices.Compact(p.Readers)
	return p
}

// episode finds the open episode, else the one that was started last.
func (p *Picture) episode(episodes []Episode) {
	slices.SortStableFunc(episodes, func(a, b Episode) int { return a.Start.Compare(b.Start) })
	for _, e := range episodes {
		if e.State == mistaken || p.EpisodeOpen && e.State != open {
			continue
		}
		p.EpisodeID, p.EpisodeOpen, p.EpisodeStart, p.Team = e.ID, e.State == open, e.Start, e.Team
	}
	if !p.EpisodeOpen {
		p.Team = nil
	}
}

// open says that the contact is still to take place, or to be called off.
func (c Contact) open() bool { return c.State == "BOOKED" || c.State == "NOT_ANSWERED" }

// contacts finds when a contact was held last, and the day of the next: booked, or planned and not tried yet. One that was not
// answered has its day behind it.
func (p *Picture) contacts(f *File) {
	tried := map[string]bool{}
	next := func(day date.Day) {
		if !day.IsZero() && (p.NextContact.IsZero() || day.Before(p.NextContact)) {
			p.NextContact = day
		}
	}
	for _, c := range all[Contact](f) {
		switch {
		case c.open():
			tried[c.PlannedID] = true
			if c.State == "BOOKED" && !c.Scheduled.IsZero() {
				next(date.Of(c.Scheduled))
			}
		case c.Result.After(p.LastContact):
			p.LastContact = c.Result
		}
	}
	for _, plan := range all[Plan](f) {
		if plan.State != "ACTIVE" {
			continue
		}
		for _, one := range plan.Planned {
			if !tried[one.ID] {
				next(one.Day)
			}
		}
	}
}

// coordination finds what the patient has said last.
func (p *Picture) coordination(consents []Consent) {
	for _, c := range consents {
		if p.Coordination == nil || c.Order >= p.Coordination.Order {
			p.Coordination = &c
		}
	}
}

// score finds the score of the episode that was answered last, and the one before it with the same instrument.
func (p *Picture) score(assessments []Assessment) {
	slices.SortStableFunc(assessments, func(a, b Assessment) int { return a.Day.Compare(b.Day) })
	before := map[string]float64{}
	for _, a := range assessments {
		if a.EpisodeID != p.EpisodeID {
			continue
		}
		p.Score = &Score{Assessment: a}
		if last, ok := before[a.Instrument]; ok {
			p.Score.Trend = []Trend{Better, Unchanged, Worse}[cmp.Compare(a.Score, last)+1]
		}
		before[a.Instrument] = a.Score
	}
}

// underWay are the states in which a meeting is still to come to its end.
var underWay = map[string]bool{"PROPOSED": true, "DEFERRED": true, "SCHEDULED": true, "ONGOING": true, "PAUSED": true, "ENDED": true}

// meetings finds the meeting of the episode that is under way, else the last one.
func (p *Picture) meetings(meetings []Meeting) {
	for _, m := range meetings {
		if m.EpisodeID != p.EpisodeID {
			continue
		}
		if p.Meeting == nil || underWay[m.State] || !underWay[p.Meeting.State] {
			p.Meeting = &m
		}
	}
}

func (p *Picture) due(followUps []FollowUp) {
	for _, f := range followUps {
		p.FollowUps = append(p.FollowUps, Due{Day: f.Day, At: f.Due, MeetingFlag: f.MeetingFlag})
	}
	slices.SortFunc(p.FollowUps, func(a, b Due) int {
		return cmp.Or(a.Day.Compare(b.Day), a.At.Compare(b.At), cmp.Compare(a.MeetingFlag, b.MeetingFlag))
	})
}

// plans finds the plans in force, else the last ones, and the agreements of the open episode.
func (p *Picture) plans(f *File) {
	for _, plan := range all[Plan](f) {
		if active := plan.State == "ACTIVE"; active || !p.CarePlanActive {
			p.CarePlanID, p.CarePlanActive = plan.ID, active
		}
	}
	for _, plan := range all[ReturnPlan](f) {
		if going := plan.State == "PROPOSED" || plan.State == "ACCEPTED" || plan.State == "HELD"; going || !p.ReturnPlanOpen {
			p.ReturnPlanID, p.ReturnPlanOpen = plan.ID, going
		}
	}
	for _, a := range slices.Backward(all[Agreement](f)) {
		if p.EpisodeOpen && a.EpisodeID == p.EpisodeID {
			p.AgreementIDs = append(p.AgreementIDs, a.ID)
		}
	}
}

// decisions gathers what waits for somebody, the oldest first. What belongs to an episode that has ended waits no longer, but for
// what must be done all the same: a risk is assessed and a certificate signed or put away, whatever the episode.
func (p *Picture) decisions(f *File) {
	wait := func(kind DecisionKind, s Standing, since time.Time, role Role, from date.Day) {
		p.Decisions = append(p.Decisions, Decision{Kind: kind, SubjectID: s.ID, Since: since, Role: role, From: from})
	}
	ended := map[string]bool{}
	for _, e := range all[Episode](f) {
		ended[e.ID] = e.State != open
		for _, r := range e.Referrals {
			if e.State == open && r.State == "PENDING" {
				wait(DecideReferral, Standing{ID: r.ID}, r.Since, r.Role, 0)
			}
		}
	}
	for _, r := range all[Recommendation](f) {
		if !ended[r.EpisodeID] {
			wait(DecideRecommendation, r.Standing, r.Since, GP, 0)
		}
	}
	for _, r := range all[ReturnPlan](f) {
		if r.State == "PROPOSED" && !ended[r.EpisodeID] {
			wait(DecideReturnPlan, r.Standing, r.Since, GP, 0)
		}
	}
	for _, flag := range all[Flag](f) {
		wait(DecideRisk, flag.Standing, flag.Raised, CareManager, 0)
		if p.Flag == nil || flag.Urgent && !p.Flag.Urgent || flag.Urgent == p.Flag.Urgent && flag.Raised.Before(p.Flag.Raised) {
			p.Flag = &flag
		}
	}
	for _, c := range all[Certificate](f) {
		wait(DecideCertificate, c.Standing, c.Since, GP, 0)
	}
	for _, m := range all[Meeting](f) {
		if m.State == "DEFERRED" && !m.Recheck.IsZero() && !ended[m.EpisodeID] {
			wait(DecideDeferredMeeting, m.Standing, m.Recheck.At(0, 0).UTC(), RehabilitationCoordinator, m.Recheck)
		}
	}
	slices.SortStableFunc(p.Decisions, func(a, b Decision) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.SubjectID, b.SubjectID))
	})
}
