package api_test

import (
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	ed "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
	sickleavev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/sickleave/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

// marks are words that stand in a view only when their item is consented to.
var marks = map[patientv1.Consent_ItemType][]string{
	patientv1.Consent_CONTACT:             {"rehabkoordinator på"},
	patientv1.Consent_SICK_LEAVE:          {"Sjukskriven 100 procent"},
	patientv1.Consent_RETURN_TO_WORK_PLAN: {"Planerad sjukskrivning 50"},
	patientv1.Consent_WORK_ABILITY:        {"canary-ability"},
	patientv1.Consent_PATIENT_PERSPECTIVE: {"canary-description", "canary-needs", "canary-says-PATIENT"},
	patientv1.Consent_AGREEMENT:           {"canary-fact", "canary-agreed", "canary-action"},
	patientv1.Consent_CONTACT_WISH:        {"canary-wish"},
	patientv1.Consent_DIAGNOSIS:           {"F43.8A"},
	patientv1.Consent_SCORES:              {"MADRS-S"},
}

// never is what no consent lets through.
var never = []string{"canary-private", "canary-secret", "canary-says-EMPLOYER", "canary-view", "canary-expectation"}

// full is a patient of whom everything is known; it gives the agreement.
func (u *unit) full() string {
	u.Helper()
	agreement := u.held().GetAgreementId()
	total, plan := int32(31), uuid.NewString()
	u.hear("careplan", act.Event{Type: "assessment.recorded", ResourceID: uuid.NewString(), Snapshot: &careplanv1.AssessmentSnapshot{
		AssessmentId: uuid.NewString(), CareEpisodeId: u.episode, Instrument: "MADRS-S", AnswerDate: "2026-03-01", TotalScore: &total,
	}})
	u.hear("sickleave", act.Event{Type: "return_to_work_plan.answered", ResourceID: plan, Snapshot: &sickleavev1.ReturnToWorkPlanSnapshot{
		ReturnToWorkPlanId: plan, CareEpisodeId: u.episode, State: sickleavev1.ReturnToWorkPlan_ACCEPTED,
		Steps: []*sickleavev1.ReturnToWorkStep{{StartDate: "2026-04-13", EndDate: "2026-05-10", Degree: 50}},
	}})
	u.hear("sickleave", act.Event{Type: "sick_leave.changed", ResourceID: u.patient, Snapshot: &sickleavev1.SickLeaveSnapshot{
		Cases: []*sickleavev1.SickLeaveCaseSnapshot{{StartDate: "2026-03-02", EndDate: "2026-04-12", Periods: []*sickleavev1.CertificatePeriod{
			{StartDate: "2026-03-02", EndDate: "2026-04-12", Degree: 100},
		}}},
	}})
	return agreement
}

func (u *unit) requireOnly(seen string, told ...patientv1.Consent_ItemType) {
	u.Helper()
	allowed := map[patientv1.Consent_ItemType]bool{}
	for _, item := range told {
		allowed[item] = true
	}
	for item, words := range marks {
		for _, word := range words {
			require.Equalf(u, allowed[item], strings.Contains(seen, word), "%s of %s", word, item)
		}
	}
	for _, word := range never {
		require.NotContains(u, seen, word)
	}
}

func TestR66_R67_TheEmployerSeesWhatIsConsentedToAndNothingElse(t *testing.T) {
	run(t, func(u *unit) {
		agreement := u.full()
		request := &ed.EmployerViewAgreementRequest{PatientId: u.patient, AgreementId: agreement}
		u.consent()
		view, err := u.client.EmployerViewAgreement(u.rc, request)
		require.NoError(u, err)
		require.Empty(u, view.GetItems(), "nothing by default")
		require.Empty(u, view.GetDocument())
		require.Len(u, view.GetWithheldItemTypes(), 9)
		for item := range marks {
			u.consent(item)
			view, err := u.client.EmployerViewAgreement(u.cm, request)
			require.NoError(u, err)
			u.requireOnly(view.String(), item)
			require.Len(u, view.GetItems(), 1)
			require.Len(u, view.GetWithheldItemTypes(), 8)
			require.Equal(u, u.revision[u.patient], view.GetConsentsRevision())
		}
		var all []patientv1.Consent_ItemType
		for item := range marks {
			all = append(all, item)
		}
		u.consent(all...)
		view, err = u.client.EmployerViewAgreement(u.rc, request)
		require.NoError(u, err)
		u.requireOnly(view.GetDocument(), all...)
		_, err = u.client.EmployerViewAgreement(u.nurse, request)
		requireFault(u, err, codes.PermissionDenied, "ROLE_REQUIRED")
		view, err = u.client.ViewEmployer(u.rc, &ed.ViewEmployerRequest{PatientId: u.patient, EmployerId: u.employer})
		require.NoError(u, err)
		u.requireOnly(view.String(), all...)
		u.consent(patientv1.Consent_AGREEMENT)
		for _, e := range u.Events("employerdialogue") {
			require.NotContains(u, e.String(), "canary")
		}
		require.Positive(u, u.releases("VIEW", "DIAGNOSIS"), "what was withheld is recorded")
	})
}

// What the patient consents to in a new episode opens nothing of the one before: the same employer, another illness.
func TestR66_AnEarlierIllnessIsNotShown(t *testing.T) {
	run(t, func(u *unit) {
		agreement := u.full()
		u.hearEpisode(patientv1.CareEpisode_CLOSED)
		u.Advance(2 * 365 * 24 * time.Hour)
		var all []patientv1.Consent_ItemType
		for item := range marks {
			all = append(all, item)
		}
		request := &ed.ViewEmployerRequest{PatientId: u.patient, EmployerId: u.employer}
		fresh := uuid.NewString()
		u.diagnoses[fresh] = "F32.1"
		for _, open := range []string{"", fresh} {
			u.begins(u.patient, open)
			for _, told := range append([][]patientv1.Consent_ItemType{all, nil}, single(all)...) {
				u.consent(told...)
				view, err := u.client.ViewEmployer(u.rc, request)
				require.NoError(u, err)
				u.requireOnly(view.String())
				require.Len(u, view.GetWithheldItemTypes(), len(all)-len(told))
			}
		}

		// The new episode gets a meeting of its own, and the agreement keeps to the episode that it was made in.
		u.episode = fresh
		u.hearEpisode(patientv1.CareEpisode_OPEN)
		u.consent(all...)
		u.propose()
		view, err := u.client.ViewEmployer(u.rc, request)
		require.NoError(u, err)
		u.requireOnly(view.String(), patientv1.Consent_CONTACT)
		require.Contains(u, view.GetDocument(), "F32.1", "of the new one")
		require.NotContains(u, view.GetDocument(), "Dialogmöte")
		view, err = u.client.EmployerViewAgreement(u.rc, &ed.EmployerViewAgreementRequest{PatientId: u.patient, AgreementId: agreement})
		require.NoError(u, err)
		require.NotContains(u, view.String(), "F32.1")
		require.Contains(u, view.GetDocument(), "canary-fact")
	})
}

// single are consents to one item each.
func single(items []patientv1.Consent_ItemType) [][]patientv1.Consent_ItemType {
	var sets [][]patientv1.Consent_ItemType
	for _, item := range items {
		sets = append(sets, []patientv1.Consent_ItemType{item})
	}
	return sets
}

// releases counts the records of what was made in a form and withheld an item.
func (u *unit) releases(form, withheld string) int {
	u.Helper()
	var n int
	db := u.System.Log("employerdialogue").DB
	require.NoError(u, db.Read(u.Context()).QueryRow(`SELECT count(*) FROM employer_release WHERE patient_id = $1 AND form = $2 AND withheld_items LIKE $3`,
		u.patient, form, "%"+withheld+"%").Scan(&n))
	return n
}

// A consent that is withdrawn while the view is built wins, whenever in the building it happens.
func TestR66_AWithdrawnConsentWins(t *testing.T) {
	run(t, func(u *unit) {
		agreement := u.full()
		for at := 1; at <= 3; at++ {
			u.consent(patientv1.Consent_CONTACT, patientv1.Consent_AGREEMENT, patientv1.Consent_DIAGNOSIS)
			first := u.checks
			u.checked = func(n int) {
				if n == first+at {
					u.consent(patientv1.Consent_CONTACT)
				}
			}
			view, err := u.client.EmployerViewAgreement(u.rc, &ed.EmployerViewAgreementRequest{PatientId: u.patient, AgreementId: agreement})
			u.checked = nil
			require.NoError(u, err)
			u.requireOnly(view.String(), patientv1.Consent_CONTACT)
			require.Equal(u, u.revision[u.patient], view.GetConsentsRevision())
		}
		u.consent(patientv1.Consent_CONTACT, patientv1.Consent_AGREEMENT)
		u.checked = func(int) { u.consent(patientv1.Consent_CONTACT, patientv1.Consent_AGREEMENT) }
		_, err := u.client.EmployerViewAgreement(u.rc, &ed.EmployerViewAgreementRequest{PatientId: u.patient, AgreementId: agreement})
		u.checked = nil
		requireFault(u, err, codes.Unavailable, "CONSENTS_CHANGING")
	})
}

func TestTheInvitationIsACalendarFile(t *testing.T) {
	run(t, func(u *unit) {
		meeting := u.ready()
		id := meeting.GetDialogueMeetingId()
		request := &ed.InvitationDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, Recipient: ed.Agreement_EMPLOYER, OrganizerEmail: "vardcentralen@example.se"}
		read := func() (*ed.MeetingInvitation, *ics.VEvent) {
			u.Helper()
			invitation, err := u.client.InvitationDialogueMeeting(u.rc, request)
			require.NoError(u, err)
			for _, word := range []string{"canary", "F43", "MADRS", u.patient} {
				require.NotContains(u, invitation.GetIcalendar(), word)
			}
			calendar, err := ics.ParseCalendar(strings.NewReader(invitation.GetIcalendar()))
			require.NoError(u, err)
			require.Contains(u, invitation.GetIcalendar(), "METHOD:"+invitation.GetMethod()+"\r\n")
			require.Len(u, calendar.Events(), 1)
			return invitation, calendar.Events()[0]
		}
		invitation, event := read()
		require.Equal(u, "REQUEST", invitation.GetMethod())
		require.Equal(u, id+"@coworkcare", event.Id())
		at, err := event.GetStartAt()
		require.NoError(u, err)
		require.True(u, at.Equal(meeting.GetScheduledTime().AsTime()))
		require.Contains(u, invitation.GetIcalendar(), email)
		require.EqualValues(u, 0, invitation.GetSequence())
		moved, err := u.client.RescheduleDialogueMeeting(u.rc, &ed.RescheduleDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, ScheduledTime: meeting.GetScheduledTime(), LengthMinutes: 45})
		require.NoError(u, err)
		invitation, event = read()
		require.EqualValues(u, 1, invitation.GetSequence())
		require.Equal(u, id+"@coworkcare", event.Id())
		end, err := event.GetEndAt()
		require.NoError(u, err)
		require.Equal(u, 45.0, end.Sub(moved.GetScheduledTime().AsTime()).Minutes())
		_, err = u.client.CancelDialogueMeeting(u.rc, &ed.CancelDialogueMeetingRequest{PatientId: u.patient, DialogueMeetingId: id, Cause: ed.MeetingEnding_NOT_NEEDED})
		require.NoError(u, err)
		invitation, event = read()
		require.Equal(u, "CANCEL", invitation.GetMethod())
		require.EqualValues(u, 2, invitation.GetSequence())
		require.Equal(u, "CANCELLED", event.GetProperty(ics.ComponentPropertyStatus).Value)
		request.Recipient = ed.Agreement_PATIENT
		_, err = u.client.InvitationDialogueMeeting(u.rc, request)
		requireFault(u, err, codes.FailedPrecondition, "ATTENDEE_ADDRESS_MISSING")
	})
}

