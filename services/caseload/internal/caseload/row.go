package caseload

import (
	"slices"
	"time"

	"github.com/coworkcare/coworkcare/platform/date"
)

// Row is a picture as it stands at a moment.
type Row struct {
	Picture
	Members       []Member   // who is in the team today
	Consent       string     // what the patient says to coordination today; empty when not asked, or when it covers other days
	Leave         *Leave     // nil when there never was one
	MeetingFlag   int        // the highest flag of a missing meeting that is due; the follow-ups alone decide which there are
	Open          []Decision // what waits today
	OpenFollowUps int
	Overdue       int
	NextDue       date.Day
}

// On is the picture as it stands at a moment.
func (p Picture) On(now time.Time) Row {
	today := date.Of(now)
	r := Row{Picture: p, OpenFollowUps: len(p.FollowUps)}
	for _, m := range p.Team {
		if m.isIn(today) {
			r.Members = append(r.Members, m)
		}
	}
	if c := p.Coordination; c != nil && !(c.State == "GRANTED" && (c.Start.After(today) || !c.End.IsZero() && c.End.Before(today))) {
		r.Consent = c.State
	}
	if c, ok := shownAt(p.Cases, today); ok {
		leave := c.on(today)
		r.Leave = &leave
	}
	for _, d := range p.Decisions {
		if !d.From.After(today) {
			r.Open = append(r.Open, d)
		}
	}
	for _, f := range p.FollowUps {
		if f.At.Before(now) {
			r.Overdue++
		}
		if !f.Day.After(today) {
			r.MeetingFlag = max(r.MeetingFlag, f.MeetingFlag)
		}
	}
	if len(p.FollowUps) > 0 {
		r.NextDue = p.FollowUps[0].Day
	}
	return r
}

// decidedElsewhere is what a meeting's own events do not tell in time: consents, talks, briefs and their age change without one.
var decidedElsewhere = []string{"COORDINATION_CONSENT", "EMPLOYER_CONSENT", "EARLY_TALK", "BRIEF"}

// MissingForSure is what a meeting still lacks as far as its own events decide it; its readiness tells all.
func (m *Meeting) MissingForSure() []string {
	return slices.DeleteFunc(slices.Clone(m.Missing), func(name string) bool { return slices.Contains(decidedElsewhere, name) })
}

func (m Member) isIn(day date.Day) bool {
	return !m.Start.After(day) && (m.End.IsZero() || !m.End.Before(day))
}

// Line is what a picture is found and ordered by in a caseload, on the days from From until Until. Zero days stand for no bound
// there, and for none elsewhere.
type Line struct {
	From, Until          date.Day
	EpisodeOpen          bool
	LeaveStart, LeaveEnd date.Day
	NextDue              date.Day
	LastContact          time.Time
	Safety               bool
	Waits                bool     // something waits for a decision, or will
	WaitsFrom            date.Day // the first day on which it does; zero: already
	MeetingState         string
}

// Lines are the lines of a picture: one for each case of sick leave that was shown on the day of the latest news or will be.
func (p Picture) Lines() []Line {
	if !p.Listed {
		return nil
	}
	line := Line{EpisodeOpen: p.EpisodeOpen, LastContact: p.LastContact, Safety: p.Flag != nil, Waits: len(p.Decisions) > 0}
	if len(p.FollowUps) > 0 {
		line.NextDue = p.FollowUps[0].Day
	}
	if p.Meeting != nil {
		line.MeetingState = p.Meeting.State
	}
	for i, d := range p.Decisions {
		if i == 0 || d.From.Before(line.WaitsFrom) {
			line.WaitsFrom = d.From
		}
	}
	var lines []Line
	for _, s := range spans(p.Cases) {
		if !s.until.IsZero() && s.until.Before(date.Of(p.Updated)) {
			continue
		}
		line.From, line.Until, line.LeaveStart, line.LeaveEnd = s.from, s.until, s.shown.Start, s.shown.End
		lines = append(lines, line)
	}
	return lines
}
