package employerdialogue_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/coworkcare/coworkcare/platform/date"
	"github.com/coworkcare/coworkcare/services/employerdialogue/internal/employerdialogue"
)

var verbs = []employerdialogue.Verb{
	employerdialogue.VerbPrepare, employerdialogue.VerbDefer, employerdialogue.VerbDecline, employerdialogue.VerbResume,
	employerdialogue.VerbSchedule, employerdialogue.VerbReschedule, employerdialogue.VerbInform, employerdialogue.VerbBegin,
	employerdialogue.VerbPerspective, employerdialogue.VerbPause, employerdialogue.VerbEnd, employerdialogue.VerbConclude,
	employerdialogue.VerbCancel, employerdialogue.VerbNoShow, employerdialogue.VerbRegisterInError,
}

// model says where each verb leads from each state, written down apart from the code under test.
var model = map[employerdialogue.State]map[employerdialogue.Verb]employerdialogue.State{
	"PROPOSED":  {"prepare": "PROPOSED", "defer": "DEFERRED", "decline": "DECLINED", "schedule": "SCHEDULED", "inform": "PROPOSED", "cancel": "CANCELLED"},
	"DEFERRED":  {"prepare": "DEFERRED", "defer": "DEFERRED", "decline": "DECLINED", "resume": "PROPOSED", "cancel": "CANCELLED"},
	"DECLINED":  {"resume": "PROPOSED", "cancel": "CANCELLED"},
	"SCHEDULED": {"prepare": "SCHEDULED", "defer": "DEFERRED", "decline": "DECLINED", "reschedule": "SCHEDULED", "inform": "SCHEDULED", "begin": "ONGOING", "cancel": "CANCELLED", "noShow": "NOT_HELD"},
	"ONGOING":   {"recordPerspective": "ONGOING", "pause": "PAUSED", "end": "ENDED", "conclude": "CONCLUDED", "registerInError": "ONGOING"},
	"PAUSED":    {"resume": "ONGOING", "end": "ENDED", "conclude": "CONCLUDED", "registerInError": "PAUSED"},
	"ENDED":     {"conclude": "CONCLUDED", "registerInError": "ENDED"},
	"NOT_HELD":  {"decline": "DECLINED", "resume": "PROPOSED", "cancel": "CANCELLED", "registerInError": "NOT_HELD"},
	"CONCLUDED": {"registerInError": "CONCLUDED"},
	"CANCELLED": {"registerInError": "CANCELLED"},
}

var start = date.MustParse("2026-03-02").At(8, 0)

func drawConsents(t *rapid.T) employerdialogue.Consents {
	told := rapid.SliceOfDistinct(rapid.SampledFrom(employerdialogue.Items()), rapid.ID).Draw(t, "told")
	if rapid.IntRange(0, 3).Draw(t, "contact") > 0 && !slices.Contains(told, employerdialogue.ItemContact) {
		told = append(told, employerdialogue.ItemContact)
	}
	return employerdialogue.Consents{
		Coordination: rapid.IntRange(0, 5).Draw(t, "coordination") > 0, Told: told, Revision: rapid.IntRange(0, 9).Draw(t, "revision"),
	}
}

func drawReason(t *rapid.T) string {
	return rapid.SampledFrom([]string{"därför", "därför", "därför", "", "  "}).Draw(t, "reason")
}

// step is one call of a verb, with what it was given.
type step struct {
	verb         employerdialogue.Verb
	consents     employerdialogue.Consents
	reason       string
	participants []employerdialogue.Participant
	booking      employerdialogue.Booking
	party        employerdialogue.Party
	deferral     employerdialogue.Deferral
	roles        []employerdialogue.DeferredBy
	agreement    *employerdialogue.Agreement
	conclusion   employerdialogue.Conclusion
}

