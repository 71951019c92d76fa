package followup

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
)

// half is how the employer's half of a drawn history stands.
type half struct {
	meeting    Meeting
	plan       ReturnPlan
	leave      date.Day // the last day of sick leave; no day: none
	screened   bool
	brief      BriefState
	note       *Note
	recommends RecommendationState
}

func (w *world) readings(t *rapid.T) {
	h := &w.half
	switch rapid.IntRange(0, 3).Draw(t, "reading") {
	case 0:
		next := map[BriefState][]BriefState{"": {BriefRequested, BriefIsWritten}, BriefRequested: {BriefIsWritten}, BriefIsWritten: {BriefAcknowledged}}[h.brief]
		if len(next) == 0 {
			return
		}
		h.brief = rapid.SampledFrom(next).Draw(t, "brief")
		seen := Brief{Told: w.next("brief"), EpisodeID: "episode", State: h.brief, RequestedBy: "rc"}
		w.tell("careplan", "brief", &seen.Told, func(f *File) { f.SeeBrief(seen) })
	case 1:
		if h.note == nil {
			h.note = &Note{EpisodeID: "episode", Readers: []NoteReader{{PractitionerID: "cm"}, {Role: GP}}}
		} else {
			read := NoteReader{PractitionerID: "cm", Read: w.now.Add(time.Minute), ReadBy: "cm"}
			h.note = &Note{EpisodeID: "episode", Readers: []NoteReader{read, {Role: GP}}, Void: rapid.Bool().Draw(t, "void")}
			w.retracted = w.retracted || h.note.Void
		}
		seen := *h.note
		seen.Told = w.next("note")
		w.tell("careplan", "note", &seen.Told, func(f *File) { f.SeeNote(seen) })
	case 2:
		next := []RecommendationState{RecommendationOpen}
		if h.recommends == RecommendationOpen {
			next = []RecommendationState{"ACCEPTED", "SUPERSEDED", RecommendationVoid}
		}
		if h.recommends == RecommendationVoid {
			return
		}
		w.retracted = w.retracted || h.recommends == "ACCEPTED" || h.recommends == "SUPERSEDED"
		h.recommends = rapid.SampledFrom(next).Draw(t, "recommendation")
		seen := Recommendation{Told: w.next("recommendation"), EpisodeID: "episode", State: h.recommends}
		w.tell("careplan", "recommendation", &seen.Told, func(f *File) { f.SeeRecommendation(seen) })
	default:
		seen := Reading{Told: w.next("reading" + w.now.String()), PractitionerID: "assigned"}
		w.tell("careplan", "reading", &seen.Told, func(f *File) { f.SeeReading(seen) })
	}
}

func (w *world) sickLeave(t *rapid.T) {
	h := &w.half
	if !h.leave.IsZero() && rapid.Bool().Draw(t, "screening") {
		seen := Screening{Told: w.next("screening"), Void: h.screened}
		seen.Day = date.Of(seen.Time)
		h.screened = !h.screened
		w.retracted = w.retracted || seen.Void
		w.tell("sickleave", "screening", &seen.Told, func(f *File) { f.SeeScreening(seen) })
		return
	}
	told := w.next("patient")
	seen := SickLeave{Told: told}
	if h.leave.IsZero() || rapid.IntRange(0, 3).Draw(t, "revoked") > 0 {
		h.leave = max(h.leave, date.Of(told.Time)).AddDays(rapid.IntRange(1, 60).Draw(t, "days"))
		seen.Spells = []Spell{{Start: date.MustParse("2026-03-02"), Last: h.leave}}
	} else {
		h.leave, w.retracted = 0, true
	}
	w.tell("sickleave", "sick leave", &told, func(f *File) { f.SeeSickLeave(seen) })
}

