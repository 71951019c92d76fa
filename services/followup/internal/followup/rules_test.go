package followup

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

// record is a patient's file as it grows. Told in order: each thing's revision grows by one.
type record struct {
	file      *File
	revisions map[string]int64
}

func newRecord() *record {
	return &record{file: NewFile("patient"), revisions: map[string]int64{}}
}

func (h *record) told(id, at string) Told {
	h.revisions[id]++
	return Told{ID: id, Revision: h.revisions[id], Time: clock(at), By: "who-" + id}
}

// episode tells of an episode with a team: "gp:doctor" is a doctor in it since it started.
func (h *record) episode(at string, state EpisodeState, team ...string) {
	e := Episode{Told: h.told("e", at), State: state}
	for _, one := range team {
		e.Team = append(e.Team, member(one))
	}
	h.file.SeeEpisode(e)
}

// member reads "gp:doctor", with the first day "gp:doctor:2026-03-10", and with the last one after it.
func member(text string) Member {
	roles := map[string]Role{"gp": GP, "cm": CareManager, "rc": RehabilitationCoordinator}
	var m Member
	parts := strings.Split(text, ":")
	m.Role, m.PractitionerID, m.Start = roles[parts[0]], parts[1], date.MustParse("2026-03-02")
	if len(parts) > 2 {
		m.Start = date.MustParse(parts[2])
	}
	if len(parts) > 3 {
		m.End = date.MustParse(parts[3])
	}
	return m
}

// team is a whole team with consent to coordination, from 2 March 2026 on.
func (h *record) team() {
	h.episode("2026-03-02 09:00", EpisodeOpen, "gp:doctor", "cm:manager", "rc:coordinator")
	h.consent("2026-03-02 09:00", true)
}

func (h *record) consent(at string, granted bool) {
	h.file.SeeConsent(Consent{Told: h.told("k", at), Granted: granted, Start: date.MustParse("2026-03-02")})
}

// sick tells of the cases of sick leave, as pairs of days.
func (h *record) sick(at string, days ...string) {
	leave := SickLeave{Told: h.told("patient", at)}
	for i := 0; i < len(days); i += 2 {
		leave.Spells = append(leave.Spells, Spell{Start: date.MustParse(days[i]), Last: date.MustParse(days[i+1])})
	}
	h.file.SeeSickLeave(leave)
}

func (h *record) screened(at, day string, void bool) {
	h.file.SeeScreening(Screening{Told: h.told("s", at), Day: date.MustParse(day), Void: void})
}

func (h *record) meeting(at string, m Meeting) {
	m.Told, m.EpisodeID, m.Moderator = h.told("m", at), "e", "coordinator"
	h.file.SeeMeeting(m)
}

// another tells of another meeting.
func (h *record) another(at string, m Meeting) {
	m.Told, m.EpisodeID, m.Moderator = h.told("m2", at), "e", "coordinator"
	h.file.SeeMeeting(m)
}

// employer tells what the patient said to an employer being contacted.
func (h *record) employer(at string, c EmployerConsent) {
	c.Told = h.told("employer"+c.ID, at)
	h.file.SeeEmployerConsent(c)
}

func (h *record) plan(at string, state ReturnPlanState, version int, checkIns ...CheckIn) {
	h.file.SeeReturnPlan(ReturnPlan{Told: h.told("p", at), EpisodeID: "e", State: state, Version: version, CheckIns: checkIns, Steps: []ReturnStep{
		{ID: "half", Start: date.MustParse("2026-03-16"), Last: date.MustParse("2026-04-12"), Degree: 50},
		{ID: "full", Start: date.MustParse("2026-04-13"), Last: date.MustParse("2026-05-10")},
	}})
}

// says is what a file asks for on a day: of each follow-up of the kinds given its kind, owner and due day, or how it has ended.
func (h *record) says(today string, kinds ...Kind) []string {
	var lines []string
	for _, w := range Derive(h.file, Policy{}, date.MustParse(today)) {
		if w.dormant || !slices.Contains(kinds, w.Kind) {
			continue
		}
		line := string(w.Kind)
		if w.Kind == ReturnStepBegins || w.Kind == CheckInOnStep {
			line += " " + w.SubjectID
		}
		if w.End != nil {
			lines = append(lines, fmt.Sprintf("%s %s %s", line, w.End.State, w.End.Cause))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s %s %s due %s", line, w.Owner.Role, w.Owner.PractitionerID, w.Due.Day))
	}
	return lines
}

// rule is one case of a table: what was told, and what the file then says on a day.
type rule struct {
	name  string
	given func(h *record)
	today string
	says  []string
}

func check(t *testing.T, rules []rule, kinds ...Kind) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			h := newRecord()
			r.given(h)
			require.Equal(t, r.says, h.says(r.today, kinds...))
		})
	}
}