// Without consent nobody is invited, but who was invited hears that the meeting is off, and no more than that.
func TestAMeetingIsCalledOffWithTheEmployerWithoutConsent(t *testing.T) {
	run(t, func(u *unit) {
		meeting := u.ready()
		request := &ed.InvitationDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: meeting.GetDialogueMeetingId(), Recipient: ed.Agreement_EMPLOYER, OrganizerEmail: "vardcentralen@example.se",
		}
		_, err := u.client.InvitationDialogueMeeting(u.rc, request)
		require.NoError(u, err)
		require.Equal(u, 1, u.shown("INVITATION"))
		u.consent(patientv1.Consent_AGREEMENT)
		_, err = u.client.InvitationDialogueMeeting(u.rc, request)
		requireFault(u, err, codes.FailedPrecondition, "EMPLOYER_CONSENT_MISSING")
		require.Equal(u, 1, u.releases("INVITATION", "CONTACT"))
		u.say(u.patient, u.employer, false)
		_, err = u.client.CancelDialogueMeeting(u.rc, &ed.CancelDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: meeting.GetDialogueMeetingId(), Cause: ed.MeetingEnding_CONSENT_WITHDRAWN,
		})
		require.NoError(u, err)
		off, err := u.client.InvitationDialogueMeeting(u.rc, request)
		require.NoError(u, err)
		require.Equal(u, "CANCEL", off.GetMethod())
		require.EqualValues(u, 1, off.GetSequence())
		calendar, err := ics.ParseCalendar(strings.NewReader(off.GetIcalendar()))
		require.NoError(u, err)
		var names []string
		for _, property := range calendar.Events()[0].Properties {
			names = append(names, property.IANAToken)
		}
		require.ElementsMatch(u, []string{"UID", "DTSTAMP", "SEQUENCE", "DTSTART", "DTEND", "ORGANIZER", "CLASS", "STATUS", "ATTENDEE"}, names)
		require.Equal(u, 1, u.shown("INVITATION"), "nothing more was shown")
		require.Equal(u, 2, u.releases("INVITATION", "CONTACT"))
	})
}

