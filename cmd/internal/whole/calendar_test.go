package whole_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-ical"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/timestamppb"

	employerdialoguev1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/employerdialogue/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
)

// The calendar file is read by another library than the one that writes it: invitation, change and cancellation are one event
// with one UID, each with a higher SEQUENCE, at the time that the meeting has, and without a word of the patient.
func TestInvitationIsReadByAnotherParser(t *testing.T) {
	onBothEngines(t, func(t *testing.T, s *system) {
		w := newWorld(t, s)
		st := w.newStage(w.own)
		const service = "EmployerDialogueService."
		rc := identity.RoleRehabilitationCoordinator
		patient, meeting := st.things["patient_id"], st.things["dialogue_meeting_id"]
		invitation := func() (*employerdialoguev1.MeetingInvitation, *ical.Calendar, ical.Event) {
			t.Helper()
			told := &employerdialoguev1.MeetingInvitation{}
			status, reason := st.overWeb(service+"InvitationDialogueMeeting", rc, &employerdialoguev1.InvitationDialogueMeetingRequest{
				PatientId: patient, DialogueMeetingId: meeting, Recipient: employerdialoguev1.Agreement_EMPLOYER,
				OrganizerEmail: "centre@example.se", AttendeeEmail: "employer@example.se"}, told)
			require.Less(t, status, 300, reason)
			require.Equal(t, strings.Count(told.GetIcalendar(), "\n"), strings.Count(told.GetIcalendar(), "\r\n"), "lines end as RFC 5545 says")
			calendar, err := ical.NewDecoder(strings.NewReader(told.GetIcalendar())).Decode()
			require.NoError(t, err, "%s", told.GetIcalendar())
			require.Len(t, calendar.Events(), 1)
			return told, calendar, calendar.Events()[0]
		}
		property := func(c *ical.Component, name string) string {
			t.Helper()
			found := c.Props.Get(name)
			require.NotNil(t, found, name)
			return found.Value
		}
		uid, sequence := "", -1
		follows := func(told *employerdialoguev1.MeetingInvitation, calendar *ical.Calendar, event ical.Event, method string) {
			t.Helper()
			require.Equal(t, method, property(calendar.Component, ical.PropMethod))
			require.Equal(t, method, told.GetMethod())
			require.Equal(t, "2.0", property(calendar.Component, ical.PropVersion))
			number, err := strconv.Atoi(property(event.Component, ical.PropSequence))
			require.NoError(t, err)
			require.EqualValues(t, told.GetSequence(), number)
			require.Greater(t, number, sequence)
			sequence = number
			if uid != "" {
				require.Equal(t, uid, property(event.Component, ical.PropUID))
			}
			uid = property(event.Component, ical.PropUID)
			_, err = event.Props.DateTime(ical.PropDateTimeStamp, time.UTC)
			require.NoError(t, err)
			for name, properties := range event.Props {
				for _, p := range properties {
					require.NotContains(t, p.Value, patient, name)
					require.NotContains(t, p.Value, diagnosis, name)
				}
			}
		}
		at := func(event ical.Event, want time.Time, minutes time.Duration) {
			t.Helper()
			start, err := event.DateTimeStart(time.UTC)
			require.NoError(t, err)
			require.True(t, want.Equal(start), "begins at %v, not %v", start, want)
			end, err := event.DateTimeEnd(time.UTC)
			require.NoError(t, err)
			require.Equal(t, minutes*time.Minute, end.Sub(start))
		}

		first, later := monday.AddDays(3).At(13, 0), monday.AddDays(30).At(9, 30) // before and after the clocks change
		st.ask(service+"ScheduleDialogueMeeting", rc, &employerdialoguev1.ScheduleDialogueMeetingRequest{
			PatientId: patient, DialogueMeetingId: meeting, ScheduledTime: timestamppb.New(first)})
		told, calendar, event := invitation()
		follows(told, calendar, event, "REQUEST")
		at(event, first, 60)
		st.ask(service+"RescheduleDialogueMeeting", rc, &employerdialoguev1.RescheduleDialogueMeetingRequest{
			PatientId: patient, DialogueMeetingId: meeting, ScheduledTime: timestamppb.New(later), LengthMinutes: 45})
		told, calendar, event = invitation()
		follows(told, calendar, event, "REQUEST")
		at(event, later, 45)
		st.ask(service+"CancelDialogueMeeting", rc, &employerdialoguev1.CancelDialogueMeetingRequest{
			PatientId: patient, DialogueMeetingId: meeting, Cause: employerdialoguev1.MeetingEnding_NOT_NEEDED})
		told, calendar, event = invitation()
		follows(told, calendar, event, "CANCEL")
		require.Equal(t, "CANCELLED", property(event.Component, ical.PropStatus))
	})
}
