package api_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	patientv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/patient/v1"

	"github.com/coworkcare/coworkcare/platform/identity"
	"github.com/coworkcare/coworkcare/platform/identity/devissuer"
)

// nobody holds the roles of GP and care manager at the centre by a token that names no practitioner.
func (c *centre) nobody() context.Context {
	c.Helper()
	token, err := c.Issuer.Mint(devissuer.Claims{Subject: "nobody", Assignments: []identity.Assignment{
		{ProviderID: c.place.ProviderID, UnitID: c.place.UnitID, Roles: []identity.Role{identity.RoleGP, identity.RoleCareManager}},
	}})
	require.NoError(c, err)
	return metadata.AppendToOutgoingContext(c.Context(), "authorization", "Bearer "+token)
}

// Somebody answers for what is done in an episode, for a consent, and for what is called a mistake.
func TestWhatIsDoneIsSomebodys(t *testing.T) {
	run(t, func(c *centre) {
		id := c.patient(tolv).GetPatientId()
		consent := c.grant(id)
		e := c.episode(id)
		before := c.told(id)
		for name, call := range map[string]func(ctx context.Context) error{
			"AcceptReferral": func(ctx context.Context) error {
				_, err := c.accept(ctx, e, cm)
				return err
			},
			"DeclineReferral": func(ctx context.Context) error {
				_, err := c.client.DeclineReferral(ctx, &patientv1.DeclineReferralRequest{PatientId: id, CareEpisodeId: e.GetCareEpisodeId(), Role: cm, Reason: "away"})
				return err
			},
			"AssignTeam": func(ctx context.Context) error {
				_, err := c.client.AssignTeam(ctx, &patientv1.AssignTeamRequest{PatientId: id, CareEpisodeId: e.GetCareEpisodeId(), PractitionerId: c.cmID, Role: cm})
				return err
			},
			"CloseCareEpisode": func(ctx context.Context) error {
				_, err := c.client.CloseCareEpisode(ctx, &patientv1.CloseCareEpisodeRequest{
					PatientId: id, CareEpisodeId: e.GetCareEpisodeId(), Outcome: patientv1.CareEpisode_Outcome(1),
				})
				return err
			},
			"RegisterCareEpisodeInError": func(ctx context.Context) error {
				_, err := c.client.RegisterCareEpisodeInError(ctx, &patientv1.RegisterCareEpisodeInErrorRequest{PatientId: id, CareEpisodeId: e.GetCareEpisodeId(), Reason: "twice"})
				return err
			},
			"RegisterPatientInError": func(ctx context.Context) error {
				_, err := c.client.RegisterPatientInError(ctx, &patientv1.RegisterPatientInErrorRequest{PatientId: id, Reason: "twice"})
				return err
			},
			"GrantConsent": func(ctx context.Context) error {
				_, err := c.client.GrantConsent(ctx, &patientv1.GrantConsentRequest{PatientId: id, Kind: patientv1.Consent_COORDINATION, Form: patientv1.Consent_ORAL})
				return err
			},
			"WithdrawConsent": func(ctx context.Context) error {
				_, err := c.client.WithdrawConsent(ctx, &patientv1.WithdrawConsentRequest{PatientId: id, ConsentId: consent.GetConsentId()})
				return err
			},
		} {
			err := call(c.nobody())
			require.Errorf(c, err, name)
			requireFault(c, err, codes.PermissionDenied, "PRACTITIONER_REQUIRED")
		}
		require.Equal(c, before, c.told(id))
	})
}