func take(t *rapid.T, m employerdialogue.Meeting, by employerdialogue.Act) (step, employerdialogue.Meeting, error) {
	s := step{verb: rapid.SampledFrom(verbs).Draw(t, "verb"), consents: drawConsents(t), reason: drawReason(t)}
	if rapid.IntRange(0, 9).Draw(t, "steered") > 2 { // most steps are allowed ones, or the walk would stand still
		allowed := m.State.Verbs()
		if rapid.IntRange(0, 9).Draw(t, "on") > 1 && len(allowed) > 3 { // and lead to a meeting, not away from it
			allowed = slices.DeleteFunc(slices.Clone(allowed), func(v employerdialogue.Verb) bool {
				return v == employerdialogue.VerbCancel || v == employerdialogue.VerbDecline || v == employerdialogue.VerbDefer || v == employerdialogue.VerbInform ||
					v == employerdialogue.VerbRegisterInError
			})
		}
		if len(allowed) > 0 {
			s.verb = rapid.SampledFrom(allowed).Draw(t, "allowed")
		}
	}
	s.participants = rapid.SliceOfDistinct(rapid.SampledFrom([]employerdialogue.Participant{"PATIENT", "EMPLOYER", "MODERATOR", "CARE_MANAGER"}), rapid.ID).Draw(t, "participants")
	if rapid.Bool().Draw(t, "all there") {
		s.participants = nil
	}
	s.party = rapid.SampledFrom([]employerdialogue.Party{"PATIENT", "EMPLOYER"}).Draw(t, "party")
	var err error
	next := m
	switch s.verb {
	case employerdialogue.VerbPrepare:
		plan := employerdialogue.Plan{Agenda: []employerdialogue.AgendaPoint{{Topic: rapid.SampledFrom([]employerdialogue.Topic{"TASKS", "PAY", "CONTRACT", "DISPUTE"}).Draw(t, "topic")}}}
		if rapid.Bool().Draw(t, "prepared") {
			plan.Preparation = &employerdialogue.Preparation{OwnDescription: "egna ord"}
		}
		next, err = m.Prepare(by, s.consents, plan)
	case employerdialogue.VerbDefer:
		all := []employerdialogue.DeferredBy{"REHABILITATION_COORDINATOR", "CARE_MANAGER", "GENERAL_PRACTITIONER", "PATIENT"}
		s.roles = rapid.SliceOfDistinct(rapid.SampledFrom(all[:3]), rapid.ID).Draw(t, "roles")
		s.deferral = employerdialogue.Deferral{
			By: rapid.SampledFrom(all).Draw(t, "by"), Reason: rapid.SampledFrom([]employerdialogue.DeferReason{"CONDITION_TOO_POOR", "OTHER"}).Draw(t, "why"),
			Note: s.reason, Recheck: by.Today().AddDays(rapid.IntRange(-1, 400).Draw(t, "recheck")),
		}
		next, err = m.Defer(by, s.roles, s.deferral)
	case employerdialogue.VerbDecline:
		next, err = m.Decline("")
	case employerdialogue.VerbResume:
		next, err = m.Resume(s.consents)
	case employerdialogue.VerbSchedule, employerdialogue.VerbReschedule:
		s.booking = employerdialogue.Booking{
			Slot: employerdialogue.Slot{
				Time: by.Now.Add(time.Duration(rapid.IntRange(-5, 200).Draw(t, "hours")) * time.Hour), Length: rapid.SampledFrom([]int{0, 45, 60, 44, 61, 10, 300}).Draw(t, "length"),
				Place: rapid.SampledFrom([]employerdialogue.Place{"", "CENTRE", "WORKPLACE", "VIDEO"}).Draw(t, "place"),
			},
			AgreementForm: rapid.SampledFrom([]string{"", "ORAL"}).Draw(t, "agreed"), DeviationReason: s.reason,
		}
		if s.verb == employerdialogue.VerbSchedule {
			next, err = m.Schedule(by, s.consents, s.booking)
		} else {
			next, err = m.Reschedule(by, s.consents, s.booking)
		}
	case employerdialogue.VerbInform:
		next, err = m.Inform(by, s.consents, s.party, rapid.SampledFrom([]employerdialogue.Form{"ORAL", "WRITTEN"}).Draw(t, "form"), 0)
	case employerdialogue.VerbBegin:
		signs := employerdialogue.Signs{Consents: s.consents, EarlyTalk: rapid.Bool().Draw(t, "talk")}
		if rapid.Bool().Draw(t, "brief") {
			signs.Brief = by.Now.AddDate(0, 0, -rapid.IntRange(0, 10).Draw(t, "brief age"))
		}
		next, err = m.Begin(by, signs, s.participants, s.reason)
	case employerdialogue.VerbPerspective:
		next, err = m.RecordPerspective(by, employerdialogue.Perspective{Speaker: s.party, Text: "så här", Confirmed: rapid.Bool().Draw(t, "confirmed")}, s.reason)
	case employerdialogue.VerbPause:
		next, err = m.Pause()
	case employerdialogue.VerbEnd:
		next, err = m.End()
	case employerdialogue.VerbConclude:
		s.conclusion = employerdialogue.Conclusion{Participants: s.participants, DeviationReason: s.reason, AgreementID: "agreement", ActionIDs: []string{"action"}}
		if rapid.Bool().Draw(t, "some") {
			s.conclusion.Facts = []employerdialogue.Point{{Text: "fakta", By: "PATIENT"}}
		}
		if rapid.Bool().Draw(t, "agreed") {
			s.conclusion.Agreements = []employerdialogue.Point{{Text: "enighet", By: "EMPLOYER"}}
			s.conclusion.Actions = []employerdialogue.NewAction{{Text: "göra", Owner: "EMPLOYER", Horizon: "SHORT", Due: by.Today().AddDays(30)}}
		}
		s.conclusion.NoneReason = rapid.SampledFrom([]string{"", "oense"}).Draw(t, "none")
		next, s.agreement, err = m.Conclude(by, s.consents, s.conclusion)
	case employerdialogue.VerbCancel:
		next, err = m.Cancel(rapid.SampledFrom([]employerdialogue.Cause{"NOT_NEEDED", "OTHER"}).Draw(t, "cause"), s.reason)
	case employerdialogue.VerbNoShow:
		next, err = m.NoShow(by, "PATIENT_ABSENT", "")
	case employerdialogue.VerbRegisterInError:
		next, err = m.RegisterInError(by, s.reason)
	}
	return s, next, err
}