// The record says that something was shown only when something goes out.
func TestWhatDoesNotGoOutIsNotRecordedAsShown(t *testing.T) {
	run(t, func(u *unit) {
		u.consent(patientv1.Consent_CONTACT)
		meeting, err := u.client.ProposeDialogueMeeting(u.rc, &ed.ProposeDialogueMeetingRequest{
			PatientId: u.patient, CareEpisodeId: u.episode, EmployerId: u.employer,
		})
		require.NoError(u, err)
		request := &ed.InvitationDialogueMeetingRequest{
			PatientId: u.patient, DialogueMeetingId: meeting.GetDialogueMeetingId(), Recipient: ed.Agreement_EMPLOYER, OrganizerEmail: "vardcentralen@example.se",
			AttendeeEmail: email,
		}
		_, err = u.client.InvitationDialogueMeeting(u.rc, request)
		requireFault(u, err, codes.FailedPrecondition, "DIALOGUE_MEETING_STATE")
		u.schedule(meeting.GetDialogueMeetingId(), 1)
		request.AttendeeEmail = ""
		_, err = u.client.InvitationDialogueMeeting(u.rc, request)
		requireFault(u, err, codes.FailedPrecondition, "ATTENDEE_ADDRESS_MISSING")
		require.Zero(u, u.shown("INVITATION"))
		request.AttendeeEmail = email
		_, err = u.client.InvitationDialogueMeeting(u.rc, request)
		require.NoError(u, err)
		require.Equal(u, 1, u.shown("INVITATION"))
	})
}

// shown counts the records of what was made in a form and showed anything.
func (u *unit) shown(form string) int {
	u.Helper()
	var n int
	db := u.System.Log("employerdialogue").DB
	require.NoError(u, db.Read(u.Context()).QueryRow(`SELECT count(*) FROM employer_release WHERE patient_id = $1 AND form = $2 AND shown_items <> $3`,
		u.patient, form, "").Scan(&n))
	return n
}
