package followup

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/coworkcare/coworkcare/platform/date"
)

func scheduled(uninformed bool) Meeting {
	return Meeting{State: MeetingScheduled, Scheduled: clock("2026-03-20 10:00"), Uninformed: uninformed, Unprepared: true}
}

func TestMeetingFollowUps(t *testing.T) {
	rc := "rehabilitation_coordinator coordinator due "
	proposed := func(h *record) {
		h.team()
		h.meeting("2026-03-02 10:00", Meeting{State: MeetingProposed, Uninformed: true})
	}
	booked := func(h *record) {
		proposed(h)
		h.meeting("2026-03-04 10:00", scheduled(true))
	}
	check(t, []rule{
		{"a proposed meeting is to be prepared", proposed, "2026-03-02", []string{"PREPARE_MEETING " + rc + "2026-03-23"}},
		{"R54: a scheduled one, and both informed, on the working day before it", booked, "2026-03-04",
			[]string{"GIVE_INFORMATION " + rc + "2026-03-19", "PREPARE_MEETING " + rc + "2026-03-19"}},
		{"R54: the last mark ends the information", func(h *record) {
			booked(h)
			h.meeting("2026-03-05 10:00", scheduled(false))
		}, "2026-03-05", []string{"GIVE_INFORMATION COMPLETED INFORMED", "PREPARE_MEETING " + rc + "2026-03-19"}},
		{"a scheduled meeting that the patient has prepared is prepared", func(h *record) {
			booked(h)
			m := scheduled(true)
			m.Unprepared = false
			h.meeting("2026-03-05 10:00", m)
		}, "2026-03-05", []string{"GIVE_INFORMATION " + rc + "2026-03-19", "PREPARE_MEETING COMPLETED MEETING_ARRANGED"}},
		{"prepared before it has a time, it is once it has", func(h *record) {
			proposed(h)
			h.meeting("2026-03-03 10:00", Meeting{State: MeetingProposed, Uninformed: true})
			h.meeting("2026-03-04 10:00", Meeting{State: MeetingScheduled, Scheduled: clock("2026-03-20 10:00"), Uninformed: true})
		}, "2026-03-04", []string{"GIVE_INFORMATION " + rc + "2026-03-19", "PREPARE_MEETING COMPLETED MEETING_ARRANGED"}},
		{"proposed anew, it is prepared anew", func(h *record) {
			proposed(h)
			h.meeting("2026-03-04 10:00", Meeting{State: MeetingScheduled, Scheduled: clock("2026-03-20 10:00")})
			h.meeting("2026-03-20 11:00", Meeting{State: MeetingNotHeld, Scheduled: clock("2026-03-20 10:00")})
			h.meeting("2026-03-23 11:00", Meeting{State: MeetingProposed})
		}, "2026-03-23", []string{"PREPARE_MEETING " + rc + "2026-04-15"}},
		{"scheduled for the next morning, it is due the same day", func(h *record) {
			proposed(h)
			h.meeting("2026-03-19 15:00", scheduled(true))
		}, "2026-03-19", []string{"GIVE_INFORMATION " + rc + "2026-03-19", "PREPARE_MEETING " + rc + "2026-03-19"}},
		{"R59: on its day somebody has to say what came of it", booked, "2026-03-20", []string{
			"CONCLUDE_MEETING " + rc + "2026-03-23", "GIVE_INFORMATION " + rc + "2026-03-19", "PREPARE_MEETING " + rc + "2026-03-19"}},
		{"one that has begun is to be concluded, whatever was missing", func(h *record) {
			booked(h)
			m := scheduled(true)
			m.State = MeetingOngoing
			h.meeting("2026-03-20 10:00", m)
		}, "2026-03-20", []string{"CONCLUDE_MEETING " + rc + "2026-03-23", "GIVE_INFORMATION CANCELLED MEETING_HELD", "PREPARE_MEETING COMPLETED MEETING_HELD"}},
		{"one that the patient ended, too", func(h *record) {
			proposed(h)
			h.meeting("2026-03-10 10:00", Meeting{State: MeetingEnded})
		}, "2026-03-10", []string{"CONCLUDE_MEETING " + rc + "2026-03-11", "PREPARE_MEETING COMPLETED MEETING_HELD"}},
		{"the conclusion ends it", func(h *record) {
			booked(h)
			h.meeting("2026-03-20 11:00", Meeting{State: MeetingConcluded, Scheduled: clock("2026-03-20 10:00"), Held: date.MustParse("2026-03-20")})
		}, "2026-03-20", []string{"CONCLUDE_MEETING COMPLETED MEETING_HELD", "GIVE_INFORMATION CANCELLED MEETING_HELD", "PREPARE_MEETING COMPLETED MEETING_HELD"}},
		{"one that was not held ends everything about it", func(h *record) {
			booked(h)
			h.meeting("2026-03-20 11:00", Meeting{State: MeetingNotHeld, Scheduled: clock("2026-03-20 10:00")})
		}, "2026-03-20", []string{"CONCLUDE_MEETING CANCELLED MEETING_PUT_OFF", "GIVE_INFORMATION CANCELLED MEETING_PUT_OFF", "PREPARE_MEETING CANCELLED MEETING_PUT_OFF"}},
		{"resumed, it is prepared anew", func(h *record) {
			booked(h)
			h.meeting("2026-03-20 11:00", Meeting{State: MeetingNotHeld, Scheduled: clock("2026-03-20 10:00")})
			h.meeting("2026-03-23 11:00", Meeting{State: MeetingProposed})
		}, "2026-03-23", []string{"PREPARE_MEETING " + rc + "2026-04-15"}},
		{"R62: a deferred one is looked at again on its day", func(h *record) {
			proposed(h)
			h.meeting("2026-03-04 10:00", Meeting{State: MeetingDeferred, Recheck: date.MustParse("2026-04-20")})
		}, "2026-03-04", []string{"PREPARE_MEETING CANCELLED MEETING_PUT_OFF", "RECHECK_MEETING " + rc + "2026-04-20"}},
		{"R62: until it is resumed", func(h *record) {
			proposed(h)
			h.meeting("2026-03-04 10:00", Meeting{State: MeetingDeferred, Recheck: date.MustParse("2026-04-20")})
			h.meeting("2026-04-13 10:00", Meeting{State: MeetingProposed})
		}, "2026-04-13", []string{"PREPARE_MEETING " + rc + "2026-05-05", "RECHECK_MEETING COMPLETED MEETING_ARRANGED"}},
		{"R62, R92: or declined", func(h *record) {
			proposed(h)
			h.meeting("2026-03-04 10:00", Meeting{State: MeetingDeferred, Recheck: date.MustParse("2026-04-20")})
			h.meeting("2026-04-13 10:00", Meeting{State: MeetingDeclined})
		}, "2026-04-13", []string{"PREPARE_MEETING CANCELLED MEETING_PUT_OFF", "RECHECK_MEETING CANCELLED MEETING_PUT_OFF"}},
		{"one registered in error ends everything that is still open about it", func(h *record) {
			booked(h)
			m := scheduled(true)
			m.Void = true
			h.meeting("2026-03-20 11:00", m)
		}, "2026-03-20", []string{"CONCLUDE_MEETING CANCELLED REGISTERED_IN_ERROR", "GIVE_INFORMATION CANCELLED REGISTERED_IN_ERROR", "PREPARE_MEETING CANCELLED REGISTERED_IN_ERROR"}},
		{"R92: without consent to coordination nothing of it is to be done", func(h *record) {
			booked(h)
			h.consent("2026-03-05 10:00", false)
		}, "2026-03-20", []string{"CONCLUDE_MEETING CANCELLED CONSENT_MISSING", "GIVE_INFORMATION CANCELLED CONSENT_MISSING", "PREPARE_MEETING CANCELLED CONSENT_MISSING"}},
	}, PrepareMeeting, GiveInformation, ConcludeMeeting, RecheckMeeting)
}

