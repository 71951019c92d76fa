package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"
)

func (c *centre) check(patientID, day string) *patientv1.CheckConsentResponse {
	c.Helper()
	answer, err := c.client.CheckConsent(c.cm, &patientv1.CheckConsentRequest{PatientId: patientID, Kind: patientv1.Consent_COORDINATION, CheckDate: day})
	require.NoError(c, err)
	return answer
}

func TestConsentOverTime(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		id := p.GetPatientId()
		require.False(c, c.check(id, "").GetConsented())
		require.False(c, c.check(id, "").GetAsked())

		_, err := c.client.DeclineConsent(c.rc, &patientv1.DeclineConsentRequest{PatientId: id, Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_ORAL})
		require.NoError(c, err)
		require.False(c, c.check(id, "").GetConsented())
		require.True(c, c.check(id, "").GetAsked())

		c.Advance(24 * time.Hour)
		consent := c.grant(id)
		require.Equal(c, c.rcID, consent.GetPractitionerId())
		require.True(c, c.check(id, "").GetConsented())
		require.Equal(c, consent.GetConsentId(), c.check(id, "").GetConsentId())
		require.False(c, c.check(id, "2026-03-02").GetConsented())

		c.Advance(48 * time.Hour)
		_, err = c.client.WithdrawConsent(c.gp, &patientv1.WithdrawConsentRequest{PatientId: id, ConsentId: consent.GetConsentId(), Note: "no more"})
		require.NoError(c, err)
		require.False(c, c.check(id, "").GetConsented(), "at once")
		require.True(c, c.check(id, "2026-03-04").GetConsented(), "what was allowed then was allowed")

		page, err := c.client.ListConsents(c.gp, &patientv1.ListConsentsRequest{PatientId: id, PageSize: 1})
		require.NoError(c, err)
		require.Equal(c, patientv1.Consent_WITHDRAWN, page.GetConsents()[0].GetState())
		require.Equal(c, c.rcID, page.GetConsents()[0].GetPractitionerId())
		require.Equal(c, c.gpID, page.GetConsents()[0].GetWithdrawnByPractitionerId())
		page, err = c.client.ListConsents(c.gp, &patientv1.ListConsentsRequest{PatientId: id, PageSize: 1, PageToken: page.GetNextPageToken()})
		require.NoError(c, err)
		require.Equal(c, patientv1.Consent_REPLACED, page.GetConsents()[0].GetState())
		require.Empty(c, page.GetConsents()[0].GetWithdrawnByPractitionerId())
		require.False(c, page.GetConsents()[0].GetGranted())
		require.Empty(c, page.GetNextPageToken())
		require.Equal(c, []string{"patient.registered", "consent.declined", "consent.replaced", "consent.granted", "consent.withdrawn"}, c.told(id))
	})
}

func TestAConsentRunsOut(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		e := c.episode(p.GetPatientId())
		for _, last := range []string{"2026-03-05", "2026-03-10"} { // the second takes the place of the first
			_, err := c.client.GrantConsent(c.gp, &patientv1.GrantConsentRequest{
				PatientId: p.GetPatientId(), Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_WRITTEN, EndDate: last,
			})
			require.NoError(c, err)
		}
		c.Advance(8 * 24 * time.Hour) // 10 March
		require.Equal(c, patientv1.Referral_PENDING, c.read(e).GetReferrals()[1].GetState())
		require.True(c, c.check(p.GetPatientId(), "").GetConsented())
		c.Advance(24 * time.Hour)
		require.Equal(c, patientv1.Referral_AWAITING_CONSENT, c.read(e).GetReferrals()[1].GetState())
		require.False(c, c.check(p.GetPatientId(), "").GetConsented())
		events := c.about(p.GetPatientId())
		last := events[len(events)-1]
		require.Equal(c, "care_episode.referral_suspended", last.GetType())
		require.Equal(c, "patient", last.GetActor().GetService())
		require.Equal(c, c.place.UnitID, last.GetCareUnitId())

		c.grant(p.GetPatientId())
		renewed := c.read(e).GetReferrals()[1]
		require.Equal(c, patientv1.Referral_PENDING, renewed.GetState())
		require.Equal(c, "2026-03-13", renewed.GetDueDate())
	})
}

func TestConsentRefuses(t *testing.T) {
	run(t, func(c *centre) {
		p := c.patient(tolv)
		_, err := c.client.GrantConsent(c.gp, &patientv1.GrantConsentRequest{
			PatientId: p.GetPatientId(), Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_ORAL, StartDate: "2026-03-03", EndDate: "2026-03-02",
		})
		require.Equal(c, []string{"end_date PERIOD_REVERSED", "start_date DATE_IN_FUTURE"}, violations(err))
		_, err = c.client.GrantConsent(c.gp, &patientv1.GrantConsentRequest{PatientId: p.GetPatientId()})
		require.Equal(c, []string{"form enum.not_in", "kind enum.not_in"}, violations(err))
		_, err = c.client.WithdrawConsent(c.gp, &patientv1.WithdrawConsentRequest{PatientId: p.GetPatientId(), ConsentId: c.NewPlace().UnitID})
		requireFault(c, err, codes.NotFound, "CONSENT_NOT_FOUND")
		_, err = c.client.GrantConsent(c.secretary, &patientv1.GrantConsentRequest{PatientId: p.GetPatientId(), Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_ORAL})
		requireFault(c, err, codes.PermissionDenied, "ROLE_REQUIRED")
	})
}

func TestR85_CoordinationNeedsConsent(t *testing.T) {
	run(t, func(c *centre) {
		id := c.patient(tolv).GetPatientId()
		e := c.episode(id)
		join := &patientv1.AssignTeamRequest{PatientId: id, CareEpisodeId: e.GetCareEpisodeId(), PractitionerId: c.rcID, Role: rc}
		refused := func() {
			_, err := c.accept(c.rc, e, rc)
			requireFault(c, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
			_, err = c.client.AssignTeam(c.gp, join)
			requireFault(c, err, codes.FailedPrecondition, "COORDINATION_CONSENT_MISSING")
			require.False(c, c.check(id, "").GetConsented())
		}
		refused()
		consent := c.grant(id)
		require.True(c, c.check(id, "").GetConsented())
		_, err := c.client.WithdrawConsent(c.gp, &patientv1.WithdrawConsentRequest{PatientId: id, ConsentId: consent.GetConsentId()})
		require.NoError(c, err)
		refused()
		c.grant(id)
		_, err = c.client.AssignTeam(c.gp, join)
		require.NoError(c, err)
	})
}
