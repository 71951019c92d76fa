package careplan_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/act"
)

func TestAContactFromBookingToResult(t *testing.T) {
	run(t, func(f *fixture) {
		booked := f.book(f.in(2 * time.Hour))
		require.Equal(f, careplanv1.Contact_BOOKED, booked.GetState())
		require.Equal(f, f.manager, booked.GetPractitionerId())

		tried, err := f.client.NoAnswerContact(f.cm, &careplanv1.NoAnswerContactRequest{PatientId: f.patient, ContactId: booked.GetContactId(), Etag: booked.GetEtag()})
		require.NoError(f, err)
		require.EqualValues(f, 1, tried.GetUnansweredTries())
		_, err = f.client.RecordContact(f.cm, &careplanv1.RecordContactRequest{PatientId: f.patient, ContactId: booked.GetContactId(), Result: result(), Etag: booked.GetEtag()})
		refused(f, err, codes.Aborted, "ETAG_MISMATCH")
		moved, err := f.client.RescheduleContact(f.cm, &careplanv1.RescheduleContactRequest{
			PatientId: f.patient, ContactId: booked.GetContactId(), ScheduledTime: f.in(26 * time.Hour), Channel: careplanv1.Contact_VIDEO})
		require.NoError(f, err)
		require.Equal(f, careplanv1.Contact_BOOKED, moved.GetState())
		held, err := f.client.RecordContact(f.cm, &careplanv1.RecordContactRequest{PatientId: f.patient, ContactId: booked.GetContactId(), Result: result()})
		require.NoError(f, err)
		require.Equal(f, careplanv1.Contact_HELD, held.GetState())
		require.Equal(f, f.manager, held.GetResult().GetRecordedByPractitionerId())

		read, err := f.client.GetContact(f.cm, &careplanv1.GetContactRequest{PatientId: f.patient, ContactId: booked.GetContactId()})
		require.NoError(f, err)
		require.True(f, proto.Equal(held, read), "%v\n%v", held, read)
		_, err = f.client.CancelContact(f.cm, &careplanv1.CancelContactRequest{PatientId: f.patient, ContactId: booked.GetContactId(), Reason: careplanv1.Contact_BY_PATIENT})
		refused(f, err, codes.FailedPrecondition, "CONTACT_STATE")
		mistaken, err := f.client.RegisterContactInError(f.cm, &careplanv1.RegisterContactInErrorRequest{PatientId: f.patient, ContactId: booked.GetContactId(), Reason: "canary-reason"})
		require.NoError(f, err)
		require.Equal(f, "canary-reason", mistaken.GetErrorMark().GetReason())
		require.Equal(f, []string{"contact.booked", "contact.not_answered", "contact.rescheduled", "contact.held", "contact.registered_in_error"}, f.told())
	})
}

func TestTwoBookingsOfOneSlotAreOne(t *testing.T) {
	run(t, func(f *fixture) {
		first := f.book(f.in(2 * time.Hour))
		gp := f.As("gp", f.place)
		_, err := f.client.CreateContact(gp, &careplanv1.CreateContactRequest{Contact: f.contact(f.in(2*time.Hour + 20*time.Second))})
		refused(f, err, codes.AlreadyExists, "CONTACT_SLOT_TAKEN")
		other := f.book(f.in(3 * time.Hour))
		_, err = f.client.RescheduleContact(f.cm, &careplanv1.RescheduleContactRequest{PatientId: f.patient, ContactId: other.GetContactId(), ScheduledTime: f.in(2 * time.Hour)})
		refused(f, err, codes.AlreadyExists, "CONTACT_SLOT_TAKEN")
		_, err = f.client.CancelContact(f.cm, &careplanv1.CancelContactRequest{PatientId: f.patient, ContactId: first.GetContactId(), Reason: careplanv1.Contact_BY_CENTRE})
		require.NoError(f, err)
		f.book(f.in(2 * time.Hour))
		page, err := f.client.ListContacts(f.cm, &careplanv1.ListContactsRequest{PatientId: f.patient, State: careplanv1.Contact_BOOKED})
		require.NoError(f, err)
		require.Len(f, page.GetContacts(), 2)
	})
}

// Both reach the door at once: one is booked, the other is told.
func TestARaceForASlotHasOneWinner(t *testing.T) {
	run(t, func(f *fixture) {
		errs := make(chan error, 4)
		for range 4 {
			go func() {
				_, err := f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: f.contact(f.in(2 * time.Hour))})
				errs <- err
			}()
		}
		won := 0
		for range 4 {
			if err := <-errs; err == nil {
				won++
			} else {
				refused(f, err, codes.AlreadyExists, "CONTACT_SLOT_TAKEN")
			}
		}
		require.Equal(f, 1, won)
	})
}