// A walk over every verb of a meeting never stands in a state without its guards: deviations always carry a reason, and consent
// and authority are never passed.
func TestWalksOfAMeeting(t *testing.T) {
	reached := map[employerdialogue.State]int{}
	rapid.Check(t, func(t *rapid.T) {
		by := employerdialogue.Act{PractitionerID: "rc", Now: start}
		m, err := employerdialogue.Propose(by, employerdialogue.Consents{Coordination: true}, employerdialogue.Origin{ID: "m", EmployerID: "e"})
		require.NoError(t, err)
		for range 150 {
			if len(model[m.State]) == 1 && rapid.IntRange(0, 3).Draw(t, "anew") > 0 {
				m, err = employerdialogue.Propose(by, employerdialogue.Consents{Coordination: true}, employerdialogue.Origin{ID: "m", EmployerID: "e"})
				require.NoError(t, err)
			}
			by.Now = by.Now.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 24, 96}).Draw(t, "pass")) * time.Hour)
			before := fmt.Sprintf("%+v", m)
			s, next, err := take(t, m, by)
			require.Equal(t, before, fmt.Sprintf("%+v", m), "%s changed the meeting that it was called on", s.verb)
			to, allowed := model[m.State][s.verb]
			if err != nil {
				refusedRightly(t, m, s, allowed, err, next)
				continue
			}
			require.True(t, allowed, "%s from %s", s.verb, m.State)
			require.Equal(t, to, next.State, "%s from %s", s.verb, m.State)
			guarded(t, m, next, s, by)
			m = next
			reached[m.State]++
			if m.Error != nil {
				_, _, err := take(t, m, by)
				var r *employerdialogue.Refusal
				require.ErrorAs(t, err, &r)
				require.Equal(t, employerdialogue.ReasonMeetingInError, r.Reason, "nothing more is done to it")
				m, err = employerdialogue.Propose(by, employerdialogue.Consents{Coordination: true}, employerdialogue.Origin{ID: "m", EmployerID: "e"})
				require.NoError(t, err)
			}
		}
	})
	for state := range model {

		require.Positive(t, reached[state], "walks hardly reach %s: %v", state, reached)
	}
}

func refusedRightly(t *rapid.T, m employerdialogue.Meeting, s step, allowed bool, err error, next employerdialogue.Meeting) {
	var r *employerdialogue.Refusal
	require.True(t, errors.As(err, &r), "%v", err)
	require.NotEmpty(t, r.Reason)
	require.Equal(t, allowed, r.Reason != employerdialogue.ReasonMeetingState, "%s from %s: %v", s.verb, m.State, err)
	require.Equal(t, m.State, next.State, "a refusal moves nothing")
	switch s.verb {
	case employerdialogue.VerbDecline, employerdialogue.VerbPause, employerdialogue.VerbEnd:
		require.False(t, allowed, "the patient's word is never refused: %v", err)
	case employerdialogue.VerbDefer, employerdialogue.VerbCancel, employerdialogue.VerbNoShow, employerdialogue.VerbRegisterInError:
		require.NotContains(t, []string{employerdialogue.ReasonCoordinationConsent, employerdialogue.ReasonEmployerConsent}, r.Reason)
	}
}

