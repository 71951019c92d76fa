package followup_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
	careplanv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/careplan/v1"
	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"
	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

// R88: a risk is assessed the same day, escalates to a physician, and ends with the documented assessment alone.
func TestRisk(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		c.until("2026-03-07", 22, 0) // a Saturday night
		flag := &careplanv1.SafetyFlagSnapshot{SafetyFlagId: uuid.NewString(), CareEpisodeId: e.GetCareEpisodeId(), Level: careplanv1.SafetyFlag_URGENT,
			State: careplanv1.SafetyFlag_OPEN, RaiseTime: timestamppb.New(c.h.Clock.Now())}
		c.tell("careplan", "safety_flag.raised", flag.GetSafetyFlagId(), flag)

		risk := c.one(followupv1.FollowUp_ASSESS_RISK)
		require.Equal(t, at("2026-03-07", 23, 0).AsTime(), risk.GetDueTime().AsTime())
		require.Equal(t, accessv1.Role_ROLE_CARE_MANAGER, risk.GetOwnerRole())
		require.Equal(t, accessv1.Role_ROLE_GP, risk.GetEscalationRole())
		require.NotContains(t, c.mine(c.asGP()), risk.GetFollowUpId())
		c.until("2026-03-07", 22, 29)
		require.Zero(t, c.get(risk.GetFollowUpId()).GetEscalationLevel())
		c.until("2026-03-07", 22, 30)
		require.EqualValues(t, 1, c.get(risk.GetFollowUpId()).GetEscalationLevel())
		require.Contains(t, c.mine(c.asGP()), risk.GetFollowUpId(), "a GP is called on")
		require.NotContains(t, c.mine(c.as("unit_manager", uuid.NewString())), risk.GetFollowUpId())
		c.until("2026-03-08", 6, 0)
		late := c.get(risk.GetFollowUpId())
		require.True(t, late.GetOverdue())
		require.EqualValues(t, 2, late.GetEscalationLevel())
		require.EqualValues(t, 7, late.GetReminders(), "every hour since it was due")
		require.Contains(t, c.mine(c.as("unit_manager", uuid.NewString())), risk.GetFollowUpId())

		_, err := c.client.CompleteFollowUp(c.asManager(), &followupv1.CompleteFollowUpRequest{FollowUpId: risk.GetFollowUpId()})
		refused(t, err, codes.FailedPrecondition, "RISK_ASSESSMENT_REQUIRED")
		_, err = c.client.CancelFollowUp(c.asGP(), &followupv1.CancelFollowUpRequest{FollowUpId: risk.GetFollowUpId(), Reason: "no"})
		refused(t, err, codes.FailedPrecondition, "RISK_ASSESSMENT_REQUIRED")
		_, err = c.client.SnoozeFollowUp(c.asGP(), &followupv1.SnoozeFollowUpRequest{FollowUpId: risk.GetFollowUpId(), UntilDate: "2026-03-09", Reason: "no"})
		refused(t, err, codes.FailedPrecondition, "RISK_ASSESSMENT_REQUIRED")

		e.State = patientv1.CareEpisode_CLOSED
		c.tellEpisode("closed", e)
		require.Len(t, c.open(), 1, "the end of the episode does not end it")
		claimed, err := c.client.ClaimFollowUp(c.asGP(), &followupv1.ClaimFollowUpRequest{FollowUpId: risk.GetFollowUpId()})
		require.NoError(t, err)
		require.Equal(t, c.gp, claimed.GetOwnerPractitionerId())
		require.Equal(t, accessv1.Role_ROLE_GP, claimed.GetOwnerRole())

		flag.State, flag.AssessedByPractitionerId = careplanv1.SafetyFlag_ASSESSED, c.gp
		c.tell("careplan", "safety_flag.assessed", flag.GetSafetyFlagId(), flag)
		done := c.get(risk.GetFollowUpId())
		require.Equal(t, followupv1.FollowUp_COMPLETED, done.GetState())
		require.Equal(t, followupv1.FollowUp_RISK_ASSESSED, done.GetEnd().GetCause())
		require.Equal(t, c.gp, done.GetEnd().GetPractitionerId())
		require.Empty(t, c.open())
		reminders := done.GetReminders()
		c.until("2026-03-09", 12, 0)
		require.Equal(t, reminders, c.get(risk.GetFollowUpId()).GetReminders(), "nobody is reminded of what has ended")
	})
}