// R92: a meeting that is off because the patient has taken the consent back: those invited are told, and not by the coordinator.
func TestR92CallOffMeeting(t *testing.T) {
	booked := func(h *record) {
		h.team()
		h.meeting("2026-03-02 10:00", Meeting{State: MeetingProposed})
		h.meeting("2026-03-04 10:00", scheduled(true))
	}
	off := Meeting{State: MeetingCancelled}
	tell := []string{"CALL_OFF_MEETING care_manager manager due 2026-03-09"}
	withdrawn := func(h *record) {
		booked(h)
		h.consent("2026-03-06 10:00", false)
		h.meeting("2026-03-06 10:01", off)
	}
	check(t, []rule{
		{"R92: the care manager tells them the next working day", withdrawn, "2026-03-06", tell},
		{"R92: also when the consent's end is heard of last", func(h *record) {
			booked(h)
			h.meeting("2026-03-06 10:01", off)
			h.consent("2026-03-06 10:00", false)
		}, "2026-03-06", tell},
		{"R92: and when the patient changes her mind again", func(h *record) {
			withdrawn(h)
			h.file.SeeConsent(Consent{Told: h.told("k2", "2026-03-09 08:00"), Granted: true, Start: date.MustParse("2026-03-09")})
		}, "2026-03-09", tell},
		{"R92: and when the episode ends", func(h *record) {
			withdrawn(h)
			h.episode("2026-03-06 11:00", EpisodeClosed, "cm:manager:2026-03-02:2026-03-06")
		}, "2026-03-06", []string{"CALL_OFF_MEETING care_manager  due 2026-03-09"}},
		{"a coordinator who cancels it herself may tell them", func(h *record) {
			booked(h)
			h.meeting("2026-03-06 10:01", off)
		}, "2026-03-06", nil},
		{"and withdrawn later, too", func(h *record) {
			booked(h)
			h.meeting("2026-03-06 10:01", off)
			h.consent("2026-03-06 10:02", false)
		}, "2026-03-06", nil},
		{"nobody was invited to one that had no time", func(h *record) {
			h.team()
			h.meeting("2026-03-02 10:00", Meeting{State: MeetingProposed})
			h.consent("2026-03-06 10:00", false)
			h.meeting("2026-03-06 10:01", off)
		}, "2026-03-06", nil},
		{"one whose time has passed is too late to call off", func(h *record) {
			booked(h)
			h.consent("2026-03-20 10:30", false)
			h.meeting("2026-03-20 10:31", off)
		}, "2026-03-20", nil},
		{"one registered in error counts for nothing", func(h *record) {
			withdrawn(h)
			h.meeting("2026-03-06 11:00", Meeting{State: MeetingCancelled, Void: true})
		}, "2026-03-06", []string{"CALL_OFF_MEETING CANCELLED REGISTERED_IN_ERROR"}},
	}, CallOffMeeting)
}

