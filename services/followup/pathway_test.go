package followup_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

// R02: the care manager is in from day one.
func TestFirstContact(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)

		book := c.one(followupv1.FollowUp_BOOK_FIRST_CONTACT)
		require.Equal(t, "2026-03-03", book.GetDueDate())
		require.Equal(t, at("2026-03-03", 17, 0).AsTime(), book.GetDueTime().AsTime())
		require.Equal(t, accessv1.Role_ROLE_CARE_MANAGER, book.GetOwnerRole())
		require.Empty(t, book.GetOwnerPractitionerId())
		require.Equal(t, "2026-03-09", c.one(followupv1.FollowUp_HOLD_FIRST_CONTACT).GetDueDate())
		require.Len(t, c.open(followupv1.FollowUp_ANSWER_REFERRAL), 1, "the coordinator's referral waits for consent")

		c.accept(e)
		require.Empty(t, c.open(followupv1.FollowUp_ANSWER_REFERRAL))
		require.Equal(t, c.manager, c.one(followupv1.FollowUp_BOOK_FIRST_CONTACT).GetOwnerPractitionerId(), "the owner moves with the team")

		c.until("2026-03-03", 17, 0)
		require.False(t, c.one(followupv1.FollowUp_BOOK_FIRST_CONTACT).GetOverdue())
		c.until("2026-03-04", 9, 0)
		book = c.one(followupv1.FollowUp_BOOK_FIRST_CONTACT)
		require.True(t, book.GetOverdue())
		require.EqualValues(t, 1, book.GetDaysOverdue())
		require.EqualValues(t, 2, book.GetReminders())

		first := &careplanv1.ContactSnapshot{ContactId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), Kind: careplanv1.Contact_FIRST,
			ScheduledTime: at("2026-03-05", 10, 0), PractitionerId: c.manager}
		c.contact("booked", first, careplanv1.Contact_BOOKED)
		require.Empty(t, c.open(followupv1.FollowUp_BOOK_FIRST_CONTACT))
		booked := c.get(book.GetFollowUpId())
		require.Equal(t, followupv1.FollowUp_COMPLETED, booked.GetState())
		require.Equal(t, followupv1.FollowUp_CONTACT_BOOKED, booked.GetEnd().GetCause())

		c.contact("cancelled", first, careplanv1.Contact_CANCELLED)
		require.Equal(t, "2026-03-05", c.one(followupv1.FollowUp_BOOK_FIRST_CONTACT).GetDueDate(), "a booking that falls through is made anew")

		second := &careplanv1.ContactSnapshot{ContactId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), Kind: careplanv1.Contact_FIRST}
		c.contact("held", second, careplanv1.Contact_HELD)
		require.Empty(t, c.open(followupv1.FollowUp_BOOK_FIRST_CONTACT, followupv1.FollowUp_HOLD_FIRST_CONTACT))
	})
}

func TestPlannedContacts(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.accept(e)
		plan := &careplanv1.CarePlanSnapshot{CarePlanId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), State: careplanv1.CarePlan_DRAFT, CareManagerId: c.manager}
		for _, day := range []string{"2026-03-10", "2026-03-24", "2026-04-03"} { // the last one is Good Friday
			plan.PlannedContacts = append(plan.PlannedContacts, &careplanv1.PlannedContactSnapshot{
				PlannedContactId: uuid.NewString(), PlannedDate: day, State: careplanv1.PlannedContact_PLANNED})
		}
		c.tell("careplan", "care_plan.created", plan.GetCarePlanId(), plan)
		require.Empty(t, c.open(followupv1.FollowUp_HOLD_PLANNED_CONTACT), "a draft plans nothing")

		plan.State = careplanv1.CarePlan_ACTIVE
		c.tell("careplan", "care_plan.activated", plan.GetCarePlanId(), plan)
		open := c.open(followupv1.FollowUp_HOLD_PLANNED_CONTACT)
		require.Equal(t, []string{"2026-03-10", "2026-03-24", "2026-04-07"}, dueDates(open))
		require.Equal(t, c.manager, open[0].GetOwnerPractitionerId())

		plan.PlannedContacts[1].PlannedDate = "2026-03-26"
		plan.PlannedContacts = plan.PlannedContacts[:2]
		c.tell("careplan", "care_plan.revised", plan.GetCarePlanId(), plan)
		moved := c.open(followupv1.FollowUp_HOLD_PLANNED_CONTACT)
		require.Equal(t, []string{"2026-03-10", "2026-03-26"}, dueDates(moved))
		require.Equal(t, open[1].GetFollowUpId(), moved[1].GetFollowUpId(), "a moved contact keeps its follow-up")

		held := &careplanv1.ContactSnapshot{ContactId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), Kind: careplanv1.Contact_SCHEDULED,
			PlannedContactId: plan.GetPlannedContacts()[0].GetPlannedContactId(), PractitionerId: c.manager}
		c.contact("held", held, careplanv1.Contact_HELD)
		require.Equal(t, []string{"2026-03-26"}, dueDates(c.open(followupv1.FollowUp_HOLD_PLANNED_CONTACT)))
		c.contact("registered_in_error", held, careplanv1.Contact_REGISTERED_IN_ERROR)
		require.Equal(t, []string{"2026-03-10", "2026-03-26"}, dueDates(c.open(followupv1.FollowUp_HOLD_PLANNED_CONTACT)), "what was not held is to be held")

		e.State, e.CloseDate = patientv1.CareEpisode_CLOSED, "2026-03-02"
		c.tellEpisode("closed", e)
		require.Empty(t, c.open())
		require.NotEmpty(t, c.list(followupv1.FollowUp_CANCELLED))
	})
}

func dueDates(found []*followupv1.FollowUp) []string {
	var days []string
	for _, f := range found {
		days = append(days, f.GetDueDate())
	}
	return days
}