func TestARetriedBookingWritesOnce(t *testing.T) {
	run(t, func(f *fixture) {
		request := &careplanv1.CreateContactRequest{Contact: f.contact(f.in(2 * time.Hour)), RequestId: uuid.NewString()}
		first, err := f.client.CreateContact(f.cm, request)
		require.NoError(f, err)
		again, err := f.client.CreateContact(f.cm, request)
		require.NoError(f, err)
		require.True(f, proto.Equal(first, again))
		request.Contact.Channel = careplanv1.Contact_VISIT
		_, err = f.client.CreateContact(f.cm, request)
		refused(f, err, codes.FailedPrecondition, "REQUEST_ID_REUSED")
		require.Equal(f, []string{"contact.booked"}, f.told())
	})
}

func TestBadContacts(t *testing.T) {
	run(t, func(f *fixture) {
		_, err := f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: &careplanv1.Contact{PatientId: f.patient}})
		require.Equal(f, []string{"contact.care_episode_id", "contact.kind", "contact.channel", "contact.scheduled_time"},
			refused(f, err, codes.InvalidArgument, "FIELD_REQUIRED"))
		past := f.contact(f.in(-24 * time.Hour))
		_, err = f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: past})
		refused(f, err, codes.InvalidArgument, "TIME_IN_PAST")
		stranger := f.contact(f.in(time.Hour))
		stranger.CareEpisodeId = act.NewID()
		_, err = f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: stranger})
		refused(f, err, codes.NotFound, "CARE_EPISODE_NOT_FOUND")
		unplanned := f.contact(f.in(time.Hour))
		unplanned.Kind, unplanned.PlannedContactId = careplanv1.Contact_SCHEDULED, act.NewID()
		_, err = f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: unplanned})
		refused(f, err, codes.NotFound, "PLANNED_CONTACT_NOT_FOUND")
		long := f.contact(nil)
		long.Result = &careplanv1.ContactResult{Minutes: 481}
		_, err = f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: long})
		require.Equal(f, []string{"contact.result.minutes"}, refused(f, err, codes.InvalidArgument, "MINUTES_OUT_OF_RANGE"))
		_, err = f.client.GetContact(f.cm, &careplanv1.GetContactRequest{PatientId: f.patient, ContactId: act.NewID()})
		refused(f, err, codes.NotFound, "CONTACT_NOT_FOUND")

		// A contact of one patient is not there under another's name.
		booked := f.book(f.in(time.Hour))
		other := act.NewID()
		f.PlacePatient(other, f.place)
		_, err = f.client.GetContact(f.cm, &careplanv1.GetContactRequest{PatientId: other, ContactId: booked.GetContactId()})
		refused(f, err, codes.NotFound, "CONTACT_NOT_FOUND")
		_, err = f.client.RecordContact(f.As("integration", f.place), &careplanv1.RecordContactRequest{PatientId: f.patient, ContactId: booked.GetContactId(), Result: result()})
		refused(f, err, codes.PermissionDenied, "ROLE_REQUIRED")
		_, err = f.client.GetContact(f.As("care_manager", f.NewPlace()), &careplanv1.GetContactRequest{PatientId: f.patient, ContactId: booked.GetContactId()})
		refused(f, err, codes.NotFound, "PATIENT_NOT_FOUND")
	})
}

func TestContactsAreListedLatestFirstPageByPage(t *testing.T) {
	run(t, func(f *fixture) {
		var want []string
		for hours := range 5 {
			want = append([]string{f.book(f.in(time.Duration(hours+1) * time.Hour)).GetContactId()}, want...)
		}
		var got []string
		token := ""
		for {
			page, err := f.client.ListContacts(f.cm, &careplanv1.ListContactsRequest{PatientId: f.patient, PageSize: 2, PageToken: token})
			require.NoError(f, err)
			for _, c := range page.GetContacts() {
				got = append(got, c.GetContactId())
			}
			if token = page.GetNextPageToken(); token == "" {
				break
			}
			_, err = f.client.ListContacts(f.cm, &careplanv1.ListContactsRequest{PatientId: f.patient, PageSize: 2, PageToken: token, State: careplanv1.Contact_HELD})
			refused(f, err, codes.InvalidArgument, "BAD_PAGE_TOKEN")
		}
		require.Equal(f, want, got)
	})
}

func TestNothingNewIsBookedInAnEpisodeThatHasEnded(t *testing.T) {
	run(t, func(f *fixture) {
		open := f.book(f.in(2 * time.Hour))
		f.tellEpisode("care_episode.closed", patientv1.CareEpisode_CLOSED, f.manager)
		_, err := f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: f.contact(f.in(time.Hour))})
		refused(f, err, codes.FailedPrecondition, "CARE_EPISODE_CLOSED")
		cancelled, err := f.client.GetContact(f.cm, &careplanv1.GetContactRequest{PatientId: f.patient, ContactId: open.GetContactId()})
		require.NoError(f, err)
		require.Equal(f, careplanv1.Contact_EPISODE_CLOSED, cancelled.GetCancelReason())
		// What took place before may still be written down.
		late := f.contact(nil)
		late.Result = result()
		_, err = f.client.CreateContact(f.cm, &careplanv1.CreateContactRequest{Contact: late})
		require.NoError(f, err)
	})
}