func TestR72AgreedActions(t *testing.T) {
	told := func(h *record, at string, states ...ActionState) {
		a := Agreement{Told: h.told("a", at), EpisodeID: "e", MeetingID: "m"}
		for i, state := range states {
			a.Actions = append(a.Actions, Action{ID: string(rune('x' + i)), Due: date.MustParse("2026-04-03").AddDays(i), State: state})
		}
		h.file.SeeAgreement(a)
	}
	check(t, []rule{
		{"R59, R72: the coordinator, not the patient, is asked", func(h *record) {
			h.team()
			told(h, "2026-03-20 11:00", ActionIsOpen, ActionIsOpen)
		}, "2026-03-20", []string{"AGREED_ACTION rehabilitation_coordinator coordinator due 2026-04-07", "AGREED_ACTION rehabilitation_coordinator coordinator due 2026-04-07"}},
		{"R59: until it is done or dropped", func(h *record) {
			h.team()
			told(h, "2026-03-20 11:00", ActionIsOpen, ActionIsOpen)
			told(h, "2026-03-23 11:00", ActionIsDone, ActionIsDropped)
		}, "2026-03-23", []string{"AGREED_ACTION COMPLETED ACTION_DONE", "AGREED_ACTION CANCELLED ACTION_DROPPED"}},
		{"R59: of an agreement registered in error nothing", func(h *record) {
			h.team()
			told(h, "2026-03-20 11:00", ActionIsOpen, ActionIsDone)
			h.file.SeeAgreement(Agreement{Told: h.told("a", "2026-03-23 11:00"), EpisodeID: "e", Void: true, Actions: []Action{
				{ID: "x", Due: date.MustParse("2026-04-03"), State: ActionIsOpen}, {ID: "y", Due: date.MustParse("2026-04-03"), State: ActionIsDone}}})
		}, "2026-03-23", []string{"AGREED_ACTION CANCELLED REGISTERED_IN_ERROR", "AGREED_ACTION COMPLETED ACTION_DONE"}},
		{"R72: who led the meeting, where the team has no coordinator", func(h *record) {
			h.episode("2026-03-02 09:00", EpisodeOpen, "gp:doctor")
			h.consent("2026-03-02 09:00", true)
			h.meeting("2026-03-20 11:00", Meeting{State: MeetingConcluded})
			told(h, "2026-03-20 11:00", ActionIsOpen)
		}, "2026-03-20", []string{"AGREED_ACTION rehabilitation_coordinator coordinator due 2026-04-07"}},
	}, AgreedAction)
}