func guarded(t *rapid.T, m, next employerdialogue.Meeting, s step, by employerdialogue.Act) {
	for _, d := range next.Deviations {
		require.NotEmpty(t, d.Code)
		require.Regexp(t, `\S`, d.Reason, "a deviation without a reason")
		require.Equal(t, "rc", d.PractitionerID)
		require.False(t, d.Time.IsZero())
	}
	require.GreaterOrEqual(t, next.Sequence, m.Sequence)
	contact := s.consents.Coordination && slices.Contains(s.consents.Told, "CONTACT")
	departed := next.Deviations[len(m.Deviations):]
	codes := func(code employerdialogue.Code) bool {
		return slices.ContainsFunc(departed, func(d employerdialogue.Deviation) bool { return d.Code == code })
	}
	switch s.verb {
	case employerdialogue.VerbRegisterInError:
		require.Regexp(t, `\S`, next.Error.Reason)
		require.Equal(t, "rc", next.Error.PractitionerID)
	case employerdialogue.VerbPrepare:
		require.True(t, s.consents.Coordination)
		for _, p := range next.Agenda {
			require.NotContains(t, []employerdialogue.Topic{"PAY", "CONTRACT", "DISPUTE"}, p.Topic)
		}
	case employerdialogue.VerbDefer:
		require.True(t, next.Deferral.Recheck > by.Today())
		require.True(t, next.Deferral.By == "PATIENT" || slices.Contains(s.roles, next.Deferral.By), "deferred as somebody else")
		require.NotEmpty(t, next.Deferral.Reason)
	case employerdialogue.VerbResume:
		require.True(t, s.consents.Coordination)
		require.True(t, contact || m.State != employerdialogue.Paused || !slices.Contains(m.Participants, "EMPLOYER"))
	case employerdialogue.VerbSchedule, employerdialogue.VerbReschedule:
		require.True(t, contact)
		require.True(t, next.Slot.Time.After(by.Now))
		require.Equal(t, next.Slot.Length < 45 || next.Slot.Length > 60, codes("LENGTH_OUTSIDE_FRAME"))
		if next.Slot.Place != "CENTRE" {
			require.NotNil(t, next.PlaceAgreement)
			require.Equal(t, next.Slot.Place, next.PlaceAgreement.Place)
		}
	case employerdialogue.VerbInform:
		require.True(t, s.consents.Coordination)
		require.True(t, s.party == "PATIENT" || contact)
	case employerdialogue.VerbBegin:
		require.True(t, s.consents.Coordination)
		require.True(t, contact || !slices.Contains(next.Participants, "EMPLOYER"), "the employer is there without consent")
		for _, party := range []employerdialogue.Party{"PATIENT", "EMPLOYER"} {
			for _, form := range []employerdialogue.Form{"ORAL", "WRITTEN"} {
				require.Equal(t, !next.Informed(party, form), codes(employerdialogue.Code(fmt.Sprintf("%s_%s_INFORMATION_MISSING", party, form))))
			}
		}
	case employerdialogue.VerbPerspective:
		_, asked := m.PerspectiveOf("PATIENT")
		_, again := m.PerspectiveOf("EMPLOYER")
		first := s.party == "EMPLOYER" && !asked && !again && slices.Contains(m.Participants, "PATIENT")
		require.Equal(t, first, codes("EMPLOYER_SPOKE_FIRST"))
	case employerdialogue.VerbConclude:
		require.True(t, contact || !slices.Contains(next.Participants, "EMPLOYER") || slices.Contains(m.Participants, "EMPLOYER"))
		c := s.conclusion
		require.True(t, len(c.Facts) > 0 && len(c.Agreements) > 0 || c.NoneReason != "" || m.EndedByPatient, "concluded with nothing and no reason")
		require.NotEmpty(t, next.Kind)
		require.Equal(t, len(c.Facts)+len(c.Agreements) > 0, s.agreement != nil)
		whole := slices.Contains(next.Participants, "PATIENT") && slices.Contains(next.Participants, "EMPLOYER") && slices.Contains(next.Participants, "MODERATOR")
		require.Equal(t, whole, next.Kind == employerdialogue.DialogueMeeting)
	}
}

// An employer who was not there at the begin joins on the patient's consent only.
func TestAnEmployerJoinsOnConsentOnly(t *testing.T) {
	by := employerdialogue.Act{PractitionerID: "rc", Now: start}
	contact := employerdialogue.Consents{Coordination: true, Told: []employerdialogue.Item{employerdialogue.ItemContact}}
	m, err := employerdialogue.Propose(by, contact, employerdialogue.Origin{ID: "m"})
	require.NoError(t, err)
	m, err = m.Schedule(by, contact, employerdialogue.Booking{Slot: employerdialogue.Slot{Time: start.Add(time.Hour)}})
	require.NoError(t, err)
	m, err = m.Begin(by, employerdialogue.Signs{Consents: employerdialogue.Consents{Coordination: true}}, []employerdialogue.Participant{"PATIENT", "MODERATOR"}, "ensam")
	require.NoError(t, err)
	end := employerdialogue.Conclusion{
		Participants: []employerdialogue.Participant{"PATIENT", "EMPLOYER", "MODERATOR"}, NoneReason: "oense", DeviationReason: "kort",
	}
	var r *employerdialogue.Refusal
	_, _, err = m.Conclude(by, employerdialogue.Consents{Coordination: true}, end)
	require.ErrorAs(t, err, &r)
	require.Equal(t, employerdialogue.ReasonEmployerConsent, r.Reason)
	m, agreement, err := m.Conclude(by, contact, end)
	require.NoError(t, err)
	require.Nil(t, agreement)
	require.Equal(t, employerdialogue.DialogueMeeting, m.Kind)
}