func (w *world) returnToWork(t *rapid.T) {
	p := &w.half.plan
	next := map[ReturnPlanState][]ReturnPlanState{
		"":             {ReturnProposed},
		ReturnProposed: {ReturnAccepted, ReturnAccepted, ReturnDeclined, ReturnWithdrawn, ReturnProposed},
		ReturnAccepted: {ReturnAccepted, ReturnHeld, ReturnProposed, ReturnCompleted},
		ReturnHeld:     {ReturnProposed, ReturnWithdrawn},
	}[p.State]
	if len(next) == 0 {
		return
	}
	was := p.State
	p.State = rapid.SampledFrom(next).Draw(t, "plan")
	w.retracted = w.retracted || p.State == ReturnDeclined || p.State == ReturnWithdrawn || was != "" && p.State == ReturnProposed
	if p.State == ReturnProposed {
		p.Version++
		p.CheckIns = nil
		start := date.Of(w.now).AddDays(rapid.IntRange(1, 10).Draw(t, "start"))
		p.Steps = []ReturnStep{{ID: "half", Start: start, Last: start.AddDays(6), Degree: 50}, {ID: "full", Start: start.AddDays(7), Last: start.AddDays(30)}}
	}
	told := w.next("return")
	if was == ReturnAccepted && p.State == ReturnAccepted {
		p.CheckIns = append(slices.Clone(p.CheckIns), CheckIn{StepID: rapid.SampledFrom([]string{"half", "full"}).Draw(t, "step"), Day: date.Of(told.Time)})
	}
	seen := *p
	seen.Told, seen.EpisodeID = told, "episode"
	w.tell("sickleave", "plan "+string(p.State), &told, func(f *File) { f.SeeReturnPlan(seen) })
}

func (w *world) dialogue(t *rapid.T) {
	if rapid.IntRange(0, 5).Draw(t, "employer") == 0 {
		seen := EmployerConsent{Told: w.next("employer"), Granted: rapid.Bool().Draw(t, "granted")}
		seen.Declined = !seen.Granted
		w.tell("patient", "employer consent", &seen.Told, func(f *File) { f.SeeEmployerConsent(seen) })
		return
	}
	m := &w.half.meeting
	next := map[MeetingState][]MeetingState{
		"":               {MeetingProposed},
		MeetingProposed:  {MeetingScheduled, MeetingScheduled, MeetingDeferred, MeetingDeclined, MeetingCancelled},
		MeetingScheduled: {MeetingScheduled, MeetingOngoing, MeetingOngoing, MeetingNotHeld, MeetingDeferred, MeetingDeclined, MeetingCancelled},
		MeetingOngoing:   {MeetingPaused, MeetingEnded, MeetingConcluded},
		MeetingPaused:    {MeetingOngoing, MeetingEnded},
		MeetingEnded:     {MeetingConcluded},
		MeetingDeferred:  {MeetingProposed, MeetingDeclined},
		MeetingDeclined:  {MeetingProposed},
		MeetingNotHeld:   {MeetingProposed},
	}[m.State]
	if len(next) == 0 {
		return
	}
	was := m.State
	m.State = rapid.SampledFrom(next).Draw(t, "meeting")
	uninformed, unprepared := m.Uninformed, m.Unprepared
	switch m.State {
	case MeetingScheduled:
		m.Scheduled = w.now.AddDate(0, 0, rapid.IntRange(-3, 20).Draw(t, "scheduled"))
		m.Uninformed = rapid.Bool().Draw(t, "uninformed")
		m.Unprepared = rapid.Bool().Draw(t, "unprepared")
	case MeetingProposed:
		m.Scheduled, m.Uninformed, m.Unprepared = time.Time{}, true, true
	case MeetingDeferred:
		m.Recheck = date.Of(w.now).AddDays(rapid.IntRange(-3, 20).Draw(t, "recheck"))
	}
	w.retracted = w.retracted || was == MeetingScheduled && !m.State.begun() || !uninformed && m.Uninformed || !unprepared && m.Unprepared || m.State == MeetingDeferred
	seen := *m
	seen.Told, seen.EpisodeID, seen.Moderator = w.next("meeting"), "episode", "rc"
	w.tell("employerdialogue", "meeting "+string(m.State), &seen.Told, func(f *File) { f.SeeMeeting(seen) })
	if m.State == MeetingConcluded {
		a := Agreement{Told: w.next("agreement"), EpisodeID: "episode", MeetingID: "meeting",
			Actions: []Action{{ID: "action", Party: PartyEmployer, Due: date.MustParse("2026-04-03"), State: ActionIsOpen}}}
		w.tell("employerdialogue", "agreement", &a.Told, func(f *File) { f.SeeAgreement(a) })
		done := a
		done.Told = w.next("agreement")
		done.Actions = []Action{{ID: "action", Party: PartyEmployer, Due: date.MustParse("2026-04-03"), State: rapid.SampledFrom([]ActionState{ActionIsOpen, ActionIsDone, ActionIsDropped}).Draw(t, "action")}}
		w.tell("employerdialogue", "action", &done.Told, func(f *File) { f.SeeAgreement(done) })
	}
}