// R09, R85: the coordinator decides what follows a certificate where the patient has consented, with a copy to the GP.
func TestCertificateEnding(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		e := c.episode()
		c.tellEpisode("started", e)
		first := c.sign(e.GetCareEpisodeId(), "2026-03-02", "2026-03-15")
		require.Equal(t, c.gp, c.one(followupv1.FollowUp_CERTIFICATE_ENDING).GetOwnerPractitionerId())
		require.Empty(t, c.open(followupv1.FollowUp_CERTIFICATE_ENDING_NOTICE))

		c.accept(e)
		ending := c.one(followupv1.FollowUp_CERTIFICATE_ENDING)
		require.Equal(t, "2026-03-06", ending.GetDueDate())
		require.Equal(t, c.coordinator, ending.GetOwnerPractitionerId())
		require.Equal(t, accessv1.Role_ROLE_REHABILITATION_COORDINATOR, ending.GetOwnerRole())
		require.Equal(t, c.gp, c.one(followupv1.FollowUp_CERTIFICATE_ENDING_NOTICE).GetOwnerPractitionerId())

		c.consent(patientv1.Consent_WITHDRAWN)
		require.Equal(t, c.gp, c.one(followupv1.FollowUp_CERTIFICATE_ENDING).GetOwnerPractitionerId())
		require.Empty(t, c.open(followupv1.FollowUp_CERTIFICATE_ENDING_NOTICE))
		c.consent(patientv1.Consent_GRANTED)
		require.Equal(t, c.coordinator, c.one(followupv1.FollowUp_CERTIFICATE_ENDING).GetOwnerPractitionerId())
		require.Equal(t, 3, len(c.get(ending.GetFollowUpId()).GetOwnerChanges()))

		c.until("2026-03-09", 9, 0)
		second := c.sign(e.GetCareEpisodeId(), "2026-03-16", "2026-04-12")
		require.Equal(t, followupv1.FollowUp_CERTIFICATE_EXTENDED, c.get(ending.GetFollowUpId()).GetEnd().GetCause())
		next := c.one(followupv1.FollowUp_CERTIFICATE_ENDING)
		require.Equal(t, second.GetCertificateId(), next.GetSubjectId())
		require.NotEqual(t, first.GetCertificateId(), next.GetSubjectId())

		_, err := c.client.CompleteFollowUp(c.asCoordinator(), &followupv1.CompleteFollowUpRequest{FollowUpId: next.GetFollowUpId(), Note: "Back at work from then on"})
		require.NoError(t, err)
		require.Empty(t, c.open(followupv1.FollowUp_CERTIFICATE_ENDING, followupv1.FollowUp_CERTIFICATE_ENDING_NOTICE), "the copy ends with it")
	})
}

func TestCertificateEndingLapses(t *testing.T) {
	run(t, func(t *testing.T, c *centre) {
		c.sign("", "2026-03-02", "2026-03-15")
		ending := c.one(followupv1.FollowUp_CERTIFICATE_ENDING)
		c.until("2026-03-29", 23, 59)
		require.Equal(t, followupv1.FollowUp_OPEN, c.get(ending.GetFollowUpId()).GetState())
		c.until("2026-03-30", 0, 1)
		lapsed := c.get(ending.GetFollowUpId())
		require.Equal(t, followupv1.FollowUp_LAPSED, lapsed.GetState())
		require.EqualValues(t, 2, lapsed.GetReminders())
		require.EqualValues(t, 2, lapsed.GetEscalationLevel())
		var told []string
		for _, e := range c.h.Events("followup") {
			if e.GetResourceId() == ending.GetFollowUpId() {
				told = append(told, e.GetType())
			}
		}
		require.Equal(t, []string{"follow_up.created", "follow_up.reminded", "follow_up.reminded", "follow_up.escalated", "follow_up.escalated", "follow_up.lapsed"}, told)
	})
}