// R92: what ended because the patient declined comes back, as a new round, when she changes her mind.
func TestR92TheChoiceCanBeChanged(t *testing.T) {
	h := newRecord()
	all := map[string]FollowUp{}
	id := counter()
	settle := func(at string) {
		now := clock(at)
		var existing []FollowUp
		for _, f := range all {
			existing = append(existing, f)
		}
		for _, c := range Reconcile(h.file, existing, Derive(h.file, Policy{}, date.Of(now)), now, id) {
			all[c.FollowUp.ID] = c.FollowUp
		}
	}
	h.team()
	h.meeting("2026-03-02 10:00", Meeting{State: MeetingProposed})
	settle("2026-03-02 10:00")
	h.consent("2026-03-03 10:00", false)
	settle("2026-03-03 10:00")
	for _, f := range all {
		require.False(t, f.State == Open && f.Owner.Role == RehabilitationCoordinator)
	}
	h.consent("2026-03-04 10:00", true)
	settle("2026-03-04 10:00")
	rounds := map[int]State{}
	for _, f := range all {
		if f.Kind == PrepareMeeting {
			rounds[f.Round] = f.State
		}
	}
	require.Equal(t, map[int]State{0: Cancelled, 1: Open}, rounds)
}

// What is no longer told of at all ends.
func TestWhatVanishes(t *testing.T) {
	h := newRecord()
	h.team()
	h.sick("2026-03-02 10:00", "2026-03-02", "2026-03-29")
	now := clock("2026-03-02 10:00")
	settle := func(existing []FollowUp) map[Kind]FollowUp {
		found := map[Kind]FollowUp{}
		for _, c := range Reconcile(h.file, existing, Derive(h.file, Policy{}, date.Of(now)), now, counter()) {
			found[c.FollowUp.Kind] = c.FollowUp
		}
		return found
	}
	made := settle(nil)[Screen]
	require.Equal(t, Open, made.State)
	h.sick("2026-03-03 10:00") // the only certificate was revoked
	ended := settle([]FollowUp{made})[Screen]
	require.Equal(t, Cancelled, ended.State)
	require.Equal(t, SickLeaveEnded, ended.End.Cause)
	_, again := settle([]FollowUp{ended})[Screen]
	require.False(t, again)
}
